//! What people approve of a plan is what the wallets of its steps, and so the guardian, let pass: one format.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::action::decode_call;
use aion_task::kind;
use aion_wallet::approval::{Approval, Asked, Rule, admit};
use alloy_primitives::U256;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::{Charter, Command, Decision, Effect, Facts, NOW, Run, State, charter, facts, launch, wallet, works};
use crate::plan::policy::operations;
use crate::plan::tests::fixture::WALLET;

fn did(key: &SigningKey) -> String {
    // Multicodec ed25519-pub, then base58btc.
    let bytes = [&[0xed, 0x01], &key.verifying_key().to_bytes()[..]].concat();
    format!("did:key:z{}", bs58::encode(bytes).into_string())
}

fn signed(key: &SigningKey, digest: &str, steps: Option<&[&str]>) -> String {
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let kid = format!("{}#{}", did(key), did(key).trim_start_matches("did:key:"));
    let mut claims =
        json!({ "task": "pln_1", "step": "plan", "approve": true, "digest": digest, "exp": NOW / 1_000 + 600 });
    if let Some(steps) = steps {
        (claims["step"], claims["steps"]) = (json!("steps"), json!(steps));
    }
    let input = format!("{}.{}", encode(&json!({ "alg": "EdDSA", "kid": kid })), encode(&claims));
    let signature = BASE64_URL_SAFE_NO_PAD.encode(key.sign(input.as_bytes()).to_bytes());
    format!("{input}.{signature}")
}

/// The world with a wallet that wants these people.
fn guarded(keys: &[SigningKey]) -> Facts {
    let mut facts = facts();
    let by = keys.iter().map(did).collect();
    wallet(&mut facts).policy.approval =
        Some(Rule { by, count: keys.len() as u64, free_units_per_token_and_day: U256::ZERO, relying_party: None });
    facts
}

/// What a plan that these people approve starts: its steps and its input.
fn started(charter: Charter, facts: &Facts, keys: &[SigningKey]) -> (Value, Value) {
    let words: Vec<_> = keys.iter().map(|key| (key, None)).collect();
    started_by(charter, facts, &words)
}

/// The same with what each approves: the whole, or steps.
fn started_by(charter: Charter, facts: &Facts, words: &[(&SigningKey, Option<&[&str]>)]) -> (Value, Value) {
    let mut run = Run::new(charter);
    run.give(Command::Proposed { reply: launch().to_string() });
    run.give(Command::Facts(Box::new(facts.clone()))).give(works(&["create", "send"]));
    for (key, steps) in words {
        let digest = run.record.consent.as_ref().unwrap().digest.clone();
        let (by, proof) = (did(key), signed(key, &digest, *steps));
        let steps = steps.map(|steps| steps.iter().map(|step| (*step).to_owned()).collect());
        run.give(Command::Decide(Decision { by, approve: true, steps, digest, proof, at_ms: NOW }));
    }
    run.give(Command::Run(Box::new(facts.clone())));
    assert_eq!(run.record.state, State::Running, "{:?}", run.effects);
    let start = run.effects.iter().find_map(|effect| match effect {
        Effect::Start { definition, input, .. } => Some((definition["steps"].clone(), input.clone())),
        _ => None,
    });
    start.unwrap()
}

fn asked_of(keys: &[SigningKey]) -> Charter {
    let mut charter = charter();
    (charter.rules.approvers, charter.rules.count) = (keys.iter().map(did).collect(), keys.len());
    charter
}

#[test]
fn the_operations_of_an_approved_plan_pass_once_and_no_others() {
    let keys = [1, 2].map(|number| SigningKey::from_bytes(&[number; 32]));
    let facts = guarded(&keys);
    let (steps, input) = started(asked_of(&keys), &facts, &keys);
    let approval: Approval = serde_json::from_value(input["approval"].clone()).unwrap();
    for step in ["create", "mint", "send"] {
        assert_eq!(steps[step]["with"]["approval"], "${{ input.approval }}");
    }
    let with = json!({
        "wallet": WALLET, "token": facts.deployment.factory, "amount": "1", "to": facts.deployment.factory,
        "approval": approval
    });
    assert!(kind::check("token.transfer", &with).is_ok(), "the kernel takes it");

    let plan = crate::plan::tests::fixture::plan(&launch());
    let resolved = crate::plan::resolve::resolve(&plan, &asked_of(&keys).request, &facts).unwrap();
    let known = &facts.wallets[WALLET];
    let mut ledger = known.ledger.clone();
    let all = operations(&resolved, &facts, &asked_of(&keys).task);
    assert_eq!(all.len(), 3);
    for again in [false, true] {
        for operation in &all {
            let decoded = decode_call(&facts.deployment, operation.from, &operation.action.call(&facts.deployment));
            let deployment = &facts.deployment;
            let asked =
                |approval| Asked { deployment, wallet: WALLET, address: known.address, decoded: &decoded, approval };
            assert_eq!(admit(&known.policy, &ledger, asked(None), NOW).unwrap_err().rule, "approval");
            let admitted = admit(&known.policy, &ledger, asked(Some(&approval)), NOW);
            match admitted {
                Ok(reservation) if !again => ledger.reserve(&reservation),
                Err(denial) if again => assert!(denial.reason.contains("used already"), "{denial}"),
                other => panic!("{}: {other:?}", operation.step),
            }
        }
    }
}

