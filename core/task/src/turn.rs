//! A turn: the work of many tasks that is stored in one commit.
//!
//! What a command to one task brings about in others (a child that begins, a parent that hears of its end) happens in
//! the same turn, so no message between them can be lost. The shell stores what [`Turn::finish`] gives in one
//! transaction, and only then lets its calls leave.

use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;

use serde_json::{Value, json};

use crate::definition::{Definition, Fault};
use crate::event::Event;
use crate::machine::{self, Command, Commit, Effect, NewTask, Refusal, Submission};
use crate::task::{Cause, Ending, Parent, State, StepState, Stored, Task};

/// A task may have this many bytes without its large values: less than the two megabytes of a row, whatever its last
/// step adds.
pub const TASK_MAX_BYTES: usize = 1_800_000;
/// A task may have this many bytes in all: several fit the memory of an isolate beside everything else.
pub const TASK_TOTAL_MAX_BYTES: usize = 8_000_000;

/// Where tasks and definitions are read from.
pub trait Shelf {
    /// Why something cannot be read.
    type Error;

    /// A task with its definition.
    fn task(&self, id: &str) -> Result<Option<(Task, Rc<Definition>)>, Self::Error>;
}

/// A task that a turn has touched.
#[derive(Debug, Clone)]
pub struct Held {
    /// The task as it is now.
    pub task: Task,
    /// Its definition.
    pub definition: Rc<Definition>,
    /// The task as it is stored.
    pub stored: Stored,
    /// Whether it begins with this turn.
    pub fresh: bool,
    changed: bool,
}

/// What became of a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Applied {
    /// There is no such task.
    Missing,
    /// Nothing was to be done.
    Unchanged,
    /// The task does not take it.
    Refused(Refusal),
    /// The task has changed.
    Changed,
    /// The task came to its end long enough ago: it may leave.
    Expired,
}

/// A call that leaves after the commit, with the task that it is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The task.
    pub task: String,
    /// The call.
    pub effect: Effect,
}

/// What one commit holds.
#[derive(Debug, Default)]
pub struct Finished {
    /// Events, for one link of the audit chain.
    pub events: Vec<Event>,
    /// The tasks that begin or have changed.
    pub tasks: Vec<Held>,
    /// What leaves after the commit.
    pub dispatch: Vec<Outgoing>,
}

/// A turn at work.
pub struct Turn<'a, S> {
    shelf: &'a S,
    now_ms: u64,
    tasks: BTreeMap<String, Held>,
    events: Vec<Event>,
    dispatch: Vec<Outgoing>,
}

impl<'a, S: Shelf> Turn<'a, S> {
    /// A turn at a time.
    pub const fn new(shelf: &'a S, now_ms: u64) -> Self {
        Self { shelf, now_ms, tasks: BTreeMap::new(), events: Vec::new(), dispatch: Vec::new() }
    }

    /// How many calls leave after this turn so far.
    #[must_use]
    pub fn calls(&self) -> usize {
        self.dispatch.len()
    }

    /// A task that this turn has touched.
    #[must_use]
    pub fn held(&self, id: &str) -> Option<&Held> {
        self.tasks.get(id)
    }

    /// The tasks that have changed in this turn so far.
    #[must_use]
    pub fn changed(&self) -> Vec<String> {
        self.tasks.iter().filter(|(_, held)| held.changed).map(|(id, _)| id.clone()).collect()
    }

    /// Accepts a task. Whoever submits makes sure that there is none of this id.
    pub fn submit(&mut self, new: Submission, jitter: &mut dyn FnMut() -> u64) -> Result<(), SubmitError<S::Error>> {
        let id = new.id.clone();
        let commit = self.accept(new).map_err(SubmitError::Fault)?;
        self.follow(&id, State::Queued, commit, jitter).map_err(SubmitError::Shelf)
    }

    /// Applies a command to a task, and what follows from it to others.
    pub fn apply(&mut self, id: &str, command: Command, jitter: &mut dyn FnMut() -> u64) -> Result<Applied, S::Error> {
        if !self.load(id)? {
            return Ok(Applied::Missing);
        }
        let now_ms = self.now_ms;
        let Some(held) = self.tasks.get_mut(id) else {
            return Ok(Applied::Missing);
        };
        let before = held.task.state;
        let commit = match machine::apply(&mut held.task, &held.definition, command, now_ms, jitter()) {
            Ok(commit) if commit.is_empty() => {
                let expired = held.task.is_expired(now_ms);
                return Ok(if expired { Applied::Expired } else { Applied::Unchanged });
            }
            Ok(commit) => commit,
            Err(refusal) => return Ok(Applied::Refused(refusal)),
        };
        held.changed = true;
        self.follow(id, before, commit, jitter)?;
        Ok(Applied::Changed)
    }

    /// Ends the turn.
    pub fn finish(mut self) -> Result<Finished, serde_json::Error> {
        let mut tasks = Vec::new();
        for (_, mut held) in std::mem::take(&mut self.tasks) {
            if !held.changed {
                continue;
            }
            held.stored = held.task.to_stored()?;
            if held.stored.body.len() > TASK_MAX_BYTES || held.stored.bytes() > TASK_TOTAL_MAX_BYTES {
                self.overflow(&mut held)?;
            }
            tasks.push(held);
        }
        Ok(Finished { events: self.events, tasks, dispatch: self.dispatch })
    }

