//! The tables of a shard.
//!
//! `due_ms` of a task is the earliest time at which one of its steps wants attention: the one index for timers,
//! retries, leases and what is ready, and the alarm is its minimum. A definition stands once for all tasks of it. The
//! id of a task follows from its idempotency key, so the task's own row is what a repeated request is answered from.

use std::collections::{BTreeMap, HashSet};
use std::rc::Rc;

use aion_api::address::Address;
use aion_api::problem::Problem;
use aion_shell::call::fault;
use aion_task::audit::{Head, Link};
use aion_task::definition::Priority;
use aion_task::task::{Lost, State};
use aion_task::turn::Held;
use aion_task::{Definition, Task};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

use super::meter::Meter;
use super::poison::unreadable;

mod archive;
mod poison;

/// One statement list a version; a version that was ever deployed never changes.
const MIGRATIONS: [&str; 5] = [
    include_str!("store/migrations/0001.sql"),
    include_str!("store/migrations/0002.sql"),
    include_str!("store/migrations/0003.sql"),
    include_str!("store/migrations/0004.sql"),
    include_str!("store/migrations/0005.sql"),
];

/// The tables of one shard.
pub(super) struct Store {
    sql: SqlStorage,
    meter: Rc<Meter>,
}

/// A task's row in a list.
#[derive(Deserialize)]
pub(super) struct Listed {
    pub(super) seq: u64,
    pub(super) id: String,
    pub(super) state: String,
    pub(super) body: String,
}

/// A task that wants attention, and since when.
#[derive(Deserialize)]
pub(super) struct Due {
    pub(super) id: String,
    pub(super) due_ms: u64,
}

/// What was answered when a task was submitted.
#[derive(Deserialize)]
pub(super) struct Answered {
    pub(super) body_hash: String,
    /// Empty if it is what the task still looks like.
    pub(super) answer: String,
    /// Whether the task has left: 1, or 0.
    pub(super) archived: u8,
}

/// Which tasks a list shows.
#[derive(Default)]
pub(super) struct Filter<'a> {
    /// Only those that were accepted before this position.
    pub(super) before: Option<u64>,
    /// Only those in this state.
    pub(super) state: Option<&'a str>,
    /// Only those with this label.
    pub(super) label: Option<(&'a str, &'a str)>,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

#[derive(Deserialize)]
struct Number {
    number: Option<u64>,
}

#[derive(Deserialize)]
struct LinkRow {
    seq: u64,
    at_ms: u64,
    events: String,
    hash: String,
}

impl Store {
    /// The tables as they are; none yet in an object that never accepted a task.
    pub(super) fn new(sql: SqlStorage, meter: Rc<Meter>) -> Self {
        Self { sql, meter }
    }

    /// Brings the tables to the newest version, forwards only. A new object gets its owner.
    pub(super) fn migrate(&self, owner: Option<&Address>) -> Result<(), Problem> {
        let exists = self.exists()?;
        let version = if exists { self.number("SELECT version AS number FROM meta", vec![])?.unwrap_or(0) } else { 0 };
        if !exists && owner.is_none() {
            return Ok(());
        }
        for statements in MIGRATIONS.iter().skip(usize::try_from(version).unwrap_or(usize::MAX)) {
            self.run(statements, vec![])?;
        }
        let newest = int(MIGRATIONS.len() as u64);
        match owner {
            Some(owner) if !exists => {
                self.run("INSERT INTO meta (one, version, owner) VALUES (1, ?, ?)", vec![newest, json(owner)?.into()])
            }
            _ if version < MIGRATIONS.len() as u64 => self.run("UPDATE meta SET version = ?", vec![newest]),
            _ => Ok(()),
        }
    }

