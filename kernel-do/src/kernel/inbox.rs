//! Group commit: what arrives while a turn is being prepared is stored together, in one transaction and one link.
//!
//! A commit costs a flush of the disk, whatever it holds; so requests wait for the next turn of the event loop, and
//! share it. An entry or a due task that breaks the turn it is in is worked on alone, so it holds up nobody.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aion_api::idempotency::Idempotency;
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_task::{Command, Definition};
use futures_channel::oneshot::{Sender, channel};
use serde_json::Value;
use worker::Delay;

use super::fault;
use super::shard::Shard;

/// A turn takes so many entries at most: its transaction stays short, and its memory small.
const TURN_MAX: usize = 128;

/// What is asked of the shard's tasks.
pub(super) enum Entry {
    /// Accept a task.
    Submit(Box<Submission>),
    /// Do something to a task.
    Command { task: String, command: Command },
    /// See whether anything is due.
    Look,
}

/// A task that is to be accepted.
pub(super) struct Submission {
    pub(super) id: String,
    pub(super) tenant: String,
    pub(super) idempotency: Idempotency,
    pub(super) definition: Rc<Definition>,
    pub(super) input: Value,
    pub(super) trace: Trace,
}

impl Entry {
    /// The task that it is about, if it is about one.
    pub(super) fn task(&self) -> Option<&str> {
        match self {
            Self::Submit(new) => Some(&new.id),
            Self::Command { task, .. } => Some(task),
            Self::Look => None,
        }
    }

    /// Whether it is the answer to a call, which comes once.
    const fn is_answer(&self) -> bool {
        matches!(self, Self::Command { command: Command::Reply { .. } | Command::Unknown { .. }, .. })
    }
}

/// What became of an entry.
#[derive(Debug, Clone)]
pub(super) struct Done {
    /// The task as its tenant sees it; null if nobody asks, or if it is in the archive.
    pub(super) view: Value,
    /// Whether the answer is one that was given before.
    pub(super) replayed: bool,
}

/// An entry that waits for its turn, and who waits for it.
pub(super) struct Waiting {
    pub(super) entry: Entry,
    pub(super) answer: Option<Sender<Result<Done, Problem>>>,
}

impl Waiting {
    /// Tells who waits what became of it. Whoever went away asks again.
    pub(super) fn give(self, result: Result<Done, Problem>) {
        if let Some(answer) = self.answer {
            _ = answer.send(result);
        }
    }
}

/// Entries that wait for the next turn.
#[derive(Default)]
pub(super) struct Inbox {
    waiting: RefCell<Vec<Waiting>>,
}

impl Inbox {
    /// The next turn's entries.
    fn take(&self) -> Vec<Waiting> {
        let mut waiting = self.waiting.borrow_mut();
        let keep = waiting.len().min(TURN_MAX);
        let rest = waiting.split_off(keep);
        std::mem::replace(&mut *waiting, rest)
    }

    /// Adds an entry; tells whether it is the first, so that somebody has to start the turn.
    fn put(&self, waiting: Waiting) -> bool {
        let mut all = self.waiting.borrow_mut();
        all.push(waiting);
        all.len() == 1
    }
}

impl Shard {
    /// Has an entry worked on in the next turn, and gives what became of it once it is stored.
    pub(super) async fn enter(self: &Rc<Self>, entry: Entry) -> Result<Done, Problem> {
        let (answer, answered) = channel();
        self.post(Waiting { entry, answer: Some(answer) });
        answered.await.unwrap_or_else(|_| Err(Problem::internal()))
    }

    /// Has an entry worked on in the next turn.
    pub(super) fn post(self: &Rc<Self>, waiting: Waiting) {
        fault::point("entry-posted");
        if self.inbox.put(waiting) {
            let shard = Rc::clone(self);
            self.wait_until(async move {
                // The next turn of the event loop: whatever is on its way into this object arrives before it.
                Delay::from(Duration::ZERO).await;
                shard.turn();
            });
        }
    }

    /// Looks at what is due, in this turn of the event loop.
    pub(super) fn look_now(self: &Rc<Self>) {
        _ = self.inbox.put(Waiting { entry: Entry::Look, answer: None });
        self.turn();
    }

    /// Works on everything that waits, one turn after the other; on what is about suspects, apart.
    fn turn(self: &Rc<Self>) {
        loop {
            let waiting = self.inbox.take();
            if waiting.is_empty() {
                return;
            }
            let (suspicious, waiting): (Vec<_>, Vec<_>) =
                waiting.into_iter().partition(|waiting| self.is_suspicious(&waiting.entry));
            for waiting in suspicious {
                self.take_apart(waiting);
            }
            if !waiting.is_empty() {
                self.take_together(waiting);
            }
        }
    }

    fn take_together(self: &Rc<Self>, waiting: Vec<Waiting>) {
        let entries: Vec<&Entry> = waiting.iter().map(|waiting| &waiting.entry).collect();
        let due = self.due_with(&entries);
        let results = match self.work(&entries, due.as_deref()) {
            Ok(results) => results,
            Err(problem) if entries.len() == 1 && due.as_ref().is_none_or(Vec::is_empty) => vec![Err(problem)],
            Err(_) => {
                let results = entries.iter().map(|entry| self.alone(entry)).collect();
                self.attend_each(due.as_deref().unwrap_or_default());
                results
            }
        };
        fault::point("turn-ended");
        waiting.into_iter().zip(results).for_each(|(waiting, result)| waiting.give(result));
    }

    /// Works on one entry in a turn of its own.
    pub(super) fn alone(self: &Rc<Self>, entry: &Entry) -> Result<Done, Problem> {
        let result =
            self.work(&[entry], None).and_then(|mut results| results.pop().unwrap_or_else(|| Err(Problem::internal())));
        match (&result, entry.task()) {
            // Its call would be made again for nothing with every lease.
            (Err(problem), Some(id)) if problem.code == Code::TaskUnreadable && entry.is_answer() => {
                self.set_broken(id, problem);
            }
            _ => {}
        }
        result
    }
}
