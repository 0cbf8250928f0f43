//! Faults are found and named by their places.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::super::tests::fixture::{from, launch, plan, request};
use super::{Kind, check, tainted};

fn faults(document: &Value) -> Vec<String> {
    let faults = check(&plan(document), &request(), Kind::ALL);
    assert!(faults.iter().all(|fault| !fault.detail.is_empty() && fault.hint.is_some()), "{faults:?}");
    faults.into_iter().map(|fault| format!("{}: {}", fault.pointer, fault.detail)).collect()
}

/// The fault that one change of the honest plan makes.
fn fault(pointer: &str, value: Value) -> String {
    let mut document = launch();
    *document.pointer_mut(pointer).unwrap() = value;
    let mut all = faults(&document);
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn with(step: Value) -> Value {
    let mut document = launch();
    document["steps"].as_array_mut().unwrap().push(step);
    document
}

#[test]
fn the_honest_plan_has_no_fault() {
    assert_eq!(faults(&launch()), [""; 0]);
}

#[test]
fn the_graph_is_whole() {
    assert_eq!(fault("/steps/2/needs", json!(["mnit"])), "/steps/2/needs/0: there is no other step mnit");
    assert_eq!(fault("/steps/2/needs", json!(["send"])), "/steps/2/needs/0: there is no other step send");
    let at = "/steps/1/token";
    assert_eq!(fault(at, from("ref", "crate.token")), "/steps/1/token/value: there is no other step crate");
    assert_eq!(fault(at, from("ref", "create.address")), "/steps/1/token/value: token.create has no output address");
    assert_eq!(fault(at, from("ref", "send.token")), "/steps/1/token/value: token.transfer has no output token");
    assert_eq!(fault("/steps/0/needs", json!(["send"])), "/steps: the steps need each other in a circle");
    assert_eq!(fault("/steps/2/id", json!("create")), "/steps/2/id: another step is create");
    assert_eq!(fault("/steps/2/id", json!("in")), "/steps/2/id: is a word of the language of expressions");
    assert_eq!(
        faults(&json!({ "version": "aion.plan/1", "summary": "x", "schedule": null, "steps": [] })),
        ["/steps: 1 to 16 steps"]
    );
    let nap = |n: usize| json!({ "do": "sleep", "id": format!("nap{n}"), "needs": [], "duration": from("lit", "1s") });
    let mut long = launch();
    long["steps"] = (0..17).map(nap).collect();
    assert_eq!(faults(&long), ["/steps: 1 to 16 steps"]);
    let schedule = json!({ "cron": "0 9 * * 5", "zone": "Europe/Madrid", "runs": 105 });
    assert_eq!(fault("/schedule", schedule), "/schedule/runs: 1 to 104 runs");
}

#[test]
fn every_value_has_the_type_of_its_place() {
    let takes = |pointer: &str, value| fault(pointer, value).contains("this place takes");
    for (pointer, value) in [
        ("/steps/1/to", from("input", "supply")),
        ("/steps/1/to", from("input", "own")),
        ("/steps/1/to", from("ref", "create.token")),
        ("/steps/1/amount", from("input", "alice")),
        ("/steps/1/amount", from("ref", "create.token")),
        ("/steps/1/token", from("input", "alice")),
        ("/steps/1/wallet", from("input", "alice")),
        ("/steps/0/name", from("input", "alice")),
    ] {
        assert!(takes(pointer, value.clone()), "{pointer} {value}");
    }
    let all = faults(&with(json!({ "do": "until", "id": "u", "needs": [], "time": from("quarantined", "colour") })));
    assert!(all[0].contains("a time like"), "{all:?}");
    assert_eq!(fault("/steps/1/to", from("input", "bob")), "/steps/1/to: no address is bound to the DID bob");
    assert_eq!(fault("/steps/1/to", from("input", "mallory")), "/steps/1/to: there is no input mallory");
    let nap = json!({ "do": "until", "id": "u", "needs": [], "time": from("quarantined", "x") });
    assert_eq!(faults(&with(nap)), ["/steps/3/time: there is no answer x"]);
    // The handle of an answer is no input.
    assert_eq!(fault("/steps/1/to", from("input", "who")), "/steps/1/to: there is no input who");
}

#[test]
fn literals_of_money_stand_in_the_goal() {
    let missing = "it does not stand in the request";
    let attacker = from("lit", "0xdddddddddddddddddddddddddddddddddddddddd");
    assert_eq!(fault("/steps/2/to", attacker.clone()), format!("/steps/2/to: {missing}"));
    assert_eq!(fault("/steps/2/token", attacker), format!("/steps/2/token: {missing}"));
    for amount in ["10001", "100000", "1000000", "0", "25"] {
        assert_eq!(fault("/steps/1/amount", from("lit", amount)), format!("/steps/1/amount: {missing}"), "{amount}");
    }
    let upper = from("lit", "0xBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB");
    let mut same = launch();
    (same["steps"][2]["to"], same["steps"][2]["amount"]) = (upper, from("lit", "25.50"));
    assert_eq!(faults(&same), [""; 0], "the same values, written otherwise");
}

#[test]
fn taint_goes_through_steps() {
    let mut document = launch();
    document["steps"][0]["symbol"] = from("quarantined", "colour");
    let all = faults(&document);
    assert_eq!(all, ["/steps/1/token: untrusted text or a contract decided what create gives"]);
    let read = json!({ "do": "contract.read", "id": "look", "needs": [], "token": from("input", "own"),
        "read": "supply", "of": null });
    let label =
        json!({ "do": "wallet.create", "id": "purse", "needs": [], "label": from("ref", "look.value"), "owner": null });
    let mut document = with(read);
    document["steps"].as_array_mut().unwrap().push(label);
    let to = from("ref", "purse.address");
    document["steps"][1]["to"] = to;
    assert_eq!(faults(&document), ["/steps/1/to: untrusted text or a contract decided what purse gives"]);
    assert_eq!(tainted(&plan(&document)).into_iter().collect::<Vec<_>>(), ["mint", "purse"]);
}

#[test]
fn tools_can_be_fewer() {
    let faults = check(&plan(&launch()), &request(), &[Kind::TokenCreate, Kind::TokenMint]);
    assert_eq!((faults.len(), faults[0].pointer.as_str()), (1, "/steps/2/do"));
}
