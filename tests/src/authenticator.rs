//! An authenticator with one passkey, and the browser around it.

use aion_client::api::v1::passkeys::{AddPasskey, Credential};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// What it says: somebody was there and was verified, and when it makes a passkey, that one follows.
const SIGNED: u8 = 0x05;
const MADE: u8 = 0x45;

/// It answers as Web Authentication Level 3 has it, for one page.
pub struct Authenticator {
    /// The id of its passkey, base64url.
    pub id: String,
    key: SigningKey,
    origin: String,
    /// How often it has signed.
    pub count: u32,
}

impl Authenticator {
    /// The one whose key is made of this number, in the browser of whoever looks at a host.
    #[must_use]
    pub fn new(number: u8, host: &str) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).expect("a number above zero");
        Self {
            id: encode(format!("passkey {number} {host}").as_bytes()),
            key,
            origin: format!("http://{host}"),
            count: 0,
        }
    }

    /// Makes its passkey for a challenge.
    #[must_use]
    pub fn make(&self, name: &str, challenge: &str) -> AddPasskey {
        let point = self.key.verifying_key().to_sec1_point(false);
        let (x, y) = point.as_bytes()[1..].split_at(32);
        let id = BASE64_URL_SAFE_NO_PAD.decode(&self.id).expect("base64url");
        let length = u16::try_from(id.len()).expect("a short id").to_be_bytes();
        let cose = [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat();
        let data = self.data(MADE, &[&[0; 16], &length[..], &id, &cose].concat());
        let client_data = self.client_data("webauthn.create", challenge);
        let response = json!({
            "clientDataJSON": encode(&client_data), "authenticatorData": encode(&data),
            "transports": ["internal"], "publicKeyAlgorithm": -7
        });
        let credential = json!({
            "id": self.id, "rawId": self.id, "type": "public-key", "clientExtensionResults": {}, "response": response
        });
        read(json!({ "name": name, "credential": credential }))
    }

    /// Signs by its passkey for a challenge.
    #[must_use]
    pub fn sign(&mut self, challenge: &str) -> Credential {
        self.count += 1;
        let (client_data, data) = (self.client_data("webauthn.get", challenge), self.data(SIGNED, &[]));
        let signature: Signature = self.key.sign(&[&data[..], &Sha256::digest(&client_data)].concat());
        let response = json!({
            "clientDataJSON": encode(&client_data), "authenticatorData": encode(&data),
            "signature": encode(signature.to_der().as_bytes()), "userHandle": "YQ"
        });
        read(json!({ "id": self.id, "rawId": self.id, "type": "public-key", "response": response }))
    }

    fn client_data(&self, kind: &str, challenge: &str) -> Vec<u8> {
        json!({ "type": kind, "challenge": challenge, "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    fn data(&self, flags: u8, rest: &[u8]) -> Vec<u8> {
        let party = self.origin.trim_start_matches("http://").split(':').next().unwrap_or_default();
        [&Sha256::digest(party)[..], &[flags], &self.count.to_be_bytes(), rest].concat()
    }
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("what browsers say")
}
