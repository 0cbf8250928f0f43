//! The table of a lane.
//!
//! An operation is one row, which holds its nonce and its raw transaction together and is written by one statement:
//! a nonce cannot exist without its transaction, whatever fails. The next nonce is no record of its own; it follows
//! from the greatest one that any row ever had.

use aion_api::Problem;
use aion_chain::ledger::{Entry, Lane, Stage};
use aion_shell::call::fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

/// Each statement is idempotent. `due_ms` is NULL once the report was acknowledged; then only the key stays, so that
/// the operation is never accepted again.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS lane (one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, failures INTEGER NOT NULL)
  STRICT;
CREATE TABLE IF NOT EXISTS entry (
  key TEXT PRIMARY KEY, due_ms INTEGER, pending INTEGER NOT NULL, nonce INTEGER, body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS entry_due ON entry (due_ms) WHERE due_ms IS NOT NULL;
CREATE INDEX IF NOT EXISTS entry_nonce ON entry (nonce) WHERE nonce IS NOT NULL;
";

/// A row keeps the greatest nonce that it had: one that was spent in vain is never given again.
const WRITE: &str = "
INSERT INTO entry (key, due_ms, pending, nonce, body) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET due_ms = excluded.due_ms, pending = excluded.pending,
  nonce = COALESCE(excluded.nonce, nonce), body = excluded.body";

/// The tables of one lane.
pub(super) struct Store {
    sql: SqlStorage,
    chain_id: u64,
    index: u32,
}

#[derive(Deserialize)]
struct Head {
    id: String,
}

/// SQL integers pass through JS numbers, which are exact to 2^53; times, counts and nonces never come near.
#[derive(Deserialize)]
struct Number {
    number: Option<f64>,
}

#[derive(Deserialize)]
struct Key {
    key: String,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

impl Store {
    /// The tables of the lane with this id, `<chain>:<index>`; created if they are not there.
    pub(super) fn open(sql: SqlStorage, id: &str) -> Result<Self, Problem> {
        sql.exec(SCHEMA, None).map_err(|error| fault("lane schema", &error))?;
        sql.exec("INSERT OR IGNORE INTO lane (one, id, failures) VALUES (1, ?, 0)", vec![id.into()])
            .map_err(|error| fault("lane schema", &error))?;
        let store = Self::existing(sql)?.ok_or_else(Problem::internal)?;
        if format!("{}:{}", store.chain_id, store.index) == id { Ok(store) } else { Err(Problem::unknown("lane")) }
    }

    /// The tables of this lane, if it was ever asked anything.
    pub(super) fn existing(sql: SqlStorage) -> Result<Option<Self>, Problem> {
        let mut store = Self { sql, chain_id: 0, index: 0 };
        let tables: Vec<Key> =
            store.rows("SELECT name AS key FROM sqlite_master WHERE type = 'table' AND name = 'lane'", vec![])?;
        if tables.iter().all(|table| table.key != "lane") {
            return Ok(None);
        }
        let Some(head) = store.rows::<Head>("SELECT id FROM lane", vec![])?.pop() else {
            return Ok(None);
        };
        let place = head.id.split_once(':').and_then(|(chain, index)| Some((chain.parse().ok()?, index.parse().ok()?)));
        (store.chain_id, store.index) = place.ok_or_else(|| Problem::unknown("lane"))?;
        Ok(Some(store))
    }

    /// Chain and index of the lane.
    pub(super) const fn place(&self) -> (u64, u32) {
        (self.chain_id, self.index)
    }

    /// Whether an operation was ever accepted.
    pub(super) fn knows(&self, key: &str) -> Result<bool, Problem> {
        let rows: Vec<Key> = self.rows("SELECT key FROM entry WHERE key = ?", vec![key.into()])?;
        Ok(rows.iter().any(|row| row.key == key))
    }

    /// The ledger as far as it concerns one operation.
    pub(super) fn load(&self, key: &str) -> Result<Lane, Problem> {
        let mut lane = Lane::new(self.chain_id);
        lane.next_nonce = self.number("SELECT MAX(nonce) AS number FROM entry", vec![])?.map(|nonce| nonce + 1);
        let rows: Vec<Body> =
            self.rows("SELECT body FROM entry WHERE key = ? AND due_ms IS NOT NULL", vec![key.into()])?;
        for row in rows {
            let entry: Entry = serde_json::from_str(&row.body).map_err(|error| fault("lane entry", &error))?;
            lane.entries.insert(key.to_owned(), entry);
        }
        Ok(lane)
    }

    /// Writes an operation.
    pub(super) fn save(&self, key: &str, entry: &Entry) -> Result<(), Problem> {
        let nonce = match &entry.stage {
            Stage::Offered(offer) => integer(offer.nonce),
            _ => SqlStorageValue::Null,
        };
        let (due, body) = match entry.stage {
            Stage::Delivered => (SqlStorageValue::Null, String::new()),
            _ => (integer(entry.due_ms), serde_json::to_string(entry).map_err(|error| fault("lane entry", &error))?),
        };
        let pending = i64::from(!matches!(entry.stage, Stage::Settled(_) | Stage::Delivered));
        self.run(WRITE, vec![key.into(), due, pending.into(), nonce, body.into()])
    }

    /// The operations that want attention, the longest waiting first.
    pub(super) fn due(&self, now_ms: u64, most: usize) -> Result<Vec<String>, Problem> {
        let query = "SELECT key FROM entry WHERE due_ms <= ? ORDER BY due_ms LIMIT ?";
        let rows: Vec<Key> = self.rows(query, vec![integer(now_ms), integer(most as u64)])?;
        Ok(rows.into_iter().map(|row| row.key).collect())
    }

    /// When the next operation wants attention.
    pub(super) fn next_due_ms(&self) -> Result<Option<u64>, Problem> {
        self.number("SELECT MIN(due_ms) AS number FROM entry WHERE due_ms IS NOT NULL", vec![])
    }

    /// How many operations are not settled.
    pub(super) fn pending(&self) -> Result<u64, Problem> {
        Ok(self.number("SELECT COUNT(*) AS number FROM entry WHERE pending = 1", vec![])?.unwrap_or_default())
    }

    /// How many alarms in a row found the chain silent.
    pub(super) fn failures(&self) -> Result<u64, Problem> {
        Ok(self.number("SELECT failures AS number FROM lane", vec![])?.unwrap_or_default())
    }

    /// Counts a silent chain, or forgets about it.
    pub(super) fn set_failures(&self, failures: u64) -> Result<(), Problem> {
        self.run("UPDATE lane SET failures = ?", vec![integer(failures)])
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.sql.exec(query, values).map(|_| ()).map_err(|error| fault("lane write", &error))
    }

    fn number(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<u64>, Problem> {
        let row = self.rows::<Number>(query, values)?.pop();
        Ok(row.and_then(|row| row.number).map(whole))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.sql.exec(query, values).map_err(|error| fault("lane read", &error))?;
        cursor.to_array().map_err(|error| fault("lane read", &error))
    }
}

fn integer(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what we stored is whole and below 2^53")]
fn whole(number: f64) -> u64 {
    number as u64
}
