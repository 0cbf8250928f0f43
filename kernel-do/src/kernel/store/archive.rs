//! Rows of tasks that leave, and of what is remembered of them.

use std::collections::BTreeMap;

use aion_api::problem::Problem;
use aion_task::audit::Link;

use super::{LinkRow, Store, Text, int};
use crate::kernel::archive::{Leaving, numbers};

impl Store {
    /// The numbers of a task's links, as its row holds them.
    pub(in crate::kernel) fn links_of(&self, id: &str) -> Result<Option<String>, Problem> {
        Ok(self.row::<Text>("SELECT links AS text FROM task WHERE id = ?", vec![id.into()])?.map(|row| row.text))
    }

    /// Takes a task out, unless it has changed since its links were these; its id stays.
    pub(in crate::kernel) fn forget(&self, leaving: &Leaving) -> Result<(), Problem> {
        let Leaving { id, links, labels, .. } = leaving;
        self.run(
            "INSERT OR IGNORE INTO archived (id, body_hash, links)
             SELECT id, body_hash, links FROM task WHERE id = ? AND links = ?",
            vec![id.as_str().into(), links.as_str().into()],
        )?;
        if self.archived(id)?.is_none() {
            return Ok(());
        }
        for (name, value) in labels {
            let query = "DELETE FROM label WHERE name = ? AND value = ? AND task = (SELECT seq FROM task WHERE id = ?)";
            self.run(query, vec![name.as_str().into(), value.as_str().into(), id.as_str().into()])?;
        }
        self.run("DELETE FROM blob WHERE task = ?", vec![id.as_str().into()])?;
        self.run("DELETE FROM task WHERE id = ?", vec![id.as_str().into()])
    }

    /// The numbers of the links of a task that has left.
    pub(in crate::kernel) fn archived(&self, id: &str) -> Result<Option<Vec<u64>>, Problem> {
        let row = self.row::<Text>("SELECT links AS text FROM archived WHERE id = ?", vec![id.into()])?;
        Ok(row.map(|row| numbers(&row.text)))
    }

    /// The first link that a task of this shard needs: tasks are in the order of their first links.
    pub(in crate::kernel) fn log_floor(&self) -> Result<u64, Problem> {
        let first = "SELECT json_extract(links, '$[0]') AS number FROM task ORDER BY seq LIMIT 1";
        match self.number(first, vec![])? {
            Some(first) => Ok(first),
            None => self.commits(),
        }
    }

    /// Links below a number, the oldest first.
    pub(in crate::kernel) fn links_below(&self, seq: u64, limit: usize) -> Result<Vec<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq < ? ORDER BY seq LIMIT ?";
        let rows = self.rows::<LinkRow>(query, vec![int(seq), int(limit as u64)])?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// A link, if it is here with the one that it follows; the oldest one is kept for its hash alone.
    pub(in crate::kernel) fn whole_link(&self, seq: u64) -> Result<Option<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq = ?1
             AND (?1 = 1 OR EXISTS (SELECT 1 FROM log WHERE seq = ?1 - 1))";
        Ok(self.row::<LinkRow>(query, vec![int(seq)])?.map(Link::from))
    }

    pub(in crate::kernel) fn drop_links_before(&self, seq: u64) -> Result<(), Problem> {
        self.run("DELETE FROM log WHERE seq < ?", vec![int(seq)])
    }

    /// Forgets definitions that no task here is of.
    pub(in crate::kernel) fn drop_definitions(&self) -> Result<(), Problem> {
        self.run("DELETE FROM definition WHERE hash NOT IN (SELECT definition FROM task)", vec![])
    }

    /// A large value of a task.
    pub(in crate::kernel) fn blob(&self, task: &str, hash: &str) -> Result<Option<String>, Problem> {
        let query = "SELECT body AS text FROM blob WHERE task = ? AND hash = ?";
        Ok(self.row::<Text>(query, vec![task.into(), hash.into()])?.map(|row| row.text))
    }

    /// Keeps the large values of a task; those that are there already are not written again.
    pub(super) fn put_blobs(&self, task: &str, blobs: &BTreeMap<String, String>) -> Result<(), Problem> {
        blobs.iter().try_for_each(|(hash, body)| {
            let values = vec![task.into(), hash.as_str().into(), body.as_str().into()];
            self.run("INSERT OR IGNORE INTO blob (task, hash, body) VALUES (?, ?, ?)", values)
        })
    }
}