/// What a task hands to a step: its expressions filled in.
fn handed(steps: &Value, input: &Value, step: &str) -> Approval {
    let filled = |value: &Value| {
        let text = value.as_str().unwrap().strip_prefix("${{ input.approval").unwrap().strip_suffix(" }}").unwrap();
        input.pointer(&format!("/approval{}", text.replace(['.', '['], "/").replace(']', ""))).unwrap().clone()
    };
    let with = &steps[step]["with"]["approval"];
    let proofs = with["proofs"].as_array().map(|proofs| proofs.iter().map(filled).collect::<Vec<_>>());
    let approval = proofs
        .map_or_else(|| filled(with), |proofs| json!({ "document": filled(&with["document"]), "proofs": proofs }));
    serde_json::from_value(approval).unwrap()
}

/// Two of three have to approve each step, and each step brings along just what counts for it.
#[test]
fn steps_that_different_people_approved_pass_with_their_own_signatures() {
    let keys = [1, 2, 3].map(|number| SigningKey::from_bytes(&[number; 32]));
    let (mut facts, mut charter) = (guarded(&keys), asked_of(&keys));
    charter.rules.count = 2;
    wallet(&mut facts).policy.approval.as_mut().unwrap().count = 2;
    let [one, two, three] = &keys;
    let words: [(&SigningKey, Option<&[&str]>); 4] =
        [(one, Some(&["create"])), (two, Some(&["mint", "send"])), (one, Some(&["mint"])), (three, None)];
    let before = started_by(charter.clone(), &facts, &[(one, None), (two, None)]);
    assert_eq!(before.0["mint"]["with"]["approval"], "${{ input.approval }}");
    let (steps, input) = started_by(charter.clone(), &facts, &words);
    assert_eq!(input["approval"]["proofs"].as_array().map(Vec::len), Some(4), "each stands once");

    let plan = crate::plan::tests::fixture::plan(&launch());
    let resolved = crate::plan::resolve::resolve(&plan, &charter.request, &facts).unwrap();
    let known = &facts.wallets[WALLET];
    let mut ledger = known.ledger.clone();
    for operation in operations(&resolved, &facts, &charter.task) {
        let decoded = decode_call(&facts.deployment, operation.from, &operation.action.call(&facts.deployment));
        let ask = |ledger: &_, step: &str| {
            let (deployment, approval) = (&facts.deployment, handed(&steps, &input, step));
            let (address, approval) = (known.address, Some(&approval));
            admit(
                &known.policy,
                ledger,
                Asked { deployment, wallet: WALLET, address, decoded: &decoded, approval },
                NOW,
            )
        };
        let foreign = if operation.step == "create" { "send" } else { "create" };
        let denial = ask(&ledger, foreign).unwrap_err();
        assert!(denial.reason.contains("has 1 of the 2 signatures"), "{denial}");
        let reservation = ask(&ledger, &operation.step).unwrap_or_else(|denial| panic!("{}: {denial}", operation.step));
        ledger.reserve(&reservation);
    }
}

#[test]
fn a_plan_brings_along_what_its_wallets_can_use_and_nothing_else() {
    let keys = [1, 2].map(|number| SigningKey::from_bytes(&[number; 32]));
    let (steps, input) = started(asked_of(&keys), &facts(), &keys);
    assert_eq!((&input["approval"], &steps["mint"]["with"]["approval"]), (&Value::Null, &Value::Null), "no rule");
    // The tenant asks two, the wallet knows one of them.
    let facts = guarded(&keys[..1]);
    let (_, input) = started(asked_of(&keys), &facts, &keys);
    assert_eq!(input["approval"]["proofs"].as_array().map(Vec::len), Some(1));
    // By mandate nobody has signed.
    let mut mandated = asked_of(&keys);
    let mandate = |kind: &str, token: Value, to: Value, amount: &str| {
        let mut mandate = json!({ "do": kind, "token": token, "to": to });
        (mandate["amount"], mandate["times"]) = (json!(amount), json!(1));
        mandate
    };
    let mandates = json!([
        mandate("token.create", Value::Null, Value::Null, "1000000"),
        mandate("token.mint", Value::Null, json!("alice"), "10000"),
    ]);
    mandated.request.mandates = serde_json::from_value(mandates).unwrap();
    let mut two = launch();
    two["steps"].as_array_mut().unwrap().pop();
    let mut run = Run::new(mandated);
    run.give(Command::Proposed { reply: two.to_string() });
    run.give(Command::Facts(Box::new(facts.clone()))).give(works(&["create"]));
    assert_eq!(run.record.state, State::Approved);
    run.give(Command::Run(Box::new(facts)));
    let brought =
        run.effects.iter().any(|effect| matches!(effect, Effect::Start { input, .. } if !input["approval"].is_null()));
    assert!(run.record.state == State::Running && !brought);
}