    fn load(&mut self, id: &str) -> Result<bool, S::Error> {
        if !self.tasks.contains_key(id) {
            let Some((task, definition)) = self.shelf.task(id)? else {
                return Ok(false);
            };
            let held = Held { task, definition, stored: Stored::default(), fresh: false, changed: false };
            self.tasks.insert(id.to_owned(), held);
        }
        Ok(true)
    }

    fn accept(&mut self, new: Submission) -> Result<Commit, Fault> {
        let (id, definition) = (new.id.clone(), Rc::clone(&new.definition));
        let (task, commit) = machine::submit(new, self.now_ms)?;
        let held = Held { task, definition, stored: Stored::default(), fresh: true, changed: true };
        self.tasks.insert(id, held);
        Ok(commit)
    }

    /// Takes in what a command brought about, until nothing follows any more. It ends: children are fewer with each
    /// level of definitions, and the end of a task is told once.
    fn follow(
        &mut self,
        id: &str,
        before: State,
        commit: Commit,
        jitter: &mut dyn FnMut() -> u64,
    ) -> Result<(), S::Error> {
        let mut open = VecDeque::from([(id.to_owned(), before, commit)]);
        while let Some((id, before, commit)) = open.pop_front() {
            self.events.extend(commit.events);
            self.dispatch.extend(commit.dispatch.into_iter().map(|effect| Outgoing { task: id.clone(), effect }));
            for new in commit.start {
                open.extend(self.begin(&id, new, jitter)?);
            }
            for child in commit.cancel {
                open.extend(self.command(&child, Command::Cancel, jitter)?);
            }
            if let Some((parent, command)) = self.tasks.get(&id).and_then(|held| ended(&held.task, before)) {
                open.extend(self.command(&parent, command, jitter)?);
            }
        }
        Ok(())
    }

    fn begin(
        &mut self,
        starter: &str,
        new: NewTask,
        jitter: &mut dyn FnMut() -> u64,
    ) -> Result<Option<(String, State, Commit)>, S::Error> {
        let Some((tenant, trace)) =
            self.tasks.get(starter).map(|held| (held.task.tenant.clone(), held.task.trace.clone()))
        else {
            return Ok(None);
        };
        let NewTask { id, definition, input, parent } = new;
        let definition = Definition::parse(&definition).map_err(|faults| faults.into_iter().next());
        let fault = match definition {
            Ok(definition) => {
                let (id, definition, parent) = (id.clone(), Rc::new(definition), parent.clone());
                match self.accept(Submission { id: id.clone(), tenant, definition, input, parent, trace }) {
                    Ok(commit) => return Ok(Some((id, State::Queued, commit))),
                    Err(fault) => Some(fault),
                }
            }
            Err(fault) => fault,
        };
        // A child that cannot begin is a child that failed; nothing is stored of it.
        let Some(Parent { task, step }) = parent else {
            return Ok(None);
        };
        let output = json!({ "fault": fault.map(|fault| fault.to_string()) });
        self.command(&task, Command::ChildEnded { step, child: id, state: State::Failed, output }, jitter)
    }

    fn command(
        &mut self,
        id: &str,
        command: Command,
        jitter: &mut dyn FnMut() -> u64,
    ) -> Result<Option<(String, State, Commit)>, S::Error> {
        if !self.load(id)? {
            return Ok(None);
        }
        let now_ms = self.now_ms;
        let Some(held) = self.tasks.get_mut(id) else {
            return Ok(None);
        };
        let before = held.task.state;
        match machine::apply(&mut held.task, &held.definition, command, now_ms, jitter()) {
            Ok(commit) if !commit.is_empty() => {
                held.changed = true;
                Ok(Some((id.to_owned(), before, commit)))
            }
            _ => Ok(None),
        }
    }

    /// A task that has outgrown its row ends here, alone: it holds up nobody. What it did stays in the audit chain.
    fn overflow(&mut self, held: &mut Held) -> Result<(), serde_json::Error> {
        let task = &mut held.task;
        for record in task.steps.values_mut() {
            (record.output, record.with, record.call, record.item) = (None, None, None, None);
            if record.state.is_open() {
                record.state = StepState::Dropped;
            }
        }
        let reason =
            format!("the task has more than {TASK_TOTAL_MAX_BYTES} bytes, or {TASK_MAX_BYTES} in small values");
        task.error = Some(Cause { step: None, code: "size".to_owned(), reason });
        (task.state, task.ending, task.output) = (State::Failed, Some(Ending::Failed), None);
        task.signals.clear();
        self.events.push(Event::of_task("task.failed", &task.id, json!({ "code": "size" })));
        self.dispatch.retain(|outgoing| outgoing.task != task.id);
        held.stored = task.to_stored()?;
        Ok(())
    }
}

/// Why a task is not accepted.
#[derive(Debug)]
pub enum SubmitError<E> {
    /// Its input has a fault.
    Fault(Fault),
    /// Nothing can be read.
    Shelf(E),
}

/// What the parent of a task that came to its end has to hear.
fn ended(task: &Task, before: State) -> Option<(String, Command)> {
    let Parent { task: parent, step } = task.parent.clone()?;
    let ended = task.state.is_terminal() && (!before.is_terminal() || task.state != before);
    let output = task.output.clone().unwrap_or(Value::Null);
    ended.then(|| (parent, Command::ChildEnded { step, child: task.id.clone(), state: task.state, output }))
}
