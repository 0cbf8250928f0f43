//! Rows of tasks that the shard cannot work on, and of the trial that is under way.

use aion_api::problem::Problem;
use serde::Deserialize;
use serde_json::json;
use worker::SqlStorageValue;

use super::{Store, Text, int};
use crate::kernel::poison::{Poison, Why};

#[derive(Deserialize)]
struct PoisonRow {
    task: String,
    why: String,
    deaths: u32,
    wait_ms: u64,
    until_ms: Option<u64>,
}

impl Store {
    /// The tasks whose trial is under way; nothing if none is.
    pub(in crate::kernel) fn trial(&self) -> Result<Option<Vec<String>>, Problem> {
        let query = "SELECT trial AS text FROM meta WHERE trial IS NOT NULL";
        let row = self.row::<Text>(query, vec![])?;
        Ok(row.map(|row| serde_json::from_str(&row.text).unwrap_or_default()))
    }

    /// Writes down which tasks are touched next, or that none is any more.
    pub(in crate::kernel) fn set_trial(&self, ids: Option<&[String]>) -> Result<(), Problem> {
        let ids = ids.map_or(SqlStorageValue::Null, |ids| json!(ids).to_string().into());
        self.run("UPDATE meta SET trial = ?", vec![ids])
    }

    /// Every task that is poisoned or may be.
    pub(in crate::kernel) fn poisons(&self) -> Result<Vec<(String, Poison)>, Problem> {
        let rows = self.rows::<PoisonRow>("SELECT task, why, deaths, wait_ms, until_ms FROM poison", vec![])?;
        let poison = |PoisonRow { task, why, deaths, wait_ms, until_ms }| {
            (task, Poison { why: Why::of(&why), deaths, wait_ms, until_ms })
        };
        Ok(rows.into_iter().map(poison).collect())
    }

    pub(in crate::kernel) fn put_poison(&self, id: &str, poison: &Poison) -> Result<(), Problem> {
        let Poison { why, deaths, wait_ms, until_ms } = poison;
        let values = vec![
            id.into(),
            why.as_str().into(),
            int((*deaths).into()),
            int(*wait_ms),
            until_ms.map_or(SqlStorageValue::Null, int),
        ];
        let query = "INSERT OR REPLACE INTO poison (task, why, deaths, wait_ms, until_ms) VALUES (?, ?, ?, ?, ?)";
        self.run(query, values)
    }

    pub(in crate::kernel) fn drop_poison(&self, id: &str) -> Result<(), Problem> {
        self.run("DELETE FROM poison WHERE task = ?", vec![id.into()])
    }

    /// Forgets suspects that nothing is due of any more, and submissions that were set aside long enough.
    pub(in crate::kernel) fn drop_old_poison(&self, now_ms: u64) -> Result<(), Problem> {
        let query = "DELETE FROM poison WHERE
             (until_ms IS NULL AND task IN (SELECT id FROM task WHERE due_ms IS NULL)) OR
             (coalesce(until_ms, 0) < ? AND task NOT IN (SELECT id FROM task))";
        self.run(query, vec![int(now_ms)])
    }

    /// Looks at a task that is due at another time, whatever it holds.
    pub(in crate::kernel) fn put_off(&self, id: &str, due_ms: u64) -> Result<(), Problem> {
        self.run("UPDATE task SET due_ms = ? WHERE id = ? AND due_ms IS NOT NULL", vec![int(due_ms), id.into()])
    }

    /// Adds a link to those of a task without reading the task; one whose own list of links is damaged stays as it is.
    pub(in crate::kernel) fn add_link(&self, id: &str, link: u64) -> Result<(), Problem> {
        let query = "UPDATE task SET links = json_insert(links, '$[#]', ?) WHERE id = ? AND json_valid(links)";
        self.run(query, vec![int(link), id.into()])
    }

    /// The state of a task, as its row says beside what it holds.
    pub(in crate::kernel) fn state(&self, id: &str) -> Result<Option<String>, Problem> {
        Ok(self.row::<Text>("SELECT state AS text FROM task WHERE id = ?", vec![id.into()])?.map(|row| row.text))
    }
}
