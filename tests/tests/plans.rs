//! Plans: from words to tokens on the chain, under approval; what a model must not do; and what outlives the platform.
#![cfg(target_arch = "wasm32")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_client::api::operations::Method;
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Request, Response};
use aion_tests::{Approver, World, fresh, sleep_ms};
use serde_json::{Value, json};
use wasm_bindgen_test::wasm_bindgen_test as test;

const ALICE: &str = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
const MALLORY: &str = "0xdddddddddddddddddddddddddddddddddddddddd";
/// Ten thousand whole tokens.
const GIVEN: u128 = 10_000 * 1_000_000_000_000_000_000;
/// A plan is looked at so often, ten times a second: a run waits for final blocks.
const LOOKS_MAX: usize = 900;

/// A tenant with a model that says what it is told to, a wallet, and somebody who approves.
struct Planner {
    world: World,
    name: String,
    wallet: String,
    person: Approver,
}

impl Planner {
    async fn new(name: &str) -> Self {
        let (world, name, person) = (World::new(name).await, fresh(name), Approver::new(7));
        let provider = json!({
            "id": "p0", "kind": "openai-chat", "retries": 0,
            "baseUrl": format!("{}/{name}/v1", world.info.origin_url),
            "models": [{ "name": "planner", "upstream": "up", "contextTokens": 64_000, "maxOutputTokens": 4_000,
                "prices": { "input": 0, "cachedInput": 0, "output": 1_000_000 },
                "capabilities": { "schema": true, "strict": true } }]
        });
        let providers = serde_json::from_value(json!({ "providers": [provider] })).expect("providers");
        world.client.put_providers(&providers).await.expect("put");
        let steps = json!({ "purse": { "do": "wallet.create", "with": { "label": "treasury" } } });
        let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
        let task = world.client.submit(&fresh("purse"), &task).await.expect("accepted");
        let task = world.client.finished(&task.id, 60_000).await.expect("finished");
        let wallet = task.output("purse").expect("an output")["wallet"].as_str().expect("an id").to_owned();
        let planner = Self { world, name, wallet, person };
        let rules = json!({ "tools": ["token.create", "token.mint", "token.transfer"], "approvers": [planner.person.did],
            "count": 1, "mandates": true, "nativeMaxWei": "1000000000000000000", "validMs": 3_600_000 });
        assert_eq!(planner.send(Method::Put, "/v1/mind/rules", Some(&rules), None).await.status, 200);
        planner
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Response {
        let mut request = Request::new(method, path);
        if let Some(body) = body {
            request = request.with_json(body).expect("JSON");
        }
        if let Some(key) = key {
            request = request.with_header("idempotency-key", key);
        }
        self.world.client.send(request).await.expect("an answer")
    }

    async fn post(&self, path: &str, body: Option<&Value>) -> Response {
        self.send(Method::Post, path, body, None).await
    }

    /// Has the model say these texts, one after the other.
    async fn says(&self, replies: &[&str]) {
        let hex = |text: &&str| text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        let replies: Vec<String> = replies.iter().map(hex).collect();
        let wishes = format!("says={}", replies.join("%2C"));
        self.world.control.set_origin(&self.world.info.origin_url, &self.name, &wishes).await;
    }

    async fn asked(&self) -> u64 {
        self.world.control.asked(&self.world.info.origin_url, &self.name).await
    }

    fn request(&self, language: &str) -> Value {
        let goal = match language {
            "english" => "Launch Luna, a token of 1,000,000 at most, and give 10000 of it to Alice.",
            _ => "Lanza Luna, un token de 1.000.000 como máximo, y dale 10000 a Alicia.",
        };
        json!({ "goal": goal, "language": language, "model": "planner", "inputs": {
            "treasury": { "type": "wallet", "wallet": self.wallet },
            "alice": { "type": "address", "address": ALICE } } })
    }

    async fn propose(&self, request: &Value, key: &str) -> Response {
        self.send(Method::Post, "/v1/mind/plans", Some(request), Some(key)).await
    }

    /// Proposes the plan, and gives its id and that of the task that makes it.
    async fn proposed(&self, request: &Value) -> (String, String) {
        let answer = self.propose(request, &fresh("plan")).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let text = |name: &str| body(&answer)[name].as_str().expect("an id").to_owned();
        (text("plan"), text("task"))
    }

    async fn plan(&self, id: &str) -> Value {
        self.world.read(&format!("/v1/mind/plans/{id}")).await
    }

    /// Waits until a plan is in one of these states.
    async fn comes_to(&self, id: &str, states: &[&str]) -> Value {
        for _ in 0..LOOKS_MAX {
            let plan = self.plan(id).await;
            if states.iter().any(|state| plan["state"] == json!(state)) {
                return plan;
            }
            sleep_ms(100).await;
        }
        panic!("{states:?} never comes: {}", self.plan(id).await);
    }

    /// Signs a decision about a plan.
    fn proof(&self, plan: &Value, approve: bool) -> Value {
        self.claims(plan["id"].as_str().expect("an id"), plan["digest"].as_str().expect("a digest"), approve)
    }

    fn claims(&self, id: &str, digest: &str, approve: bool) -> Value {
        let claims = json!({ "task": id, "step": "plan", "approve": approve, "digest": digest });
        json!({ "proof": self.person.sign(&claims) })
    }

    async fn approve(&self, id: &str, proof: &Value) -> Response {
        self.post(&format!("/v1/mind/plans/{id}/approve"), Some(proof)).await
    }

    async fn run(&self, id: &str, key: &str) -> Response {
        self.send(Method::Post, &format!("/v1/mind/plans/{id}/run"), None, Some(key)).await
    }

    /// The token that the first run of a plan has created.
    async fn token(&self, plan: &Value) -> String {
        let task = plan["tasks"][0].as_str().expect("a task");
        let task = self.world.client.task(task).await.expect("a task");
        task.output("create").expect("an output")["token"].as_str().expect("a token").to_owned()
    }

    /// Has a plan approved and run to its end, and holds the chain against it.
    async fn is_carried_out(&self, id: &str) {
        let plan = self.comes_to(id, &["awaiting"]).await;
        assert_eq!(self.approve(id, &self.proof(&plan, true)).await.status, 200);
        let run = self.run(id, &fresh("run")).await;
        assert_eq!(run.status, 202, "{}", run.text());
        self.is_done(id).await;
    }

    async fn is_done(&self, id: &str) {
        let done = self.comes_to(id, &["done", "failed", "frozen", "refused"]).await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(done["tasks"].as_array().map(Vec::len), Some(1), "{done}");
        let token = self.token(&done).await;
        assert_eq!(self.world.balance_on_chain(&token, ALICE).await, GIVEN);
        assert_eq!(self.world.mints_on_chain(&token, ALICE).await, 1);
        let replay = body(&self.post(&format!("/v1/mind/plans/{id}/replay"), None).await);
        assert_eq!((&replay["same"], &replay["digest"]), (&json!(true), &done["digest"]), "{replay}");
    }
}

fn body(response: &Response) -> Value {
    response.json().expect("JSON")
}

fn from(from: &str, value: &str) -> Value {
    json!({ "from": from, "value": value })
}

/// What an honest model plans.
fn honest() -> Value {
    json!({
        "version": "aion.plan/1", "summary": "Launch Luna and give", "schedule": null,
        "steps": [
            { "do": "token.create", "id": "create", "needs": [], "wallet": from("input", "treasury"),
              "standard": "erc20", "name": from("lit", "Luna"), "symbol": from("lit", "LUN"),
              "cap": from("lit", "1000000") },
            { "do": "token.mint", "id": "mint", "needs": [], "wallet": from("input", "treasury"),
              "token": from("ref", "create.token"), "to": from("input", "alice"), "amount": from("lit", "10000") }
        ]
    })
}

#[test]
async fn words_become_tokens_once_somebody_has_approved() {
    let planner = Planner::new("words").await;
    planner.says(&[&honest().to_string()]).await;
    let (request, key) = (planner.request("english"), fresh("plan"));
    let first = planner.propose(&request, &key).await;
    assert_eq!(first.status, 202, "{}", first.text());
    let id = body(&first)["plan"].as_str().expect("an id").to_owned();
    assert_eq!(first.header("location"), Some(format!("/v1/mind/plans/{id}").as_str()));
    let again = planner.propose(&request, &key).await;
    assert_eq!((again.status, again.text()), (202, first.text()));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(planner.propose(&planner.request("spanish"), &key).await.status, 422);

    let plan = planner.comes_to(&id, &["awaiting"]).await;
    assert_eq!(planner.asked().await, 1, "{plan}");
    assert_eq!(plan["steps"][1]["risk"], "moves", "{plan}");
    assert!(plan["steps"][1]["effect"].as_str().is_some_and(|effect| effect.starts_with("mints 10000 of create.token")));
    assert_eq!(plan["steps"][0]["simulated"], true, "{plan}");
    assert_eq!(planner.run(&id, "early").await.status, 409, "nobody has approved it");
    let rehearsal = body(&planner.post(&format!("/v1/mind/plans/{id}/simulate"), None).await);
    assert_eq!((&rehearsal["now"]["state"], &rehearsal["plan"]["state"]), (&json!("awaiting"), &json!("awaiting")));

    let proof = planner.proof(&plan, true);
    let approved = planner.approve(&id, &proof).await;
    assert_eq!((approved.status, &body(&approved)["state"]), (200, &json!("approved")), "{}", approved.text());
    let again = planner.approve(&id, &proof).await;
    assert_eq!((again.status, body(&again)["approval"]["decisions"].as_array().map(Vec::len)), (200, Some(1)));

    let run = planner.run(&id, "go").await;
    assert_eq!(run.status, 202, "{}", run.text());
    let again = planner.run(&id, "go").await;
    assert_eq!((again.status, again.text()), (202, run.text()));
    assert_eq!(planner.run(&id, "other").await.status, 409);
    planner.is_done(&id).await;
    assert_eq!(planner.run(&id, "go").await.text(), run.text());
    let listed = planner.world.read("/v1/mind/plans").await;
    assert_eq!((&listed["items"][0]["id"], &listed["items"][0]["state"]), (&json!(id), &json!("done")), "{listed}");
}

#[test]
async fn a_goal_in_spanish_is_carried_out_by_mandate() {
    let planner = Planner::new("lanza").await;
    planner.says(&[&honest().to_string()]).await;
    let mut request = planner.request("spanish");
    let mandate = |kind: &str, to: Value, amount: &str| {
        json!({ "do": kind, "token": null, "to": to, "amount": amount, "times": 1 })
    };
    request["mandates"] =
        json!([mandate("token.create", json!(null), "1000000"), mandate("token.mint", json!("alice"), "10000")]);
    let (id, _) = planner.proposed(&request).await;
    let plan = planner.comes_to(&id, &["approved", "awaiting", "refused"]).await;
    assert_eq!((&plan["state"], &plan["approval"]["count"]), (&json!("approved"), &json!(0)), "{plan}");
    assert_eq!(planner.run(&id, "go").await.status, 202);
    planner.is_done(&id).await;
}

#[test]
async fn what_a_model_makes_up_is_refused_with_its_place() {
    let planner = Planner::new("injected").await;
    let mut injected = honest();
    injected["steps"][1]["to"] = from("lit", MALLORY);
    planner.says(&[&injected.to_string()]).await;
    let (id, task) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["refused", "awaiting"]).await;
    assert_eq!(plan["state"], "refused", "{plan}");
    assert!(plan["reason"].as_str().is_some_and(|reason| reason.starts_with("/steps/1/to")), "{plan}");
    assert_eq!(planner.asked().await, 3, "it is told of its faults twice");
    let task = planner.world.client.finished(&task, 30_000).await.expect("ended");
    assert_eq!((task.state.as_str(), &task.steps["plan"]["error"]["code"]), ("failed", &json!("plan.refused")));

