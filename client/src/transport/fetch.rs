//! Requests by the global `fetch`, in browsers and Node.

use js_sys::{Array, ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast, JsValue};
use wasm_bindgen_futures::JsFuture;
use web_sys::{AbortController, ReadableStreamDefaultReader};

use super::{Request, Response, Transport};

/// Sends requests by `fetch`.
#[derive(Debug, Default, Clone, Copy)]
pub struct FetchTransport;

impl Transport for FetchTransport {
    async fn send(&self, request: Request) -> Result<Response, String> {
        fetch(request).await
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

async fn fetch(request: Request) -> Result<Response, String> {
    let begun = begin(request, None).await?;
    let (status, headers) = (begun.status(), begun.headers());
    Ok(Response { status, headers, body: begun.whole().await? })
}

/// Ends a request at any time.
#[derive(Debug, Clone)]
pub struct Stop(Option<AbortController>);

impl Stop {
    /// For one request.
    #[must_use]
    pub fn new() -> Self {
        // It fails in no browser that has it; without it a request ends by itself alone.
        Self(AbortController::new().ok())
    }

    /// Ends it; once is enough.
    pub fn stop(&self) {
        if let Some(controller) = &self.0 {
            controller.abort();
        }
    }
}

impl Default for Stop {
    fn default() -> Self {
        Self::new()
    }
}

/// An answer whose head has come.
pub struct Begun(web_sys::Response);

/// Sends a request and waits for the head of its answer.
pub async fn begin(request: Request, stop: Option<&Stop>) -> Result<Begun, String> {
    asked(request, stop).await.map(Begun).map_err(|error| reason(&error))
}

async fn asked(request: Request, stop: Option<&Stop>) -> Result<web_sys::Response, JsValue> {
    let init = web_sys::RequestInit::new();
    init.set_method(request.method.as_str());
    let headers = web_sys::Headers::new()?;
    for (name, value) in &request.headers {
        headers.append(name, value)?;
    }
    init.set_headers(headers.as_ref());
    if let Some(controller) = stop.and_then(|stop| stop.0.as_ref()) {
        init.set_signal(Some(&controller.signal()));
    }
    if let Some(body) = &request.body {
        init.set_body(&Uint8Array::from(body.as_slice()).into());
    }
    let request = web_sys::Request::new_with_str_and_init(&request.url, &init)?;
    let promise: Promise = global_function("fetch")?.call1(&JsValue::UNDEFINED, &request)?.dyn_into()?;
    JsFuture::from(promise).await?.dyn_into()
}

impl Begun {
    /// The status.
    pub fn status(&self) -> u16 {
        self.0.status()
    }

    /// Headers, with lower-case names.
    pub fn headers(&self) -> Vec<(String, String)> {
        let mut headers = Vec::new();
        for entry in self.0.headers().entries() {
            let Some(entry) = entry.ok().and_then(|entry| entry.dyn_into::<Array>().ok()) else {
                continue;
            };
            let text = |place| entry.get(place).as_string().unwrap_or_default();
            headers.push((text(0).to_ascii_lowercase(), text(1)));
        }
        headers
    }

    /// The whole body.
    pub async fn whole(&self) -> Result<Vec<u8>, String> {
        let read = async || -> Result<Vec<u8>, JsValue> {
            let buffer: ArrayBuffer = JsFuture::from(self.0.array_buffer()?).await?.dyn_into()?;
            Ok(Uint8Array::new(&buffer).to_vec())
        };
        read().await.map_err(|error| reason(&error))
    }

    /// The body, piece by piece.
    pub fn body(&self) -> Result<Body, String> {
        let stream = self.0.body().ok_or("the answer has no body")?;
        ReadableStreamDefaultReader::new(&stream).map(Body).map_err(|error| reason(&error))
    }
}

/// A body that comes in pieces.
pub struct Body(ReadableStreamDefaultReader);

impl Body {
    /// The next piece; nothing at the end.
    pub async fn next(&self) -> Result<Option<Vec<u8>>, String> {
        let read = JsFuture::from(self.0.read()).await.map_err(|error| reason(&error))?;
        let member = |name: &str| Reflect::get(&read, &JsValue::from_str(name)).unwrap_or(JsValue::UNDEFINED);
        Ok((!member("done").is_truthy()).then(|| Uint8Array::new(&member("value")).to_vec()))
    }
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
