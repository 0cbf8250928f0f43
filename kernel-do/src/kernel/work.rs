//! One turn: entries in, one transaction out.

use std::collections::VecDeque;
use std::rc::Rc;

use aion_api::problem::{Code, Problem};
use aion_task::audit::Link;
use aion_task::definition::Priority;
use aion_task::machine::Refusal;
use aion_task::turn::{Applied, Finished, Held, Shelf, SubmitError, Turn};
use aion_task::{Command, Definition, Task, machine};
use serde_json::{Value, json};

use super::definitions::invalid;
use super::inbox::{Done, Entry, Submission};
use super::shard::{POSTPONE_MS, Shard};
use super::store::{Answered, Store};
use super::transaction::together;
use crate::call::{fault, now_ms};

/// So many due tasks of a priority are looked at in one turn.
const LOOK_MAX: usize = 64;
/// How many turns each priority gets before the next one, from the highest on.
const TURNS: [(Priority, usize); 3] = [(Priority::High, 16), (Priority::Normal, 4), (Priority::Low, 1)];

impl Shelf for Shard {
    type Error = Problem;

    fn task(&self, id: &str) -> Result<Option<(Task, Rc<Definition>)>, Problem> {
        let store = self.store();
        let Some(task) = store.task(id)? else {
            return Ok(None);
        };
        let definition = self.definitions.stored(&store, &task.definition)?;
        Ok(Some((task, definition)))
    }
}

/// What an entry comes to, before it is stored.
enum Taken {
    /// A task is accepted.
    Accepted(String),
    /// A first answer is given again.
    Again(Value),
    /// The same request came twice in this turn.
    Twin(String),
    /// A task was asked to change.
    Touched(String),
    /// It is refused.
    Refused(Problem),
    /// Nobody asks.
    Silent,
}

