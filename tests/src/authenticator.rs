//! An authenticator with one passkey, and the browser around it.

use aion_client::api::v1::passkeys::{AddPasskey, Credential};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use js_sys::futures::JsFuture;
use js_sys::{Array, Function, Promise, Uint8Array};
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use wasm_bindgen::JsValue;

/// What it says: somebody was there and was verified, and when it makes a passkey, that one follows.
const SIGNED: u8 = 0x05;
/// Only that somebody was there.
const TOUCHED: u8 = 0x01;
const MADE: u8 = 0x45;

/// Makes a key of RSA as modules of Windows do.
const MAKE_RSA: &str = "const kind = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-256', \
    publicExponent: new Uint8Array([1, 0, 1]) }; return crypto.subtle.generateKey(kind, true, ['sign']).then( \
    async (pair) => [pair.privateKey, (await crypto.subtle.exportKey('jwk', pair.publicKey)).n])";
/// Signs by it.
const SIGN_RSA: &str =
    "return crypto.subtle.sign('RSASSA-PKCS1-v1_5', key, data).then((bytes) => new Uint8Array(bytes))";

enum Key {
    P256(SigningKey),
    /// The private key of the platform's Web Cryptography, and the modulus.
    Rsa(JsValue, Vec<u8>),
}

/// It answers as Web Authentication Level 3 has it, for one page.
pub struct Authenticator {
    /// The id of its passkey, base64url.
    pub id: String,
    key: Key,
    origin: String,
    /// How often it has signed.
    pub count: u32,
    /// Whether it verifies the person.
    pub verifies: bool,
}

impl Authenticator {
    /// The one whose key is made of this number, in the browser of whoever looks at a host.
    #[must_use]
    pub fn new(number: u8, host: &str) -> Self {
        let key = Key::P256(SigningKey::from_slice(&[number; 32]).expect("a number above zero"));
        Self {
            id: encode(format!("passkey {number} {host}").as_bytes()),
            key,
            origin: format!("http://{host}"),
            count: 0,
            verifies: true,
        }
    }

    /// The DID as which its passkey approves.
    #[must_use]
    pub fn did(&self) -> String {
        let Key::P256(key) = &self.key else {
            panic!("a key of RSA approves nothing");
        };
        // Multicodec p256-pub, then base58btc.
        let point = key.verifying_key().to_sec1_point(true);
        format!("did:key:z{}", bs58::encode([&[0x80, 0x24], point.as_bytes()].concat()).into_string())
    }

    /// What its passkey signs of claims.
    #[must_use]
    pub fn approval(&self, claims: &Value) -> String {
        let did = self.did();
        let kid = format!("{did}#{}", did.trim_start_matches("did:key:"));
        let header = json!({ "alg": "webauthn", "kid": kid });
        format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()))
    }

    /// Approves claims, or refuses by them.
    pub async fn approve(&mut self, claims: &Value) -> String {
        let input = self.approval(claims);
        let signed = self.sign(&encode(&Sha256::digest(&input))).await;
        proof(&input, &signed)
    }

    /// One whose key is of RSA.
    pub async fn with_rsa(host: &str) -> Self {
        let made = Function::new_no_args(MAKE_RSA).call0(&JsValue::UNDEFINED).expect("a promise");
        let made = Array::from(&JsFuture::from(Promise::from(made)).await.expect("a key"));
        let modulus = BASE64_URL_SAFE_NO_PAD.decode(made.get(1).as_string().expect("a modulus")).expect("base64url");
        Self { key: Key::Rsa(made.get(0), modulus), ..Self::new(1, host) }
    }

    /// Makes its passkey for a challenge.
    #[must_use]
    pub fn make(&self, name: &str, challenge: &str) -> AddPasskey {
        let cose = match &self.key {
            Key::P256(key) => {
                let point = key.verifying_key().to_sec1_point(false);
                let (x, y) = point.as_bytes()[1..].split_at(32);
                [&[0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 0x20], x, &[0x22, 0x58, 0x20], y].concat()
            }
            Key::Rsa(_, modulus) => {
                let head = [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0];
                [&head[..], modulus, &[0x21, 0x43, 1, 0, 1]].concat()
            }
        };
        let id = BASE64_URL_SAFE_NO_PAD.decode(&self.id).expect("base64url");
        let length = u16::try_from(id.len()).expect("a short id").to_be_bytes();
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
    pub async fn sign(&mut self, challenge: &str) -> Credential {
        self.count += 1;
        let (client_data, data) =
            (self.client_data("webauthn.get", challenge), self.data(if self.verifies { SIGNED } else { TOUCHED }, &[]));
        let signature = self.signature(&[&data[..], &Sha256::digest(&client_data)].concat()).await;
        let response = json!({
            "clientDataJSON": encode(&client_data), "authenticatorData": encode(&data),
            "signature": encode(&signature), "userHandle": "YQ"
        });
        read(json!({ "id": self.id, "rawId": self.id, "type": "public-key", "response": response }))
    }

    async fn signature(&self, message: &[u8]) -> Vec<u8> {
        match &self.key {
            Key::P256(key) => {
                let signature: Signature = key.sign(message);
                signature.to_der().as_bytes().to_vec()
            }
            Key::Rsa(key, _) => {
                let sign = Function::new_with_args("key, data", SIGN_RSA);
                let signed = sign.call2(&JsValue::UNDEFINED, key, &Uint8Array::from(message)).expect("a promise");
                Uint8Array::new(&JsFuture::from(Promise::from(signed)).await.expect("a signature")).to_vec()
            }
        }
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

/// What was signed with what a passkey has said of it.
#[must_use]
pub fn proof(approval: &str, signed: &Credential) -> String {
    let response = serde_json::to_string(&signed.response).expect("JSON");
    format!("{approval}.{}", encode(response.as_bytes()))
}

fn encode(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

fn read<T: serde::de::DeserializeOwned>(value: Value) -> T {
    serde_json::from_value(value).expect("what browsers say")
}
