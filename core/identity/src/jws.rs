//! Compact JSON Web Signatures (RFC 7515 section 7.1) by keys of DID documents.
//!
//! `alg` is `EdDSA` (RFC 8037) or `ES256K` (RFC 8812), and it has to fit the key's type; `kid` is the DID URL of the
//! verification method. What the signature is for is the caller's: it checks the payload.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::{Error, PublicKey};

/// A signature may have this many characters: a payload of a few lines with room to spare.
const TEXT_MAX_CHARS: usize = 8_192;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// Extensions that have to be understood (RFC 7515 section 4.1.11): we know none.
    crit: Option<Value>,
}

/// A signature that was read, and not verified yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Jws {
    alg: String,
    /// The verification method that made it: a DID, `#` and a fragment.
    kid: String,
    /// What was signed.
    payload: Vec<u8>,
    input: String,
    signature: [u8; 64],
}

impl Jws {
    /// Reads a compact serialisation.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > TEXT_MAX_CHARS {
            return Err(Error::Proof("the signature is too long"));
        }
        let parts: Vec<&str> = text.split('.').collect();
        let [header, payload, signature] = parts.as_slice() else {
            return Err(Error::Proof("a compact JWS has three parts"));
        };
        let decode = |part: &str| BASE64_URL_SAFE_NO_PAD.decode(part).map_err(|_| Error::Proof("not base64url"));
        let bytes = decode(header)?;
        let read = std::str::from_utf8(&bytes).ok().and_then(|text| serde_json::from_str::<Header>(text).ok());
        let read = read.ok_or(Error::Proof("its header lacks alg or kid"))?;
        if read.crit.is_some() {
            return Err(Error::Proof("its header has critical extensions"));
        }
        if !read.kid.split_once('#').is_some_and(|(did, fragment)| !did.is_empty() && !fragment.is_empty()) {
            return Err(Error::Proof("kid is not the DID URL of a verification method"));
        }
        let signature = decode(signature)?.try_into().map_err(|_| Error::Proof("the signature has 64 bytes"))?;
        let (payload, input) = (decode(payload)?, format!("{header}.{payload}"));
        Ok(Self { alg: read.alg, kid: read.kid, payload, input, signature })
    }

    /// The DID whose key it names.
    #[must_use]
    pub fn did(&self) -> &str {
        self.kid.split('#').next().unwrap_or_default()
    }

    /// Verifies it by the DID's document and gives what was signed. The method has to be one for `authentication`: to
    /// decide is to act as the subject (DID Core section 5.3.1).
    pub fn verify(&self, document: &Value) -> Result<&[u8], Error> {
        if document["id"] != self.did() {
            return Err(Error::Proof("the document is of another DID"));
        }
        let method = self.method(document).ok_or(Error::Proof("kid is not among the DID's authentication keys"))?;
        let key = method["publicKeyMultibase"].as_str().ok_or(Error::Proof("the key is not a Multikey"))?;
        let key = PublicKey::decode(key)?;
        match (self.alg.as_str(), key) {
            ("EdDSA", PublicKey::Ed25519(_)) | ("ES256K", PublicKey::Secp256k1(_)) => {}
            _ => return Err(Error::Proof("alg is EdDSA or ES256K, and the key's type")),
        }
        if !key.has_signed(self.input.as_bytes(), &self.signature) {
            return Err(Error::Proof("the signature is wrong"));
        }
        Ok(&self.payload)
    }

    /// The named method: embedded in the relationship, or referred to from there (DID Core section 5.3).
    fn method<'a>(&self, document: &'a Value) -> Option<&'a Value> {
        let absolute = |id: &str| if id.starts_with('#') { format!("{}{id}", self.did()) } else { id.to_owned() };
        let is_it = |id: &Value| id.as_str().is_some_and(|id| absolute(id) == self.kid);
        let relation = document["authentication"].as_array()?;
        let found = relation.iter().find(|entry| is_it(entry) || is_it(&entry["id"]))?;
        if found.is_object() {
            return Some(found);
        }
        document["verificationMethod"].as_array()?.iter().find(|method| is_it(&method["id"]))
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use base64::Engine;
    use base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use ed25519_dalek::{Signer, SigningKey};
    use serde_json::{Value, json};

    use super::Jws;
    use crate::method::key;
    use crate::{Did, PublicKey};

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
        assert_eq!(jws.verify(&document).unwrap(), br#"{"a":1}"#);
        let other = signed(&json!({ "alg": "EdDSA", "kid": kid }), &json!({ "a": 2 }), sign);
        let mixed = format!("{}.{}", &other[..other.rfind('.').unwrap()], text.rsplit('.').next().unwrap());
        assert!(Jws::parse(&mixed).unwrap().verify(&document).is_err());
        for header in [
            json!({ "alg": "none", "kid": kid }),
            json!({ "alg": "ES256K", "kid": kid }),
            json!({ "alg": "EdDSA", "kid": format!("{kid}x") }),
        ] {
            assert!(Jws::parse(&signed(&header, &json!({}), sign)).unwrap().verify(&document).is_err(), "{header}");
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
        assert!(Jws::parse(&text).unwrap().verify(&document).is_ok(), "embedded in the relationship");
        document["authentication"] = json!([]);
        assert!(Jws::parse(&text).unwrap().verify(&document).is_err());
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
        assert!(Jws::parse(&text).unwrap().verify(&document).is_ok());
    }
}
