//! Calls to our own objects: asking and answering, the clock, and faults of ours.

use aion_api::object;
use aion_api::problem::{Code, Problem};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, RequestInit, Response};

/// The binding of the Meter objects.
pub const METER: &str = "METER";
/// The binding of the Alerts object.
pub const ALERTS: &str = "ALERTS";

/// Asks an object of this script. Nobody from outside reaches it, so that its objects are named plainly.
pub async fn ask<R: object::Request>(env: &Env, binding: &str, name: &str, request: &R) -> Result<R::Reply, Problem> {
    let text = serde_json::to_string(request).map_err(|error| fault("call", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&text)));
    let request = worker::Request::new_with_init(object::URL, &init).map_err(|error| fault("request", &error))?;
    let stub = env.durable_object(binding).and_then(|namespace| namespace.get_by_name(name));
    let stub = stub.map_err(|error| fault("binding", &error))?;
    let mut response = stub.fetch_with_request(request).await.map_err(|error| away(&error))?;
    let bytes = response.bytes().await.map_err(|error| away(&error))?;
    object::read_answer(response.status_code(), &bytes)
}

/// Writes an answer.
pub fn respond<T: Serialize>(result: &Result<T, Problem>) -> worker::Result<Response> {
    let (status, body) = object::answer(result);
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::from_bytes(body)?.with_status(status).with_headers(headers))
}

/// The time of the platform, Unix milliseconds. It stands still while code runs, so it is the time of the event.
pub fn now_ms() -> u64 {
    worker::Date::now().as_millis()
}

/// Writes a document.
pub fn json<T: Serialize>(document: &T) -> Result<String, Problem> {
    serde_json::to_string(document).map_err(|error| fault("json", &error))
}

/// Reads what we have written.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("json", &error))
}

/// A request that cannot be read.
pub fn malformed(error: &serde_json::Error) -> Problem {
    Problem::new(Code::RequestMalformed, error.to_string())
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
