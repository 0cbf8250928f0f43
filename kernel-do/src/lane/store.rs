//! The SQLite tables of a lane. An operation's row holds its whole entry, with nonce and raw transaction together.

use aion_api::Problem;
use aion_chain::ledger::{Entry, Lane, Stage};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

use crate::call::fault;

/// Created when the object is; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS lane (
  one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, next_nonce INTEGER
) STRICT;
CREATE TABLE IF NOT EXISTS entry (key TEXT PRIMARY KEY, open INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS entry_open ON entry (open) WHERE open = 1;
";

/// The tables of one lane.
pub(super) struct Store {
    sql: SqlStorage,
    chain_id: u64,
    index: u32,
}

#[derive(Deserialize)]
struct Head {
    id: String,
    next_nonce: Option<f64>,
}

#[derive(Deserialize)]
struct Row {
    key: String,
    body: String,
}

impl Store {
    /// The tables of the lane with this id, `<chain>:<index>`; created if they are not there.
    pub(super) fn open(sql: SqlStorage, id: &str) -> Result<Self, Problem> {
        sql.exec(SCHEMA, None).map_err(|error| fault("lane schema", &error))?;
        sql.exec("INSERT OR IGNORE INTO lane (one, id) VALUES (1, ?)", vec![id.into()])
            .map_err(|error| fault("lane schema", &error))?;
        Self::existing(sql)?.ok_or_else(Problem::internal)
    }

    /// The tables of this lane, if it was ever asked anything.
    pub(super) fn existing(sql: SqlStorage) -> Result<Option<Self>, Problem> {
        let mut store = Self { sql, chain_id: 0, index: 0 };
        let tables = store.rows::<Row>("SELECT name AS key, '' AS body FROM sqlite_master WHERE name = 'lane'", vec![])?;
        if tables.is_empty() {
            return Ok(None);
        }
        let Some(head) = store.head()? else {
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
        let rows = self.rows::<Row>("SELECT key, '' AS body FROM entry WHERE key = ?", vec![key.into()])?;
        Ok(rows.first().is_some_and(|row| row.key == key))
    }

    /// The ledger with everything that is open.
    pub(super) fn load(&self) -> Result<Lane, Problem> {
        let mut lane = Lane::new(self.chain_id);
        lane.next_nonce = self.head()?.and_then(|head| head.next_nonce).map(nonce);
        for row in self.rows::<Row>("SELECT key, body FROM entry WHERE open = 1", vec![])? {
            let entry: Entry = serde_json::from_str(&row.body).map_err(|error| fault("lane entry", &error))?;
            lane.entries.insert(row.key, entry);
        }
        Ok(lane)
    }

    /// Writes what changed.
    pub(super) fn save(&self, before: &Lane, after: &Lane) -> Result<(), Problem> {
        if before.next_nonce != after.next_nonce {
            let nonce = after.next_nonce.map(|nonce| SqlStorageValue::Integer(nonce.cast_signed()));
            self.run("UPDATE lane SET next_nonce = ?", vec![nonce.unwrap_or(SqlStorageValue::Null)])?;
        }
        for (key, entry) in &after.entries {
            if before.entries.get(key) == Some(entry) {
                continue;
            }
            let body = serde_json::to_string(entry).map_err(|error| fault("lane entry", &error))?;
            let open = i64::from(entry.stage != Stage::Delivered);
            let values = vec![key.as_str().into(), open.into(), body.into()];
            self.run("INSERT OR REPLACE INTO entry (key, open, body) VALUES (?, ?, ?)", values)?;
        }
        Ok(())
    }

    fn head(&self) -> Result<Option<Head>, Problem> {
        Ok(self.rows::<Head>("SELECT id, next_nonce FROM lane", vec![])?.pop())
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.sql.exec(query, values).map(|_| ()).map_err(|error| fault("lane write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.sql.exec(query, values).map_err(|error| fault("lane read", &error))?;
        cursor.to_array().map_err(|error| fault("lane read", &error))
    }
}

/// SQL integers pass through JS numbers, which are exact to 2^53; a nonce never comes near.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
fn nonce(number: f64) -> u64 {
    number as u64
}
