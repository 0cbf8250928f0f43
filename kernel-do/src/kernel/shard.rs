//! One shard at work: load, apply, store state, log and alarm in one turn, then let the calls leave.
//!
//! A call leaves only after the commit that leased its step: the output gate holds it back until that is durable. The
//! alarm is a part of that commit and stands at the end of the lease at the latest, so a crash at any place costs time
//! and nothing else. Whatever is in memory may be gone at the next line: a panic loses it for every object of the
//! isolate.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use aion_api::address::Address;
use aion_api::problem::Problem;
use aion_api::trace::Trace;
use aion_shell::call::{self, now_ms};
use aion_task::Command;
use aion_task::machine::Effect;
use aion_task::turn;
use futures_util::FutureExt;
use worker::{Env, State, Storage};

use super::definitions::Definitions;
use super::events::Listeners;
use super::fault;
use super::growth::Told;
use super::inbox::{Entry, Inbox, Waiting};
use super::meter::Meter;
use super::note::Note;
use super::perform;
use super::poison::Suspects;
use super::revoked::Revoked;
use super::store::Store;
use super::trial::Trials;
use crate::transaction::together;

/// The platform lets an object have six connections open.
const IN_FLIGHT_MAX: usize = 6;
/// If the turn of an alarm dies, the next one comes after this time: no turn takes as long.
const AGAIN_MS: u64 = 5_000;
/// When no call may leave, the alarm looks again after this time; an answer that comes earlier does so at once.
const BUSY_MS: u64 = 1_000;

/// A call that is allowed to leave.
pub(super) struct Outgoing {
    pub(super) task: String,
    pub(super) tenant: String,
    pub(super) trace: Trace,
    pub(super) effect: Effect,
}

impl Outgoing {
    /// The call of a turn, with what the task knows of where it came from.
    fn of(outgoing: turn::Outgoing, tasks: &[turn::Held]) -> Option<Self> {
        let turn::Outgoing { task, effect } = outgoing;
        let from = &tasks.iter().find(|held| held.task.id == task)?.task;
        let trace = serde_json::from_str(&from.trace).unwrap_or_else(|_| Trace::accept(None, None, &[0; 24]));
        Some(Self { tenant: from.tenant.clone(), trace, task, effect })
    }
}

/// A shard. What is in memory can be lost at any time: leases and due times are on disk.
pub(super) struct Shard {
    state: State,
    env: Env,
    owner: OnceCell<Address>,
    /// Who submits first, before anything is stored.
    claim: OnceCell<Address>,
    pub(super) listeners: Listeners,
    /// Whether anybody may listen over a socket; those of a time before this object woke are still there.
    pub(super) has_sockets: Cell<bool>,
    pub(super) inbox: Inbox,
    pub(super) definitions: Definitions,
    pub(super) revoked: Revoked,
    pub(super) note: Note,
    pub(super) suspects: Suspects,
    pub(super) trials: Trials,
    /// When this life of the object began, Unix milliseconds.
    pub(super) began_ms: u64,
    pub(super) meter: Rc<Meter>,
    /// What this shard was told of the growth of its tenant.
    pub(super) told: Cell<Told>,
    in_flight: Cell<usize>,
    outbox: RefCell<VecDeque<Outgoing>>,
    /// Tasks on their way to the archive.
    pub(super) leaving: RefCell<VecDeque<String>>,
    /// When this object last looked for definitions that no task is of.
    pub(super) swept_ms: Cell<u64>,
    armed_ms: Cell<Option<u64>>,
    /// Whether the alarm stands only for the case that this turn dies.
    is_guarding: Cell<bool>,
    /// Whether something was due that found no room.
    backlog: Cell<bool>,
}

impl Shard {
    pub(super) fn new(state: State, env: Env) -> Self {
        Self {
            has_sockets: Cell::new(!state.get_websockets().is_empty()),
            note: Note::of(&state),
            state,
            env,
            owner: OnceCell::new(),
            claim: OnceCell::new(),
            listeners: Listeners::default(),
            inbox: Inbox::default(),
            definitions: Definitions::default(),
            revoked: Revoked::default(),
            suspects: Suspects::default(),
            trials: Trials::default(),
            began_ms: now_ms(),
            meter: Rc::default(),
            told: Cell::default(),
            in_flight: Cell::new(0),
            outbox: RefCell::default(),
            leaving: RefCell::default(),
            swept_ms: Cell::new(0),
            armed_ms: Cell::new(None),
            is_guarding: Cell::new(false),
            backlog: Cell::new(false),
        }
    }

