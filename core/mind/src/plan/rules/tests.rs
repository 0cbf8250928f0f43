//! What mandates cover, and what rules then say.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use alloy_primitives::U256;
use serde_json::{Value, json};

use super::super::effects::{Effects, expected};
use super::super::policy::operations;
use super::super::price::{Price, price};
use super::super::resolve::resolve;
use super::super::tests::fixture::{facts, from, launch, plan, request};
use super::{Kind, Request, Rules, Units, Verdict};

fn effects(document: &Value) -> Effects {
    let (plan, facts) = (plan(document), facts());
    let resolved = resolve(&plan, &request(), &facts).unwrap();
    let price: Price = price(&resolved, &facts, plan.runs());
    expected(&resolved, &operations(&resolved, &facts, "tsk_1"), &price, plan.schedule.as_ref().cloned())
}

fn mandated(mandates: &Value) -> Request {
    let mut request = request();
    request.mandates = serde_json::from_value(mandates.clone()).unwrap();
    request
}

fn all() -> Value {
    let one = |kind: &str, token: Value, to: Value, amount: &str| {
        let mandate = json!({ "do": kind, "token": token, "to": to, "amount": amount, "times": 1 });
        mandate
    };
    json!([
        one("token.create", json!(null), json!(null), "1000000"),
        one("token.mint", json!(null), json!("alice"), "10000"),
        one("token.transfer", json!("own"), json!("alice"), "25.5")
    ])
}

fn rules(approvers: &[&str]) -> Rules {
    Rules {
        tools: Kind::ALL.to_vec(),
        approvers: approvers.iter().map(|did| (*did).to_owned()).collect(),
        count: 2,
        mandates: true,
        native_max_wei: Units(U256::from(10).pow(U256::from(18))),
        valid_ms: 1,
    }
}

fn to_alice() -> Value {
    let mut document = launch();
    document["steps"][2]["to"] = from("input", "alice");
    document
}

#[test]
fn a_mandate_covers_what_it_names_and_nothing_else() {
    let covered = |document: &Value, mandates: &Value| super::covered(&mandated(mandates), &effects(document));
    assert!(covered(&to_alice(), &all()));
    assert!(!covered(&launch(), &all()), "another recipient");
    assert!(!covered(&to_alice(), &json!([])));
    for (pointer, value) in [
        ("/0/amount", json!("999999")),
        ("/1/amount", json!("9999")),
        ("/1/to", json!(null)),
        ("/1/token", json!("own")),
        ("/1/times", json!(0)),
        ("/1/do", json!("token.transfer")),
        ("/2/token", json!(null)),
    ] {
        let mut mandates = all();
        *mandates.pointer_mut(pointer).unwrap() = value;
        assert!(!covered(&to_alice(), &mandates), "{pointer}");
    }
    let mut twice = to_alice();
    let mut again = twice["steps"][1].clone();
    again["id"] = json!("again");
    twice["steps"].as_array_mut().unwrap().push(again);
    assert!(!covered(&twice, &all()), "each mandate is used as often as it says");
    let mut recurring = to_alice();
    recurring["schedule"] = json!({ "cron": "0 9 * * 5", "zone": "UTC", "runs": 1 });
    assert!(!covered(&recurring, &all()));
    let mut owned = to_alice();
    let (label, owner) = (from("lit", "x"), from("input", "bob"));
    owned["steps"] = json!([{ "do": "wallet.create", "id": "w", "needs": [], "label": label, "owner": owner }]);
    let wallet = json!([{ "do": "wallet.create", "token": null, "to": null, "amount": null, "times": 1 }]);
    assert!(!covered(&owned, &wallet), "who owns a wallet is for people to say");
    owned["steps"][0]["owner"] = json!(null);
    assert!(covered(&owned, &wallet));
}

#[test]
fn of_an_erc_721_the_one_token_is_mandated() {
    let mut document = to_alice();
    document["steps"] = json!([launch()["steps"][0], launch()["steps"][1]]);
    document["steps"][0]["standard"] = json!("erc721");
    document["steps"][0]["cap"] = json!(null);
    let mut mandates = all();
    assert!(super::covered(&mandated(&mandates), &effects(&document)));
    mandates[1]["amount"] = json!("10001");
    assert!(!super::covered(&mandated(&mandates), &effects(&document)), "another token, though a lower number");
}

#[test]
fn what_even_all_approvals_would_not_allow_is_denied() {
    let effects = effects(&to_alice());
    let verdict = |rules: &Rules, mandates: &Value| rules.verdict(&mandated(mandates), &effects);
    assert_eq!(verdict(&rules(&[]), &all()), Verdict::Allowed);
    let asked = verdict(&rules(&["did:a", "did:b"]), &json!([]));
    assert!(matches!(asked, Verdict::NeedsApproval { count: 2, .. }));
    assert!(matches!(verdict(&rules(&["did:a"]), &json!([])), Verdict::Denied { .. }));
    assert!(matches!(verdict(&Rules { count: 0, ..rules(&["did:a"]) }, &json!([])), Verdict::Denied { .. }));
    let without = Rules { mandates: false, ..rules(&["did:a", "did:b"]) };
    assert!(matches!(verdict(&without, &all()), Verdict::NeedsApproval { .. }));
    let poor = Rules { native_max_wei: Units(U256::from(1)), ..rules(&["did:a", "did:b"]) };
    assert!(matches!(verdict(&poor, &all()), Verdict::Denied { .. }));
}

#[test]
fn by_default_nothing_runs_before_somebody_is_named() {
    let rules = Rules::default();
    assert!(rules.check().is_empty());
    let effects = effects(&launch());
    assert!(matches!(rules.verdict(&mandated(&all()), &effects), Verdict::Denied { .. }));
    let named = Rules { approvers: ["did:key:z6MkA".to_owned()].into(), ..rules };
    assert!(named.check().is_empty());
    assert!(matches!(named.verdict(&request(), &effects), Verdict::NeedsApproval { count: 1, .. }));
    let wrong = Rules { count: 2, approvers: ["ana".to_owned()].into(), valid_ms: 1, ..named };
    let places: Vec<String> = wrong.check().into_iter().map(|fault| fault.pointer).collect();
    assert_eq!(places, ["/approvers", "/count", "/validMs"]);
}
