//! Keys of gas payers, derived from one seed by chain and index. A payer holds gas money and no rights.

use alloy_primitives::{Address, B256, keccak256};
use hkdf::Hkdf;
use k256::ecdsa::SigningKey;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::operation::Signature;

/// Tries to find a scalar below the order; a single one fails with probability 2^-128.
const TRIES: u8 = 4;

/// The key of one gas payer. It has no `Debug`; the scalar is wiped when it is dropped.
pub struct LaneKey(SigningKey);

impl LaneKey {
    /// Derives the key of a lane: HKDF-SHA-256 of the seed with info `aion lane|chain|index|try`.
    #[must_use]
    pub fn derive(seed: &[u8; 32], chain_id: u64, index: u32) -> Option<Self> {
        let hkdf = Hkdf::<Sha256>::new(None, seed);
        (0..TRIES).find_map(|attempt| {
            let mut scalar = Zeroizing::new([0; 32]);
            let info = format!("aion lane|{chain_id}|{index}|{attempt}");
            hkdf.expand(info.as_bytes(), scalar.as_mut()).ok()?;
            SigningKey::from_slice(scalar.as_ref()).ok().map(Self)
        })
    }

    /// The payer's address.
    #[must_use]
    pub fn address(&self) -> Address {
        let point = self.0.verifying_key().to_sec1_point(false);
        Address::from_slice(&keccak256(&point.as_bytes()[1..])[12..])
    }

    /// Signs a transaction's hash (RFC 6979, low s).
    #[must_use]
    pub fn sign(&self, hash: B256) -> Signature {
        let (signature, recovery) = self.0.sign_prehash_recoverable(hash.as_slice());
        let (r, s) = signature.split_bytes();
        Signature { r: B256::from_slice(&r), s: B256::from_slice(&s), y_parity: recovery.is_y_odd() }
    }
}
