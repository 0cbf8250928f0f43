//! Tasks without a chain: timers, cancellation, events that go on where they were left.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::Scope;
use aion_client::api::operations::Method;
use aion_client::api::v1::keys::{CreateKey, KeyCreated};
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Pieces, Request, Stop};
use aion_tests::{World, fresh, sleep_ms};
use futures_util::future::{Either, join, select};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

fn nap(duration: &str) -> SubmitTask {
    let steps = json!({
        "first": { "do": "sleep", "with": { "duration": duration } },
        "second": { "do": "sleep", "needs": ["first"], "with": { "duration": "${{ input.then }}" } }
    });
    SubmitTask { definition: json!({ "steps": steps }), input: json!({ "then": "200ms" }) }
}

#[test]
async fn timers_wake_and_steps_follow_each_other() {
    let world = World::new("timers").await;
    let task = world.client.submit(&fresh("nap"), &nap("1s")).await.expect("accepted");
    let done = world.client.finished(&task.id, 20_000).await.expect("finished");
    assert_eq!(done.state, "done", "{}", done.steps);
    let began = |step: &str| done.steps[step]["beganAt"].as_str().map(str::to_owned);
    assert!(began("first") < began("second"), "{}", done.steps);
}

#[test]
async fn a_cancelled_task_ends_at_once_and_stays_so() {
    let world = World::new("cancel").await;
    let task = world.client.submit(&fresh("nap"), &nap("1h")).await.expect("accepted");
    let cancelled = world.client.cancel(&task.id).await.expect("cancelled");
    assert_eq!(cancelled.state, "cancelled", "{}", cancelled.steps);
    assert_eq!(cancelled.steps["second"]["state"], "skipped");
    assert_eq!(world.client.cancel(&task.id).await.expect("again").state, "cancelled");
}

#[test]
async fn events_go_on_where_they_were_left() {
    let world = World::new("events").await;
    let task = world.client.submit(&fresh("nap"), &nap("500ms")).await.expect("accepted");
    // The stream of a task ends with the task.
    let all = events(&world, &task.id, None).await;
    let kinds: Vec<&str> = all.iter().filter_map(|event| event["type"].as_str()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"task.submitted"), Some(&"task.done")), "{kinds:?}");
    let middle = all[all.len() / 2]["seq"].as_u64().expect("a number");
    let rest = events(&world, &task.id, Some(middle)).await;
    let expected: Vec<&Value> = all.iter().filter(|event| event["seq"].as_u64() > Some(middle)).collect();
    assert_eq!(rest.iter().collect::<Vec<_>>(), expected);
}

/// The object is idle for longer than it takes to hibernate: its timer wakes it, and the socket is still there.
#[test]
async fn a_socket_outlives_the_sleep_of_its_object() {
    let world = World::new("sockets").await;
    let task = world.client.submit(&fresh("nap"), &nap("13s")).await.expect("accepted");
    let path = format!("/v1/tasks/{}/events", task.id);
    let told = world.control.websocket(&path, &world.api_key).await;
    assert_eq!(told, events(&world, &task.id, None).await, "a socket tells what a stream tells");
    assert_eq!(told.last().map(|event| &event["type"]), Some(&json!("task.done")));
    // Whoever comes back goes on; whoever comes late gets the rest and the end.
    let middle = told[told.len() / 2]["seq"].as_u64().expect("a number");
    let rest = world.control.websocket(&format!("{path}?after={middle}"), &world.api_key).await;
    let expected: Vec<&Value> = told.iter().filter(|event| event["seq"].as_u64() > Some(middle)).collect();
    assert_eq!(rest.iter().collect::<Vec<_>>(), expected);
}

/// A key that may read tasks.
async fn reader(world: &World) -> KeyCreated {
    let key = CreateKey { name: "reader".to_owned(), scopes: vec![Scope::TaskRead] };
    world.client.create_key(&key).await.expect("a key")
}

/// Follows a task with a key, as far as what has happened already.
async fn followed(world: &World, key: &str, path: &str) -> Pieces {
    let request = Request::new(Method::Get, path);
    let pieces = world.anonymous().with_key(key).stream(request, &Stop::new()).await.expect("a stream");
    let mut text = String::new();
    while !text.contains("task.submitted") {
        let piece = pieces.next().await.expect("no break").expect("an event");
        text.push_str(&String::from_utf8_lossy(&piece));
    }
    pieces
}

/// Whether a stream ends within some seconds.
async fn ends(pieces: &Pieces) -> bool {
    let end = Box::pin(async { while pieces.next().await.expect("no break").is_some() {} });
    matches!(select(end, Box::pin(sleep_ms(5_000))).await, Either::Left(_))
}

#[test]
async fn what_a_key_listens_to_ends_when_it_is_revoked() {
    let world = World::new("deaf").await;
    let task = world.client.submit(&fresh("nap"), &nap("1h")).await.expect("accepted");
    let path = format!("/v1/tasks/{}/events", task.id);
    let (gone, stays) = (reader(&world).await, reader(&world).await);
    let (ending, staying) =
        (followed(&world, &gone.api_key, &path).await, followed(&world, &stays.api_key, &path).await);
    let revoked = async {
        // The socket is open by then.
        sleep_ms(1_500).await;
        world.client.revoke_key(&gone.key.id).await.expect("revoked");
    };
    let ((told, code), ()) = join(world.control.websocket_closed(&path, &gone.api_key), revoked).await;
    assert_eq!((told[0]["type"].as_str(), code), (Some("task.submitted"), 1_008), "{told:?}");
    assert!(ends(&ending).await, "the stream of the key that was revoked");
    assert!(!ends(&staying).await, "the stream of another key");
    let again = world.anonymous().with_key(&gone.api_key).send(Request::new(Method::Get, &path)).await;
    assert_eq!(again.expect("an answer").status, 401);
    world.client.cancel(&task.id).await.expect("cancelled");
    assert!(ends(&staying).await, "it ends with the task");
}

async fn events(world: &World, task: &str, after: Option<u64>) -> Vec<Value> {
    let mut request = Request::new(Method::Get, &format!("/v1/tasks/{task}/events"));
    if let Some(after) = after {
        request = request.with_header("last-event-id", &after.to_string());
    }
    let response = world.client.send(request).await.expect("a stream");
    assert_eq!(response.header("content-type"), Some("text/event-stream"));
    let text = response.text();
    let lines = text.lines().filter_map(|line| line.strip_prefix("data: "));
    lines.map(|data| serde_json::from_str(data).expect("an event")).collect()
}
