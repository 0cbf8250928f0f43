//! The parameters of a log: what an entry says and what is in force.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::witness::Witnesses;
use crate::method::webvh::METHOD;
use crate::{PublicKey, hash};

/// How long a reader may keep what it resolved if the log does not say, seconds.
const TTL_DEFAULT_S: u64 = 3_600;
/// The longest time that a log may say, seconds.
const TTL_MAX_S: u64 = 1 << 31;

/// The parameters in force after an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameters {
    /// The self-certifying identifier.
    pub scid: String,
    /// Who may sign: the next entry, or this one under pre-rotation.
    pub update_keys: Vec<String>,
    /// Hashes of the keys that may come next; not empty means pre-rotation.
    pub next_key_hashes: Vec<String>,
    /// Whether the DID may move to another host.
    pub portable: bool,
    /// Who has to witness entries.
    pub witness: Option<Witnesses>,
    /// Who watches the log.
    pub watchers: Vec<String>,
    /// Whether the DID is deactivated.
    pub deactivated: bool,
    /// How long a reader may keep what it resolved, seconds.
    pub ttl: Option<u64>,
}

/// What one entry says: what is absent stays as it was.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Said {
    method: Option<String>,
    scid: Option<String>,
    update_keys: Option<Vec<String>>,
    next_key_hashes: Option<Vec<String>>,
    portable: Option<bool>,
    witness: Option<Value>,
    watchers: Option<Vec<String>>,
    deactivated: Option<bool>,
    ttl: Option<u64>,
}

impl Said {
    /// Earlier drafts wrote `null` where nothing is meant; each is read as the empty value of its kind.
    fn read(value: &Value) -> Result<Self, &'static str> {
        let mut value = value.clone();
        for (member, empty) in [
            ("updateKeys", json!([])),
            ("nextKeyHashes", json!([])),
            ("watchers", json!([])),
            ("witness", json!({})),
            ("ttl", json!(TTL_DEFAULT_S)),
        ] {
            if value.get(member).is_some_and(Value::is_null) {
                value[member] = empty;
            }
        }
        let said: Self = serde_json::from_value(value).map_err(|_| "the parameters are malformed or unknown")?;
        if said.method.as_deref().is_some_and(|method| method != METHOD) {
            return Err("the method is not did:webvh:1.0");
        }
        if said.update_keys.iter().flatten().any(|key| !is_update_key(key)) {
            return Err("an update key is not an Ed25519 key");
        }
        if said.ttl.is_some_and(|ttl| ttl > TTL_MAX_S) {
            return Err("the ttl is too long");
        }
        if said.next_key_hashes.iter().flatten().any(|key| !hash::is_multihash(key)) {
            return Err("a hash of a next key is not a SHA-256 multihash");
        }
        Ok(said)
    }
}

impl Parameters {
    /// The parameters of the first entry.
    pub(super) fn first(value: &Value) -> Result<Self, &'static str> {
        let said = Said::read(value)?;
        if said.method.is_none() {
            return Err("the first entry does not name its method");
        }
        let update_keys = said.update_keys.filter(|keys| !keys.is_empty()).ok_or("there is no update key")?;
        Ok(Self {
            scid: said.scid.ok_or("the first entry does not name its SCID")?,
            update_keys,
            next_key_hashes: said.next_key_hashes.unwrap_or_default(),
            portable: said.portable.unwrap_or_default(),
            witness: said.witness.as_ref().map(Witnesses::read).transpose()?.flatten(),
            watchers: said.watchers.unwrap_or_default(),
            deactivated: said.deactivated.unwrap_or_default(),
            ttl: said.ttl,
        })
    }

    /// The parameters after one more entry.
    pub(super) fn next(&self, value: &Value) -> Result<Self, &'static str> {
        let said = Said::read(value)?;
        if said.scid.is_some() {
            return Err("the SCID is named after the first entry");
        }
        if said.portable == Some(true) && !self.portable {
            return Err("portability is switched on after the first entry");
        }
        if self.is_pre_rotating() {
            let (Some(keys), Some(_)) = (&said.update_keys, &said.next_key_hashes) else {
                return Err("under pre-rotation, updateKeys and nextKeyHashes are explicit");
            };
            if keys.iter().any(|key| !self.next_key_hashes.contains(&hash::commitment(key))) {
                return Err("an update key was not committed to before");
            }
        }
        Ok(Self {
            scid: self.scid.clone(),
            update_keys: said.update_keys.unwrap_or_else(|| self.update_keys.clone()),
            next_key_hashes: said.next_key_hashes.unwrap_or_else(|| self.next_key_hashes.clone()),
            portable: said.portable.unwrap_or(self.portable),
            witness: match &said.witness {
                Some(witness) => Witnesses::read(witness)?,
                None => self.witness.clone(),
            },
            watchers: said.watchers.unwrap_or_else(|| self.watchers.clone()),
            deactivated: said.deactivated.unwrap_or(self.deactivated),
            ttl: said.ttl.or(self.ttl),
        })
    }

    /// Whether the keys of the next entry are committed to.
    #[must_use]
    pub fn is_pre_rotating(&self) -> bool {
        !self.next_key_hashes.is_empty()
    }
}

fn is_update_key(text: &str) -> bool {
    matches!(PublicKey::decode(text), Ok(PublicKey::Ed25519(_)))
}
