//! Data Integrity proofs of the cryptosuite `eddsa-jcs-2022`.

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde_json::{Map, Value, json};

use crate::method::key;
use crate::{Error, PublicKey, hash};

/// The cryptosuite of every proof that we write.
pub const CRYPTOSUITE: &str = "eddsa-jcs-2022";
const KIND: &str = "DataIntegrityProof";

/// Signs a document that has no `proof` yet and gives the proof. Its verification method is the key's own did:key.
pub fn sign(document: &Value, signer: &SigningKey, created: &str) -> Result<Value, Error> {
    let public = PublicKey::Ed25519(signer.verifying_key().to_bytes());
    let mut proof = json!({
        "type": KIND,
        "cryptosuite": CRYPTOSUITE,
        "created": created,
        "verificationMethod": key::verification_method(&public),
        "proofPurpose": "assertionMethod",
    });
    if let Some(context) = document.get("@context") {
        proof["@context"] = context.clone();
    }
    let signature = signer.sign(&message(document, &proof)?);
    proof["proofValue"] = json!(format!("z{}", bs58::encode(signature.to_bytes()).into_string()));
    Ok(proof)
}

/// Verifies a proof over a document that has no `proof` itself, and gives the key that made it. The verification
/// method must be a did:key, so the caller decides whose key it is.
pub fn verify(document: &Value, proof: &Value) -> Result<PublicKey, Error> {
    let mut config: Map<String, Value> = proof.as_object().cloned().ok_or(Error::Proof("it is not an object"))?;
    if !document.is_object() {
        return Err(Error::Proof("the document is not an object"));
    }
    let text = |config: &Map<String, Value>, member: &str| config.get(member)?.as_str().map(str::to_owned);
    let value = text(&config, "proofValue").ok_or(Error::Proof("proofValue is missing"))?;
    config.remove("proofValue");
    for (member, expected) in [("type", KIND), ("cryptosuite", CRYPTOSUITE), ("proofPurpose", "assertionMethod")] {
        if config.get(member).is_none_or(|found| found != expected) {
            return Err(Error::Proof("type, cryptosuite or purpose is another one"));
        }
    }
    let method = text(&config, "verificationMethod").ok_or(Error::Proof("verificationMethod is missing"))?;
    let public = key::from_verification_method(&method)?;
    let PublicKey::Ed25519(bytes) = public else {
        return Err(Error::Proof("the key is not Ed25519"));
    };
    let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Error::Proof("the key is not a point"))?;
    let signature = signature(&value)?;
    let document = under_context_of(document, &config)?;
    let message = message(&document, &Value::Object(config))?;
    key.verify_strict(&message, &signature).map_err(|_| Error::Proof("the signature is wrong"))?;
    Ok(public)
}

/// A proof with a context speaks for the document's context as far as they begin alike (VC-DI-EdDSA section 3.3.2).
fn under_context_of(document: &Value, config: &Map<String, Value>) -> Result<Value, Error> {
    let mut document = document.clone();
    if let Some(context) = config.get("@context") {
        let list = |value: &Value| value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        if !list(&document["@context"]).starts_with(&list(context)) {
            return Err(Error::Proof("its context is not the document's"));
        }
        document["@context"] = context.clone();
    }
    Ok(document)
}

/// What is signed: the hash of the proof's options, then the hash of the document (the same, section 3.3.4).
fn message(document: &Value, options: &Value) -> Result<[u8; 64], Error> {
    let mut message = [0; 64];
    message[..32].copy_from_slice(&hash::sha256(hash::canonical(options)?.as_bytes()));
    message[32..].copy_from_slice(&hash::sha256(hash::canonical(document)?.as_bytes()));
    Ok(message)
}

fn signature(text: &str) -> Result<Signature, Error> {
    // 64 bytes are at most 88 characters in base58.
    let body = text.strip_prefix('z').filter(|body| body.len() <= 88);
    let bytes = body.and_then(|body| bs58::decode(body).into_vec().ok());
    let bytes: Option<[u8; 64]> = bytes.and_then(|bytes| bytes.try_into().ok());
    bytes.map(|bytes| Signature::from_bytes(&bytes)).ok_or(Error::Proof("proofValue is not a signature"))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use ed25519_dalek::SigningKey;
    use serde_json::json;

    use super::{sign, verify};
    use crate::PublicKey;

    #[test]
    fn what_was_signed_verifies_and_nothing_else() {
        let signer = SigningKey::from_bytes(&[7; 32]);
        let document = json!({ "@context": ["a", "b"], "x": [1, 2], "y": "z" });
        let proof = sign(&document, &signer, "2026-01-01T00:00:00Z").unwrap();
        let key = PublicKey::Ed25519(signer.verifying_key().to_bytes());
        assert_eq!(verify(&document, &proof), Ok(key));
        assert!(verify(&json!({ "@context": ["a", "b"], "x": [1, 2], "y": "Z" }), &proof).is_err());
        assert!(verify(&json!({ "@context": ["b"], "x": [1, 2], "y": "z" }), &proof).is_err());
        for (member, value) in [
            ("created", json!("2026-01-01T00:00:01Z")),
            ("cryptosuite", json!("eddsa-rdfc-2022")),
            ("proofPurpose", json!("authentication")),
            ("type", json!("Ed25519Signature2020")),
            ("proofValue", json!("z1111")),
            ("proofValue", json!(null)),
            ("verificationMethod", json!("did:web:a.example#key")),
            ("expires", json!("2030-01-01T00:00:00Z")),
        ] {
            let mut other = proof.clone();
            other[member] = value;
            assert!(verify(&document, &other).is_err(), "{member}");
        }
    }

    #[test]
    fn another_key_does_not_pass() {
        let document = json!({ "x": 1 });
        let mut proof = sign(&document, &SigningKey::from_bytes(&[7; 32]), "2026-01-01T00:00:00Z").unwrap();
        let other = sign(&document, &SigningKey::from_bytes(&[8; 32]), "2026-01-01T00:00:00Z").unwrap();
        proof["verificationMethod"] = other["verificationMethod"].clone();
        assert!(verify(&document, &proof).is_err());
    }
}
