//! Leases, retries and their limits.

use serde_json::json;

use super::{Effect, Work};
use crate::call::Call;
use crate::definition::Retry;
use crate::task::{Slot, State, StepError, StepState};
use crate::time;

/// How long an answer may take: longer than any answer of our objects, which answer in seconds or not at all.
pub const LEASE_MS: u64 = 30_000;
/// The first wait before a retry; it doubles with each.
const BACKOFF_FIRST_MS: u64 = 1_000;
/// The longest wait before a retry.
const BACKOFF_MAX_MS: u64 = 300_000;
/// No retry comes sooner than this.
const BACKOFF_MIN_MS: u64 = 200;
/// Without a limit of its own a step is tried for this long: what an outage of a provider lasts at worst.
const PATIENCE_MS: u64 = 86_400_000;

impl Work<'_> {
    /// A new lease for a step's call. Whether its time is up is looked at here, where nothing is under way.
    pub(super) fn lease(&mut self, id: &str) {
        let (now_ms, limit_ms) = (self.now_ms, self.limit_ms(id));
        let task = &self.task.id;
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        let Some(call) = record.call.clone() else {
            return;
        };
        if record.began_ms.is_some_and(|began_ms| now_ms.saturating_sub(began_ms) > limit_ms) {
            record.unsettled = record.state.is_in_flight();
            let reason = if record.unsettled { "its time is up; it may still happen" } else { "its time is up" };
            return self.failed(id, "timeout", reason, State::Dead);
        }
        let key = match record.generation {
            0 => format!("{task}/{id}"),
            generation => format!("{task}/{id}:{generation}"),
        };
        let asking = matches!(record.state, StepState::Pending { .. });
        record.epoch += 1;
        if !asking {
            record.attempts += 1;
        }
        let epoch = record.epoch;
        record.state = StepState::Leased { until_ms: now_ms + LEASE_MS };
        self.event(if asking { "step.asked" } else { "step.leased" }, id, json!({ "epoch": epoch }));
        self.commit.dispatch.push(Effect { step: id.to_owned(), epoch, key, call });
    }

    /// The answer to a call is lost. A call that its target may do twice is not asked again by itself.
    pub(super) fn ask_again(&mut self, id: &str, state: &StepState) {
        if matches!(state, StepState::Leased { .. }) {
            self.event("step.unknown", id, json!({ "reason": "no answer came within the lease" }));
        }
        let repeatable =
            self.task.steps.get(id).and_then(|record| record.call.as_ref()).is_none_or(Call::is_repeatable);
        if repeatable {
            return self.lease(id);
        }
        if let Some(record) = self.task.steps.get_mut(id) {
            record.unsettled = true;
        }
        let reason = "its answer is lost, and its target might do it twice: find out, then redrive or cancel";
        self.failed(id, "unknown", reason, State::Dead);
    }

    /// A late answer under the same epoch still counts, until the call is asked again.
    pub(super) fn unknown(&mut self, id: &str, epoch: u64, reason: &str) {
        let rule = self.rule(id, "unknown");
        let (now_ms, jitter) = (self.now_ms, self.jitter);
        let Some(record) = self.task.steps.get_mut(id).filter(|record| record.epoch == epoch) else {
            return;
        };
        if matches!(record.state, StepState::Leased { .. }) {
            record.state = StepState::Unknown { ask_ms: now_ms + rule.wait_ms(record.attempts, jitter) };
            self.event("step.unknown", id, json!({ "reason": reason }));
        }
    }

    /// A call did not happen: it is tried again unless it was tried often enough. `after_ms` is what its target asked
    /// us to wait at least.
    pub(super) fn retry(&mut self, id: &str, code: &str, reason: &str, after_ms: u64) {
        let rule = self.rule(id, code);
        let (now_ms, jitter) = (self.now_ms, self.jitter);
        let Some(record) = self.task.steps.get_mut(id) else {
            return;
        };
        if record.attempts >= rule.attempts {
            let reason = format!("tried {} times, last: {reason}", record.attempts);
            return self.failed(id, "attempts", &reason, State::Dead);
        }
        let at_ms = now_ms + rule.wait_ms(record.attempts, jitter).max(after_ms.min(BACKOFF_MAX_MS));
        record.state = StepState::Retry { at_ms };
        record.error = Some(StepError { code: code.to_owned(), reason: reason.to_owned() });
        self.event("step.retry", id, json!({ "code": code, "reason": reason, "at": time::rfc3339(at_ms) }));
    }

    /// The rule for a class of errors of a step.
    fn rule(&self, id: &str, code: &str) -> Rule {
        let slot = Slot::of(id);
        let step = self.definition.steps.get(slot.step);
        let retry = match step {
            Some(step) if slot.undo => step.compensate.as_ref().and_then(|undo| undo.retry.as_ref()),
            Some(step) => step.retry.as_ref(),
            None => None,
        };
        let mut rule = Rule { attempts: u32::MAX, first_ms: BACKOFF_FIRST_MS, max_ms: BACKOFF_MAX_MS };
        for part in [retry, retry.and_then(|retry| retry.per.get(code))].into_iter().flatten() {
            rule.refine(part);
        }
        rule
    }

    /// How long a step may take in all.
    pub(super) fn limit_ms(&self, id: &str) -> u64 {
        let slot = Slot::of(id);
        let timeout = self.definition.steps.get(slot.step).and_then(|step| {
            if slot.undo {
                step.compensate.as_ref().and_then(|undo| undo.timeout.as_deref())
            } else {
                step.timeout.as_deref()
            }
        });
        timeout.and_then(time::duration_ms).unwrap_or(PATIENCE_MS)
    }
}

struct Rule {
    attempts: u32,
    first_ms: u64,
    max_ms: u64,
}

impl Rule {
    fn refine(&mut self, by: &Retry) {
        let duration = |text: &Option<String>| text.as_deref().and_then(time::duration_ms);
        self.attempts = by.attempts.unwrap_or(self.attempts);
        self.first_ms = duration(&by.first).unwrap_or(self.first_ms);
        self.max_ms = duration(&by.max).unwrap_or(self.max_ms);
    }

    /// Exponential with full jitter: tasks that failed together do not come back together.
    fn wait_ms(&self, attempts: u32, jitter: u64) -> u64 {
        let doubled = self.first_ms.saturating_mul(1 << attempts.saturating_sub(1).min(20));
        BACKOFF_MIN_MS + jitter % doubled.clamp(1, self.max_ms.max(1))
    }
}
