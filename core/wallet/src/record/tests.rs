//! K's record: acceptance, limits, ends.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::action::TokenAction;
use aion_chain::message::Outcome;
use aion_chain::operation::Signature;
use alloy_primitives::{Address, B256, U256};
use serde_json::json;

use super::{Charter, Record, Stage, TELL_AGAIN_MS, Wallet, Wish};
use crate::approval::{Approval, text};
use crate::fixture::{NOW_MS, Person, deployment, document, launch, rule};
use crate::policy::Denial;

fn active() -> Wallet {
    let mut wallet = Wallet::new(("t", "wal_1"), Charter::default(), 0);
    assert_eq!(wallet.wish(&deployment(), None), Some(Wish::Key));
    wallet.key_ready(vec![2; 33], Address::repeat_byte(9));
    let Some(Wish::Delegation(delegation)) = wallet.wish(&deployment(), None) else { panic!() };
    wallet.delegated(delegation, signature());
    assert_eq!(wallet.wish(&deployment(), Some(Wish::Operation(5))), Some(Wish::Operation(5)));
    wallet
}

fn signature() -> Signature {
    Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: true }
}

fn create() -> TokenAction {
    let (name, symbol) = ("n".to_owned(), "S".to_owned());
    TokenAction::CreateErc20 { task: B256::ZERO, name, symbol, cap: U256::ZERO, issuer: B256::ZERO }
}

#[test]
fn an_operation_goes_from_acceptance_to_its_end() {
    let (mut wallet, deployment) = (active(), deployment());
    let mut record = wallet.accept(&deployment, "k", (create(), None), None, 0);
    assert!(wallet.carry(&record).is_none());
    wallet.signed(&mut record, signature(), 1);
    assert_eq!(wallet.carry(&record).unwrap().key(), "wal_1/0");
    let outcome = Outcome::Succeeded {
        transaction_hash: B256::ZERO,
        block_number: 1,
        block_hash: B256::ZERO,
        gas_used: 1,
        logs: Vec::new(),
    };
    wallet.settled(&mut record, outcome, 2);
    wallet.settled(&mut record, Outcome::Expired, 3);
    let output = record.result("wal_1", &deployment).unwrap().unwrap();
    let token: Address = output["token"].as_str().unwrap().parse().unwrap();
    assert!(wallet.ledger.tokens.contains_key(&token));
    let mint = TokenAction::Mint { token, to: Address::ZERO, amount: U256::ONE };
    assert_eq!(wallet.accept(&deployment, "k2", (mint, None), None, 4).stage, Stage::Accepted);
}

#[test]
fn what_did_not_happen_is_given_back() {
    let (mut wallet, deployment) = (active(), deployment());
    let before = wallet.ledger.clone();
    let mut record = wallet.accept(&deployment, "k", (create(), None), None, 0);
    wallet.settled(&mut record, Outcome::Expired, 1);
    assert_eq!(wallet.ledger, before);
    let mut rejected = active();
    let mut record = rejected.accept(&deployment, "k", (create(), None), None, 0);
    let reserved = rejected.ledger.clone();
    rejected.settled(&mut record, Outcome::Rejected { reason: "x".to_owned() }, 1);
    assert_eq!(rejected.ledger, reserved, "the signed operation is valid until its deadline");
    assert_eq!(record.result("w", &deployment).unwrap().unwrap_err().0, "chain.rejected");
    let mut late = wallet.accept(&deployment, "k2", (create(), None), None, 0);
    wallet.close_unsigned(&mut late, 6 * 3_600_000 - 1);
    assert_eq!(late.stage, Stage::Accepted);
    wallet.close_unsigned(&mut late, 6 * 3_600_000);
    assert_eq!((late.stage, wallet.ledger), (Stage::Settled { outcome: Outcome::Expired }, before));
}

#[test]
fn a_foreign_token_is_denied_before_anything_is_signed() {
    let mut wallet = active();
    let mint = TokenAction::Transfer { token: Address::repeat_byte(7), to: Address::ZERO, amount: U256::ONE };
    let record = wallet.accept(&deployment(), "k", (mint, None), None, 0);
    let (code, _) = record.result("w", &deployment()).unwrap().unwrap_err();
    assert_eq!((code.as_str(), record.operation), ("policy.denied", None));
}

