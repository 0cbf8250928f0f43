//! Cards of agents (A2A 1.0 section 8.4): the only texts that an identity of ours signs for somebody who asks.
//!
//! A JWS of a DID is also how people approve (docs/KERNEL.md), so that a text counts as a card alone if it cannot be
//! anything else.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::Signer;
use serde_json::{Value, json};

use crate::Error;
use crate::record::Seed;

/// The algorithm in the protected header (RFC 8037).
pub const ALGORITHM: &str = "EdDSA";
/// What every card has (A2A section 4.4.1).
const HAS: [&str; 3] = ["name", "supportedInterfaces", "skills"];
/// What an approval has, and no card.
const LACKS: [&str; 4] = ["task", "step", "approve", "digest"];

/// The key that signs: the DID URL of `#auth`.
#[must_use]
pub fn key_id(did: &str) -> String {
    format!("{did}#auth")
}

/// Signs the canonical form of a card (RFC 8785) with the key `#auth` of a DID: the signature of a JWS without its
/// payload (RFC 7515 appendix F) under the header `{"alg","kid","typ":"JOSE"}`.
pub fn sign(did: &str, auth: &Seed, payload: &str) -> Result<[u8; 64], Error> {
    let card: Value = serde_json::from_str(payload).map_err(|_| Error::NoCard)?;
    if HAS.iter().any(|name| card.get(*name).is_none()) || LACKS.iter().any(|name| card.get(*name).is_some()) {
        return Err(Error::NoCard);
    }
    let header = json!({ "alg": ALGORITHM, "kid": key_id(did), "typ": "JOSE" });
    let (header, payload) = (URL_SAFE_NO_PAD.encode(header.to_string()), URL_SAFE_NO_PAD.encode(payload));
    Ok(auth.signer().sign(format!("{header}.{payload}").as_bytes()).to_bytes())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::sign;
    use crate::record::Seed;

    const CARD: &str = r#"{"name":"a","skills":[],"supportedInterfaces":[]}"#;

    #[test]
    fn a_card_is_signed_as_a_jws_without_its_payload() {
        let auth = Seed::new([7; 32]);
        let signature = sign("did:example:a", &auth, CARD).unwrap();
        let header = r#"{"alg":"EdDSA","kid":"did:example:a#auth","typ":"JOSE"}"#;
        let input = format!("{}.{}", URL_SAFE_NO_PAD.encode(header), URL_SAFE_NO_PAD.encode(CARD));
        assert!(auth.public_key().has_signed(input.as_bytes(), &signature));
    }

    #[test]
    fn nothing_else_is_signed() {
        let auth = Seed::new([7; 32]);
        let approval = r#"{"task":"tsk_1","step":"go","approve":true,"digest":"00"}"#;
        let both = r#"{"name":"a","skills":[],"supportedInterfaces":[],"task":"tsk_1","step":"go"}"#;
        for text in [approval, both, "{}", "[]", "no JSON", r#"{"name":"a"}"#] {
            assert!(sign("did:example:a", &auth, text).is_err(), "{text}");
        }
    }
}
