//! One shard at work: load, apply, store state, log and alarm in one turn, then let the calls leave.
//!
//! A call leaves only after the commit that leased its step: the output gate holds it back until that is durable. The
//! alarm stands at the end of the lease by then, so a crash at any place costs time and nothing else.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use aion_api::address::Address;
use aion_api::problem::Problem;
use aion_api::trace::Trace;
use aion_task::audit::Link;
use aion_task::machine::{Commit, Effect, LEASE_MS};
use aion_task::{Command, Task, apply};
use futures_util::FutureExt;
use serde_json::json;
use worker::{Env, State, Storage};

use super::events::Listeners;
use super::perform;
use super::store::{Store, Stored};
use super::transaction::together;
use crate::call::{fault, now_ms};

/// The platform lets an object have six connections open.
const IN_FLIGHT_MAX: usize = 6;
/// A task that cannot be worked on does not hold up the others: it is looked at again after this time.
const POSTPONE_MS: u64 = 60_000;
/// When no call may leave, the alarm looks again after this time; an answer that comes earlier does so at once.
const BUSY_MS: u64 = 1_000;

/// A call that is allowed to leave.
pub(super) struct Outgoing {
    pub(super) task: String,
    pub(super) tenant: String,
    pub(super) trace: Trace,
    pub(super) effect: Effect,
}

/// A shard. What is in memory can be lost at any time: leases and due times are on disk.
pub(super) struct Shard {
    state: State,
    env: Env,
    owner: OnceCell<Address>,
    pub(super) listeners: Listeners,
    in_flight: Cell<usize>,
    outbox: RefCell<VecDeque<Outgoing>>,
    armed_ms: Cell<Option<u64>>,
}

impl Shard {
    pub(super) fn new(state: State, env: Env) -> Self {
        let shard = Self {
            state,
            env,
            owner: OnceCell::new(),
            listeners: Listeners::default(),
            in_flight: Cell::new(0),
            outbox: RefCell::default(),
            armed_ms: Cell::new(None),
        };
        // A failure is logged where it happens; every request meets it again.
        _ = together(&shard.storage(), || shard.store().migrate(None));
        shard
    }

    pub(super) fn storage(&self) -> Storage {
        self.state.storage()
    }

    pub(super) fn store(&self) -> Store {
        Store::new(self.storage().sql())
    }

    /// Whose object this is, if it is anybody's.
    pub(super) fn owner(&self) -> Result<Option<Address>, Problem> {
        if let Some(owner) = self.owner.get() {
            return Ok(Some(owner.clone()));
        }
        let owner = self.store().owner()?;
        Ok(owner.map(|owner| self.owner.get_or_init(|| owner).clone()))
    }

    /// Whether one more call may leave.
    pub(super) fn has_room(&self) -> bool {
        self.in_flight.get() + self.outbox.borrow().len() < IN_FLIGHT_MAX
    }

    /// Milliseconds by which the oldest due entry is late.
    pub(super) fn overdue_ms(&self) -> Result<u64, Problem> {
        Ok(self.store().due_ms()?.map_or(0, |due_ms| now_ms().saturating_sub(due_ms)))
    }

    /// Arms the next alarm first: if this turn dies, that one comes.
    pub(super) fn alarm(self: &Rc<Self>) {
        self.armed_ms.set(None);
        if !matches!(self.store().due_ms(), Ok(None)) {
            self.arm_at(now_ms() + LEASE_MS);
        }
        self.pump();
    }

    /// Works on what is due, the longest due first, as long as calls may leave.
    pub(super) fn pump(self: &Rc<Self>) {
        while self.has_room() {
            let Ok(Some(id)) = self.store().next_due(now_ms()) else {
                break;
            };
            if !matches!(self.advance(&id, Command::Due), Ok(Some(_)))
                && self.store().postpone(&id, now_ms() + POSTPONE_MS).is_err()
            {
                break;
            }
        }
        self.arm();
    }

