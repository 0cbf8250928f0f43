//! What people and other tasks do to a task: signals, approvals, cancellation, redrive, the end of a child.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::Work;
use crate::event::Event;
use crate::kind::{self, Otherwise};
use crate::task::{Ending, Signal, Slot, State, StepRecord, StepState};

/// So many signals are kept for steps that do not wait for them yet: more would be a sender that runs wild.
pub const SIGNALS_MAX: usize = 32;
/// So many keys of signals are remembered: a sender repeats a signal within seconds, not after a hundred others.
const SIGNAL_KEYS_MAX: usize = 100;

/// Why a command is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The task is in a state in which this cannot be done.
    #[error("the task is {}; {rule}", state.as_str())]
    State {
        /// The state.
        state: State,
        /// In which states it can be done.
        rule: &'static str,
    },
    /// There is no such step, or it does not wait for this.
    #[error("{0}")]
    Step(String),
    /// Who decides is none of those who may.
    #[error("{0} is none of those who may decide this")]
    Stranger(String),
    /// Too many signals wait already.
    #[error("{SIGNALS_MAX} signals wait already, and no step takes them")]
    Signals,
    /// What was signed is not what is asked.
    #[error("the signed digest is not that of the question as it stands: read the task again")]
    Digest,
}

/// An approval or a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The DID that decided.
    pub by: String,
    /// Whether it approves.
    pub approve: bool,
    /// The digest of the question that it answers: [`question_digest`].
    pub digest: String,
    /// Its signature over the question, a compact JWS.
    pub proof: String,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

/// What an approval is given to: SHA-256, hex, of the canonical form (RFC 8785) of the task's id, the step's, how often
/// it was asked anew, and the terms with their values. Asked anew, the same question has another digest.
#[must_use]
pub fn question_digest(task: &str, step: &str, record: &StepRecord) -> String {
    let asked = json!({ "task": task, "step": step, "generation": record.generation, "terms": record.with });
    // A JSON value with text keys always has a canonical form.
    hex::encode(Sha256::digest(serde_json_canonicalizer::to_vec(&asked).unwrap_or_default()))
}

