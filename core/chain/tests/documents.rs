//! Our digests of documents against those of alloy's, for documents of all kinds of types.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_chain::document::Document;
use alloy_dyn_abi::TypedData;
use alloy_primitives::hex;
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};

/// A type with a value of it.
#[derive(Debug, Clone)]
struct Typed {
    kind: String,
    value: Value,
}

fn typed(kind: impl Into<String>, value: Value) -> Typed {
    Typed { kind: kind.into(), value }
}

fn atom() -> impl Strategy<Value = Typed> {
    prop_oneof![
        any::<bool>().prop_map(|bit| typed("bool", json!(bit))),
        any::<[u8; 20]>().prop_map(|bytes| typed("address", json!(format!("0x{}", hex::encode(bytes))))),
        (1_usize..=32, any::<u128>()).prop_map(|(size, number)| {
            let bits = 8 * size;
            let number = if bits >= 128 { number } else { number & ((1 << bits) - 1) };
            typed(format!("uint{bits}"), json!(number.to_string()))
        }),
        (1_usize..=32, any::<i64>()).prop_map(|(size, number)| {
            let bits = 8 * size;
            let number = if bits >= 64 { number } else { number >> (64 - bits) };
            typed(format!("int{bits}"), json!(number.to_string()))
        }),
        proptest::collection::vec(any::<u8>(), 0..80)
            .prop_map(|bytes| typed("bytes", json!(format!("0x{}", hex::encode(bytes))))),
        proptest::collection::vec(any::<u8>(), 1..=32)
            .prop_map(|bytes| typed(format!("bytes{}", bytes.len()), json!(format!("0x{}", hex::encode(bytes))))),
        any::<String>().prop_map(|text| typed("string", json!(text))),
    ]
}

/// An atom, or a list of the same atom again, of a fixed length or of any.
fn field() -> impl Strategy<Value = Typed> {
    (atom(), 0_usize..4, any::<bool>(), Just(())).prop_map(|(atom, count, fixed, ())| match count {
        0 => atom,
        count => {
            let suffix = if fixed { format!("[{count}]") } else { "[]".to_owned() };
            typed(format!("{}{suffix}", atom.kind), Value::Array(vec![atom.value; count]))
        }
    })
}

fn members(fields: &[Typed]) -> (Vec<Value>, Map<String, Value>) {
    let named = fields.iter().enumerate().map(|(place, field)| (format!("f{place}"), field));
    let declared = named.clone().map(|(name, field)| json!({ "name": name, "type": field.kind })).collect();
    (declared, named.map(|(name, field)| (name, field.value.clone())).collect())
}

#[test]
fn every_document_has_the_digest_that_alloy_gives_it() {
    let inner = proptest::collection::vec(field(), 0..5);
    let outer = proptest::collection::vec(field(), 0..6);
    let strategy = (inner, outer, any::<u32>(), any::<Option<String>>(), any::<Option<[u8; 32]>>());
    let mut runner = TestRunner::new(Config { cases: 600, ..Config::default() });
    let checked = runner.run(&strategy, |(inner, outer, chain_id, name, salt)| {
        let (inner_type, inner_value) = members(&inner);
        let (mut outer_type, mut outer_value) = members(&outer);
        outer_type.push(json!({ "name": "one", "type": "Inner" }));
        outer_type.push(json!({ "name": "many", "type": "Inner[]" }));
        outer_value.insert("one".to_owned(), Value::Object(inner_value.clone()));
        outer_value.insert("many".to_owned(), json!([inner_value, inner_value]));
        let mut domain = json!({ "chainId": chain_id, "verifyingContract": format!("0x{}", "11".repeat(20)) });
        if let Some(name) = name {
            domain["name"] = json!(name);
        }
        if let Some(salt) = salt {
            domain["salt"] = json!(format!("0x{}", hex::encode(salt)));
        }
        let document = json!({
            "types": { "Outer": outer_type, "Inner": inner_type },
            "primaryType": "Outer", "domain": domain, "message": outer_value
        });
        let ours = Document::read(&document).unwrap_or_else(|fault| panic!("{fault}: {document}"));
        let theirs: TypedData = serde_json::from_value(document).unwrap();
        assert_eq!(ours.digest, theirs.eip712_signing_hash().unwrap());
        Ok(())
    });
    checked.unwrap();
}
