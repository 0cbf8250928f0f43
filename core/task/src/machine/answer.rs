//! Answers to calls, and how steps end.

use serde_json::{Value, json};

use super::Work;
use crate::call::Outcome;
use crate::definition::OUTPUT_MAX_BYTES;
use crate::kind;
use crate::task::{Cause, Ending, Slot, State, StepError, StepState};

pub use super::retry::LEASE_MS;

/// A pending call is asked for after this time first; its end is usually reported before.
const ASK_FIRST_MS: u64 = 5_000;
/// And at least this often, however long it takes.
const ASK_MAX_MS: u64 = 60_000;
/// The outputs of the items of a fan-out may have this many bytes together: they stand in one row twice.
const ITEMS_OUTPUT_MAX_BYTES: usize = 512 * 1024;

impl Work<'_> {
    pub(super) fn reply(&mut self, id: &str, epoch: u64, outcome: Outcome) {
        let limit_ms = self.limit_ms(id);
        let Some(record) = self.task.steps.get_mut(id).filter(|record| record.epoch == epoch) else {
            return;
        };
        if !record.state.is_in_flight() {
            return;
        }
        match outcome {
            Outcome::Done { output } => self.answered(id, output),
            Outcome::Pending => {
                let asked = u32::try_from(epoch).unwrap_or(u32::MAX);
                let wait_ms = (ASK_FIRST_MS << asked.saturating_sub(1).min(8)).min(ASK_MAX_MS);
                let first = record.attempts == 1 && asked == 1;
                record.state = StepState::Pending { ask_ms: self.now_ms + wait_ms, asked };
                record.error = None;
                self.event(if first { "step.sent" } else { "step.waiting" }, id, Value::Null);
            }
            Outcome::Callback => {
                record.state = StepState::Callback { until_ms: self.now_ms + limit_ms };
                record.error = None;
                self.event("step.sent", id, Value::Null);
            }
            Outcome::Retry { code, reason, after_ms } => self.retry(id, &code, &reason, after_ms),
            Outcome::Fatal { code, reason } => self.failed(id, &code, &reason, State::Failed),
        }
    }

    fn answered(&mut self, id: &str, output: Value) {
        let slot = Slot::of(id);
        let Some((step, record)) = self.definition.steps.get(slot.step).zip(self.task.steps.get(id)) else {
            return;
        };
        let undoing = step.compensate.as_ref().filter(|_| slot.undo);
        let kind = undoing.map_or(step.kind.as_str(), |undo| undo.kind.as_str());
        match kind::output(kind, record.with.as_ref().unwrap_or(&Value::Null), output) {
            Ok(output) => self.done(id, output),
            Err(fault) => self.failed(id, "output", &fault.to_string(), State::Failed),
        }
    }

    /// A step is done. What only its call needed goes, so that long tasks stay small.
    pub(super) fn done(&mut self, id: &str, output: Value) {
        let slot = Slot::of(id);
        let gathered =
            slot.item.is_none() && self.definition.steps.get(slot.step).is_some_and(|step| step.each.is_some());
        let max_bytes = if gathered { ITEMS_OUTPUT_MAX_BYTES } else { OUTPUT_MAX_BYTES };
        if output.to_string().len() > max_bytes {
            let reason = format!("it is done, but its output has more than {max_bytes} bytes");
            return self.failed(id, "output", &reason, State::Failed);
        }
        let order = self.task.done + 1;
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        record.state = StepState::Ok;
        (record.error, record.with, record.call) = (None, None, None);
        (record.output, record.order, record.unsettled) = (Some(output), order, false);
        self.task.done = order;
        self.event("step.ok", id, Value::Null);
    }

    /// A step failed for good, and with it the task: `becomes` is `Failed` if it did not happen, and `Dead` if a person
    /// has to look.
    pub(super) fn failed(&mut self, id: &str, code: &str, reason: &str, becomes: State) {
        let slot = Slot::of(id);
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = StepState::Failed;
            record.error = Some(StepError { code: code.to_owned(), reason: reason.to_owned() });
        }
        self.event("step.failed", id, json!({ "code": code, "reason": reason }));
        // An end that was shown stays, whatever becomes of steps that were still under way.
        if self.task.state.is_terminal() || (self.task.ending.is_some() && !slot.undo) {
            return;
        }
        self.task.error = Some(Cause { step: Some(id.to_owned()), code: code.to_owned(), reason: reason.to_owned() });
        if becomes == State::Dead || slot.undo {
            self.task.state = State::Dead;
        } else {
            self.task.ending = Some(Ending::Failed);
        }
    }

    /// The task's time as a whole is up.
    pub(super) fn out_of_time(&mut self) {
        let reason = "the task's time is up";
        self.task.error = Some(Cause { step: None, code: "timeout".to_owned(), reason: reason.to_owned() });
        self.task.ending = Some(Ending::Failed);
        self.commit.events.push(crate::event::Event::of_task("task.timeout", &self.task.id, Value::Null));
    }

    pub(super) fn callback_expired(&mut self, id: &str) {
        if let Some(record) = self.task.steps.get_mut(id) {
            record.unsettled = true;
        }
        self.failed(id, "timeout", "nobody reported its end in time; it may still happen", State::Dead);
    }
}
