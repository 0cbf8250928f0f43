//! Answers as the runtime takes them.

use axum::body::{Body, HttpBody, to_bytes};
use futures_util::{FutureExt, StreamExt};
use http::Response;
use worker::{Headers, web_sys};

/// An answer whose body is there as a whole goes as bytes: a stream would be asked for its parts one by one, by way of
/// promises, and that is a third of what an answer costs.
pub fn response(answer: Response<Body>) -> worker::Result<web_sys::Response> {
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

/// The body of what the runtime has given us; nothing if it has more bytes than that.
pub async fn bounded(response: &mut worker::Response, max_bytes: usize) -> worker::Result<Option<Vec<u8>>> {
    let mut bytes = Vec::new();
    // What has no body has no stream.
    if let Ok(mut stream) = response.stream() {
        while let Some(chunk) = stream.next().await {
            bytes.extend(chunk?);
            if bytes.len() > max_bytes {
                return Ok(None);
            }
        }
    }
    Ok(Some(bytes))
}
