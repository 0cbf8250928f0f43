//! The SQLite tables of a tenant's mind.

use std::cell::Cell;

use aion_api::problem::Problem;
use aion_api::vault::Sealed;
use aion_mind::budget::Ledger;
use aion_mind::cache::{AGE_MAX_S, ENTRY_MAX_BYTES, ENTRY_MIN_BYTES, TENANT_MAX_BYTES};
use aion_mind::models::ProviderRow;
use aion_mind::wire::Reply;
use aion_shell::call::fault;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use worker::{SqlStorage, SqlStorageValue};

/// Each statement is idempotent. What has ended stands in rows of its own: with a call a second it is more than fits a
/// row, and it does not change.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS mind (
  one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, version INTEGER NOT NULL, providers TEXT NOT NULL,
  ledger TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS provider_key (
  provider TEXT PRIMARY KEY, sealed TEXT NOT NULL, updated_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS ended (id TEXT PRIMARY KEY, day INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ended_day ON ended (day);
CREATE TABLE IF NOT EXISTS answer (
  key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, bytes INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS answer_at ON answer (at_ms);
";

/// What is stored of a tenant, and whether that is so still.
pub struct Known {
    pub tenant: String,
    /// Of the providers.
    pub version: u64,
    pub providers: Vec<ProviderRow>,
    ledger: Ledger,
    /// Whether the ledger has changed since it was stored,
    ledger_changed: bool,
    /// and whether the rest has.
    rest_changed: bool,
    /// The day that what was too old went away.
    swept: Option<u64>,
}

impl Known {
    fn stored(tenant: String, version: u64, providers: Vec<ProviderRow>, ledger: Ledger) -> Self {
        Self { tenant, version, providers, ledger, ledger_changed: false, rest_changed: false, swept: None }
    }

    /// What is known before anything is stored.
    pub fn of(tenant: &str) -> Self {
        Self { rest_changed: true, ..Self::stored(tenant.to_owned(), 0, Vec::new(), Ledger::default()) }
    }

    pub const fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger, to change it.
    pub const fn ledger_mut(&mut self) -> &mut Ledger {
        self.ledger_changed = true;
        &mut self.ledger
    }

    /// Works on the ledger, which has changed if that does not fail.
    pub fn try_ledger<T, E>(&mut self, work: impl FnOnce(&mut Ledger) -> Result<T, E>) -> Result<T, E> {
        let done = work(&mut self.ledger);
        self.ledger_changed |= done.is_ok();
        done
    }

    /// Puts all providers, as their next version.
    pub fn put_providers(&mut self, rows: Vec<ProviderRow>) {
        self.version += 1;
        (self.providers, self.rest_changed, self.ledger_changed) = (rows, true, true);
    }
}

#[derive(Deserialize)]
struct Row {
    tenant: String,
    version: u64,
    providers: String,
    ledger: String,
}

#[derive(Deserialize)]
struct KeyRow {
    sealed: String,
    updated_ms: u64,
}

#[derive(Deserialize)]
struct AnswerRow {
    at_ms: u64,
    body: String,
}

#[derive(Deserialize)]
struct DayRow {
    day: u64,
}

/// The tables; there are none before the first write.
pub struct Store<'a> {
    sql: SqlStorage,
    /// Whether this life of the object has made sure of them.
    made: &'a Cell<bool>,
}

impl<'a> Store<'a> {
    pub const fn new(sql: SqlStorage, made: &'a Cell<bool>) -> Self {
        Self { sql, made }
    }

    /// What is stored; nothing before the first write.
    pub fn known(&self) -> Result<Option<Known>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let rows = self.rows::<Row>("SELECT tenant, version, providers, ledger FROM mind", vec![])?;
        let read = |Row { tenant, version, providers, ledger }| {
            Ok(Known::stored(tenant, version, parse(&providers)?, parse(&ledger)?))
        };
        rows.into_iter().next().map(read).transpose()
    }

    fn make(&self) -> Result<(), Problem> {
        if !self.made.get() {
            self.sql.exec(SCHEMA, None).map_err(|error| fault("mind schema", &error))?;
            self.made.set(true);
        }
        Ok(())
    }

    /// An answer that was given before, and when. The table is one that older objects have not made yet.
    pub fn answer(&self, key: &str) -> Result<Option<(Reply, u64)>, Problem> {
        self.make()?;
        let rows = self.rows::<AnswerRow>("SELECT at_ms, body FROM answer WHERE key = ?", vec![key.into()])?;
        rows.into_iter().next().map(|row| Ok((parse(&row.body)?, row.at_ms))).transpose()
    }

    /// Keeps an answer, if it is not too long; what is too old, or too much, goes away.
    pub fn put_answer(&self, key: &str, reply: &Reply, now_ms: u64) -> Result<(), Problem> {
        let body = json(reply)?;
        if body.len() > ENTRY_MAX_BYTES {
            return Ok(());
        }
        self.make()?;
        let oldest_ms = now_ms.saturating_sub(u64::from(AGE_MAX_S) * 1_000);
        self.run("DELETE FROM answer WHERE at_ms < ?", vec![int(oldest_ms)])?;
        let bytes = int((body.len() as u64).max(ENTRY_MIN_BYTES));
        let query = "INSERT OR REPLACE INTO answer (key, at_ms, bytes, body) VALUES (?, ?, ?, ?)";
        self.run(query, vec![key.into(), int(now_ms), bytes, body.into()])?;
        let query = "DELETE FROM answer WHERE key IN (SELECT key FROM (
            SELECT key, SUM(bytes) OVER (ORDER BY at_ms DESC, key) AS together FROM answer) WHERE together > ?)";
        self.run(query, vec![int(TENANT_MAX_BYTES)])
    }

    pub fn forget_answers(&self) -> Result<(), Problem> {
        self.make()?;
        self.run("DELETE FROM answer", vec![])
    }

    /// Stores what has changed. What has ended meanwhile goes to its own rows, and what is too old to count goes away.
    pub fn put(&self, known: &mut Known) -> Result<(), Problem> {
        if !known.ledger_changed {
            return Ok(());
        }
        self.make()?;
        for (day, id) in known.ledger.take_ended() {
            self.run("INSERT OR IGNORE INTO ended (id, day) VALUES (?, ?)", vec![id.into(), int(day)])?;
        }
        let oldest = known.ledger.oldest_day();
        if known.swept != Some(oldest) {
            self.run("DELETE FROM ended WHERE day < ?", vec![int(oldest)])?;
            known.swept = Some(oldest);
        }
        let ledger = json(&known.ledger)?;
        if known.rest_changed {
            let query = "INSERT OR REPLACE INTO mind (one, tenant, version, providers, ledger) VALUES (1, ?, ?, ?, ?)";
            let (tenant, providers) = (known.tenant.as_str().into(), json(&known.providers)?);
            self.run(query, vec![tenant, int(known.version), providers.into(), ledger.into()])?;
        } else {
            self.run("UPDATE mind SET ledger = ?", vec![ledger.into()])?;
        }
        (known.ledger_changed, known.rest_changed) = (false, false);
        Ok(())
    }

    /// Has a ledger know of an id that has ended.
    pub fn remind(&self, ledger: &mut Ledger, id: &str) -> Result<(), Problem> {
        if self.exists()? {
            let rows = self.rows::<DayRow>("SELECT day FROM ended WHERE id = ?", vec![id.into()])?;
            for row in rows {
                ledger.remember(row.day, id);
            }
        }
        Ok(())
    }

    pub fn put_key(&self, provider: &str, sealed: &Sealed, now_ms: u64) -> Result<(), Problem> {
        let query = "INSERT OR REPLACE INTO provider_key (provider, sealed, updated_ms) VALUES (?, ?, ?)";
        self.run(query, vec![provider.into(), json(sealed)?.into(), int(now_ms)])
    }

    /// A provider's key, and when it was put.
    pub fn key(&self, provider: &str) -> Result<Option<(Sealed, u64)>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let query = "SELECT sealed, updated_ms FROM provider_key WHERE provider = ?";
        let rows = self.rows::<KeyRow>(query, vec![provider.into()])?;
        rows.into_iter().next().map(|row| Ok((parse(&row.sealed)?, row.updated_ms))).transpose()
    }

    pub fn forget_key(&self, provider: &str) -> Result<(), Problem> {
        self.run("DELETE FROM provider_key WHERE provider = ?", vec![provider.into()])
    }

    fn exists(&self) -> Result<bool, Problem> {
        if self.made.get() {
            return Ok(true);
        }
        let query = "SELECT 1 AS day FROM sqlite_master WHERE type = 'table' AND name = 'mind'";
        self.rows::<DayRow>(query, vec![]).map(|rows| !rows.is_empty())
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        run(&self.sql, query, values)
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        rows(&self.sql, query, values)
    }
}

pub fn run(sql: &SqlStorage, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
    sql.exec(query, values).map(|_| ()).map_err(|error| fault("mind write", &error))
}

pub fn rows<T: DeserializeOwned>(
    sql: &SqlStorage,
    query: &str,
    values: Vec<SqlStorageValue>,
) -> Result<Vec<T>, Problem> {
    let cursor = sql.exec(query, values).map_err(|error| fault("mind read", &error))?;
    cursor.to_array().map_err(|error| fault("mind read", &error))
}

pub fn json<T: Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("mind json", &error))
}

pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("mind json", &error))
}

pub fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}
