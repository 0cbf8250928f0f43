//! What the kernel says of itself, and what a task costs.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::v1::tasks::SubmitTask;
use aion_tests::{World, fresh, sleep_ms};
use serde_json::json;
use wasm_bindgen_test::{console_log, wasm_bindgen_test as test};

/// Rows that a task of three steps may write: what the platform bills, and so what a million tasks cost.
const ROWS_MAX: u64 = 9;

fn computation() -> SubmitTask {
    let steps = json!({
        "a": { "do": "set", "with": { "value": "${{ input.n + 1 }}" } },
        "b": { "do": "set", "needs": ["a"], "with": { "value": "${{ steps.a.output + 1 }}" } },
        "c": { "do": "set", "needs": ["b"], "with": { "value": "${{ steps.b.output + 1 }}" } }
    });
    SubmitTask { definition: json!({ "steps": steps }), input: json!({ "n": 1 }) }
}

#[test]
async fn a_task_of_three_steps_writes_few_rows() {
    let world = World::new("rows").await;
    // The first one makes the tables and stores the definition.
    for _ in 0..2 {
        world.client.submit(&fresh("warm"), &computation()).await.expect("accepted");
    }
    let rows = "aion_kernel_rows_written_total{shard=\"0\"}";
    let before = world.metric(rows).await;
    let task = world.client.submit(&fresh("one"), &computation()).await.expect("accepted");
    assert_eq!(task.state, "done", "{}", task.steps);
    let written = world.metric(rows).await - before;
    console_log!("a task of three computations writes {written} rows");
    assert!((1..=ROWS_MAX).contains(&written), "{written} rows");
}

/// What it costs that a task leaves for the archive: rows of the shard, those that are deleted included.
const LEAVING_ROWS_MAX: u64 = 16;

#[test]
async fn leaving_for_the_archive_writes_a_bounded_number_of_rows() {
    const TASKS: u64 = 8;
    let world = World::new("rows-leaving").await;
    let (rows, mut brief) = ("aion_kernel_rows_written_total{shard=\"0\"}", computation());
    brief.definition["retention"] = json!("2s");
    world.client.submit(&fresh("warm"), &brief).await.expect("accepted");
    for _ in 0..TASKS {
        world.client.submit(&fresh("brief"), &brief).await.expect("accepted");
    }
    let before = world.metric(rows).await;
    sleep_ms(6_000).await;
    let written = world.metric(rows).await - before;
    console_log!("{TASKS} tasks that leave write {written} rows in their shard");
    assert!((TASKS..=TASKS * LEAVING_ROWS_MAX).contains(&written), "{written} rows");
}

#[test]
async fn metrics_count_what_is_open_and_what_was_done() {
    let world = World::new("metrics").await;
    let nap = json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "1h" } } } });
    let nap = SubmitTask { definition: nap, input: json!({}) };
    for _ in 0..3 {
        world.client.submit(&fresh("nap"), &nap).await.expect("accepted");
    }
    assert_eq!(world.metric("aion_kernel_tasks{shard=\"0\",state=\"waiting\"}").await, 3);
    assert_eq!(world.metric("aion_kernel_tasks{shard=\"0\",state=\"queued\"}").await, 0);
    assert_eq!(world.metric("aion_kernel_commits_total{shard=\"0\"}").await, 3);
    assert!(world.metric("aion_kernel_stored_bytes{shard=\"0\"}").await > 0);
}
