//! API keys: `aion_<live|test>_<tenant 10><key id 6>_<secret 32><check 6>`, base62.
//!
//! The last six characters are the CRC-32 of all before, so that a typo is refused without a look-up and secret
//! scanners can match `aion_(live|test)_[0-9A-Za-z]{16}_[0-9A-Za-z]{38}`. A Tenant object stores the HMAC-SHA-256 of
//! the key under a versioned pepper, never the key.

use crc::{CRC_32_ISO_HDLC, Crc};
use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use subtle::ConstantTimeEq;
use zeroize::ZeroizeOnDrop;

use crate::{Scope, Secret};

/// Characters of a tenant id.
pub const TENANT_CHARS: usize = 10;
/// Characters of a key id within its tenant.
pub const KEY_ID_CHARS: usize = 6;
/// Characters of the secret part: 190 bits.
pub const SECRET_CHARS: usize = 32;
/// Characters of the check sum: 62^6 exceeds 2^32.
pub const CHECK_CHARS: usize = 6;
/// Random bytes that [`ApiKey::generate`] wants; see [`base62`].
pub const KEY_RANDOM_BYTES: usize = KEY_ID_CHARS + SECRET_CHARS;

/// CRC-32 as in ISO/IEC 8802-3.
static CHECK_SUM: Crc<u32> = Crc::<u32>::new(&CRC_32_ISO_HDLC);
const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// One base62 character a byte. A byte of 0..=255 folded by 62 leans to the first eight characters by 1 in 4 to 5,
/// which costs less than 0.02 bits a character.
#[must_use]
pub fn base62(random: &[u8]) -> String {
    random.iter().map(|byte| char::from(ALPHABET[usize::from(*byte) % 62])).collect()
}

/// Whether the text is a tenant id by its form.
#[must_use]
pub fn is_tenant_id(text: &str) -> bool {
    text.len() == TENANT_CHARS && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Whether a key acts on real value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Mode {
    /// Real value.
    Live,
    /// A deployment for tests.
    Test,
}

impl Mode {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Test => "test",
        }
    }
}

/// A key as its holder sends it, checked by its form and check sum only.
#[derive(Clone, Debug)]
pub struct ApiKey {
    /// The tenant that it belongs to.
    pub tenant: String,
    /// Its id within the tenant.
    pub id: String,
    text: Secret<String>,
}

impl ApiKey {
    /// Makes a key from [`KEY_RANDOM_BYTES`] random bytes.
    #[must_use]
    pub fn generate(mode: Mode, tenant: &str, random: &[u8; KEY_RANDOM_BYTES]) -> Self {
        let id = base62(&random[..KEY_ID_CHARS]);
        let mut text = format!("aion_{}_{tenant}{id}_{}", mode.as_str(), base62(&random[KEY_ID_CHARS..]));
        text.push_str(&check(&text));
        Self { tenant: tenant.to_owned(), id, text: Secret::new(text) }
    }

    /// Reads a key; `None` if its form or its check sum is wrong.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("aion_live_").or_else(|| text.strip_prefix("aion_test_"))?;
        let (ids, secret) = rest.split_once('_')?;
        let base62 = |part: &str| part.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if ids.len() != TENANT_CHARS + KEY_ID_CHARS || secret.len() != SECRET_CHARS + CHECK_CHARS {
            return None;
        }
        if !base62(ids) || !base62(secret) {
            return None;
        }
        let (body, sum) = text.split_at(text.len() - CHECK_CHARS);
        if check(body) != sum {
            return None;
        }
        let (tenant, id) = ids.split_at(TENANT_CHARS);
        Some(Self { tenant: tenant.to_owned(), id: id.to_owned(), text: Secret::new(text.to_owned()) })
    }

    /// The whole key, to be shown once.
    #[must_use]
    pub const fn text(&self) -> &Secret<String> {
        &self.text
    }

    /// What is stored of it.
    #[must_use]
    pub fn hash(&self, pepper: &Pepper) -> KeyHash {
        let mut block = [0; 64];
        block[..32].copy_from_slice(&pepper.key);
        let mut mac = Hmac::<Sha256>::new(&block.into());
        mac.update(self.text.expose().as_bytes());
        KeyHash { pepper: pepper.version, hash: hex::encode(mac.finalize().into_bytes()) }
    }
}

