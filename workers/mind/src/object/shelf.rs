//! The SQLite tables of a tenant's plans, rules and agents.

use aion_api::idempotency::Idempotency;
use aion_api::problem::{Code, Problem};
use aion_api::v1::plans::OPEN_MAX;
use aion_mind::agent::Agent;
use aion_mind::inquiry::Inquiry;
use aion_mind::plan::kept::{Change, Kept};
use aion_mind::plan::record::Entry;
use aion_mind::plan::rules::Rules;
use aion_mind::replay::Given;
use aion_shell::call::{fault, now_ms};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use worker::SqlStorage;

use super::store::{int, json, parse, rows, run};

/// Each statement is idempotent. What was given and the entries of the audit are written once and never change.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS plan (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, open INTEGER NOT NULL, brief TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS plan_open ON plan (open) WHERE open = 1;
CREATE TABLE IF NOT EXISTS plan_given (
  plan TEXT NOT NULL, n INTEGER NOT NULL, at_ms INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (plan, n)
) STRICT;
CREATE TABLE IF NOT EXISTS plan_entry (
  plan TEXT NOT NULL, seq INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY (plan, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS inquiry (key TEXT PRIMARY KEY, at_ms INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
CREATE INDEX IF NOT EXISTS inquiry_at ON inquiry (at_ms);
CREATE TABLE IF NOT EXISTS agent (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT, WITHOUT ROWID;
";
/// So much can happen to a plan: a year of weekly runs, and people who change their minds.
const GIVEN_MAX: u32 = 1_000;

/// A question is kept for so long after it was asked or answered, milliseconds: 30 days, longer than a step is tried.
const INQUIRY_MS: u64 = 30 * 86_400_000;
/// Numbers pass through JavaScript, which is exact so far.
const SEQ_MAX: u64 = (1 << 53) - 1;

/// A plan with what the shell knows of it.
#[derive(Serialize, Deserialize)]
pub struct Stored {
    pub kept: Kept,
    /// Of the request that it began with; a step of a task has none.
    pub hash: Option<String>,
    /// With what it was told to run.
    pub run: Option<Idempotency>,
}

#[derive(Deserialize)]
struct Body {
    body: String,
}

#[derive(Deserialize)]
struct Timed {
    at_ms: u64,
    body: String,
}

#[derive(Deserialize)]
struct Listed {
    seq: u64,
    brief: String,
}

#[derive(Deserialize)]
struct Count {
    count: usize,
}

/// The tables; there are none before the first write.
pub struct Shelf(SqlStorage);

impl Shelf {
    pub const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    fn exists(&self) -> Result<bool, Problem> {
        let query = "SELECT COUNT(*) AS count FROM sqlite_master WHERE type = 'table' AND name = 'plan'";
        Ok(rows::<Count>(&self.0, query, vec![])?.first().is_some_and(|row| row.count > 0))
    }

    fn bodies<T: serde::de::DeserializeOwned>(&self, query: &str, id: &str) -> Result<Vec<T>, Problem> {
        if !self.exists()? {
            return Ok(Vec::new());
        }
        rows::<Body>(&self.0, query, vec![id.into()])?.iter().map(|row| parse(&row.body)).collect()
    }

    /// A plan, if there is one.
    pub fn find(&self, id: &str) -> Result<Option<Stored>, Problem> {
        Ok(self.bodies("SELECT body FROM plan WHERE id = ?", id)?.into_iter().next())
    }

    /// A plan. What was not approved or run in time has expired before it is looked at.
    pub fn plan(&self, id: &str) -> Result<Stored, Problem> {
        let mut stored = self.find(id)?.ok_or_else(|| Problem::unknown("plan"))?;
        if let Some(change) = stored.kept.due(now_ms()) {
            self.put(&stored, &[change])?;
        }
        Ok(stored)
    }

    /// The entries of a plan's audit.
    pub fn entries(&self, id: &str) -> Result<Vec<Entry>, Problem> {
        self.bodies("SELECT body FROM plan_entry WHERE plan = ? ORDER BY seq", id)
    }

    /// What was given to a plan.
    pub fn given(&self, id: &str) -> Result<Vec<(u64, Given)>, Problem> {
        let query = "SELECT at_ms, body FROM plan_given WHERE plan = ? ORDER BY n";
        let read = |row: &Timed| Ok((row.at_ms, parse(&row.body)?));
        rows::<Timed>(&self.0, query, vec![id.into()])?.iter().map(read).collect()
    }

    /// Refuses a plan more than fits.
    pub fn has_room(&self) -> Result<(), Problem> {
        if !self.exists()? {
            return Ok(());
        }
        let open = rows::<Count>(&self.0, "SELECT COUNT(*) AS count FROM plan WHERE open = 1", vec![])?;
        if open.first().is_some_and(|row| row.count >= OPEN_MAX) {
            return Err(Problem::new(Code::LimitReached, format!("{OPEN_MAX} plans of the tenant are open")));
        }
        Ok(())
    }

    /// Stores a plan with what has changed it.
    pub fn put(&self, stored: &Stored, changes: &[Change]) -> Result<(), Problem> {
        let kept = &stored.kept;
        if kept.given > GIVEN_MAX {
            return Err(Problem::new(Code::LimitReached, "too much has happened to this plan: plan anew"));
        }
        self.ready()?;
        let id = kept.record.charter.id.as_str();
        let (open, brief, body) = (u64::from(!kept.state().is_terminal()), json(&kept.brief())?, json(stored)?);
        let query = "INSERT INTO plan (id, open, brief, body) VALUES (?, ?, ?, ?)
            ON CONFLICT (id) DO UPDATE SET open = excluded.open, brief = excluded.brief, body = excluded.body";
        run(&self.0, query, vec![id.into(), int(open), brief.into(), body.into()])?;
        for change in changes {
            if let Some(given) = &change.given {
                let query = "INSERT INTO plan_given (plan, n, at_ms, body)
                    VALUES (?1, (SELECT COUNT(*) FROM plan_given WHERE plan = ?1), ?2, ?3)";
                run(&self.0, query, vec![id.into(), int(kept.updated_ms), json(given)?.into()])?;
            }
            for entry in &change.entries {
                let query = "INSERT INTO plan_entry (plan, seq, body) VALUES (?, ?, ?)";
                run(&self.0, query, vec![id.into(), int(entry.seq.into()), json(entry)?.into()])?;
            }
        }
        Ok(())
    }

    /// Plans, newest first: those before a place, and the place of the last one if there are more.
    pub fn list(&self, before: Option<u64>, limit: u32) -> Result<(Vec<Value>, Option<u64>), Problem> {
        if !self.exists()? {
            return Ok((Vec::new(), None));
        }
        let query = "SELECT seq, brief FROM plan WHERE seq < ? ORDER BY seq DESC LIMIT ?";
        let before = before.unwrap_or(SEQ_MAX);
        let mut listed = rows::<Listed>(&self.0, query, vec![int(before), int(u64::from(limit) + 1)])?;
        let more = listed.len() > limit as usize;
        listed.truncate(limit as usize);
        let last = listed.last().filter(|_| more).map(|row| row.seq);
        let items = listed.iter().map(|row| parse(&row.brief)).collect::<Result<_, _>>()?;
        Ok((items, last))
    }

    /// The tenant's rules.
    pub fn rules(&self) -> Result<Rules, Problem> {
        let known = self.bodies("SELECT body FROM setting WHERE name = ?", "rules")?;
        Ok(known.into_iter().next().unwrap_or_default())
    }

    pub fn put_rules(&self, rules: &Rules) -> Result<(), Problem> {
        self.ready()?;
        let query = "INSERT OR REPLACE INTO setting (name, body) VALUES ('rules', ?)";
        run(&self.0, query, vec![json(rules)?.into()])
    }

    /// A question of a task, if it was asked.
    pub fn inquiry(&self, key: &str) -> Result<Option<Inquiry>, Problem> {
        Ok(self.bodies("SELECT body FROM inquiry WHERE key = ?", key)?.into_iter().next())
    }

    /// Stores a question. Old ones go away: their answers stand in their tasks.
    pub fn put_inquiry(&self, key: &str, inquiry: &Inquiry, now_ms: u64) -> Result<(), Problem> {
        self.ready()?;
        run(&self.0, "DELETE FROM inquiry WHERE at_ms < ?", vec![int(now_ms.saturating_sub(INQUIRY_MS))])?;
        let query = "INSERT OR REPLACE INTO inquiry (key, at_ms, body) VALUES (?, ?, ?)";
        run(&self.0, query, vec![key.into(), int(now_ms), json(inquiry)?.into()])
    }

    /// An agent, if there is one.
    pub fn agent(&self, id: &str) -> Result<Option<Agent>, Problem> {
        Ok(self.bodies("SELECT body FROM agent WHERE id = ?", id)?.into_iter().next())
    }

    /// All agents, by their ids.
    pub fn agents(&self) -> Result<Vec<(String, Agent)>, Problem> {
        #[derive(Deserialize)]
        struct Row {
            id: String,
            body: String,
        }
        if !self.exists()? {
            return Ok(Vec::new());
        }
        let all = rows::<Row>(&self.0, "SELECT id, body FROM agent ORDER BY id", vec![])?;
        all.into_iter().map(|row| Ok((row.id, parse(&row.body)?))).collect()
    }

    pub fn put_agent(&self, id: &str, agent: &Agent) -> Result<(), Problem> {
        self.ready()?;
        let query = "INSERT OR REPLACE INTO agent (id, body) VALUES (?, ?)";
        run(&self.0, query, vec![id.into(), json(agent)?.into()])
    }

    pub fn forget_agent(&self, id: &str) -> Result<(), Problem> {
        run(&self.0, "DELETE FROM agent WHERE id = ?", vec![id.into()])
    }

    fn ready(&self) -> Result<(), Problem> {
        self.0.exec(SCHEMA, None).map(|_| ()).map_err(|error| fault("plan schema", &error))
    }
}
