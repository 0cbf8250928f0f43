//! What follows from the states of the steps: which begin, which are dropped, what is undone, how the task is.

use serde_json::Value;

use super::Work;
use crate::definition::Step;
use crate::event::Event;
use crate::expression;
use crate::kind;
use crate::task::{Cause, Ending, Slot, State, StepRecord, StepState, UNDO};
use crate::time;

/// A task stays in its shard for this long after its end, if its definition does not say otherwise: 30 days, in which
/// whoever asks about a payment asks.
pub(super) const RETENTION_MS: u64 = 30 * 24 * 60 * 60 * 1_000;

impl Work<'_> {
    /// Moves the task to the state that its steps imply. Steps without calls begin and end here, one after the other:
    /// a chain of computations is one commit.
    pub(super) fn settle(&mut self) {
        loop {
            if self.task.ending.is_some() || self.task.state == State::Dead {
                self.halt();
            } else {
                self.unblock();
            }
            self.compensate();
            let Some(id) = self.next_inline() else {
                break;
            };
            self.begin(&id);
        }
        self.task.state = self.state();
        if self.task.state == State::Done && !self.conclude() {
            return self.settle();
        }
        self.task.expires_ms = self.expires_ms();
        if self.task.state != self.before && (self.task.state.is_terminal() || self.task.state == State::Compensating) {
            let data = self.task.error.as_ref().map_or(Value::Null, |cause| serde_json::json!(cause));
            self.commit.events.push(Event::of_task(&format!("task.{}", self.task.state.as_str()), &self.task.id, data));
            self.notify();
        }
    }

    /// The next ready step that needs no call.
    fn next_inline(&self) -> Option<String> {
        let inline = |id: &str| {
            let slot = Slot::of(id);
            let step = self.definition.steps.get(slot.step)?;
            let undoing = step.compensate.as_ref().filter(|_| slot.undo);
            let spreads = step.each.is_some() && slot.item.is_none() && !slot.undo;
            Some(spreads || kind::is_inline(undoing.map_or(&step.kind, |undo| &undo.kind)))
        };
        let ready = |record: &StepRecord| matches!(record.state, StepState::Ready { .. });
        self.task.steps.iter().find(|(id, record)| ready(record) && inline(id) == Some(true)).map(|(id, _)| id.clone())
    }

    /// Fan-outs go on with their next items; steps whose needs are met are ready.
    fn unblock(&mut self) {
        let spread = self.task.steps.iter().filter(|(_, record)| matches!(record.state, StepState::Items { .. }));
        for id in spread.map(|(id, _)| id.clone()).collect::<Vec<_>>() {
            self.next_items(&id);
        }
        let passed = |id: &String| self.task.steps.get(id).is_some_and(|record| record.state.is_passed());
        let meets = |id: &str| {
            let slot = Slot::of(id);
            // What waits as an item or an undoing was begun before, and halted.
            slot.item.is_some()
                || slot.undo
                || self.definition.steps.get(id).is_some_and(|step| step.needs.iter().all(passed))
        };
        let blocked = self.task.steps.iter().filter(|(_, record)| record.state == StepState::Blocked);
        let ready: Vec<String> = blocked.filter(|(id, _)| meets(id)).map(|(id, _)| id.clone()).collect();
        for id in ready {
            if let Some(record) = self.task.steps.get_mut(&id) {
                record.state = StepState::Ready { due_ms: self.now_ms };
            }
        }
    }

    /// Nothing begins any more. In a task that ends, what did not begin is dropped; in a dead one it waits for a
    /// person.
    fn halt(&mut self) {
        let dead = self.task.state == State::Dead;
        let mut abandoned = Vec::new();
        for (id, record) in &mut self.task.steps {
            let undo = Slot::of(id).undo;
            match &record.state {
                StepState::Child { task } if !dead && !undo => abandoned.push(task.clone()),
                state if !state.is_open() || state.is_in_flight() => {}
                _ if undo && !dead => {}
                StepState::Items { .. } | StepState::Blocked if dead => {}
                _ => record.state = if dead { StepState::Blocked } else { StepState::Dropped },
            }
        }
        self.commit.cancel.extend(abandoned);
    }

    /// Undoes what was done, backwards, one after the other, once nothing is under way any more.
    fn compensate(&mut self) {
        if self.task.ending.is_none() || self.task.state == State::Dead || self.task.is_in_flight() {
            return;
        }
        if self.task.steps.iter().any(|(id, record)| Slot::of(id).undo && record.state.is_open()) {
            self.wake_undo();
            return;
        }
        let done = self.task.steps.iter().filter(|(id, record)| {
            record.state == StepState::Ok && self.compensation(id).is_some() && !self.is_undone(id)
        });
        let Some(last) = done.max_by_key(|(_, record)| record.order).map(|(id, _)| id.clone()) else {
            return;
        };
        let ready = StepRecord::new(StepState::Ready { due_ms: self.now_ms });
        self.task.steps.insert(format!("{last}{UNDO}"), ready);
        self.event("step.undoing", &last, Value::Null);
    }

    /// Undoings that halted while the task was dead go on.
    fn wake_undo(&mut self) {
        for (id, record) in &mut self.task.steps {
            if Slot::of(id).undo && record.state == StepState::Blocked {
                record.state = StepState::Ready { due_ms: self.now_ms };
            }
        }
    }

    fn is_undone(&self, id: &str) -> bool {
        self.task.steps.get(&format!("{id}{UNDO}")).is_some_and(|undo| undo.state == StepState::Ok)
    }

    /// Whether a record is one that can be undone: a step without items, or an item. A fan-out is undone by its items.
    fn compensation(&self, id: &str) -> Option<&Step> {
        let slot = Slot::of(id);
        let step = self.definition.steps.get(slot.step).filter(|step| step.compensate.is_some())?;
        (!slot.undo && (step.each.is_some() == slot.item.is_some())).then_some(step)
    }

    /// The output of a task whose steps are all done; if it cannot be had, the task failed.
    fn conclude(&mut self) -> bool {
        let Some(template) = self.definition.output.as_ref().filter(|_| self.task.output.is_none()) else {
            return true;
        };
        match self.with_scope("", |scope| expression::fill(template, scope)) {
            Ok(output) => {
                self.task.output = Some(output);
                true
            }
            Err(reason) => {
                self.task.error = Some(Cause { step: None, code: "output".to_owned(), reason });
                self.task.ending = Some(Ending::Failed);
                self.task.state = State::Running;
                false
            }
        }
    }

    /// When the task may leave, if it is at its end.
    fn expires_ms(&self) -> Option<u64> {
        let kept_ms = self.definition.retention.as_deref().and_then(time::duration_ms).unwrap_or(RETENTION_MS);
        let ended = self.task.state.is_terminal() && self.task.state != State::Dead;
        ended.then(|| self.now_ms.saturating_add(kept_ms))
    }

    fn state(&self) -> State {
        let records = || self.task.steps.values();
        let waits = |state: &StepState| !matches!(state, StepState::Ready { .. } | StepState::Leased { .. });
        if self.task.state == State::Dead {
            return State::Dead;
        }
        if let Some(ending) = self.task.ending {
            return self.ending(ending);
        }
        if !records().any(|record| record.state.is_open()) {
            State::Done
        } else if records().all(|record| waits(&record.state)) {
            State::Waiting
        } else if records().any(|record| record.began_ms.is_some() || record.state == StepState::Skipped) {
            State::Running
        } else {
            State::Queued
        }
    }

    fn ending(&self, ending: Ending) -> State {
        let in_flight = self.task.is_in_flight();
        let mut undos = self.task.steps.iter().filter(|(id, _)| Slot::of(id).undo);
        if undos.clone().any(|(_, record)| record.state.is_open()) {
            return State::Compensating;
        }
        let undone = undos.next().is_some();
        // What is under way may succeed, and then it has to be undone.
        let will_undo = in_flight
            && self.task.steps.iter().any(|(id, record)| {
                self.compensation(id).is_some() && (record.state == StepState::Ok || record.state.is_in_flight())
            });
        match ending {
            Ending::Cancelled if in_flight => State::Cancelling,
            Ending::Failed if will_undo => State::Compensating,
            _ if undone => State::Compensated,
            Ending::Failed => State::Failed,
            Ending::Cancelled => State::Cancelled,
        }
    }
}
