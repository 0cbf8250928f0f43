//! Answers and the headers that every one of them has.

use aion_api::problem::{self, Code, Problem};
use aion_api::trace::{REQUEST_ID_HEADER, Trace};
use axum::body::Body;
use http::header::{self, HeaderName, HeaderValue};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::json;

use crate::app::App;

/// An answer before the common headers.
pub type Answer = Response<Body>;

/// Headers that every answer has, unless it has its own.
const COMMON: [(&str, &str); 7] = [
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    ("content-security-policy", "default-src 'none'; frame-ancestors 'none'"),
    ("cross-origin-resource-policy", "same-origin"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains"),
    ("cache-control", "no-store"),
];

/// A JSON answer.
pub fn json<T: Serialize>(status: StatusCode, value: &T) -> Result<Answer, Problem> {
    let body = serde_json::to_vec(value).map_err(|_| Problem::internal())?;
    Ok(bytes(status, "application/json", body))
}

/// An answer of any media type.
pub fn bytes(status: StatusCode, media_type: &'static str, body: impl Into<Body>) -> Answer {
    let mut answer = Response::new(body.into());
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media_type));
    answer
}

/// A WebSocket that an object has accepted.
pub fn socket(socket: Option<worker::WebSocket>) -> Result<Answer, Problem> {
    let socket = socket.ok_or_else(Problem::internal)?;
    let mut answer = empty(StatusCode::SWITCHING_PROTOCOLS);
    answer.extensions_mut().insert(socket);
    Ok(answer)
}

/// An answer without a body.
pub fn empty(status: StatusCode) -> Answer {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = status;
    answer
}

/// The same answer with a header more; a value that cannot be one is left away.
pub fn with(mut answer: Answer, name: HeaderName, value: &str) -> Answer {
    if let Ok(value) = HeaderValue::from_str(value) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

/// Marks an answer that was given before to the same idempotency key.
pub fn replayed(answer: Answer, replayed: bool) -> Answer {
    let name = HeaderName::from_static(aion_api::idempotency::REPLAYED_HEADER);
    if replayed { with(answer, name, "true") } else { answer }
}

/// A problem as an answer.
pub fn problem(app: &App, trace: &Trace, problem: &Problem) -> Answer {
    let document = problem.document(&app.origin(), &trace.request_id);
    let status = StatusCode::from_u16(document.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let body = serde_json::to_vec(&document).unwrap_or_default();
    let mut answer = bytes(status, problem::MEDIA_TYPE, body);
    if status == StatusCode::UNAUTHORIZED {
        answer = with(answer, header::WWW_AUTHENTICATE, "Bearer");
    }
    match problem.retry_after_s {
        Some(seconds) => with(answer, header::RETRY_AFTER, &seconds.to_string()),
        None => answer,
    }
}

/// The same answer as clients of `OpenAI`'s API read it.
pub fn in_their_words(mut answer: Answer, problem: &Problem) -> Answer {
    let kind = match problem.status() {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    };
    let param = problem.errors.first().map(|fault| &fault.pointer);
    let error = json!({ "message": problem.detail, "type": kind, "code": problem.code, "param": param });
    *answer.body_mut() = json!({ "error": error }).to_string().into();
    with(answer, header::CONTENT_TYPE, "application/json")
}

/// Adds what every answer has.
pub fn finish(mut answer: Answer, trace: &Trace) -> Answer {
    for (name, value) in COMMON {
        answer.headers_mut().entry(name).or_insert(HeaderValue::from_static(value));
    }
    let answer = with(answer, HeaderName::from_static(REQUEST_ID_HEADER), &trace.request_id);
    with(answer, HeaderName::from_static(aion_api::trace::TRACEPARENT_HEADER), &trace.traceparent)
}

/// Whether the caller's `If-None-Match` names this version.
pub fn is_current(if_none_match: Option<&str>, etag: &str) -> bool {
    if_none_match.is_some_and(|tags| tags.split(',').any(|tag| matches!(tag.trim(), tag if tag == etag || tag == "*")))
}

/// The ETag of a version.
pub fn etag(version: &str) -> String {
    format!("\"{version}\"")
}

/// The version that an `If-Match` names; nothing if it names any.
pub fn version(if_match: &str) -> Result<Option<u64>, Problem> {
    let malformed = |_| Problem::new(Code::PreconditionFailed, "If-Match is the ETag of the version that was read");
    if if_match == "*" { Ok(None) } else { if_match.trim_matches('"').parse().map(Some).map_err(malformed) }
}
