//! The envelope between K and G: encrypted end to end, authenticated, bound to wallet, epoch, session, round and
//! counter. Whatever does not open is dropped before the protocol sees it; that is never a ban.
//!
//! `{v, wallet, epoch, session, round, from, counter, to, tag, ciphertext, signature}`: X25519 → HKDF-SHA-256 →
//! AES-256-GCM with a key of its own for every message, and Ed25519 over everything. The key is derived from the header
//! and from `tag`, a keyed hash of header and plaintext: two plaintexts under one header, as when an old message is
//! answered anew, never share a key.

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use hkdf::Hkdf;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use x25519_dalek::{PublicKey, StaticSecret};
use zeroize::Zeroizing;

use crate::{MpcError, Role, SESSION_BYTES, encode};

/// Version of the format.
const VERSION: u8 = 1;
/// An envelope may have this many bytes: the largest round with room for the header.
pub const ENVELOPE_MAX_BYTES: usize = 512 * 1024;
/// A wallet's id may have this many characters.
const WALLET_MAX_CHARS: usize = 64;

/// A party's keys for its link with the other one. It has no `Debug`.
pub struct LinkIdentity {
    signing: SigningKey,
    agreement: StaticSecret,
}

/// The public half of a [`LinkIdentity`]; its text form is 64 bytes in base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkPublic {
    /// Ed25519
    pub ed25519: [u8; 32],
    /// X25519
    pub x25519: [u8; 32],
}

/// What an envelope is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub v: u8,
    /// The wallet.
    pub wallet: String,
    /// Epoch of the shares.
    pub epoch: u32,
    /// Session, random for every attempt.
    pub session: [u8; SESSION_BYTES],
    /// Round within the session.
    pub round: u8,
    /// Who sends.
    pub from: Role,
    /// Messages of the sender for this wallet, ever growing.
    pub counter: u64,
}

#[derive(Serialize, Deserialize)]
struct Envelope {
    bound: Bound,
    ciphertext: Vec<u8>,
    signature: Vec<u8>,
}

/// What the key of a message is derived from, besides the parties' keys.
#[derive(Serialize, Deserialize)]
struct Bound {
    header: Header,
    to: Role,
    tag: [u8; 32],
}

impl Header {
    /// The header of a message.
    #[must_use]
    pub fn new(wallet: &str, session: [u8; SESSION_BYTES], round: u8, from: Role, counter: u64) -> Self {
        Self { v: VERSION, wallet: wallet.to_owned(), epoch: 0, session, round, from, counter }
    }
}

impl LinkIdentity {
    /// Derives both keys from the secret `LINK_SECRET`.
    #[must_use]
    pub fn from_secret(secret: &[u8; 32]) -> Self {
        Self {
            signing: SigningKey::from_bytes(&derive(secret, b"aion link ed25519")),
            agreement: StaticSecret::from(*derive(secret, b"aion link x25519")),
        }
    }

    /// The public half.
    #[must_use]
    pub fn public(&self) -> LinkPublic {
        let x25519 = PublicKey::from(&self.agreement).to_bytes();
        LinkPublic { ed25519: self.signing.verifying_key().to_bytes(), x25519 }
    }

    /// Seals a message to the peer.
    pub fn seal(&self, peer: &LinkPublic, header: &Header, plaintext: &[u8]) -> Result<Vec<u8>, MpcError> {
        let shared = self.shared(peer, header)?;
        let tag = tag(&shared, header, plaintext)?;
        let bound = Bound { header: header.clone(), to: header.from.peer(), tag };
        let aad = encode(&bound)?;
        let ciphertext = cipher(&shared, &aad)?
            .encrypt(&NONCE.into(), Payload { msg: plaintext, aad: &aad })
            .map_err(|_| MpcError::Recoverable("sealing"))?;
        let signature = self.signing.sign(&[aad.as_slice(), &ciphertext].concat()).to_vec();
        encode(&Envelope { bound, ciphertext, signature })
    }

    /// Opens an envelope of the peer, whose sender must be `from`. Whether session, round and counter are the expected
    /// ones is for the caller to compare, before it looks at the message.
    pub fn open(&self, peer: &LinkPublic, from: Role, bytes: &[u8]) -> Result<(Header, Zeroizing<Vec<u8>>), MpcError> {
        let Envelope { bound, ciphertext, signature } = crate::decode(bytes, ENVELOPE_MAX_BYTES)?;
        let header = &bound.header;
        if header.v != VERSION || header.from != from || bound.to != from.peer() {
            return Err(MpcError::Malformed);
        }
        if header.wallet.len() > WALLET_MAX_CHARS {
            return Err(MpcError::Malformed);
        }
        let aad = encode(&bound)?;
        let key = VerifyingKey::from_bytes(&peer.ed25519).map_err(|_| MpcError::Malformed)?;
        let signature = Signature::from_slice(&signature).map_err(|_| MpcError::Malformed)?;
        key.verify_strict(&[aad.as_slice(), &ciphertext].concat(), &signature).map_err(|_| MpcError::Malformed)?;
        let plaintext = cipher(&self.shared(peer, header)?, &aad)?
            .decrypt(&NONCE.into(), Payload { msg: &ciphertext, aad: &aad })
            .map_err(|_| MpcError::Malformed)?;
        Ok((bound.header, Zeroizing::new(plaintext)))
    }

