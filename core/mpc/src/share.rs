//! A party's share of a key.

use dkls23::protocols::Party;
use k256::elliptic_curve::sec1::ToSec1Point;
use sha3::{Digest, Keccak256};
use zeroize::Zeroizing;

use crate::{Curve, MpcError, decode, encode};

/// A share may have this many bytes when it is stored: 105 KB seen, mostly the setup of oblivious transfer.
pub const SHARE_MAX_BYTES: usize = 256 * 1024;

/// One party's share. It has no `Debug`; its secrets are wiped when it is dropped.
pub struct KeyShare(pub(crate) Party<Curve>);

impl KeyShare {
    /// The share as bytes, to be sealed at once.
    pub fn to_bytes(&self) -> Result<Zeroizing<Vec<u8>>, MpcError> {
        encode(&self.0).map(Zeroizing::new)
    }

    /// Reads a share that was unsealed.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, MpcError> {
        decode(bytes, SHARE_MAX_BYTES).map(Self)
    }

    /// The public key, SEC 1 compressed.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        self.0.pk.to_sec1_point(true).as_bytes().to_vec()
    }

    /// The Ethereum address of the key.
    #[must_use]
    pub fn address(&self) -> [u8; 20] {
        address(&self.0.pk)
    }
}

pub(crate) fn address(point: &k256::AffinePoint) -> [u8; 20] {
    let point = point.to_sec1_point(false);
    let hash = Keccak256::digest(&point.as_bytes()[1..]);
    let mut address = [0; 20];
    address.copy_from_slice(&hash[12..]);
    address
}
