//! Addresses as people and programs write them.

use alloy_primitives::Address;

/// Reads an address: `0x` and 40 hex digits, in lower case or with the right check sum (EIP-55).
#[must_use]
pub fn read(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x")?;
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Address::parse_checksummed(text, None).ok();
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::read;

    #[test]
    fn a_mistyped_address_is_none() {
        let right = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed";
        assert_eq!(read(right).unwrap().to_checksum(None), right);
        assert_eq!(read(&right.to_lowercase()), read(right));
        let upper = format!("0x{}", right[2..].to_uppercase());
        for wrong in ["", "0x", &right[2..], &right[..41], &upper, &right.replace("aAe", "AAe"), &format!("{right}0")] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
