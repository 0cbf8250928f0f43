//! Somebody with a passkey.

use aion_identity::PublicKey;
use aion_identity::method::key;
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::approval::Rule;
use crate::fixture::{Person, rule};

/// Somebody with a passkey, in the browser of somebody who looks at a page.
pub struct Passkey {
    pub did: String,
    pub party: &'static str,
    pub origin: &'static str,
    pub flags: u8,
    pub key: p256::ecdsa::SigningKey,
}

/// The host whose passkeys approve.
pub const HOST: &str = "aion.example";

impl Passkey {
    pub fn new(number: u8) -> Self {
        let key = p256::ecdsa::SigningKey::from_slice(&[number; 32]).unwrap();
        let point = key.verifying_key().to_sec1_point(true);
        let did = key::did(&PublicKey::p256(point.as_bytes().try_into().unwrap()).unwrap());
        Self { did, party: HOST, origin: "https://aion.example", flags: 0x05, key }
    }

    /// What is signed, without a signature.
    pub fn input(&self, claims: &Value) -> String {
        let header = json!({ "alg": "webauthn", "kid": format!("{0}#{1}", self.did, &self.did["did:key:".len()..]) });
        let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
        format!("{}.{}", encode(&header), encode(claims))
    }

    /// The assertion for a text, as the third part of a proof.
    pub fn asserts(&self, text: &str) -> String {
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let challenge = encode(&Sha256::digest(text));
        let client = json!({ "type": "webauthn.get", "challenge": challenge, "origin": self.origin }).to_string();
        let data = [&Sha256::digest(self.party)[..], &[self.flags], &[0; 4]].concat();
        let signature: p256::ecdsa::Signature = self.key.sign(&[&data[..], &Sha256::digest(&client)].concat());
        let assertion = json!({
            "clientDataJSON": encode(client.as_bytes()), "authenticatorData": encode(&data),
            "signature": encode(signature.to_der().as_bytes())
        });
        encode(assertion.to_string().as_bytes())
    }

    pub fn signs(&self, claims: &Value) -> String {
        let input = self.input(claims);
        format!("{input}.{}", self.asserts(&input))
    }

    pub fn approves(&self, id: &str, document: &str) -> String {
        self.signs(&Person::claims(id, document))
    }
}

/// The rule that wants somebody's key and somebody's passkey.
pub fn mixed(person: &Person, passkey: &Passkey) -> Rule {
    let by = vec![person.did.clone(), passkey.did.clone()];
    Rule { by, relying_party: Some(HOST.to_owned()), ..rule(&[], 2, 0) }
}
