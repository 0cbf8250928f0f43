//! Who has signed, by which key, and what is no signature.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

use super::Jws;
use crate::method::key;
use crate::{Did, PublicKey};

mod passkey;

fn signed(header: &Value, payload: &Value, sign: impl Fn(&[u8]) -> Vec<u8>) -> String {
    let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
    let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(payload.to_string().as_bytes()));
    let signature = sign(input.as_bytes());
    format!("{input}.{}", encode(&signature))
}

fn ed25519() -> (SigningKey, String, Value) {
    let signer = SigningKey::from_bytes(&[7; 32]);
    let public = PublicKey::Ed25519(signer.verifying_key().to_bytes());
    let document = key::document(&Did::parse(&key::did(&public)).unwrap()).unwrap();
    (signer, key::verification_method(&public), document)
}

#[test]
fn what_an_ed25519_key_signed_verifies_and_nothing_else() {
    let (signer, kid, document) = ed25519();
    let sign = |input: &[u8]| signer.sign(input).to_bytes().to_vec();
    let text = signed(&json!({ "alg": "EdDSA", "kid": kid }), &json!({ "a": 1 }), sign);
    let jws = Jws::parse(&text).unwrap();
    assert_eq!(jws.verify(&document, None).unwrap(), br#"{"a":1}"#);
    let other = signed(&json!({ "alg": "EdDSA", "kid": kid }), &json!({ "a": 2 }), sign);
    let mixed = format!("{}.{}", &other[..other.rfind('.').unwrap()], text.rsplit('.').next().unwrap());
    assert!(Jws::parse(&mixed).unwrap().verify(&document, None).is_err());
    for header in [
        json!({ "alg": "none", "kid": kid }),
        json!({ "alg": "ES256K", "kid": kid }),
        json!({ "alg": "EdDSA", "kid": format!("{kid}x") }),
    ] {
        assert!(Jws::parse(&signed(&header, &json!({}), sign)).unwrap().verify(&document, None).is_err(), "{header}");
    }
    for header in [
        json!({ "alg": "EdDSA", "kid": kid, "crit": ["exp"] }),
        json!({ "alg": "EdDSA", "kid": "did:key:x" }),
        json!({ "kid": kid }),
    ] {
        assert!(Jws::parse(&signed(&header, &json!({}), sign)).is_err(), "{header}");
    }
    for text in ["", "a.b", "a.b.c.d", "!.!.!"] {
        assert!(Jws::parse(text).is_err(), "{text}");
    }
}

#[test]
fn a_key_that_may_not_authenticate_does_not_decide() {
    let (signer, kid, mut document) = ed25519();
    let text =
        signed(&json!({ "alg": "EdDSA", "kid": kid }), &json!({}), |input| signer.sign(input).to_bytes().to_vec());
    let method = document["verificationMethod"][0].clone();
    document["authentication"] = json!([method]);
    assert!(Jws::parse(&text).unwrap().verify(&document, None).is_ok(), "embedded in the relationship");
    document["authentication"] = json!([]);
    assert!(Jws::parse(&text).unwrap().verify(&document, None).is_err());
}

#[test]
fn secp256k1_keys_sign_too() {
    let signer = k256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
    let point = signer.verifying_key().to_sec1_point(true);
    let public = PublicKey::secp256k1(point.as_bytes().try_into().unwrap()).unwrap();
    let document = key::document(&Did::parse(&key::did(&public)).unwrap()).unwrap();
    let header = json!({ "alg": "ES256K", "kid": key::verification_method(&public) });
    let text = signed(&header, &json!({ "a": 1 }), |input| {
        let signature: k256::ecdsa::Signature = signer.sign(input);
        signature.to_bytes().to_vec()
    });
    assert!(Jws::parse(&text).unwrap().verify(&document, None).is_ok());
}
