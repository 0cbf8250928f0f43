//! One turn: entries in, one transaction out.

use std::rc::Rc;

use aion_api::problem::{Code, Problem};
use aion_shell::call::{self, now_ms};
use aion_task::audit::Link;
use aion_task::event::Event;
use aion_task::machine::Refusal;
use aion_task::task::State;
use aion_task::turn::{Applied, Finished, Held, Shelf, SubmitError, Turn};
use aion_task::{Command, Definition, Task, machine};
use serde_json::{Value, json};

use super::definitions::invalid;
use super::fault;
use super::inbox::{Done, Entry, Submission};
use super::look::Looked;
use super::shard::Shard;
use super::store::{Answered, Store};

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
    /// A first answer is given again, from the archive.
    Archived,
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
    /// Works on entries and on tasks that are due, and stores what comes of it, all or nothing. Each entry has a result
    /// of its own; the error is one of the turn as a whole. `due` is nothing if it is not looked.
    pub(super) fn work(
        self: &Rc<Self>,
        entries: &[&Entry],
        due: Option<&[String]>,
    ) -> Result<Vec<Result<Done, Problem>>, Problem> {
        fault::point("turn-begins");
        let results = self.turn_of(entries, due);
        self.note.off();
        results
    }

    fn turn_of(
        self: &Rc<Self>,
        entries: &[&Entry],
        due: Option<&[String]>,
    ) -> Result<Vec<Result<Done, Problem>>, Problem> {
        let now_ms = now_ms();
        let mut turn = Turn::new(&**self, now_ms);
        let mut taken = Vec::with_capacity(entries.len());
        for (place, entry) in entries.iter().enumerate() {
            taken.push(self.take(&mut turn, entry, &entries[..place])?);
        }
        for id in turn.changed() {
            let room = self.room().saturating_sub(turn.calls());
            self.note.on(&id);
            turn.apply(&id, Command::Due { room }, &mut jitter)?;
        }
        fault::point("entries-applied");
        let Looked { later, expired } = self.look(&mut turn, due.unwrap_or_default(), now_ms)?;
        self.note.on_all(&turn.changed());
        let finished = turn.finish().map_err(|error| call::fault("turn", &error))?;
        fault::point("turn-finished");
        let link = self.keep(&finished, entries, &later, due.is_some())?;
        fault::point("committed");
        self.publish(link.as_ref(), &finished.events);
        fault::point("told");
        let results = taken.into_iter().map(|taken| self.result(taken, &finished.tasks, link.as_ref())).collect();
        self.dispatch(finished);
        fault::point("calls-begun");
        self.retire(expired);
        Ok(results)
    }

    fn take(&self, turn: &mut Turn<'_, Self>, entry: &Entry, earlier: &[&Entry]) -> Result<Taken, Problem> {
        entry.task().inspect(|id| self.note.on(id));
        match entry {
            Entry::Look => Ok(Taken::Silent),
            Entry::Submit(new) => self.accept(turn, new, earlier),
            Entry::Command { task, command } => {
                let applied = turn.apply(task, command.clone(), &mut jitter)?;
                if let (Command::Reply { .. }, Some(held)) = (command, turn.held(task)) {
                    fault::poison(&held.task, "answer", &self.note);
                }
                Ok(match applied {
                    Applied::Missing => Taken::Refused(self.missing(task)?),
                    Applied::Refused(refusal) => Taken::Refused(refused(&refusal)),
                    Applied::Changed | Applied::Unchanged | Applied::Expired => Taken::Touched(task.clone()),
                })
            }
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
            return Ok(match self.first_answer(&new.id, &answered)? {
                Some(view) => Taken::Again(view),
                None => Taken::Archived,
            });
        }
        if let Err(refusal) = self.takes(&new.tenant, &new.idempotency.key).and_then(|()| self.quota()) {
            return Ok(Taken::Refused(refusal));
        }
        let submission = machine::Submission {
            id: new.id.clone(),
            tenant: new.tenant.clone(),
            definition: Rc::clone(&new.definition),
            input: new.input.clone(),
            parent: None,
            trace: serde_json::to_string(&new.trace).map_err(|error| call::fault("trace", &error))?,
        };
        match turn.submit(submission, &mut jitter) {
            Ok(()) => Ok(Taken::Accepted(new.id.clone())),
            Err(SubmitError::Fault(fault)) => Ok(Taken::Refused(invalid(&[fault]))),
            Err(SubmitError::Shelf(problem)) => Err(problem),
        }
    }

    /// The first answer to whoever submitted a task; nothing if the archive has it.
    pub(super) fn first_answer(&self, id: &str, answered: &Answered) -> Result<Option<Value>, Problem> {
        match answered.answer.as_str() {
            _ if answered.archived == 1 => Ok(None),
            "" => self.view(id).map(Some),
            answer => serde_json::from_str(answer).map(Some).map_err(|error| call::fault("answer", &error)),
        }
    }

    /// Why there is no such task.
    fn missing(&self, id: &str) -> Result<Problem, Problem> {
        let gone = || Problem::new(Code::StateConflict, "the task is in the archive, where nothing changes any more");
        let archived = if self.is_new() { None } else { self.store().archived(id)? };
        Ok(archived.map_or_else(|| Problem::unknown("task"), |_| gone()))
    }

    /// Stores a turn: its link, its tasks, when to look again at what is not worked on now, and the alarm.
    fn keep(
        &self,
        finished: &Finished,
        entries: &[&Entry],
        later: &[(String, Option<u64>)],
        looked: bool,
    ) -> Result<Option<Link>, Problem> {
        let (store, now_ms) = (self.store(), now_ms());
        if finished.tasks.is_empty() && later.is_empty() {
            return self.arm(&[], looked).map(|()| None);
        }
        self.armed_together(|| {
            if self.is_new() {
                store.migrate(self.claim())?;
                fault::point("tables-made");
            }
            later.iter().try_for_each(|(id, due_ms)| store.postpone(id, *due_ms))?;
            let mut link = None;
            if !finished.tasks.is_empty() {
                let new = self.append(&finished.events, now_ms)?;
                for held in &finished.tasks {
                    if held.fresh {
                        insert(&store, held, entries, &new)?;
                    } else {
                        store.update(held, new.seq)?;
                    }
                    fault::point("task-written");
                }
                link = Some(new);
            }
            self.arm(&finished.tasks, looked)?;
            fault::point("alarm-written");
            Ok(link)
        })
    }

    /// Adds a link to the audit chain.
    pub(super) fn append(&self, events: &[Event], now_ms: u64) -> Result<Link, Problem> {
        let (store, mut head) = (self.store(), self.store().head()?);
        let link = head.append(now_ms, &json!(events)).map_err(|error| call::fault("log", &error))?;
        store.append(&link)?;
        fault::point("link-written");
        Ok(link)
    }

    /// Tells whoever listens.
    pub(super) fn publish(&self, link: Option<&Link>, events: &[Event]) {
        if let Some(link) = link {
            self.listeners.publish(link, events);
            self.publish_to_sockets(link, events);
        }
    }

    fn result(&self, taken: Taken, tasks: &[Held], link: Option<&Link>) -> Result<Done, Problem> {
        let (id, replayed) = match taken {
            Taken::Accepted(id) | Taken::Touched(id) => (id, false),
            Taken::Twin(id) => (id, true),
            Taken::Again(view) => return Ok(Done { view, replayed: true }),
            Taken::Archived => return Ok(Done { view: Value::Null, replayed: true }),
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
    // A task that is done already always looks as it does now: its answer need not stand twice.
    let answer = if held.task.state == State::Done { String::new() } else { witnessed(held, link).to_string() };
    store.insert(held, link.seq, asked.map(|idempotency| (idempotency.body_hash.as_str(), answer.as_str())))
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
pub(super) fn jitter() -> u64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    (worker::js_sys::Math::random() + 1.0).to_bits() & MANTISSA
}
