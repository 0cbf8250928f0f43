//! Trials: what may be poisoned is worked on apart from everything else, one after the other.
//!
//! Who is touched stands on disk before it is, and is taken off in the same turn as what came of it. If the object dies
//! in between, and the isolate with it, its next life knows what it died of.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeSet, VecDeque};
use std::rc::Rc;

use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_shell::call::now_ms;
use aion_task::turn::Shelf;

use super::fault;
use super::inbox::{Entry, Waiting};
use super::shard::Shard;

/// What is worked on alone.
pub(super) enum Subject {
    /// Tasks that are due.
    Due(Vec<String>),
    /// What is asked of a suspect.
    Entry(Box<Waiting>),
}

/// What waits for its trial.
#[derive(Default)]
pub(super) struct Trials {
    waiting: RefCell<VecDeque<Subject>>,
    /// The due tasks among it.
    due: RefCell<BTreeSet<String>>,
    busy: Cell<bool>,
}

impl Trials {
    /// Whether due tasks wait: their turn sets the next alarm.
    pub(super) fn is_pending(&self) -> bool {
        !self.due.borrow().is_empty()
    }

    /// Adds a subject; tells whether somebody has to begin with the trials.
    fn put(&self, mut subject: Subject) -> bool {
        if let Subject::Due(ids) = &mut subject {
            let mut due = self.due.borrow_mut();
            ids.retain(|id| due.insert(id.clone()));
            if ids.is_empty() {
                return false;
            }
        }
        self.waiting.borrow_mut().push_back(subject);
        !self.busy.replace(true)
    }

    fn next(&self) -> Option<Subject> {
        let next = self.waiting.borrow_mut().pop_front();
        self.busy.set(next.is_some());
        next
    }
}

impl Shard {
    /// Whether an entry is about a suspect.
    pub(super) fn is_suspicious(&self, entry: &Entry) -> bool {
        !self.suspects.is_empty() && entry.task().is_some_and(|id| self.suspects.has(id))
    }

    /// Has an entry about a suspect worked on apart, or refuses it while the suspect is set aside.
    pub(super) fn take_apart(self: &Rc<Self>, waiting: Waiting) {
        let id = waiting.entry.task().unwrap_or_default();
        let until_ms = self.suspects.aside_ms(id, now_ms());
        let stored = matches!(self.store().state(id), Ok(Some(_)));
        // Who submits a task again that was stored gets its first answer, which touches nothing.
        let is_answered = stored && matches!(waiting.entry, Entry::Submit(_));
        match until_ms {
            Some(until_ms) if !is_answered => {
                let until = rfc3339(until_ms);
                let detail = format!("the task is set aside until {until}: the platform failed on it again and again");
                waiting.give(Err(Problem::new(Code::StateConflict, detail)));
            }
            _ => self.try_out(Subject::Entry(Box::new(waiting))),
        }
    }

    /// Has a subject worked on alone, after those that wait already.
    pub(super) fn try_out(self: &Rc<Self>, subject: Subject) {
        if self.trials.put(subject) {
            let shard = Rc::clone(self);
            self.wait_until(async move {
                while let Some(subject) = shard.trials.next() {
                    shard.trial(subject).await;
                }
            });
        }
    }

    /// Who is touched is durable before anything is; it is taken off, and who lives is cleared, without an `await`
    /// after what came of it is stored.
    async fn trial(self: &Rc<Self>, subject: Subject) {
        let ids = match &subject {
            Subject::Due(ids) => ids.clone(),
            Subject::Entry(waiting) => waiting.entry.task().map(str::to_owned).into_iter().collect(),
        };
        if !self.is_new() && self.store().set_trial(Some(&ids)).is_ok() {
            // What cannot be written down is tried all the same.
            _ = self.storage().sync().await;
        }
        fault::point("trial-opened");
        let had_room = self.room() > 0;
        match subject {
            Subject::Due(due) => {
                self.trials.due.borrow_mut().retain(|id| !due.contains(id));
                self.attend(&due);
            }
            Subject::Entry(waiting) => {
                let result = self.alone(&waiting.entry);
                waiting.give(result);
            }
        }
        if self.is_new() {
            return;
        }
        // Without room a call may not have begun.
        for id in ids.iter().filter(|_| had_room) {
            self.note.on(id);
            if self.is_cleared(id) {
                self.acquit(id);
            }
        }
        self.note.off();
        _ = self.store().set_trial(None);
    }

    /// Works on due tasks; one that breaks the turn is found by itself.
    fn attend(self: &Rc<Self>, due: &[String]) {
        match self.work(&[], Some(due)) {
            Ok(_) => {}
            Err(problem) => match due {
                [id] => self.set_broken(id, &problem),
                several => self.attend_each(several),
            },
        }
    }

    /// Works on due tasks one by one: one of them broke the turn that it was in.
    pub(super) fn attend_each(self: &Rc<Self>, due: &[String]) {
        for id in due {
            self.attend(std::slice::from_ref(id));
        }
    }

    /// Whether a suspect that was touched is none any more. One whose call is under way may still kill with its answer,
    /// and one that leaves may kill on its way.
    fn is_cleared(&self, id: &str) -> bool {
        let now_ms = now_ms();
        if !self.suspects.is_on_trial(id, now_ms) {
            return false;
        }
        let still = Shelf::task(self, id);
        matches!(still, Ok(Some((task, _))) if !task.is_in_flight() && !task.is_expired(now_ms))
    }
}
