//! Canonical JSON (RFC 8785) and multihashes as did:webvh writes them.

use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::Error;

/// Multihash code and length of SHA-256.
const SHA_256: [u8; 2] = [0x12, 0x20];

/// The canonical form of a value.
pub fn canonical(value: &Value) -> Result<String, Error> {
    serde_json_canonicalizer::to_string(value).map_err(|_| Error::Canonical)
}

/// The SHA-256 multihash of bytes in base58btc, without a multibase prefix.
#[must_use]
pub fn multihash(bytes: &[u8]) -> String {
    let mut hash = SHA_256.to_vec();
    hash.extend(sha256(bytes));
    bs58::encode(hash).into_string()
}

/// Whether the text is a SHA-256 multihash in base58btc.
#[must_use]
pub fn is_multihash(text: &str) -> bool {
    // 34 bytes are at most 47 characters; longer texts are not worth decoding.
    text.len() <= 47
        && bs58::decode(text).into_vec().is_ok_and(|bytes| bytes.len() == 34 && bytes.starts_with(&SHA_256))
}

/// The hash by which a log commits to an update key before it is used (did:webvh, pre-rotation).
#[must_use]
pub fn commitment(multikey: &str) -> String {
    multihash(multikey.as_bytes())
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{canonical, commitment, is_multihash, multihash};
    use serde_json::json;

    #[test]
    fn canonical_form_sorts_and_shortens() {
        let value = json!({ "b": [1.0, 1e21, "é\n"], "a": null, "\u{20ac}": 0.1 });
        assert_eq!(canonical(&value).unwrap(), "{\"a\":null,\"b\":[1,1e+21,\"é\\n\"],\"€\":0.1}");
    }

    #[test]
    fn multihashes_are_recognised() {
        // SHA-256 of nothing, as every multihash table lists it.
        assert_eq!(multihash(b""), "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n");
        assert!(is_multihash(&commitment("z6Mk")));
        for text in ["", "Qm", "0OIl", "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1", &"1".repeat(500)] {
            assert!(!is_multihash(text), "{text}");
        }
    }
}
