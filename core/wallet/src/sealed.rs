//! Secrets at rest: AES-256-GCM under a key that is derived for one subject and purpose.
//!
//! `DEK = HKDF-SHA-256(KEK, salt = subject, info = purpose|party|epoch)`; the additional data names tenant, subject,
//! purpose, party, epoch, public key and key id, so that no sealed value can stand in the place of another.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use zeroize::{ZeroizeOnDrop, Zeroizing};

/// Version of the format, part of the additional data.
const VERSION: u8 = 1;
/// Random bytes that sealing wants: the nonce of AES-GCM.
pub const NONCE_BYTES: usize = 12;

/// A key-encryption key, the secret `KEK_<kid>`. It has no `Debug`.
#[derive(ZeroizeOnDrop)]
pub struct Kek {
    kid: u8,
    key: [u8; 32],
}

/// What a sealed value belongs to.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Context<'a> {
    /// The tenant.
    pub tenant: &'a str,
    /// The wallet or the identity.
    pub subject: &'a str,
    /// What the secret is for: `share`, `update-key`, `document-key` …
    pub purpose: &'a str,
    /// Whose it is.
    pub party: &'a str,
    /// Epoch of a share, or version of a key.
    pub epoch: u32,
    /// The public key that it belongs to.
    pub public_key: &'a [u8],
}

/// A sealed value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// Which key-encryption key.
    pub kid: u8,
    /// The nonce.
    pub nonce: [u8; NONCE_BYTES],
    /// Ciphertext with its tag.
    pub ciphertext: Vec<u8>,
}

/// Why a value does not open: it is another subject's, under another key, or was changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open")]
pub struct SealError;

impl Kek {
    /// The key with this id.
    #[must_use]
    pub const fn new(kid: u8, key: [u8; 32]) -> Self {
        Self { kid, key }
    }

    /// Seals a value; the nonce has to be random.
    pub fn seal(&self, context: &Context<'_>, plaintext: &[u8], nonce: [u8; NONCE_BYTES]) -> Result<Sealed, SealError> {
        let aad = self.additional_data(context)?;
        let ciphertext = self
            .cipher(context)?
            .encrypt(&nonce.into(), Payload { msg: plaintext, aad: &aad })
            .map_err(|_| SealError)?;
        Ok(Sealed { kid: self.kid, nonce, ciphertext })
    }

    /// Opens a value.
    pub fn open(&self, context: &Context<'_>, sealed: &Sealed) -> Result<Zeroizing<Vec<u8>>, SealError> {
        if sealed.kid != self.kid {
            return Err(SealError);
        }
        let payload = Payload { msg: &sealed.ciphertext, aad: &self.additional_data(context)? };
        let opened = self.cipher(context)?.decrypt(&sealed.nonce.into(), payload);
        opened.map(Zeroizing::new).map_err(|_| SealError)
    }

    fn cipher(&self, context: &Context<'_>) -> Result<Aes256Gcm, SealError> {
        let mut key = Zeroizing::new([0; 32]);
        let info = format!("{}|{}|{}", context.purpose, context.party, context.epoch);
        Hkdf::<Sha256>::new(Some(context.subject.as_bytes()), &self.key)
            .expand(info.as_bytes(), key.as_mut())
            .map_err(|_| SealError)?;
        Ok(Aes256Gcm::new((&*key).into()))
    }

    fn additional_data(&self, context: &Context<'_>) -> Result<Vec<u8>, SealError> {
        postcard::to_allocvec(&(VERSION, self.kid, context)).map_err(|_| SealError)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Context, Kek, SealError};

    const CONTEXT: Context<'_> =
        Context { tenant: "t", subject: "wal_1", purpose: "share", party: "K", epoch: 0, public_key: &[1, 2] };

    #[test]
    fn a_value_opens_in_its_own_place_alone() {
        let kek = Kek::new(1, [7; 32]);
        let sealed = kek.seal(&CONTEXT, b"secret", [3; 12]).unwrap();
        assert_eq!(kek.open(&CONTEXT, &sealed).unwrap().as_slice(), b"secret");
        let others = [
            Context { tenant: "u", ..CONTEXT },
            Context { subject: "wal_2", ..CONTEXT },
            Context { purpose: "x", ..CONTEXT },
            Context { party: "G", ..CONTEXT },
            Context { epoch: 1, ..CONTEXT },
            Context { public_key: &[1], ..CONTEXT },
        ];
        for other in &others {
            assert_eq!(kek.open(other, &sealed), Err(SealError), "{other:?}");
        }
        assert!(Kek::new(2, [7; 32]).open(&CONTEXT, &sealed).is_err());
        assert!(Kek::new(1, [8; 32]).open(&CONTEXT, &sealed).is_err());
        let mut flipped = sealed.clone();
        flipped.ciphertext[0] ^= 1;
        assert!(kek.open(&CONTEXT, &flipped).is_err());
    }
}
