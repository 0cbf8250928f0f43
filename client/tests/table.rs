//! Every operation of the table has a typed call, which asks for it in the table's way, or stands among the exceptions.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

use aion_client::api::operations::{OPERATIONS, Operation};
use aion_client::api::problem::Code;
use aion_client::api::v1::identities::Identity;
use aion_client::{Client, Error, Request, Response, Transport};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

/// Operations without a typed call, and why.
const EXCEPTIONS: [(&str, &str); 9] = [
    ("docs", "a page for people"),
    ("problem", "a page for people"),
    ("callMcp", "spoken by clients of the Model Context Protocol"),
    ("mcpResource", "read by clients of the Model Context Protocol"),
    ("readAgentCard", "read by clients of A2A"),
    ("sendMessage", "spoken by clients of A2A"),
    ("listAgentTasks", "spoken by clients of A2A"),
    ("readAgentTask", "spoken by clients of A2A"),
    ("steerAgentTask", "spoken by clients of A2A"),
];

/// Keeps what is sent, and answers null.
#[derive(Default)]
struct Recorder(RefCell<Vec<Request>>);

impl Transport for Recorder {
    async fn send(&self, request: Request) -> Result<Response, String> {
        self.0.borrow_mut().push(request);
        Ok(Response { status: 200, headers: Vec::new(), body: b"null".to_vec() })
    }

    async fn sleep(&self, _: u64) {}
}

/// Drives a call to its end. That null is no answer of it does not matter: what is looked at is the request.
fn sent<T>(call: impl Future<Output = Result<T, Error>>) {
    match pin!(call).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(Ok(_) | Err(Error::Unreadable(_))) => {}
        Poll::Ready(Err(error)) => panic!("{error}"),
        Poll::Pending => panic!("the recorder answers at once"),
    }
}

/// The body that the table has as the example of an operation.
fn body<T: DeserializeOwned>(id: &str) -> T {
    let operation = OPERATIONS.iter().find(|operation| operation.id == id).expect(id);
    serde_json::from_str(operation.example).unwrap_or_else(|error| panic!("{id}: {error}"))
}

fn identity() -> Identity {
    let identity = json!({
        "id": "u:ana", "did": "did:web:aion.example:u:ana", "versionId": "1-Q", "document": {},
        "createdAt": "2026-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z"
    });
    serde_json::from_value(identity).unwrap()
}

/// The operation that a request is, by method and path.
fn operation(method: &str, path: &str) -> &'static Operation {
    let fits = |template: &str| {
        let (template, path): (Vec<&str>, Vec<&str>) = (template.split('/').collect(), path.split('/').collect());
        let fit = |(known, given): (&&str, &&str)| known == given || (known.starts_with('{') && !given.is_empty());
        template.len() == path.len() && template.iter().zip(&path).all(fit)
    };
    let all = OPERATIONS.iter().filter(|operation| operation.method.as_str() == method && fits(operation.path));
    let all: Vec<&Operation> = all.collect();
    let [one] = all[..] else { panic!("{method} {path} is no operation, or several: {}", all.len()) };
    one
}

/// Whether a request has what its operation wants, and nothing that it does not know.
fn check(request: &Request) -> &'static str {
    let url = request.url.strip_prefix("https://aion.example").unwrap();
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let operation = operation(request.method.as_str(), path);
    let id = operation.id;
    assert_eq!(request.header("idempotency-key").is_some(), operation.idempotent, "{id}");
    assert_eq!(request.body.is_some(), !operation.request.is_empty(), "{id}");
    let media_type = request.header("content-type");
    assert_eq!(media_type, request.body.as_ref().map(|_| operation.media_type()), "{id}");
    let follows = operation.problems.contains(&Code::PreconditionRequired);
    assert!(!follows || request.header("if-match").is_some(), "{id} names no version");
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, _) = pair.split_once('=').expect("a value");
        assert!(operation.query.iter().any(|(known, _)| *known == name), "{id} has no parameter {name}");
    }
    id
}

#[test]
fn every_operation_has_a_typed_call() {
    let client = Client::new("https://aion.example", Recorder::default()).with_key("aion_test_k");
    platform(&client);
    assets(&client);
    work(&client);
    edge(&client);
    mind(&client);
    let called: BTreeSet<&str> = client.transport().0.borrow().iter().map(check).collect();
    for (id, why) in EXCEPTIONS {
        assert!(OPERATIONS.iter().any(|operation| operation.id == id), "{id} is no operation");
        assert!(!called.contains(id), "{id} has a typed call, although it is {why}");
    }
    let missing: Vec<&str> = OPERATIONS
        .iter()
        .map(|operation| operation.id)
        .filter(|id| !called.contains(id) && !EXCEPTIONS.iter().any(|(known, _)| known == id))
        .collect();
    assert_eq!(missing, Vec::<&str>::new(), "operations without a typed call");
}

