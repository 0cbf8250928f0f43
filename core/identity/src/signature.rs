//! Bare signatures by keys of DID documents, for protocols that say by themselves what was signed.

use serde_json::Value;

use crate::PublicKey;

/// The relationships whose keys sign in their subject's name (DID Core sections 5.3.1 and 5.3.2).
const RELATIONSHIPS: [&str; 2] = ["authentication", "assertionMethod"];

/// Whether one of the keys by which a subject authenticates or asserts has made a signature of 64 bytes over a payload:
/// Ed25519, or ECDSA over secp256k1 and SHA-256.
#[must_use]
pub fn is_signed(document: &Value, payload: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = <&[u8; 64]>::try_from(signature) else {
        return false;
    };
    let related = RELATIONSHIPS.iter().filter_map(|name| document[*name].as_array()).flatten();
    related.filter_map(|entry| key(document, entry)).any(|key| key.has_signed(payload, signature))
}

/// The key of a relationship: embedded in it, or referred to from there (DID Core section 5.3). Keys of other
/// controllers do not sign for this subject.
fn key(document: &Value, entry: &Value) -> Option<PublicKey> {
    let subject = document["id"].as_str()?;
    let absolute = |id: &str| if id.starts_with('#') { format!("{subject}{id}") } else { id.to_owned() };
    let method = match entry.as_str() {
        None => entry,
        Some(wanted) => {
            let is_it = |method: &&Value| method["id"].as_str().is_some_and(|id| absolute(id) == absolute(wanted));
            document["verificationMethod"].as_array()?.iter().find(is_it)?
        }
    };
    let own = absolute(method["id"].as_str()?).split('#').next() == Some(subject);
    PublicKey::decode(method["publicKeyMultibase"].as_str().filter(|_| own)?).ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use ed25519_dalek::{Signer, SigningKey};
    use serde_json::json;

    use super::is_signed;
    use crate::method::key;
    use crate::{Did, PublicKey};

    #[test]
    fn keys_that_authenticate_or_assert_sign() {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let public = PublicKey::Ed25519(signer.verifying_key().to_bytes());
        let mut document = key::document(&Did::parse(&key::did(&public)).unwrap()).unwrap();
        let signature = signer.sign(b"payload").to_bytes();
        assert!(is_signed(&document, b"payload", &signature));
        assert!(!is_signed(&document, b"another", &signature));
        assert!(!is_signed(&document, b"payload", &signature[..63]));
        let other = SigningKey::from_bytes(&[8; 32]).sign(b"payload").to_bytes();
        assert!(!is_signed(&document, b"payload", &other));
        document["authentication"] = json!([]);
        assert!(is_signed(&document, b"payload", &signature), "the key asserts too");
        document["assertionMethod"] = json!([document["verificationMethod"][0]]);
        assert!(is_signed(&document, b"payload", &signature), "embedded");
        document["assertionMethod"][0]["id"] = json!("did:key:zOther#zOther");
        assert!(!is_signed(&document, b"payload", &signature), "of somebody else");
        document["assertionMethod"] = json!([]);
        assert!(!is_signed(&document, b"payload", &signature));
        assert!(!is_signed(&json!({}), b"payload", &signature));
    }

    #[test]
    fn secp256k1_keys_sign_too() {
        let signer = k256::ecdsa::SigningKey::from_slice(&[9; 32]).unwrap();
        let point = signer.verifying_key().to_sec1_point(true);
        let public = PublicKey::secp256k1(point.as_bytes().try_into().unwrap()).unwrap();
        let document = key::document(&Did::parse(&key::did(&public)).unwrap()).unwrap();
        let signature: k256::ecdsa::Signature = signer.sign(b"payload");
        assert!(is_signed(&document, b"payload", &signature.to_bytes()));
        assert!(!is_signed(&document, b"another", &signature.to_bytes()));
    }
}
