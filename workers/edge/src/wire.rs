//! Requests as the runtime gives them, and answers as it takes them.

use std::sync::Arc;

use aion_shell::call;
use axum::body::{Body, HttpBody, to_bytes};
use futures_util::{FutureExt, StreamExt, stream};
use http::header::CONTENT_LENGTH;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Request, Response};
use wasm_bindgen::prelude::wasm_bindgen;
use worker::send::{SendFuture, SendWrapper};
use worker::{Headers, web_sys, worker_sys};

use crate::limit::source::Country;

/// A body that says it is no longer comes as a whole: a stream would be asked for its parts one by one, by way of
/// promises. A longer one is read no further than its route allows.
const WHOLE_MAX_BYTES: u64 = 64 << 10;

#[wasm_bindgen]
extern "C" {
    /// The runtime carries it, whatever becomes of this instance (workers/entry.mjs).
    #[wasm_bindgen(js_name = aionPass)]
    fn pass(stream: &web_sys::ReadableStream);
}

/// A request, or nothing if a part of it is none by RFC 9110: a header whose value has a line in it, for example.
pub fn request(raw: web_sys::Request) -> Option<Request<Body>> {
    use worker_sys::ext::RequestExt;
    let mut headers = HeaderMap::new();
    for (name, value) in Headers(raw.headers()).entries() {
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    let mut request = Request::builder().method(Method::try_from(raw.method().as_str()).ok()?).uri(raw.url());
    *request.headers_mut()? = headers;
    if let Some(country) = raw.cf().and_then(|cf| cf.country().ok().flatten()) {
        request = request.extension(Country(country));
    }
    let length =
        request.headers_ref()?.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let raw = Arc::new(SendWrapper::new(raw));
    if let Some(length @ 1..) = length {
        request = request.extension(Unread { raw: Arc::clone(&raw), length });
    }
    let body = match length {
        Some(1..=WHOLE_MAX_BYTES) => Body::from_stream(stream::once(SendFuture::new(whole(raw)))),
        // The stream is taken when the body is first asked for: one that was taken could not pass as it is.
        _ => Body::from_stream(
            stream::once(SendFuture::new(async move { body(raw.body()) })).flat_map(Body::into_data_stream),
        ),
    };
    request.body(body).ok()
}

/// A body that says how long it is, and that nobody here has read.
#[derive(Clone)]
pub struct Unread {
    raw: Arc<SendWrapper<web_sys::Request>>,
    /// So many bytes it has.
    pub length: u64,
}

impl Unread {
    /// What the runtime carries on by itself.
    pub fn stream(&self) -> Option<web_sys::ReadableStream> {
        self.raw.body()
    }
}

/// A body that passes as it is: nobody here reads it.
#[derive(Clone)]
struct Passing(Arc<SendWrapper<web_sys::ReadableStream>>);

/// An answer of another script, its body as it is.
pub fn passing(raw: &web_sys::Response) -> Option<Response<Body>> {
    let mut answer = Response::builder().status(raw.status()).body(Body::empty()).ok()?;
    for (name, value) in Headers(raw.headers()).entries() {
        answer.headers_mut().append(HeaderName::try_from(name).ok()?, HeaderValue::try_from(value).ok()?);
    }
    if let Some(stream) = raw.body() {
        answer.extensions_mut().insert(Passing(Arc::new(SendWrapper::new(stream))));
    }
    Some(answer)
}

/// The body of an answer, whoever has made it.
pub fn body_of(mut answer: Response<Body>) -> Body {
    let passing = answer.extensions_mut().remove::<Passing>();
    passing.map_or_else(|| answer.into_body(), |passing| body(Some(passing.0.0.clone())))
}

/// A body that comes in parts.
pub fn body(stream: Option<web_sys::ReadableStream>) -> Body {
    stream.map_or_else(Body::empty, |stream| Body::new(worker::Body::new(stream)))
}

async fn whole(raw: Arc<SendWrapper<web_sys::Request>>) -> worker::Result<Vec<u8>> {
    call::whole(raw.array_buffer()?).await
}

/// An answer whose body is there as a whole goes as bytes: a stream would be asked for its parts one by one, by way of
/// promises, and that is a third of what an answer costs.
pub fn response(mut answer: Response<Body>) -> worker::Result<web_sys::Response> {
    if let Some(passing) = answer.extensions_mut().remove::<Passing>() {
        let made = worker::ResponseBuilder::new().with_status(answer.status().as_u16());
        let init = made.with_headers(Headers::from(answer.headers())).into();
        pass(&passing.0.0);
        return Ok(web_sys::Response::new_with_opt_readable_stream_and_init(Some(&passing.0.0), &init)?);
    }
    let is_socket = answer.extensions().get::<worker::WebSocket>().is_some();
    let Some(length) = answer.body().size_hint().exact().filter(|_| !is_socket) else {
        return worker::response_to_wasm(answer);
    };
    let (parts, body) = answer.into_parts();
    let whole = to_bytes(body, usize::try_from(length).unwrap_or(usize::MAX)).now_or_never();
    let Some(Ok(bytes)) = whole else {
        return Err(worker::Error::RustError("a body that is there as a whole cannot be read".to_owned()));
    };
    let response =
        if bytes.is_empty() { worker::Response::empty()? } else { worker::Response::from_bytes(bytes.into())? };
    Ok(response.with_status(parts.status.as_u16()).with_headers(Headers::from(&parts.headers)).into())
}
