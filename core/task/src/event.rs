//! What happened to a task: entries of the audit chain, and events for whoever listens.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// One thing that happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// What: `task.submitted`, `step.leased`, `step.ok`, `step.retry`, `step.unknown`, `step.failed`, `task.done` …
    #[serde(rename = "type")]
    pub kind: String,
    /// The task.
    pub task: String,
    /// The step, if it concerns one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// What is worth to know of it.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub data: Value,
}

impl Event {
    /// Something that happened to a whole task.
    #[must_use]
    pub fn of_task(kind: &str, task: &str, data: Value) -> Self {
        Self { kind: kind.to_owned(), task: task.to_owned(), step: None, data }
    }

    /// Something that happened to a step.
    #[must_use]
    pub fn of_step(kind: &str, task: &str, step: &str, data: Value) -> Self {
        Self { step: Some(step.to_owned()), ..Self::of_task(kind, task, data) }
    }
}