fn check(body: &str) -> String {
    let mut rest = u64::from(CHECK_SUM.checksum(body.as_bytes()));
    let mut chars = [b'0'; CHECK_CHARS];
    for place in chars.iter_mut().rev() {
        // `rest % 62` is below 62 and indexes the alphabet.
        *place = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    chars.iter().map(|byte| char::from(*byte)).collect()
}

/// The secret under which keys are hashed, with its version for rotation.
#[derive(Clone, ZeroizeOnDrop)]
pub struct Pepper {
    version: u8,
    key: [u8; 32],
}

impl Pepper {
    /// The pepper of this version, the secret `KEY_PEPPER_<version>`.
    #[must_use]
    pub const fn new(version: u8, key: [u8; 32]) -> Self {
        Self { version, key }
    }
}

/// What a Tenant object stores of a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyHash {
    /// Version of the pepper.
    pub pepper: u8,
    /// HMAC-SHA-256 of the key, hex.
    pub hash: String,
}

impl KeyHash {
    /// Whether both are of the same key, in constant time.
    #[must_use]
    pub fn matches(&self, other: &Self) -> bool {
        self.pepper == other.pepper && bool::from(self.hash.as_bytes().ct_eq(other.hash.as_bytes()))
    }
}

/// A key as the Tenant object keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRecord {
    /// Its id within the tenant.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Its hash.
    pub hash: KeyHash,
    /// When it was made, Unix milliseconds.
    pub created_ms: u64,
    /// When it ends by itself, Unix milliseconds: only the key of a session does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// The member whose session it is the key of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The member in whose session it was made, or by a key of theirs that lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub made_by: Option<String>,
}

impl KeyRecord {
    /// The member behind what is done with it; none with a key that nobody has made in a session.
    #[must_use]
    pub fn person(&self) -> Option<&str> {
        self.member.as_deref().or(self.made_by.as_deref())
    }

    /// Whether it is the key of a session: made by signing in, and gone by itself.
    #[must_use]
    pub const fn is_session(&self) -> bool {
        self.expires_ms.is_some()
    }

    /// Whether its time is not over yet.
    #[must_use]
    pub fn lives(&self, now_ms: u64) -> bool {
        self.expires_ms.is_none_or(|end_ms| now_ms < end_ms)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ApiKey, KEY_RANDOM_BYTES, Mode, Pepper};

    fn key() -> ApiKey {
        let random: [u8; KEY_RANDOM_BYTES] = std::array::from_fn(|place| u8::try_from(place * 7).unwrap_or(0));
        ApiKey::generate(Mode::Test, "Tenant0001", &random)
    }

    #[test]
    fn a_key_reads_back() {
        let text = key().text().expose().clone();
        assert_eq!(text.len(), "aion_test_".len() + 16 + 1 + 38);
        let back = ApiKey::parse(&text).unwrap();
        assert_eq!((back.tenant.as_str(), back.id.len()), ("Tenant0001", 6));
    }

    #[test]
    fn any_changed_character_is_refused() {
        let text = key().text().expose().clone();
        for place in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[place] = if bytes[place] == b'a' { b'b' } else { b'a' };
            assert!(ApiKey::parse(&String::from_utf8(bytes).unwrap()).is_none(), "at {place}");
        }
        for text in ["", "aion_live_", "aion_test_é", &text[1..], &format!("{text}0")] {
            assert!(ApiKey::parse(text).is_none(), "{text}");
        }
    }

    #[test]
    fn hashes_depend_on_key_and_pepper() {
        let (one, two) = (Pepper::new(1, [1; 32]), Pepper::new(2, [1; 32]));
        assert!(key().hash(&one).matches(&key().hash(&one)));
        assert!(!key().hash(&one).matches(&key().hash(&two)));
        assert!(!key().hash(&one).matches(&key().hash(&Pepper::new(1, [2; 32]))));
    }

    #[test]
    fn debug_hides_the_secret() {
        assert!(!format!("{:?}", key()).contains("aion_test"));
    }
}
