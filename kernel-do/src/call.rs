//! Calls between Durable Objects: sending, reading, answering.
//!
//! identity-do has the same few lines of its own: the two crates of shells do not know each other, and a pure crate
//! cannot hold them, because they need the platform.

use aion_api::address::NamespaceKey;
use aion_api::object::{self, Call, Request};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_api::vault::Kek;
use aion_api::{Address, secret};
use worker::wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, RequestInit, Response};

/// Carries the call of a request without a body.
const CALL_HEADER: &str = "aion-call";

/// Asks an object and reads its answer. An object that cannot be reached is `component.unavailable`: the caller does
/// not know whether it did the work, and asks again with the same key.
pub async fn ask<R: Request>(env: &Env, address: Address, trace: &Trace, request: R) -> Result<R::Reply, Problem> {
    ask_for(env, address, None, trace, request).await
}

/// The same in the name of a caller's API key.
pub async fn ask_for<R: Request>(
    env: &Env,
    address: Address,
    key: Option<&str>,
    trace: &Trace,
    request: R,
) -> Result<R::Reply, Problem> {
    let (status, body) = exchange(env, &address, &text(&address, key, trace, request)?).await?;
    object::read_answer(status, &body)
}

/// Asks an object and gives its response as it is, for answers that are streams.
pub async fn send<R: Request>(
    env: &Env,
    address: Address,
    key: Option<&str>,
    trace: &Trace,
    request: R,
) -> Result<Response, Problem> {
    post(env, &address, &text(&address, key, trace, request)?).await
}

/// What is the same for requests of every kind stands in the script once: an object's status and body.
async fn exchange(env: &Env, address: &Address, call: &str) -> Result<(u16, Vec<u8>), Problem> {
    let mut response = post(env, address, call).await?;
    let status = response.status_code();
    Ok((status, response.bytes().await.map_err(|error| away(&error))?))
}

async fn post(env: &Env, address: &Address, call: &str) -> Result<Response, Problem> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(call)));
    fetch(env, address, &init).await
}

/// Posts a text to another script by its service binding, and gives status and body of its answer.
pub async fn script(env: &Env, service: &str, url: &str, text: &str) -> Result<(u16, Vec<u8>), Problem> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(text)));
    let fetcher = env.service(service).map_err(|error| away(&error))?;
    let response = fetcher.fetch(url, Some(init)).await.map_err(|error| away(&error))?;
    let mut response = Response::try_from(response).map_err(|error| away(&error))?;
    Ok((response.status_code(), response.bytes().await.map_err(|error| away(&error))?))
}

/// Asks an object for a WebSocket. Such a request has no body, so the call stands in a header.
pub async fn upgrade<R: Request>(env: &Env, address: Address, trace: &Trace, request: R) -> Result<Response, Problem> {
    let call = text(&address, None, trace, request)?;
    let headers = Headers::new();
    let set = headers.set("upgrade", "websocket").and_then(|()| headers.set(CALL_HEADER, &call));
    set.map_err(|error| fault("call header", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    fetch(env, &address, &init).await
}

/// A call as it travels: JSON.
fn text<R: Request>(address: &Address, key: Option<&str>, trace: &Trace, request: R) -> Result<String, Problem> {
    let call = Call { address: address.clone(), key: key.map(str::to_owned), trace: trace.clone(), request };
    serde_json::to_string(&call).map_err(|_| Problem::internal())
}

/// Whether a request asks for a WebSocket.
#[must_use]
pub fn is_upgrade(request: &worker::Request) -> bool {
    request.headers().get("upgrade").ok().flatten().is_some_and(|value| value.eq_ignore_ascii_case("websocket"))
}

async fn fetch(env: &Env, address: &Address, init: &RequestInit) -> Result<Response, Problem> {
    let name = address.object_name(&namespace_key(env)?);
    let stub = env.durable_object(address.kind.binding()).and_then(|namespace| namespace.get_by_name(&name));
    let stub = stub.map_err(|error| fault("binding", &error))?;
    let request = worker::Request::new_with_init(object::URL, init).map_err(|error| fault("request", &error))?;
    stub.fetch_with_request(request).await.map_err(|error| away(&error))
}

/// Reads a call to our own object.
pub async fn read<R: Request>(request: &mut worker::Request) -> Result<Call<R>, Problem> {
    object::read(&call(request).await?).map_err(|error| fault("call", &error))
}

async fn call(request: &mut worker::Request) -> Result<Vec<u8>, Problem> {
    if is_upgrade(request) {
        return Ok(request.headers().get(CALL_HEADER).ok().flatten().unwrap_or_default().into_bytes());
    }
    request.bytes().await.map_err(|error| away(&error))
}

/// Writes the answer of our own object.
pub fn respond<T: serde::Serialize>(result: &Result<T, Problem>) -> worker::Result<Response> {
    let (status, body) = object::answer(result);
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::from_bytes(body)?.with_status(status).with_headers(headers))
}

/// The time of the platform, Unix milliseconds. It stands still while code runs, so it is the time of the event.
#[must_use]
pub fn now_ms() -> u64 {
    worker::Date::now().as_millis()
}

/// A secret of 32 bytes from the environment.
pub fn secret_32(env: &Env, name: &str) -> Result<[u8; 32], Problem> {
    let value = env.secret(name).map_err(|error| fault(name, &error))?;
    secret::from_hex(&value.to_string()).ok_or_else(|| fault(name, &"not 64 hex digits"))
}

/// The key of object names.
pub fn namespace_key(env: &Env) -> Result<NamespaceKey, Problem> {
    secret_32(env, "NAMESPACE_KEY").map(NamespaceKey::new)
}

/// The key that seals secrets at rest, the secret `KEK_1`.
pub fn kek(env: &Env) -> Result<Kek, Problem> {
    Ok(Kek::new(1, secret_32(env, "KEK_1")?))
}

/// A fault of ours: its reason goes to the log.
pub fn fault(place: &str, reason: &dyn std::fmt::Display) -> Problem {
    worker::console_error!("{}", serde_json::json!({ "level": "error", "at": place, "reason": reason.to_string() }));
    Problem::internal()
}

fn away(error: &worker::Error) -> Problem {
    worker::console_warn!("{}", serde_json::json!({ "level": "warn", "at": "call", "reason": error.to_string() }));
    Problem::new(Code::ComponentUnavailable, "a component does not answer; the request can be sent again")
}
