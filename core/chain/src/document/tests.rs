//! Documents: the standard's own example, and everything that is not read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use alloy_primitives::{Address, B256, Bytes, U256, b256};
use serde_json::{Value, json};

use super::{Document, is_type_name};
use crate::operation::Operation;

const CONTRACT: &str = "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC";

/// The example of EIP-712.
fn mail() -> Value {
    json!({
        "types": {
            "EIP712Domain": [
                { "name": "name", "type": "string" },
                { "name": "version", "type": "string" },
                { "name": "chainId", "type": "uint256" },
                { "name": "verifyingContract", "type": "address" }
            ],
            "Person": [{ "name": "name", "type": "string" }, { "name": "wallet", "type": "address" }],
            "Mail": [
                { "name": "from", "type": "Person" },
                { "name": "to", "type": "Person" },
                { "name": "contents", "type": "string" }
            ]
        },
        "primaryType": "Mail",
        "domain": { "name": "Ether Mail", "version": "1", "chainId": 1, "verifyingContract": CONTRACT },
        "message": {
            "from": { "name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826" },
            "to": { "name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB" },
            "contents": "Hello, Bob!"
        }
    })
}

/// A document of one field.
fn field(kind: &str, value: &Value) -> Value {
    json!({
        "types": { "Note": [{ "name": "value", "type": kind }] },
        "primaryType": "Note",
        "domain": { "chainId": "137", "verifyingContract": CONTRACT },
        "message": { "value": value }
    })
}

fn changed(pointer: &str, value: Value) -> Value {
    let mut document = mail();
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let place = document.pointer_mut(parent).unwrap();
    if value.is_null() {
        place.as_object_mut().unwrap().remove(name);
    } else {
        place[name] = value;
    }
    document
}

#[test]
fn the_example_of_the_standard() {
    let read = Document::read(&mail()).unwrap();
    assert_eq!(read.digest, b256!("be609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"));
    assert_eq!((read.chain_id, read.primary_type.as_str()), (1, "Mail"));
    assert_eq!(read.contract, CONTRACT.parse::<Address>().unwrap());
    let undeclared = changed("/types/EIP712Domain", Value::Null);
    assert_eq!(Document::read(&undeclared).unwrap().digest, read.digest, "the domain's type follows from its fields");
}

#[test]
fn an_operation_is_a_document_like_any() {
    let wallet = Address::repeat_byte(7);
    let data = Bytes::from_static(&[1, 2, 3]);
    let operation = Operation { op: 5, to: Address::repeat_byte(8), value: U256::MAX, data, deadline_s: 9 };
    let fields =
        [("op", "uint256"), ("to", "address"), ("value", "uint256"), ("data", "bytes"), ("deadline", "uint256")];
    let document = json!({
        "types": { "Operation": fields.map(|(name, kind)| json!({ "name": name, "type": kind })) },
        "primaryType": "Operation",
        "domain": { "name": "AionAccount", "version": "1", "chainId": 137, "verifyingContract": wallet },
        "message": {
            "op": 5, "to": operation.to, "value": operation.value.to_string(), "data": "0x010203", "deadline": "9"
        }
    });
    assert_eq!(Document::read(&document).unwrap().digest, operation.digest(137, wallet));
}

#[test]
fn what_is_not_exactly_its_type_is_refused() {
    for (pointer, value) in [
        ("/message/contents", Value::Null),
        ("/message/other", json!(1)),
        ("/message/from/other", json!(1)),
        ("/message/from", json!([])),
        ("/message/contents", json!(7)),
        ("/message/from/wallet", json!("0xcd2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")),
        ("/message/from/wallet", json!("0x12")),
        ("/domain/chainId", Value::Null),
        ("/domain/verifyingContract", Value::Null),
        ("/domain/chainId", json!(-1)),
        ("/domain/chainId", json!("18446744073709551616")),
        ("/domain/salt", json!(format!("0x{}", "00".repeat(32)))),
        ("/domain/extra", json!(1)),
        ("/domain/name", Value::Null),
        ("/primaryType", json!("Letter")),
        ("/primaryType", json!("EIP712Domain")),
        ("/primaryType", Value::Null),
        ("/extra", json!(1)),
        ("/types/Mail/0/type", json!("People")),
        ("/types/Mail/0/type", json!("uint")),
        ("/types/Mail/0/type", json!("Person[")),
        ("/types/Mail/0/name", json!("a b")),
        ("/types/Mail/0/name", json!("to")),
        ("/types/Mail", json!({})),
        ("/types/Two words", json!([])),
        ("/types", Value::Null),
        ("/types", json!((0..33).map(|n| (format!("T{n}"), json!([]))).collect::<serde_json::Map<_, _>>())),
    ] {
        let faulty = changed(pointer, value.clone());
        assert!(Document::read(&faulty).is_err(), "{pointer} {value}");
    }
    let mut swapped = mail();
    swapped["types"]["EIP712Domain"].as_array_mut().unwrap().swap(0, 1);
    assert_eq!(Document::read(&swapped).unwrap_err().pointer, "/types/EIP712Domain");
    assert!(Document::read(&json!([])).is_err());
}

