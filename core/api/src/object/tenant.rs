//! The Tenant object: keys and lists of one tenant.

use serde::{Deserialize, Serialize};

use crate::cursor::Page;
use crate::key::{KeyHash, KeyRecord, Mode};

/// What a Tenant object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "camelCase")]
pub enum Request {
    /// Creates the tenant with its first key.
    Create {
        /// Its name for people.
        name: String,
        /// Whether its keys are live or test ones.
        mode: Mode,
        /// The first key.
        key: KeyRecord,
    },
    /// What the edge keeps for at most ten seconds.
    Snapshot,
    /// Adds a key.
    AddKey {
        /// The key.
        key: KeyRecord,
    },
    /// Revokes a key at once.
    RevokeKey {
        /// Its id.
        id: String,
    },
    /// Notes an identity, a wallet or a token in the tenant's lists; idempotent.
    Register(Entry),
    /// A page of one list.
    List {
        /// Which list.
        list: ListKind,
        /// Which part of it.
        page: Page,
    },
}

/// What a Tenant object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "camelCase")]
pub enum Reply {
    /// The tenant as it is.
    Snapshot(Snapshot),
    /// Done.
    Done,
    /// A page of a list.
    Entries {
        /// The entries, in the order of their registration.
        entries: Vec<Entry>,
        /// The position of the last one.
        last: Option<String>,
        /// Whether more follow.
        more: bool,
    },
}

impl super::Request for Request {
    type Reply = Reply;
}

/// A tenant as the edge sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The tenant's id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether its keys are live or test ones.
    pub mode: Mode,
    /// How many kernel shards it has.
    pub shards: u8,
    /// Its keys, without the revoked ones.
    pub keys: Vec<KeyRecord>,
    /// When it was created, Unix milliseconds.
    pub created_ms: u64,
}

impl Snapshot {
    /// The key with this id and hash, compared in constant time.
    #[must_use]
    pub fn key(&self, id: &str, hash: &KeyHash) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.id == id).filter(|key| key.hash.matches(hash))
    }
}

/// The lists that a tenant keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ListKind {
    /// Identities by path.
    Identity,
    /// Wallets by id.
    Wallet,
    /// Tokens by address.
    Token,
}

impl ListKind {
    /// The name of the list.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Wallet => "wallet",
            Self::Token => "token",
        }
    }
}

/// One entry of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The list.
    pub list: ListKind,
    /// The id within the list.
    pub id: String,
    /// What the list shows of it: the public view of the resource; a later registration replaces it.
    pub summary: serde_json::Value,
}
