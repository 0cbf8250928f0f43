//! Any bytes, any headers and any arguments: the dispatcher answers, and never panics.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_mind::mcp::auth::Resource;
use aion_mind::mcp::{Facts, Outcome, Platform, Reply, Server, dispatch};
use proptest::prelude::{Just, Strategy, any, prop, prop_oneof, proptest};
use serde_json::{Map, Value, json};

const METHODS: &[&str] = &[
    "initialize",
    "ping",
    "server/discover",
    "subscriptions/listen",
    "tools/list",
    "tools/call",
    "resources/list",
    "resources/read",
    "resources/templates/list",
    "prompts/list",
    "prompts/get",
    "completion/complete",
];

fn sent(headers: &[(&str, &str)], scopes: &[&str], body: &[u8]) -> Outcome {
    let platform = Platform { console: "https://aion.example/console/".to_owned() };
    let resource = Resource::new("https://aion.example/mcp", "AION", &Platform::scopes()).unwrap();
    let server = Server { surface: &platform, resource: &resource, hosts: &["aion.example"] };
    dispatch(&server, &Facts { method: "POST", headers, scopes: Some(scopes) }, body)
}

/// Answers whatever is asked, and holds what is said against what every answer has.
fn follow(outcome: Outcome, status: u16, reply: &[u8]) {
    let answer = match outcome {
        Outcome::Ask(operation, pending) => {
            assert!(operation.path.starts_with('/') && !operation.path.split('/').any(|part| part == ".."));
            assert!(operation.path.bytes().all(|byte| byte.is_ascii_graphic()));
            pending.settle(&Reply { status, body: reply.to_vec() })
        }
        other => other,
    };
    let Outcome::Answer(answer) = answer else { return };
    let Some(body) = answer.body else { return };
    let body: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(body["jsonrpc"], "2.0");
    assert!(body.get("result").is_some() != body.get("error").is_some());
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(vec!["read_task", "resolve_did", "submit_task", "aion://tasks/a", "ref/prompt", ".."])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((member(), inner), 0..5).prop_map(|all| Value::Object(Map::from_iter(all))),
        ]
    })
}

fn member() -> impl Strategy<Value = String> {
    let known = [
        "name",
        "uri",
        "arguments",
        "cursor",
        "id",
        "did",
        "ref",
        "type",
        "argument",
        "value",
        "inputResponses",
        "requestState",
        "definition",
        "idempotency_key",
        "notifications",
        "limit",
        "items",
        "nextCursor",
        "steps",
        "state",
    ];
    prop_oneof![4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned), 1 => ".{0,6}"]
}

proptest! {
    #[test]
    fn any_bytes(body in prop::collection::vec(any::<u8>(), 0..512), version in ".{0,12}") {
        for version in [version.as_str(), "2025-11-25", "2026-07-28"] {
            let headers = [("content-type", "application/json"), ("mcp-protocol-version", version)];
            follow(sent(&headers, &[], &body), 200, &body);
        }
    }

    #[test]
    fn any_parameters(
        method in prop_oneof![9 => prop::sample::select(METHODS.to_vec()).prop_map(str::to_owned), 1 => ".{0,20}"],
        params in any_json(), reply in any_json(), status in 100_u16..600,
    ) {
        let scopes = Platform::scopes();
        let reply = reply.to_string();
        let old = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let headers = [("content-type", "application/json"), ("mcp-protocol-version", "2025-11-25")];
        follow(sent(&headers, &scopes, old.as_bytes()), status, reply.as_bytes());
        let Value::Object(mut params) = params else { return Ok(()) };
        params.insert("_meta".to_owned(), json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": { "elicitation": { "url": {} } }
        }));
        let name = params.get("name").or_else(|| params.get("uri")).and_then(Value::as_str);
        let name = name.unwrap_or_default().to_owned();
        let new = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string();
        let headers = [
            ("content-type", "application/json"), ("mcp-protocol-version", "2026-07-28"), ("mcp-method", &method),
            ("mcp-name", &name),
        ];
        follow(sent(&headers, &scopes, new.as_bytes()), status, reply.as_bytes());
    }

    #[test]
    fn unknown_methods_are_said_to_be_unknown(method in "[a-z]{1,8}/[a-z]{1,8}x") {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method }).to_string();
        let headers = [("content-type", "application/json"), ("mcp-protocol-version", "2025-11-25")];
        let Outcome::Answer(answer) = sent(&headers, &[], body.as_bytes()) else { panic!("no answer") };
        assert!(answer.body.is_some_and(|body| body.contains("-32601")));
    }
}
