//! A real model behind the platform: llama.cpp's server with a model of ours, through the public API.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::Response;
use aion_client::api::v1::mind::{Of, PutBudget};
use aion_tests::planner::{Planner, body};
use aion_tests::{World, json_post};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

/// What the model says to whatever has no word that it knows.
const GREETING: &str = "Hello. I am a table of next tokens, not an intelligence.";

/// A tenant whose provider is the server.
struct Local(World);

impl Local {
    async fn new(name: &str) -> Self {
        let world = World::new(name).await;
        let providers = world.control.llama().await;
        let providers = serde_json::from_value(providers).expect("providers");
        world.client.put_providers(&providers).await.expect("put");
        Self(world)
    }

    async fn post(&self, path: &str, body: &Value) -> Response {
        let response = json_post(&self.0.client, path, None, body.to_string().as_bytes()).await;
        assert_eq!(response.status, 200, "{}", response.text());
        response
    }

    async fn chat(&self, text: &str, stream: bool, output: Option<Value>) -> Response {
        let mut body = json!({ "model": "local", "stream": stream,
            "messages": [{ "role": "user", "parts": [{ "text": text }] }] });
        if let Some(schema) = output {
            body["output"] = json!({ "name": "answer", "schema": schema });
        }
        self.post("/v1/mind/chat", &body).await
    }

    async fn complete(&self, text: &str, stream: bool, format: Option<Value>) -> Response {
        let mut body = json!({ "model": "local", "stream": stream, "stream_options": { "include_usage": true },
            "messages": [{ "role": "user", "content": text }] });
        if let Some(schema) = format {
            body["response_format"] =
                json!({ "type": "json_schema", "json_schema": { "name": "answer", "schema": schema } });
        }
        self.post("/v1/chat/completions", &body).await
    }
}

/// The data of each event of a stream that is JSON.
fn events(response: &Response) -> Vec<Value> {
    assert_eq!(response.header("content-type"), Some("text/event-stream"), "{}", response.text());
    let text = response.text();
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    data.filter_map(|data| serde_json::from_str(data).ok()).collect()
}

fn colours() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["colour"],
        "properties": { "colour": { "type": "string", "enum": ["red", "blue"] } } })
}

/// What tokens cost here: a micro-dollar each.
fn tokens(usage: &Value) -> u64 {
    usage["input"].as_u64().expect("a number") + usage["output"].as_u64().expect("a number")
}

#[test]
async fn a_real_model_answers_whole_and_in_pieces_in_both_languages() {
    let local = Local::new("llama").await;
    let whole = body(&local.chat("Hi", false, None).await);
    assert_eq!((&whole["parts"][0]["text"], &whole["stop"]), (&json!(GREETING), &json!("end")), "{whole}");
    let mut used = tokens(&whole["usage"]);

    let pieces = events(&local.chat("Hi", true, None).await);
    let text: String = pieces.iter().filter_map(|event| event["text"].as_str()).collect();
    assert_eq!(text, GREETING, "{pieces:?}");
    assert!(pieces.len() > 10, "token by token: {pieces:?}");

    let theirs = body(&local.complete("Hi", false, None).await);
    assert_eq!(theirs["choices"][0]["message"]["content"], json!(GREETING), "{theirs}");
    let their_pieces = events(&local.complete("Hi", true, None).await);
    let of = |piece: &Value| piece["choices"][0]["delta"]["content"].as_str().map(str::to_owned);
    assert_eq!(their_pieces.iter().filter_map(of).collect::<String>(), GREETING);
    let total = |usage: &Value| usage["usage"]["total_tokens"].as_u64().expect("a number");
    // Every call was the same conversation.
    assert_eq!((total(&theirs), total(their_pieces.last().expect("usage"))), (used, used));
    used *= 4;
    local.0.uses(used).await;
}

#[test]
async fn an_answer_follows_its_schema() {
    let local = Local::new("schema").await;
    let own = body(&local.chat("Which colour has the sky?", false, Some(colours())).await);
    assert_eq!(own["parts"][0]["text"], json!("{\"colour\":\"blue\"}"), "{own}");
    // Left to itself, the model would greet.
    for text in ["Which colour has the sky?", "Hi", "Say something else"] {
        let theirs = body(&local.complete(text, false, Some(colours())).await);
        let said = theirs["choices"][0]["message"]["content"].as_str().expect("text");
        let answer: Value = serde_json::from_str(said).unwrap_or_else(|error| panic!("{said}: {error}"));
        let colour = answer["colour"].as_str().expect("a colour");
        assert!(["red", "blue"].contains(&colour) && answer.as_object().map(serde_json::Map::len) == Some(1), "{said}");
    }
}

#[test]
async fn a_plan_comes_out_whole() {
    let local = Local::new("plan").await;
    let theirs = body(&local.complete("Launch Luna", false, None).await);
    let plan: Value =
        serde_json::from_str(theirs["choices"][0]["message"]["content"].as_str().expect("text")).expect("JSON");
    let steps = plan["steps"].as_array().expect("steps");
    let kinds: Vec<_> = steps.iter().filter_map(|step| step["do"].as_str()).collect();
    assert_eq!((plan["version"].as_str(), kinds), (Some("aion.plan/1"), vec!["token.create", "token.mint"]), "{plan}");
}

#[test]
async fn a_goal_in_words_becomes_tokens_by_a_real_model() {
    let planner = Planner::local("launch").await;
    let mut request = planner.request("english");
    request["inputs"]["supply"] = json!({ "type": "amount", "amount": "10000" });
    let (id, _) = planner.proposed(&request).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    assert_eq!((&plan["state"], &plan["steps"][0]["simulated"]), (&json!("awaiting"), &json!(true)), "{plan}");
    let stages: Vec<_> =
        plan["stages"].as_array().into_iter().flatten().filter_map(|one| one["state"].as_str()).collect();
    assert_eq!(stages, ["proposed", "checked", "priced", "policed", "simulated", "awaiting"], "{plan}");
    assert!(planner.world.used_today().await > 0, "the server says what it has used");
    assert_eq!(planner.run(&id, "early").await.status, 409, "nobody has approved it");
    let approved = planner.approve(&id, &planner.proof(&plan, true)).await;
    assert_eq!((approved.status, &body(&approved)["state"]), (200, &json!("approved")), "{}", approved.text());
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;
}

#[test]
async fn what_is_used_counts_against_a_cap() {
    let local = Local::new("budget").await;
    let used = tokens(&body(&local.chat("Hi", false, None).await)["usage"]);
    local.0.uses(used).await;
    // The worst case of an answer is more than that.
    let cap = PutBudget { of: Of::Tenant, id: String::new(), day: Some((2 * used).to_string()), month: None };
    local.0.client.put_budgets(vec![cap]).await.expect("put");
    let asking = json!({ "model": "local", "messages": [{ "role": "user", "content": "Hi" }] });
    let refused = json_post(&local.0.client, "/v1/chat/completions", None, asking.to_string().as_bytes()).await;
    assert_eq!((refused.status, &body(&refused)["error"]["code"]), (402, &json!("budget.reached")));
    assert_eq!(local.0.used_today().await, used);
}
