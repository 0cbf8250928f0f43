//! What becomes of tasks after their end: webhooks that tell of it, large values, and the archive.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::v1::tasks::SubmitTask;
use aion_tests::{World, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// How often, with a quarter of a second between, a test looks for what comes by itself.
const LOOKS_MAX: usize = 80;
/// So many tasks, each with a link of its own, leave one after the other.
const CHAIN: usize = 6;

fn brief(text: &str) -> SubmitTask {
    let steps = json!({ "a": { "do": "set", "with": { "value": "${{ input.text }}" } } });
    let definition = json!({ "steps": steps, "labels": { "brief": "yes" }, "retention": "1s",
        "output": "${{ steps.a.output }}" });
    SubmitTask { definition, input: json!({ "text": text }) }
}

async fn listed(world: &World) -> usize {
    world.read("/v1/tasks?label=brief:yes").await["items"].as_array().expect("a list").len()
}

async fn history(world: &World, task: &str) -> Vec<Value> {
    world.client.history(task, None).await.expect("a history").items
}

/// Waits until every brief task has left its shard.
async fn all_gone(world: &World) {
    for look in 0.. {
        if listed(world).await == 0 {
            break;
        }
        assert!(look < LOOKS_MAX, "the tasks do not leave");
        sleep_ms(250).await;
    }
}

#[test]
async fn links_of_what_has_left_still_follow_each_other() {
    let world = World::new("chain").await;
    let mut told = Vec::new();
    for _ in 0..CHAIN {
        let task = world.client.submit(&fresh("brief"), &brief("small")).await.expect("accepted");
        told.push((history(&world, &task.id).await, task.id));
        sleep_ms(300).await;
    }
    all_gone(&world).await;
    // Their links leave after them, in more than one call.
    sleep_ms(3_000).await;
    let mut previous = json!("0".repeat(64));
    for (before, task) in told {
        let after = history(&world, &task).await;
        assert_eq!(after, before, "{task}");
        assert_eq!(after[0]["previous"], previous, "{task}");
        previous = after[0]["hash"].clone();
    }
}

#[test]
async fn a_task_moves_to_the_archive_and_its_key_stays_taken() {
    let world = World::new("retention").await;
    // Large values move as well.
    let (key, text) = (fresh("brief"), "x".repeat(100_000));
    let task = world.client.submit(&key, &brief(&text)).await.expect("accepted");
    assert_eq!((task.state.as_str(), task.more["output"].as_str()), ("done", Some(text.as_str())));
    let before = history(&world, &task.id).await;
    all_gone(&world).await;
    let archived = world.client.task(&task.id).await.expect("from the archive");
    assert!(archived.state == "done" && archived.steps == task.steps, "what is read differs from what was told");
    assert_eq!(history(&world, &task.id).await, before);
    // The shard goes on, and the links of what has left follow it to the archive.
    for _ in 0..3 {
        world.client.submit(&fresh("brief"), &brief("small")).await.expect("accepted");
    }
    sleep_ms(4_000).await;
    assert_eq!(history(&world, &task.id).await, before);
    // The key is taken for ever.
    let again = world.client.submit(&key, &brief(&text)).await.expect("the first answer");
    assert_eq!((&again.id, again.state.as_str()), (&task.id, "done"));
    let other = world.client.submit(&key, &brief("other")).await.expect_err("another request");
    assert_eq!(other.code(), Some(Code::IdempotencyConflict));
    let late = world.client.signal(&fresh("late"), &task.id, "go", Value::Null).await.expect_err("too late");
    assert_eq!(late.code(), Some(Code::StateConflict));
}

#[test]
async fn a_webhook_tells_of_the_end_until_it_is_heard() {
    let world = World::new("notices").await;
    let recorder = world.info.recorder_url.clone();
    world.client.put_hosts(&[recorder.trim_start_matches("http://")]).await.expect("allowed");
    world.client.put_secret("hook", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").await.expect("set");
    let definition = json!({
        "steps": { "a": { "do": "set", "with": { "value": 7 } } }, "output": "${{ steps.a.output }}",
        // It is busy twice, so that it has to be told three times.
        "notify": [{ "url": format!("{recorder}/busy/2"), "on": ["done"], "sign": "hook" }]
    });
    let task = SubmitTask { definition, input: json!({}) };
    let task = world.client.submit(&fresh("notice"), &task).await.expect("accepted");
    let notices = world.read("/v1/tasks?label=notice:task").await;
    let notice = notices["items"][0]["id"].as_str().expect("a task of its own").to_owned();
    let sent = world.client.finished(&notice, 30_000).await.expect("finished");
    assert_eq!(sent.state, "done", "{}", sent.steps);
    let seen = world.control.recorded(&recorder, &notice).await;
    assert_eq!(seen.len(), 3, "{seen:?}");
    assert!(seen.iter().all(|seen| seen["headers"]["webhook-id"] == json!(format!("{notice}/send"))), "{seen:?}");
    assert!(seen[2]["headers"]["webhook-signature"].as_str().is_some_and(|text| text.starts_with("v1,")));
    let told: Value = match &seen[2]["body"] {
        Value::String(text) => serde_json::from_str(text).expect("JSON"),
        body => body.clone(),
    };
    assert_eq!(told["type"], "task.done");
    assert_eq!((&told["data"]["task"], &told["data"]["output"]), (&json!(task.id), &json!(7)));
}
