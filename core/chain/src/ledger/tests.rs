//! The ledger under ordinary and bad luck.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEvent;

use super::{
    BUMP_AFTER_MS, Command, Effect, Lane, Look, Mined, Quote, REBROADCAST_AFTER_MS, Simulation, Stage, report,
};
use crate::contracts::AionAccount;
use crate::fees::Fees;
use crate::lane_key::LaneKey;
use crate::message::{Carry, Log, Outcome};
use crate::operation::{Delegation, Operation, Signature, SignedDelegation};

const FEES: Fees = Fees { max_fee_wei: 100, tip_wei: 10 };

fn key() -> LaneKey {
    LaneKey::derive(&[1; 32], 137, 0).unwrap()
}

fn carry(op: u64) -> Box<Carry> {
    let signature = Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: false };
    let delegation = Delegation { chain_id: 137, implementation: Address::repeat_byte(9), nonce: 0 };
    let (to, data) = (Address::repeat_byte(3), Bytes::new());
    Box::new(Carry {
        tenant: "t".to_owned(),
        wallet: "w".to_owned(),
        address: Address::repeat_byte(5),
        operation: Operation { op, to, value: U256::ZERO, data, deadline_s: 1_000 },
        signature,
        delegation: SignedDelegation { delegation, signature },
    })
}

fn quote(simulation: Simulation) -> Quote {
    Quote {
        account_nonce: 7,
        final_nonce: 7,
        delegated: true,
        fees: FEES,
        simulation,
        used_by: None,
        final_timestamp_s: 500,
    }
}

fn look(receipt: Mined, final_number: u64, canonical: u8) -> Box<Look> {
    Box::new(Look::Mined { receipt, final_number, canonical_hash: Some(B256::repeat_byte(canonical)) })
}

fn missing(final_nonce: u64) -> Box<Look> {
    Box::new(Look::Missing { final_nonce, fees: FEES })
}

fn mined(transaction_hash: B256, succeeded: bool) -> Mined {
    let topics = vec![AionAccount::OperationExecuted::SIGNATURE_HASH, B256::ZERO];
    let logs = vec![Log { address: Address::repeat_byte(5), topics, data: Bytes::new() }];
    Mined { transaction_hash, block_number: 10, block_hash: B256::repeat_byte(4), succeeded, gas_used: 5, logs }
}

fn offered(lane: &Lane, id: &str) -> (u64, Vec<B256>) {
    match &lane.entries[id].stage {
        Stage::Offered(offer) => (offer.nonce, offer.hashes.clone()),
        stage => panic!("{stage:?}"),
    }
}

fn lane_with_offers(ops: u64) -> Lane {
    let mut lane = Lane::new(137);
    for op in 0..ops {
        lane.apply(Command::Accept(carry(op)), &key(), 0);
        let sent = lane.apply(Command::Quoted(format!("w/{op}"), quote(Simulation::Gas(100)).into()), &key(), 0);
        assert_eq!(sent.len(), 1);
    }
    lane
}

#[test]
fn nonces_are_dense_and_accepting_twice_changes_nothing() {
    let mut lane = lane_with_offers(3);
    assert_eq!((0..3).map(|op| offered(&lane, &format!("w/{op}")).0).collect::<Vec<_>>(), [7, 8, 9]);
    let before = lane.clone();
    lane.apply(Command::Accept(carry(1)), &key(), 50);
    lane.apply(Command::Quoted("w/1".to_owned(), quote(Simulation::Gas(1)).into()), &key(), 50);
    assert_eq!(lane, before);
}

#[test]
fn only_a_final_block_with_its_own_hash_settles() {
    let mut lane = lane_with_offers(1);
    let hash = offered(&lane, "w/0").1[0];
    for (final_number, canonical) in [(9, 4), (10, 5)] {
        lane.apply(Command::Looked("w/0".to_owned(), look(mined(hash, true), final_number, canonical)), &key(), 1);
        assert!(report(&lane.entries["w/0"]).is_none());
    }
    let foreign = mined(B256::repeat_byte(8), true);
    lane.apply(Command::Looked("w/0".to_owned(), look(foreign, 10, 4)), &key(), 1);
    assert!(report(&lane.entries["w/0"]).is_none());
    lane.apply(Command::Looked("w/0".to_owned(), look(mined(hash, true), 10, 4)), &key(), 1);
    assert!(matches!(report(&lane.entries["w/0"]).unwrap().outcome, Outcome::Succeeded { block_number: 10, .. }));
    lane.apply(Command::Delivered("w/0".to_owned()), &key(), 2);
    assert_eq!(lane.next_due_ms(), None);
}

