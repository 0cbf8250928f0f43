//! did:key: the DID is the key.

use serde_json::{Value, json};

use crate::{Did, Error, PublicKey};

/// The DID of a key.
#[must_use]
pub fn did(key: &PublicKey) -> String {
    format!("did:key:{}", key.encode())
}

/// The one verification method of a key's DID, as proofs name it.
#[must_use]
pub fn verification_method(key: &PublicKey) -> String {
    let text = key.encode();
    format!("did:key:{text}#{text}")
}

/// The key of a did:key.
pub fn public_key(did: &Did) -> Result<PublicKey, Error> {
    if did.method() != "key" {
        return Err(Error::InvalidDid("not a did:key"));
    }
    PublicKey::decode(did.specific_id())
}

/// The key that a proof names: `did:key:K#K` and nothing else.
pub fn from_verification_method(url: &str) -> Result<PublicKey, Error> {
    let (did, fragment) = url.split_once('#').ok_or(Error::InvalidDidUrl("a fragment is missing"))?;
    let did = Did::parse(did)?;
    if did.specific_id() != fragment {
        return Err(Error::InvalidDidUrl("the fragment is not the key"));
    }
    public_key(&did)
}

/// The document of a did:key.
pub fn document(did: &Did) -> Result<Value, Error> {
    let key = public_key(did)?;
    let did = did.as_str();
    let method = |key: &PublicKey| {
        let text = key.encode();
        json!({ "id": format!("{did}#{text}"), "type": "Multikey", "controller": did, "publicKeyMultibase": text })
    };
    let mut methods = vec![method(&key)];
    let signing: Vec<Value> = match key {
        PublicKey::X25519(_) => Vec::new(),
        _ => vec![methods[0]["id"].clone()],
    };
    let agreement = match key {
        PublicKey::X25519(_) => Some(methods[0]["id"].clone()),
        _ => key.to_x25519().map(|derived| {
            methods.push(method(&derived));
            methods[1]["id"].clone()
        }),
    };
    let mut document = json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"],
        "id": did,
        "verificationMethod": methods,
    });
    if !signing.is_empty() {
        for purpose in ["authentication", "assertionMethod", "capabilityInvocation", "capabilityDelegation"] {
            document[purpose] = json!(signing);
        }
    }
    if let Some(id) = agreement {
        document["keyAgreement"] = json!([id]);
    }
    Ok(document)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{document, from_verification_method, public_key, verification_method};
    use crate::Did;

    const KEY: &str = "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp";

    #[test]
    fn an_ed25519_document_has_a_derived_agreement_key() {
        let did = Did::parse(&format!("did:key:{KEY}")).unwrap();
        let document = document(&did).unwrap();
        assert_eq!(document["authentication"][0], format!("did:key:{KEY}#{KEY}"));
        let agreement = format!("did:key:{KEY}#z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW");
        assert_eq!(document["keyAgreement"][0], agreement);
        assert_eq!(document["verificationMethod"].as_array().unwrap().len(), 2);
    }

    #[test]
    fn an_x25519_key_signs_nothing() {
        let did = Did::parse("did:key:z6LSeu9HkTHSfLLeUs2nnzUSNedgDUevfNQgQjQC23ZCit6F").unwrap();
        let document = document(&did).unwrap();
        assert!(document.get("authentication").is_none());
        assert_eq!(document["keyAgreement"].as_array().unwrap().len(), 1);
    }

    #[test]
    fn a_proof_names_the_key_twice() {
        let key = public_key(&Did::parse(&format!("did:key:{KEY}")).unwrap()).unwrap();
        assert_eq!(from_verification_method(&verification_method(&key)), Ok(key));
        for url in [format!("did:key:{KEY}"), format!("did:key:{KEY}#x"), format!("did:web:{KEY}#{KEY}")] {
            assert!(from_verification_method(&url).is_err(), "{url}");
        }
    }
}
