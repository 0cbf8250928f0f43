//! Answers of our own that many ask for: kept for seconds, and forgotten by whoever changes them.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::{Request, Response};
use aion_tests::{World, fresh};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

fn cache_status(response: &Response) -> &str {
    response.header("cache-status").unwrap_or_default()
}

#[test]
async fn a_did_is_resolved_once_and_anew_when_it_has_changed() {
    let world = World::new("kept").await;
    let name = fresh("kept").replace('_', "-").to_lowercase();
    let create = Request::new(Method::Post, "/v1/identities").with_json(&json!({ "name": name, "kind": "service" }));
    let create = create.unwrap().with_header("idempotency-key", &name);
    let created = world.client.send(create).await.expect("created");
    assert_eq!(created.status, 201, "{}", created.text());
    let etag = created.header("etag").unwrap().to_owned();
    let identity: Value = created.json().unwrap();
    let (did, id) = (identity["did"].as_str().unwrap().to_owned(), identity["id"].as_str().unwrap().to_owned());
    let path = format!("/1.0/identifiers/{}", did.replace('%', "%25"));
    let get = || Request::new(Method::Get, &path);
    let stranger = world.anonymous();
    let first = stranger.send(get()).await.unwrap();
    assert_eq!((first.status, cache_status(&first)), (200, "aion; fwd=uri-miss; fwd-status=200; stored"));
    let second = stranger.send(get()).await.unwrap();
    assert!(cache_status(&second).starts_with("aion; hit; ttl="), "{}", cache_status(&second));
    assert_eq!((&second.body, second.header("etag")), (&first.body, first.header("etag")));
    let whole = stranger.send(get().with_header("accept", "application/did-resolution")).await.unwrap();
    assert!(cache_status(&whole).contains("uri-miss"), "another representation is another answer");
    let known = get().with_header("if-none-match", first.header("etag").unwrap());
    let unchanged = stranger.send(known).await.unwrap();
    assert_eq!((unchanged.status, unchanged.body.len(), unchanged.header("etag")), (304, 0, first.header("etag")));

    let service =
        json!({ "services": [{ "id": "site", "type": "LinkedDomains", "serviceEndpoint": "https://a.example" }] });
    let patch = Request::new(Method::Patch, &format!("/v1/identities/{id}")).with_json(&service).unwrap();
    let patched = world.client.send(patch.with_header("if-match", &etag)).await.unwrap();
    assert_eq!(patched.status, 200, "{}", patched.text());
    let anew = stranger.send(get()).await.unwrap();
    assert!(cache_status(&anew).contains("uri-miss") && anew.header("etag") != first.header("etag"));
    assert!(anew.text().contains("https://a.example"), "{}", anew.text());
}

#[test]
async fn documents_of_the_deployment_are_sent_once() {
    let stranger = World::new("documents").await.anonymous();
    for path in ["/openapi.json", "/schemas/definition.json"] {
        let first = stranger.send(Request::new(Method::Get, path)).await.unwrap();
        let etag = first.header("etag").expect(path);
        let again = stranger.send(Request::new(Method::Get, path).with_header("if-none-match", etag)).await.unwrap();
        assert_eq!((first.status, again.status, again.body.len()), (200, 304, 0), "{path}");
    }
}
