//! The tables of a shard.
//!
//! `due_ms` of a task is the earliest time at which one of its steps wants attention: the one index for timers,
//! retries, leases and what is ready, and the alarm is its minimum.

use aion_api::address::Address;
use aion_api::problem::Problem;
use aion_api::trace::Trace;
use aion_task::Task;
use aion_task::audit::{Head, Link};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

use crate::call::fault;

/// One statement list a version; a version that was ever deployed never changes.
const MIGRATIONS: &[&str] = &["
CREATE TABLE meta (one INTEGER PRIMARY KEY CHECK (one = 1), version INTEGER NOT NULL, owner TEXT NOT NULL) STRICT;
CREATE TABLE task (
  seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, due_ms INTEGER, links TEXT NOT NULL,
  trace TEXT NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE INDEX due ON task (due_ms) WHERE due_ms IS NOT NULL;
CREATE TABLE idem (key TEXT PRIMARY KEY, body_hash TEXT NOT NULL, answer TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE log (seq INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, events TEXT NOT NULL, hash TEXT NOT NULL) STRICT;
"];

/// The tables of one shard.
pub(super) struct Store(SqlStorage);

/// A task as it is stored.
pub(super) struct Stored {
    pub(super) task: Task,
    pub(super) trace: Trace,
}

/// A page's row.
pub(super) struct Listed {
    pub(super) seq: u64,
    pub(super) task: Task,
}

/// What was answered to an idempotency key.
#[derive(Deserialize)]
pub(super) struct Answered {
    pub(super) body_hash: String,
    pub(super) answer: String,
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
struct TaskRow {
    seq: u64,
    trace: String,
    body: String,
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
    pub(super) fn new(sql: SqlStorage) -> Self {
        Self(sql)
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

    pub(super) fn answered(&self, key: &str) -> Result<Option<Answered>, Problem> {
        self.row("SELECT body_hash, answer FROM idem WHERE key = ?", vec![key.into()])
    }

    pub(super) fn put_answer(&self, key: &str, body_hash: &str, answer: &str) -> Result<(), Problem> {
        let values = vec![key.into(), body_hash.into(), answer.into()];
        self.run("INSERT INTO idem (key, body_hash, answer) VALUES (?, ?, ?)", values)
    }

    pub(super) fn insert(&self, stored: &Stored, link: u64) -> Result<(), Problem> {
        let Stored { task, trace } = stored;
        let values = vec![
            task.id.as_str().into(),
            task.state.as_str().into(),
            due(task),
            format!("[{link}]").into(),
            json(trace)?.into(),
            json(task)?.into(),
        ];
        self.run("INSERT INTO task (id, state, due_ms, links, trace, body) VALUES (?, ?, ?, ?, ?, ?)", values)
    }

    pub(super) fn update(&self, task: &Task, link: u64) -> Result<(), Problem> {
        let values =
            vec![task.state.as_str().into(), due(task), int(link), json(task)?.into(), task.id.as_str().into()];
        let query =
            "UPDATE task SET state = ?, due_ms = ?, links = json_insert(links, '$[#]', ?), body = ? WHERE id = ?";
        self.run(query, values)
    }

    /// Looks at a task later, whatever it holds.
    pub(super) fn postpone(&self, id: &str, due_ms: u64) -> Result<(), Problem> {
        self.run("UPDATE task SET due_ms = ? WHERE id = ?", vec![int(due_ms), id.into()])
    }

    pub(super) fn task(&self, id: &str) -> Result<Option<Stored>, Problem> {
        let Some(row) = self.row::<TaskRow>("SELECT seq, trace, body FROM task WHERE id = ?", vec![id.into()])? else {
            return Ok(None);
        };
        Ok(Some(Stored { task: parse(&row.body)?, trace: parse(&row.trace)? }))
    }

    /// Tasks, newest first, that were accepted before a position.
    pub(super) fn list(&self, before: Option<u64>, state: Option<&str>, limit: u32) -> Result<Vec<Listed>, Problem> {
        let before = int(before.unwrap_or(u64::MAX >> 11));
        let query = "SELECT seq, '' AS trace, body FROM task
             WHERE seq < ? AND (? IS NULL OR state = ?) ORDER BY seq DESC LIMIT ?";
        let values = vec![before, state.into(), state.into(), i64::from(limit).into()];
        let rows = self.rows::<TaskRow>(query, values)?;
        rows.into_iter().map(|row| Ok(Listed { seq: row.seq, task: parse(&row.body)? })).collect()
    }

    /// The task that has been due longest.
    pub(super) fn next_due(&self, now_ms: u64) -> Result<Option<String>, Problem> {
        let query = "SELECT id AS text FROM task WHERE due_ms <= ? ORDER BY due_ms LIMIT 1";
        Ok(self.row::<Text>(query, vec![int(now_ms)])?.map(|row| row.text))
    }

    /// The earliest due time.
    pub(super) fn due_ms(&self) -> Result<Option<u64>, Problem> {
        if !self.exists()? {
            return Ok(None);
        }
        self.number("SELECT min(due_ms) AS number FROM task WHERE due_ms IS NOT NULL", vec![])
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
    pub(super) fn links(&self, task: &str, after: u64, limit: u32) -> Result<Vec<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq > ? AND seq IN
             (SELECT value FROM task, json_each(task.links) WHERE task.id = ?) ORDER BY seq LIMIT ?";
        let rows = self.rows::<LinkRow>(query, vec![int(after), task.into(), i64::from(limit).into()])?;
        Ok(rows.into_iter().map(Link::from).collect())
    }

    /// The newest link that concerns a task.
    pub(super) fn newest_link(&self, task: &str) -> Result<Option<Link>, Problem> {
        let query = "SELECT seq, at_ms, events, hash FROM log WHERE seq =
             (SELECT json_extract(links, '$[#-1]') FROM task WHERE id = ?)";
        Ok(self.row::<LinkRow>(query, vec![task.into()])?.map(Link::from))
    }

    /// The hash of a link; the first one follows the empty chain.
    pub(super) fn hash(&self, seq: u64) -> Result<String, Problem> {
        let row = self.row::<Text>("SELECT hash AS text FROM log WHERE seq = ?", vec![int(seq)])?;
        Ok(row.map_or_else(|| "0".repeat(64), |row| row.text))
    }

    fn number(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<u64>, Problem> {
        Ok(self.row::<Number>(query, values)?.and_then(|row| row.number))
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("kernel write", &error))
    }

    fn row<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Option<T>, Problem> {
        Ok(self.rows(query, values)?.pop())
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("kernel read", &error))?;
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
    task.due_ms().map_or(SqlStorageValue::Null, int)
}

fn json<T: serde::Serialize>(value: &T) -> Result<String, Problem> {
    serde_json::to_string(value).map_err(|error| fault("kernel json", &error))
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, Problem> {
    serde_json::from_str(text).map_err(|error| fault("kernel json", &error))
}
