//! Public keys as Multikey text: `z` and base58btc over a multicodec prefix and the key.

use ed25519_dalek::VerifyingKey;
use k256::ecdsa::signature::Verifier;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::Error;

const ED25519: [u8; 2] = [0xed, 0x01];
const X25519: [u8; 2] = [0xec, 0x01];
const SECP256K1: [u8; 2] = [0xe7, 0x01];
const P256: [u8; 2] = [0x80, 0x24];
/// The longest key has 35 bytes, which are at most 48 characters after the prefix.
const TEXT_MAX_CHARS: usize = 50;

/// A public key whose point was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum PublicKey {
    /// Ed25519, 32 bytes.
    Ed25519([u8; 32]),
    /// X25519, 32 bytes.
    X25519([u8; 32]),
    /// secp256k1, compressed point.
    Secp256k1([u8; 33]),
    /// NIST P-256, compressed point.
    P256([u8; 33]),
}

impl PublicKey {
    /// Reads a Multikey; points off the curve and of small order are refused.
    pub fn decode(text: &str) -> Result<Self, Error> {
        let body = text.strip_prefix('z').filter(|_| text.len() <= TEXT_MAX_CHARS);
        let body = body.ok_or(Error::InvalidKey("base58btc with the prefix z is expected"))?;
        let bytes = bs58::decode(body).into_vec().map_err(|_| Error::InvalidKey("not base58btc"))?;
        let (prefix, key) = bytes.split_first_chunk::<2>().ok_or(Error::InvalidKey("too short"))?;
        match *prefix {
            ED25519 => Self::ed25519(sized(key)?),
            X25519 => Ok(Self::X25519(sized(key)?)),
            SECP256K1 => Self::secp256k1(sized(key)?),
            P256 => Self::p256(sized(key)?),
            _ => Err(Error::InvalidKey("unknown key type")),
        }
    }

    /// An Ed25519 key, if the bytes are a point of full order.
    pub fn ed25519(bytes: [u8; 32]) -> Result<Self, Error> {
        let key = VerifyingKey::from_bytes(&bytes).map_err(|_| Error::InvalidKey("not a point of Ed25519"))?;
        if key.is_weak() { Err(Error::InvalidKey("a point of small order")) } else { Ok(Self::Ed25519(bytes)) }
    }

    /// A secp256k1 key, if the bytes are a compressed point.
    pub fn secp256k1(bytes: [u8; 33]) -> Result<Self, Error> {
        let key = k256::PublicKey::from_sec1_bytes(&bytes);
        key.map(|_| Self::Secp256k1(bytes)).map_err(|_| Error::InvalidKey("not a point of secp256k1"))
    }

    /// A P-256 key, if the bytes are a compressed point.
    pub fn p256(bytes: [u8; 33]) -> Result<Self, Error> {
        let key = p256::PublicKey::from_sec1_bytes(&bytes);
        key.map(|_| Self::P256(bytes)).map_err(|_| Error::InvalidKey("not a point of P-256"))
    }

    /// Whether it has made a signature of 64 bytes over a message: Ed25519 (RFC 8032), or ECDSA over secp256k1 and
    /// SHA-256 (RFC 8812). Keys of other types sign nothing here.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match self {
            Self::Ed25519(bytes) => VerifyingKey::from_bytes(bytes)
                .is_ok_and(|key| key.verify_strict(message, &ed25519_dalek::Signature::from_bytes(signature)).is_ok()),
            Self::Secp256k1(bytes) => {
                let key = k256::ecdsa::VerifyingKey::from_sec1_bytes(bytes);
                let signature = k256::ecdsa::Signature::from_slice(signature);
                key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
            }
            Self::X25519(_) | Self::P256(_) => false,
        }
    }

    /// The Multikey text.
    #[must_use]
    pub fn encode(&self) -> String {
        let (prefix, key): (_, &[u8]) = match self {
            Self::Ed25519(key) => (ED25519, key),
            Self::X25519(key) => (X25519, key),
            Self::Secp256k1(key) => (SECP256K1, key),
            Self::P256(key) => (P256, key),
        };
        format!("z{}", bs58::encode([&prefix[..], key].concat()).into_string())
    }

    /// The X25519 key that belongs to an Ed25519 key, by the birational map between their curves.
    #[must_use]
    pub fn to_x25519(&self) -> Option<Self> {
        let Self::Ed25519(bytes) = self else {
            return None;
        };
        let key = VerifyingKey::from_bytes(bytes).ok()?;
        Some(Self::X25519(key.to_montgomery().to_bytes()))
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.encode())
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::decode(&text).map_err(serde::de::Error::custom)
    }
}

fn sized<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Error> {
    bytes.try_into().map_err(|_| Error::InvalidKey("wrong length"))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::PublicKey;

    /// Keys of the public did:key examples, with the X25519 key of the first.
    const KEYS: [&str; 4] = [
        "z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp",
        "z6LShs9GGnqk85isEBzzshkuVWrVKsRp24GnDuHk8QWkARMW",
        "zQ3shokFTS3brHcDQrn82RUDfCZESWL1ZdCEJwekUDPQiYBme",
        "zDnaerx9CtbPJ1q36T5Ln5wYt3MQYeGRG5ehnPAmxcf5mDZpv",
    ];

    #[test]
    fn keys_read_and_write_back() {
        for text in KEYS {
            assert_eq!(PublicKey::decode(text).unwrap().encode(), text);
        }
        let ed25519 = PublicKey::decode(KEYS[0]).unwrap();
        assert_eq!(ed25519.to_x25519().unwrap().encode(), KEYS[1]);
        assert_eq!(PublicKey::decode(KEYS[1]).unwrap().to_x25519(), None);
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let with =
            |prefix: [u8; 2], key: &[u8]| format!("z{}", bs58::encode([&prefix[..], key].concat()).into_string());
        let small_order = with(super::ED25519, &[0; 32]);
        let off_curve = with(super::SECP256K1, &[5; 33]);
        let uncompressed_length = with(super::P256, &[4; 65]);
        let short = with(super::ED25519, &[1; 31]);
        let unknown = with([0x12, 0x05], &[1; 32]);
        let faulty = [&small_order, &off_curve, &uncompressed_length, &short, &unknown, "", "z", "6Mki", "zO0"];
        for text in faulty {
            assert!(PublicKey::decode(text).is_err(), "{text}");
        }
        assert!(PublicKey::decode(&format!("z{}", "2".repeat(100_000))).is_err());
    }
}
