//! Consent is for one thing, by those who may, in time, and once.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Ballot, Consent, Decision, Refusal, document, hash};

#[cfg(not(target_arch = "wasm32"))]
mod property;
mod steps;

/// A plan that changes nothing, or whose steps nobody tells apart.
const NONE: [String; 0] = [];

fn digest(id: &str, plan: &Value, arguments: &Value, effects: &Value, policy: &str, expires_ms: u64) -> String {
    hash(&document(id, plan, arguments, effects, policy, expires_ms))
}

fn decision(by: &str, approve: bool, digest: &str) -> Decision {
    Decision { by: by.to_owned(), approve, steps: None, digest: digest.to_owned(), proof: "jws".to_owned(), at_ms: 1 }
}

fn consent(count: usize) -> Consent {
    let by = ["did:a", "did:b", "did:c"].map(str::to_owned).into_iter().collect();
    Consent::new("d".to_owned(), by, count, 100)
}

#[test]
fn enough_approvals_are_used_once() {
    let mut asked = consent(2);
    assert_eq!(asked.take("d", &NONE, 1), Err(Refusal::TooFew));
    assert_eq!(asked.decide(decision("did:a", true, "d"), &NONE, 1), Ok(Ballot::Open));
    assert_eq!(asked.decide(decision("did:a", true, "d"), &NONE, 1), Ok(Ballot::Open), "one person is one voice");
    assert_eq!(asked.decide(decision("did:b", true, "d"), &NONE, 1), Ok(Ballot::Approved));
    assert_eq!(asked.decide(decision("did:b", false, "d"), &NONE, 1), Err(Refusal::Decided));
    assert_eq!(asked.take("e", &NONE, 2), Err(Refusal::Digest));
    assert_eq!(asked.take("d", &NONE, 100), Err(Refusal::Expired));
    assert_eq!(asked.take("d", &NONE, 2), Ok(()));
    assert_eq!(asked.take("d", &NONE, 2), Err(Refusal::Used));
}

#[test]
fn what_does_not_count_is_refused() {
    let mut asked = consent(2);
    assert_eq!(asked.decide(decision("did:x", true, "d"), &NONE, 1), Err(Refusal::Stranger("did:x".to_owned())));
    assert_eq!(asked.decide(decision("did:a", true, "e"), &NONE, 1), Err(Refusal::Digest));
    assert_eq!(asked.decide(decision("did:a", true, "d"), &NONE, 100), Err(Refusal::Expired));
    assert_eq!(asked.decide(decision("did:a", false, "d"), &NONE, 1), Ok(Ballot::Open));
    assert_eq!(asked.decide(decision("did:b", false, "d"), &NONE, 1), Ok(Ballot::Rejected));
    assert_eq!(asked.decide(decision("did:a", true, "d"), &NONE, 1), Err(Refusal::Decided));
}

#[test]
fn the_digest_is_of_everything_that_was_shown() {
    let (plan, other) = (json!({ "a": 1 }), json!({ "a": 2 }));
    let base = digest("p", &plan, &plan, &plan, "h", 1);
    assert_eq!(base, digest("p", &plan, &plan, &plan, "h", 1));
    for changed in [
        digest("q", &plan, &plan, &plan, "h", 1),
        digest("p", &other, &plan, &plan, "h", 1),
        digest("p", &plan, &other, &plan, "h", 1),
        digest("p", &plan, &plan, &other, "h", 1),
        digest("p", &plan, &plan, &plan, "i", 1),
        digest("p", &plan, &plan, &plan, "h", 2),
    ] {
        assert_ne!(base, changed);
    }
}
