//! Definitions: named steps, checked as a whole before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::task::State;

mod check;
pub(crate) mod nearest;
#[cfg(test)]
mod tests;

/// A definition may have this many steps: their state still fits one row and one commit.
pub const STEPS_MAX: usize = 50;
/// The id of a step may have this many characters.
pub const STEP_ID_MAX_CHARS: usize = 40;
/// A definition may have this many bytes as JSON.
pub const DOCUMENT_MAX_BYTES: usize = 64 * 1024;
/// An input may have this many bytes as JSON: with a definition it fits the body of a request.
pub const INPUT_MAX_BYTES: usize = 160 * 1024;
/// The output of a step may have this many bytes as JSON: it fits one row, and those of all steps the memory of an
/// isolate.
pub const OUTPUT_MAX_BYTES: usize = 128 * 1024;
/// A step is tried at most this often, whatever its definition says.
pub const ATTEMPTS_MAX: u32 = 1_000;
/// A fan-out may have this many items: their records still fit one row of two megabytes.
pub const ITEMS_MAX: usize = 1_000;
/// So many items of one fan-out may be under way at once: more would only wait for the six calls of an object.
pub const PARALLEL_MAX: usize = 50;
/// So many are if the definition does not say.
const PARALLEL_DEFAULT: usize = 10;
/// A definition may have this many labels, each of at most [`LABEL_MAX_CHARS`]: they are repeated in every list.
pub const LABELS_MAX: usize = 16;
/// A definition may name this many webhooks: each is a task for every state that it tells of.
pub const NOTIFY_MAX: usize = 4;
/// A label's name or value may have this many characters.
pub const LABEL_MAX_CHARS: usize = 64;

/// One fault of a definition, named by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer from the root of the definition.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
    /// What to do about it, if that is not what the detail says.
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), hint: None }
    }

    /// The same fault with what to do about it.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The fault of a part as one of the whole.
    #[must_use]
    pub fn under(self, prefix: &str) -> Self {
        Self { pointer: format!("{prefix}{}", self.pointer), ..self }
    }
}

/// A checked definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The steps by id.
    pub steps: BTreeMap<String, Step>,
    /// Labels for people and lists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// How soon its tasks get their turn.
    #[serde(default, skip_serializing_if = "Priority::is_normal")]
    pub priority: Priority,
    /// How long a task may take in all, as a duration; after that it fails and is compensated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// What comes of the task, once every step is done; it may refer to all of them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// Whom to tell when a task comes to a state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<Notify>,
    /// How long a task stays in its shard after its end, as a duration; after that it is in the archive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention: Option<String>,
    /// SHA-256 of its canonical form (RFC 8785), hex.
    #[serde(skip)]
    hash: String,
}

/// How soon tasks get their turn when more is due than can be done: a higher one gets four turns for one of the next.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Priority {
    /// Whenever there is room.
    Low,
    /// What is not said otherwise.
    #[default]
    Normal,
    /// People wait for it.
    High,
}

impl Priority {
    /// Every priority, the most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Normal, Self::Low];

    /// The priority as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Normal => "normal",
            Self::High => "high",
        }
    }

    #[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
    fn is_normal(&self) -> bool {
        *self == Self::Normal
    }
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its kind.
    #[serde(rename = "do")]
    pub kind: String,
    /// Its input; strings may hold expressions.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// The steps that have to be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// An expression: if it is false the step is skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub when: Option<String>,
    /// The step is done once for each item of a list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub each: Option<Each>,
    /// How often and how fast it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long it may take in all, as a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
    /// What undoes it when the task fails later or is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compensate: Option<Compensate>,
}

/// A webhook on the states of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Notify {
    /// Where it goes: a host that the tenant allows.
    pub url: String,
    /// On which states.
    pub on: Vec<State>,
    /// The name of the secret that it is signed with, by Standard Webhooks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign: Option<String>,
}

/// A fan-out over a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Each {
    /// An expression that gives the list; the step sees each element as `item`, and its place as `index`.
    #[serde(rename = "in")]
    pub list: String,
    /// How many items are under way at once.
    #[serde(default = "parallel")]
    pub parallel: usize,
}

const fn parallel() -> usize {
    PARALLEL_DEFAULT
}

/// What undoes a step. It may refer to the step's own output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compensate {
    /// The kind of the undoing step.
    #[serde(rename = "do")]
    pub kind: String,
    /// Its input; strings may hold expressions.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// How often and how fast it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long it may take in all, as a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// How often and how fast a step is tried again; what is absent is as for every step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// At most so many tries.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempts: Option<u32>,
    /// The first wait, as a duration; it doubles with each try, and the real wait is a random part of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<String>,
    /// The longest wait, as a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<String>,
    /// Other rules for a class of errors, by its code.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub per: BTreeMap<String, Retry>,
}

impl Definition {
    /// Reads and checks a definition; every fault is named, not only the first.
    pub fn parse(document: &Value) -> Result<Self, Vec<Fault>> {
        check::parse(document)
    }

    /// Reads a definition that was checked before it was stored.
    pub fn stored(text: &str, hash: &str) -> Result<Self, serde_json::Error> {
        let mut definition: Self = serde_json::from_str(text)?;
        hash.clone_into(&mut definition.hash);
        Ok(definition)
    }

    /// SHA-256 of its canonical form (RFC 8785), hex: two definitions with the same hash mean the same.
    #[must_use]
    pub fn hash(&self) -> &str {
        &self.hash
    }

    /// All steps that are done before this one starts.
    #[must_use]
    pub fn before(&self, id: &str) -> BTreeSet<String> {
        let mut before = BTreeSet::new();
        let mut open: Vec<&str> = vec![id];
        while let Some(id) = open.pop() {
            for need in self.steps.get(id).map_or(&[][..], |step| &step.needs) {
                if before.insert(need.clone()) {
                    open.push(need);
                }
            }
        }
        before
    }

    /// A step and all steps that need it, directly or through others.
    #[must_use]
    pub fn from(&self, id: &str) -> BTreeSet<String> {
        let after = self.steps.keys().filter(|other| *other == id || self.before(other).contains(id));
        after.cloned().collect()
    }

    fn in_cycle(&self) -> Option<String> {
        self.steps.keys().find(|id| self.before(id).contains(*id)).cloned()
    }

    fn seal(&mut self) -> Result<(), serde_json::Error> {
        let canonical = serde_json_canonicalizer::to_vec(self)?;
        self.hash = hex::encode(Sha256::digest(&canonical));
        Ok(())
    }
}

impl std::fmt::Display for Fault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.pointer, self.detail)
    }
}