#[test]
fn silence_brings_the_same_bytes_and_then_a_replacement_at_the_same_nonce() {
    let mut lane = lane_with_offers(1);
    let Stage::Offered(first) = lane.entries["w/0"].stage.clone() else { panic!() };
    let silent = |lane: &mut Lane, now| lane.apply(Command::Looked("w/0".to_owned(), missing(7)), &key(), now);
    assert!(silent(&mut lane, REBROADCAST_AFTER_MS - 1).is_empty());
    assert_eq!(silent(&mut lane, REBROADCAST_AFTER_MS), [Effect::Send(first.raw.clone())]);
    let replaced = silent(&mut lane, BUMP_AFTER_MS);
    assert_ne!(replaced, [Effect::Send(first.raw)]);
    let (nonce, hashes) = offered(&lane, "w/0");
    assert_eq!((nonce, hashes.len()), (7, 2));
    // The first try is mined after all.
    lane.apply(Command::Looked("w/0".to_owned(), look(mined(hashes[0], true), 10, 4)), &key(), 1);
    assert!(report(&lane.entries["w/0"]).is_some());
}

#[test]
fn a_simulation_rejects_only_what_never_left() {
    let mut lane = Lane::new(137);
    lane.apply(Command::Accept(carry(0)), &key(), 0);
    let reverts = || quote(Simulation::Reverts("cap".to_owned()));
    lane.apply(Command::Quoted("w/0".to_owned(), reverts().into()), &key(), 0);
    assert_eq!(report(&lane.entries["w/0"]).unwrap().outcome, Outcome::Rejected { reason: "cap".to_owned() });
    assert_eq!(lane.next_nonce, None);

    let mut lane = lane_with_offers(1);
    let hash = offered(&lane, "w/0").1[0];
    lane.apply(Command::Looked("w/0".to_owned(), look(mined(hash, false), 10, 4)), &key(), 1);
    lane.apply(Command::Quoted("w/0".to_owned(), reverts().into()), &key(), 2);
    assert!(report(&lane.entries["w/0"]).is_none(), "it may still happen until it expires");
    let mut expired = reverts();
    expired.final_timestamp_s = 1_001;
    lane.apply(Command::Quoted("w/0".to_owned(), expired.into()), &key(), 3);
    assert_eq!(report(&lane.entries["w/0"]).unwrap().outcome, Outcome::Expired);
}

#[test]
fn what_another_carrier_did_is_found() {
    let mut lane = Lane::new(137);
    lane.apply(Command::Accept(carry(0)), &key(), 0);
    let mut used = quote(Simulation::Reverts("used".to_owned()));
    used.used_by = Some(B256::repeat_byte(6));
    assert!(lane.apply(Command::Quoted("w/0".to_owned(), used.into()), &key(), 0).is_empty());
    let found = mined(B256::repeat_byte(6), true);
    lane.apply(Command::Looked("w/0".to_owned(), look(found, 10, 4)), &key(), 1);
    assert!(matches!(report(&lane.entries["w/0"]).unwrap().outcome, Outcome::Succeeded { .. }));
    assert_eq!(lane.next_nonce, None);
}

#[test]
fn an_unreachable_chain_is_waited_for() {
    let mut lane = Lane::new(137);
    lane.apply(Command::Accept(carry(0)), &key(), 0);
    lane.apply(Command::Unreachable("w/0".to_owned()), &key(), 100);
    assert!(lane.due(100).is_empty());
    assert_eq!(lane.due(lane.next_due_ms().unwrap()), ["w/0"]);
}

#[test]
fn success_without_the_accounts_own_event_is_none() {
    let mut lane = lane_with_offers(1);
    let mut empty = mined(offered(&lane, "w/0").1[0], true);
    empty.logs.clear();
    lane.apply(Command::Looked("w/0".to_owned(), look(empty, 10, 4)), &key(), 1);
    assert_eq!(lane.entries["w/0"].stage, Stage::Planned { sent_before: true });
}

#[test]
fn a_nonce_that_someone_else_spent_is_replaced_by_a_fresh_one() {
    let mut lane = lane_with_offers(1);
    lane.apply(Command::Looked("w/0".to_owned(), missing(12)), &key(), 1);
    let mut fresh = quote(Simulation::Gas(100));
    fresh.final_nonce = 12;
    lane.apply(Command::Quoted("w/0".to_owned(), fresh.into()), &key(), 2);
    assert_eq!(offered(&lane, "w/0").0, 12);
}

#[test]
fn replacements_stop_at_the_cap() {
    let mut lane = lane_with_offers(1);
    for round in 1..200 {
        lane.apply(Command::Looked("w/0".to_owned(), missing(7)), &key(), round * BUMP_AFTER_MS);
    }
    let Stage::Offered(offer) = &lane.entries["w/0"].stage else { panic!() };
    assert!(offer.fees.max_fee_wei <= 10 * FEES.max_fee_wei && offer.hashes.len() < 30);
}
