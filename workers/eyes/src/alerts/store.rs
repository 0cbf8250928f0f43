//! The SQLite tables of the alerts.

use aion_api::limits::PAGE_MAX;
use aion_api::object::eyes::HISTORY_MAX;
use aion_api::problem::Problem;
use aion_api::time::rfc3339;
use aion_api::v1::List;
use aion_api::v1::alerts::{AlertDelivery, AlertEvent, Alerts, DeliveryState};
use aion_shell::call::fault;
use aion_telemetry::alert::{Event, States};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use worker::{SqlStorage, SqlStorageValue};

use crate::text::{json, parse};

/// So many versions of the document are kept.
const VERSIONS_KEPT: u64 = 20;
/// So many events are sent at once: the platform opens six connections at a time.
const SENT_AT_ONCE: u32 = 6;
/// Each statement is idempotent.
const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS document (version INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT;
CREATE TABLE IF NOT EXISTS state (
  one INTEGER PRIMARY KEY CHECK (one = 1), looked_ms INTEGER NOT NULL, body TEXT NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS event (
  number INTEGER PRIMARY KEY, alert TEXT NOT NULL, body TEXT NOT NULL,
  delivery TEXT NOT NULL CHECK (delivery IN ('none', 'waiting', 'delivered', 'givenUp')),
  tries INTEGER NOT NULL DEFAULT 0, at_ms INTEGER NOT NULL DEFAULT 0, result TEXT NOT NULL DEFAULT ''
) STRICT;
";
/// The first of each alert that waits; `at_ms` is when it is tried.
const HEADS: &str = "
FROM event WHERE number IN (SELECT min(number) FROM event WHERE delivery = 'waiting' GROUP BY alert)
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
struct Row {
    number: u64,
    body: String,
    delivery: String,
    tries: u32,
    at_ms: u64,
    result: String,
}

/// An event that is due to be sent.
pub struct Waiting {
    /// Its number.
    pub number: u64,
    /// How often it was tried.
    pub tries: u32,
    /// The event.
    pub event: Event,
}

/// The tables.
pub struct Store(SqlStorage);

impl Store {
    pub const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    fn create(&self) -> Result<(), Problem> {
        self.0.exec(SCHEMA, None).map(|_| ()).map_err(|error| fault("alerts schema", &error))
    }

    /// The newest document; the rules of the house before the first.
    pub fn newest(&self) -> Result<Alerts, Problem> {
        self.create()?;
        let rows = self.rows::<Text>("SELECT body AS text FROM document ORDER BY version DESC LIMIT 1", vec![])?;
        rows.first().map_or_else(|| Ok(Alerts::default()), |row| parse(&row.text))
    }

    pub fn put(&self, alerts: &Alerts) -> Result<(), Problem> {
        let body = json(alerts)?;
        self.run("INSERT INTO document (version, body) VALUES (?, ?)", vec![int(alerts.version), body.into()])?;
        let oldest = alerts.version.saturating_sub(VERSIONS_KEPT);
        self.run("DELETE FROM document WHERE version <= ?", vec![int(oldest)])
    }

    /// When it was looked last, Unix milliseconds; 0 before the first time.
    pub fn looked_ms(&self) -> Result<u64, Problem> {
        self.create()?;
        let rows = self.rows::<Number>("SELECT looked_ms AS number FROM state", vec![])?;
        Ok(rows.first().map_or(0, |row| row.number))
    }

    pub fn states(&self) -> Result<States, Problem> {
        let rows = self.rows::<Text>("SELECT body AS text FROM state", vec![])?;
        rows.first().map_or_else(|| Ok(States::new()), |row| parse(&row.text))
    }

    /// Whether there are alerts that a step could change.
    pub fn has_states(&self) -> Result<bool, Problem> {
        self.states().map(|states| !states.is_empty())
    }

    pub fn put_states(&self, looked_ms: u64, states: &States) -> Result<(), Problem> {
        let query = "INSERT OR REPLACE INTO state (one, looked_ms, body) VALUES (1, ?, ?)";
        self.run(query, vec![int(looked_ms), json(states)?.into()])
    }

    /// Writes an event down, to be sent at once if there is somebody to send it to.
    pub fn append(&self, event: &Event, has_webhook: bool) -> Result<(), Problem> {
        let delivery = if has_webhook && !event.silenced { "waiting" } else { "none" };
        let alert = format!("{} {}", event.rule, event.series);
        let query = "INSERT INTO event (alert, body, delivery, at_ms) VALUES (?, ?, ?, ?)";
        self.run(query, vec![alert.into(), json(event)?.into(), delivery.into(), int(event.at_ms)])?;
        let query = "DELETE FROM event WHERE number <= (SELECT max(number) FROM event) - ?";
        self.run(query, vec![int(HISTORY_MAX.into())])
    }

    /// What is due to be sent: the first of each alert.
    pub fn due(&self, now_ms: u64) -> Result<Vec<Waiting>, Problem> {
        let query = format!("SELECT * {HEADS} AND at_ms <= ? ORDER BY number LIMIT {SENT_AT_ONCE}");
        let rows = self.rows::<Row>(&query, vec![int(now_ms)])?;
        let waiting = rows.into_iter().map(|row| {
            let event = parse(&row.body)?;
            Ok(Waiting { number: row.number, tries: row.tries, event })
        });
        waiting.collect()
    }

    /// When the next one is due.
    pub fn due_ms(&self) -> Result<Option<u64>, Problem> {
        let query = format!("SELECT at_ms AS number {HEADS} ORDER BY at_ms LIMIT 1");
        Ok(self.rows::<Number>(&query, vec![])?.first().map(|row| row.number))
    }

    pub fn delivered(&self, number: u64, tries: u32, at_ms: u64, result: &str) -> Result<(), Problem> {
        self.tried(number, "delivered", tries, at_ms, result)
    }

    pub fn again(&self, number: u64, tries: u32, at_ms: u64, result: &str) -> Result<(), Problem> {
        self.tried(number, "waiting", tries, at_ms, result)
    }

    pub fn give_up(&self, number: u64, tries: u32, at_ms: u64, result: &str) -> Result<(), Problem> {
        self.tried(number, "givenUp", tries, at_ms, result)
    }

    /// What waits is sent now: it may go somewhere else than before.
    pub fn hurry(&self, now_ms: u64) -> Result<(), Problem> {
        self.run("UPDATE event SET at_ms = min(at_ms, ?) WHERE delivery = 'waiting'", vec![int(now_ms)])
    }

    /// Nothing that waits is sent any more.
    pub fn give_up_all(&self, result: &str) -> Result<(), Problem> {
        let query = "UPDATE event SET delivery = 'givenUp', result = ? WHERE delivery = 'waiting'";
        self.run(query, vec![result.into()])
    }

    /// What became of a try. One that was given up while it was under way stays so, unless it has arrived.
    fn tried(&self, number: u64, delivery: &str, tries: u32, at_ms: u64, result: &str) -> Result<(), Problem> {
        let query = "UPDATE event SET delivery = ?, tries = ?, at_ms = ?, result = ?
             WHERE number = ? AND (delivery = 'waiting' OR ?1 = 'delivered')";
        self.run(query, vec![delivery.into(), int(tries.into()), int(at_ms), result.into(), int(number)])
    }

    /// A page of what has happened, the newest first.
    pub fn history(&self, before: Option<u64>, limit: u32) -> Result<List<AlertEvent>, Problem> {
        self.create()?;
        let limit = limit.clamp(1, PAGE_MAX);
        let query = "SELECT * FROM event WHERE number < ? ORDER BY number DESC LIMIT ?";
        // SQL integers are exact to 2^53.
        let before = before.unwrap_or(u64::MAX).min((1 << 53) - 1);
        let mut rows = self.rows::<Row>(query, vec![int(before), int(u64::from(limit) + 1)])?;
        let more = rows.len() > usize::try_from(limit).unwrap_or(usize::MAX);
        rows.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        let next_cursor = rows.last().filter(|_| more).map(|row| row.number.to_string());
        Ok(List { items: rows.into_iter().map(shown).collect::<Result<_, _>>()?, next_cursor })
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("alerts write", &error))
    }

    fn rows<T: DeserializeOwned>(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<Vec<T>, Problem> {
        let cursor = self.0.exec(query, values).map_err(|error| fault("alerts read", &error))?;
        cursor.to_array().map_err(|error| fault("alerts read", &error))
    }
}

/// An event as the API has it.
fn shown(row: Row) -> Result<AlertEvent, Problem> {
    let event: Event = parse(&row.body)?;
    let state = match row.delivery.as_str() {
        "waiting" => DeliveryState::Waiting,
        "delivered" => DeliveryState::Delivered,
        "givenUp" => DeliveryState::GivenUp,
        _ => DeliveryState::None,
    };
    let at = (state != DeliveryState::None).then(|| rfc3339(row.at_ms));
    let result = Some(row.result).filter(|result| !result.is_empty());
    Ok(AlertEvent {
        number: row.number,
        event: event.kind,
        name: event.rule,
        series: event.series,
        severity: event.severity,
        summary: event.summary,
        value: event.value,
        threshold: event.threshold,
        at: rfc3339(event.at_ms),
        delivery: AlertDelivery { state, tries: row.tries, at, result },
    })
}

fn int(number: u64) -> SqlStorageValue {
    SqlStorageValue::Integer(number.cast_signed())
}