    /// Whose object this is, if it is anybody's.
    pub(super) fn owner(&self) -> Result<Option<Address>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        self.row::<Text>("SELECT owner AS text FROM meta", vec![])?.map(|row| parse(&row.text)).transpose()
    }

    fn exists(&self) -> Result<bool, Problem> {
        let count = "SELECT count(*) AS number FROM sqlite_master WHERE type = 'table' AND name = 'meta'";
        Ok(self.number(count, vec![])? == Some(1))
    }

    /// What was answered when this task was submitted, if it was.
    pub(super) fn answered(&self, id: &str) -> Result<Option<Answered>, Problem> {
        let query = "SELECT body_hash, answer, 0 AS archived FROM task WHERE id = ?1
             UNION ALL SELECT body_hash, '' AS answer, 1 AS archived FROM archived WHERE id = ?1";
        self.row(query, vec![id.into()])
    }

    /// The ids of keys that were revoked.
    pub(super) fn revoked(&self) -> Result<HashSet<String>, Problem> {
        if !self.exists()? {
            return Ok(HashSet::new());
        }
        Ok(self.rows::<Text>("SELECT key AS text FROM revoked", vec![])?.into_iter().map(|row| row.text).collect())
    }

    pub(super) fn revoke(&self, key: &str) -> Result<(), Problem> {
        self.run("INSERT OR IGNORE INTO revoked (key) VALUES (?)", vec![key.into()])
    }

    pub(super) fn unrevoke(&self, key: &str) -> Result<(), Problem> {
        self.run("DELETE FROM revoked WHERE key = ?", vec![key.into()])
    }

    /// How many shards the tenant has, if this one was told.
    pub(super) fn shards(&self) -> Result<Option<u8>, Problem> {
        let count = self.number("SELECT shards AS number FROM meta", vec![])?;
        Ok(count.and_then(|count| u8::try_from(count).ok()))
    }

    pub(super) fn put_shards(&self, count: u8) -> Result<(), Problem> {
        self.run("UPDATE meta SET shards = max(coalesce(shards, 0), ?)", vec![int(count.into())])
    }

    pub(super) fn definition(&self, hash: &str) -> Result<Option<String>, Problem> {
        Ok(self
            .row::<Text>("SELECT body AS text FROM definition WHERE hash = ?", vec![hash.into()])?
            .map(|row| row.text))
    }

    /// Keeps a definition for as long as there are tasks of it.
    pub(super) fn put_definition(&self, definition: &Definition) -> Result<(), Problem> {
        let values = vec![definition.hash().into(), json(definition)?.into()];
        // A row that was damaged is mended by the next task of it.
        let query = "INSERT INTO definition (hash, body) VALUES (?, ?)
             ON CONFLICT (hash) DO UPDATE SET body = excluded.body WHERE body <> excluded.body";
        self.run(query, values)
    }

    /// Adds a task, with the hash of its request and the first answer; a child has neither.
    pub(super) fn insert(&self, held: &Held, link: u64, answered: Option<(&str, &str)>) -> Result<(), Problem> {
        let Held { task, definition, stored, .. } = held;
        let (body_hash, answer) = answered.unwrap_or_default();
        let values = vec![
            task.id.as_str().into(),
            task.state.as_str().into(),
            task.priority.as_str().into(),
            due(task),
            task.definition.as_str().into(),
            format!("[{link}]").into(),
            body_hash.into(),
            answer.into(),
            stored.body.as_str().into(),
        ];
        self.put_blobs(&task.id, &stored.blobs)?;
        self.run(
            "INSERT INTO task (id, state, priority, due_ms, definition, links, body_hash, answer, body)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            values,
        )?;
        for (name, value) in &definition.labels {
            let query = "INSERT OR IGNORE INTO label (name, value, task) SELECT ?, ?, seq FROM task WHERE id = ?";
            self.run(query, vec![name.as_str().into(), value.as_str().into(), task.id.as_str().into()])?;
        }
        Ok(())
    }

    pub(super) fn update(&self, held: &Held, link: u64) -> Result<(), Problem> {
        let Held { task, stored, .. } = held;
        self.put_blobs(&task.id, &stored.blobs)?;
        let values = vec![
            task.state.as_str().into(),
            due(task),
            int(link),
            stored.body.as_str().into(),
            task.id.as_str().into(),
        ];
        let query =
            "UPDATE task SET state = ?, due_ms = ?, links = json_insert(links, '$[#]', ?), body = ? WHERE id = ?";
        self.run(query, values)
    }

    /// Looks at a task at another time, or no more by itself.
    pub(super) fn postpone(&self, id: &str, due_ms: Option<u64>) -> Result<(), Problem> {
        let due_ms = due_ms.map_or(SqlStorageValue::Null, int);
        self.run("UPDATE task SET due_ms = ? WHERE id = ?", vec![due_ms, id.into()])
    }

    pub(super) fn task(&self, id: &str) -> Result<Option<Task>, Problem> {
        let row = self.row::<Text>("SELECT body AS text FROM task WHERE id = ?", vec![id.into()])?;
        row.map(|row| self.whole(id, &row.text)).transpose()
    }

    /// A task with its large values.
    pub(super) fn whole(&self, id: &str, body: &str) -> Result<Task, Problem> {
        Task::from_stored(body, |task, hash| self.blob(task, hash)).map_err(|lost| match lost {
            Lost::Read(problem) => problem,
            lost => unreadable(id, &lost.to_string()),
        })
    }

    /// Tasks, newest first.
    pub(super) fn list(&self, filter: &Filter<'_>, limit: u32) -> Result<Vec<Listed>, Problem> {
        let (mut query, mut values) = ("SELECT seq, id, state, body FROM task WHERE seq < ?".to_owned(), Vec::new());
        values.push(int(filter.before.unwrap_or(u64::MAX >> 11)));
        if let Some(state) = filter.state {
            query.push_str(" AND state = ?");
            values.push(state.into());
        }
        if let Some((name, value)) = filter.label {
            query.push_str(" AND seq IN (SELECT task FROM label WHERE name = ? AND value = ?)");
            values.extend([name.into(), value.into()]);
        }
        query.push_str(" ORDER BY seq DESC LIMIT ?");
        values.push(i64::from(limit).into());
        self.rows(&query, values)
    }

    /// The tasks of a priority that have been due longest.
    pub(super) fn due(&self, priority: Priority, now_ms: u64, limit: usize) -> Result<Vec<Due>, Problem> {
        let query = "SELECT id, due_ms FROM task WHERE priority = ? AND due_ms <= ? ORDER BY due_ms LIMIT ?";
        let values = vec![priority.as_str().into(), int(now_ms), int(limit as u64)];
        self.rows(query, values)
    }

    /// The earliest due time.
    pub(super) fn due_ms(&self) -> Result<Option<u64>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        // One look into the index for each priority.
        let query = "SELECT min(due_ms) AS number FROM (
            SELECT min(due_ms) AS due_ms FROM task WHERE priority = 'high' AND due_ms IS NOT NULL UNION ALL
            SELECT min(due_ms) FROM task WHERE priority = 'normal' AND due_ms IS NOT NULL UNION ALL
            SELECT min(due_ms) FROM task WHERE priority = 'low' AND due_ms IS NOT NULL)";
        self.number(query, vec![])
    }

    /// How many tasks are in each state that is not the end, and in the one that a person has to end.
    pub(super) fn counts(&self) -> Result<BTreeMap<String, u64>, Problem> {
        let mut counts = BTreeMap::new();
        if self.exists()? {
            for state in State::ALL.iter().filter(|state| !state.is_terminal() || **state == State::Dead) {
                let query = "SELECT count(*) AS number FROM task WHERE state = ?";
                let count = self.number(query, vec![state.as_str().into()])?.unwrap_or(0);
                counts.insert(state.as_str().to_owned(), count);
            }
        }
        Ok(counts)
    }

    pub(super) fn commits(&self) -> Result<u64, Problem> {
        if !self.exists()? {
            return Ok(0);
        }
        Ok(self.number("SELECT max(seq) AS number FROM log", vec![])?.unwrap_or(0))
    }

    pub(super) fn stored_bytes(&self) -> u64 {
        self.sql.database_size() as u64
    }

    pub(super) fn head(&self) -> Result<Head, Problem> {
        let newest = "SELECT seq, at_ms, events, hash FROM log ORDER BY seq DESC LIMIT 1";
        match self.row::<LinkRow>(newest, vec![])?.map(Link::from) {
            Some(link) => Head::at(&link).ok_or_else(|| fault("log", &"a hash is none")),
            None => Ok(Head::genesis()),
        }
    }

    pub(super) fn append(&self, link: &Link) -> Result<(), Problem> {
        let values = vec![int(link.seq), int(link.at_ms), link.events.as_str().into(), link.hash.as_str().into()];
        self.run("INSERT INTO log (seq, at_ms, events, hash) VALUES (?, ?, ?, ?)", values)
    }

    /// The links that concern a task, after a number.
    pub(super) fn links(&self, task: &str, after: u64, limit: usize) -> Result<Vec<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq > ? AND seq IN
             (SELECT value FROM task, json_each(task.links) WHERE task.id = ?) ORDER BY seq LIMIT ?";
        let rows = self.rows::<LinkRow>(query, vec![int(after), task.into(), int(limit as u64)])?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// The newest link that concerns a task.
    pub(super) fn newest_link(&self, task: &str) -> Result<Option<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq =
             (SELECT json_extract(links, '$[#-1]') FROM task WHERE id = ?)";
        Ok(self.row::<LinkRow>(query, vec![task.into()])?.map(Link::from))
    }

    /// The hash that a link follows: that of the one before, and nothing but zeros for the first.
    pub(super) fn hash_before(&self, seq: u64) -> Result<String, Problem> {
        if seq == 1 {
            return Ok("0".repeat(64));
        }
        let row = self.row::<Text>("SELECT hash AS text FROM log WHERE seq = ?", vec![int(seq - 1)])?;
        row.map(|row| row.text).ok_or_else(|| fault("log", &format!("the link before {seq} is not here")))
    }

    fn number(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<u64>, Problem> {
        Ok(self.row::<Number>(query, values)?.and_then(|row| row.number))
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        let cursor = self.sql.exec(query, values).map_err(|error| fault("kernel write", &error))?;
        self.meter.wrote(cursor.rows_written());
        Ok(())
    }

    fn row<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<T>, Problem> {
        Ok(self.rows(query, values)?.pop())
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.sql.exec(query, values).map_err(|error| fault("kernel read", &error))?;
        cursor.to_array().map_err(|error| fault("kernel read", &error))
    }
}

impl From<LinkRow> for Link {
    fn from(row: LinkRow) -> Self {
        Self { seq: row.seq, at_ms: row.at_ms, events: row.events, hash: row.hash }
    }
}

/// Unix milliseconds and sequence numbers stay below 2^53, which a JS number holds exactly.
fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}

fn due(task: &Task) -> SqlStorageValue {
    task.wakes_ms().map_or(SqlStorageValue::Null, int)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("kernel json", &error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("kernel json", &error))
}
