//! The state machine: a task, something that happens to it, and what follows.
//!
//! The shell stores the changed task, its next due time and the events in one commit, and only then sends what
//! [`Commit::dispatch`] says. A call that went out or may have gone out is under a lease; when that ends without an
//! answer the outcome is unknown, and the same call is asked again under the same key.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::call::{Call, Outcome};
use crate::definition::{DOCUMENT_MAX_BYTES, Definition, Fault, OUTPUT_MAX_BYTES};
use crate::event::Event;
use crate::kind::{self, Place, Start};
use crate::reference::{self, Scope};
use crate::task::{State, StepError, StepRecord, StepState, Task};
use crate::time;

#[cfg(test)]
mod tests;

/// How long an answer may take: longer than any answer of our objects, which answer in seconds or not at all.
pub const LEASE_MS: u64 = 30_000;
/// A pending call is asked for after this time first; its end is usually reported before.
const ASK_FIRST_MS: u64 = 5_000;
/// And at least this often, however long it takes.
const ASK_MAX_MS: u64 = 60_000;
/// The first wait before a retry; it doubles with each.
const BACKOFF_FIRST_MS: u64 = 1_000;
/// The longest wait before a retry.
const BACKOFF_MAX_MS: u64 = 300_000;
/// No retry comes sooner than this.
const BACKOFF_MIN_MS: u64 = 200;
/// Without a limit of its own a step is tried for this long: what an outage of a provider lasts at worst.
const PATIENCE_MS: u64 = 86_400_000;

/// Something that happens to a task.
#[derive(Debug, Clone)]
pub enum Command {
    /// The time of its due steps has come.
    Due,
    /// An answer to a step's call. It counts only under the step's current epoch.
    Reply {
        /// The step.
        step: String,
        /// The epoch under which the call went out.
        epoch: u64,
        /// The answer.
        outcome: Outcome,
    },
    /// The answer to a step's call is lost: whether it happened is not known.
    Unknown {
        /// The step.
        step: String,
        /// The epoch under which the call went out.
        epoch: u64,
        /// What is known of it.
        reason: String,
    },
    /// The tenant cancels it.
    Cancel,
}

/// A call that goes out once the commit is durable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The step.
    pub step: String,
    /// The epoch of its lease.
    pub epoch: u64,
    /// The key by which the target accepts it once: `task/step`.
    pub key: String,
    /// The call.
    pub call: Call,
}

/// What follows from a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Commit {
    /// What happened, for the audit chain.
    pub events: Vec<Event>,
    /// What goes out.
    pub dispatch: Vec<Effect>,
}

impl Commit {
    /// Puts what follows from a later command of the same turn behind this: both are stored at once.
    pub fn extend(&mut self, later: Self) {
        self.events.extend(later.events);
        self.dispatch.extend(later.dispatch);
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// Accepts a task.
pub fn submit(
    id: &str,
    tenant: &str,
    definition: &Value,
    input: Value,
    now_ms: u64,
) -> Result<(Task, Commit), Vec<Fault>> {
    let definition = Definition::parse(definition)?;
    if !input.is_object() || input.to_string().len() > DOCUMENT_MAX_BYTES {
        return Err(vec![Fault::new("/input", format!("an object of at most {DOCUMENT_MAX_BYTES} bytes"))]);
    }
    let step = |needs: &[String]| StepRecord {
        state: if needs.is_empty() { StepState::Ready { due_ms: now_ms } } else { StepState::Blocked },
        epoch: 0,
        attempts: 0,
        began_ms: None,
        with: None,
        call: None,
        output: None,
        error: None,
    };
    let steps: BTreeMap<_, _> = definition.steps.iter().map(|(id, def)| (id.clone(), step(&def.needs))).collect();
    let event = Event::of_task("task.submitted", id, json!({ "steps": steps.len() }));
    let task = Task {
        id: id.to_owned(),
        tenant: tenant.to_owned(),
        definition,
        input,
        state: State::Queued,
        created_ms: now_ms,
        updated_ms: now_ms,
        steps,
    };
    Ok((task, Commit { events: vec![event], dispatch: Vec::new() }))
}

/// Applies a command. `jitter` is a random number that spreads retries. A command that changes nothing gives an empty
/// commit, which need not be stored.
pub fn apply(task: &mut Task, command: Command, now_ms: u64, jitter: u64) -> Commit {
    let mut work = Work { task, now_ms, jitter, commit: Commit::default() };
    match command {
        Command::Due => {
            for step in work.task.due(now_ms) {
                work.due(&step);
            }
        }
        Command::Reply { step, epoch, outcome } => work.reply(&step, epoch, outcome),
        Command::Unknown { step, epoch, reason } => work.unknown(&step, epoch, &reason),
        Command::Cancel => work.cancel(),
    }
    if !work.commit.events.is_empty() {
        work.settle();
        work.task.updated_ms = now_ms;
    }
    work.commit
}

struct Work<'a> {
    task: &'a mut Task,
    now_ms: u64,
    jitter: u64,
    commit: Commit,
}

impl Work<'_> {
    fn due(&mut self, id: &str) {
        let Some(record) = self.task.steps.get(id) else {
            return;
        };
        match record.state {
            StepState::Ready { .. } => self.begin(id),
            StepState::Sleeping { .. } => self.done(id, json!({})),
            StepState::Leased { .. } => {
                self.event("step.unknown", id, json!({ "reason": "no answer came within the lease" }));
                self.lease(id);
            }
            StepState::Pending { .. } | StepState::Unknown { .. } | StepState::Retry { .. } => self.lease(id),
            _ => {}
        }
    }

