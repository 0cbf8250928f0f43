//! Calls: reading and answering them, the clock, and faults of ours.

use aion_api::Address;
use aion_api::object::gateway::PROBLEM_HEADER;
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, RequestInit, Response, web_sys};

use crate::object::{Order, Told};

/// The binding of the Gateway objects.
pub const GATEWAY: &str = "GATEWAY";

/// Asks a tenant's Gateway object. Nobody but the edge reaches this script, so that its objects are named plainly.
pub async fn ask(env: &Env, tenant: &str, trace: &Trace, order: Order) -> Result<Told, Problem> {
    let call = Call { address: Address::gateway(tenant), key: None, trace: trace.clone(), request: order };
    let text = serde_json::to_string(&call).map_err(|error| fault("call", &error))?;
    let mut response = post(env, GATEWAY, tenant, &text).await?;
    let bytes = response.bytes().await.map_err(|error| away(&error))?;
    object::read_answer(response.status_code(), &bytes)
}

/// Posts a text to one of our own objects.
pub async fn post(env: &Env, binding: &str, name: &str, text: &str) -> Result<Response, Problem> {
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(text)));
    let request = worker::Request::new_with_init(object::URL, &init).map_err(|error| fault("request", &error))?;
    let stub = env.durable_object(binding).and_then(|namespace| namespace.get_by_name(name));
    let stub = stub.map_err(|error| fault("binding", &error))?;
    stub.fetch_with_request(request).await.map_err(|error| away(&error))
}

/// Writes the answer of an object.
pub fn respond<T: Serialize>(result: &Result<T, Problem>) -> worker::Result<Response> {
    let (status, body) = object::answer(result);
    let headers = Headers::new();
    headers.set("content-type", "application/json")?;
    Ok(Response::from_bytes(body)?.with_status(status).with_headers(headers))
}

/// A problem for the edge to write.
pub fn problem(problem: &Problem) -> worker::Result<web_sys::Response> {
    let response = respond::<()>(&Err(problem.clone()))?;
    response.headers().set(PROBLEM_HEADER, problem.code.as_str())?;
    Ok(response.into())
}

/// The time of the platform, Unix milliseconds. It stands still while code runs, so it is the time of the event.
pub fn now_ms() -> u64 {
    worker::Date::now().as_millis()
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
