//! What is due, and how much of it gets its turn.

use std::collections::VecDeque;
use std::rc::Rc;

use aion_api::problem::Problem;
use aion_shell::call::now_ms;
use aion_task::Command;
use aion_task::definition::Priority;
use aion_task::turn::{Applied, Turn};

use super::fault;
use super::inbox::Entry;
use super::shard::Shard;
use super::store::Due;
use super::trial::Subject;
use super::work::jitter;

/// So many due tasks of a priority are looked at in one turn.
const LOOK_MAX: usize = 64;
/// How many turns each priority gets before the next one, from the highest on.
const TURNS: [(Priority, usize); 3] = [(Priority::High, 16), (Priority::Normal, 4), (Priority::Low, 1)];
/// A task that cannot be worked on does not hold up the others: it is looked at again after this time.
const POSTPONE_MS: u64 = 60_000;

/// What was due so long before this life of the object began is suspicious: an alarm is late by some milliseconds, and
/// comes again after five seconds if its turn died.
const OVERDUE_MS: u64 = 10_000;

/// What came of a look at what is due.
#[derive(Default)]
pub(super) struct Looked {
    /// Tasks that did not change, and when to look at them again.
    pub(super) later: Vec<(String, Option<u64>)>,
    /// Tasks that may leave.
    pub(super) expired: Vec<String>,
}

impl Shard {
    /// The due tasks that are worked on in the same turn as some entries; nothing if it is not looked.
    pub(super) fn due_with(self: &Rc<Self>, entries: &[&Entry]) -> Option<Vec<String>> {
        let now_ms = now_ms();
        let looks = entries.iter().any(|entry| matches!(entry, Entry::Look)) || self.may_be_due(now_ms);
        // What cannot be read now is looked at with the next alarm.
        if looks { self.pick(now_ms).ok() } else { None }
    }

    /// What is due. Suspects are tried out apart, and so is what was long overdue as this life of the object began: the
    /// one before may have died of it.
    fn pick(self: &Rc<Self>, now_ms: u64) -> Result<Vec<String>, Problem> {
        if self.is_new() {
            return Ok(Vec::new());
        }
        let (mut due, mut overdue) = (Vec::new(), Vec::new());
        for Due { id, due_ms } in self.fair(now_ms)? {
            if self.suspects.has(&id) {
                self.try_out(Subject::Due(vec![id]));
            } else if due_ms + OVERDUE_MS < self.began_ms {
                overdue.push(id);
            } else {
                due.push(id);
            }
        }
        if !overdue.is_empty() {
            self.try_out(Subject::Due(overdue));
        }
        Ok(due)
    }

    /// A fair share of each priority.
    fn fair(&self, now_ms: u64) -> Result<Vec<Due>, Problem> {
        let (store, mut fair) = (self.store(), Vec::new());
        let mut queues = Vec::new();
        for (priority, turns) in TURNS {
            queues.push((turns, VecDeque::from(store.due(priority, now_ms, LOOK_MAX)?)));
        }
        while queues.iter().any(|(_, queue)| !queue.is_empty()) {
            for (turns, queue) in &mut queues {
                fair.extend(queue.drain(..(*turns).min(queue.len())));
            }
        }
        Ok(fair)
    }

    /// Works on due tasks. One that cannot be read breaks the turn, which is then done without it.
    pub(super) fn look(&self, turn: &mut Turn<'_, Self>, due: &[String], now_ms: u64) -> Result<Looked, Problem> {
        let mut looked = Looked::default();
        for id in due {
            let room = self.room().saturating_sub(turn.calls());
            self.note.on(id);
            fault::point("due-begins");
            let applied = turn.apply(id, Command::Due { room }, &mut jitter)?;
            let task = turn.held(id).map(|held| &held.task);
            task.inspect(|task| fault::poison(task, "due", &self.note));
            match applied {
                Applied::Changed => {}
                Applied::Expired => {
                    looked.expired.push(id.clone());
                    looked.later.push((id.clone(), Some(now_ms + POSTPONE_MS)));
                }
                // Without room a task may have to wait; with room it always goes on.
                _ if room == 0 || turn.changed().contains(id) => {}
                // It was put off to another time than its own, or it is stuck.
                _ => {
                    let wakes_ms = task.and_then(aion_task::Task::wakes_ms);
                    let next_ms = wakes_ms.map(|at_ms| if at_ms > now_ms { at_ms } else { now_ms + POSTPONE_MS });
                    looked.later.push((id.clone(), next_ms));
                }
            }
        }
        Ok(looked)
    }
}
