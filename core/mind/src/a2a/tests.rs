//! A2A 1.0. The fixtures are written by us after the specification.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::task::state;
use super::{Card, Facts, Outcome, dispatch};
use crate::mcp::Reply;

const CONSOLE: &str = "https://aion.example/console/approvals/";
const ALL: &[&str] = &["task:read", "task:write"];

fn sent(method: &str, path: &str, query: &[(&str, &str)], scopes: &[&str], body: &[u8]) -> Outcome {
    let facts = Facts { method, path, query, version: Some("1.0"), scopes: Some(scopes), console: CONSOLE };
    dispatch(&facts, body)
}

fn message(change: &Value) -> Outcome {
    let mut body = json!({
        "message": {
            "messageId": "m-1", "role": "ROLE_USER",
            "parts": [{ "data": { "definition": "payroll", "input": { "to": "a" } } }]
        },
        "configuration": { "returnImmediately": true }
    });
    for (pointer, value) in change.as_object().unwrap() {
        let (parent, member) = pointer.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[member] = value.clone();
    }
    sent("POST", "/message:send", &[], ALL, body.to_string().as_bytes())
}

fn reply(outcome: Outcome, status: u16, body: &Value) -> Outcome {
    let Outcome::Ask { pending, .. } = outcome else { panic!("nothing is asked: {outcome:?}") };
    pending.settle(&Reply { status, body: body.to_string().into_bytes() })
}

fn said(outcome: Outcome) -> (u16, Value) {
    let Outcome::Answer(status, body) = outcome else { panic!("no answer: {outcome:?}") };
    (status, body)
}

/// Status and reason of an error.
fn refused(outcome: Outcome) -> (u16, String) {
    let (status, body) = said(outcome);
    assert_eq!(body["error"]["code"], status);
    let reason = &body["error"]["details"][0]["reason"];
    (status, reason.as_str().or(body["error"]["status"].as_str()).unwrap().to_owned())
}

fn task(state: &str) -> Value {
    json!({ "id": "tsk_1", "state": state, "steps": {} })
}