    /// Applies a command and, while calls may leave, what is due after it; both are one commit. `None` if there is no
    /// such task or nothing changed.
    pub(super) fn advance(self: &Rc<Self>, id: &str, command: Command) -> Result<Option<Stored>, Problem> {
        let store = self.store();
        let Some(Stored { mut task, trace }) = store.task(id)? else {
            return Ok(None);
        };
        let now_ms = now_ms();
        let mut commit = apply(&mut task, command, now_ms, jitter());
        if self.has_room() {
            commit.extend(apply(&mut task, Command::Due, now_ms, jitter()));
        }
        if commit.is_empty() {
            return Ok(None);
        }
        let link = together(&self.storage(), || {
            let link = append(&store, &commit, now_ms)?;
            store.update(&task, link.seq)?;
            Ok(link)
        })?;
        self.committed(&task, &trace, commit, &link);
        Ok(Some(Stored { task, trace }))
    }

    /// After the writes, in the same turn: the alarm joins their transaction, listeners hear of them, calls leave.
    pub(super) fn committed(self: &Rc<Self>, task: &Task, trace: &Trace, commit: Commit, link: &Link) {
        self.arm();
        self.listeners.publish(link, &commit.events);
        let outgoing =
            |effect| Outgoing { task: task.id.clone(), tenant: task.tenant.clone(), trace: trace.clone(), effect };
        self.outbox.borrow_mut().extend(commit.dispatch.into_iter().map(outgoing));
        self.drain();
    }

    fn drain(self: &Rc<Self>) {
        while self.in_flight.get() < IN_FLIGHT_MAX {
            let Some(outgoing) = self.outbox.borrow_mut().pop_front() else {
                return;
            };
            self.in_flight.set(self.in_flight.get() + 1);
            let shard = Rc::clone(self);
            self.state.wait_until(async move {
                let answer = perform::perform(&shard.env, &outgoing).await;
                shard.in_flight.set(shard.in_flight.get() - 1);
                let Outgoing { task, effect: Effect { step, epoch, .. }, .. } = outgoing;
                let command = match answer {
                    Ok(outcome) => Command::Reply { step, epoch, outcome },
                    Err(reason) => Command::Unknown { step, epoch, reason },
                };
                // What cannot be stored now is asked again when the lease ends.
                _ = shard.advance(&task, command);
                shard.drain();
                shard.pump();
            });
        }
    }

    /// Sets the alarm to the earliest due time. An alarm that stands earlier stays: it comes, finds nothing and arms
    /// the next, which is cheaper than a write for each change.
    fn arm(&self) {
        let now_ms = now_ms();
        match self.store().due_ms() {
            Ok(Some(due_ms)) if self.has_room() || due_ms > now_ms => self.arm_at(due_ms),
            Ok(Some(_)) => self.arm_at(now_ms + BUSY_MS),
            Ok(None) => {}
            Err(_) => self.arm_at(now_ms + POSTPONE_MS),
        }
    }

    fn arm_at(&self, at_ms: u64) {
        if self.armed_ms.get().is_some_and(|armed_ms| armed_ms <= at_ms) {
            return;
        }
        let offset = Duration::from_millis(at_ms.saturating_sub(now_ms()));
        // The first poll makes the call, in this turn; the promise only says that it became durable, which the output
        // gate waits for anyway.
        let storage = self.storage();
        match storage.set_alarm(offset).now_or_never() {
            Some(Err(error)) => _ = fault("alarm", &error),
            _ => self.armed_ms.set(Some(at_ms)),
        }
    }
}

/// Adds a commit's events to the audit chain.
pub(super) fn append(store: &Store, commit: &Commit, now_ms: u64) -> Result<Link, Problem> {
    let mut head = store.head()?;
    let link = head.append(now_ms, &json!(commit.events)).map_err(|error| fault("log", &error))?;
    store.append(&link)?;
    Ok(link)
}

/// A random number that spreads retries: the 52 bits that the platform's generator gives.
pub(super) fn jitter() -> u64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    (worker::js_sys::Math::random() + 1.0).to_bits() & MANTISSA
}
