//! 2025-11-25: with `initialize`, without sessions.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Id, Outcome};
use super::{all, answer, fault, legacy, reply, result, send};

const JSON: (&str, &str) = ("content-type", "application/json");

#[test]
fn a_session_begins_by_initialize_whatever_the_client_would_like_to_speak() {
    for wanted in ["2025-11-25", "2024-11-05", "2030-01-01"] {
        let body = json!({
            "jsonrpc": "2.0", "id": 0, "method": "initialize",
            "params": { "protocolVersion": wanted, "capabilities": {}, "clientInfo": { "name": "x", "version": "1" } }
        });
        let said = answer(send(&[JSON], &[], body.to_string().as_bytes()));
        assert!(said.status == 200 && said.headers.is_empty());
        let said: serde_json::Value = serde_json::from_str(&said.body.unwrap()).unwrap();
        assert_eq!(said["result"]["protocolVersion"], "2025-11-25");
        assert_eq!(said["result"]["serverInfo"]["name"], "aion");
        assert_eq!(
            said["result"]["capabilities"],
            json!({ "tools": {}, "resources": {}, "prompts": {}, "completions": {} })
        );
    }
    let initialized = br#"{"jsonrpc":"2.0","method":"notifications/initialized"}"#;
    assert_eq!(send(&[JSON, ("MCP-Protocol-Version", "2025-11-25")], &[], initialized), Outcome::Accepted);
}

#[test]
fn after_it_every_request_names_the_version() {
    let ping = br#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;
    assert_eq!(fault(send(&[JSON], &[], ping)), (400, -32_600));
    assert_eq!(fault(send(&[JSON, ("mcp-protocol-version", "2025-03-26")], &[], ping)), (400, -32_022));
    assert_eq!(result(send(&[JSON, ("mcp-protocol-version", "2025-11-25")], &[], ping)), json!({}));
}

#[test]
fn results_have_no_members_of_the_next_revision() {
    for method in ["tools/list", "prompts/list", "resources/templates/list"] {
        let result = result(legacy(method, &json!({}), &all()));
        assert!(result.get("resultType").is_none() && result.get("ttlMs").is_none());
    }
    let outcome = legacy("resources/read", &json!({ "uri": "aion://tasks/tsk_1" }), &all());
    assert_eq!(fault(reply(outcome, 404, &json!({ "code": "resource.unknown" }))), (200, -32_002));
}

#[test]
fn methods_of_the_next_revision_and_unknown_ones_are_not_there() {
    for method in ["server/discover", "subscriptions/listen", "logging/setLevel", "resources/subscribe", "x", ""] {
        assert_eq!(fault(legacy(method, &json!({ "notifications": {} }), &all())), (200, -32_601), "{method}");
    }
}

#[test]
fn a_client_that_nothing_is_known_of_reads_where_people_decide() {
    let task = json!({ "id": "tsk_1", "state": "waiting", "steps": { "a": { "state": "approval" } } });
    let call = json!({ "name": "await_approval", "arguments": { "id": "tsk_1" } });
    let result = result(reply(legacy("tools/call", &call, &all()), 200, &task));
    let text = result["content"][0]["text"].as_str().unwrap();
    assert!(text.ends_with("https://aion.example/console/tasks/tsk_1"), "{text}");
}

#[test]
fn what_a_client_answers_goes_to_whoever_waits() {
    let headers = [JSON, ("mcp-protocol-version", "2025-11-25")];
    let said = send(&headers, &[], br#"{"jsonrpc":"2.0","id":"x","result":{"action":"accept"}}"#);
    assert_eq!(said, Outcome::Reply(Id::Text("x".to_owned()), Ok(json!({ "action": "accept" }))));
    let refused = send(&headers, &[], br#"{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":"no"}}"#);
    assert!(matches!(refused, Outcome::Reply(_, Err(_))));
    let headers = [JSON, ("mcp-protocol-version", "2026-07-28")];
    assert_eq!(fault(send(&headers, &[], br#"{"jsonrpc":"2.0","id":"x","result":{}}"#)), (400, -32_600));
}
