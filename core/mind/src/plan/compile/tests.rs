//! Every kind of step becomes one that the kernel's own check accepts.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_task::definition::Definition;
use serde_json::json;

use super::super::check::check;
use super::super::resolve::resolve;
use super::super::step::Kind;
use super::super::tests::fixture::{facts, from, launch, plan, request};
use super::{RESERVED, compile};

#[test]
fn every_kind_becomes_a_step_of_a_task() {
    let mut document = launch();
    let more = json!([
        { "do": "token.burn", "id": "burn", "needs": ["send"], "wallet": from("input", "treasury"),
          "token": from("input", "own"), "amount": from("lit", "25.5") },
        { "do": "contract.read", "id": "look", "needs": [], "token": from("ref", "create.token"), "read": "balance",
          "of": from("input", "alice") },
        { "do": "identity.create", "id": "who", "needs": [], "name": from("lit", "beto"), "subject": "agent" },
        { "do": "wallet.create", "id": "purse", "needs": [], "label": from("quarantined", "colour"),
          "owner": from("ref", "who.did") },
        { "do": "wait.approval", "id": "ask", "needs": [], "by": [from("input", "bob"), from("ref", "who.did")],
          "count": 1, "question": from("ref", "look.value") },
        { "do": "sleep", "id": "nap", "needs": ["ask"], "duration": from("lit", "PT5M") },
        { "do": "until", "id": "wait", "needs": ["nap"], "time": from("quarantined", "day") }
    ]);
    document["steps"].as_array_mut().unwrap().extend(more.as_array().unwrap().clone());
    let plan = plan(&document);
    assert_eq!(check(&plan, &request(), Kind::ALL), []);
    let kinds: std::collections::BTreeSet<_> = plan.steps.iter().map(super::super::Step::kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len(), "every kind is here");
    let task = compile(&plan, &resolve(&plan, &request(), &facts()).unwrap(), None).unwrap();
    let definition = Definition::parse(&task.definition).unwrap();
    assert_eq!(definition.before("wait").len(), 5, "{:?}", definition.before("wait"));
    assert_eq!(task.definition["steps"]["ask"]["with"]["question"], json!("${{ steps.look.output.values[0] }}"));
    assert_eq!(task.input["purse_label"], json!("red"));
}

#[test]
fn texts_of_models_and_users_never_become_expressions() {
    let mut document = launch();
    document["steps"][0]["name"] = from("lit", "${{ input.treasury_key }}");
    let plan = plan(&document);
    let task = compile(&plan, &resolve(&plan, &request(), &facts()).unwrap(), None).unwrap();
    assert_eq!(task.definition["steps"]["create"]["with"]["name"], json!("${{ input.create_name }}"));
    assert_eq!(task.input["create_name"], json!("${{ input.treasury_key }}"));
    assert!(!task.definition.to_string().contains("treasury_key"));
}

#[test]
fn words_of_the_language_of_expressions_are_no_ids() {
    let reads = |id: &str| {
        let steps = json!({ id: { "do": "set", "with": { "value": 1 } },
            "reader": { "do": "set", "with": { "value": format!("${{{{ steps.{id}.output }}}}") }, "needs": [id] } });
        Definition::parse(&json!({ "steps": steps })).is_ok()
    };
    assert!(reads("create") && reads("mint_2"));
    // Those that the kernel's expressions take all the same do no harm.
    assert!(RESERVED.iter().any(|word| !reads(word)));
}
