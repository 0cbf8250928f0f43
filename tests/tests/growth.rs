//! A tenant that grows while it runs: nothing is lost, and no key starts two tasks.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use aion_client::api::Code;
use aion_client::api::Scope;
use aion_client::api::v1::keys::CreateKey;
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Client, FetchTransport};
use aion_tests::{World, fresh, sleep_ms};
use futures_util::future::{join, join_all};
use serde_json::json;
use wasm_bindgen_test::wasm_bindgen_test as test;

/// So many keys: with four shards each gets some.
const KEYS: usize = 48;
/// Whoever is told to come again comes again so often.
const TRIES: usize = 20;

fn sum() -> SubmitTask {
    let steps = json!({ "a": { "do": "set", "with": { "value": "${{ input.n + 1 }}" } } });
    SubmitTask { definition: json!({ "steps": steps }), input: json!({ "n": 1 }) }
}

/// Submits until it is accepted, as a client does that was told to come again.
async fn submit(client: &Client<FetchTransport>, key: &str) -> String {
    for _ in 0..TRIES {
        match client.submit(key, &sum()).await {
            Ok(task) => return task.id,
            Err(error) => assert_eq!(error.code(), Some(Code::ShardMoved), "{error}"),
        }
        sleep_ms(100).await;
    }
    String::new()
}

/// The shards of tasks, as their ids say.
fn shards(ids: &[String]) -> BTreeSet<&str> {
    ids.iter().map(|id| &id[4..6]).collect()
}

#[test]
async fn a_tenant_grows_under_load_and_no_key_starts_two_tasks() {
    let world = World::new("growth").await;
    let client = &world.client;
    let keys: Vec<String> = (0..KEYS).map(|_| fresh("grow")).collect();
    let early = join_all(keys[..KEYS / 2].iter().map(|key| submit(client, key))).await;
    assert_eq!(shards(&early).len(), 1);
    // While it grows, keys old and new come, each twice.
    let load = join_all(keys.iter().chain(&keys).map(|key| submit(client, key)));
    let (under_way, grown) = join(load, client.grow(4)).await;
    assert_eq!(grown.expect("grown").shards, 4);
    let late = join_all(keys.iter().map(|key| submit(client, key))).await;
    assert!(!late.iter().any(String::is_empty));
    assert_eq!((&under_way[..KEYS], &under_way[KEYS..]), (&late[..], &late[..]));
    assert_eq!(early, late[..KEYS / 2], "what began before the growth is where it was");
    // Whoever comes now is spread, and whatever there is is listed.
    let new: Vec<String> = (0..KEYS).map(|_| fresh("grown")).collect();
    let new = join_all(new.iter().map(|key| submit(client, key))).await;
    assert_eq!(shards(&new).len(), 4, "{new:?}");
    let listed = world.read("/v1/tasks?limit=100").await;
    assert_eq!(listed["items"].as_array().expect("a list").len(), 2 * KEYS);
    assert_eq!(client.shards().await.expect("a number").shards, 4);
    assert_eq!(client.grow(2).await.expect_err("never fewer").code(), Some(Code::StateConflict));
    assert_eq!(client.grow(65).await.expect_err("too many").code(), Some(Code::RequestInvalid));
}

#[test]
async fn new_shards_know_which_keys_were_revoked() {
    let world = World::new("growth-revoked").await;
    let key = CreateKey { name: "short".to_owned(), scopes: vec![Scope::TaskWrite, Scope::TaskRead] };
    let made = world.client.create_key(&key).await.expect("a key");
    let short = Client::new(&world.info.base_url, FetchTransport).with_key(&made.api_key);
    short.submit(&fresh("before"), &sum()).await.expect("accepted");
    world.client.revoke_key(&made.key.id).await.expect("revoked");
    world.client.grow(3).await.expect("grown");
    for _ in 0..8 {
        let refused = short.submit(&fresh("after"), &sum()).await.expect_err("revoked");
        assert_eq!(refused.code(), Some(Code::CredentialInvalid));
    }
}
