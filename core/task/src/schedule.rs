//! Schedules: tasks that are started at times.
//!
//! A [`Spec`] says when and under which rules, [`times`] are its times, and [`apply`] is the state machine. The shell
//! stores the changed schedule in one commit, arms its alarm for [`Schedule::wake_ms`], and only then performs the
//! effects. If it dies between the two, what was not confirmed is asked for again under the same idempotency key, which
//! follows from the schedule's name and the time alone: a time never starts two tasks.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::definition::{Definition, Fault, INPUT_MAX_BYTES};
use crate::expression::{self, Scope};
use crate::time::rfc3339;

pub mod cron;
mod machine;
pub mod spec;
pub mod times;
pub mod zone;

pub use machine::{Command, Effect, apply};
pub use spec::{CatchUp, Overlap, Spec};
pub use times::{Times, next_after, times_after};
pub use zone::Zones;

/// The name of a schedule may have this many characters: an idempotency key with it stays below 128.
pub const NAME_MAX_CHARS: usize = 64;
/// So many runs go on at once at most: their records still fit one row.
pub const RUNNING_MAX: usize = 100;
/// So many times wait at most for runs to end.
pub const WAITING_MAX: usize = 100;

/// Where the definition of the tasks comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The definition itself.
    Definition(Value),
    /// A stored one.
    Named {
        /// Its name.
        name: String,
        /// Its version.
        version: u64,
    },
}

/// A moment for which a run is due.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Slot {
    /// The time of the spec, or that of the trigger, Unix milliseconds.
    pub scheduled_ms: u64,
    /// Under which id somebody triggered it; without one it is a time of the spec.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trigger: Option<String>,
}

impl Slot {
    /// The key under which the kernel accepts the run once.
    #[must_use]
    pub fn key(&self, schedule: &str) -> String {
        match &self.trigger {
            None => format!("schedule/{schedule}/{}", self.scheduled_ms),
            // Ids of callers may be as long as a key alone; 128 bits of their hash are enough.
            Some(id) => format!("schedule/{schedule}/trigger/{}", hex::encode(&Sha256::digest(id)[..16])),
        }
    }
}

/// A run whose end is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Running {
    /// Its number.
    pub run: u64,
    /// What it was due for.
    pub slot: Slot,
    /// Its task, once the start is confirmed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<String>,
    /// When it was started, Unix milliseconds.
    pub began_ms: u64,
    /// Not before then it is started again if it is not confirmed, or asked for if something waits for it.
    pub ask_ms: u64,
}

/// A schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Schedule {
    /// Its name, unique within its tenant.
    pub name: String,
    /// When it runs.
    pub spec: Spec,
    /// What it runs.
    pub source: Source,
    /// The tasks' input; its expressions `${{ input.schedule }}` and `${{ input.scheduledAt }}` are filled in.
    pub input: Value,
    /// Its next time, Unix milliseconds. While it is paused, the first one that it misses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_ms: Option<u64>,
    /// When that time is run: later by a part of the jitter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_ms: Option<u64>,
    /// The number of its last run; runs count from 1.
    pub run: u64,
    /// How many runs times have started under this spec.
    pub counted: u64,
    /// Its last run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Running>,
    /// The runs whose end is not known.
    pub running: Vec<Running>,
    /// What waits for them.
    pub waiting: VecDeque<Slot>,
    /// How many times passed unrun while it was paused or the platform was away. Of more than a year, only the last
    /// one counts.
    pub missed: u64,
    /// How many times were left out because of runs that went on.
    pub skipped: u64,
    /// How many runs the kernel refused to start.
    pub refused: u64,
}

