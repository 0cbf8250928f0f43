//! What a client carries for the server (`requestState`), with an HMAC so that it cannot be changed.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Protects a text.
pub(super) fn seal(key: &[u8; 32], text: &str) -> String {
    format!("{text}.{}", hex::encode(tag(key, text).finalize().into_bytes()))
}

/// The text of a state that was not changed.
pub(super) fn open<'a>(key: &[u8; 32], state: &'a str) -> Option<&'a str> {
    let (text, given) = state.rsplit_once('.')?;
    tag(key, text).verify_slice(&hex::decode(given).ok()?).is_ok().then_some(text)
}

fn tag(key: &[u8; 32], text: &str) -> Hmac<Sha256> {
    // A key shorter than a block is filled up with zeros (RFC 2104 section 2).
    let mut block = [0; 64];
    block[..key.len()].copy_from_slice(key);
    let mut mac = <Hmac<Sha256> as KeyInit>::new(&block.into());
    mac.update(text.as_bytes());
    mac
}
