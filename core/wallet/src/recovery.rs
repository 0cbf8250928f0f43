//! Recovery kits: a share sealed to the tenant's own key as an age file, so that a tenant can always leave.
//!
//! The format is age v1 (age-encryption.org/v1) with one X25519 recipient, ASCII-armoured; the public `age` tool opens
//! it: `age -d -i key.txt share.age`.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};
use bech32::Hrp;
use bech32::primitives::decode::CheckedHrpstring;
use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

/// Random bytes that a kit wants: ephemeral key, file key, payload nonce.
pub const ENTROPY_BYTES: usize = 64;
/// Bytes of a payload chunk (age v1, "Payload").
const CHUNK_BYTES: usize = 64 * 1024;
/// Characters of an armoured line (age v1, "ASCII armor").
const LINE_CHARS: usize = 64;
const VERSION_LINE: &str = "age-encryption.org/v1";

/// The recipient is no age X25519 recipient.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the recovery recipient is not an age X25519 recipient (age1…)")]
pub struct RecipientError;

/// Reads a recipient: Bech32 with the prefix `age`.
pub fn recipient(text: &str) -> Result<[u8; 32], RecipientError> {
    let parsed = CheckedHrpstring::new::<bech32::Bech32>(text).map_err(|_| RecipientError)?;
    let age = Hrp::parse("age").map_err(|_| RecipientError)?;
    if parsed.hrp() != age || text.chars().any(|c| c.is_ascii_uppercase()) {
        return Err(RecipientError);
    }
    parsed.byte_iter().collect::<Vec<_>>().try_into().map_err(|_| RecipientError)
}

/// Seals bytes to a recipient; `entropy` has to be random.
pub fn seal(to: &str, plaintext: &[u8], entropy: &[u8; ENTROPY_BYTES]) -> Result<String, RecipientError> {
    let to = PublicKey::from(recipient(to)?);
    let (ephemeral, rest) = entropy.split_at(32);
    let (file_key, nonce) = (&rest[..16], &rest[16..]);
    let ephemeral = StaticSecret::from(<[u8; 32]>::try_from(ephemeral).map_err(|_| RecipientError)?);
    let share = PublicKey::from(&ephemeral);
    let shared = ephemeral.diffie_hellman(&to);
    if !shared.was_contributory() {
        return Err(RecipientError);
    }
    let salt = [share.as_bytes().as_slice(), to.as_bytes()].concat();
    let wrap = derive(&salt, shared.as_bytes(), b"age-encryption.org/v1/X25519")?;
    let body = encrypt(&wrap, [0; 12], file_key)?;

    let mut header = format!("{VERSION_LINE}\n-> X25519 {}\n", STANDARD_NO_PAD.encode(share.as_bytes()));
    header.push_str(&STANDARD_NO_PAD.encode(body));
    header.push_str("\n---");
    let mac_key = derive(&[], file_key, b"header")?;
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(mac_key.as_ref()).map_err(|_| RecipientError)?;
    mac.update(header.as_bytes());
    header.push(' ');
    header.push_str(&STANDARD_NO_PAD.encode(mac.finalize().into_bytes()));
    header.push('\n');

    let payload_key = derive(nonce, file_key, b"payload")?;
    let mut file = header.into_bytes();
    file.extend_from_slice(nonce);
    let chunks = plaintext.chunks(CHUNK_BYTES).count().max(1);
    for place in 0..chunks {
        let start = place * CHUNK_BYTES;
        let chunk = &plaintext[start..plaintext.len().min(start + CHUNK_BYTES)];
        file.extend(encrypt(&payload_key, chunk_nonce(place, place + 1 == chunks), chunk)?);
    }
    Ok(armour(&file))
}

/// Eleven bytes of counter and a flag for the last chunk (STREAM).
fn chunk_nonce(place: usize, last: bool) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[3..11].copy_from_slice(&(place as u64).to_be_bytes());
    nonce[11] = u8::from(last);
    nonce
}

fn encrypt(key: &[u8; 32], nonce: [u8; 12], plaintext: &[u8]) -> Result<Vec<u8>, RecipientError> {
    ChaCha20Poly1305::new(key.into()).encrypt(&nonce.into(), plaintext).map_err(|_| RecipientError)
}

fn derive(salt: &[u8], secret: &[u8], info: &[u8]) -> Result<Zeroizing<[u8; 32]>, RecipientError> {
    let mut key = Zeroizing::new([0; 32]);
    Hkdf::<Sha256>::new(Some(salt), secret).expand(info, key.as_mut()).map_err(|_| RecipientError)?;
    Ok(key)
}

fn armour(file: &[u8]) -> String {
    let text = STANDARD.encode(file);
    let mut out = String::from("-----BEGIN AGE ENCRYPTED FILE-----\n");
    for start in (0..text.len()).step_by(LINE_CHARS) {
        out.push_str(&text[start..text.len().min(start + LINE_CHARS)]);
        out.push('\n');
    }
    out.push_str("-----END AGE ENCRYPTED FILE-----\n");
    out
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{RecipientError, recipient, seal};

    /// The example recipient of the age specification.
    const RECIPIENT: &str = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

    #[test]
    fn recipients_are_bech32_of_32_bytes() {
        assert!(recipient(RECIPIENT).is_ok());
        let upper = RECIPIENT.to_uppercase();
        for text in ["", "age1", &RECIPIENT[1..], &RECIPIENT.replace('z', "y"), upper.as_str()] {
            assert_eq!(recipient(text), Err(RecipientError), "{text}");
        }
    }

    #[test]
    fn a_kit_is_an_armoured_file() {
        let kit = seal(RECIPIENT, &vec![1; 70_000], &[5; 64]).unwrap();
        assert!(kit.starts_with("-----BEGIN AGE ENCRYPTED FILE-----\nYWdlLWVuY3J5cHRpb24ub3JnL3Yx"));
        assert!(kit.lines().all(|line| line.len() <= 64));
    }
}
