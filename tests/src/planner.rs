//! A tenant whose model plans what a test tells it to.

use aion_client::api::operations::Method;
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Request, Response};
use serde_json::{Value, json};

use crate::{Approver, World, fresh, sleep_ms};

/// Who gets something.
pub const ALICE: &str = "0xaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
/// Ten thousand whole tokens.
pub const GIVEN: u128 = 10_000 * 1_000_000_000_000_000_000;
/// A plan is looked at so often, ten times a second: a run waits for final blocks, and the kernel asks a step that has
/// died or waits for long at most once a minute.
const LOOKS_MAX: usize = 1_800;

/// The number of the person who approves.
const PERSON: u8 = 7;
/// Signatures of tests outlast every run, Unix seconds.
const EXP_S: u64 = 4_000_000_000;

/// A tenant with a model that says what it is told to, a wallet, and somebody who approves.
pub struct Planner {
    /// The platform.
    pub world: World,
    /// The name of its provider at the origin.
    pub name: String,
    /// The name of its model.
    pub model: &'static str,
    /// Its wallet.
    pub wallet: String,
    /// Who approves.
    pub person: Approver,
}

impl Planner {
    /// A tenant with all of it, and rules that name the person. The model is one at the origin.
    pub async fn new(name: &str) -> Self {
        let (world, name, providers) = Self::told(name).await;
        Self::asking(world, name, "planner", providers, json!({ "label": "treasury" })).await
    }

    /// The same with a wallet that needs the person, but for so many base units of a token a day.
    pub async fn guarded(name: &str, free: &str) -> Self {
        let rule = json!({ "by": [Approver::new(PERSON).did], "count": 1, "freeUnitsPerTokenAndDay": free });
        Self::guarded_by(name, rule).await
    }

    /// The same with a wallet that has this rule.
    pub async fn guarded_by(name: &str, rule: Value) -> Self {
        let (world, name, providers) = Self::told(name).await;
        Self::asking(world, name, "planner", providers, json!({ "label": "treasury", "approval": rule })).await
    }

    async fn told(name: &str) -> (World, String, Value) {
        let (world, name) = (World::new(name).await, fresh(name));
        let provider = json!({
            "id": "p0", "kind": "openai-chat", "retries": 0,
            "baseUrl": format!("{}/{name}/v1", world.info.origin_url),
            "models": [{ "name": "planner", "upstream": "up", "contextTokens": 64_000, "maxOutputTokens": 4_000,
                "prices": { "input": 0, "cachedInput": 0, "output": 1_000_000 },
                "capabilities": { "schema": true, "strict": true } }]
        });
        (world, name, json!({ "providers": [provider] }))
    }

    /// The same with the model that llama.cpp's server runs.
    pub async fn local(name: &str) -> Self {
        let world = World::new(name).await;
        let providers = world.control.llama().await;
        Self::asking(world, fresh(name), "local", providers, json!({ "label": "treasury" })).await
    }

    async fn asking(world: World, name: String, model: &'static str, providers: Value, wallet: Value) -> Self {
        let person = Approver::new(PERSON);
        let providers = serde_json::from_value(providers).expect("providers");
        world.client.put_providers(&providers).await.expect("put");
        let steps = json!({ "purse": { "do": "wallet.create", "with": wallet } });
        let task = SubmitTask { definition: json!({ "steps": steps }), input: json!({}) };
        let task = world.client.submit(&fresh("purse"), &task).await.expect("accepted");
        let task = world.client.finished(&task.id, 60_000).await.expect("finished");
        let wallet = task.output("purse").expect("an output")["wallet"].as_str().expect("an id").to_owned();
        let planner = Self { world, name, model, wallet, person };
        planner.approved_by(&planner.person.did).await;
        planner
    }

    /// Rules by which a person approves plans.
    pub async fn approved_by(&self, did: &str) {
        let tools = ["token.create", "token.mint", "token.transfer"];
        let rules = json!({ "tools": tools, "approvers": [did],
            "count": 1, "mandates": true, "nativeMaxWei": "1000000000000000000", "validMs": 3_600_000 });
        assert_eq!(self.send(Method::Put, "/v1/mind/rules", Some(&rules), None).await.status, 200);
    }

    /// Sends a request.
    pub async fn send(&self, method: Method, path: &str, body: Option<&Value>, key: Option<&str>) -> Response {
        let mut request = Request::new(method, path);
        if let Some(body) = body {
            request = request.with_json(body).expect("JSON");
        }
        if let Some(key) = key {
            request = request.with_header("idempotency-key", key);
        }
        self.world.client.send(request).await.expect("an answer")
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: Option<&Value>) -> Response {
        self.send(Method::Post, path, body, None).await
    }

    /// Has the model say these texts, one after the other.
    pub async fn says(&self, replies: &[&str]) {
        let replies: Vec<String> = replies.iter().map(hex::encode).collect();
        self.wish(&format!("says={}", replies.join("%2C"))).await;
    }

    /// The same, and it thinks so long before each, milliseconds.
    pub async fn says_slowly(&self, replies: &[&str], wait_ms: u64) {
        let replies: Vec<String> = replies.iter().map(hex::encode).collect();
        self.wish(&format!("says={}&wait={wait_ms}", replies.join("%2C"))).await;
    }

