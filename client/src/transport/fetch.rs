//! Requests by the global `fetch`, in browsers and Node.

use js_sys::{Array, ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;

use super::{Request, Response, Transport};

/// Sends requests by `fetch`.
#[derive(Debug, Default, Clone, Copy)]
pub struct FetchTransport;

impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response, String> {
        fetch(request).await.map_err(|error| reason(&error))
    }

    async fn sleep(&self, ms: u64) {
        // Milliseconds of a wait are far below 2^53.
        #[allow(clippy::cast_precision_loss)]
        let ms = JsValue::from_f64(ms as f64);
        let mut wait = |resolve: Function, _reject: Function| {
            if let Ok(set_timeout) = global_function("setTimeout") {
                let _ = set_timeout.call2(&JsValue::UNDEFINED, &resolve, &ms);
            }
        };
        let _ = JsFuture::from(Promise::new(&mut wait)).await;
    }
}

async fn fetch(request: Request) -> Result<Response, JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_method(request.method.as_str());
    let headers = web_sys::Headers::new()?;
    for (name, value) in &request.headers {
        headers.append(name, value)?;
    }
    init.set_headers(headers.as_ref());
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()).into());
    }
    let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    let promise: Promise = global_function("fetch")?.call1(&JsValue::UNDEFINED, &request)?.dyn_into()?;
    let response: web_sys::Response = JsFuture::from(promise).await?.dyn_into()?;
    let buffer: ArrayBuffer = JsFuture::from(response.array_buffer()?).await?.dyn_into()?;
    let mut headers = Vec::new();
    for entry in response.headers().entries() {
        let entry: Array = entry?.dyn_into()?;
        let text = |place| entry.get(place).as_string().unwrap_or_default();
        headers.push((text(0).to_ascii_lowercase(), text(1)));
    }
    Ok(Response { status: response.status(), headers, body: Uint8Array::new(&buffer).to_vec() })
}

fn global_function(name: &str) -> Result<Function, JsValue> {
    Reflect::get(&js_sys::global(), &JsValue::from_str(name))?.dyn_into()
}

/// Node hides the reason of a failed request one level down.
fn reason(error: &JsValue) -> String {
    let text =
        |value: &JsValue| Reflect::get(value, &JsValue::from_str("message")).ok().and_then(|text| text.as_string());
    let cause = Reflect::get(error, &JsValue::from_str("cause")).ok();
    let parts = [text(error), cause.as_ref().and_then(text)];
    parts.into_iter().flatten().collect::<Vec<_>>().join(": ")
}
