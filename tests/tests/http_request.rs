//! Tasks that ask other systems: hosts, secrets, retries, lost answers, callbacks, a saga over two services.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on has failed")]

use aion_client::api::Code;
use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_tests::{World, fresh, json_post};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A tenant that may ask the recorder.
async fn world(name: &str) -> World {
    let world = World::new(name).await;
    let host = world.info.recorder_url.trim_start_matches("http://").to_owned();
    world.client.put_hosts(&[&host]).await.expect("allowed");
    world
}

async fn run(world: &World, steps: Value) -> Task {
    let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({ "base": world.info.recorder_url }) };
    let task = world.client.submit(&fresh("http"), &task).await.expect("accepted");
    world.client.finished(&task.id, 30_000).await.expect("finished")
}

#[test]
async fn secrets_go_out_and_stay_out_of_the_history() {
    let world = world("secrets").await;
    world.client.put_secret("partner", "canary-of-a-secret").await.expect("set");
    let ask = json!({ "do": "http.request", "with": {
        "url": "${{ input.base }}/ok", "method": "POST", "json": { "n": "${{ 1 + 1 }}" }, "sign": "partner",
        "headers": { "authorization": { "secret": "partner", "prefix": "Bearer " } }, "pick": { "n": "/got/n" } } });
    let task = run(&world, json!({ "ask": ask })).await;
    assert_eq!((task.state.as_str(), task.output("ask")), ("done", Some(&json!({ "status": 200, "n": 2 }))));
    let seen = world.control.recorded(&world.info.recorder_url, &task.id).await;
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0]["key"], json!(format!("{}/ask", task.id)));
    assert_eq!(seen[0]["headers"]["authorization"], json!("Bearer canary-of-a-secret"));
    assert!(seen[0]["headers"]["webhook-signature"].as_str().is_some_and(|text| text.starts_with("v1,")));
    let history = world.client.history(&task.id, None).await.expect("a history");
    let view = world.client.task(&task.id).await.expect("a task");
    let told = format!("{:?} {:?} {:?}", history.items, view, world.client.secrets().await.expect("names"));
    assert!(!told.contains("canary-of-a-secret"), "{told}");
    world.client.delete_secret("partner").await.expect("deleted");
}

#[test]
async fn hosts_that_are_not_allowed_are_not_asked() {
    let world = World::new("hosts").await;
    let task = run(&world, json!({ "ask": { "do": "http.request", "with": { "url": "${{ input.base }}/ok" } } })).await;
    assert_eq!((task.state.as_str(), &task.steps["ask"]["error"]["code"]), ("failed", &json!("http.host")));
    let refused = world.client.put_hosts(&["*.com"]).await.expect_err("too wide");
    assert_eq!(refused.code(), Some(Code::RequestInvalid));
}

#[test]
async fn what_can_be_asked_again_is_asked_again_under_its_key() {
    let world = world("retries").await;
    let ask = |path: &str, more: Value| {
        let mut with = json!({ "url": format!("${{{{ input.base }}}}/{path}") });
        with.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "do": "http.request", "with": with, "retry": { "first": "100ms", "max": "300ms" } })
    };
    let post = json!({ "method": "POST", "json": {} });
    let task = run(
        &world,
        json!({
            "busy": ask("busy/2", post.clone()),
            "gone": ask("status/404", json!({ "accept": [200, 404] })),
            "lost": ask("lost/1", json!({ "method": "POST", "json": {}, "idempotent": true })),
        }),
    )
    .await;
    assert_eq!(task.state, "done", "{}", task.steps);
    assert_eq!(task.steps["gone"]["output"]["status"], json!(404));
    let seen = world.control.recorded(&world.info.recorder_url, &task.id).await;
    let times = |step: &str| seen.iter().filter(|seen| seen["key"] == json!(format!("{}/{step}", task.id))).count();
    assert_eq!((times("busy"), times("gone"), times("lost")), (3, 1, 2));

    let task = run(&world, json!({ "lost": ask("lost/9", post) })).await;
    assert_eq!(task.state, "dead", "nobody knows whether it happened: a person decides");
    assert_eq!(world.control.recorded(&world.info.recorder_url, &task.id).await.len(), 1);
    let task = run(&world, json!({ "bad": ask("status/400", json!({})) })).await;
    assert_eq!((task.state.as_str(), &task.steps["bad"]["error"]["code"]), ("failed", &json!("http.400")));
}

#[test]
async fn the_other_system_reports_the_end_later() {
    let world = world("callback").await;
    let ask = json!({ "do": "http.request", "timeout": "1h", "with": {
        "url": "${{ input.base }}/later", "method": "POST", "json": {}, "callback": true } });
    let then = json!({ "do": "set", "needs": ["ask"], "with": { "value": "${{ steps.ask.output.paid }}" } });
    let task = SubmitTask {
        definition: json!({ "steps": { "ask": ask, "then": then } }),
        input: json!({ "base": world.info.recorder_url }),
    };
    let task = world.client.submit(&fresh("later"), &task).await.expect("accepted");
    let mut seen = Vec::new();
    for _ in 0..50 {
        seen = world.control.recorded(&world.info.recorder_url, &task.id).await;
        let state = world.client.task(&task.id).await.expect("a task");
        if !seen.is_empty() && state.steps["ask"]["state"] == json!("callback") {
            break;
        }
        aion_tests::sleep_ms(100).await;
    }
    let url = seen[0]["headers"]["aion-callback"].as_str().expect("an address").to_owned();
    let path = url.split_once("/callbacks/").map(|(_, token)| format!("/callbacks/{token}")).expect("a path");
    let anonymous = world.anonymous();
    let forged = json_post(&anonymous, &format!("{path}0"), None, b"{}").await;
    assert_eq!(forged.status, 404);
    for _ in 0..2 {
        let report = json_post(&anonymous, &path, None, br#"{"output":{"paid":true}}"#).await;
        assert_eq!(report.status, 204, "{}", report.text());
    }
    let done = world.client.finished(&task.id, 10_000).await.expect("finished");
    assert_eq!((done.state.as_str(), done.output("then")), ("done", Some(&json!(true))), "{}", done.steps);
}

#[test]
async fn a_saga_over_two_services_undoes_the_first_when_the_second_fails() {
    let world = world("saga").await;
    let post = |path: &str| json!({ "url": format!("${{{{ input.base }}}}/{path}"), "method": "POST", "json": {} });
    let task = run(
        &world,
        json!({
            "hotel": { "do": "http.request", "with": post("hotel"),
                "compensate": { "do": "http.request", "with": post("hotel-cancel") } },
            "flight": { "do": "http.request", "needs": ["hotel"], "with": post("status/422") },
        }),
    )
    .await;
    assert_eq!(task.state, "compensated", "{}", task.steps);
    let seen = world.control.recorded(&world.info.recorder_url, &task.id).await;
    let lines: Vec<&str> = seen.iter().filter_map(|seen| seen["line"].as_str()).collect();
    assert_eq!(lines, ["POST /hotel", "POST /status/422", "POST /hotel-cancel"]);
}