#[test]
fn values_have_one_form() {
    let minimum = format!("-{}", U256::ONE << 255);
    let good = [
        ("uint8", json!("255")),
        ("uint8", json!(0)),
        ("uint256", json!(U256::MAX.to_string())),
        ("int8", json!(-128)),
        ("int256", json!(minimum)),
        ("int256", json!("-1")),
        ("bool", json!(true)),
        ("bytes", json!("0x")),
        ("bytes4", json!("0x01020304")),
        ("string", json!("")),
        ("uint8[2][]", json!([[1, 2], [3, 4]])),
        ("address[1]", json!([CONTRACT])),
    ];
    for (kind, value) in good {
        assert!(Document::read(&field(kind, &value)).is_ok(), "{kind} {value}");
    }
    let bad = [
        ("uint8", json!("256")),
        ("uint8", json!("0x01")),
        ("uint8", json!("01")),
        ("uint8", json!(1.0)),
        ("uint256", json!(9_007_199_254_740_992_u64)),
        ("int8", json!(128)),
        ("int8", json!("-129")),
        ("int8", json!("-0")),
        ("bool", json!("true")),
        ("bool", json!(1)),
        ("bytes", json!("0x0")),
        ("bytes", json!("0x0x12")),
        ("bytes", json!("12")),
        ("bytes4", json!("0x010203")),
        ("bytes33", json!("0x")),
        ("uint7", json!(1)),
        ("uint264", json!(1)),
        ("uint8[02]", json!([1, 2])),
        ("uint8[2]", json!([1])),
        ("uint8[][][][][]", json!([])),
        ("uint8[]", json!(null)),
    ];
    for (kind, value) in bad {
        assert!(Document::read(&field(kind, &value)).is_err(), "{kind} {value}");
    }
}

#[test]
fn types_that_unfold_are_bounded() {
    let mut types = serde_json::Map::new();
    for level in 0..31 {
        let next = format!("L{}", level + 1);
        types.insert(format!("L{level}"), json!([{ "name": "a", "type": next }, { "name": "b", "type": next }]));
    }
    types.insert("L31".to_owned(), json!([]));
    let mut document = field("bool", &json!(true));
    document["types"] = Value::Object(types);
    document["primaryType"] = json!("L0");
    document["message"] = json!({});
    assert_eq!(Document::read(&document).unwrap_err().reason, "lacks a");

    let node = json!({ "types": { "Node": [{ "name": "next", "type": "Node[]" }] } });
    let mut message = json!({ "next": [] });
    for _ in 0..4 {
        message = json!({ "next": [message] });
    }
    let mut document = field("bool", &json!(true));
    (document["types"], document["primaryType"]) = (node["types"].clone(), json!("Node"));
    document["message"] = message.clone();
    assert_ne!(Document::read(&document).unwrap().digest, B256::ZERO);
    for _ in 0..8 {
        message = json!({ "next": [message] });
    }
    document["message"] = message;
    assert!(Document::read(&document).unwrap_err().reason.contains("nested"));
}

#[test]
fn names_of_types_are_identifiers() {
    assert!(["Vote", "_a$1"].into_iter().all(is_type_name));
    for name in ["", "1a", "a b", "uint256", "bool", "EIP712Domain", "Vote[]", "uint"] {
        assert!(!is_type_name(name), "{name}");
    }
}
