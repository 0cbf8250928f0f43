//! What the edge refuses, and how: each refusal is a problem of the catalogue, and nothing is changed.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::{Method, OPERATIONS};
use aion_client::api::problem::ProblemDocument;
use aion_client::api::v1::identities::{CreateIdentity, Kind, UpdateIdentity};
use aion_client::api::v1::keys::CreateKey;
use aion_client::api::{Code, Scope};
use aion_client::{Client, FetchTransport, Request, Response};
use aion_tests::{World, fresh, json_post};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

const NAP: &[u8] = br#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT1S"}}}}}"#;

fn code(response: &Response) -> Code {
    assert_eq!(response.header("content-type"), Some("application/problem+json"), "{}", response.text());
    let document: ProblemDocument = response.json().expect("a problem");
    assert_eq!(document.status, response.status);
    assert!(document.kind.ends_with(&format!("/problems/{}", document.code)));
    document.code
}

async fn get(client: &Client<FetchTransport>, path: &str) -> Response {
    client.send(Request::new(Method::Get, path)).await.expect("an answer")
}

#[test]
async fn credentials_and_scopes() {
    let world = World::new("credentials").await;
    assert_eq!(code(&get(&world.anonymous(), "/v1/tasks").await), Code::CredentialMissing);
    let mut wrong = world.api_key.clone();
    wrong.replace_range(30..31, if &wrong[30..31] == "a" { "b" } else { "a" });
    let wrong = world.anonymous().with_key(&wrong);
    assert_eq!(code(&get(&wrong, "/v1/tasks").await), Code::CredentialInvalid);
    let operator = json_post(&world.client, "/v1/tenants", None, br#"{"name":"x"}"#).await;
    assert_eq!(code(&operator), Code::CredentialInvalid);

    let narrow = CreateKey { name: "narrow".to_owned(), scopes: vec![Scope::TaskRead, Scope::KeysWrite] };
    let narrow = world.client.create_key(&narrow).await.expect("a key");
    let client = world.anonymous().with_key(&narrow.api_key);
    assert_eq!(get(&client, "/v1/tasks").await.status, 200);
    let refused = json_post(&client, "/v1/tasks", Some("k"), NAP).await;
    assert_eq!(code(&refused), Code::ScopeMissing);
    let wider = json_post(&client, "/v1/keys", None, br#"{"name":"w","scopes":["task:write"]}"#).await;
    assert_eq!(code(&wider), Code::ScopeMissing);

    world.client.revoke_key(&narrow.key.id).await.expect("revoked");
    let revoked = json_post(&client, "/v1/keys", None, br#"{"name":"w","scopes":["task:read"]}"#).await;
    assert_eq!(code(&revoked), Code::CredentialInvalid);
}

#[test]
async fn a_revoked_key_starts_no_task_any_more() {
    let world = World::new("revoked").await;
    let worker = CreateKey { name: "worker".to_owned(), scopes: vec![Scope::TaskWrite, Scope::TaskRead] };
    let worker = world.client.create_key(&worker).await.expect("a key");
    let client = world.anonymous().with_key(&worker.api_key);
    for _ in 0..2 {
        assert_eq!(json_post(&client, "/v1/tasks", Some(&fresh("nap")), NAP).await.status, 202);
    }
    // Told twice, it is revoked all the same.
    for _ in 0..2 {
        world.client.revoke_key(&worker.key.id).await.expect("revoked");
    }
    let refused = json_post(&client, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(code(&refused), Code::CredentialInvalid, "at once, although reads may go on for ten seconds");
    let other = json_post(&world.client, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    assert_eq!(other.status, 202);
}

#[test]
async fn a_foreign_tenant_sees_nothing() {
    let (mine, theirs) = (World::new("mine").await, World::new("theirs").await);
    let task = json_post(&mine.client, "/v1/tasks", Some(&fresh("nap")), NAP).await;
    let task: serde_json::Value = task.json().expect("a task");
    let path = format!("/v1/tasks/{}", task["id"].as_str().expect("an id"));
    assert_eq!(get(&mine.client, &path).await.status, 200);
    assert_eq!(code(&get(&theirs.client, &path).await), Code::ResourceUnknown);
    let name = fresh("mine");
    let identity = CreateIdentity { name: name.clone(), kind: Kind::Person };
    mine.client.create_identity(&fresh("k"), &identity).await.expect("an identity");
    let path = format!("/v1/identities/u:{name}");
    assert_eq!(code(&get(&theirs.client, &path).await), Code::ResourceUnknown);
    let taken = theirs.client.create_identity(&fresh("k"), &identity).await.expect_err("taken");
    assert_eq!(taken.code(), Some(Code::NameTaken));
    let change = UpdateIdentity::default();
    let foreign = theirs.client.update_identity(&format!("u:{name}"), "1-x", &change).await.expect_err("foreign");
    assert_eq!(foreign.code(), Some(Code::ResourceUnknown));
}

#[test]
async fn idempotency_keys() {
    let world = World::new("idempotency").await;
    let key = fresh("nap");
    let first = json_post(&world.client, "/v1/tasks", Some(&key), NAP).await;
    assert_eq!((first.status, first.header("idempotency-replayed")), (202, None));
    let again = json_post(&world.client, "/v1/tasks", Some(&key), NAP).await;
    assert_eq!((again.status, again.header("idempotency-replayed")), (202, Some("true")));
    assert_eq!(first.body, again.body, "the first answer again, byte for byte");
    let other = br#"{"definition":{"steps":{"nap":{"do":"sleep","with":{"duration":"PT2S"}}}}}"#;
    assert_eq!(code(&json_post(&world.client, "/v1/tasks", Some(&key), other).await), Code::IdempotencyConflict);
    assert_eq!(code(&json_post(&world.client, "/v1/tasks", None, NAP).await), Code::IdempotencyMissing);
    assert_eq!(code(&json_post(&world.client, "/v1/tasks", Some("a b"), NAP).await), Code::IdempotencyInvalid);
}

#[test]
async fn bodies() {
    let world = World::new("bodies").await;
    let post = |body: Vec<u8>| {
        let client = &world.client;
        async move { code(&json_post(client, "/v1/tasks", Some(&fresh("k")), &body).await) }
    };
    assert_eq!(post(b"{".to_vec()).await, Code::RequestMalformed);
    assert_eq!(post(b"\xff".to_vec()).await, Code::RequestMalformed);
    assert_eq!(post(br#"{"definition":{},"more":1}"#.to_vec()).await, Code::RequestInvalid);
    assert_eq!(post(br#"{"definition":{"steps":{}}}"#.to_vec()).await, Code::DefinitionInvalid);
    assert_eq!(post(vec![b' '; 300 * 1024]).await, Code::RequestTooLarge);
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    assert_eq!(post(deep.into_bytes()).await, Code::RequestMalformed);
    let mut text = Request::new(Method::Post, "/v1/tasks").with_header("idempotency-key", "k");
    text.body = Some(NAP.to_vec());
    let text = text.with_header("content-type", "text/plain");
    assert_eq!(code(&world.client.send(text).await.expect("an answer")), Code::RequestMediaType);
}

/// Posts conversations with a model that is not there, so that whoever has read them says so: each with its length, and
/// in parts without one.
const FRAMED: &str = r#"
  const asking = (chars) => `{"model":"other","messages":[{"role":"user","content":"${'a'.repeat(chars)}"}]}`;
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const post = (body) => fetch(`${api}/chat/completions`, { method: 'POST', headers, body, duplex: 'half' });
  const code = async (body) => (await (await post(body)).json()).error.code;
  const parts = (text) => new Blob([text]).stream();
  return (async () => {
    const codes = [];
    for (const chars of [10, 100_000, 3_000_000, 5_000_000]) {
      codes.push(await code(asking(chars)), await code(parts(asking(chars))));
    }
    return JSON.stringify(codes);
  })();
"#;

#[test]
async fn conversations_however_their_bodies_come() {
    let world = World::new("framed").await;
    let told: Value = serde_json::from_str(&world.javascript(FRAMED).await).expect("JSON");
    let (read, large) = (json!("model.unknown"), json!("request.too_large"));
    assert_eq!(told, json!([read, read, read, read, read, read, large, large]));
}

#[test]
async fn routes_and_methods() {
    let world = World::new("routes").await;
    assert_eq!(code(&get(&world.anonymous(), "/v1/nothing").await), Code::RouteUnknown);
    let delete = world.anonymous().send(Request::new(Method::Delete, "/v1/tasks")).await.expect("an answer");
    assert_eq!((code(&delete), delete.header("allow").is_some()), (Code::MethodUnsupported, true));
    for code_of_page in Code::ALL {
        let page = get(&world.anonymous(), &format!("/problems/{code_of_page}")).await;
        assert!(page.status == 200 && page.text().contains(code_of_page.as_str()), "{code_of_page}");
    }
    assert_eq!(code(&get(&world.anonymous(), "/problems/nothing").await), Code::ResourceUnknown);
    let page = get(&world.client, "/v1/tasks?limit=0").await;
    assert_eq!(code(&page), Code::RequestMalformed);
    assert_eq!(code(&get(&world.client, "/v1/tasks?cursor=zz").await), Code::CursorInvalid);
}

#[test]
async fn every_operation_of_the_table_is_routed() {
    let world = World::new("table").await;
    let anonymous = world.anonymous();
    for operation in OPERATIONS {
        let path = operation.path.replace(['{', '}'], "");
        let response = anonymous.send(Request::new(operation.method, &path)).await.expect("an answer");
        assert!(response.status < 500, "{} answered {}", operation.id, response.status);
        assert!(response.header("x-request-id").is_some() && response.header("traceparent").is_some());
        assert_eq!(response.header("x-content-type-options"), Some("nosniff"), "{}", operation.id);
        let document = response.json::<ProblemDocument>().ok();
        assert_ne!(document.map(|document| document.code), Some(Code::RouteUnknown), "{}", operation.id);
    }
}

#[test]
async fn unknown_dids() {
    let world = World::new("dids").await;
    let host = world.info.public_host.replace(':', "%3A");
    let scid = "QmfGEUAcMpzo25kF2Rhn8L2FCMVGPPTzBMzYsGWXSvzhJz";
    for (did, status) in [
        (format!("did:webvh:{scid}:{host}:u:nobody"), 404),
        (format!("did:web:{host}:u:nobody"), 404),
        (format!("did:webvh:{scid}:elsewhere.example:u:nobody"), 501),
        ("did:nothing:x".to_owned(), 501),
        ("nothing".to_owned(), 400),
        ("did:key:zzz".to_owned(), 400),
    ] {
        let path = format!("/1.0/identifiers/{}", did.replace('%', "%25"));
        let response = get(&world.anonymous(), &path).await;
        assert_eq!(response.status, status, "{did}: {}", response.text());
        let result: serde_json::Value = response.json().expect("a result");
        assert!(result["didResolutionMetadata"]["error"]["type"].as_str().is_some(), "{did}: {result}");
    }
    let key = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK";
    assert_eq!(world.anonymous().resolve(key).await.expect("resolved")["id"], key);
}

#[test]
async fn documents_are_updated_on_the_version_that_was_read() {
    let world = World::new("documents").await;
    let name = fresh("doc");
    let identity = CreateIdentity { name: name.clone(), kind: Kind::Service };
    let first = world.client.create_identity(&fresh("k"), &identity).await.expect("an identity");
    let id = format!("s:{name}");
    let service = serde_json::json!({ "id": "site", "type": "LinkedDomains", "serviceEndpoint": "https://a.example" });
    let change = UpdateIdentity { services: Some(vec![service]), also_known_as: None };
    let second = world.client.update_identity(&id, &first.version_id, &change).await.expect("updated");
    assert_ne!(first.version_id, second.version_id);
    assert!(second.document.to_string().contains("https://a.example"), "{}", second.document);
    let stale = world.client.update_identity(&id, &first.version_id, &change).await.expect_err("stale");
    assert_eq!(stale.code(), Some(Code::PreconditionFailed));
    let log = get(&world.anonymous(), &format!("/s/{name}/did.jsonl")).await;
    assert_eq!((log.status, log.text().lines().count()), (200, 2));
    let etag = log.header("etag").expect("an ETag").to_owned();
    let unchanged = Request::new(Method::Get, &format!("/s/{name}/did.jsonl")).with_header("if-none-match", &etag);
    assert_eq!(world.anonymous().send(unchanged).await.expect("an answer").status, 304);
}

#[test]
async fn lists_go_on_by_cursor() {
    let world = World::new("lists").await;
    let mut names = Vec::new();
    for place in 0..5 {
        let name = fresh(&format!("list{place}"));
        let identity = CreateIdentity { name: name.clone(), kind: Kind::Agent };
        world.client.create_identity(&fresh("k"), &identity).await.expect("an identity");
        names.push(format!("a:{name}"));
    }
    // The lists follow by an outbox: they are complete soon, not at once.
    let mut seen = Vec::new();
    for _ in 0..50 {
        seen = Vec::new();
        let mut path = "/v1/identities?limit=2".to_owned();
        loop {
            let page: serde_json::Value = get(&world.client, &path).await.json().expect("a page");
            let items = page["items"].as_array().expect("items");
            seen.extend(items.iter().filter_map(|item| item["id"].as_str().map(str::to_owned)));
            let Some(cursor) = page["nextCursor"].as_str() else { break };
            path = format!("/v1/identities?limit=2&cursor={cursor}");
        }
        if seen.len() == names.len() {
            break;
        }
        aion_tests::sleep_ms(200).await;
    }
    seen.sort();
    names.sort();
    assert_eq!(seen, names);
}
