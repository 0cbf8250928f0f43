//! A task: its definition, its steps and their states, and how the public sees it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::call::Call;
use crate::definition::Definition;
use crate::time::rfc3339;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted; no step has begun.
    Queued,
    /// At least one step has begun.
    Running,
    /// Every step that has begun waits for a time or an answer.
    Waiting,
    /// Every step is done.
    Done,
    /// A step failed for good.
    Failed,
    /// To be cancelled; what is under way is waited for.
    Cancelling,
    /// Cancelled.
    Cancelled,
    /// A step was tried until the retries ran out.
    Dead,
}

impl State {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Done,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
        Self::Dead,
    ];

    /// Whether nothing will change any more.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Dead)
    }

    /// The state as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Dead => "dead",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum StepState {
    /// Waits for the steps that it needs.
    Blocked,
    /// Begins as soon as the kernel comes to it.
    Ready {
        /// Since when.
        due_ms: u64,
    },
    /// Waits for a time.
    Sleeping {
        /// Until when.
        until_ms: u64,
    },
    /// Its call went out, or was about to: until the lease ends, an answer is expected. After that its outcome is
    /// unknown and the call is asked again under the same key.
    Leased {
        /// When the lease ends.
        until_ms: u64,
    },
    /// Its call was accepted and goes on elsewhere.
    Pending {
        /// When it is asked for.
        ask_ms: u64,
        /// How often it was asked for.
        asked: u32,
    },
    /// Its call went out and its answer is lost: it may have happened. It is asked again under the same key, and counts
    /// as under way until that is answered.
    Unknown {
        /// When it is asked again.
        ask_ms: u64,
    },
    /// Its call did not happen and is tried again.
    Retry {
        /// When.
        at_ms: u64,
    },
    /// Done.
    Ok,
    /// Failed for good.
    Failed,
    /// Never begun, because the task ended before.
    Skipped,
}

impl StepState {
    /// When the kernel has to look at it.
    #[must_use]
    pub const fn due_ms(&self) -> Option<u64> {
        match self {
            Self::Ready { due_ms } => Some(*due_ms),
            Self::Sleeping { until_ms } | Self::Leased { until_ms } => Some(*until_ms),
            Self::Pending { ask_ms, .. } | Self::Unknown { ask_ms } => Some(*ask_ms),
            Self::Retry { at_ms } => Some(*at_ms),
            Self::Blocked | Self::Ok | Self::Failed | Self::Skipped => None,
        }
    }

    /// Whether something outside may be happening for it.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(self, Self::Leased { .. } | Self::Pending { .. } | Self::Unknown { .. })
    }

    const fn as_str(&self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready { .. } => "ready",
            Self::Sleeping { .. } => "sleeping",
            Self::Leased { .. } => "leased",
            Self::Pending { .. } => "sent",
            Self::Unknown { .. } => "unknown",
            Self::Retry { .. } => "retry",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Why a step failed or is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// A stable code.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A step of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// How far it is.
    pub state: StepState,
    /// Grows with every lease; an answer with another one does not count.
    pub epoch: u64,
    /// How often its call was tried; asking for a pending one is no try.
    pub attempts: u32,
    /// When it began, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ms: Option<u64>,
    /// Its input with all references filled in, from its beginning on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Value>,
    /// Its call, from its beginning on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed, or is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The tenant that it belongs to.
    pub tenant: String,
    /// Its definition as it was submitted: an edit elsewhere never changes a running task.
    pub definition: Definition,
    /// What `${{ input.… }}` refers to.
    pub input: Value,
    /// How far it is.
    pub state: State,
    /// When it was accepted, Unix milliseconds.
    pub created_ms: u64,
    /// When it changed last, Unix milliseconds.
    pub updated_ms: u64,
    /// Its steps.
    pub steps: BTreeMap<String, StepRecord>,
}

impl Task {
    /// When the kernel has to look at it next.
    #[must_use]
    pub fn due_ms(&self) -> Option<u64> {
        self.steps.values().filter_map(|step| step.state.due_ms()).min()
    }

    /// The steps that want attention now.
    #[must_use]
    pub fn due(&self, now_ms: u64) -> Vec<String> {
        let due = |step: &StepRecord| step.state.due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        self.steps.iter().filter(|(_, step)| due(step)).map(|(id, _)| id.clone()).collect()
    }

    /// The task as its tenant sees it.
    #[must_use]
    pub fn view(&self) -> Value {
        let steps: Map<String, Value> = self.steps.iter().map(|(id, step)| (id.clone(), self.step(id, step))).collect();
        json!({
            "id": self.id,
            "state": self.state,
            "labels": self.definition.labels,
            "createdAt": rfc3339(self.created_ms),
            "updatedAt": rfc3339(self.updated_ms),
            "input": self.input,
            "steps": steps
        })
    }

    fn step(&self, id: &str, record: &StepRecord) -> Value {
        let definition = self.definition.steps.get(id);
        let mut view = json!({
            "kind": definition.map_or("", |step| step.kind.as_str()),
            "state": record.state.as_str(),
            "attempts": record.attempts
        });
        if let Some(began_ms) = record.began_ms {
            view["beganAt"] = json!(rfc3339(began_ms));
        }
        if let Some(due_ms) = record.state.due_ms() {
            view["dueAt"] = json!(rfc3339(due_ms));
        }
        if let Some(output) = &record.output {
            view["output"] = output.clone();
        }
        if let Some(error) = &record.error {
            view["error"] = json!(error);
        }
        view
    }
}
