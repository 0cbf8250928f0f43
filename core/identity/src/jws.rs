//! Compact JSON Web Signatures (RFC 7515 section 7.1) by keys of DID documents.
//!
//! `alg` is `EdDSA` (RFC 8037), `ES256K` (RFC 8812) or [`WEBAUTHN`], and it has to fit the key's type; `kid` is the DID
//! URL of the verification method. What the signature is for is the caller's: it checks the payload.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde_json::Value;

use crate::webauthn::Party;
use crate::webauthn::assertion::Assertion;
use crate::{Error, PublicKey};

#[cfg(test)]
mod tests;

/// The name under which a passkey signs. No registered one fits: what ES256 signs is the signing input itself, and a
/// passkey signs its browser's words about a challenge, which is SHA-256 of the signing input here. In the place of the
/// signature stands the assertion as JSON. A P-256 key signs in no other way: what counts of it is that somebody was
/// there and was verified, which a bare signature does not say.
pub const WEBAUTHN: &str = "webauthn";
/// A signature may have this many characters: a payload of a few lines with room to spare.
const TEXT_MAX_CHARS: usize = 8_192;

#[derive(Deserialize)]
struct Header {
    alg: String,
    kid: String,
    /// Extensions that have to be understood (RFC 7515 section 4.1.11): we know none.
    crit: Option<Value>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Signature {
    Bytes([u8; 64]),
    Assertion(Assertion),
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
    signature: Signature,
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
        let signature = decode(signature)?;
        let signature = if read.alg == WEBAUTHN {
            Signature::Assertion(Assertion::read(&signature)?)
        } else {
            Signature::Bytes(signature.try_into().map_err(|_| Error::Proof("the signature has 64 bytes"))?)
        };
        let (payload, input) = (decode(payload)?, format!("{header}.{payload}"));
        Ok(Self { alg: read.alg, kid: read.kid, payload, input, signature })
    }

    /// The DID whose key it names.
    #[must_use]
    pub fn did(&self) -> &str {
        self.kid.split('#').next().unwrap_or_default()
    }

    /// Verifies it by the DID's document and gives what was signed. The method has to be one for `authentication`: to
    /// decide is to act as the subject (DID Core section 5.3.1). Passkeys count where their relying party is named.
    pub fn verify(&self, document: &Value, party: Option<Party<'_>>) -> Result<&[u8], Error> {
        if document["id"] != self.did() {
            return Err(Error::Proof("the document is of another DID"));
        }
        let method = self.method(document).ok_or(Error::Proof("kid is not among the DID's authentication keys"))?;
        let key = method["publicKeyMultibase"].as_str().ok_or(Error::Proof("the key is not a Multikey"))?;
        let key = PublicKey::decode(key)?;
        match (self.alg.as_str(), &key, &self.signature) {
            ("EdDSA", PublicKey::Ed25519(_), Signature::Bytes(bytes))
            | ("ES256K", PublicKey::Secp256k1(_), Signature::Bytes(bytes)) => {
                if !key.has_signed(self.input.as_bytes(), bytes) {
                    return Err(Error::Proof("the signature is wrong"));
                }
            }
            (WEBAUTHN, PublicKey::P256(_), Signature::Assertion(assertion)) => {
                let party = party.ok_or(Error::Proof("a passkey does not sign this"))?;
                assertion.verify(key, party, &self.input)?;
            }
            _ => return Err(Error::Proof("alg is EdDSA, ES256K or webauthn, and the key's type")),
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
