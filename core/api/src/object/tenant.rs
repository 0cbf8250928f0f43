//! The Tenant object: keys and lists of one tenant.

use std::collections::BTreeMap;

use aion_identity::webauthn;
pub use aion_task::schedule::Source;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Scope;
use crate::cursor::Page;
use crate::key::{KeyHash, KeyRecord, Mode};
use crate::shards::Shards;
use crate::v1::definitions::Definition;
use crate::v1::egress::{Hosts, PutSecret, SecretName};
use crate::v1::limits::Rule;
use crate::v1::members::Member;
use crate::v1::schedules::Schedule;
use crate::vault::Sealed;

/// What a Tenant object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
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
    /// Adds a member, or changes one and its open sessions.
    PutMember {
        /// Its DID in the one spelling.
        did: String,
        /// Its name for people.
        name: String,
        /// What its sessions may do.
        scopes: Vec<Scope>,
    },
    /// The members.
    ListMembers,
    /// Removes a member; its sessions end at once.
    RemoveMember {
        /// Its DID in the one spelling.
        did: String,
    },
    /// Opens a session of whoever has signed a challenge, if it is a member. Name, scopes and member of the key are
    /// filled in.
    OpenSession {
        /// Who has signed, in the one spelling.
        did: String,
        /// What counts once,
        nonce: String,
        /// and until when, Unix milliseconds.
        until_ms: u64,
        /// The key of the session.
        key: KeyRecord,
        /// The passkey that has signed too, with its count of now, if one has.
        passkey: Option<Passkey>,
    },
    /// The passkeys of whoever has a DID, if it is a member.
    Passkeys {
        /// Its DID in the one spelling.
        did: String,
    },
    /// Adds a passkey of the member whose session it is. With the first one its other sessions end, which nobody has
    /// opened by two factors.
    AddPasskey {
        /// The id of the key of the session that adds it, which goes on.
        key: String,
        /// The passkey.
        passkey: Passkey,
    },
    /// Removes a passkey of the member whose session it is.
    RemovePasskey {
        /// The id of the key of the session that removes it.
        key: String,
        /// The credential's id.
        id: String,
    },
    /// Notes an identity, a wallet or a token in the tenant's lists; idempotent.
    Register(Entry),
    /// One entry of a list.
    ReadEntry {
        /// Which list.
        list: ListKind,
        /// Its id in there.
        id: String,
    },
    /// Stores a checked definition under a name.
    PutDefinition {
        /// The name.
        name: String,
        /// The definition.
        definition: Value,
        /// SHA-256 of its canonical form, hex.
        hash: String,
    },
    /// A version of a definition, without one the newest.
    ReadDefinition {
        /// The name.
        name: String,
        /// The version.
        version: Option<u64>,
    },
    /// A page of definitions, the newest version of each.
    ListDefinitions {
        /// Which part.
        page: Page,
    },
    /// Makes a schedule, or changes it.
    PutSchedule {
        /// Its name.
        name: String,
        /// When it runs, as its tenant wrote it.
        spec: Value,
        /// What it runs.
        source: Source,
        /// With which input.
        input: Value,
    },
    /// One schedule.
    ReadSchedule {
        /// Its name.
        name: String,
    },
    /// A page of schedules.
    ListSchedules {
        /// Which part.
        page: Page,
    },
    /// Deletes a schedule.
    DeleteSchedule {
        /// Its name.
        name: String,
    },
    /// Pauses, resumes or triggers a schedule.
    SteerSchedule {
        /// Its name.
        name: String,
        /// What to do.
        steer: Steer,
    },
    /// Has it grow to so many kernel shards.
    Grow {
        /// How many.
        shards: u8,
    },
    /// Sets its rate limits, which the edge has checked.
    PutLimits {
        /// The rules.
        rules: Vec<Rule>,
    },
    /// Says which hosts tasks and routes may ask.
    PutHosts(Hosts),
    /// Which hosts tasks and routes may ask.
    ReadHosts,
    /// Sets a secret.
    PutSecret {
        /// Its name.
        name: String,
        /// Its value.
        secret: PutSecret,
    },
    /// The names of the secrets.
    ListSecrets,
    /// Deletes a secret.
    DeleteSecret {
        /// Its name.
        name: String,
    },
    /// What tasks may reach, for the kernel: hosts, and the secrets as they are sealed.
    Egress,
    /// A page of one list.
    List {
        /// Which list.
        list: ListKind,
        /// Which part of it.
        page: Page,
    },
}

/// A passkey as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Passkey {
    /// The credential's id, base64url.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Its key.
    pub key: webauthn::Key,
    /// How often it has signed, or zero where nobody counts.
    pub count: u32,
    /// When it was added, Unix milliseconds.
    pub added_ms: u64,
}

/// What a tenant does to a schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Steer {
    /// No time starts a run.
    Pause,
    /// Times start runs again.
    Resume,
    /// A run now.
    Trigger {
        /// The same key means the same run.
        key: String,
    },
}

/// What a Tenant object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// The tenant as it is.
    Snapshot(Snapshot),
    /// Done.
    Done,
    /// A member.
    Member(Member),
    /// The members, as they were added.
    Members {
        /// All of them.
        members: Vec<Member>,
    },
    /// The key of a new session.
    Key(KeyRecord),
    /// Passkeys, as they were added.
    Passkeys {
        /// All of a member's, or the one that was added.
        passkeys: Vec<Passkey>,
    },
    /// A definition.
    Definition(Definition),
    /// A page of definitions.
    Definitions {
        /// By name.
        definitions: Vec<Definition>,
        /// Whether more follow.
        more: bool,
    },
    /// How many kernel shards it has.
    Shards {
        /// How many.
        shards: u8,
    },
    /// A schedule.
    Schedule(Schedule),
    /// Hosts.
    Hosts(Hosts),
    /// The names of secrets.
    Secrets {
        /// By name.
        secrets: Vec<SecretName>,
    },
    /// What tasks may reach.
    Egress {
        /// The hosts.
        hosts: Hosts,
        /// The secrets.
        secrets: BTreeMap<String, Sealed>,
    },
    /// A page of schedules.
    Schedules {
        /// By name.
        schedules: Vec<Schedule>,
        /// Whether more follow.
        more: bool,
    },
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
    /// Its kernel shards.
    #[serde(flatten)]
    pub shards: Shards,
    /// How many shards it is growing to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub growing: Option<u8>,
    /// Its keys, without the revoked ones.
    pub keys: Vec<KeyRecord>,
    /// Its rate limits.
    #[serde(default, skip_serializing_if = "Vec::is_empty", with = "as_text")]
    pub limits: Vec<Rule>,
    /// The hosts that it allows.
    #[serde(default)]
    pub hosts: Hosts,
    /// When it was created, Unix milliseconds.
    pub created_ms: u64,
}

impl Snapshot {
    /// The key with this id and hash, compared in constant time, if its time is not over.
    #[must_use]
    pub fn key(&self, id: &str, hash: &KeyHash, now_ms: u64) -> Option<&KeyRecord> {
        self.keys.iter().find(|key| key.id == id && key.lives(now_ms)).filter(|key| key.hash.matches(hash))
    }
}

/// JSON within JSON. What stands beside a flattened part is read by way of a tree: for rules that would be all of their
/// readers a second time.
mod as_text {
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

    use super::Rule;

    pub fn serialize<S: Serializer>(rules: &[Rule], serializer: S) -> Result<S::Ok, S::Error> {
        serde_json::to_string(rules).map_err(ser::Error::custom)?.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Rule>, D::Error> {
        serde_json::from_str(&String::deserialize(deserializer)?).map_err(de::Error::custom)
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
