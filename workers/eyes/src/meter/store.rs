//! The SQLite table of a meter: what it has, as JSON, in as many rows as it needs.

use aion_api::problem::Problem;
use aion_shell::call::fault;
use aion_telemetry::Meter;
use serde::Deserialize;
use worker::{SqlStorage, SqlStorageValue};

use crate::text::json;

/// A row takes two megabytes; JSON of numbers is one byte a character but for label values.
const PART_MAX_BYTES: usize = 1_000_000;
/// Idempotent.
const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS part (place INTEGER PRIMARY KEY, body TEXT NOT NULL) STRICT";

#[derive(Deserialize)]
struct Part {
    body: String,
}

/// The table.
pub struct Store(SqlStorage);

impl Store {
    pub const fn new(sql: SqlStorage) -> Self {
        Self(sql)
    }

    /// What was stored last. What cannot be read is left behind: counters begin anew, as those of a process do.
    pub fn read(&self) -> Result<Meter, Problem> {
        self.run(SCHEMA, vec![])?;
        let cursor = self.0.exec("SELECT body FROM part ORDER BY place", None);
        let parts: Result<Vec<Part>, _> = cursor.and_then(|cursor| cursor.to_array());
        let parts = parts.map_err(|error| fault("meter read", &error))?;
        if parts.is_empty() {
            return Ok(Meter::default());
        }
        let text: String = parts.into_iter().map(|part| part.body).collect();
        Ok(serde_json::from_str(&text).unwrap_or_else(|error| {
            _ = fault("meter begins anew", &error);
            Meter::default()
        }))
    }

    /// Stores it in place of what was stored before: one implicit transaction, as nothing is awaited in between.
    pub fn put(&self, meter: &Meter) -> Result<(), Problem> {
        let text = json(meter)?;
        let (mut rest, mut place) = (text.as_str(), 0_i64);
        while !rest.is_empty() {
            let (part, after) = rest.split_at(rest.floor_char_boundary(PART_MAX_BYTES));
            let values = vec![SqlStorageValue::Integer(place), part.into()];
            self.run("INSERT OR REPLACE INTO part (place, body) VALUES (?, ?)", values)?;
            (rest, place) = (after, place + 1);
        }
        self.run("DELETE FROM part WHERE place >= ?", vec![SqlStorageValue::Integer(place)])
    }

    fn run(&self, query: &str, values: Vec<SqlStorageValue>) -> Result<(), Problem> {
        self.0.exec(query, values).map(|_| ()).map_err(|error| fault("meter write", &error))
    }
}
