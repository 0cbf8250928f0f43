//! Contracts, people who approve, and what they approve, for tests.

use aion_chain::action::Deployment;
use aion_identity::PublicKey;
use aion_identity::method::key;
use alloy_primitives::{Address, U256, hex};
use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer, SigningKey};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::approval::{self, Rule};
use crate::policy::DAY_MS;

pub const NOW_MS: u64 = 20_000 * DAY_MS + 1_000_000;

pub fn deployment() -> Deployment {
    Deployment {
        chain_id: 137,
        factory: Address::repeat_byte(1),
        erc20_implementation: Address::repeat_byte(2),
        erc721_implementation: Address::repeat_byte(3),
        account_implementation: Address::repeat_byte(4),
    }
}

/// Somebody with an Ed25519 key.
pub struct Person {
    pub did: String,
    key: SigningKey,
}

impl Person {
    pub fn new(number: u8) -> Self {
        let key = SigningKey::from_bytes(&[number; 32]);
        Self { did: key::did(&PublicKey::Ed25519(key.verifying_key().to_bytes())), key }
    }

    pub fn claims(id: &str, document: &str) -> Value {
        let digest = hex::encode(Sha256::digest(document));
        json!({ "task": id, "step": "plan", "approve": true, "digest": digest, "exp": (NOW_MS + 7 * DAY_MS) / 1_000 })
    }

    /// Signs claims under a name.
    pub fn sign_as(&self, did: &str, claims: &Value) -> String {
        let header = json!({ "alg": "EdDSA", "kid": format!("{did}#{}", did.trim_start_matches("did:key:")) });
        let encode = |bytes: &[u8]| BASE64_URL_SAFE_NO_PAD.encode(bytes);
        let input = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let signature = encode(&self.key.sign(input.as_bytes()).to_bytes());
        format!("{input}.{signature}")
    }

    pub fn approves(&self, id: &str, document: &str) -> String {
        self.sign_as(&self.did, &Self::claims(id, document))
    }
}

pub fn rule(people: &[Person], count: u64, free: u64) -> Rule {
    let by = people.iter().map(|person| person.did.clone()).collect();
    Rule { by, count, free_units_per_token_and_day: U256::from(free), relying_party: None }
}

/// A document with these steps, which is good for a week.
pub fn document(steps: &Value) -> Value {
    let effects = json!({ "steps": steps, "schedule": null, "nativeMaxWei": "5" });
    approval::document("pln_1", &json!({ "version": "aion.plan/1" }), &json!([]), &effects, "ab", NOW_MS + 7 * DAY_MS)
}

/// The effects of a creation by `wal_1`, as a plan shows them.
pub fn launch(name: &str, cap: Option<&str>, at: Address) -> Value {
    json!({
        "step": "create", "do": "token.create", "by": { "known": "wal_1" }, "standard": "erc20",
        "creates": { "creates": "token", "standard": "erc20", "name": { "known": name }, "symbol": { "known": "LUN" },
            "cap": cap, "at": at },
        "moves": [], "allowances": []
    })
}
