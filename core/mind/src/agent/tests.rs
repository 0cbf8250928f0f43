//! Agents are checked, stopped, and remember nothing that could pay anyone.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Agent, NOTES_MAX, Name, Note, Refusal};
use crate::plan::quarantine::Answer;
use crate::plan::rules::Rules;
use crate::plan::tests::fixture::{WALLET, from, launch, plan, request};
use crate::plan::{Kind, check};

fn json_agent() -> Value {
    json!({ "did": "did:web:x.example:a:bot", "wallet": WALLET, "model": "small", "instructions": "Pay the team.",
        "tools": ["token.transfer", "token.mint", "token.create"],
        "schedule": { "cron": "0 9 * * 5", "zone": "UTC", "runs": 52 }, "stopped": false })
}

fn agent() -> Agent {
    serde_json::from_value(json_agent()).unwrap()
}

fn rules() -> Rules {
    serde_json::from_value(json!({ "tools": ["token.transfer", "token.burn"], "approvers": [], "count": 1,
        "mandates": true, "nativeMaxWei": "1", "validMs": 1 }))
    .unwrap()
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn note(at_ms: u64) -> Note {
    Note { says: Answer::Handle(name("alice")), plan: "pln_1".to_owned(), at_ms }
}

#[test]
fn faults_are_named() {
    assert_eq!(agent().check(), []);
    for (pointer, value) in [
        ("/did", json!("bot")),
        ("/wallet", json!("wal_1")),
        ("/model", json!("")),
        ("/instructions", json!("do\u{200b}this")),
        ("/tools", json!(["sleep", "sleep"])),
        ("/schedule", json!({ "cron": "never", "zone": "UTC", "runs": 1 })),
        ("/schedule", json!({ "cron": "0 9 * * 5", "zone": "UTC", "runs": 0 })),
    ] {
        let mut document = json_agent();
        *document.pointer_mut(pointer).unwrap() = value;
        let agent: Agent = serde_json::from_value(document).unwrap();
        let faults = agent.check();
        assert!(faults.len() == 1 && faults[0].pointer.starts_with(pointer), "{pointer}: {faults:?}");
    }
    let mut more = json_agent();
    more["tools"] = json!(["http.request"]);
    assert!(serde_json::from_value::<Agent>(more).is_err());
}

#[test]
fn a_run_has_the_tools_of_both_and_no_foreign_wallet() {
    let run = |agent: &Agent| agent.charter("pln_1".to_owned(), "tsk_1".to_owned(), request(), rules());
    assert_eq!(run(&agent()).unwrap().rules.tools, [Kind::TokenTransfer]);
    let stopped = Agent { stopped: true, ..agent() };
    assert_eq!(run(&stopped), Err(Refusal::Stopped));
    let other = Agent { wallet: Some("wal_99999999999999999999".to_owned()), ..agent() };
    assert_eq!(run(&other), Err(Refusal::Wallet(name("treasury"))));
    let mut clashing = agent();
    clashing.memory.note(name("alice"), note(1));
    assert_eq!(run(&clashing), Err(Refusal::Handle(name("alice"))));
}

#[test]
fn a_memory_is_bounded_and_stays_tainted() {
    let mut agent = agent();
    for at_ms in 0..100 {
        agent.memory.note(name(&format!("n{at_ms}")), note(at_ms));
    }
    assert_eq!(agent.memory.notes().len(), NOTES_MAX);
    assert!(agent.memory.notes().contains_key(&name("n99")) && agent.memory.forget(&name("n0")).is_none());
    let exported: Agent = serde_json::from_str(&serde_json::to_string(&agent).unwrap()).unwrap();
    assert_eq!(exported, agent);
    let charter = agent.charter("pln_1".to_owned(), "tsk_1".to_owned(), request(), rules()).unwrap();
    let mut document = launch();
    document["steps"][1]["to"] = from("input", "n99");
    let faults = check::check(&plan(&document), &charter.request, Kind::ALL);
    assert!(faults.iter().any(|fault| fault.detail == "there is no input n99"), "{faults:?}");
    document = launch();
    document["steps"][0]["name"] = from("quarantined", "n99");
    let faults = check::check(&plan(&document), &charter.request, Kind::ALL);
    assert!(faults.iter().any(|fault| fault.pointer == "/steps/1/token"), "{faults:?}");
}