    // The second time it is right.
    planner.says(&[&injected.to_string(), &honest().to_string()]).await;
    let (id, _) = planner.proposed(&planner.request("english")).await;
    let plan = planner.comes_to(&id, &["awaiting", "refused"]).await;
    assert_eq!(plan["state"], "awaiting", "{plan}");
    let wrong = json!({ "goal": "Give 10\u{200b} to Alice", "inputs": { "x": { "type": "amount", "amount": "1,5" } } });
    let refused = planner.propose(&wrong, "wrong").await;
    let places: Vec<String> = body(&refused)["errors"].as_array().expect("faults").iter()
        .map(|fault| fault["pointer"].as_str().expect("a place").to_owned()).collect();
    assert_eq!((refused.status, places), (422, vec!["/goal".to_owned(), "/inputs/x".to_owned()]), "{}", refused.text());
}

#[test]
async fn an_approval_is_for_one_plan_and_for_whoever_may() {
    let planner = Planner::new("reused").await;
    planner.says(&[&honest().to_string()]).await;
    let (first, _) = planner.proposed(&planner.request("english")).await;
    let (second, _) = planner.proposed(&planner.request("english")).await;
    let first = planner.comes_to(&first, &["awaiting"]).await;
    let other = planner.comes_to(&second, &["awaiting"]).await;
    assert_ne!(first["digest"], other["digest"], "the same plan of another id is another one");
    assert_eq!(planner.approve(&second, &planner.proof(&first, true)).await.status, 422);
    let mixed = planner.claims(&second, first["digest"].as_str().expect("a digest"), true);
    let refused = planner.approve(&second, &mixed).await;
    assert_eq!((refused.status, &body(&refused)["errors"][0]["pointer"]), (422, &json!("/proof")), "{}", refused.text());
    let stranger = Approver::new(8);
    let claims = json!({ "task": second, "step": "plan", "approve": true, "digest": other["digest"] });
    let refused = planner.approve(&second, &json!({ "proof": stranger.sign(&claims) })).await;
    assert_eq!(refused.status, 403, "{}", refused.text());
    let rejected = planner.approve(&second, &planner.proof(&other, false)).await;
    assert_eq!((rejected.status, &body(&rejected)["state"]), (200, &json!("refused")), "{}", rejected.text());
    let first = first["id"].as_str().expect("an id");
    let stopped = planner.post(&format!("/v1/mind/plans/{first}/stop"), Some(&json!({ "reason": "not today" }))).await;
    assert_eq!((&body(&stopped)["state"], &body(&stopped)["reason"]), (&json!("refused"), &json!("not today")));
    assert_eq!(planner.run(first, "go").await.status, 409);
}
