//! Plans as tools: proposed, read, simulated, run, and approved elsewhere.

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::Outcome;
use super::super::parameter::Form;
use super::super::tools::named;
use super::{all, answer, legacy, modern, reply, result};
use crate::plan::literal::Language;

const PLAN: &str = "pln_4fK0aYxV2nQ8sT1uW7bZ";

fn call(name: &str, arguments: &Value) -> Outcome {
    modern("tools/call", json!({ "name": name, "arguments": arguments }), &all())
}

fn plan(state: &str) -> Value {
    json!({ "id": PLAN, "state": state, "goal": "Mint 10 to Ana", "steps": [] })
}

#[test]
fn a_proposal_is_posted_under_the_callers_key() {
    let inputs = json!({ "ana": { "type": "address", "address": "0x52908400098527886E0F7030069857D2E4169EE7" } });
    let arguments = json!({
        "goal": "Mint 10 to Ana", "language": "english", "inputs": inputs, "model": "fast", "idempotency_key": "k1"
    });
    let outcome = call("propose_plan", &arguments);
    let Outcome::Ask(operation, _) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((operation.id, operation.method, operation.path.as_str()), ("proposePlan", "POST", "/v1/mind/plans"));
    assert_eq!(operation.idempotency_key.as_deref(), Some("k1"));
    let body = json!({ "goal": "Mint 10 to Ana", "language": "english", "inputs": inputs, "model": "fast" });
    assert_eq!(operation.body, Some(body));
    let begun = json!({ "plan": PLAN, "task": "tsk_1" });
    assert_eq!(result(reply(outcome.clone(), 202, &begun))["structuredContent"], begun);
    let failed = json!({ "code": "request.invalid", "detail": "no", "errors": [{ "pointer": "/goal" }] });
    let said = result(reply(outcome, 422, &failed));
    let text = said["content"][0]["text"].as_str().unwrap();
    assert!(said["isError"] == true && text.contains("/goal"), "{text}");
}

#[test]
fn every_language_of_a_goal_can_be_said() {
    let parameters = named("propose_plan").unwrap().parameters;
    let language = parameters.iter().find(|one| one.name == "language").unwrap().form;
    let Form::OneOf(choices) = language else { panic!("{language:?}") };
    let known = [Language::English, Language::Spanish];
    assert_eq!(json!(choices), json!(known));
}

#[test]
fn what_a_plan_is_told_stays_within_its_tools() {
    let key = "idempotency_key";
    for (name, arguments, fault) in [
        ("propose_plan", json!({ key: "k" }), "goal is missing"),
        ("propose_plan", json!({ "goal": "Mint", key: "" }), "idempotency_key is a text"),
        ("propose_plan", json!({ "goal": "Mint" }), "idempotency_key is missing"),
        ("propose_plan", json!({ "goal": "Mint", "mandates": [], key: "k" }), "there is no argument mandates"),
        ("propose_plan", json!({ "goal": "Mint", "language": "latin", key: "k" }), "language is one of"),
        ("propose_plan", json!({ "goal": "Mint", "inputs": [], key: "k" }), "inputs is an object"),
        ("run_plan", json!({ "id": PLAN }), "idempotency_key is missing"),
        ("run_plan", json!({ "id": PLAN, key: "k", "proof": "e30" }), "there is no argument proof"),
        ("read_plan", json!({ "id": ".." }), "no name that is taken"),
    ] {
        let said = result(call(name, &arguments));
        let text = said["content"][0]["text"].as_str().unwrap();
        assert!(said["isError"] == true && text.contains(fault), "{name}: {text}");
    }
}

