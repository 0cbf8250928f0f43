//! Rules of documents, and a document from acceptance to its end.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use aion_chain::document::Document;
use aion_chain::operation::Signature;
use alloy_primitives::{Address, B256};
use serde_json::{Value, json};

use super::{Record, Rule, Stage, VALID_MS, allows, check_rules, read};
use crate::policy::{Policy, SpendLedger, evaluate_document};

const CONTRACT: Address = Address::repeat_byte(5);
const WALLET: Address = Address::repeat_byte(9);
const DAY_MS: u64 = 86_400_000;

fn rules() -> Vec<Rule> {
    vec![Rule { contract: CONTRACT, types: vec!["Vote".to_owned()] }]
}

fn document(primary_type: &str, contract: Address, chain_id: u64) -> Document {
    Document { chain_id, contract, primary_type: primary_type.to_owned(), digest: B256::repeat_byte(1) }
}

#[test]
fn rules_are_checked() {
    assert_eq!(check_rules(&rules()), Ok(()));
    let rule = |types: &[&str]| Rule { contract: CONTRACT, types: types.iter().map(|t| (*t).to_owned()).collect() };
    for (pointer, faulty) in [
        ("/0/types", vec![rule(&[])]),
        ("/0/types/0", vec![rule(&["Two words"])]),
        ("/0/types/0", vec![rule(&["uint256"])]),
        ("/0/types/1", vec![rule(&["Vote", "Permit"])]),
        ("/0/types/0", vec![rule(&["permitBatchTransferFrom"])]),
        ("/0/types/0", vec![rule(&["_TransferWithAuthorization"])]),
        ("/1/contract", vec![rule(&["Vote"]), rule(&["Poll"])]),
        ("/0/types", vec![rule(&["T"; 17])]),
        ("", (0..17).map(|n| Rule { contract: Address::repeat_byte(n), types: vec!["T".to_owned()] }).collect()),
    ] {
        assert_eq!(check_rules(&faulty).unwrap_err().pointer, pointer, "{faulty:?}");
    }
}

#[test]
fn only_what_is_named_is_allowed() {
    let allowed = |document: &Document| allows(&rules(), document, 137, WALLET).map_err(|denial| denial.rule);
    assert_eq!(allowed(&document("Vote", CONTRACT, 137)), Ok(()));
    for (rule, faulty) in [
        ("chain", document("Vote", CONTRACT, 1)),
        ("unnamed", document("Poll", CONTRACT, 137)),
        ("unnamed", document("vote", CONTRACT, 137)),
        ("unnamed", document("Vote", Address::repeat_byte(6), 137)),
        ("own_account", document("Operation", WALLET, 137)),
        ("never", document("Permit", CONTRACT, 137)),
        ("never", document("ForwardRequest", CONTRACT, 137)),
    ] {
        assert_eq!(allowed(&faulty), Err(rule.to_owned()), "{faulty:?}");
    }
    // Not even if a record was changed to name it.
    let permits = [Rule { contract: CONTRACT, types: vec!["Permit".to_owned()] }];
    assert_eq!(allows(&permits, &document("Permit", CONTRACT, 137), 137, WALLET).unwrap_err().rule, "never");
    let own = [Rule { contract: WALLET, types: vec!["Vote".to_owned()] }];
    assert_eq!(allows(&own, &document("Vote", WALLET, 137), 137, WALLET).unwrap_err().rule, "own_account");
}

#[test]
fn documents_are_counted_once_a_day() {
    let policy = Policy { documents: rules(), documents_per_day: 2, ..Policy::default() };
    let mut ledger = SpendLedger::default();
    let vote = |byte| Document { digest: B256::repeat_byte(byte), ..document("Vote", CONTRACT, 137) };
    let evaluate = |ledger: &SpendLedger, document: &Document, now_ms| {
        evaluate_document(&policy, ledger, document, (137, WALLET), now_ms).map_err(|denial| denial.rule)
    };
    for byte in [1, 1, 2] {
        let day = evaluate(&ledger, &vote(byte), 0).unwrap();
        ledger.count(&vote(byte), day);
    }
    assert_eq!(evaluate(&ledger, &vote(3), 0), Err("documents_per_day".to_owned()));
    assert_eq!(evaluate(&ledger, &vote(2), 0), Ok(0), "the same document again");
    assert_eq!(evaluate(&ledger, &vote(3), DAY_MS), Ok(1));
    ledger.count(&vote(3), 1);
    assert_eq!(evaluate(&ledger, &vote(1), 0), Ok(1), "a clock that goes back opens no day anew");
    ledger.count(&vote(1), 1);
    assert_eq!(evaluate(&ledger, &vote(2), DAY_MS), Err("documents_per_day".to_owned()));
}

#[test]
fn a_text_is_the_one_text_of_its_value() {
    let value = json!({
        "types": { "Vote": [{ "name": "yes", "type": "bool" }] },
        "primaryType": "Vote",
        "domain": { "chainId": 137, "verifyingContract": CONTRACT },
        "message": { "yes": true }
    });
    let text = value.to_string();
    assert_eq!(read(&text).unwrap().primary_type, "Vote");
    let doubled = text.replace(r#""yes":true"#, r#""yes":false,"yes":true"#);
    for faulty in [format!(" {text}"), doubled, text.replace("true", "tru"), "x".repeat(20_000)] {
        assert_eq!(read(&faulty).unwrap_err().rule, "document", "{faulty}");
    }
    let unread = text.replace(r#""yes":true"#, r#""yes":7"#);
    assert_eq!(read(&unread).unwrap_err().reason, "/message/yes: true or false");
}

fn accepted() -> Record {
    Record {
        key: "k".to_owned(),
        text: String::new(),
        digest: Some(B256::ZERO),
        named: None,
        stage: Stage::Accepted,
        created_ms: 0,
        reply: None,
        reported: false,
        due_ms: 0,
    }
}

#[test]
fn a_document_ends_once() {
    let signature = Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: true };
    let mut record = accepted();
    assert!(record.is_open() && record.result("w", WALLET).is_none());
    record.signed(signature, 7);
    record.denied(crate::policy::Denial::new("x", "y"), 8);
    let output = record.result("w", WALLET).unwrap().unwrap();
    assert_eq!(output["signature"].as_str().map(|text| (text.len(), &text[130..])), Some((132, "1c")));
    assert_eq!((output["address"].clone(), record.due_ms), (Value::from(WALLET.to_checksum(None)), 7));
    assert!(record.is_open() && !record.is_late(VALID_MS));
    record.reported = true;
    assert!(!record.is_open());
    assert!(!accepted().is_late(VALID_MS - 1) && accepted().is_late(VALID_MS));
}