    async fn wish(&self, wishes: &str) {
        self.world.control.set_origin(&self.world.info.origin_url, &self.name, wishes).await;
    }

    /// How often the model was asked.
    pub async fn asked(&self) -> u64 {
        self.world.control.asked(&self.world.info.origin_url, &self.name).await
    }

    /// What is asked for, in a language.
    #[must_use]
    pub fn request(&self, language: &str) -> Value {
        let goal = match language {
            "english" => "Launch Luna, a token of 1,000,000 at most, and give 10000 of it to Alice.",
            _ => "Lanza Luna, un token de 1.000.000 como máximo, y dale 10000 a Alicia.",
        };
        json!({ "goal": goal, "language": language, "model": self.model, "inputs": {
            "treasury": { "type": "wallet", "wallet": self.wallet },
            "alice": { "type": "address", "address": ALICE } } })
    }

    /// Proposes a plan under a key.
    pub async fn propose(&self, request: &Value, key: &str) -> Response {
        self.send(Method::Post, "/v1/mind/plans", Some(request), Some(key)).await
    }

    /// Proposes the plan, and gives its id and that of the task that makes it.
    pub async fn proposed(&self, request: &Value) -> (String, String) {
        let answer = self.propose(request, &fresh("plan")).await;
        assert_eq!(answer.status, 202, "{}", answer.text());
        let text = |name: &str| body(&answer)[name].as_str().expect("an id").to_owned();
        (text("plan"), text("task"))
    }

    /// A plan.
    pub async fn plan(&self, id: &str) -> Value {
        self.world.read(&format!("/v1/mind/plans/{id}")).await
    }

    /// Waits until a plan is in one of these states.
    pub async fn comes_to(&self, id: &str, states: &[&str]) -> Value {
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
    #[must_use]
    pub fn proof(&self, plan: &Value, approve: bool) -> Value {
        self.claims(plan["id"].as_str().expect("an id"), plan["digest"].as_str().expect("a digest"), approve)
    }

    /// Signs claims about a plan.
    #[must_use]
    pub fn claims(&self, id: &str, digest: &str, approve: bool) -> Value {
        let claims = json!({ "task": id, "step": "plan", "approve": approve, "digest": digest, "exp": EXP_S });
        json!({ "proof": self.person.sign(&claims) })
    }

    /// Sends a decision.
    pub async fn approve(&self, id: &str, proof: &Value) -> Response {
        self.post(&format!("/v1/mind/plans/{id}/approve"), Some(proof)).await
    }

    /// Has a plan run under a key.
    pub async fn run(&self, id: &str, key: &str) -> Response {
        self.send(Method::Post, &format!("/v1/mind/plans/{id}/run"), None, Some(key)).await
    }

    /// The token that a run of a plan, from 0, has created.
    pub async fn token(&self, plan: &Value, run: usize) -> String {
        let task = plan["tasks"][run].as_str().expect("a task");
        let task = self.world.client.task(task).await.expect("a task");
        task.output("create").expect("an output")["token"].as_str().expect("a token").to_owned()
    }

    /// Has its wallet mint so many base units for Alice, with what people have approved, and says why it was denied, if
    /// it was.
    pub async fn minted(&self, token: &str, amount: &str, approval: &Value) -> Result<(), String> {
        let with = json!({ "wallet": self.wallet, "token": token, "to": ALICE, "amount": amount,
            "approval": "${{ input.approval }}" });
        let definition = json!({ "steps": { "mint": { "do": "token.mint", "with": with } } });
        let task = SubmitTask { definition, input: json!({ "approval": approval }) };
        let task = self.world.client.submit(&fresh("mint"), &task).await.expect("accepted");
        let task = self.world.client.finished(&task.id, 60_000).await.expect("finished");
        if task.state == "done" {
            return Ok(());
        }
        let error = &task.steps["mint"]["error"];
        assert_eq!((task.state.as_str(), &error["code"]), ("failed", &json!("policy.denied")), "{}", task.steps);
        Err(error["reason"].as_str().unwrap_or_default().to_owned())
    }

    /// Waits for the end of a plan, and holds the chain and a replay against it.
    pub async fn is_done(&self, id: &str) {
        let done = self.comes_to(id, &["done", "failed", "frozen", "refused"]).await;
        assert_eq!(done["state"], "done", "{done}");
        assert_eq!(done["tasks"].as_array().map(Vec::len), Some(1), "{done}");
        let token = self.token(&done, 0).await;
        assert_eq!(self.world.balance_on_chain(&token, ALICE).await, GIVEN);
        assert_eq!(self.world.mints_on_chain(&token, ALICE).await, 1);
        let replay = body(&self.post(&format!("/v1/mind/plans/{id}/replay"), None).await);
        assert_eq!((&replay["same"], &replay["digest"]), (&json!(true), &done["digest"]), "{replay}");
    }
}

/// The JSON of an answer.
#[must_use]
pub fn body(response: &Response) -> Value {
    response.json().expect("JSON")
}

/// A value with its origin.
#[must_use]
pub fn from(from: &str, value: &str) -> Value {
    json!({ "from": from, "value": value })
}

/// What an honest model plans.
#[must_use]
pub fn honest() -> Value {
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