fn platform(client: &Client<Recorder>) {
    sent(client.health());
    sent(client.ready());
    sent(client.openapi());
    sent(client.metrics());
    sent(client.members());
    sent(client.put_member("did:key:z6Mk", &body("putMember")));
    sent(client.remove_member("did:key:z6Mk"));
    sent(client.challenge("Tenant0001", "did:key:z6Mk"));
    sent(client.open_session(&body("openSession")));
    sent(client.request_passkey(&body("requestPasskey")));
    sent(client.passkeys());
    sent(client.challenge_passkey());
    sent(client.add_passkey(&body("addPasskey")));
    sent(client.remove_passkey("p1"));
    sent(client.end_session());
    sent(client.create_tenant("acme"));
    sent(client.shards());
    sent(client.grow(2));
    sent(client.keys());
    sent(client.create_key(&body("createKey")));
    sent(client.revoke_key("k1"));
    sent(client.platform_metrics());
    sent(client.alerts());
    sent(client.put_alerts(&body("putAlerts"), Some(1)));
    sent(client.alert_states());
    sent(client.alert_history());
    sent(client.silence_alert("panics", None));
}

fn assets(client: &Client<Recorder>) {
    sent(client.create_identity("k", &body("createIdentity")));
    sent(client.identity("u:ana"));
    sent(client.identities(None));
    sent(client.update_identity("u:ana", "1-Q", &body("updateIdentity")));
    sent(client.resolve("did:web:aion.example:u:ana"));
    sent(client.did_log(&identity()));
    sent(client.did_document(&identity()));
    sent(client.create_wallet("k", &body("createWallet")));
    sent(client.wallet("wal_1"));
    sent(client.wallets(Some("c")));
    sent(client.recovery("wal_1"));
    sent(client.operation("wal_1", "1"));
    sent(client.dry_run("wal_1", &body("dryRunOperation")));
    sent(client.create_token("k", &body("createToken")));
    sent(client.tokens(None));
    sent(client.token("0x1"));
    sent(client.mint("k", "0x1", &body("mintToken")));
    sent(client.transfer("k", "0x1", &body("transferToken")));
    sent(client.balance("0x1", "0x2"));
    sent(client.holders("0x1", Some("c")));
}

fn work(client: &Client<Recorder>) {
    sent(client.submit("k", &body("submitTask")));
    sent(client.task("tsk_1"));
    sent(client.tasks(None));
    sent(client.tasks_where("done", "team:pay", Some("c")));
    sent(client.history("tsk_1", Some("c")));
    sent(client.events("tsk_1", Some(4)));
    sent(client.cancel("tsk_1"));
    sent(client.signal("k", "tsk_1", "go", Value::Null));
    sent(client.approve("tsk_1", &body("approveTask")));
    sent(client.redrive("tsk_1", &body("redriveTask")));
    sent(client.report_step("t", &body("reportStep")));
    sent(client.definition_schema());
    sent(client.check_definition(&json!({ "steps": {} })));
    sent(client.put_definition("payroll", &json!({ "steps": {} })));
    sent(client.definition("payroll", Some(2)));
    sent(client.definitions(None));
    sent(client.put_schedule("payroll", &body("putSchedule")));
    sent(client.schedule("payroll"));
    sent(client.schedules(None));
    sent(client.delete_schedule("payroll"));
    sent(client.pause_schedule("payroll"));
    sent(client.resume_schedule("payroll"));
    sent(client.trigger_schedule("k", "payroll"));
}

fn edge(client: &Client<Recorder>) {
    sent(client.limits());
    sent(client.put_limits(&[]));
    sent(client.explain_limits(&body("explainLimits")));
    sent(client.hosts());
    sent(client.put_hosts(&["api.example.com"]));
    sent(client.secrets());
    sent(client.put_secret("token", "v"));
    sent(client.delete_secret("token"));
    sent(client.routes());
    sent(client.put_routes(&body("putRoutes"), Some(1)));
    sent(client.purge(&body("purgeCache")));
    sent(client.functions());
    sent(client.function("gate", Some(1)));
    sent(client.put_function("gate", "verify", b"\0asm"));
    sent(client.delete_function("gate"));
}

fn mind(client: &Client<Recorder>) {
    sent(client.providers());
    sent(client.put_providers(&body("putProviders")));
    sent(client.put_provider_key("p0", "k"));
    sent(client.budgets());
    sent(client.put_budgets(Vec::new()));
    sent(client.stop_mind(&body("stopMind")));
    sent(client.resume_mind(&body("resumeMind")));
    sent(client.chat(&body("chat")));
    sent(client.complete_chat(&body("completeChat")));
    sent(client.models());
    sent(client.model("fast"));
    sent(client.propose_plan("k", &body("proposePlan")));
    sent(client.plans(None));
    sent(client.plan("pln_1"));
    sent(client.simulate_plan("pln_1"));
    sent(client.approve_plan("pln_1", "e30"));
    sent(client.run_plan("k", "pln_1"));
    sent(client.stop_plan("pln_1", "not today"));
    sent(client.replay_plan("pln_1"));
    sent(client.rules());
    sent(client.put_rules(&body("putRules")));
    sent(client.agents(None));
    sent(client.agent("payer"));
    sent(client.put_agent("payer", &body("putAgent")));
    sent(client.delete_agent("payer"));
    sent(client.stop_agent("payer"));
    sent(client.resume_agent("payer"));
    sent(client.memory("payer"));
    sent(client.put_memory("payer", &body("putMemory")));
}
