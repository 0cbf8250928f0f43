//! Calls: sending, reading, answering, the clock, and faults of ours.

use aion_api::address::NamespaceKey;
use aion_api::object::header::PROBLEM_HEADER;
use aion_api::object::{self, Call, Request};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_api::{Address, secret};
use futures_util::StreamExt;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::futures::JsFuture;
use worker::js_sys::{Promise, Uint8Array};
use worker::{Env, Headers, Method, RequestInit, Response, Stub, js_sys, web_sys, worker_sys};

/// Carries the call of a request without a body.
const CALL_HEADER: &str = "aion-call";

#[wasm_bindgen(inline_js = "
export async function exchange(target, url, body) {
  const response = await target.fetch(url, { method: 'POST', body });
  return { status: response.status, body: await response.arrayBuffer() };
}
")]
extern "C" {
    /// What a request can be sent to: the stub of an object, or another script.
    type Target;

    /// What it answers.
    type Answer;

    /// Posts bytes and reads the answer to its end: one promise, where the platform's crate has one for each part of a
    /// stream.
    #[wasm_bindgen(catch)]
    async fn exchange(target: &Target, url: &str, body: Uint8Array) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(method, getter)]
    fn status(this: &Answer) -> u16;

    #[wasm_bindgen(method, getter)]
    fn body(this: &Answer) -> js_sys::ArrayBuffer;
}

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
    let call = text(&address, key, trace, request)?;
    let (status, body) = post(stub(env, &address)?.into_rpc(), object::URL, call).await?;
    object::read_answer(status, &body)
}

/// Asks an object of the same script by its plain name, where nobody from outside reaches it.
pub async fn ask_named<R: Request>(env: &Env, binding: &str, name: &str, request: &R) -> Result<R::Reply, Problem> {
    let call = serde_json::to_string(request).map_err(|error| fault("call", &error))?;
    let (status, body) = post_named(env, binding, name, call).await?;
    object::read_answer(status, &body)
}

/// Posts a text to an object of the same script by its plain name: status and body of its answer.
pub async fn post_named(env: &Env, binding: &str, name: &str, text: String) -> Result<(u16, Vec<u8>), Problem> {
    post(named(env, binding, name)?.into_rpc(), object::URL, text).await
}

/// The same, and its response as it is.
pub async fn send_named(env: &Env, binding: &str, name: &str, text: &str) -> Result<Response, Problem> {
    fetch(&named(env, binding, name)?, &posting(text)).await
}

/// Posts a text to another script by its service binding, and gives status and body of its answer.
pub async fn script(env: &Env, service: &str, url: &str, text: String) -> Result<(u16, Vec<u8>), Problem> {
    let service = env.service(service).map_err(|error| away(&error))?;
    post(service.into_rpc(), url, text).await
}

/// Sends a request to another script by its service binding, and gives the response as it is.
pub async fn send_script(env: &Env, service: &str, request: &web_sys::Request) -> Result<web_sys::Response, Problem> {
    let fetcher = env.service(service).map_err(|error| away(&error))?.into_rpc::<worker_sys::Fetcher>();
    let promise = fetcher.fetch(request).map_err(|error| away(&error.into()))?;
    let response = JsFuture::from(promise).await.map_err(|error| away(&error.into()))?;
    response.dyn_into().map_err(|_| Problem::internal())
}

/// What is the same for requests of every kind stands in a script once.
async fn post(target: Target, url: &str, text: String) -> Result<(u16, Vec<u8>), Problem> {
    // A copy: the runtime reads a body when it sends it, and by then a view of wasm's memory may be one of nothing.
    let body = Uint8Array::from(text.as_bytes());
    drop(text);
    let answer = exchange(&target, url, body).await.map_err(|error| away(&error.into()))?;
    let answer = answer.unchecked_into::<Answer>();
    Ok((answer.status(), Uint8Array::new(&answer.body()).to_vec()))
}

