//! Somebody who decides: a did:key and its signatures.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};

/// Somebody who decides.
pub struct Approver {
    /// The DID.
    pub did: String,
    key: SigningKey,
}

impl Approver {
    /// The person whose key is made of this number.
    #[must_use]
    pub fn new(number: u8) -> Self {
        let key = SigningKey::from_bytes(&[number; 32]);
        // Multicodec ed25519-pub, then base58btc.
        let text = bs58::encode([&[0xed, 0x01], &key.verifying_key().to_bytes()[..]].concat()).into_string();
        Self { did: format!("did:key:z{text}"), key }
    }

    /// A bare signature over a text, base64url.
    #[must_use]
    pub fn sign_text(&self, text: &str) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(self.key.sign(text.as_bytes()).to_bytes())
    }

    /// A compact JWS over claims.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_payload(&claims.to_string())
    }

    /// A compact JWS over a text.
    #[must_use]
    pub fn sign_payload(&self, payload: &str) -> String {
        let fragment = self.did.trim_start_matches("did:key:");
        let header = json!({ "alg": "EdDSA", "kid": format!("{}#{fragment}", self.did) });
        let encode = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        let input = format!("{}.{}", encode(&header.to_string()), encode(payload));
        let signature = self.sign_text(&input);
        format!("{input}.{signature}")
    }
}