impl Work<'_> {
    pub(super) fn cancel(&mut self) {
        let state = self.task.state;
        if (state.is_terminal() && state != State::Dead) || self.task.ending.is_some() {
            return;
        }
        self.task.ending = Some(Ending::Cancelled);
        self.task.state = State::Cancelling;
        self.commit.events.push(Event::of_task("task.cancelling", &self.task.id, Value::Null));
    }

    pub(super) fn child_ended(&mut self, id: &str, child: &str, state: State, output: &Value) {
        let waits = |record: &StepRecord| matches!(&record.state, StepState::Child { task } if task == child);
        if !self.task.steps.get(id).is_some_and(waits) {
            return;
        }
        if state == State::Done {
            return self.done(id, json!({ "task": child, "output": output }));
        }
        let becomes = if state == State::Dead { State::Dead } else { State::Failed };
        let reason = format!("the task {child} is {}", state.as_str());
        self.failed(id, &format!("child.{}", state.as_str()), &reason, becomes);
    }

    pub(super) fn signal(&mut self, name: String, payload: Value, key: &str) -> Result<(), Refusal> {
        if self.task.signal_keys.iter().any(|known| known == key) {
            return Ok(());
        }
        if self.task.state.is_terminal() || self.task.ending.is_some() {
            return Err(Refusal::State { state: self.task.state, rule: "signals go to tasks that go on" });
        }
        let waits = |record: &StepRecord| matches!(&record.state, StepState::Signal { name: own, .. } if *own == name);
        let waiting = self.task.steps.iter().find(|(_, record)| waits(record)).map(|(id, _)| id.clone());
        if waiting.is_none() && self.task.signals.len() >= SIGNALS_MAX {
            return Err(Refusal::Signals);
        }
        self.commit.events.push(Event::of_task("task.signal", &self.task.id, json!({ "name": name })));
        if self.task.signal_keys.len() >= SIGNAL_KEYS_MAX {
            self.task.signal_keys.remove(0);
        }
        self.task.signal_keys.push(key.to_owned());
        match waiting {
            Some(id) => self.done(&id, json!({ "received": true, "payload": payload })),
            None => self.task.signals.push(Signal { name, payload }),
        }
        Ok(())
    }

    pub(super) fn signal_expired(&mut self, id: &str) {
        match self.otherwise(id) {
            Otherwise::Continue => self.done(id, json!({ "received": false })),
            Otherwise::Fail => self.failed(id, "signal.expired", "the signal did not come in time", State::Failed),
        }
    }

    pub(super) fn decide(&mut self, id: &str, decision: Decision) -> Result<(), Refusal> {
        let missing = || Refusal::Step(format!("no step {id} waits for approvals"));
        let record = self.task.steps.get_mut(id).ok_or_else(missing)?;
        let digest = question_digest(&self.task.id, id, record);
        let StepState::Approval { decisions, .. } = &mut record.state else {
            return Err(missing());
        };
        let terms = kind::approval(record.with.as_ref().unwrap_or(&Value::Null));
        let terms = terms.map_err(|fault| Refusal::Step(fault.to_string()))?;
        if !terms.by.contains(&decision.by) {
            return Err(Refusal::Stranger(decision.by));
        }
        if decision.digest != digest {
            return Err(Refusal::Digest);
        }
        // Who decides again says the same again, or changes their mind: the last word counts.
        decisions.retain(|earlier| earlier.by != decision.by);
        let event = json!({ "by": decision.by, "approve": decision.approve, "proof": decision.proof });
        decisions.push(decision);
        let decisions = decisions.clone();
        self.event("step.decided", id, event);
        let approvals = decisions.iter().filter(|decision| decision.approve).count();
        let rejections = decisions.len() - approvals;
        if approvals >= terms.count {
            self.done(id, json!({ "approved": true, "decisions": decisions }));
        } else if terms.by.len() - rejections < terms.count {
            self.not_approved(id, terms.otherwise, "approval.rejected", &decisions);
        }
        Ok(())
    }

    pub(super) fn approval_expired(&mut self, id: &str) {
        let Some(StepState::Approval { decisions, .. }) = self.task.steps.get(id).map(|record| record.state.clone())
        else {
            return;
        };
        self.not_approved(id, self.otherwise(id), "approval.expired", &decisions);
    }

    fn not_approved(&mut self, id: &str, otherwise: Otherwise, code: &str, decisions: &[Decision]) {
        match otherwise {
            Otherwise::Continue => {
                let expired = code == "approval.expired";
                self.done(id, json!({ "approved": false, "expired": expired, "decisions": decisions }));
            }
            Otherwise::Fail => self.failed(id, code, "it was not approved", State::Failed),
        }
    }

    fn otherwise(&self, id: &str) -> Otherwise {
        let with = self.task.steps.get(id).and_then(|record| record.with.as_ref());
        with.map_or(Otherwise::Fail, kind::otherwise)
    }

    pub(super) fn redrive(&mut self, reason: &str, from: Option<&str>) -> Result<(), Refusal> {
        let state = self.task.state;
        let undoing = self.task.steps.keys().any(|id| Slot::of(id).undo);
        if !(state == State::Dead || state == State::Failed) {
            return Err(Refusal::State { state, rule: "only a dead or failed task is redriven" });
        }
        let anew = match from {
            Some(_) if undoing => {
                return Err(Refusal::Step("what was done is being undone; it goes on where it failed".to_owned()));
            }
            Some(step) if self.definition.steps.contains_key(step) => self.definition.from(step),
            Some(step) => return Err(Refusal::Step(format!("there is no step {step}"))),
            None => BTreeSet::new(),
        };
        self.may_do_anew(&anew)?;
        self.task.steps.retain(|id, _| Slot::of(id).item.is_none() || !anew.contains(Slot::of(id).step));
        for (id, record) in &mut self.task.steps {
            let failed = matches!(record.state, StepState::Failed | StepState::Dropped);
            if anew.contains(id.as_str()) {
                record.renew(true);
            } else if failed && (!undoing || Slot::of(id).undo) {
                record.renew(false);
            }
        }
        self.resume_items();
        if !undoing {
            self.task.ending = None;
            self.task.error = None;
        }
        (self.task.state, self.task.deadline_ms) = (State::Running, None);
        let data = json!({ "reason": reason, "from": from });
        self.commit.events.push(Event::of_task("task.redriven", &self.task.id, data));
        Ok(())
    }

    /// What may still happen cannot be done anew beside it.
    fn may_do_anew(&self, anew: &BTreeSet<String>) -> Result<(), Refusal> {
        let open = self.task.steps.iter().find(|(id, record)| {
            let item = Slot::of(id).item.is_some();
            anew.contains(Slot::of(id).step) && (record.state.is_in_flight() || (item && record.unsettled))
        });
        match open {
            Some((id, _)) => {
                Err(Refusal::Step(format!("{id} may still happen: wait for it, or redrive without `from`")))
            }
            None => Ok(()),
        }
    }

    /// A fan-out whose items exist goes on with them.
    fn resume_items(&mut self) {
        let spread: Vec<String> =
            self.task.steps.keys().filter_map(|id| id.strip_suffix("/0")).map(str::to_owned).collect();
        for id in spread {
            if let Some(record) = self.task.steps.get_mut(&id).filter(|record| record.state == StepState::Blocked)
                && let Some(total) = record.with.as_ref().and_then(Value::as_array).map(Vec::len)
            {
                record.state = StepState::Items { total };
            }
        }
    }
}

impl StepRecord {
    /// Back to the beginning; `anew` if it is to be done again although it may have been done. What is certain to be
    /// over is done under a new key; what may still happen, under its old one, so that it happens once. The epoch goes
    /// on, so that answers to former leases do not count.
    fn renew(&mut self, anew: bool) {
        // A fan-out that goes on with its items is not begun anew.
        let list = self.with.take().filter(|with| with.is_array() && !anew);
        let begun = self.began_ms.is_some() && list.is_none();
        let generation = self.generation + u32::from(begun && !self.unsettled);
        let item = self.item.take();
        *self = Self { epoch: self.epoch, generation, item, with: list, ..Self::new(StepState::Blocked) };
    }
}