    /// Begins a life of the object, before anything is asked of it.
    pub(super) fn begin(self: &Rc<Self>) {
        fault::point("object-begins");
        // A failure is logged where it happens; every request meets it again.
        _ = together(&self.storage(), || self.store().migrate(None));
        _ = self.learn();
        if self.is_new() {
            return;
        }
        let shard = Rc::clone(self);
        self.wait_until(async move { shard.find_alarm().await });
    }

    /// Finds out when the alarm comes, and sets it if there is none although something is due: one that failed six
    /// times is given up.
    async fn find_alarm(&self) {
        let found = self.storage().get_alarm().await;
        // Whatever was set meanwhile is newer.
        match found.map(|at_ms| at_ms.map(i64::cast_unsigned)) {
            Ok(Some(at_ms)) if self.armed_ms.get().is_none() => self.armed_ms.set(Some(at_ms)),
            // While an alarm is under way there is none either, unless it has set the next one.
            Ok(None) if self.armed_ms.get().is_none() => _ = self.arm(&[], true),
            Ok(_) => {}
            Err(error) => _ = call::fault("alarm", &error),
        }
    }

    pub(super) fn storage(&self) -> Storage {
        self.state.storage()
    }

    pub(super) const fn state(&self) -> &State {
        &self.state
    }

    pub(super) const fn env(&self) -> &Env {
        &self.env
    }

    pub(super) fn store(&self) -> Store {
        Store::new(self.storage().sql(), Rc::clone(&self.meter))
    }

    pub(super) fn wait_until(&self, future: impl Future<Output = ()> + 'static) {
        self.state.wait_until(future);
    }

    /// Whose object this is, if it is anybody's.
    pub(super) fn owner(&self) -> Result<Option<Address>, Problem> {
        if let Some(owner) = self.owner.get() {
            return Ok(Some(owner.clone()));
        }
        let owner = self.store().owner()?;
        Ok(owner.map(|owner| self.owner.get_or_init(|| owner).clone()))
    }

    /// Makes sure that an address is the one whose object this is, or will be with the first task.
    pub(super) fn admit(&self, address: &Address) -> Result<(), Problem> {
        let own = match self.owner()? {
            Some(owner) => owner == *address,
            None => self.claim.get_or_init(|| address.clone()) == address,
        };
        if own { Ok(()) } else { Err(Problem::unknown("task")) }
    }

    /// Whether nothing was ever stored here.
    pub(super) fn is_new(&self) -> bool {
        matches!(self.owner(), Ok(None))
    }

    pub(super) fn claim(&self) -> Option<&Address> {
        self.claim.get()
    }

    /// How many more calls may leave.
    pub(super) fn room(&self) -> usize {
        IN_FLIGHT_MAX.saturating_sub(self.in_flight.get() + self.outbox.borrow().len())
    }

    /// Whether something on disk may be due: the alarm never stands later than the earliest due time.
    pub(super) fn may_be_due(&self, now_ms: u64) -> bool {
        let waits = self.backlog.get() && self.room() > 0;
        waits || self.armed_ms.get().is_some_and(|armed_ms| armed_ms <= now_ms)
    }

    /// Milliseconds by which the oldest due entry is late.
    pub(super) fn overdue_ms(&self) -> Result<u64, Problem> {
        Ok(self.store().due_ms()?.map_or(0, |due_ms| now_ms().saturating_sub(due_ms)))
    }