    /// What both parties' agreement keys give for a session.
    fn shared(&self, peer: &LinkPublic, header: &Header) -> Result<Hkdf<Sha256>, MpcError> {
        let shared = self.agreement.diffie_hellman(&PublicKey::from(peer.x25519));
        if !shared.was_contributory() {
            return Err(MpcError::Malformed);
        }
        Ok(Hkdf::<Sha256>::new(Some(&header.session), shared.as_bytes()))
    }
}

/// A keyed hash of the whole message: HKDF's expansion is a pseudo-random function of its `info`.
fn tag(shared: &Hkdf<Sha256>, header: &Header, plaintext: &[u8]) -> Result<[u8; 32], MpcError> {
    let mut tag = [0; 32];
    let header = encode(header)?;
    let parts: [&[u8]; 3] = [b"aion link tag", &header, &Sha256::digest(plaintext)];
    shared.expand_multi_info(&parts, &mut tag).map_err(|_| MpcError::Recoverable("sealing"))?;
    Ok(tag)
}

fn cipher(shared: &Hkdf<Sha256>, aad: &[u8]) -> Result<Aes256Gcm, MpcError> {
    let mut key = Zeroizing::new([0; 32]);
    shared
        .expand_multi_info(&[b"aion link message", aad], key.as_mut())
        .map_err(|_| MpcError::Recoverable("sealing"))?;
    Ok(Aes256Gcm::new((&*key).into()))
}

/// Each key seals one message, so its nonce can stand still.
const NONCE: [u8; 12] = [0; 12];

impl LinkPublic {
    /// The text form: base64url of both keys.
    #[must_use]
    pub fn to_text(&self) -> String {
        URL_SAFE_NO_PAD.encode([self.ed25519, self.x25519].concat())
    }

    /// Reads the text form.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(text.trim()).ok()?;
        let (ed25519, x25519) = bytes.split_at_checked(32)?;
        Some(Self { ed25519: ed25519.try_into().ok()?, x25519: x25519.try_into().ok()? })
    }
}

fn derive(secret: &[u8; 32], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    // 32 bytes are far below the 8,160 that HKDF-SHA-256 gives, so this cannot fail.
    let _ = Hkdf::<Sha256>::new(None, secret).expand(info, key.as_mut());
    key
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Header, LinkIdentity, LinkPublic, MpcError, Role};

    fn parties() -> (LinkIdentity, LinkIdentity) {
        (LinkIdentity::from_secret(&[1; 32]), LinkIdentity::from_secret(&[2; 32]))
    }

    #[test]
    fn what_is_sealed_opens_for_the_peer_alone() {
        let (k, g) = parties();
        let header = Header::new("wal_1", [9; 32], 1, Role::Initiator, 5);
        let bytes = k.seal(&g.public(), &header, b"hello").unwrap();
        let (opened, plaintext) = g.open(&k.public(), Role::Initiator, &bytes).unwrap();
        assert_eq!((opened, plaintext.as_slice()), (header, &b"hello"[..]));
        assert!(k.open(&g.public(), Role::Initiator, &bytes).is_err());
        assert!(g.open(&k.public(), Role::Responder, &bytes).is_err());
        let stranger = LinkIdentity::from_secret(&[3; 32]);
        assert!(stranger.open(&k.public(), Role::Initiator, &bytes).is_err());
        assert!(g.open(&stranger.public(), Role::Initiator, &bytes).is_err());
    }

    #[test]
    fn any_flipped_bit_is_dropped() {
        let (k, g) = parties();
        let header = Header::new("wal_1", [9; 32], 1, Role::Initiator, 5);
        let bytes = k.seal(&g.public(), &header, b"hello").unwrap();
        for place in 0..bytes.len() {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[place] ^= 1 << bit;
                let opened = g.open(&k.public(), Role::Initiator, &flipped);
                assert_eq!(opened.map(|_| ()), Err(MpcError::Malformed), "byte {place} bit {bit}");
            }
        }
        for cut in 0..bytes.len() {
            assert!(g.open(&k.public(), Role::Initiator, &bytes[..cut]).is_err());
        }
    }

    #[test]
    fn one_header_never_gives_one_key_to_two_messages() {
        let (k, g) = parties();
        let header = Header::new("wal_1", [9; 32], 1, Role::Initiator, 5);
        let seal = |plaintext: &[u8; 64]| k.seal(&g.public(), &header, plaintext).unwrap();
        let (one, other) = (seal(&[0; 64]), seal(&[1; 64]));
        let same_stream = one.iter().zip(&other).filter(|(a, b)| **a ^ **b == 1).count();
        assert!(same_stream < 32, "the ciphertexts differ as the plaintexts do");
    }

    #[test]
    fn whatever_arrives_is_dropped_without_a_panic() {
        let (k, g) = parties();
        for length in 0..600_usize {
            let noise: Vec<u8> = (0..length).map(|place| (place * 31 + length * 17).to_le_bytes()[0]).collect();
            assert!(g.open(&k.public(), Role::Initiator, &noise).is_err());
        }
        let long = vec![0; super::ENVELOPE_MAX_BYTES + 1];
        assert_eq!(g.open(&k.public(), Role::Initiator, &long).map(|_| ()), Err(MpcError::Malformed));
    }

    #[test]
    fn public_keys_have_a_text_form() {
        let public = parties().0.public();
        assert_eq!(LinkPublic::from_text(&public.to_text()), Some(public));
        assert_eq!(LinkPublic::from_text("AAAA"), None);
    }
}
