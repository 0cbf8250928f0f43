//! The state machine: a task, something that happens to it, and what follows.
//!
//! The shell stores the changed task, its next due time and the events in one commit, and only then sends what
//! [`Commit::dispatch`] says. A call that went out or may have gone out is under a lease; when that ends without an
//! answer the outcome is unknown, and the same call is asked again under the same key.

use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};

use crate::call::{Call, Outcome};
use crate::definition::{Definition, Fault, INPUT_MAX_BYTES};
use crate::event::Event;
use crate::task::{Parent, State, StepRecord, StepState, Task};
use crate::time;

mod answer;
mod begin;
pub mod notice;
mod retry;
mod settle;
mod steer;
#[cfg(test)]
mod tests;

pub use answer::LEASE_MS;
#[cfg(test)]
use settle::RETENTION_MS;
pub use steer::{Decision, Refusal, SIGNALS_MAX, question_digest};

/// Something that happens to a task.
#[derive(Debug, Clone)]
pub enum Command {
    /// The time of its due steps has come; so many calls may leave.
    Due {
        /// How many calls may leave at most.
        room: usize,
    },
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
    /// A task that a step waits for came to its end.
    ChildEnded {
        /// The step.
        step: String,
        /// The task.
        child: String,
        /// How it ended.
        state: State,
        /// What came of it.
        output: Value,
    },
    /// A signal for a step that waits for it, or will.
    Signal {
        /// Its name.
        name: String,
        /// What it says.
        payload: Value,
        /// The sender's key: a signal that comes again under it counts once.
        key: String,
    },
    /// Somebody approves or rejects.
    Decide {
        /// The step that waits for approvals.
        step: String,
        /// What was decided, and by whom.
        decision: Decision,
    },
    /// The tenant cancels it.
    Cancel,
    /// The tenant has a dead or failed task go on.
    Redrive {
        /// Why, for the history.
        reason: String,
        /// From this step on everything is done anew; without it, what failed is.
        from: Option<String>,
    },
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

/// A task that a step starts, in the same commit.
#[derive(Debug, Clone, PartialEq)]
pub struct NewTask {
    /// Its id, which follows from the step.
    pub id: String,
    /// Its definition, checked with the one that holds it.
    pub definition: Value,
    /// Its input.
    pub input: Value,
    /// The step that waits for it, if one does.
    pub parent: Option<Parent>,
}

/// What follows from a command.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Commit {
    /// What happened, for the audit chain.
    pub events: Vec<Event>,
    /// What goes out.
    pub dispatch: Vec<Effect>,
    /// Tasks that begin.
    pub start: Vec<NewTask>,
    /// Tasks that nobody waits for any more.
    pub cancel: Vec<String>,
}

impl Commit {
    /// Puts what follows from a later command of the same turn behind this: both are stored at once.
    pub fn extend(&mut self, later: Self) {
        self.events.extend(later.events);
        self.dispatch.extend(later.dispatch);
        self.start.extend(later.start);
        self.cancel.extend(later.cancel);
    }

