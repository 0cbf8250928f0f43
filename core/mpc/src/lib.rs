//! Threshold ECDSA between two parties: key generation, signing, shares, and the envelope that carries it.
//!
//! A wrap of `dkls23` (DKLs23, oblivious transfer) that keeps the rules which that crate leaves to its users: only
//! commitments leave in the second round and proofs in the third, received broadcasts are compared before a key is
//! accepted, every message is authenticated and decrypted before the protocol sees it, states live in memory only and
//! have no `Debug`, and errors say who is to blame. Signatures are checked against the public key before use.

pub mod dkg;
pub mod envelope;
mod error;
pub mod share;
pub mod sign;

pub use error::MpcError;

use dkls23::protocols::{Parameters, PartyIndex};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The curve of the keys.
type Curve = k256::Secp256k1;

/// Bytes of a session's id, random for every attempt.
pub const SESSION_BYTES: usize = 32;

/// The two parties of a wallet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Role {
    /// K, the wallet: begins every session.
    Initiator,
    /// G, the guardian: answers.
    Responder,
}

impl Role {
    /// The other party.
    #[must_use]
    pub const fn peer(self) -> Self {
        match self {
            Self::Initiator => Self::Responder,
            Self::Responder => Self::Initiator,
        }
    }

    fn index(self) -> Result<PartyIndex, MpcError> {
        let number = match self {
            Self::Initiator => 1,
            Self::Responder => 2,
        };
        PartyIndex::new(number).map_err(|_| MpcError::Recoverable("party index"))
    }
}

fn parameters() -> Result<Parameters, MpcError> {
    Parameters::new(2, 2).map_err(|_| MpcError::Recoverable("parameters"))
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, MpcError> {
    postcard::to_allocvec(value).map_err(|_| MpcError::Recoverable("encoding"))
}

/// Reads a message of a round: bounded, and nothing behind it.
fn decode<T: DeserializeOwned>(bytes: &[u8], max_bytes: usize) -> Result<T, MpcError> {
    if bytes.len() > max_bytes {
        return Err(MpcError::Malformed);
    }
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(MpcError::Malformed),
    }
}
