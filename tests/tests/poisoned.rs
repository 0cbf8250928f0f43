//! Rows that cannot be read any more: they hold up nobody, they are seen, and they go on once they are mended.
//!
//! The rows are damaged behind the platform's back while it stands still. What kills its object instead of failing is
//! shown by `cargo xtask faults kernel --panics`.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::v1::tasks::{RedriveTask, SubmitTask, Task};
use aion_tests::{Sql, World, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::{console_log, wasm_bindgen_test as test};

/// How long a task may take that is not held up.
const PATIENCE_MS: u64 = 30_000;
/// How often, with a quarter of a second between, a test looks for what comes by itself.
const LOOKS_MAX: usize = 80;
/// The metric that counts the damaged ones.
const BROKEN: &str = "aion_kernel_poisoned{shard=\"0\",why=\"broken\"}";
/// The rows that the shard has written.
const ROWS: &str = "aion_kernel_rows_written_total{shard=\"0\"}";
/// So many rows may be written in a time in which nobody asks for anything: a damaged task is looked at again after a
/// minute at the earliest.
const ROWS_AT_REST_MAX: u64 = 4;

/// A task that sleeps, and then says what it was given.
async fn sleeper(world: &World, label: &str, duration: &str, text: &str) -> Task {
    let steps = json!({ "nap": { "do": "sleep", "with": { "duration": duration } },
        "say": { "do": "set", "needs": ["nap"], "with": { "value": "${{ size(input.text) }}" } } });
    // Labels make definitions of their own.
    let definition = json!({ "steps": steps, "labels": { "kind": label } });
    let task = SubmitTask { definition, input: json!({ "text": text }) };
    world.client.submit(&fresh(label), &task).await.expect("accepted")
}

async fn damage(world: &World, script: &str) {
    let own = world.own_kernel();
    let order = Sql { objects: "Kernel", only: Some(&own), script: Some(script), query: Some("SELECT id FROM task") };
    let rows = world.control.sql(&[order]).await;
    assert_eq!(rows[0].len(), 1, "the tenant has one shard: {rows:?}");
}

async fn is_unreadable(world: &World, task: &Task) {
    let problem = world.client.task(&task.id).await.expect_err("it cannot be read");
    assert_eq!(problem.code(), Some(Code::TaskUnreadable), "{problem}");
}

/// Lists still show everything, the damaged ones as such.
async fn listed(world: &World) -> Vec<Value> {
    world.read("/v1/tasks?limit=100").await["items"].as_array().expect("a list").clone()
}

async fn counts(world: &World, number: u64) {
    for look in 0.. {
        let count = world.metric(BROKEN).await;
        if count == number {
            return;
        }
        assert!(look < LOOKS_MAX, "{count} are counted, and it should be {number}");
        sleep_ms(250).await;
    }
}

async fn mended(world: &World, task: &Task) {
    let redrive = RedriveTask { reason: "its row is mended".to_owned(), from: None };
    world.client.redrive(&task.id, &redrive).await.expect("it can be read again");
    let done = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
}

#[test]
async fn damaged_rows_hold_up_nobody_and_go_on_once_they_are_mended() {
    let world = World::new("poisoned").await;
    let large = "x".repeat(50_000);
    let body = sleeper(&world, "body", "4s", "small").await;
    let blob = sleeper(&world, "blob", "4s", &large).await;
    let definition = sleeper(&world, "definition", "4s", "small").await;
    let links = sleeper(&world, "links", "4s", "small").await;
    let healthy = [sleeper(&world, "healthy", "4s", "small").await, sleeper(&world, "healthy", "6s", &large).await];
    let damaged = [&body, &blob, &definition, &links];
    let hash = definition.more["definitionHash"].as_str().expect("a hash");
    let (torn, whole) = (&body.id, &links.id);
    damage(
        &world,
        &format!(
            "UPDATE task SET body = '{{' || body WHERE id = '{torn}';
             UPDATE blob SET hash = 'lost-' || hash WHERE task = '{}';
             UPDATE definition SET body = '[' || body WHERE hash = '{hash}';
             UPDATE task SET links = '[' || links WHERE id = '{whole}';",
            blob.id
        ),
    )
    .await;
    // The others go on, and so does what comes later.
    for task in &healthy {
        let done = world.client.finished(&task.id, PATIENCE_MS).await.expect("finished");
        assert_eq!(done.state, "done", "{}", done.steps);
    }
    let later = sleeper(&world, "later", "1s", "small").await;
    assert_eq!(world.client.finished(&later.id, PATIENCE_MS).await.expect("finished").state, "done");
    // Whoever reads a damaged one is told so, and its history still answers.
    for task in damaged {
        is_unreadable(&world, task).await;
    }
    assert_eq!(world.client.history(&body.id, None).await.expect("a history").items.len(), 1);
    let refused = world.client.signal(&fresh("go"), &body.id, "go", Value::Null).await.expect_err("unreadable");
    assert_eq!(refused.code(), Some(Code::TaskUnreadable));
    let all = listed(&world).await;
    assert_eq!(all.len(), damaged.len() + healthy.len() + 1);
    let shown = |task: &Task| all.iter().find(|item| item["id"] == json!(task.id)).expect("listed").clone();
    for task in [&body, &blob, &definition] {
        assert_eq!((&shown(task)["unreadable"], &shown(task)["state"]), (&json!(true), &json!("waiting")));
    }
    for task in damaged {
        assert_eq!(shown(task)["aside"]["why"], "broken", "{}", shown(task));
    }
    // They are counted, and looked at again at a bounded cost.
    counts(&world, 4).await;
    let before = world.metric(ROWS).await;
    sleep_ms(8_000).await;
    let written = world.metric(ROWS).await - before;
    console_log!("four damaged tasks cost {written} rows in eight seconds of rest");
    assert!(written <= ROWS_AT_REST_MAX, "{written} rows");
    // A task of the same definition mends the row of that.
    let twin = sleeper(&world, "definition", "4s", "small").await;
    assert_eq!(world.client.finished(&twin.id, PATIENCE_MS).await.expect("finished").state, "done");
    mended(&world, &definition).await;
    damage(
        &world,
        &format!(
            "UPDATE task SET body = substr(body, 2) WHERE id = '{torn}';
             UPDATE blob SET hash = substr(hash, 6) WHERE hash LIKE 'lost-%';
             UPDATE task SET links = substr(links, 2) WHERE id = '{whole}';"
        ),
    )
    .await;
    for task in [&body, &blob, &links] {
        mended(&world, task).await;
    }
    counts(&world, 0).await;
    assert!(listed(&world).await.iter().all(|item| item["unreadable"].is_null() && item["aside"].is_null()));
}
