//! Group commit: what arrives while a turn is being prepared is stored together, in one transaction and one link.
//!
//! A commit costs a flush of the disk, whatever it holds; so requests wait for the next turn of the event loop, and
//! share it. An entry that breaks the turn it is in is worked on alone, so it holds up nobody.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use aion_api::idempotency::Idempotency;
use aion_api::problem::Problem;
use aion_api::trace::Trace;
use aion_task::{Command, Definition};
use futures_channel::oneshot::{Sender, channel};
use serde_json::Value;
use worker::Delay;

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
        if self.inbox.put(waiting) {
            let shard = Rc::clone(self);
            self.wait_until(async move {
                // The next turn of the event loop: whatever is on its way into this object arrives before it.
                Delay::from(Duration::ZERO).await;
                shard.turn();
            });
        }
    }

    /// Works on everything that waits, one turn after the other.
    fn turn(self: &Rc<Self>) {
        loop {
            let waiting = self.inbox.take();
            if waiting.is_empty() {
                return;
            }
            let entries: Vec<&Entry> = waiting.iter().map(|waiting| &waiting.entry).collect();
            let results = match self.work(&entries) {
                Ok(results) => results,
                Err(problem) if entries.len() == 1 => vec![Err(problem)],
                Err(_) => entries.iter().map(|entry| self.alone(entry)).collect(),
            };
            for (waiting, result) in waiting.into_iter().zip(results) {
                if let Some(answer) = waiting.answer {
                    // Whoever went away asks again.
                    _ = answer.send(result);
                }
            }
        }
    }

    fn alone(self: &Rc<Self>, entry: &Entry) -> Result<Done, Problem> {
        self.work(&[entry])?.pop().unwrap_or_else(|| Err(Problem::internal()))
    }
}
