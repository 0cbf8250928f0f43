//! Bodies of strangers.

use serde_json::Value;
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::BODY_MAX_BYTES;
use super::{answer, said, send};

const HEADERS: [(&str, &str); 2] = [("content-type", "application/json"), ("mcp-protocol-version", "2025-11-25")];

fn refused(body: &[u8]) -> (i64, Value) {
    let (status, said) = said(send(&HEADERS, &[], body));
    assert_eq!(status, 400);
    (said["error"]["code"].as_i64().unwrap(), said.get("id").cloned().unwrap_or_default())
}

#[test]
fn what_is_no_json_is_refused() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    let deep_params = format!(r#"{{"jsonrpc":"2.0","id":1,"method":"ping","params":{}}}"#, "{\"a\":".repeat(1_000));
    for body in [
        &b""[..],
        b"{",
        b"\xff\xfe",
        b"{}{}",
        b"nul",
        b"{\"a\":1e999}",
        b"{\"a\":\"\\ud800\"}",
        br#"{"jsonrpc":"2.0","id":1,"id":2,"method":"ping"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"ping","m\u0065thod":"tools/call"}"#,
        br#"{"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":{"b":1,"b":2}}}"#,
        deep.as_bytes(),
        deep_params.as_bytes(),
    ] {
        assert_eq!(refused(body), (-32_700, Value::Null), "{:?}", String::from_utf8_lossy(&body[..body.len().min(80)]));
    }
}

#[test]
fn what_is_no_message_is_refused() {
    let huge = format!(r#"{{"jsonrpc":"2.0","id":"{}","method":"ping"}}"#, "a".repeat(257));
    for body in [
        "[]",
        r#"[{"jsonrpc":"2.0","id":1,"method":"ping"}]"#,
        "1",
        "null",
        "\"x\"",
        "{}",
        r#"{"jsonrpc":"2.0","id":null,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1.5,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":1e3,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":[1],"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":99999999999999999999999999,"method":"ping"}"#,
        r#"{"jsonrpc":"2.0","id":true,"method":"ping"}"#,
        &huge,
    ] {
        assert_eq!(refused(body.as_bytes()), (-32_600, Value::Null), "{body:.80}");
    }
    for (body, code) in [
        (r#"{"jsonrpc":"1.0","id":7,"method":"ping"}"#, -32_600),
        (r#"{"id":7,"method":"ping"}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":7}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":7,"method":5}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":7,"result":{},"error":{}}"#, -32_600),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":[]}"#, -32_602),
        (r#"{"jsonrpc":"2.0","id":7,"method":"ping","params":null}"#, -32_602),
    ] {
        assert_eq!(refused(body.as_bytes()), (code, Value::from(7)), "{body}");
    }
}

#[test]
fn a_body_has_its_bound_and_a_method_is_not_said_back_whole() {
    assert_eq!(answer(send(&HEADERS, &[], &vec![b' '; BODY_MAX_BYTES + 1])).status, 413);
    let body = format!(r#"{{"jsonrpc":"2.0","id":-9223372036854775808,"method":"{}"}}"#, "x".repeat(100_000));
    let (status, said) = said(send(&HEADERS, &[], body.as_bytes()));
    assert_eq!((status, said["id"].as_i64()), (200, Some(i64::MIN)));
    assert!(said.to_string().len() < 300);
}
