//! Values that never reach logs, errors, `Debug` or JSON.

use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret value: it has no `Serialize`, its `Debug` shows nothing, and it is wiped when it is dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Takes the value in.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The value; each call is a place to look at in a review.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl Secret<String> {
    /// Whether both are equal, in a time that depends on the lengths alone.
    #[must_use]
    pub fn equals(&self, other: &str) -> bool {
        self.0.as_bytes().ct_eq(other.as_bytes()).into()
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Reads a secret of 32 bytes that is configured as 64 hex digits; `None` if it is anything else.
#[must_use]
pub fn from_hex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text.trim(), &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Secret, from_hex};

    #[test]
    fn debug_shows_nothing() {
        assert_eq!(format!("{:?}", Secret::new("canary".to_owned())), "Secret(…)");
    }

    #[test]
    fn comparison_is_exact() {
        let secret = Secret::new("token".to_owned());
        assert!(secret.equals("token"));
        assert!(!secret.equals("token2") && !secret.equals("tokem"));
    }

    #[test]
    fn only_64_hex_digits_are_a_key() {
        assert_eq!(from_hex(&"0f".repeat(32)), Some([15; 32]));
        assert_eq!(from_hex("0f"), None);
        assert_eq!(from_hex(&"zz".repeat(32)), None);
    }
}