#[test]
fn failed_sessions_wait_longer_each_time() {
    let mut wallet = Wallet::new(("t", "wal_1"), Charter::default(), 0);
    let mut waits = Vec::new();
    for _ in 0..7 {
        assert_eq!(wallet.begin_session(0), waits.len() as u64 + 1);
        wallet.session_failed(0);
        waits.push(wallet.session_due_ms);
    }
    assert_eq!(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
}

#[test]
fn a_ban_ends_what_waits_and_what_comes() {
    let (mut wallet, deployment) = (active(), deployment());
    let before = wallet.ledger.clone();
    let mut waiting = wallet.accept(&deployment, "k", (create(), None), None, 0);
    let (name, symbol) = ("m".to_owned(), "S".to_owned());
    let other = TokenAction::CreateErc20 { task: B256::ZERO, name, symbol, cap: U256::ZERO, issuer: B256::ZERO };
    let mut signed = wallet.accept(&deployment, "k2", (other, None), None, 0);
    wallet.signed(&mut signed, signature(), 1);
    wallet.banned();
    assert_eq!(wallet.wish(&deployment, Some(Wish::Operation(waiting.op))), None);
    wallet.close_unsigned(&mut waiting, 2);
    wallet.close_unsigned(&mut signed, 2);
    assert!(matches!(&waiting.stage, Stage::Denied { denial } if denial.rule == "guardian"));
    assert!(waiting.is_open(), "who waits for it still has to be told");
    assert!(wallet.carry(&signed).is_some(), "what is signed goes its way");
    wallet.settled(&mut signed, Outcome::Expired, 3);
    assert_eq!(wallet.ledger, before);
    let late = wallet.accept(&deployment, "k3", (create(), None), None, 4);
    assert!(matches!(late.stage, Stage::Denied { .. }));
    assert_eq!(wallet.ledger, before);
}

#[test]
fn who_does_not_hear_is_told_again_later() {
    let mut wallet = active();
    assert_eq!(wallet.telling_due_ms(), Some(0));
    wallet.unheard(10);
    assert_eq!(wallet.telling_due_ms(), Some(10 + TELL_AGAIN_MS));
    wallet.registered = true;
    assert_eq!(wallet.telling_due_ms(), None);
    wallet.reply = Some(serde_json::json!({}));
    assert!(wallet.telling_due_ms().is_some());
    wallet.reported = true;
    assert_eq!(wallet.telling_due_ms(), None);
}

#[test]
fn k_asks_for_people_too_and_keeps_an_approval_until_it_is_signed() {
    let people = [1, 2].map(Person::new);
    let rule = rule(&people, 2, 10);
    let deployment = deployment();
    let mut wallet = Wallet::new(("t", "wal_1"), Charter { approval: Some(rule), ..Charter::default() }, NOW_MS);
    wallet.key_ready(vec![2; 33], Address::repeat_byte(9));
    assert_eq!(wallet.view("")["policy"]["approval"]["count"], 2);
    let (name, symbol, cap) = ("Luna".to_owned(), "LUN".to_owned(), U256::from(1_000));
    let luna = TokenAction::CreateErc20 { task: B256::ZERO, name, symbol, cap, issuer: B256::ZERO };
    let at = luna.token(&deployment, Address::repeat_byte(9)).unwrap();
    let shown = text(&document(&json!([launch("Luna", Some("1000"), at)])));
    let proofs = people.each_ref().map(|person| person.approves("pln_1", &shown));
    let approval = Some(Approval::new(&shown, &proofs));
    let denied = wallet.accept(&deployment, "a", (luna.clone(), None), None, NOW_MS);
    assert!(matches!(&denied.stage, Stage::Denied { denial } if denial.rule == "approval"));
    let mut first = wallet.accept(&deployment, "b", (luna.clone(), approval.clone()), None, NOW_MS);
    assert_eq!((&first.stage, &first.approval), (&Stage::Accepted, &approval));
    let again = wallet.accept(&deployment, "c", (luna.clone(), approval.clone()), None, NOW_MS);
    assert!(matches!(&again.stage, Stage::Denied { denial } if denial.reason.contains("already")));
    // G denies: nothing was signed, and the effect is there for another attempt.
    wallet.denied(&mut first, Denial::new("x", "y"), NOW_MS);
    assert_eq!((&first.approval, wallet.ledger.approvals.len()), (&None, 0));
    let mut second = wallet.accept(&deployment, "d", (luna, approval), None, NOW_MS);
    wallet.signed(&mut second, signature(), NOW_MS);
    assert_eq!((&second.approval, wallet.ledger.approvals.len()), (&None, 1));
}

#[test]
fn operations_without_an_approval_are_stored_as_before() {
    let mut wallet = active();
    let bad = Approval::new("x", &[]);
    let record = wallet.accept(&deployment(), "k", (create(), Some(bad)), None, 0);
    assert_eq!((&record.stage, &record.approval), (&Stage::Accepted, &None), "no rule asks for it");
    let stored = serde_json::to_value([json!(record), json!(wallet)]).unwrap();
    assert!(!stored.to_string().contains("approval") && !stored.to_string().contains("free"), "{stored}");
    assert_eq!(serde_json::from_value::<Record>(stored[0].clone()).unwrap(), record);
    assert_eq!(serde_json::from_value::<Wallet>(stored[1].clone()).unwrap(), wallet);
}