    fn begin(&mut self, id: &str) {
        let Some(definition) = self.task.definition.steps.get(id) else {
            return;
        };
        let (kind, raw) = (definition.kind.clone(), Value::Object(definition.with.clone()));
        let filled = {
            let output = |step: &str| self.task.steps.get(step).and_then(|record| record.output.as_ref());
            reference::fill(&raw, &Scope { input: &self.task.input, output: &output })
        };
        let place = Place { task: &self.task.id, step: id };
        let start = filled
            .map_err(|reason| ("reference", reason))
            .and_then(|with| Ok((kind::start(&kind, &with, place).map_err(|fault| ("input", words(&fault)))?, with)));
        let now_ms = self.now_ms;
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        record.began_ms = Some(now_ms);
        match start {
            Err((code, reason)) => self.failed(id, code, &reason, State::Failed),
            Ok((Start::Wait(wait_ms), with)) => {
                record.with = Some(with);
                record.state = StepState::Sleeping { until_ms: now_ms + wait_ms };
                self.event("step.sleeping", id, json!({ "untilMs": now_ms + wait_ms }));
            }
            Ok((Start::Call(call), with)) => {
                (record.with, record.call) = (Some(with), Some(call));
                self.lease(id);
            }
        }
    }

    /// A new lease for a step's call. Whether its time is up is looked at here, where nothing is under way.
    fn lease(&mut self, id: &str) {
        let (now_ms, key) = (self.now_ms, format!("{}/{id}", self.task.id));
        let limit_ms = self.limit_ms(id);
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        let Some(call) = record.call.clone() else {
            return;
        };
        let asking = matches!(record.state, StepState::Pending { .. });
        if record.began_ms.is_some_and(|began_ms| now_ms.saturating_sub(began_ms) > limit_ms) {
            let reason = "its time is up; what it asked for may still happen";
            self.failed(id, "timeout", reason, State::Dead);
            return;
        }
        record.epoch += 1;
        if !asking {
            record.attempts += 1;
        }
        let (epoch, asked) = (record.epoch, record.state.clone());
        record.state = StepState::Leased { until_ms: now_ms + LEASE_MS };
        let kind = if matches!(asked, StepState::Pending { .. }) { "step.asked" } else { "step.leased" };
        self.event(kind, id, json!({ "epoch": epoch }));
        self.commit.dispatch.push(Effect { step: id.to_owned(), epoch, key, call });
    }

    fn reply(&mut self, id: &str, epoch: u64, outcome: Outcome) {
        let Some(record) = self.task.steps.get_mut(id).filter(|record| record.epoch == epoch) else {
            return;
        };
        if !record.state.is_in_flight() {
            return;
        }
        match outcome {
            Outcome::Done { output } => {
                let kind = self.task.definition.steps.get(id).map_or("", |step| step.kind.as_str());
                match kind::output(kind, record.with.as_ref().unwrap_or(&Value::Null), output) {
                    Ok(output) if output.to_string().len() > OUTPUT_MAX_BYTES => {
                        let reason = format!("it is done, but its output has more than {OUTPUT_MAX_BYTES} bytes");
                        self.failed(id, "output", &reason, State::Failed);
                    }
                    Ok(output) => self.done(id, output),
                    Err(fault) => self.failed(id, "output", &words(&fault), State::Failed),
                }
            }
            Outcome::Pending => {
                let asked = u32::try_from(epoch).unwrap_or(u32::MAX);
                let wait_ms = (ASK_FIRST_MS << asked.saturating_sub(1).min(8)).min(ASK_MAX_MS);
                let first = record.attempts == 1 && asked == 1;
                record.state = StepState::Pending { ask_ms: self.now_ms + wait_ms, asked };
                record.error = None;
                self.event(if first { "step.sent" } else { "step.waiting" }, id, Value::Null);
            }
            Outcome::Retry { reason } => self.retry(id, &reason),
            Outcome::Fatal { code, reason } => self.failed(id, &code, &reason, State::Failed),
        }
    }

    /// A late answer under the same epoch still counts, until the call is asked again.
    fn unknown(&mut self, id: &str, epoch: u64, reason: &str) {
        let (now_ms, jitter) = (self.now_ms, self.jitter);
        let Some(record) = self.task.steps.get_mut(id).filter(|record| record.epoch == epoch) else {
            return;
        };
        if matches!(record.state, StepState::Leased { .. }) {
            let ask_ms = now_ms + backoff_ms(record.attempts, jitter);
            record.state = StepState::Unknown { ask_ms };
            self.event("step.unknown", id, json!({ "reason": reason }));
        }
    }

