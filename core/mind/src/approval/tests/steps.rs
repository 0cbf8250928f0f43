//! Consent step by step: what counts is the last word of each about each.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::super::PROOF_MAX_BYTES;
use super::{Ballot, Consent, Decision, Refusal, consent, decision};

pub(super) const STEPS: [&str; 3] = ["create", "mint", "send"];

pub(super) fn steps() -> Vec<String> {
    STEPS.map(str::to_owned).to_vec()
}

/// A decision about steps; about the whole if none are named.
pub(super) fn about(by: &str, approve: bool, named: &[&str]) -> Decision {
    let named = (!named.is_empty()).then(|| named.iter().map(|step| (*step).to_owned()).collect());
    Decision { steps: named, ..decision(by, approve, "d") }
}

fn decides(asked: &mut Consent, by: &str, approve: bool, named: &[&str]) -> Result<Ballot, Refusal> {
    asked.decide(about(by, approve, named), &steps(), 1)
}

#[test]
fn a_plan_is_approved_once_every_step_is() {
    let mut asked = consent(1);
    assert_eq!(decides(&mut asked, "did:a", true, &["mint", "send"]), Ok(Ballot::Open));
    assert_eq!(asked.ballot_about("mint"), Ballot::Approved);
    assert_eq!(asked.ballot_about("create"), Ballot::Open);
    assert_eq!(asked.take("d", &steps(), 1), Err(Refusal::TooFew));
    assert_eq!(decides(&mut asked, "did:b", true, &["create"]), Ok(Ballot::Approved));
    assert_eq!(decides(&mut asked, "did:b", false, &["create"]), Err(Refusal::Decided));
    assert_eq!(asked.take("d", &steps(), 1), Ok(()));

    // The same two, each for one step, are not two for either.
    let mut asked = consent(2);
    assert_eq!(decides(&mut asked, "did:a", true, &["mint", "send"]), Ok(Ballot::Open));
    assert_eq!(decides(&mut asked, "did:b", true, &["create"]), Ok(Ballot::Open));
    assert_eq!(decides(&mut asked, "did:c", true, &[]), Ok(Ballot::Approved), "the whole is a word about each");
}

#[test]
fn a_plan_is_rejected_once_a_step_cannot_have_enough() {
    let mut asked = consent(2);
    assert_eq!(decides(&mut asked, "did:a", true, &[]), Ok(Ballot::Open));
    assert_eq!(decides(&mut asked, "did:b", false, &["send"]), Ok(Ballot::Open));
    assert_eq!(decides(&mut asked, "did:b", true, &["mint"]), Ok(Ballot::Open), "it says nothing of the other");
    assert_eq!(asked.ballot_about("send"), Ballot::Open);
    assert_eq!(decides(&mut asked, "did:c", false, &["create"]), Ok(Ballot::Open), "two reject, each another step");
    assert_eq!(decides(&mut asked, "did:c", false, &["send", "mint"]), Ok(Ballot::Rejected));
    assert_eq!(asked.ballot_about("create"), Ballot::Open);
    assert_eq!(decides(&mut asked, "did:c", true, &[]), Err(Refusal::Decided));
}

#[test]
fn what_is_in_force_is_kept_and_nothing_else() {
    let mut asked = consent(3);
    let named = |asked: &Consent| {
        let shown = |one: &Decision| (one.approve, one.steps.iter().flatten().cloned().collect::<Vec<_>>().join("+"));
        asked.decisions.iter().map(shown).collect::<Vec<_>>()
    };
    let kept = |approve: bool, steps: &str| (approve, steps.to_owned());
    decides(&mut asked, "did:a", true, &["create", "mint"]).unwrap();
    decides(&mut asked, "did:a", true, &["mint", "send"]).unwrap();
    assert_eq!(named(&asked), [kept(true, "create+mint"), kept(true, "mint+send")]);
    decides(&mut asked, "did:a", true, &["create"]).unwrap();
    assert_eq!(named(&asked), [kept(true, "mint+send"), kept(true, "create")], "the first is nobody's last word");
    // What was decided in the same words is in force in part, and can be said anew.
    let again = about("did:a", true, &["mint", "send"]);
    assert!(asked.has(&again, &steps()));
    decides(&mut asked, "did:b", true, &["mint"]).unwrap();
    assert!(asked.has(&again, &steps()), "what others say changes nothing");
    decides(&mut asked, "did:a", true, &["send"]).unwrap();
    assert!(!asked.has(&again, &steps()) && asked.decisions.contains(&again));
    decides(&mut asked, "did:a", true, &[]).unwrap();
    assert_eq!(named(&asked), [kept(true, "mint"), kept(true, "")], "the whole is the last word about each");
}

#[test]
fn only_steps_that_change_something_are_decided_about() {
    let mut asked = consent(1);
    let stray = |step: &str| Err(Refusal::Step(step.to_owned()));
    for step in ["x", "Mint", "mint ", "m\u{456}nt", "wait"] {
        assert_eq!(decides(&mut asked, "did:a", true, &["create", step]), stray(step));
    }
    let none = Decision { steps: Some([].into()), ..decision("did:a", true, "d") };
    assert_eq!(asked.decide(none, &steps(), 1), stray(""));
    assert_eq!(asked.decide(about("did:a", true, &["mint"]), &[], 1), stray("mint"), "a plan that changes nothing");
    let long = Decision { proof: "x".repeat(PROOF_MAX_BYTES + 1), ..about("did:a", true, &["mint"]) };
    assert_eq!(asked.decide(long, &steps(), 1), Err(Refusal::Long));
    let other = Decision { digest: "e".to_owned(), ..about("did:a", true, &["mint"]) };
    assert_eq!(asked.decide(other, &steps(), 1), Err(Refusal::Digest));
    assert_eq!(asked, consent(1), "nothing of it is kept");
}

#[test]
fn a_decision_about_the_whole_is_stored_as_ever() {
    let written = r#"{"by":"did:a","approve":true,"digest":"d","proof":"jws","atMs":1}"#;
    let read: Decision = serde_json::from_str(written).unwrap();
    assert_eq!((&read, serde_json::to_string(&read).unwrap().as_str()), (&decision("did:a", true, "d"), written));
    let partial = json!(about("did:a", true, &["send", "mint"]));
    assert_eq!(partial["steps"], json!(["mint", "send"]));
    assert_eq!(serde_json::from_value::<Decision>(partial).unwrap(), about("did:a", true, &["mint", "send"]));
}