    /// Arms the next alarm first: if this turn dies, that one comes. It waits for nothing: an object gets no other
    /// alarm as long as one is under way, and what it waited for might die.
    pub(super) fn alarm(self: &Rc<Self>) {
        fault::point("alarm-fires");
        self.armed_ms.set(None);
        self.tell();
        let (due_ms, now_ms) = (self.store().due_ms(), now_ms());
        if matches!(due_ms, Ok(None)) {
            return;
        }
        let later_ms = due_ms.ok().flatten().filter(|due_ms| *due_ms > now_ms);
        // What cannot be armed is logged; the work is done all the same.
        _ = self.arm_at(later_ms.unwrap_or(now_ms + AGAIN_MS));
        fault::point("alarm-armed");
        if later_ms.is_none() {
            self.is_guarding.set(true);
            self.look_now();
        }
    }

    /// Lets the calls of a turn leave, in the same turn as the writes that lease their steps.
    pub(super) fn dispatch(self: &Rc<Self>, finished: turn::Finished) {
        let turn::Finished { dispatch, tasks, .. } = finished;
        self.outbox.borrow_mut().extend(dispatch.into_iter().filter_map(|outgoing| Outgoing::of(outgoing, &tasks)));
        while self.in_flight.get() < IN_FLIGHT_MAX {
            let Some(outgoing) = self.outbox.borrow_mut().pop_front() else {
                return;
            };
            self.in_flight.set(self.in_flight.get() + 1);
            self.meter.called();
            let shard = Rc::clone(self);
            self.wait_until(async move {
                let task = std::slice::from_ref(&outgoing.task);
                let answer = async {
                    fault::point("call-leaves");
                    perform::perform(&shard.env, &outgoing).await
                };
                let answer = shard.note.during(task, answer).await;
                fault::point("call-answered");
                shard.in_flight.set(shard.in_flight.get() - 1);
                let Outgoing { task, effect: Effect { step, epoch, .. }, .. } = outgoing;
                let command = match answer {
                    Ok(outcome) => Command::Reply { step, epoch, outcome },
                    Err(reason) => Command::Unknown { step, epoch, reason },
                };
                // What cannot be stored now is asked again when the lease ends.
                shard.post(Waiting { entry: Entry::Command { task, command }, answer: None });
            });
        }
    }

    /// Sets the alarm for what a turn stores, within the turn's transaction: there is no commit that nobody wakes for.
    /// An alarm that stands earlier stays: it comes, finds nothing and arms the next, which is cheaper than a write for
    /// each change.
    pub(super) fn arm(&self, stored: &[turn::Held], looked: bool) -> Result<(), Problem> {
        let now_ms = now_ms();
        let written = stored.iter().filter_map(|held| held.task.wakes_ms()).min();
        let earliest = if looked { self.store().due_ms()? } else { written };
        let late = earliest.is_some_and(|due_ms| due_ms <= now_ms);
        self.backlog.set(if looked { late } else { self.backlog.get() || late });
        if looked && !late && self.is_guarding.take() {
            // The turn lives: the alarm may stand later.
            self.armed_ms.set(None);
        }
        match earliest {
            // The trials are followed by a look of their own.
            Some(_) if late && looked && self.trials.is_pending() => Ok(()),
            Some(_) if late && self.room() == 0 => self.arm_at(now_ms + BUSY_MS),
            Some(due_ms) => self.arm_at(due_ms),
            None => Ok(()),
        }
    }

    /// Runs writes that stand or fall together with the alarm that they set.
    pub(super) fn armed_together<T>(&self, writes: impl FnOnce() -> Result<T, Problem>) -> Result<T, Problem> {
        let armed_ms = self.armed_ms.get();
        let result = together(&self.storage(), writes);
        if result.is_err() {
            self.armed_ms.set(armed_ms);
        }
        result
    }

    fn arm_at(&self, at_ms: u64) -> Result<(), Problem> {
        if self.armed_ms.get().is_some_and(|armed_ms| armed_ms <= at_ms) {
            return Ok(());
        }
        let offset = Duration::from_millis(at_ms.saturating_sub(now_ms()));
        // The first poll makes the call, in this turn; the promise only says that it became durable, which the output
        // gate waits for anyway.
        let storage = self.storage();
        if let Some(Err(error)) = storage.set_alarm(offset).now_or_never() {
            return Err(call::fault("alarm", &error));
        }
        // An alarm is billed as a row.
        self.meter.wrote(1);
        self.armed_ms.set(Some(at_ms));
        Ok(())
    }
}
