//! Tests of the protocol. The fixtures are written by us after the published specifications.

mod auth;
mod hostile;
mod legacy;
mod openapi;
mod plans;
mod stateless;
mod transport;

use serde_json::{Value, json};

use super::auth::Resource;
use super::{Answer, Facts, Outcome, Platform, Reply, Server, dispatch};

/// Every scope that a tool needs.
pub(super) fn all() -> Vec<&'static str> {
    Platform::scopes()
}

/// Sends a body with these headers and scopes to the platform.
pub(super) fn send(headers: &[(&str, &str)], scopes: &[&str], body: &[u8]) -> Outcome {
    with_server(|server| dispatch(server, &Facts { method: "POST", headers, scopes: Some(scopes) }, body))
}

pub(super) fn with_server<T>(act: impl FnOnce(&Server) -> T) -> T {
    let platform = Platform { console: "https://aion.example/console/".to_owned() };
    let resource = Resource::new("https://aion.example/mcp", "AION", &all()).unwrap();
    act(&Server { surface: &platform, resource: &resource, hosts: &["aion.example"] })
}

/// A request of 2026-07-28, with a client that can open URLs.
pub(super) fn modern(method: &str, mut params: Value, scopes: &[&str]) -> Outcome {
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "url": {} } }
    });
    let body = json!({ "jsonrpc": "2.0", "id": 7, "method": method, "params": params }).to_string();
    let name = params["name"].as_str().or(params["uri"].as_str()).unwrap_or_default();
    let headers = [
        ("Content-Type", "application/json"),
        ("Accept", "application/json, text/event-stream"),
        ("MCP-Protocol-Version", "2026-07-28"),
        ("Mcp-Method", method),
        ("Mcp-Name", name),
    ];
    send(&headers, scopes, body.as_bytes())
}

/// A request of 2025-11-25.
pub(super) fn legacy(method: &str, params: &Value, scopes: &[&str]) -> Outcome {
    let body = json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }).to_string();
    let headers = [("Content-Type", "application/json"), ("MCP-Protocol-Version", "2025-11-25")];
    send(&headers, scopes, body.as_bytes())
}

pub(super) fn answer(outcome: Outcome) -> Answer {
    match outcome {
        Outcome::Answer(answer) => answer,
        other => panic!("no answer: {other:?}"),
    }
}

/// Status and body of an answer.
pub(super) fn said(outcome: Outcome) -> (u16, Value) {
    let answer = answer(outcome);
    (answer.status, answer.body.map_or(Value::Null, |body| serde_json::from_str(&body).unwrap()))
}

pub(super) fn result(outcome: Outcome) -> Value {
    let (status, mut body) = said(outcome);
    assert_eq!((status, body.get("error")), (200, None));
    body["result"].take()
}

/// Status and code of an error.
pub(super) fn fault(outcome: Outcome) -> (u16, i64) {
    let (status, body) = said(outcome);
    (status, body["error"]["code"].as_i64().unwrap_or_default())
}

/// Answers the operation that an outcome asks for.
pub(super) fn reply(outcome: Outcome, status: u16, body: &Value) -> Outcome {
    match outcome {
        Outcome::Ask(_, pending) => pending.settle(&Reply { status, body: body.to_string().into_bytes() }),
        other => panic!("nothing is asked: {other:?}"),
    }
}
