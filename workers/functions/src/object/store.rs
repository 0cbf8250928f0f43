//! The SQLite tables of a tenant's functions.

use aion_api::problem::Problem;
use aion_api::v1::functions::Function;
use aion_function::Bytes;
use aion_shell::call::fault;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

/// So many versions of a function are kept: as many as of a table of routes.
const VERSIONS_KEPT: u64 = 20;
/// Created with the first write; each statement is idempotent. `body` of a version is a function as JSON.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS module (
  id TEXT PRIMARY KEY, bytes INTEGER NOT NULL, body BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS version (
  name TEXT NOT NULL, version INTEGER NOT NULL, module TEXT NOT NULL, body TEXT NOT NULL, PRIMARY KEY (name, version)
) STRICT, WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS version_module ON version (module);
CREATE TABLE IF NOT EXISTS functions (one INTEGER PRIMARY KEY CHECK (one = 1), tenant TEXT NOT NULL) STRICT;
";

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Number {
    number: u64,
}

#[derive(Deserialize)]
struct Body {
    #[serde(with = "serde_bytes")]
    body: Vec<u8>,
}

/// The tables; there are none before the first write.
pub struct Store(SqlStorage);

impl Store {
    pub const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// Makes the tables for a tenant.
    pub fn create(&self, tenant: &str) -> Result<(), Problem> {
        self.0.exec(SCHEMA, None).map_err(|error| fault("functions schema", &error))?;
        self.run("INSERT OR IGNORE INTO functions (one, tenant) VALUES (1, ?)", vec![tenant.into()])
    }

    /// Whose functions these are; nobody's before the first one.
    pub fn owner(&self) -> Result<Option<String>, Problem> {
        let tables = "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name = 'functions'";
        if self.rows::<Text>(tables, vec![])?.is_empty() {
            return Ok(None);
        }
        Ok(self.rows::<Text>("SELECT tenant AS text FROM functions", vec![])?.pop().map(|row| row.text))
    }

    pub fn newest(&self, name: &str) -> Result<Option<Function>, Problem> {
        let query = "SELECT body AS text FROM version WHERE name = ? ORDER BY version DESC LIMIT 1";
        self.functions(query, vec![name.into()]).map(|mut found| found.pop())
    }

    pub fn version(&self, name: &str, version: u64) -> Result<Option<Function>, Problem> {
        let query = "SELECT body AS text FROM version WHERE name = ? AND version = ?";
        self.functions(query, vec![name.into(), int(version)]).map(|mut found| found.pop())
    }

    /// The newest version of each function, by name.
    pub fn newest_of_all(&self) -> Result<Vec<Function>, Problem> {
        let query =
            "SELECT body AS text FROM version JOIN (SELECT name, max(version) AS version FROM version GROUP BY name)
             USING (name, version) ORDER BY name";
        self.functions(query, vec![])
    }

    /// How many functions there are.
    pub fn names(&self) -> Result<u64, Problem> {
        self.number("SELECT count(DISTINCT name) AS number FROM version", vec![])
    }

    /// The bytes of all modules.
    pub fn bytes(&self) -> Result<u64, Problem> {
        self.number("SELECT coalesce(sum(bytes), 0) AS number FROM module", vec![])
    }

    pub fn has_module(&self, id: &str) -> Result<bool, Problem> {
        self.number("SELECT count(*) AS number FROM module WHERE id = ?", vec![id.into()]).map(|count| count > 0)
    }

    pub fn module(&self, id: &str) -> Result<Option<Bytes>, Problem> {
        let rows = self.rows::<Body>("SELECT body FROM module WHERE id = ?", vec![id.into()])?;
        Ok(rows.into_iter().next().map(|row| Bytes(row.body)))
    }

    /// Stores a version with its module, and forgets what is too old.
    pub fn put(&self, function: &Function, module: &Bytes) -> Result<(), Problem> {
        let body = serde_json::to_string(function).map_err(|error| fault("functions json", &error))?;
        let Function { name, version, module: id, bytes, .. } = function;
        self.run(
            "INSERT OR IGNORE INTO module (id, bytes, body) VALUES (?, ?, ?)",
            vec![id.as_str().into(), int(*bytes), module.0.clone().into()],
        )?;
        self.run(
            "INSERT INTO version (name, version, module, body) VALUES (?, ?, ?, ?)",
            vec![name.as_str().into(), int(*version), id.as_str().into(), body.into()],
        )?;
        let old = version.saturating_sub(VERSIONS_KEPT);
        self.run("DELETE FROM version WHERE name = ? AND version <= ?", vec![name.as_str().into(), int(old)])?;
        self.drop_modules()
    }

    /// Forgets a function.
    pub fn delete(&self, name: &str) -> Result<(), Problem> {
        self.run("DELETE FROM version WHERE name = ?", vec![name.into()])?;
        self.drop_modules()
    }

    /// Forgets modules that are no version any more.
    fn drop_modules(&self) -> Result<(), Problem> {
        self.run("DELETE FROM module WHERE id NOT IN (SELECT module FROM version)", vec![])
    }

    fn functions(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<Function>, Problem> {
        let rows = self.rows::<Text>(query, values)?;
        let read = |row: Text| serde_json::from_str(&row.text).map_err(|error| fault("functions json", &error));
        rows.into_iter().map(read).collect()
    }

    fn number(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<u64, Problem> {
        let rows = self.rows::<Number>(query, values)?;
        rows.first().map(|row| row.number).ok_or_else(|| fault("functions read", &"nothing returned"))
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("functions write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("functions read", &error))?;
        cursor.to_array().map_err(|error| fault("functions read", &error))
    }
}

fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}
