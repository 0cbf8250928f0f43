//! Documents in G: those that were named with the key, and no other, whatever K says.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::document::Document;
use aion_chain::operation::Operation;
use alloy_primitives::{Address, Bytes, U256, hex};
use serde_json::{Value, json};

use super::{FromGuardian, Intent, ToGuardian, World, create, dkg};
use crate::document::Rule;
use aion_mpc::envelope::LinkIdentity;
use aion_mpc::share::KeyShare;

const CONTRACT: Address = Address::repeat_byte(0x77);

/// What the key of these tests may sign.
pub(super) fn named() -> Vec<Rule> {
    vec![Rule { contract: CONTRACT, types: vec!["Vote".to_owned()] }]
}

fn vote(proposal: u64) -> Value {
    json!({
        "types": { "Vote": [{ "name": "proposal", "type": "uint256" }, { "name": "yes", "type": "bool" }],
            "Permit": [{ "name": "spender", "type": "address" }, { "name": "value", "type": "uint256" }] },
        "primaryType": "Vote",
        "domain": { "name": "Council", "version": "1", "chainId": 137, "verifyingContract": CONTRACT },
        "message": { "proposal": proposal.to_string(), "yes": true }
    })
}

impl World {
    fn sign_document(&mut self, share: &KeyShare, document: &Value) -> Result<(), String> {
        let digest = Document::read(document).map_or_else(|_| [9; 32].into(), |document| document.digest);
        match self.sign(share, Intent::Document(document.to_string()), digest) {
            // K has checked the signature against the key.
            Ok(_) => Ok(()),
            Err(FromGuardian::Denied(denial)) => Err(denial.rule),
            Err(FromGuardian::Refused(reason)) => Err(reason),
            Err(_) => Err("out of order".to_owned()),
        }
    }
}

#[test]
fn only_documents_that_were_named_with_the_key_are_signed() {
    let mut world = World::new();
    let share = world.generate();
    let wallet = Address::from(share.address());
    assert_eq!(world.record.policy.documents, named());
    assert_eq!(world.sign_document(&share, &vote(1)), Ok(()));
    let counted = world.record.ledger.clone();
    assert_eq!(world.sign_document(&share, &vote(1)), Ok(()));
    assert_eq!(world.record.ledger, counted, "the same document is not counted twice");
    let changed = |pointer: &str, value: Value| {
        let mut document = vote(2);
        *document.pointer_mut(pointer).unwrap() = value;
        document
    };
    let mut permit = changed("/primaryType", json!("Permit"));
    permit["message"] = json!({ "spender": wallet, "value": "1" });
    for (rule, document) in [
        ("chain", changed("/domain/chainId", json!(1))),
        ("unnamed", changed("/domain/verifyingContract", json!(Address::repeat_byte(8)))),
        ("own_account", changed("/domain/verifyingContract", json!(wallet))),
        ("never", permit),
        ("document", changed("/message/yes", json!("yes"))),
        ("document", changed("/message", json!({}))),
    ] {
        assert_eq!(world.sign_document(&share, &document), Err(rule.to_owned()), "{document}");
    }
    assert_eq!(world.record.ledger, counted);
    world.record.policy.documents_per_day = 1;
    assert_eq!(world.sign_document(&share, &vote(3)), Err("documents_per_day".to_owned()));
}

#[test]
fn an_operation_in_the_clothes_of_a_document_is_denied() {
    let mut world = World::new();
    let share = world.generate();
    let wallet = Address::from(share.address());
    let operation =
        Operation { op: 0, to: wallet, value: U256::ZERO, data: Bytes::from(hex!("00")), deadline_s: u64::MAX >> 12 };
    let fields =
        [("op", "uint256"), ("to", "address"), ("value", "uint256"), ("data", "bytes"), ("deadline", "uint256")];
    let document = json!({
        "types": { "Operation": fields.map(|(name, kind)| json!({ "name": name, "type": kind })) },
        "primaryType": "Operation",
        "domain": { "name": "AionAccount", "version": "1", "chainId": 137, "verifyingContract": wallet },
        "message": {
            "op": "0", "to": wallet, "value": "0", "data": "0x00", "deadline": operation.deadline_s.to_string()
        }
    });
    assert_eq!(Document::read(&document).unwrap().digest, operation.digest(137, wallet));
    assert_eq!(world.sign_document(&share, &document), Err("own_account".to_owned()));
    // A K that shows a document and has an operation's digest signed gets nothing.
    let launch = world.operation(0, &create(0)).digest(137, wallet);
    assert!(world.sign(&share, Intent::Document(vote(1).to_string()), launch).is_err());
}

#[test]
fn a_key_that_would_sign_permits_is_not_made() {
    let mut world = World::new();
    let k = LinkIdentity::from_secret(&[1; 32]);
    let mut session = world.session(&k);
    let (_, message) = dkg::Initiator::begin(session.id()).unwrap();
    let documents = vec![Rule { contract: CONTRACT, types: vec!["Permit".to_owned()] }];
    let begin = ToGuardian::KeyBegin { tenant: "t".to_owned(), documents, approval: None, message };
    assert!(matches!(world.say(&mut session, &begin), FromGuardian::Refused(_)));
    assert_eq!(world.record.policy.documents, []);
}