#[test]
fn a_message_becomes_a_task_once() {
    let outcome = message(&json!({}));
    let Outcome::Ask { operation, after_ms: 0, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!((operation.id, operation.idempotency_key.as_deref()), ("submitTask", Some("a2a:m-1")));
    assert_eq!(operation.body, Some(json!({ "definition": "payroll", "input": { "to": "a" } })));
    let answer = said(reply(outcome.clone(), 202, &task("queued")));
    let wanted = json!({ "task": { "id": "tsk_1", "status": { "state": "TASK_STATE_SUBMITTED" }, "artifacts": [] } });
    assert_eq!(answer, (200, wanted));
    let invalid = json!({ "code": "definition.invalid", "detail": "no steps" });
    assert_eq!(refused(reply(outcome.clone(), 422, &invalid)), (400, "INVALID_ARGUMENT".to_owned()));
    assert_eq!(refused(reply(outcome.clone(), 429, &json!({}))), (429, "RESOURCE_EXHAUSTED".to_owned()));
    assert_eq!(refused(reply(outcome, 202, &json!({ "id": 1 }))), (500, "INVALID_AGENT_RESPONSE".to_owned()));
}

#[test]
fn a_client_that_waits_is_answered_when_the_task_rests() {
    let mut outcome = message(&json!({ "/configuration/returnImmediately": false }));
    outcome = reply(outcome, 202, &task("queued"));
    let Outcome::Ask { operation, after_ms: 500, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!((operation.id, operation.path.as_str()), ("readTask", "/v1/tasks/tsk_1"));
    let mut done = task("done");
    done["output"] = json!({ "x": 1 });
    let (_, answer) = said(reply(reply(outcome, 200, &task("running")), 200, &done));
    assert_eq!(answer["task"]["artifacts"][0]["parts"], json!([{ "data": { "x": 1 } }]));
    let mut outcome = message(&json!({ "/configuration/returnImmediately": false }));
    let mut looks = 0;
    while matches!(outcome, Outcome::Ask { .. }) {
        outcome = reply(outcome, 200, &task("running"));
        looks += 1;
    }
    assert_eq!((looks, said(outcome).0), (51, 200));
}

#[test]
fn messages_that_are_not_taken_are_refused_by_name() {
    for (change, status, reason) in [
        (json!({ "/message/parts": [{ "text": "Pay Alice" }] }), 400, "CONTENT_TYPE_NOT_SUPPORTED"),
        (json!({ "/message/parts": [{ "data": {} }] }), 400, "CONTENT_TYPE_NOT_SUPPORTED"),
        (
            json!({ "/message/parts": [{ "data": { "definition": "a", "wallet": "b" } }] }),
            400,
            "CONTENT_TYPE_NOT_SUPPORTED",
        ),
        (json!({ "/message/parts": [{ "data": {} }, { "data": {} }] }), 400, "CONTENT_TYPE_NOT_SUPPORTED"),
        (json!({ "/message/parts": [] }), 400, "INVALID_ARGUMENT"),
        (json!({ "/message/role": "ROLE_AGENT" }), 400, "INVALID_ARGUMENT"),
        (json!({ "/message/messageId": "a b" }), 400, "INVALID_ARGUMENT"),
        (json!({ "/message/messageId": "a".repeat(125) }), 400, "INVALID_ARGUMENT"),
        (json!({ "/message/taskId": "tsk_1" }), 400, "UNSUPPORTED_OPERATION"),
        (json!({ "/message/contextId": "c" }), 400, "UNSUPPORTED_OPERATION"),
        (
            json!({ "/configuration/taskPushNotificationConfig": { "url": "https://x" } }),
            400,
            "PUSH_NOTIFICATION_NOT_SUPPORTED",
        ),
    ] {
        assert_eq!(refused(message(&change)), (status, reason.to_owned()), "{change}");
    }
    for body in ["", "[]", "{}", "{\"message\":{},\"message\":{}}", &"[".repeat(100_000)] {
        let outcome = sent("POST", "/message:send", &[], ALL, body.as_bytes());
        assert_eq!(refused(outcome), (400, "INVALID_ARGUMENT".to_owned()));
    }
}

#[test]
fn every_state_of_the_kernel_has_one_of_the_protocol() {
    for kernel in aion_task::task::State::ALL {
        assert!(state(&task(kernel.as_str())).is_some(), "{kernel:?}");
    }
    let waiting = json!({ "id": "tsk_1", "state": "waiting", "steps": { "a": { "state": "approval" } } });
    let (_, answer) = said(reply(sent("GET", "/tasks/tsk_1", &[], ALL, b""), 200, &waiting));
    assert_eq!(answer["status"]["state"], "TASK_STATE_AUTH_REQUIRED");
    assert_eq!(answer["status"]["message"]["parts"][0]["url"], format!("{CONSOLE}tsk_1"));
    let undone = json!({ "id": "tsk_1", "state": "compensated", "steps": {}, "error": { "code": "x" } });
    assert_eq!(state(&undone), Some("TASK_STATE_FAILED"));
    assert_eq!((state(&task("compensated")), state(&task("??"))), (Some("TASK_STATE_CANCELED"), None));
}

#[test]
fn tasks_are_read_and_cancelled() {
    let outcome = sent("POST", "/tasks/tsk_1:cancel", &[], ALL, b"");
    assert!(matches!(&outcome, Outcome::Ask { operation, .. } if operation.path == "/v1/tasks/tsk_1/cancel"));
    assert_eq!(said(reply(outcome.clone(), 200, &task("cancelling"))).1["status"]["state"], "TASK_STATE_WORKING");
    assert_eq!(refused(reply(outcome.clone(), 409, &json!({}))), (400, "TASK_NOT_CANCELABLE".to_owned()));
    assert_eq!(refused(reply(outcome, 404, &json!({}))), (404, "TASK_NOT_FOUND".to_owned()));
    let escaped = sent("GET", "/tasks/a/../../keys", &[], ALL, b"");
    assert!(matches!(&escaped, Outcome::Ask { operation, .. } if operation.path == "/v1/tasks/a%2F..%2F..%2Fkeys"));
    assert_eq!(refused(sent("GET", "/tasks/..", &[], ALL, b"")), (404, "TASK_NOT_FOUND".to_owned()));
}

#[test]
fn tasks_are_listed_by_state_page_by_page() {
    let query = [("status", "TASK_STATE_WORKING"), ("pageSize", "2"), ("pageToken", "c1")];
    let outcome = sent("GET", "/tasks", &query, ALL, b"");
    let Outcome::Ask { operation, .. } = &outcome else { panic!("{outcome:?}") };
    assert_eq!(operation.query, [("limit", "2".to_owned()), ("cursor", "c1".to_owned())]);
    let page = json!({ "items": [task("running"), task("done")], "nextCursor": "c2" });
    let (_, answer) = said(reply(outcome, 200, &page));
    assert_eq!((answer["tasks"].as_array().unwrap().len(), &answer["nextPageToken"]), (1, &json!("c2")));
    assert!(answer["tasks"][0].get("artifacts").is_none());
    for query in [("contextId", "c"), ("status", "TASK_STATE_REJECTED")] {
        assert_eq!(said(sent("GET", "/tasks", &[query], ALL, b"")).1["tasks"], json!([]));
    }
    for query in [("pageSize", "0"), ("pageSize", "x"), ("status", "done"), ("includeArtifacts", "1")] {
        assert_eq!(refused(sent("GET", "/tasks", &[query], ALL, b"")), (400, "INVALID_ARGUMENT".to_owned()));
    }
}

#[test]
fn what_is_not_offered_says_so() {
    for (method, path, status, reason) in [
        ("POST", "/message:stream", 400, "UNSUPPORTED_OPERATION"),
        ("GET", "/tasks/t:subscribe", 400, "UNSUPPORTED_OPERATION"),
        ("POST", "/tasks/t/pushNotificationConfigs", 400, "PUSH_NOTIFICATION_NOT_SUPPORTED"),
        ("GET", "/extendedAgentCard", 400, "UNSUPPORTED_OPERATION"),
        ("DELETE", "/tasks/t", 404, "NOT_FOUND"),
        ("GET", "/", 404, "NOT_FOUND"),
        ("GET", "", 404, "NOT_FOUND"),
    ] {
        assert_eq!(refused(sent(method, path, &[], ALL, b"")), (status, reason.to_owned()), "{method} {path}");
    }
    for (method, path, scopes, scope) in [
        ("GET", "/tasks", &["task:write"], "task:read"),
        ("POST", "/message:send", &["task:read"], "task:write"),
        ("POST", "/tasks/t:cancel", &["task:read"], "task:write"),
    ] {
        let (status, body) = said(sent(method, path, &[], scopes, b""));
        assert!(status == 403 && body["error"]["message"].as_str().unwrap().contains(scope));
    }
    let facts = Facts { method: "GET", path: "/tasks", query: &[], version: None, scopes: None, console: CONSOLE };
    assert_eq!(refused(dispatch(&facts, b"")), (400, "VERSION_NOT_SUPPORTED".to_owned()));
    let facts = Facts { query: &[("A2A-Version", "1.0")], ..facts };
    assert_eq!(refused(dispatch(&facts, b"")), (401, "UNAUTHENTICATED".to_owned()));
}

#[test]
fn a_card_is_signed_over_its_canonical_form() {
    let card = Card::new("Bot", "Pays the team.", "https://aion.example/a2a/bot", "1").unwrap();
    let signing = card.signing("EdDSA", "did:web:aion.example:a:bot#key-1");
    let (header, payload) = signing.input.split_once('.').unwrap();
    let decoded = |text: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap();
    assert_eq!(decoded(header), r#"{"alg":"EdDSA","kid":"did:web:aion.example:a:bot#key-1","typ":"JOSE"}"#);
    let payload = decoded(payload);
    assert!(
        payload
            .starts_with(r#"{"capabilities":{"extendedAgentCard":false,"pushNotifications":false,"streaming":false},"#)
    );
    let signed = card.signed(&signing, &[0xff, 0xfe]);
    assert_eq!(signed.json()["signatures"], json!([{ "protected": header, "signature": "__4" }]));
    // A signature is over the card without signatures, so that another can be added.
    assert_eq!(signed.signing("EdDSA", "did:web:aion.example:a:bot#key-1"), signing);
    let twice = signed.signed(&signing, &[1]);
    assert_eq!(twice.json()["signatures"].as_array().unwrap().len(), 2);
    let mut plain = twice.json().clone();
    plain.as_object_mut().unwrap().remove("signatures");
    assert_eq!(serde_json::from_str::<Value>(&payload).unwrap(), plain);
    assert_eq!(Card::new("", "x", "https://a", "1"), None);
}
