//! Ethereum accounts: how their addresses are written (EIP-55), and who has signed a text (EIP-191, version 0x45).
//!
//! An account is its key here. A contract that stands for its owner (EIP-1271) signs nothing: to ask it is to ask its
//! chain, and whoever controls it may change between the question and the answer.

use alloy_primitives::{Address, eip191_hash_message};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};

use crate::Error;

/// Bytes of a signature: r, s, and which of the keys that fit is meant.
pub const SIGNATURE_BYTES: usize = 65;

/// Reads `0x` and 40 hex digits, in lower case or with the right check sum.
#[must_use]
pub fn address(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x")?;
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Address::parse_checksummed(text, None).ok();
    }
    text.parse().ok()
}

/// The account that has signed a text by `personal_sign`. Wallets count the keys that fit from 0 or from 27, and some
/// give the greater one of the two values of s: both are the same signature of the same account.
pub fn signer(text: &[u8], signature: &[u8; SIGNATURE_BYTES]) -> Result<Address, Error> {
    let wrong = Error::Proof("the signature is none of an account");
    let (rs, v) = signature.split_at(64);
    let is_odd = match v {
        [0 | 27] => false,
        [1 | 28] => true,
        _ => return Err(wrong),
    };
    let signature = Signature::from_slice(rs).map_err(|_| wrong.clone())?;
    let id = RecoveryId::new(is_odd, false);
    let digest = eip191_hash_message(text);
    let key = VerifyingKey::recover_from_prehash(digest.as_slice(), &signature, id).map_err(|_| wrong)?;
    // After the byte that says that both coordinates follow.
    Ok(Address::from_raw_public_key(&key.to_sec1_point(false).as_bytes()[1..]))
}

/// Reads a signature as wallets give it: `0x` and 130 hex digits.
#[must_use]
pub fn signature(text: &str) -> Option<[u8; SIGNATURE_BYTES]> {
    let mut bytes = [0; SIGNATURE_BYTES];
    hex::decode_to_slice(text.strip_prefix("0x")?, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloy_primitives::eip191_hash_message;

    use super::{address, signature, signer};

    /// The first account of the mnemonic `test test test … junk`, and what geth's `personal_sign` gives for "hello".
    const OWNER: &str = "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266";
    const KEY: &str = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

    fn signed(text: &[u8]) -> [u8; 65] {
        let key = k256::ecdsa::SigningKey::from_slice(&hex::decode(KEY).unwrap()).unwrap();
        let (signature, id) = key.sign_prehash_recoverable(eip191_hash_message(text).as_slice());
        let mut bytes = [0; 65];
        bytes[..64].copy_from_slice(&signature.to_bytes());
        bytes[64] = 27 + id.to_byte();
        bytes
    }

    #[test]
    fn addresses_of_the_eip_have_their_check_sum() {
        for text in [
            "0x52908400098527886E0F7030069857D2E4169EE7",
            "0xde709f2102306220921060314715629080e2fb77",
            "0x27b1fdb04752bbc536007a920d24acb045561c26",
            "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
            "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb",
        ] {
            assert_eq!(address(&text.to_lowercase()).unwrap().to_checksum(None), text);
            assert_eq!(address(text), address(&text.to_lowercase()));
        }
        let (upper, mistyped) = (OWNER.replace("Fd", "FD"), OWNER.to_uppercase().replace("0X", "0x"));
        let bare = "52908400098527886E0F7030069857D2E4169EE7";
        for text in ["", "0x", bare, "0xzz", &format!("{OWNER}0"), &upper, &mistyped] {
            assert!(address(text).is_none(), "{text}");
        }
    }

    #[test]
    fn the_digest_is_that_of_the_eip() {
        // keccak256("\x19Ethereum Signed Message:\n11hello world"), as ethers and web3 give it.
        let known = "d9eba16ed0ecae432b71fe008c98cc872bb4cc214d3220a36f365326cf807d68";
        assert_eq!(hex::encode(eip191_hash_message(b"hello world")), known);
    }

    #[test]
    fn the_signer_is_found_however_the_wallet_writes_it() {
        let text = b"sign in";
        let mut bytes = signed(text);
        let owner = address(OWNER).unwrap();
        assert_eq!(signer(text, &bytes), Ok(owner));
        bytes[64] -= 27;
        assert_eq!(signer(text, &bytes), Ok(owner), "counted from 0");
        // The same signature with the other s, and the other of the two keys.
        let other = -*k256::ecdsa::Signature::from_slice(&bytes[..64]).unwrap().s();
        bytes[32..64].copy_from_slice(&other.to_bytes());
        bytes[64] ^= 1;
        assert_eq!(signer(text, &bytes), Ok(owner), "the greater s");
        bytes[64] ^= 1;
        assert_ne!(signer(text, &bytes), Ok(owner));
        assert_ne!(signer(b"sign it", &signed(text)), Ok(owner));
        for v in [2, 3, 26, 29, 255] {
            bytes[64] = v;
            assert!(signer(text, &bytes).is_err(), "v {v}");
        }
        assert!(signer(text, &[0; 65]).is_err());
        assert!(signer(text, &[0xff; 65]).is_err());
    }

    #[test]
    fn signatures_are_65_bytes_of_hex() {
        let text = format!("0x{}", hex::encode(signed(b"a")));
        assert!(signature(&text).is_some());
        for text in [&text[2..], &text[..130], &format!("{text}00"), "0x", ""] {
            assert!(signature(text).is_none(), "{text}");
        }
    }
}
