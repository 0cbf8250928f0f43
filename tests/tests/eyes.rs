//! The eyes: numbers of every script and object in one text, and an alert from its threshold to its webhook.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::{Client, FetchTransport, Request, Response};
use aion_tests::{World, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Numbers are sent every ten seconds, and stored and looked at every thirty.
const PATIENCE_S: u32 = 120;

struct Operator(Client<FetchTransport>);

impl Operator {
    fn of(world: &World) -> Self {
        Self(Client::new(&world.info.base_url, FetchTransport).with_key(&world.info.operator_token))
    }

    async fn get(&self, path: &str) -> Response {
        self.0.send(Request::new(Method::Get, path)).await.expect("an answer")
    }

    async fn put(&self, path: &str, body: &Value) -> Response {
        self.0.send(Request::new(Method::Put, path).with_json(body).unwrap()).await.expect("an answer")
    }
}

/// The sum of what a text says under a name.
fn sum(text: &str, name: &str) -> u64 {
    let lines = text.lines().filter(|line| line.starts_with(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok()).sum()
}

#[test]
async fn every_part_pushes_its_numbers() {
    let world = World::new("numbers").await;
    let operator = Operator::of(&world);
    let stranger = world.client.send(Request::new(Method::Get, "/v1/metrics")).await.unwrap();
    assert_eq!(stranger.status, 401, "they are the operator's");
    let wanted = [
        "aion_requests_total{route=\"listTasks\",script=\"aion\",status=\"2xx\"}",
        "aion_request_ms_bucket{route=\"listTasks\",script=\"aion\",le=\"+Inf\"}",
        "aion_limit_total{outcome=\"admitted\"}",
        "aion_identity_updates_total",
        "aion_kernel_overdue_seconds{",
        "aion_kernel_tasks{",
        "aion_lane_balance_gwei{chain=\"137\"",
        "aion_lane_finality_lag_seconds{chain=\"137\"",
    ];
    let mut missing = Vec::new();
    for _ in 0..PATIENCE_S {
        // What makes each of them: a list, an identity, a task that sleeps, a look at the gas payer.
        world.read("/v1/tasks").await;
        operator.get("/health/ready").await;
        let name = fresh("n");
        let identity = json!({ "name": name.replace('_', "-").to_lowercase(), "kind": "service" });
        let create = Request::new(Method::Post, "/v1/identities").with_json(&identity).unwrap();
        world.client.send(create.with_header("idempotency-key", &name)).await.expect("an answer");
        let steps = json!({ "nap": { "do": "sleep", "with": { "duration": "100ms" } } });
        let task = Request::new(Method::Post, "/v1/tasks").with_json(&json!({ "definition": { "steps": steps } }));
        world.client.send(task.unwrap().with_header("idempotency-key", &name)).await.expect("an answer");
        let text = operator.get("/v1/metrics").await.text();
        missing = wanted.into_iter().filter(|name| !text.contains(name)).collect();
        if missing.is_empty() {
            let all = sum(&text, "aion_requests_total{route=\"listTasks\"");
            let counted = text.lines().find_map(|line| {
                line.strip_prefix("aion_request_ms_count{route=\"listTasks\",script=\"aion\"} ")?.parse::<u64>().ok()
            });
            assert_eq!(counted, Some(all), "each request has its time");
            return;
        }
        sleep_ms(1_000).await;
    }
    panic!("never reported: {missing:?}");
}

#[test]
async fn an_alert_fires_once_and_is_told() {
    let world = World::new("alerts").await;
    let (operator, name) = (Operator::of(&world), fresh("busy").replace('_', "-").to_lowercase());
    let first: Value = operator.get("/v1/alerts").await.json().unwrap();
    let broken = json!({ "rules": [{ "name": "X", "severity": "info", "what": { "rate": {
        "of": { "metric": "aion_requests_total" }, "minutes": 0, "above": 1 } } }] });
    let refused = operator.put("/v1/alerts", &broken).await;
    assert_eq!((refused.status, refused.text().contains("/rules/0/name")), (422, true), "{}", refused.text());
    let rule = json!({
        "name": name, "severity": "warning", "summary": "Somebody lists tasks.",
        "what": { "rate": {
            "of": { "metric": "aion_requests_total", "labels": { "route": "listTasks" } }, "minutes": 5, "above": 3
        } }
    });
    let mut document = first["alerts"].clone();
    document["webhook"] = json!({ "url": format!("{}/status/200", world.info.recorder_url) });
    document["rules"].as_array_mut().unwrap().push(rule);
    let put = operator.put("/v1/alerts", &document).await;
    assert_eq!(put.status, 200, "{}", put.text());
    assert_eq!(put.json::<Value>().unwrap()["version"], json!(first["version"].as_u64().unwrap() + 1));

    let own = |item: &Value| item["name"] == json!(name);
    let mut event = Value::Null;
    for _ in 0..PATIENCE_S {
        world.read("/v1/tasks").await;
        let history: Value = operator.get("/v1/alerts/history?limit=100").await.json().unwrap();
        let told = history["items"].as_array().unwrap().iter().find(|item| own(item)).cloned();
        event = told.unwrap_or_default();
        if event["delivery"]["state"] == "delivered" {
            break;
        }
        sleep_ms(1_000).await;
    }
    assert_eq!((&event["event"], &event["delivery"]["state"]), (&json!("firing"), &json!("delivered")), "{event}");
    let states: Value = operator.get("/v1/alerts/states").await.json().unwrap();
    let state = states["items"].as_array().unwrap().iter().find(|item| own(item)).cloned().unwrap_or_default();
    assert_eq!((&state["state"], &state["silenced"]), (&json!("firing"), &json!(false)), "{states}");
    let all = world.control.recorded(&world.info.recorder_url, "").await;
    let hooks: Vec<&Value> = all.iter().filter(|seen| seen.to_string().contains(&name)).collect();
    assert_eq!(hooks.len(), 1, "told once: {hooks:?}");
    let headers = &hooks[0]["headers"];
    assert!(headers["webhook-signature"].as_str().is_some_and(|text| text.starts_with("v1,")), "{headers}");

    let silence =
        operator.put(&format!("/v1/alerts/{name}/silence"), &json!({ "until": "2999-01-01T00:00:00Z" })).await;
    assert_eq!(silence.status, 200, "{}", silence.text());
    let states: Value = operator.get("/v1/alerts/states").await.json().unwrap();
    let state = states["items"].as_array().unwrap().iter().find(|item| own(item)).cloned().unwrap_or_default();
    assert_eq!(state["silenced"], json!(true), "{states}");
    let back = operator.put("/v1/alerts", &first["alerts"]).await;
    assert_eq!(back.status, 200, "{}", back.text());
}
