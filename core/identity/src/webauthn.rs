//! Passkeys: what an authenticator says when it makes a credential and when it signs by one (Web Authentication Level
//! 3, sections 7.1 and 7.2).
//!
//! Keys sign by ES256, or by RS256 as older machines of Windows do. Who has made the authenticator is not asked
//! (attestation `none`): a credential counts because whoever was signed in has added it. The person has to be verified
//! by the authenticator, by a PIN or by the body: whoever finds the device open has nothing.

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Verifier;
use p256::ecdsa::{Signature, VerifyingKey};
use serde::de::IgnoredAny;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::{Error, PublicKey};

pub mod assertion;
#[cfg(test)]
mod tests;

/// The most bytes of a credential's id (section 4, credential ID).
pub const ID_MAX_BYTES: usize = 1_023;

/// The flags of authenticator data (section 6.1): somebody was there,
const PRESENT: u8 = 0x01;
/// it was this person,
const VERIFIED: u8 = 0x04;
/// the credential may be copied to other devices,
const CAN_BE_COPIED: u8 = 0x08;
/// and was,
const IS_COPIED: u8 = 0x10;
/// a credential follows,
const CREDENTIAL: u8 = 0x40;
/// extensions follow.
const EXTENSIONS: u8 = 0x80;

/// A key of P-256 for ES256 as authenticators have to write it (section 6.5.1.1, in the canonical form of CTAP2): what
/// stands before its two coordinates, and between them.
const ES256_HEAD: [u8; 10] = [0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 0x20];
const ES256_BETWEEN: [u8; 3] = [0x22, 0x58, 0x20];
/// Bytes of a coordinate.
const COORDINATE: usize = 32;
/// The same of a key of RSA for RS256 (RFC 8230 section 4): what stands before its modulus, and the exponent 65537.
const RS256_HEAD: [u8; 11] = [0xa4, 0x01, 0x03, 0x03, 0x39, 0x01, 0x00, 0x20, 0x59, 0x01, 0x00];
const RS256_END: [u8; 5] = [0x21, 0x43, 0x01, 0x00, 0x01];
/// Bytes of a modulus: what modules of Windows make.
const MODULUS: usize = 256;

/// The one host whose pages need no TLS to be a secure context.
const LOOPBACK: &str = "localhost";

/// Who asks for a signature: the relying party.
#[derive(Debug, Clone, Copy)]
pub struct Party<'a> {
    /// Its id: a host without a port.
    pub id: &'a str,
    /// The origin of its page; without one, a page of just this host counts, over https and at any port.
    pub origin: Option<&'a str>,
}

/// The key of a credential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Key {
    /// It signs by ES256 (RFC 9053 section 2.1); of P-256.
    Es256(PublicKey),
    /// It signs by RS256 (RFC 8812 section 2): its modulus of 2048 bits, base64url. The exponent is 65537.
    Rs256(String),
}

impl Key {
    /// Whether it has made a signature by ES256, as DER. What one of RSA has signed, the platform's Web Cryptography
    /// says: nothing of ours reckons with such numbers.
    #[must_use]
    pub fn has_signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let Self::Es256(PublicKey::P256(point)) = self else {
            return false;
        };
        let key = VerifyingKey::from_sec1_bytes(point);
        let signature = Signature::from_der(signature);
        key.is_ok_and(|key| signature.is_ok_and(|signature| key.verify(message, &signature).is_ok()))
    }
}

/// A credential that an authenticator has made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    /// Its id.
    pub id: Vec<u8>,
    /// Its key.
    pub key: Key,
    /// How often it has signed, or zero where nobody counts.
    pub count: u32,
}

/// What has to be signed, and how often the key has signed with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The bytes.
    pub message: Vec<u8>,
    /// How often it has signed, or zero where nobody counts.
    pub count: u32,
}

/// What a browser says of a ceremony (section 5.8.1).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ClientData {
    #[serde(rename = "type")]
    kind: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    /// The page that frames the one that asked, where one does.
    top_origin: Option<IgnoredAny>,
}

/// What an authenticator says (section 6.1).
struct AuthenticatorData<'a> {
    flags: u8,
    count: u32,
    rest: &'a [u8],
}

impl<'a> Party<'a> {
    /// The one whose page is at an origin, on a host with its port: ids of relying parties have none.
    #[must_use]
    pub fn at(host: &'a str, origin: &'a str) -> Self {
        Self { id: host.split(':').next().unwrap_or_default(), origin: Some(origin) }
    }

    /// The one of this id, for whoever knows nothing else of it.
    #[must_use]
    pub const fn of(id: &'a str) -> Self {
        Self { id, origin: None }
    }

    /// Reads a credential that was made for a challenge. A fault is a [`Error::Proof`].
    pub fn credential(
        &self,
        is_challenge: impl Fn(&[u8]) -> bool,
        client_data: &[u8],
        authenticator_data: &[u8],
    ) -> Result<Credential, Error> {
        self.check_client(client_data, "webauthn.create", is_challenge)?;
        let data = self.authenticator_data(authenticator_data)?;
        // 16 bytes say which model made it: of no interest here.
        let made = Some(data.rest).filter(|_| data.flags & CREDENTIAL != 0).and_then(|rest| {
            let (length, rest) = rest.get(16..)?.split_first_chunk()?;
            rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        });
        let (id, rest) = made.ok_or(Error::Proof("there is no credential in it"))?;
        if id.is_empty() || id.len() > ID_MAX_BYTES {
            return Err(Error::Proof("the credential's id has a wrong length"));
        }
        let (key, rest) =
            cose_key(rest).ok_or(Error::Proof("the credential's key is none of ES256, or of RS256 with 2048 bits"))?;
        data.check_end(rest)?;
        data.check_verified()?;
        Ok(Credential { id: id.to_vec(), key, count: data.count })
    }

