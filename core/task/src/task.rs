//! A task: its steps and their states, what it waits for, and where it came from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::call::Call;
use crate::definition::{Definition, Priority};

mod parts;
mod state;
mod view;

pub use parts::{Lost, Part, Stored};
pub use state::{State, StepState};

/// Why a step failed or is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// A stable code.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A step of a task, one item of a fan-out (`step/3`), or the undoing of either (`step~undo`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StepRecord {
    /// How far it is.
    pub state: StepState,
    /// Grows with every lease; an answer with another one does not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub epoch: u64,
    /// How often its call was tried; asking for a pending one is no try.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub attempts: u32,
    /// Grows when it is done anew on purpose: the key of its call changes with it.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub generation: u32,
    /// Its place among all that were done in this task: compensation runs backwards over it.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub order: u32,
    /// When it began, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub began_ms: Option<u64>,
    /// Its input with all references filled in, from its beginning on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with: Option<Value>,
    /// Its call, from its beginning on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The item that it is for, if it is one of a fan-out; not needed any more once it has an input.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub item: Option<Value>,
    /// What came of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Why it failed, or is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// It failed while its call may still happen: whoever does it again does it under the same key.
    #[serde(default, skip_serializing_if = "is_false")]
    pub unsettled: bool,
}

impl StepRecord {
    /// A record at its beginning.
    #[must_use]
    pub const fn new(state: StepState) -> Self {
        Self {
            state,
            epoch: 0,
            attempts: 0,
            generation: 0,
            order: 0,
            began_ms: None,
            with: None,
            call: None,
            item: None,
            output: None,
            error: None,
            unsettled: false,
        }
    }
}

/// The step of another task that waits for this one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// The task.
    pub task: String,
    /// Its step.
    pub step: String,
}

/// Why a task ends other than well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Ending {
    /// A step failed for good.
    Failed,
    /// The tenant cancelled it.
    Cancelled,
}

/// Why a task failed or is dead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cause {
    /// The step, if it was one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// A stable code.
    pub code: String,
    /// In words.
    pub reason: String,
}

/// A signal that nobody has waited for yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signal {
    /// Its name.
    pub name: String,
    /// What it says.
    pub payload: Value,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Task {
    /// Its id.
    pub id: String,
    /// The tenant that it belongs to.
    pub tenant: String,
    /// The request that started it, as the shell wrote it: whatever it does carries on that trace.
    #[serde(default)]
    pub trace: String,
    /// Hash of its definition as it was submitted: an edit elsewhere never changes a running task.
    pub definition: String,
    /// What `${{ input.… }}` refers to.
    pub input: Value,
    /// How far it is.
    pub state: State,
    /// How soon it gets its turn.
    #[serde(default)]
    pub priority: Priority,
    /// When it was accepted, Unix milliseconds.
    pub created_ms: u64,
    /// When it changed last, Unix milliseconds.
    pub updated_ms: u64,
    /// When its time is up as a whole, Unix milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline_ms: Option<u64>,
    /// Who waits for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// Why it ends, once it does not end well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ending: Option<Ending>,
    /// What went wrong first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Cause>,
    /// How many steps were done.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub done: u32,
    /// Signals that came before their step.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signals: Vec<Signal>,
    /// The keys under which signals came last: one that comes again changes nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signal_keys: Vec<String>,
    /// What came of it, if its definition says what that is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// How many webhooks it has begun to send.
    #[serde(default, skip_serializing_if = "is_none_yet")]
    pub notices: u32,
    /// When it may leave its shard for the archive, Unix milliseconds: some time after its end. A dead task waits for
    /// a person, and stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_ms: Option<u64>,
    /// Which of its values stand in rows of their own, as it is stored; none in memory.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
    /// Its steps.
    pub steps: BTreeMap<String, StepRecord>,
}

impl Task {
    /// When the kernel has to look at it next.
    #[must_use]
    pub fn due_ms(&self) -> Option<u64> {
        let deadline_ms = self.deadline_ms.filter(|_| self.ending.is_none() && !self.state.is_terminal());
        let steps = self.steps.values().filter_map(|step| step.state.due_ms());
        steps.chain(deadline_ms).min()
    }

    /// When the kernel has to look at it next, be it to move it to the archive.
    #[must_use]
    pub fn wakes_ms(&self) -> Option<u64> {
        self.due_ms().or(self.expires_ms)
    }

    /// Whether it may leave its shard.
    #[must_use]
    pub fn is_expired(&self, now_ms: u64) -> bool {
        self.due_ms().is_none() && self.expires_ms.is_some_and(|at_ms| at_ms <= now_ms)
    }

    /// The steps that want attention now.
    #[must_use]
    pub fn due(&self, now_ms: u64) -> Vec<String> {
        let due = |step: &StepRecord| step.state.due_ms().is_some_and(|due_ms| due_ms <= now_ms);
        self.steps.iter().filter(|(_, step)| due(step)).map(|(id, _)| id.clone()).collect()
    }

    /// Whether something outside may be happening for it.
    #[must_use]
    pub fn is_in_flight(&self) -> bool {
        self.steps.values().any(|record| record.state.is_in_flight())
    }

    /// Whether its definition is this one.
    #[must_use]
    pub fn is_of(&self, definition: &Definition) -> bool {
        self.definition == definition.hash()
    }
}

/// What a record of a task stands for, read from its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slot<'a> {
    /// The step of the definition.
    pub step: &'a str,
    /// Which item of its list, if it is one of a fan-out.
    pub item: Option<usize>,
    /// Whether it undoes the step.
    pub undo: bool,
}

/// What a record's id ends with if it undoes.
pub const UNDO: &str = "~undo";

impl<'a> Slot<'a> {
    /// Reads the id of a record. Ids of steps have neither `/` nor `~`, so every id means one thing.
    #[must_use]
    pub fn of(id: &'a str) -> Self {
        let (rest, undo) = id.strip_suffix(UNDO).map_or((id, false), |rest| (rest, true));
        match rest.split_once('/') {
            Some((step, item)) => Self { step, item: item.parse().ok(), undo },
            None => Self { step: rest, item: None, undo },
        }
    }
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_none_yet(number: &u32) -> bool {
    *number == 0
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(truth: &bool) -> bool {
    !*truth
}