    fn retry(&mut self, id: &str, reason: &str) {
        let attempts_max = self.task.definition.steps.get(id).and_then(|step| step.retry.as_ref());
        let attempts_max = attempts_max.map_or(u32::MAX, |retry| retry.attempts);
        let (now_ms, jitter) = (self.now_ms, self.jitter);
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        if record.attempts >= attempts_max {
            self.failed(id, "attempts", reason, State::Dead);
            return;
        }
        let at_ms = now_ms + backoff_ms(record.attempts, jitter);
        record.state = StepState::Retry { at_ms };
        record.error = Some(StepError { code: "retry".to_owned(), reason: reason.to_owned() });
        self.event("step.retry", id, json!({ "reason": reason, "atMs": at_ms }));
    }

    fn done(&mut self, id: &str, output: Value) {
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = StepState::Ok;
            record.error = None;
            record.output = Some(output);
            self.event("step.ok", id, Value::Null);
        }
    }

    fn failed(&mut self, id: &str, code: &str, reason: &str, becomes: State) {
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = StepState::Failed;
            record.error = Some(StepError { code: code.to_owned(), reason: reason.to_owned() });
        }
        // An end that was shown stays, whatever becomes of steps that were still under way.
        if self.task.state != State::Cancelling && !self.task.state.is_terminal() {
            self.task.state = becomes;
        }
        self.event("step.failed", id, json!({ "code": code, "reason": reason }));
    }

    fn cancel(&mut self) {
        if self.task.state.is_terminal() || self.task.state == State::Cancelling {
            return;
        }
        self.task.state = State::Cancelling;
        self.commit.events.push(Event::of_task("task.cancelling", &self.task.id, Value::Null));
    }

    /// Moves the task to the state that its steps imply.
    fn settle(&mut self) {
        let ending = matches!(self.task.state, State::Failed | State::Dead | State::Cancelling);
        if ending {
            for record in self.task.steps.values_mut() {
                let idle = record.state.due_ms().is_some() && !record.state.is_in_flight();
                if idle || record.state == StepState::Blocked {
                    record.state = StepState::Skipped;
                }
            }
        } else {
            self.unblock();
        }
        let steps = || self.task.steps.values().map(|record| &record.state);
        let in_flight = steps().any(StepState::is_in_flight);
        let open = steps().any(|state| state.due_ms().is_some() || *state == StepState::Blocked);
        let waits = |state: &StepState| !matches!(state, StepState::Ready { .. } | StepState::Leased { .. });
        self.task.state = match self.task.state {
            // A failed task shows its end at once; what is still under way is reported to its step and changes nothing.
            State::Failed | State::Dead => self.task.state,
            State::Cancelling if in_flight => State::Cancelling,
            State::Cancelling => State::Cancelled,
            _ if !open => State::Done,
            _ if steps().all(waits) => State::Waiting,
            _ => State::Running,
        };
        if self.task.state.is_terminal() {
            let kind = format!("task.{}", self.task.state.as_str());
            if !self.commit.events.iter().any(|event| event.kind == kind) && !in_flight {
                self.commit.events.push(Event::of_task(&kind, &self.task.id, Value::Null));
            }
        }
    }

    fn unblock(&mut self) {
        let done = |id: &String| self.task.steps.get(id).is_some_and(|record| record.state == StepState::Ok);
        let ready: Vec<String> = self
            .task
            .definition
            .steps
            .iter()
            .filter(|(id, step)| {
                self.task.steps.get(*id).is_some_and(|record| record.state == StepState::Blocked)
                    && step.needs.iter().all(done)
            })
            .map(|(id, _)| id.clone())
            .collect();
        for id in ready {
            if let Some(record) = self.task.steps.get_mut(&id) {
                record.state = StepState::Ready { due_ms: self.now_ms };
            }
        }
    }

    fn limit_ms(&self, id: &str) -> u64 {
        let timeout = self.task.definition.steps.get(id).and_then(|step| step.timeout.as_deref());
        timeout.and_then(time::duration_ms).unwrap_or(PATIENCE_MS)
    }

    fn event(&mut self, kind: &str, step: &str, data: Value) {
        self.commit.events.push(Event::of_step(kind, &self.task.id, step, data));
    }
}

/// Exponential with full jitter: tasks that failed together do not come back together.
fn backoff_ms(attempts: u32, jitter: u64) -> u64 {
    let window_ms = (BACKOFF_FIRST_MS << attempts.saturating_sub(1).min(20)).min(BACKOFF_MAX_MS);
    BACKOFF_MIN_MS + jitter % window_ms
}

fn words(fault: &Fault) -> String {
    format!("{}: {}", fault.pointer, fault.detail)
}