    /// What a key that has signed `count` times before has to have signed for a challenge, if all that was said with it
    /// holds. A fault is a [`Error::Proof`].
    pub fn claim(
        &self,
        is_challenge: impl Fn(&[u8]) -> bool,
        count: u32,
        client_data: &[u8],
        authenticator_data: &[u8],
    ) -> Result<Claim, Error> {
        self.check_client(client_data, "webauthn.get", is_challenge)?;
        let data = self.authenticator_data(authenticator_data)?;
        data.check_end(data.rest)?;
        // Two devices that hold one key which must not be copied (section 6.1.1).
        if (data.count, count) != (0, 0) && data.count <= count {
            return Err(Error::Proof("the passkey has signed less often than it did"));
        }
        data.check_verified()?;
        let message = [authenticator_data, &Sha256::digest(client_data)].concat();
        Ok(Claim { message, count: data.count })
    }

    fn check_client(&self, client_data: &[u8], kind: &str, is_challenge: impl Fn(&[u8]) -> bool) -> Result<(), Error> {
        let text = std::str::from_utf8(client_data).unwrap_or_default();
        let said: ClientData = serde_json::from_str(text).map_err(|_| Error::Proof("this is no client data"))?;
        if said.kind != kind {
            return Err(Error::Proof("it is of another ceremony"));
        }
        if !self.has_page(&said.origin) || said.cross_origin || said.top_origin.is_some() {
            return Err(Error::Proof("another page has asked"));
        }
        let challenge = BASE64_URL_SAFE_NO_PAD.decode(&said.challenge);
        let fits = challenge.is_ok_and(|bytes| is_challenge(&bytes));
        if fits { Ok(()) } else { Err(Error::Proof("the challenge is another one, or is over")) }
    }

    /// Whether a page at this origin asks in its name.
    fn has_page(&self, origin: &str) -> bool {
        if let Some(own) = self.origin {
            return own == origin;
        }
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
        let is_port = |port: &str| (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
        let secure = scheme == "https" || (scheme == "http" && host == LOOPBACK);
        secure && host == self.id && port.is_none_or(is_port)
    }

    fn authenticator_data<'d>(&self, bytes: &'d [u8]) -> Result<AuthenticatorData<'d>, Error> {
        let parts = bytes.split_first_chunk::<32>().and_then(|(party, rest)| {
            let ([flags], rest) = rest.split_first_chunk::<1>()?;
            let (count, rest) = rest.split_first_chunk::<4>()?;
            Some((party, AuthenticatorData { flags: *flags, count: u32::from_be_bytes(*count), rest }))
        });
        let (party, data) = parts.ok_or(Error::Proof("this is no authenticator data"))?;
        if *party != <[u8; 32]>::from(Sha256::digest(self.id)) {
            return Err(Error::Proof("it is of another relying party"));
        }
        let impossible = data.flags & (CAN_BE_COPIED | IS_COPIED) == IS_COPIED;
        if data.flags & PRESENT == 0 || impossible {
            return Err(Error::Proof("the authenticator's flags do not allow this"));
        }
        Ok(data)
    }
}

impl AuthenticatorData<'_> {
    /// Only extensions may follow; nobody asked for any, and what they say does not count.
    fn check_end(&self, rest: &[u8]) -> Result<(), Error> {
        let fits = rest.is_empty() == (self.flags & EXTENSIONS == 0);
        if fits { Ok(()) } else { Err(Error::Proof("this is no authenticator data")) }
    }

    fn check_verified(&self) -> Result<(), Error> {
        let verified = self.flags & VERIFIED != 0;
        if verified { Ok(()) } else { Err(Error::Proof("the authenticator has not verified who is there")) }
    }
}

/// The key at the beginning, and what follows it.
fn cose_key(bytes: &[u8]) -> Option<(Key, &[u8])> {
    if let Some(rest) = bytes.strip_prefix(&RS256_HEAD) {
        let (modulus, rest) = rest.split_first_chunk::<MODULUS>()?;
        let rest = rest.strip_prefix(&RS256_END)?;
        // 2048 bits in earnest, and no even number.
        let fits = modulus[0] & 0x80 != 0 && modulus[MODULUS - 1] & 1 != 0;
        return fits.then(|| (Key::Rs256(BASE64_URL_SAFE_NO_PAD.encode(modulus)), rest));
    }
    let (x, rest) = bytes.strip_prefix(&ES256_HEAD)?.split_first_chunk::<COORDINATE>()?;
    let (y, rest) = rest.strip_prefix(&ES256_BETWEEN)?.split_first_chunk::<COORDINATE>()?;
    // A compressed point says of y whether it is odd (SEC 1 section 2.3.3).
    let mut point = [0; COORDINATE + 1];
    point[0] = 2 + (y[COORDINATE - 1] & 1);
    point[1..].copy_from_slice(x);
    let key = PublicKey::p256(point).ok()?;
    Some((Key::Es256(key), rest))
}
