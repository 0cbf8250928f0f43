//! A passkey's assertion as the signature of a text: what a member's authenticator signs where others sign by a key of
//! their own (section 7.2).
//!
//! An authenticator signs no text, but what the browser says of a challenge. So the challenge is SHA-256 of the text,
//! and everything that was said travels along: the browser's own `AuthenticatorAssertionResponseJSON` (section 5.1.8)
//! without its `userHandle`, which nobody signs.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::{Key, Party};
use crate::{Error, PublicKey};

/// What browser and authenticator have said, and the signature over both.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assertion {
    client_data: Vec<u8>,
    authenticator_data: Vec<u8>,
    signature: Vec<u8>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    #[serde(rename = "clientDataJSON")]
    client_data: String,
    authenticator_data: String,
    signature: String,
}

impl Assertion {
    /// Reads the JSON, in which bytes are base64url.
    pub fn read(json: &[u8]) -> Result<Self, Error> {
        let form = Error::Proof("an assertion has clientDataJSON, authenticatorData and signature alone, base64url");
        let read = || {
            let written: Written = serde_json::from_str(std::str::from_utf8(json).ok()?).ok()?;
            let bytes = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).ok();
            Some(Self {
                client_data: bytes(&written.client_data)?,
                authenticator_data: bytes(&written.authenticator_data)?,
                signature: bytes(&written.signature)?,
            })
        };
        read().ok_or(form)
    }

    /// Whether it is the word of a key, for a relying party, about just this text. How often the key has signed is
    /// counted where it signs in: here a copy of the key could do no more than the key itself.
    pub fn verify(&self, key: PublicKey, party: Party<'_>, text: &str) -> Result<(), Error> {
        let challenge = Sha256::digest(text);
        let claim = party.claim(|bytes| bytes == &challenge[..], 0, &self.client_data, &self.authenticator_data)?;
        let signed = Key::Es256(key).has_signed(&claim.message, &self.signature);
        if signed { Ok(()) } else { Err(Error::Proof("the signature is wrong")) }
    }
}
