//! The SQLite tables of a tenant.

use aion_api::address::Address;
use aion_api::cursor::Page;
use aion_api::key::{KeyRecord, Mode};
use aion_api::object::tenant::{Entry, ListKind, Reply, Snapshot};
use aion_api::problem::{Code, Problem};
use aion_api::shards::Shards;
use aion_api::v1::egress::Hosts;
use aion_shell::call::{self, fault};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

/// A tenant starts with one kernel shard; more come when it grows.
const SHARDS_AT_START: u8 = 1;

/// Created when the object is; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS tenant (
  one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS api_key (id TEXT PRIMARY KEY, record TEXT NOT NULL, revoked_ms INTEGER) STRICT;
CREATE TABLE IF NOT EXISTS entry (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, list TEXT NOT NULL, id TEXT NOT NULL, summary TEXT NOT NULL, UNIQUE (list, id)
) STRICT;
CREATE TABLE IF NOT EXISTS definition (
  name TEXT NOT NULL, version INTEGER NOT NULL, hash TEXT NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL,
  PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS schedule (name TEXT PRIMARY KEY, wake_ms INTEGER, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS host (place INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS secret (
  name TEXT PRIMARY KEY, sealed TEXT NOT NULL, at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS rate_limits (one INTEGER PRIMARY KEY CHECK (one = 1), body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS member (did TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS passkey (id TEXT PRIMARY KEY, member TEXT NOT NULL, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS used_nonce (nonce TEXT PRIMARY KEY, until_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS wake ON schedule (wake_ms) WHERE wake_ms IS NOT NULL;
";

/// The tables of one tenant.
pub(super) struct Store<'a>(&'a SqlStorage);

#[derive(Deserialize)]
pub(super) struct Body {
    pub(super) body: String,
}

#[derive(Deserialize)]
struct EntryRow {
    seq: f64,
    id: String,
    summary: String,
}

impl<'a> Store<'a> {
    pub(super) fn create(sql: &'a SqlStorage) -> Result<Self, Problem> {
        sql.exec(SCHEMA, None).map_err(|error| fault("tenant schema", &error))?;
        Ok(Self(sql))
    }

    /// The tables of a tenant that exists. A made-up key asks for a tenant that does not: nothing is stored then.
    pub(super) fn existing(sql: &'a SqlStorage) -> Result<Option<Self>, Problem> {
        let store = Self(sql);
        let names = "'entry', 'wake', 'host', 'secret', 'rate_limits', 'member', 'passkey', 'used_nonce'";
        let query = format!("SELECT name AS body FROM sqlite_master WHERE name IN ({names})");
        match store.rows::<Body>(&query, vec![])?.len() {
            0 => Ok(None),
            8 => Ok(Some(store)),
            // Tables of an older version lack the newest ones.
            _ => Self::create(sql).map(Some),
        }
    }

    /// The tables of this tenant, and what is known of it.
    pub(super) fn of(sql: &'a SqlStorage, tenant: &str) -> Result<(Self, Snapshot), Problem> {
        let unknown = || Problem::unknown("tenant");
        let store = Self::existing(sql)?.ok_or_else(unknown)?;
        let snapshot = store.snapshot()?.filter(|snapshot| snapshot.id == tenant).ok_or_else(unknown)?;
        Ok((store, snapshot))
    }

    pub(super) fn put_tenant(&self, owner: &Address, name: &str, mode: Mode, now_ms: u64) -> Result<(), Problem> {
        let snapshot = Snapshot {
            id: owner.tenant.clone(),
            name: name.to_owned(),
            mode,
            shards: Shards::new(SHARDS_AT_START),
            growing: None,
            keys: Vec::new(),
            limits: Vec::new(),
            hosts: Hosts::default(),
            created_ms: now_ms,
        };
        let values = vec![snapshot.id.as_str().into(), json(&snapshot)?.into()];
        self.run("INSERT INTO tenant (one, id, body) VALUES (1, ?, ?)", values)
    }

    /// The tenant with its keys that live, its limits and its hosts, or nothing if it was never created.
    pub(super) fn snapshot(&self) -> Result<Option<Snapshot>, Problem> {
        let Some(row) = self.rows::<Body>("SELECT body FROM tenant", vec![])?.pop() else {
            return Ok(None);
        };
        let mut snapshot: Snapshot = parse(&row.body)?;
        let keys =
            self.rows::<Body>("SELECT record AS body FROM api_key WHERE revoked_ms IS NULL ORDER BY rowid", vec![])?;
        snapshot.keys = keys.iter().map(|row| parse(&row.body)).collect::<Result<_, _>>()?;
        let now_ms = call::now_ms();
        snapshot.keys.retain(|key| key.lives(now_ms));
        snapshot.limits = self.limits()?;
        snapshot.hosts = self.hosts()?;
        Ok(Some(snapshot))
    }

    pub(super) fn put_key(&self, key: &KeyRecord) -> Result<(), Problem> {
        let values = vec![key.id.as_str().into(), json(key)?.into()];
        self.run("INSERT INTO api_key (id, record) VALUES (?, ?)", values)
    }

    pub(super) fn register(&self, entry: &Entry) -> Result<(), Problem> {
        let values = vec![entry.list.as_str().into(), entry.id.as_str().into(), json(&entry.summary)?.into()];
        self.run(
            "INSERT INTO entry (list, id, summary) VALUES (?, ?, ?)
             ON CONFLICT (list, id) DO UPDATE SET summary = excluded.summary",
            values,
        )
    }

    /// A page of the entry with this id, empty if there is none.
    pub(super) fn entry(&self, list: ListKind, id: &str) -> Result<Reply, Problem> {
        let query = "SELECT summary AS body FROM entry WHERE list = ? AND id = ?";
        let rows = self.rows::<Body>(query, vec![list.as_str().into(), id.into()])?;
        let entry = |row: &Body| Ok(Entry { list, id: id.to_owned(), summary: parse(&row.body)? });
        let entries = rows.iter().map(entry).collect::<Result<_, Problem>>()?;
        Ok(Reply::Entries { entries, last: None, more: false })
    }

    pub(super) fn list(&self, list: ListKind, page: &Page) -> Result<Reply, Problem> {
        let after: i64 = match &page.after {
            None => 0,
            Some(position) => {
                position.parse().map_err(|_| Problem::new(Code::CursorInvalid, "the cursor is not one of this list"))?
            }
        };
        let values = vec![list.as_str().into(), after.into(), (i64::from(page.limit) + 1).into()];
        let query = "SELECT seq, id, summary FROM entry WHERE list = ? AND seq > ? ORDER BY seq LIMIT ?";
        let mut rows = self.rows::<EntryRow>(query, values)?;
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let last = rows.last().map(|row| row.seq.to_string());
        let entry = |row: EntryRow| Ok(Entry { list, id: row.id, summary: parse(&row.summary)? });
        let entries = rows.into_iter().map(entry).collect::<Result<_, Problem>>()?;
        Ok(Reply::Entries { entries, last, more })
    }

    pub(super) fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("tenant write", &error))
    }

    pub(super) fn rows<T: DeserializeOwned>(
        &self,
        query: &str,
        values: Vec<SqlStorageValue>,
    ) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("tenant read", &error))?;
        cursor.to_array().map_err(|error| fault("tenant read", &error))
    }
}

pub(super) fn json<T: serde::Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("tenant json", &error))
}

/// Unix milliseconds and counts stay below 2^53, which a JS number holds exactly.
pub(super) fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}

pub(super) fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("tenant json", &error))
}
