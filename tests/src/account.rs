//! An Ethereum account as a wallet has it: its key, its address, its signatures of texts.

use aion_identity::account::signer;
use alloy_primitives::eip191_hash_message;
use k256::ecdsa::SigningKey;

/// An account.
pub struct Account {
    /// Its address with its check sum.
    pub address: String,
    key: SigningKey,
}

impl Account {
    /// The account whose key is made of this number.
    #[must_use]
    pub fn new(number: u8) -> Self {
        let key = SigningKey::from_slice(&[number; 32]).expect("a key");
        let address = signer(b"", &signed(&key, b"")).expect("an address");
        Self { address: address.to_checksum(None), key }
    }

    /// Its DID on a chain.
    #[must_use]
    pub fn did(&self, chain: u64) -> String {
        format!("did:pkh:eip155:{chain}:{}", self.address.to_lowercase())
    }

    /// What a wallet answers to `personal_sign`.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        format!("0x{}", hex::encode(signed(&self.key, text.as_bytes())))
    }
}

fn signed(key: &SigningKey, text: &[u8]) -> [u8; 65] {
    let (signature, id) = key.sign_prehash_recoverable(eip191_hash_message(text).as_slice());
    let mut bytes = [0; 65];
    bytes[..64].copy_from_slice(&signature.to_bytes());
    bytes[64] = 27 + id.to_byte();
    bytes
}
