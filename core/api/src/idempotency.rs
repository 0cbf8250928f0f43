//! Idempotency keys (draft-ietf-httpapi-idempotency-key-header).

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::problem::{Code, Problem};

/// The request header.
pub const HEADER: &str = "idempotency-key";
/// The answer's header when the first answer is given again.
pub const REPLAYED_HEADER: &str = "idempotency-replayed";
/// A key may have this many characters; a UUID has 36.
pub const KEY_MAX_CHARS: usize = 128;

/// A caller's key together with the hash of the body that it came with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Idempotency {
    /// The key.
    pub key: String,
    /// SHA-256 over route and body, hex: the same key with another request is a conflict.
    pub body_hash: String,
}

impl Idempotency {
    /// Reads the header's value, bare or as a quoted string (RFC 8941 section 3.3.3), and hashes the request.
    pub fn read(header: Option<&str>, route: &str, body: &[u8]) -> Result<Self, Problem> {
        let Some(value) = header.map(str::trim) else {
            return Err(Problem::new(Code::IdempotencyMissing, "send an Idempotency-Key with this request"));
        };
        let key = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(value);
        let visible = key.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
        if key.is_empty() || key.len() > KEY_MAX_CHARS || !visible {
            let rule = format!("1 to {KEY_MAX_CHARS} visible ASCII characters without quotes");
            return Err(Problem::new(Code::IdempotencyInvalid, rule));
        }
        Ok(Self { key: key.to_owned(), body_hash: hash(route, body) })
    }

    /// Refuses a second request that came with this key and another body.
    pub fn check_replay(&self, stored_body_hash: &str) -> Result<(), Problem> {
        if self.body_hash == stored_body_hash {
            return Ok(());
        }
        Err(Problem::new(Code::IdempotencyConflict, "this key was used before with another request"))
    }
}

fn hash(route: &str, body: &[u8]) -> String {
    hex::encode(Sha256::new().chain_update(route).chain_update([0]).chain_update(body).finalize())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Code, Idempotency};

    #[test]
    fn quoted_and_bare_keys_are_the_same() {
        let bare = Idempotency::read(Some("k-1"), "/v1/tasks", b"{}").unwrap();
        assert_eq!(bare, Idempotency::read(Some("\"k-1\""), "/v1/tasks", b"{}").unwrap());
        assert!(bare.check_replay(&bare.body_hash).is_ok());
    }

    #[test]
    fn another_body_or_route_is_a_conflict() {
        let first = Idempotency::read(Some("k"), "/v1/tasks", b"{}").unwrap();
        for (route, body) in [("/v1/tasks", &b"{ }"[..]), ("/v1/wallets", b"{}")] {
            let second = Idempotency::read(Some("k"), route, body).unwrap();
            assert_eq!(second.check_replay(&first.body_hash).unwrap_err().code, Code::IdempotencyConflict);
        }
    }

    #[test]
    fn unusable_keys_are_named() {
        let code = |header| Idempotency::read(header, "/", b"").unwrap_err().code;
        assert_eq!(code(None), Code::IdempotencyMissing);
        for key in ["", "\"\"", "a b", "ü", "a\"b", &"k".repeat(129)] {
            assert_eq!(code(Some(key)), Code::IdempotencyInvalid, "{key}");
        }
    }
}
