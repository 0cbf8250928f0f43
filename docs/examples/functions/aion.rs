//! The host interface of functions (docs/EDGE.md), as safe functions. A module imports what it calls and nothing else.

#![allow(dead_code, reason = "no function calls all of it")]

use crate::json::Json;

mod host {
    #[link(wasm_import_module = "aion")]
    unsafe extern "C" {
        pub safe fn request() -> i32;
        pub safe fn body() -> i32;
        pub safe fn caller() -> i32;
        pub fn result(pointer: *mut u8);
        pub fn respond(pointer: *const u8, length: usize);
        pub fn write(pointer: *const u8, length: usize);
        pub safe fn pass();
        pub fn log(pointer: *const u8, length: usize);
        pub fn fetch(pointer: *const u8, length: usize) -> i32;
        pub fn resolve(pointer: *const u8, length: usize) -> i32;
        pub fn verify(pointer: *const u8, length: usize) -> i32;
        pub fn start(pointer: *const u8, length: usize) -> i32;
    }
}

/// What the last call gave, of this length.
fn result(length: i32) -> Vec<u8> {
    let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
    // SAFETY: the host writes as many bytes as it has just said.
    unsafe { host::result(bytes.as_mut_ptr()) };
    bytes
}

/// What the host gave as JSON; it gives nothing else.
fn json(length: i32) -> Json {
    let text = String::from_utf8(result(length)).unwrap_or_default();
    Json::parse(&text).unwrap_or(Json::Null)
}

/// The event.
pub fn request() -> Json {
    json(host::request())
}

/// The body of the request.
pub fn body() -> Vec<u8> {
    result(host::body())
}

/// Who calls.
pub fn caller() -> Json {
    json(host::caller())
}

/// The value of a header of the request, by its name in lower-case letters.
pub fn header<'a>(request: &'a Json, name: &str) -> Option<&'a str> {
    let headers = request.member("headers")?.items();
    let fits =
        |header: &&Json| header.item(0).and_then(Json::text).is_some_and(|known| known.eq_ignore_ascii_case(name));
    headers.iter().find(fits)?.item(1)?.text()
}

/// The head of the answer, or of the request that goes on.
pub fn respond(status: u16, headers: &[(&str, &str)]) {
    let header = |(name, value): &(&str, &str)| Json::Array(vec![Json::from(*name), Json::from(*value)]);
    let headers = Json::Array(headers.iter().map(header).collect());
    let head =
        Json::Object(vec![("status".to_owned(), Json::Number(status.to_string())), ("headers".to_owned(), headers)]);
    let text = head.to_string();
    // SAFETY: the host reads the text while it stands there.
    unsafe { host::respond(text.as_ptr(), text.len()) }
}

/// Appends to the body.
pub fn write(bytes: &[u8]) {
    // SAFETY: the host reads the bytes while they stand there.
    unsafe { host::write(bytes.as_ptr(), bytes.len()) }
}

/// Lets the request go on.
pub fn pass() {
    host::pass();
}

/// A line of the log.
pub fn log(line: &str) {
    // SAFETY: the host reads the line while it stands there.
    unsafe { host::log(line.as_ptr(), line.len()) }
}

/// Answers with a problem (RFC 9457).
pub fn problem(status: u16, title: &str, detail: &str) {
    respond(status, &[("content-type", "application/problem+json")]);
    let problem = Json::Object(vec![
        ("title".to_owned(), Json::from(title)),
        ("status".to_owned(), Json::Number(status.to_string())),
        ("detail".to_owned(), Json::from(detail)),
    ]);
    write(problem.to_string().as_bytes());
}

/// Asks something: the run ends here, and comes here again with the answer.
fn ask(call: unsafe extern "C" fn(*const u8, usize) -> i32, text: &str) -> Json {
    // SAFETY: the host reads the text while it stands there.
    json(unsafe { call(text.as_ptr(), text.len()) })
}

/// Fetches.
pub fn fetch(what: &Json) -> Json {
    ask(host::fetch, &what.to_string())
}

/// Resolves a DID.
pub fn resolve(did: &str) -> Json {
    ask(host::resolve, did)
}

/// Verifies a signature, base64url without padding like the payload.
pub fn verify(did: &str, payload: &str, signature: &str) -> Json {
    let what = [("did", did), ("payload", payload), ("signature", signature)];
    let what = Json::Object(what.map(|(name, text)| (name.to_owned(), Json::from(text))).into());
    ask(host::verify, &what.to_string())
}

/// Starts a task.
pub fn start(what: &Json) -> Json {
    ask(host::start, &what.to_string())
}
