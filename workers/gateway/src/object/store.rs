//! The SQLite tables of a gateway.

use std::collections::BTreeMap;

use aion_api::problem::Problem;
use aion_api::v1::egress::Hosts;
use aion_api::v1::gateway::Routes;
use aion_gateway::health::Checked;
use aion_gateway::table::Health;
use aion_shell::call::fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

/// So many versions of the table are kept.
const VERSIONS_KEPT: u64 = 20;
/// Created with the first write; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS gateway (
  one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL, hosts TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS routes (version INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS tag (name TEXT PRIMARY KEY, generation INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS target (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
";

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    text: String,
}

#[derive(Deserialize)]
struct Generation {
    name: String,
    generation: u64,
}

/// The tables; there are none before the first write.
pub struct Store(SqlStorage);

impl Store {
    pub const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Makes the tables, if there are none yet, for a tenant.
    pub fn create(&self, tenant: &str) -> Result<(), Problem> {
        self.0.exec(SCHEMA, None).map_err(|error| fault("gateway schema", &error))?;
        self.run(
            "INSERT OR IGNORE INTO gateway (one, tenant, hosts) VALUES (1, ?, '{\"allow\":[]}')",
            vec![tenant.into()],
        )
    }

    /// Whose gateway this is.
    pub fn owner(&self) -> Result<Option<String>, Problem> {
        let tables = "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name = 'target'";
        if self.rows::<Text>(tables, vec![])?.is_empty() {
            return Ok(None);
        }
        Ok(self.rows::<Text>("SELECT tenant AS text FROM gateway", vec![])?.pop().map(|row| row.text))
    }

    /// The hosts that the tenant allows, as it was last said.
    pub fn hosts(&self) -> Result<Hosts, Problem> {
        let rows = self.rows::<Text>("SELECT hosts AS text FROM gateway", vec![])?;
        rows.first().map_or_else(|| Ok(Hosts::default()), |row| parse(&row.text))
    }

    /// Stores them; nothing is written if they are what they were.
    pub fn put_hosts(&self, hosts: &Hosts) -> Result<(), Problem> {
        if self.hosts()? == *hosts {
            return Ok(());
        }
        let text = serde_json::to_string(hosts).map_err(|error| fault("gateway json", &error))?;
        self.run("UPDATE gateway SET hosts = ?", vec![text.into()])
    }

    fn exists(&self) -> Result<bool, Problem> {
        self.owner().map(|owner| owner.is_some())
    }

    pub fn put(&self, routes: &Routes) -> Result<(), Problem> {
        let body = serde_json::to_string(routes).map_err(|error| fault("gateway json", &error))?;
        self.run("INSERT INTO routes (version, body) VALUES (?, ?)", vec![int(routes.version), body.into()])?;
        self.run("DELETE FROM routes WHERE version <= ?", vec![int(routes.version.saturating_sub(VERSIONS_KEPT))])
    }

    pub fn newest(&self) -> Result<Option<Routes>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let rows = self.rows::<Text>("SELECT body AS text FROM routes ORDER BY version DESC LIMIT 1", vec![])?;
        rows.first().map(|row| parse(&row.text)).transpose()
    }

    pub fn version(&self, version: u64) -> Result<Option<Routes>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        let rows = self.rows::<Text>("SELECT body AS text FROM routes WHERE version = ?", vec![int(version)])?;
        rows.first().map(|row| parse(&row.text)).transpose()
    }

    /// Moves a tag on; its new generation.
    pub fn purge(&self, tag: &str) -> Result<u64, Problem> {
        let query = "INSERT INTO tag (name, generation) VALUES (?, 1)
             ON CONFLICT (name) DO UPDATE SET generation = generation + 1 RETURNING name, generation";
        let rows = self.rows::<Generation>(query, vec![tag.into()])?;
        rows.first().map(|row| row.generation).ok_or_else(|| fault("gateway tag", &"nothing returned"))
    }

    pub fn generations(&self) -> Result<BTreeMap<String, u64>, Problem> {
        if !self.exists()? {
            return Ok(BTreeMap::new());
        }
        let rows = self.rows::<Generation>("SELECT name, generation FROM tag", vec![])?;
        Ok(rows.into_iter().map(|row| (row.name, row.generation)).collect())
    }

    /// What is known of targets.
    pub fn checked(&self) -> Result<BTreeMap<String, Checked>, Problem> {
        if !self.exists()? {
            return Ok(BTreeMap::new());
        }
        let rows = self.rows::<Pair>("SELECT id AS name, body AS text FROM target", vec![])?;
        rows.into_iter().map(|row| Ok((row.name, parse(&row.text)?))).collect()
    }

    pub fn put_checked(&self, id: &str, checked: &Checked) -> Result<(), Problem> {
        let body = serde_json::to_string(checked).map_err(|error| fault("gateway json", &error))?;
        self.run("INSERT OR REPLACE INTO target (id, body) VALUES (?, ?)", vec![id.into(), body.into()])
    }

    /// Forgets targets that nobody checks any more.
    pub fn keep_checked(&self, checks: &BTreeMap<String, Health>) -> Result<(), Problem> {
        for id in self.checked()?.into_keys().filter(|id| !checks.contains_key(id)) {
            self.run("DELETE FROM target WHERE id = ?", vec![id.into()])?;
        }
        Ok(())
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("gateway write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("gateway read", &error))?;
        cursor.to_array().map_err(|error| fault("gateway read", &error))
    }
}

fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("gateway json", &error))
}