impl Schedule {
    /// A checked schedule, armed from now on. `jitter` is a random number.
    pub fn new(
        name: &str,
        spec: Spec,
        source: Source,
        input: Value,
        now_ms: u64,
        zones: &dyn Zones,
        jitter: u64,
    ) -> Result<Self, Vec<Fault>> {
        let mut faults = check(&source, &input).err().unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
        if name.is_empty() || name.len() > NAME_MAX_CHARS || !name.bytes().all(fits) {
            faults.push(Fault::new("/name", format!("1 to {NAME_MAX_CHARS} of A-Z a-z 0-9 _ - .")));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let mut schedule = Self {
            name: name.to_owned(),
            spec,
            source,
            input,
            next_ms: None,
            due_ms: None,
            run: 0,
            counted: 0,
            last: None,
            running: Vec::new(),
            waiting: VecDeque::new(),
            missed: 0,
            skipped: 0,
            refused: 0,
        };
        schedule.arm(now_ms, zones, jitter);
        Ok(schedule)
    }

    /// When the shell has to apply [`Command::Due`] next.
    #[must_use]
    pub fn wake_ms(&self) -> Option<u64> {
        let due_ms = self.due_ms.filter(|_| !self.spec.paused);
        let something_waits = self.startable().is_some();
        let asks = self.running.iter().filter(|running| running.task.is_none() || something_waits);
        asks.map(|running| running.ask_ms).chain(due_ms).min()
    }

    /// Whether nothing will happen any more, unless somebody triggers or replaces it.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.next_ms.is_none() && self.running.is_empty() && self.waiting.is_empty()
    }

    /// The input of a run. For a time it follows from the idempotency key alone, so that a repeated start has the same
    /// body; the number of the run would not. The error names an expression that leads nowhere: [`Schedule::new`]
    /// refuses those.
    pub fn input_at(&self, scheduled_ms: u64) -> Result<Value, String> {
        fill(&self.input, &self.name, scheduled_ms)
    }

    /// Takes the first time after a moment as the next one.
    fn arm(&mut self, after_ms: u64, zones: &dyn Zones, jitter: u64) {
        (self.next_ms, self.due_ms) = (None, None);
        if self.spec.runs.is_some_and(|runs| self.counted >= runs) {
            return;
        }
        let mut times = times_after(&self.spec, zones, after_ms);
        let Some(next_ms) = times.next() else { return };
        let spread_ms = self.spec.jitter_ms();
        let spread_ms = if spread_ms == 0 { 0 } else { spread(next_ms, times.next(), spread_ms) };
        (self.next_ms, self.due_ms) = (Some(next_ms), Some(next_ms + jitter % (spread_ms + 1)));
    }

    /// What waits and may be started: while it is paused only what somebody triggered.
    fn startable(&self) -> Option<usize> {
        self.waiting.iter().position(|slot| !self.spec.paused || slot.trigger.is_some())
    }
}

/// How far a time can be spread: never up to the next one, so that times keep their order.
fn spread(time_ms: u64, following_ms: Option<u64>, jitter_ms: u64) -> u64 {
    following_ms.map_or(jitter_ms, |following_ms| jitter_ms.min((following_ms - time_ms).saturating_sub(1)))
}

/// Checks what a schedule starts. Pointers are `/definition` and `/input`.
pub fn check(source: &Source, input: &Value) -> Result<(), Vec<Fault>> {
    let mut faults = Vec::new();
    if let Source::Definition(definition) = source
        && let Err(found) = Definition::parse(definition)
    {
        let placed = |fault: Fault| Fault::new(format!("/definition{}", fault.pointer), fault.detail);
        faults.extend(found.into_iter().map(placed));
    }
    if !input.is_object() || input.to_string().len() > INPUT_MAX_BYTES {
        faults.push(Fault::new("/input", format!("an object of at most {INPUT_MAX_BYTES} bytes")));
    } else if let Err(detail) = fill(input, "", 0) {
        faults.push(Fault::new("/input", detail));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn fill(input: &Value, schedule: &str, scheduled_ms: u64) -> Result<Value, String> {
    let known = json!({ "schedule": schedule, "scheduledAt": rfc3339(scheduled_ms) });
    let (output, state) = (|_: &str| None, |_: &str| None);
    let scope =
        Scope { input: &known, output: &output, state: &state, task: &Value::Null, now_ms: scheduled_ms, item: None };
    expression::fill(input, &scope)
}
