//! 256-bit amounts as decimal strings in JSON: never numbers, never floats.

use alloy_primitives::U256;
use serde::{Deserialize, Deserializer, Serializer};

/// Writes the amount in decimal.
pub fn serialize<S: Serializer>(amount: &U256, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&amount.to_string())
}

/// Reads a decimal amount: digits alone, without leading zeros, below 2^256.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<U256, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse(&text).ok_or_else(|| serde::de::Error::custom("an amount is a decimal string of a number below 2^256"))
}

/// Reads a decimal amount; `None` if it has anything but digits, leading zeros or 2^256 and more.
#[must_use]
pub fn parse(text: &str) -> Option<U256> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let canonical = text == "0" || !text.starts_with('0');
    (digits && canonical).then(|| U256::from_str_radix(text, 10).ok())?
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{U256, parse};

    #[test]
    fn amounts_are_canonical_decimals() {
        assert_eq!(parse("0"), Some(U256::ZERO));
        assert_eq!(parse(&U256::MAX.to_string()), Some(U256::MAX));
        for text in ["", "01", "-1", "+1", "1.0", "1e3", "0x1", " 1", &format!("{}0", U256::MAX)] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
