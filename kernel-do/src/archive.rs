//! The Archive object: what a shard of the kernel does not need at hand any more.
#![allow(missing_docs, reason = "durable_object generates methods without documentation")]

use aion_api::object::Call;
use aion_api::object::archive::{Reply, Request};
use aion_api::{Address, Problem};
use aion_shell::call::{self, fault};
use serde::Deserialize;
use serde_json::{Value, json};
use worker::{DurableObject, Env, Response, SqlStorage, SqlStorageValue, State, durable_object};

/// A row holds at most this many bytes of a task: half of what the platform takes.
const PART_MAX_BYTES: usize = 1_000_000;

/// Created when the object is; each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS owner (one INTEGER PRIMARY KEY CHECK (one = 1), address TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS task (
  id TEXT NOT NULL, part INTEGER NOT NULL, text TEXT NOT NULL, PRIMARY KEY (id, part)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS link (seq INTEGER PRIMARY KEY, text TEXT NOT NULL) STRICT;
";

/// A part of the archive of one shard.
#[durable_object]
pub struct Archive {
    state: State,
}

#[derive(Deserialize)]
struct Text {
    text: String,
}

impl DurableObject for Archive {
    fn new(state: State, _env: Env) -> Self {
        Self { state }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match call::read::<Request>(&mut request).await {
            Ok(call) => self.answer(call),
            Err(problem) => Err(problem),
        };
        call::respond(&result)
    }
}

impl Archive {
    /// Runs without an `await`: what it writes is one transaction.
    fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let sql = self.state.storage().sql();
        let unknown = || Problem::unknown("task");
        let owned = owner(&sql)?.map(|owner| owner == call.address);
        match (owned, call.request) {
            (Some(false), _) | (None, Request::Read { .. } | Request::Links { .. }) => Err(unknown()),
            (_, Request::Keep { tasks, links }) => {
                if owned.is_none() {
                    run(&sql, SCHEMA, vec![])?;
                    let address = json!(call.address).to_string();
                    run(&sql, "INSERT INTO owner (one, address) VALUES (1, ?)", vec![address.into()])?;
                }
                tasks.iter().try_for_each(|task| keep_task(&sql, task))?;
                links.iter().try_for_each(|link| keep_link(&sql, link))?;
                Ok(Reply::Done)
            }
            (_, Request::Read { task }) => {
                let parts = texts(&sql, "SELECT text FROM task WHERE id = ? ORDER BY part", vec![task.into()])?;
                if parts.is_empty() { Err(unknown()) } else { Ok(Reply::Task { task: parse(&parts.concat())? }) }
            }
            (_, Request::Links { seqs }) => {
                let query = "SELECT text FROM link WHERE seq IN (SELECT value FROM json_each(?)) ORDER BY seq";
                let texts = texts(&sql, query, vec![json!(seqs).to_string().into()])?;
                Ok(Reply::Links { links: texts.iter().map(|text| parse(text)).collect::<Result<_, _>>()? })
            }
        }
    }
}

fn owner(sql: &SqlStorage) -> Result<Option<Address>, Problem> {
    let exists = "SELECT name AS text FROM sqlite_master WHERE type = 'table' AND name = 'owner'";
    if texts(sql, exists, vec![])?.is_empty() {
        return Ok(None);
    }
    let stored = texts(sql, "SELECT address AS text FROM owner", vec![])?;
    let read = |text: &String| serde_json::from_str(text).map_err(|error| fault("archive owner", &error));
    stored.first().map(read).transpose()
}

fn keep_task(sql: &SqlStorage, task: &Value) -> Result<(), Problem> {
    let id = task["id"].as_str().ok_or_else(|| fault("archive", &"a task without an id"))?;
    run(sql, "DELETE FROM task WHERE id = ?", vec![id.into()])?;
    let text = task.to_string();
    let (mut rest, mut number) = (text.as_str(), 0_i64);
    while !rest.is_empty() {
        let (part, after) = rest.split_at(rest.floor_char_boundary(PART_MAX_BYTES));
        let values = vec![id.into(), number.into(), part.into()];
        run(sql, "INSERT INTO task (id, part, text) VALUES (?, ?, ?)", values)?;
        (rest, number) = (after, number + 1);
    }
    Ok(())
}

fn keep_link(sql: &SqlStorage, link: &Value) -> Result<(), Problem> {
    let seq = link["seq"].as_i64().ok_or_else(|| fault("archive", &"a link without a number"))?;
    run(sql, "INSERT OR REPLACE INTO link (seq, text) VALUES (?, ?)", vec![seq.into(), link.to_string().into()])
}

fn run(sql: &SqlStorage, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
    sql.exec(query, values).map(|_| ()).map_err(|error| fault("archive write", &error))
}

fn texts(sql: &SqlStorage, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<String>, Problem> {
    let cursor = sql.exec(query, values).map_err(|error| fault("archive read", &error))?;
    let rows: Vec<Text> = cursor.to_array().map_err(|error| fault("archive read", &error))?;
    Ok(rows.into_iter().map(|row| row.text).collect())
}

fn parse(text: &str) -> Result<Value, Problem> {
    serde_json::from_str(text).map_err(|error| fault("archive json", &error))
}
