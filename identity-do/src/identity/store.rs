//! The SQLite tables of an identity.

use aion_api::address::Address;
use aion_api::idempotency::Idempotency;
use aion_api::object::identity::Reply;
use aion_api::problem::{Code, Problem};
use aion_identity::log::{Head, LOG_MAX_BYTES};
use aion_identity::record::{Effect, Identity as Record};
use aion_identity::resolution::Version;
use aion_shell::call::fault;
use aion_wallet::sealed::Sealed;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use worker::{SqlStorage, SqlStorageValue};

use super::keys::SealedKey;

/// Created with the identity; each statement is idempotent. `told` is the version that the tenant's list shows.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS identity (
  one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, id TEXT NOT NULL, version_id TEXT NOT NULL,
  body TEXT NOT NULL, key TEXT NOT NULL, body_hash TEXT NOT NULL, first_answer TEXT NOT NULL, told TEXT
) STRICT;
CREATE TABLE IF NOT EXISTS log (
  n INTEGER PRIMARY KEY, version_id TEXT NOT NULL UNIQUE, time_ms INTEGER NOT NULL, line TEXT NOT NULL,
  head TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS sealed_key (
  purpose TEXT PRIMARY KEY, version INTEGER NOT NULL, public_key TEXT NOT NULL, kid INTEGER NOT NULL,
  nonce BLOB NOT NULL, body BLOB NOT NULL
) STRICT;
";

/// Keys of steps that have changed the identity; made when the first one does.
const APPLIED: &str =
    "CREATE TABLE IF NOT EXISTS applied (n INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE) STRICT";
/// So many of them are remembered: a step asks again for a day, in which no identity changes as often.
const APPLIED_MAX: i64 = 10_000;

/// The tables of one identity.
pub(super) struct Store(SqlStorage);

/// Who created the identity, and by which request.
#[derive(Deserialize)]
pub(super) struct First {
    pub(super) tenant: String,
    pub(super) id: String,
    pub(super) key: String,
    pub(super) body_hash: String,
}

#[derive(Deserialize)]
struct Text {
    body: String,
}

#[derive(Deserialize)]
struct Number {
    number: f64,
}

#[derive(Deserialize)]
struct VersionRow {
    n: f64,
    version_id: String,
    time_ms: f64,
}

#[derive(Deserialize)]
struct EntryRow {
    line: String,
    head: String,
}

#[derive(Deserialize)]
struct KeyRow {
    version: f64,
    public_key: String,
    kid: f64,
    #[serde(with = "serde_bytes")]
    nonce: Vec<u8>,
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

impl Store {
    /// Empty tables: what a creation that failed half-way left behind is not part of the next one.
    pub(super) fn create(sql: SqlStorage) -> Result<Self, Problem> {
        sql.exec(SCHEMA, None).map_err(|error| fault("identity schema", &error))?;
        let store = Self(sql);
        store.run("DELETE FROM log", vec![])?;
        store.run("DELETE FROM sealed_key", vec![])?;
        Ok(store)
    }

    /// The tables of an identity that exists; a made-up path leaves nothing behind.
    pub(super) fn existing(sql: SqlStorage) -> Result<Option<Self>, Problem> {
        let store = Self(sql);
        let tables = store.rows::<Text>("SELECT name AS body FROM sqlite_master WHERE name = 'sealed_key'", vec![])?;
        Ok(tables.first().is_some_and(|table| table.body == "sealed_key").then_some(store))
    }

    /// Whether a step has made its change.
    pub(super) fn has_applied(&self, key: &str) -> Result<bool, Problem> {
        self.run(APPLIED, vec![])?;
        let query = "SELECT key AS body FROM applied WHERE key = ?";
        Ok(!self.rows::<Text>(query, vec![key.into()])?.is_empty())
    }

    /// Notes that a step has made its change, and forgets what was long ago.
    pub(super) fn note_applied(&self, key: &str) -> Result<(), Problem> {
        self.run("INSERT INTO applied (key) VALUES (?)", vec![key.into()])?;
        let old = "DELETE FROM applied WHERE n <= (SELECT max(n) FROM applied) - ?";
        self.run(old, vec![APPLIED_MAX.into()])
    }

    pub(super) fn first(&self) -> Result<Option<First>, Problem> {
        Ok(self.rows("SELECT tenant, id, key, body_hash FROM identity", vec![])?.pop())
    }

    /// The answer to the request that created the identity, with its version.
    pub(super) fn first_answer(&self) -> Result<(Value, String), Problem> {
        let identity: Value = parse(&self.text("SELECT first_answer AS body FROM identity")?)?;
        let version_id = identity["versionId"].as_str().unwrap_or_default().to_owned();
        Ok((identity, version_id))
    }

    pub(super) fn put_first(
        &self,
        address: &Address,
        idempotency: &Idempotency,
        record: &Record,
        answer: &Reply,
    ) -> Result<(), Problem> {
        let Reply::Identity { identity, .. } = answer else {
            return Err(Problem::internal());
        };
        let values = vec![
            address.tenant.as_str().into(),
            address.id.as_str().into(),
            record.head.version_id.as_str().into(),
            json(record)?.into(),
            idempotency.key.as_str().into(),
            idempotency.body_hash.as_str().into(),
            identity.to_string().into(),
        ];
        self.run(
            "INSERT INTO identity (one, tenant, id, version_id, body, key, body_hash, first_answer)
             VALUES (1, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )
    }

    pub(super) fn record(&self) -> Result<Record, Problem> {
        parse(&self.text("SELECT body FROM identity")?)
    }

    pub(super) fn save(&self, record: &Record) -> Result<(), Problem> {
        let values = vec![record.head.version_id.as_str().into(), json(record)?.into()];
        self.run("UPDATE identity SET version_id = ?, body = ?", values)
    }

    /// Refuses entries that would make the log longer than readers take.
    pub(super) fn check_room(&self, effects: &[Effect]) -> Result<(), Problem> {
        let rows = self.rows::<Number>("SELECT COALESCE(SUM(LENGTH(line)), 0) AS number FROM log", vec![])?;
        let more: usize = effects.iter().map(|Effect::Append { line, .. }| line.len() + 1).sum();
        // Lengths stay below 2^32.
        #[allow(clippy::cast_precision_loss)]
        let room = LOG_MAX_BYTES as f64 - rows.first().map_or(0.0, |row| row.number) - more as f64;
        if room < 0.0 {
            return Err(Problem::new(Code::LimitReached, "the history of this identity is full"));
        }
        Ok(())
    }

    pub(super) fn append(&self, effects: &[Effect]) -> Result<(), Problem> {
        for Effect::Append { line, head } in effects {
            let values = vec![
                integer(head.number),
                head.version_id.as_str().into(),
                integer(head.time_ms),
                line.as_str().into(),
                json(head)?.into(),
            ];
            self.run("INSERT INTO log (n, version_id, time_ms, line, head) VALUES (?, ?, ?, ?, ?)", values)?;
        }
        Ok(())
    }

    /// The whole log, byte for byte as it was signed.
    pub(super) fn log(&self) -> Result<String, Problem> {
        let rows = self.rows::<Text>("SELECT line AS body FROM log ORDER BY n", vec![])?;
        Ok(rows.into_iter().fold(String::new(), |log, row| log + &row.body + "\n"))
    }

    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn versions(&self) -> Result<Vec<Version>, Problem> {
        let rows = self.rows::<VersionRow>("SELECT n, version_id, time_ms FROM log ORDER BY n", vec![])?;
        // Both numbers were written from integers below 2^53.
        let version =
            |row: VersionRow| Version { number: row.n as u64, id: row.version_id, time_ms: row.time_ms as u64 };
        Ok(rows.into_iter().map(version).collect())
    }

    /// What an entry left behind, and its document.
    pub(super) fn entry(&self, number: u64) -> Result<(Head, Value), Problem> {
        let row = self.rows::<EntryRow>("SELECT line, head FROM log WHERE n = ?", vec![integer(number)])?.pop();
        let row = row.ok_or_else(|| fault("identity log", &"an entry is missing"))?;
        let mut line: Value = parse(&row.line)?;
        Ok((parse(&row.head)?, line["state"].take()))
    }

    pub(super) fn put_keys(&self, keys: &[SealedKey]) -> Result<(), Problem> {
        for key in keys {
            let values = vec![
                key.purpose.as_str().into(),
                i64::from(key.version).into(),
                key.public_key.as_str().into(),
                i64::from(key.sealed.kid).into(),
                key.sealed.nonce.to_vec().into(),
                key.sealed.ciphertext.clone().into(),
            ];
            self.run(
                "INSERT OR REPLACE INTO sealed_key (purpose, version, public_key, kid, nonce, body)
                 VALUES (?, ?, ?, ?, ?, ?)",
                values,
            )?;
        }
        Ok(())
    }

    /// The key of a purpose.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub(super) fn key(&self, purpose: &str) -> Result<SealedKey, Problem> {
        let query = "SELECT version, public_key, kid, nonce, body FROM sealed_key WHERE purpose = ?";
        let row = self.rows::<KeyRow>(query, vec![purpose.into()])?.pop();
        let row = row.ok_or_else(|| fault("identity key", &"missing"))?;
        let nonce = row.nonce.try_into().map_err(|_| fault("identity key", &"malformed"))?;
        // Version and key id were written from a u32 and a byte.
        let sealed = Sealed { kid: row.kid as u8, nonce, ciphertext: row.body };
        Ok(SealedKey { purpose: purpose.to_owned(), version: row.version as u32, public_key: row.public_key, sealed })
    }

    /// Whether the tenant's list shows an older version, or none.
    pub(super) fn has_news(&self) -> Result<bool, Problem> {
        let query = "SELECT id AS body FROM identity WHERE told IS NULL OR told <> version_id";
        Ok(!self.rows::<Text>(query, vec![])?.is_empty())
    }

    pub(super) fn told(&self, version_id: &str) -> Result<(), Problem> {
        self.run("UPDATE identity SET told = ?", vec![version_id.into()])
    }

    fn text(&self, query: &str) -> Result<String, Problem> {
        let row = self.rows::<Text>(query, vec![])?.pop();
        row.map(|row| row.body).ok_or_else(|| fault("identity read", &"missing"))
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("identity write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("identity read", &error))?;
        cursor.to_array().map_err(|error| fault("identity read", &error))
    }
}

/// Numbers and times stay below 2^53.
fn integer(value: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(value.cast_signed())
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("identity json", &error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("identity json", &error))
}
