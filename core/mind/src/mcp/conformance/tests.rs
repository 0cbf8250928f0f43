//! The fixtures behave as the package wants it, in both revisions.

use serde_json::{Map, Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::auth::Resource;
use super::super::tests::{fault, result};
use super::super::{Facts, Outcome, Server, dispatch};
use super::{Fixtures, state};

fn with_server<T>(act: impl FnOnce(&Server) -> T) -> T {
    let resource = Resource::new("http://127.0.0.1:1/mcp", "fixtures", &[]).unwrap();
    act(&Server { surface: &Fixtures { key: [7; 32] }, resource: &resource, hosts: &["127.0.0.1"] })
}

fn sent(version: &str, method: &str, params: &Value) -> Outcome {
    let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
    let name = params["name"].as_str().unwrap_or_default();
    let headers = [
        ("content-type", "application/json"),
        ("mcp-protocol-version", version),
        ("mcp-method", method),
        ("mcp-name", name),
    ];
    with_server(|server| {
        dispatch(server, &Facts { method: "POST", headers: &headers, scopes: Some(&[]) }, body.as_bytes())
    })
}

fn called(name: &str, mut params: Value) -> Outcome {
    params["name"] = json!(name);
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientCapabilities": { "elicitation": {}, "sampling": {}, "roots": {} }
    });
    sent("2026-07-28", "tools/call", &params)
}

#[test]
fn a_tool_asks_and_goes_on_without_a_session() {
    let name = "test_input_required_result_multi_round";
    let one = result(called(name, json!({})));
    let two = result(called(name, json!({ "inputResponses": { "step1": {} }, "requestState": one["requestState"] })));
    assert!(two["inputRequests"]["step2"].is_object() && two["requestState"] != one["requestState"]);
    let three = result(called(name, json!({ "inputResponses": { "step2": {} }, "requestState": two["requestState"] })));
    assert_eq!(three["resultType"], "complete");
}

#[test]
fn a_state_of_another_tool_or_a_changed_one_is_refused() {
    let name = "test_input_required_result_tampered_state";
    let state = result(called(name, json!({})))["requestState"].as_str().unwrap().to_owned();
    let answers = json!({ "confirm": {} });
    for (name, state) in [
        (name, format!("{state}0")),
        (name, state.replace(":1", ":2")),
        (name, String::new()),
        ("test_input_required_result_multi_round", state.clone()),
    ] {
        assert_eq!(fault(called(name, json!({ "inputResponses": answers, "requestState": state }))), (200, -32_602));
    }
    assert_eq!(
        result(called(name, json!({ "inputResponses": answers, "requestState": state })))["resultType"],
        "complete"
    );
    assert_eq!(state::open(&[8; 32], &state), None);
}

#[test]
fn nothing_is_asked_that_a_client_did_not_declare() {
    let meta = json!({
        "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}
    });
    let params = json!({ "name": "test_missing_capability", "_meta": meta });
    assert_eq!(fault(sent("2026-07-28", "tools/call", &params)), (400, -32_021));
}

#[test]
fn before_2026_a_client_is_asked_on_the_stream() {
    let params = json!({ "name": "test_sampling", "arguments": { "prompt": "Hi" } });
    let Outcome::Client(requests, pending) = sent("2025-11-25", "tools/call", &params) else { panic!() };
    assert_eq!((requests.len(), requests[0].method.as_str()), (1, "sampling/createMessage"));
    let answer = json!({ "role": "assistant", "content": { "type": "text", "text": "Hello" }, "model": "m" });
    let answers = Map::from_iter([(requests[0].key.clone(), answer)]);
    let said = result(with_server(|server| pending.resume(server, answers)));
    assert_eq!(said["content"][0]["text"], "LLM response: Hello");
}

#[test]
fn logs_are_told_to_whoever_asked() {
    let Outcome::Stream(messages) = called("test_logging_tool", json!({})) else { panic!() };
    assert_eq!(messages.len(), 1);
    let Outcome::Stream(messages) = sent("2025-11-25", "tools/call", &json!({ "name": "test_tool_with_logging" }))
    else {
        panic!()
    };
    assert_eq!(messages.len(), 4);
}
