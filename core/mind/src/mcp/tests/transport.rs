//! What headers have to say.

use serde_json::json;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::{Facts, Outcome, dispatch};
use super::{answer, fault, result, send, with_server};

const DISCOVER: &str = r#"{"jsonrpc":"2.0","id":1,"method":"server/discover","params":{"_meta":{
    "io.modelcontextprotocol/protocolVersion":"2026-07-28","io.modelcontextprotocol/clientCapabilities":{}}}}"#;
const HEADERS: [(&str, &str); 3] =
    [("content-type", "application/json"), ("mcp-protocol-version", "2026-07-28"), ("mcp-method", "server/discover")];

fn with(name: &'static str, value: &'static str) -> Vec<(&'static str, &'static str)> {
    let mut headers: Vec<_> = HEADERS.into_iter().filter(|(header, _)| *header != name).collect();
    headers.push((name, value));
    headers
}

fn status(method: &str, headers: &[(&str, &str)], scopes: Option<&[&str]>) -> u16 {
    with_server(|server| answer(dispatch(server, &Facts { method, headers, scopes }, DISCOVER.as_bytes())).status)
}

#[test]
fn only_posts_of_known_hosts_with_a_credential_are_read() {
    assert_eq!(status("POST", &HEADERS, Some(&[])), 200);
    assert_eq!(status("GET", &HEADERS, Some(&[])), 405);
    assert_eq!(status("DELETE", &HEADERS, Some(&[])), 405);
    assert_eq!(status("POST", &HEADERS, None), 401);
    for (name, value, wanted) in [
        ("origin", "https://aion.example", 200),
        ("origin", "https://AION.example:8443", 200),
        ("origin", "https://evil.example", 403),
        ("origin", "https://aion.example.evil.example", 403),
        ("origin", "https://aion.example@evil.example", 403),
        ("origin", "null", 403),
        ("host", "evil.example:443", 403),
        ("content-type", "text/plain", 415),
        ("content-type", "application/json; charset=utf-8", 200),
        ("accept", "text/html", 406),
        ("accept", "text/event-stream, application/json;q=0.9", 200),
    ] {
        assert_eq!(status("POST", &with(name, value), Some(&[])), wanted, "{name}: {value}");
    }
    assert_eq!(status("POST", &HEADERS[1..], Some(&[])), 415);
}

#[test]
fn headers_and_body_say_the_same() {
    for (name, value, code) in [
        ("mcp-protocol-version", "2025-11-25", -32_020),
        ("mcp-method", "tools/list", -32_020),
        ("mcp-method", "Server/Discover", -32_020),
        ("mcp-protocol-version", "", -32_020),
    ] {
        assert_eq!(fault(send(&with(name, value), &[], DISCOVER.as_bytes())), (400, code), "{name}: {value}");
    }
    assert_eq!(fault(send(&HEADERS[..2], &[], DISCOVER.as_bytes())), (400, -32_020));
    let without = [HEADERS[0], HEADERS[2]];
    assert_eq!(fault(send(&without, &[], DISCOVER.as_bytes())), (400, -32_020));
    let other = DISCOVER.replace("2026-07-28", "v999");
    assert_eq!(fault(send(&with("mcp-protocol-version", "v999"), &[], other.as_bytes())), (400, -32_022));
}

#[test]
fn every_request_carries_its_metadata() {
    for params in [
        json!({}),
        json!({ "_meta": {} }),
        json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28" } }),
        json!({ "_meta": { "io.modelcontextprotocol/clientCapabilities": {} } }),
        json!({ "_meta": { "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                           "io.modelcontextprotocol/clientCapabilities": [] } }),
    ] {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": "server/discover", "params": params });
        assert_eq!(fault(send(&HEADERS, &[], body.to_string().as_bytes())), (400, -32_602), "{params}");
    }
}

#[test]
fn names_may_come_in_base64() {
    let body = |name: &str| {
        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28", "io.modelcontextprotocol/clientCapabilities": {}
        });
        json!({ "jsonrpc": "2.0", "id": 1, "method": "prompts/get", "params": {
            "_meta": meta, "name": name, "arguments": { "task": "t" } } })
        .to_string()
    };
    let headers = |name| [HEADERS[0], HEADERS[1], ("mcp-method", "prompts/get"), ("mcp-name", name)];
    let plain = send(&headers("explain_task"), &[], body("explain_task").as_bytes());
    assert_eq!(result(plain)["resultType"], "complete");
    let encoded = send(&headers("=?base64?ZXhwbGFpbl90YXNr?="), &[], body("explain_task").as_bytes());
    assert_eq!(result(encoded)["resultType"], "complete");
    for name in ["=?base64?!?=", "=?base64?ZXhwbGFpbg==?=", "explain_tas", "expl\u{e4}in", ""] {
        let said = send(&headers(name), &[], body("explain_task").as_bytes());
        assert_eq!(fault(said), (400, -32_020), "{name}");
    }
}

#[test]
fn notifications_are_taken_without_an_answer() {
    let body = br#"{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":1}}"#;
    assert_eq!(send(&HEADERS, &[], body), Outcome::Accepted);
}