/// Asks an object and gives its response as it is, for answers that are streams.
pub async fn send<R: Request>(
    env: &Env,
    address: Address,
    key: Option<&str>,
    trace: &Trace,
    request: R,
) -> Result<Response, Problem> {
    let call = text(&address, key, trace, request)?;
    fetch(&stub(env, &address)?, &posting(&call)).await
}

/// Asks an object for a WebSocket. Such a request has no body, so the call stands in a header.
pub async fn upgrade<R: Request>(
    env: &Env,
    address: Address,
    key: Option<&str>,
    trace: &Trace,
    request: R,
) -> Result<Response, Problem> {
    let call = text(&address, key, trace, request)?;
    let headers = Headers::new();
    let set = headers.set("upgrade", "websocket").and_then(|()| headers.set(CALL_HEADER, &call));
    set.map_err(|error| fault("call header", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Get).with_headers(headers);
    fetch(&stub(env, &address)?, &init).await
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

fn stub(env: &Env, address: &Address) -> Result<Stub, Problem> {
    named(env, address.kind.binding(), &address.object_name(&namespace_key(env)?))
}

fn named(env: &Env, binding: &str, name: &str) -> Result<Stub, Problem> {
    let stub = env.durable_object(binding).and_then(|namespace| namespace.get_by_name(name));
    stub.map_err(|error| fault("binding", &error))
}

fn posting(text: &str) -> RequestInit {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(text)));
    init
}

async fn fetch(stub: &Stub, init: &RequestInit) -> Result<Response, Problem> {
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
    // Without a header that says what it is: whoever has asked knows.
    Ok(Response::from_bytes(body)?.with_status(status))
}

/// Writes a problem for the edge, which answers with it.
pub fn refuse(problem: &Problem) -> worker::Result<Response> {
    let response = respond::<()>(&Err(problem.clone()))?;
    response.headers().set(PROBLEM_HEADER, problem.code.as_str())?;
    Ok(response)
}

/// The answer of a script that is asked whether it is there.
pub fn health(version: &str) -> worker::Result<Response> {
    Response::from_json(&serde_json::json!({ "state": "ok", "version": version }))
}

/// The time of the platform, Unix milliseconds. It stands still while code runs, so it is the time of the event.
#[must_use]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "milliseconds are whole and below 2^53")]
pub fn now_ms() -> u64 {
    worker::js_sys::Date::now() as u64
}

/// A secret of 32 bytes from the environment.
pub fn secret_32(env: &Env, name: &str) -> Result<[u8; 32], Problem> {
    let value = env.secret(name).map_err(|error| fault(name, &error))?;
    secret::from_hex(&value.to_string()).ok_or_else(|| fault(name, &"not 64 hex digits"))
}

/// A body that the runtime has been asked for as a whole.
pub async fn whole(body: Promise) -> worker::Result<Vec<u8>> {
    Ok(Uint8Array::new(&JsFuture::from(body).await?).to_vec())
}

/// The body of an answer; nothing if it has more bytes than that.
pub async fn bounded(response: &mut Response, max_bytes: usize) -> worker::Result<Option<Vec<u8>>> {
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

/// The key of object names.
pub fn namespace_key(env: &Env) -> Result<NamespaceKey, Problem> {
    secret_32(env, "NAMESPACE_KEY").map(NamespaceKey::new)
}

/// A fault of ours: its reason goes to the log.
pub fn fault(place: &str, reason: &dyn std::fmt::Display) -> Problem {
    worker::console_error!("{}", serde_json::json!({ "level": "error", "at": place, "reason": reason.to_string() }));
    Problem::internal()
}

/// A component that cannot be reached: its reason goes to the log.
fn away(error: &worker::Error) -> Problem {
    worker::console_warn!("{}", serde_json::json!({ "level": "warn", "at": "call", "reason": error.to_string() }));
    Problem::new(Code::ComponentUnavailable, "a component does not answer; the request can be sent again")
}