#[test]
fn a_plan_is_simulated_and_run_by_its_id_alone() {
    for (name, arguments, path) in [
        ("simulate_plan", json!({ "id": PLAN }), "simulate"),
        ("run_plan", json!({ "id": PLAN, "idempotency_key": "go" }), "run"),
    ] {
        let outcome = call(name, &arguments);
        let Outcome::Ask(operation, _) = &outcome else { panic!("{outcome:?}") };
        assert_eq!((operation.path.clone(), &operation.body), (format!("/v1/mind/plans/{PLAN}/{path}"), &None));
        // A plan that nobody has approved is refused by the platform; the model reads why.
        let refused = json!({ "code": "state.conflict", "detail": "the plan is awaiting: nobody has approved it" });
        let said = result(reply(outcome, 409, &refused));
        assert!(said["content"][0]["text"].as_str().unwrap().starts_with("state.conflict: "), "{said}");
    }
    let rehearsed = json!({ "plan": plan("awaiting"), "now": { "state": "awaiting" } });
    let said = result(reply(call("simulate_plan", &json!({ "id": PLAN })), 200, &rehearsed));
    assert_eq!(said["structuredContent"], rehearsed);
}

#[test]
fn a_missing_scope_of_plans_is_refused_by_name() {
    for (name, scope) in [
        ("list_plans", "mind:read"),
        ("read_plan", "mind:read"),
        ("await_plan_approval", "mind:read"),
        ("propose_plan", "mind:use"),
        ("simulate_plan", "mind:use"),
        ("run_plan", "mind:use"),
    ] {
        let others: Vec<&str> = all().into_iter().filter(|one| *one != scope).collect();
        let outcome = modern("tools/call", json!({ "name": name, "arguments": {} }), &others);
        let refused = answer(outcome);
        assert_eq!(refused.status, 403, "{name}");
        assert!(refused.headers[0].1.contains(&format!("scope=\"{scope}\"")), "{name}");
    }
}

#[test]
fn people_are_sent_to_the_plan_once() {
    let arguments = json!({ "id": PLAN });
    let first = result(reply(call("await_plan_approval", &arguments), 200, &plan("awaiting")));
    let asked = &first["inputRequests"]["approval"];
    assert_eq!((&asked["method"], &asked["params"]["mode"]), (&json!("elicitation/create"), &json!("url")));
    let url = format!("https://aion.example/console/mind/plans/{PLAN}");
    assert_eq!(asked["params"]["url"], url.as_str());
    let again = json!({
        "name": "await_plan_approval", "arguments": arguments,
        "inputResponses": { "approval": { "action": "accept" } }
    });
    // What the client says is no approval: the plan is read again.
    let second = result(reply(modern("tools/call", again.clone(), &all()), 200, &plan("awaiting")));
    assert_eq!(second["content"][0]["text"], format!("The plan still waits for an approval, at {url}"));
    let approved = result(reply(modern("tools/call", again, &all()), 200, &plan("approved")));
    assert_eq!(approved["structuredContent"], plan("approved"));
    // One that is still made waits for nobody yet.
    let made = result(reply(call("await_plan_approval", &arguments), 200, &plan("proposed")));
    assert_eq!(made["structuredContent"]["state"], "proposed");
    let older = legacy("tools/call", &json!({ "name": "await_plan_approval", "arguments": arguments }), &all());
    let text = result(reply(older, 200, &plan("awaiting")));
    assert!(text["content"][0]["text"].as_str().unwrap().ends_with(&url), "{text}");
    let unreadable = result(reply(call("await_plan_approval", &arguments), 200, &json!({ "id": PLAN })));
    assert_eq!(unreadable["content"][0]["text"], "the platform's answer is no plan");
}

#[test]
fn a_plan_is_a_resource() {
    let uri = format!("aion://plans/{PLAN}");
    let outcome = modern("resources/read", json!({ "uri": uri }), &all());
    let Outcome::Ask(operation, _) = &outcome else { panic!("{outcome:?}") };
    assert_eq!((operation.id, operation.path.clone()), ("readPlan", format!("/v1/mind/plans/{PLAN}")));
    let said = result(reply(outcome, 200, &plan("done")));
    assert_eq!(said["contents"][0]["text"], plan("done").to_string());
    let refused = answer(modern("resources/read", json!({ "uri": uri }), &["mind:use"]));
    assert_eq!(refused.status, 403);
}