    /// Whether there is nothing to store.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

/// A task that is to be accepted.
#[derive(Debug, Clone)]
pub struct Submission {
    /// Its id.
    pub id: String,
    /// The tenant that it belongs to.
    pub tenant: String,
    /// Its definition, checked.
    pub definition: Rc<Definition>,
    /// What `${{ input.… }}` refers to.
    pub input: Value,
    /// Who waits for it.
    pub parent: Option<Parent>,
    /// The request that started it, as the shell writes it.
    pub trace: String,
}

/// Accepts a task. Steps without calls are worked on at once.
pub fn submit(new: Submission, now_ms: u64) -> Result<(Task, Commit), Fault> {
    let Submission { id, tenant, definition, input, parent, trace } = new;
    if !input.is_object() || input.to_string().len() > INPUT_MAX_BYTES {
        return Err(Fault::new("/input", format!("an object of at most {INPUT_MAX_BYTES} bytes")));
    }
    let record = |needs: &[String]| {
        StepRecord::new(if needs.is_empty() { StepState::Ready { due_ms: now_ms } } else { StepState::Blocked })
    };
    let steps: BTreeMap<_, _> = definition.steps.iter().map(|(id, step)| (id.clone(), record(&step.needs))).collect();
    let limit_ms = definition.timeout.as_deref().and_then(time::duration_ms);
    let event = Event::of_task("task.submitted", &id, json!({ "definition": definition.hash() }));
    let mut task = Task {
        id,
        tenant,
        trace,
        definition: definition.hash().to_owned(),
        input,
        state: State::Queued,
        priority: definition.priority,
        created_ms: now_ms,
        updated_ms: now_ms,
        deadline_ms: limit_ms.map(|limit_ms| now_ms + limit_ms),
        parent,
        ending: None,
        error: None,
        done: 0,
        signals: Vec::new(),
        signal_keys: Vec::new(),
        output: None,
        notices: 0,
        expires_ms: None,
        parts: Vec::new(),
        steps,
    };
    let mut work = Work::new(&mut task, &definition, now_ms, 0);
    work.commit.events.push(event);
    work.settle();
    let commit = work.commit;
    Ok((task, commit))
}

/// Applies a command. `jitter` is a random number that spreads retries. A command that changes nothing gives an empty
/// commit, which need not be stored; one that the task cannot take is refused and changes nothing either.
pub fn apply(
    task: &mut Task,
    definition: &Definition,
    command: Command,
    now_ms: u64,
    jitter: u64,
) -> Result<Commit, Refusal> {
    let mut work = Work::new(task, definition, now_ms, jitter);
    match command {
        Command::Due { room } => work.due(room),
        Command::Reply { step, epoch, outcome } => work.reply(&step, epoch, outcome),
        Command::Unknown { step, epoch, reason } => work.unknown(&step, epoch, &reason),
        Command::ChildEnded { step, child, state, output } => work.child_ended(&step, &child, state, &output),
        Command::Signal { name, payload, key } => work.signal(name, payload, &key)?,
        Command::Decide { step, decision } => work.decide(&step, decision)?,
        Command::Cancel => work.cancel(),
        Command::Redrive { reason, from } => work.redrive(&reason, from.as_deref())?,
    }
    if !work.commit.events.is_empty() {
        work.settle();
        work.task.updated_ms = now_ms;
    }
    Ok(work.commit)
}

/// A task that is being worked on.
struct Work<'a> {
    task: &'a mut Task,
    definition: &'a Definition,
    now_ms: u64,
    jitter: u64,
    /// How the task was before.
    before: State,
    commit: Commit,
}

impl<'a> Work<'a> {
    fn new(task: &'a mut Task, definition: &'a Definition, now_ms: u64, jitter: u64) -> Self {
        let before = task.state;
        Self { task, definition, now_ms, jitter, before, commit: Commit::default() }
    }

    /// Looks at every step whose time has come. Those that need a call are begun as long as there is room.
    fn due(&mut self, room: usize) {
        if self.task.deadline_ms.is_some_and(|at_ms| at_ms <= self.now_ms)
            && self.task.ending.is_none()
            && !self.task.state.is_terminal()
        {
            self.out_of_time();
        }
        for id in self.task.due(self.now_ms) {
            let Some(state) = self.task.steps.get(&id).map(|record| record.state.clone()) else {
                continue;
            };
            let has_room = self.commit.dispatch.len() < room;
            match state {
                StepState::Ready { .. } if has_room => self.begin(&id),
                StepState::Sleeping { .. } => self.done(&id, json!({})),
                StepState::Signal { .. } => self.signal_expired(&id),
                StepState::Approval { .. } => self.approval_expired(&id),
                StepState::Callback { .. } => self.callback_expired(&id),
                StepState::Leased { .. } | StepState::Unknown { .. } if has_room => self.ask_again(&id, &state),
                StepState::Pending { .. } | StepState::Retry { .. } if has_room => self.lease(&id),
                _ => {}
            }
        }
    }

    fn event(&mut self, kind: &str, step: &str, data: Value) {
        self.commit.events.push(Event::of_step(kind, &self.task.id, step, data));
    }
}