impl Shard {
    /// Works on entries and stores what comes of it, all or nothing. Each entry has a result of its own; the error is
    /// one of the turn as a whole.
    pub(super) fn work(self: &Rc<Self>, entries: &[&Entry]) -> Result<Vec<Result<Done, Problem>>, Problem> {
        let now_ms = now_ms();
        let mut turn = Turn::new(&**self, now_ms);
        let mut taken = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            taken.push(self.take(&mut turn, entry, &entries[..place])?);
        }
        for id in turn.changed() {
            let room = self.room().saturating_sub(turn.calls());
            turn.apply(&id, Command::Due { room }, &mut jitter)?;
        }
        let looks = entries.iter().any(|entry| matches!(entry, Entry::Look)) || self.may_be_due(now_ms);
        let stuck = if looks { self.look(&mut turn, now_ms)? } else { Vec::new() };
        let finished = turn.finish().map_err(|error| fault("turn", &error))?;
        let link = self.keep(&finished, entries, &stuck, now_ms)?;
        self.arm(&finished.tasks, looks);
        if let Some(link) = &link {
            self.listeners.publish(link, &finished.events);
        }
        let results = taken.into_iter().map(|taken| self.result(taken, &finished.tasks, link.as_ref())).collect();
        self.dispatch(finished);
        Ok(results)
    }

    fn take(&self, turn: &mut Turn<'_, Self>, entry: &Entry, earlier: &[&Entry]) -> Result<Taken, Problem> {
        match entry {
            Entry::Look => Ok(Taken::Silent),
            Entry::Submit(new) => self.accept(turn, new, earlier),
            Entry::Command { task, command } => Ok(match turn.apply(task, command.clone(), &mut jitter)? {
                Applied::Missing => Taken::Refused(Problem::unknown("task")),
                Applied::Refused(refusal) => Taken::Refused(refused(&refusal)),
                Applied::Changed | Applied::Unchanged => Taken::Touched(task.clone()),
            }),
        }
    }

    /// Accepts a task once, however often it comes.
    fn accept(&self, turn: &mut Turn<'_, Self>, new: &Submission, earlier: &[&Entry]) -> Result<Taken, Problem> {
        let twin = earlier.iter().find_map(|entry| match entry {
            Entry::Submit(other) if other.id == new.id => Some(other),
            _ => None,
        });
        if let Some(twin) = twin.filter(|_| turn.held(&new.id).is_some()) {
            let same = new.idempotency.check_replay(&twin.idempotency.body_hash);
            return Ok(same.map_or_else(Taken::Refused, |()| Taken::Twin(new.id.clone())));
        }
        let store = self.store();
        if let Some(answered) = if self.is_new() { None } else { store.answered(&new.id)? } {
            if let Err(conflict) = new.idempotency.check_replay(&answered.body_hash) {
                return Ok(Taken::Refused(conflict));
            }
            return serde_json::from_str(&answered.answer).map(Taken::Again).map_err(|error| fault("answer", &error));
        }
        let submission = machine::Submission {
            id: new.id.clone(),
            tenant: new.tenant.clone(),
            definition: Rc::clone(&new.definition),
            input: new.input.clone(),
            parent: None,
            trace: serde_json::to_string(&new.trace).map_err(|error| fault("trace", &error))?,
        };
        match turn.submit(submission, &mut jitter) {
            Ok(()) => Ok(Taken::Accepted(new.id.clone())),
            Err(SubmitError::Fault(fault)) => Ok(Taken::Refused(invalid(&[fault]))),
            Err(SubmitError::Shelf(problem)) => Err(problem),
        }
    }

    /// Works on what is due, a fair share of each priority; gives the tasks that cannot be worked on.
    fn look(&self, turn: &mut Turn<'_, Self>, now_ms: u64) -> Result<Vec<String>, Problem> {
        let mut stuck = Vec::new();
        if self.is_new() {
            return Ok(stuck);
        }
        for id in self.fair(now_ms)? {
            let room = self.room().saturating_sub(turn.calls());
            let applied = turn.apply(&id, Command::Due { room }, &mut jitter);
            // Without room a task may have to wait; with room it always goes on.
            if applied.is_err() || (room > 0 && applied != Ok(Applied::Changed) && !turn.changed().contains(&id)) {
                stuck.push(id);
            }
        }
        Ok(stuck)
    }

    fn fair(&self, now_ms: u64) -> Result<Vec<String>, Problem> {
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

    /// Stores a turn: its link, its tasks, and when to look at what is stuck again.
    fn keep(
        &self,
        finished: &Finished,
        entries: &[&Entry],
        stuck: &[String],
        now_ms: u64,
    ) -> Result<Option<Link>, Problem> {
        let store = self.store();
        if finished.tasks.is_empty() && stuck.is_empty() {
            return Ok(None);
        }
        let link = together(&self.storage(), || {
            if self.is_new() {
                store.migrate(self.claim())?;
            }
            for id in stuck {
                store.postpone(id, now_ms + POSTPONE_MS)?;
            }
            if finished.tasks.is_empty() {
                return Ok(None);
            }
            let mut head = store.head()?;
            let link = head.append(now_ms, &json!(finished.events)).map_err(|error| fault("log", &error))?;
            store.append(&link)?;
            for held in &finished.tasks {
                if held.fresh {
                    insert(&store, held, entries, &link)?;
                } else {
                    store.update(held, link.seq)?;
                }
            }
            Ok(Some(link))
        })?;
        Ok(link)
    }

    fn result(&self, taken: Taken, tasks: &[Held], link: Option<&Link>) -> Result<Done, Problem> {
        let (id, replayed) = match taken {
            Taken::Accepted(id) | Taken::Touched(id) => (id, false),
            Taken::Twin(id) => (id, true),
            Taken::Again(view) => return Ok(Done { view, replayed: true }),
            Taken::Refused(problem) => return Err(problem),
            Taken::Silent => return Ok(Done { view: Value::Null, replayed: false }),
        };
        let view = match (tasks.iter().find(|held| held.task.id == id), link) {
            (Some(held), Some(link)) => witnessed(held, link),
            _ => self.view(&id)?,
        };
        Ok(Done { view, replayed })
    }
}

fn insert(store: &Store, held: &Held, entries: &[&Entry], link: &Link) -> Result<(), Problem> {
    store.put_definition(&held.definition)?;
    let asked = entries.iter().find_map(|entry| match entry {
        Entry::Submit(new) if new.id == held.task.id => Some(&new.idempotency),
        _ => None,
    });
    let answered = asked.map(|idempotency| Answered {
        body_hash: idempotency.body_hash.clone(),
        answer: witnessed(held, link).to_string(),
    });
    store.insert(held, link.seq, answered.as_ref())
}

/// A view with the link that holds its newest change: whoever has seen it is a witness of the chain.
fn witnessed(held: &Held, link: &Link) -> Value {
    let mut view = held.task.view(&held.definition);
    view["audit"] = json!({ "seq": link.seq, "hash": link.hash });
    view
}

fn refused(refusal: &Refusal) -> Problem {
    let code = match refusal {
        Refusal::State { .. } | Refusal::Step(_) | Refusal::Digest => Code::StateConflict,
        Refusal::Stranger(_) => Code::PolicyDenied,
        Refusal::Signals => Code::LimitReached,
    };
    Problem::new(code, refusal.to_string())
}

/// A random number that spreads retries: the 52 bits that the platform's generator gives.
fn jitter() -> u64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    (worker::js_sys::Math::random() + 1.0).to_bits() & MANTISSA
}
