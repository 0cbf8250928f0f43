//! Calls: reading and answering them, the clock, and faults of ours.

use aion_api::Address;
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use serde::Serialize;
use wasm_bindgen::JsValue;
use worker::{Env, Headers, Method, RequestInit, Response};

use crate::object::{Order, Told};

/// The binding of the Functions objects.
const FUNCTIONS: &str = "FUNCTIONS";

/// Asks a tenant's Functions object. Nobody but the edge reaches this script, so that its objects are named plainly.
pub async fn ask(env: &Env, tenant: &str, trace: &Trace, order: Order) -> Result<Told, Problem> {
    let call = Call { address: Address::functions(tenant), key: None, trace: trace.clone(), request: order };
    let text = serde_json::to_string(&call).map_err(|error| fault("call", &error))?;
    let mut init = RequestInit::new();
    init.with_method(Method::Post).with_body(Some(JsValue::from_str(&text)));
    let request = worker::Request::new_with_init(object::URL, &init).map_err(|error| fault("request", &error))?;
    let stub = env.durable_object(FUNCTIONS).and_then(|namespace| namespace.get_by_name(tenant));
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

/// A fault of ours: its reason goes to the log.
pub fn fault(place: &str, reason: &dyn std::fmt::Display) -> Problem {
    worker::console_error!("{}", serde_json::json!({ "level": "error", "at": place, "reason": reason.to_string() }));
    Problem::internal()
}

fn away(error: &worker::Error) -> Problem {
    worker::console_warn!("{}", serde_json::json!({ "level": "warn", "at": "call", "reason": error.to_string() }));
    Problem::new(Code::ComponentUnavailable, "a component does not answer; the request can be sent again")
}
