//! Named definitions of a tenant: each change is a version of its own, and none is ever changed.

use aion_api::cursor::Page;
use aion_api::object::tenant::Reply;
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::v1::definitions::Definition;
use serde::Deserialize;
use serde_json::Value;

use super::store::{Store, int, json, parse};

/// A tenant may have this many names, and
const NAMES_MAX: u64 = 1_000;
/// a name this many versions: with the largest definitions that is 64 MB of the object's 10 GB.
const VERSIONS_MAX: u64 = 1_000;

#[derive(Deserialize)]
struct Row {
    name: String,
    version: u64,
    hash: String,
    at_ms: u64,
    body: String,
}

#[derive(Deserialize)]
struct Count {
    number: u64,
}

const COLUMNS: &str = "SELECT name, version, hash, at_ms, body FROM definition";

impl Store<'_> {
    /// Stores a definition; the same one again is the version that it is already.
    pub(super) fn put_definition(
        &self,
        name: &str,
        definition: &Value,
        hash: &str,
        now_ms: u64,
    ) -> Result<Definition, Problem> {
        let newest = self.find_definition(name, None)?;
        if let Some(same) = newest.as_ref().filter(|newest| newest.hash == hash) {
            return Ok(same.clone());
        }
        let version = newest.as_ref().map_or(0, |newest| newest.version) + 1;
        let names = self.rows::<Count>("SELECT count(DISTINCT name) AS number FROM definition", vec![])?;
        let full = newest.is_none() && names.first().is_some_and(|count| count.number >= NAMES_MAX);
        if full || version > VERSIONS_MAX {
            let detail = format!("a tenant may have {NAMES_MAX} definitions of {VERSIONS_MAX} versions each");
            return Err(Problem::new(Code::LimitReached, detail));
        }
        let body = json(definition)?;
        let values = vec![name.into(), int(version), hash.into(), int(now_ms), body.into()];
        self.run("INSERT INTO definition (name, version, hash, at_ms, body) VALUES (?, ?, ?, ?, ?)", values)?;
        self.definition(name, Some(version))
    }

    /// A version of a definition, without one the newest.
    pub(super) fn definition(&self, name: &str, version: Option<u64>) -> Result<Definition, Problem> {
        self.find_definition(name, version)?.ok_or_else(|| Problem::unknown("definition"))
    }

    fn find_definition(&self, name: &str, version: Option<u64>) -> Result<Option<Definition>, Problem> {
        let query = format!("{COLUMNS} WHERE name = ? AND (?2 IS NULL OR version = ?2) ORDER BY version DESC LIMIT 1");
        let version = version.map_or(worker::SqlStorageValue::Null, int);
        self.rows::<Row>(&query, vec![name.into(), version])?.pop().map(Definition::try_from).transpose()
    }

    /// The newest version of each name, by name.
    pub(super) fn definitions(&self, page: &Page) -> Result<Reply, Problem> {
        let query = format!(
            "{COLUMNS} AS own WHERE name > ? AND version = (SELECT max(version) FROM definition WHERE name = own.name)
             ORDER BY name LIMIT ?"
        );
        let after = page.after.as_deref().unwrap_or_default();
        let mut rows = self.rows::<Row>(&query, vec![after.into(), (i64::from(page.limit) + 1).into()])?;
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let definitions = rows.into_iter().map(Definition::try_from).collect::<Result<_, _>>()?;
        Ok(Reply::Definitions { definitions, more })
    }
}

impl TryFrom<Row> for Definition {
    type Error = Problem;

    fn try_from(row: Row) -> Result<Self, Problem> {
        Ok(Self {
            name: row.name,
            version: row.version,
            hash: row.hash,
            created_at: rfc3339(row.at_ms),
            definition: parse(&row.body)?,
        })
    }
}
