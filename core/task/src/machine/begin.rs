//! How steps begin: their condition, their items, their input, and what their kind does with it.

use serde_json::{Value, json};

use super::{NewTask, Work};
use crate::definition::{Each, ITEMS_MAX, Step};
use crate::expression::{self, Scope};
use crate::ids;
use crate::kind::{self, Place, Start};
use crate::task::{Parent, Slot, State, StepRecord, StepState};
use crate::time::rfc3339;

impl Work<'_> {
    /// Begins a step that is ready.
    pub(super) fn begin(&mut self, id: &str) {
        let slot = Slot::of(id);
        let Some(step) = self.definition.steps.get(slot.step) else {
            return;
        };
        let whole = slot.item.is_none() && !slot.undo;
        if let Some(when) = step.when.as_deref().filter(|_| whole) {
            match self.with_scope(id, |scope| expression::condition(when, scope)) {
                Ok(true) => {}
                Ok(false) => return self.skip(id),
                Err(reason) => return self.failed(id, "condition", &reason, State::Failed),
            }
        }
        match &step.each {
            Some(each) if whole => self.spread(id, each),
            _ => self.start(id, step, slot.undo),
        }
    }

    fn start(&mut self, id: &str, step: &Step, undo: bool) {
        let undoing = step.compensate.as_ref().filter(|_| undo);
        let (kind, with) = undoing.map_or((&step.kind, &step.with), |undo| (&undo.kind, &undo.with));
        let (kind, filled) = (kind.clone(), self.with_scope(id, |scope| kind::fill(kind, with, scope)));
        let place = Place { task: &self.task.id, step: id };
        let started = filled.map_err(|reason| ("expression", reason)).and_then(|with| {
            let start = kind::start(&kind, &with, place).map_err(|fault| ("input", fault.to_string()))?;
            Ok((start, with))
        });
        let now_ms = self.now_ms;
        if let Some(record) = self.task.steps.get_mut(id) {
            record.began_ms = Some(now_ms);
        }
        match started {
            Err((code, reason)) => self.failed(id, code, &reason, State::Failed),
            Ok((start, with)) => self.started(id, start, with),
        }
    }

    fn started(&mut self, id: &str, start: Start, with: Value) {
        let now_ms = self.now_ms;
        match start {
            Start::Value(value) => self.done(id, value),
            Start::Until(until_ms) if until_ms <= now_ms => self.done(id, json!({})),
            Start::Until(until_ms) => self.wait(id, StepState::Sleeping { until_ms }),
            Start::Wait(wait_ms) => self.wait(id, StepState::Sleeping { until_ms: now_ms + wait_ms }),
            Start::Signal { name, for_ms } => self.await_signal(id, name, for_ms, with),
            Start::Approval { for_ms } => {
                self.keep_input(id, with);
                let until_ms = for_ms.map(|for_ms| now_ms + for_ms);
                self.wait(id, StepState::Approval { until_ms, decisions: Vec::new() });
            }
            Start::Child { definition, input, wait } => self.start_child(id, definition, input, wait),
            Start::Call(call) => {
                if let Some(record) = self.task.steps.get_mut(id) {
                    (record.with, record.call) = (Some(with), Some(call));
                }
                self.lease(id);
            }
        }
    }

    pub(super) fn keep_input(&mut self, id: &str, with: Value) {
        if let Some(record) = self.task.steps.get_mut(id) {
            record.with = Some(with);
        }
    }

    pub(super) fn wait(&mut self, id: &str, state: StepState) {
        let until = state.due_ms().map_or(Value::Null, |due_ms| json!({ "until": rfc3339(due_ms) }));
        let kind = format!("step.{}", if matches!(state, StepState::Sleeping { .. }) { "sleeping" } else { "waiting" });
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = state;
        }
        self.event(&kind, id, until);
    }

    fn await_signal(&mut self, id: &str, name: String, for_ms: Option<u64>, with: Value) {
        if let Some(place) = self.task.signals.iter().position(|signal| signal.name == name) {
            let signal = self.task.signals.remove(place);
            return self.done(id, json!({ "received": true, "payload": signal.payload }));
        }
        self.keep_input(id, with);
        let until_ms = for_ms.map(|for_ms| self.now_ms + for_ms);
        self.wait(id, StepState::Signal { name, until_ms });
    }

    fn start_child(&mut self, id: &str, definition: Value, input: Value, wait: bool) {
        let generation = self.task.steps.get(id).map_or(0, |record| record.generation);
        let child = ids::child_id(&self.task.id, id, generation);
        let parent = Parent { task: self.task.id.clone(), step: id.to_owned() };
        self.commit.start.push(NewTask { id: child.clone(), definition, input, parent: wait.then_some(parent) });
        self.event("step.started", id, json!({ "child": child }));
        if !wait {
            return self.done(id, json!({ "task": child }));
        }
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = StepState::Child { task: child };
        }
    }

    fn skip(&mut self, id: &str) {
        if let Some(record) = self.task.steps.get_mut(id) {
            record.state = StepState::Skipped;
        }
        self.event("step.skipped", id, Value::Null);
    }

    /// Begins a fan-out: the list is pinned, and its first items become records of their own.
    fn spread(&mut self, id: &str, each: &Each) {
        let list = match self.with_scope(id, |scope| expression::list(&each.list, scope)) {
            Ok(list) if list.len() <= ITEMS_MAX => list,
            Ok(list) => {
                let reason = format!("{} items; a fan-out has at most {ITEMS_MAX}, start tasks for more", list.len());
                return self.failed(id, "each", &reason, State::Failed);
            }
            Err(reason) => return self.failed(id, "each", &reason, State::Failed),
        };
        let (now_ms, total) = (self.now_ms, list.len());
        if let Some(record) = self.task.steps.get_mut(id) {
            record.began_ms = Some(now_ms);
            record.with = Some(Value::Array(list));
            record.state = StepState::Items { total };
        }
        self.event("step.items", id, json!({ "total": total }));
        self.next_items(id);
    }

    /// Makes records for the next items while fewer than the definition allows are open; ends the step with the last.
    pub(super) fn next_items(&mut self, id: &str) {
        let Some(each) = self.definition.steps.get(id).and_then(|step| step.each.as_ref()) else {
            return;
        };
        let Some(StepState::Items { total }) = self.task.steps.get(id).map(|record| record.state.clone()) else {
            return;
        };
        let records = || self.task.steps.iter().filter(|(other, _)| is_item(other, id)).map(|(_, record)| record);
        let (known, open) = (records().count(), records().filter(|record| record.state.is_open()).count());
        if known == total && open == 0 {
            return self.gather(id, total);
        }
        let list = self.task.steps.get(id).and_then(|record| record.with.as_ref()).and_then(Value::as_array);
        let room = each.parallel.saturating_sub(open);
        let next: Vec<Value> = list.map_or(&[][..], Vec::as_slice).iter().skip(known).take(room).cloned().collect();
        // Items of a fan-out that is done anew have other keys, and epochs above all former ones.
        let generation = self.task.steps.get(id).map_or(0, |record| record.generation);
        let epoch = u64::from(generation) << 32;
        for (place, item) in next.into_iter().enumerate() {
            let ready = StepRecord::new(StepState::Ready { due_ms: self.now_ms });
            let record = StepRecord { item: Some(item), generation, epoch, ..ready };
            self.task.steps.insert(format!("{id}/{}", known + place), record);
        }
    }

    /// All items are done: the step's output is the list of theirs, in the order of the list.
    fn gather(&mut self, id: &str, total: usize) {
        let output = |place| self.task.steps.get(&format!("{id}/{place}")).and_then(|item| item.output.clone());
        let outputs: Vec<Value> = (0..total).map(|place| output(place).unwrap_or(Value::Null)).collect();
        if self.definition.steps.get(id).is_some_and(|step| step.compensate.is_none()) {
            self.task.steps.retain(|other, _| !is_item(other, id));
        }
        self.done(id, Value::Array(outputs));
    }

    /// Runs a function with what expressions of a step can see.
    pub(super) fn with_scope<T>(&self, id: &str, run: impl FnOnce(&Scope<'_>) -> T) -> T {
        let slot = Slot::of(id);
        let own = id.trim_end_matches(crate::task::UNDO);
        let record = |step: &str| self.task.steps.get(if slot.undo && step == slot.step { own } else { step });
        let output = |step: &str| record(step).and_then(|record| record.output.as_ref());
        let state = |step: &str| record(step).map(|record| record.state.as_str());
        let item = slot.item.and_then(|index| Some((self.task.steps.get(own)?.item.as_ref()?, index as u64)));
        let about = json!({
            "id": self.task.id,
            "labels": self.definition.labels,
            "createdAt": rfc3339(self.task.created_ms),
        });
        run(&Scope { input: &self.task.input, output: &output, state: &state, task: &about, now_ms: self.now_ms, item })
    }
}

/// Whether a record is an item of a step's fan-out.
fn is_item(record: &str, step: &str) -> bool {
    record.strip_prefix(step).is_some_and(|rest| rest.starts_with('/') && !rest.ends_with(crate::task::UNDO))
}
