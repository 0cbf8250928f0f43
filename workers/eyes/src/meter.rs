//! The Meter object: batches of an eighth of the senders.
//!
//! It counts in memory and stores what it has five seconds after the first change, all at once: two rows, the alarm's
//! included, and a row more for each further megabyte. An object under load so writes 34,560 rows a day, however much
//! is pushed. Whatever came in the seconds before an object dies is lost, as it is with a process that restarts; rates
//! see that as a counter that begins anew.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aion_api::object;
use aion_api::problem::{Code, Problem};
use aion_shell::call::{self, now_ms};
use aion_telemetry::meter::Merged;
use aion_telemetry::{Batch, Meter as Totals, Numbers};
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::alerts::{self, ALERTS_NAME};
use crate::text::{ALERTS, malformed};

mod store;

use store::Store;

/// What has changed is stored so much later: the platform may put an object out of memory that nobody has called for
/// ten seconds, and an alarm may be late.
const STORE_AFTER_MS: u64 = 5_000;

/// What it is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Counts a batch.
    Push(Box<Batch>),
    /// The numbers of these metrics, with their last hour.
    Named(Vec<String>),
    /// All totals, and the gauges that are live.
    Totals,
}

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// The batch is counted, or was before.
    Counted,
    /// Numbers.
    Numbers(Box<Numbers>),
}

impl object::Request for Order {
    type Reply = Told;
}

/// One meter.
#[durable_object]
pub struct Meter {
    state: State,
    env: Env,
    /// Read when it is first needed.
    totals: RefCell<Option<Totals>>,
    /// Whether the alarm is set that stores what has changed.
    armed: Cell<bool>,
    /// Whether the Alerts object knows that there is something to look at.
    woken: Cell<bool>,
}

impl DurableObject for Meter {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, totals: RefCell::default(), armed: Cell::default(), woken: Cell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Order>(&request.bytes().await?) {
            Ok(order) => self.answer(order),
            Err(error) => Err(malformed(&error)),
        };
        call::respond(&result)
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        self.armed.set(false);
        // What cannot be stored now is tried again; the reason is in the log.
        if self.store().is_err() {
            self.arm();
        }
        if !self.woken.get() {
            let awake = call::ask_named(&self.env, ALERTS, ALERTS_NAME, &alerts::Order::Wake).await;
            self.woken.set(awake.is_ok());
        }
        Response::empty()
    }
}

impl Meter {
    fn answer(&self, order: Order) -> Result<Told, Problem> {
        let mut kept = self.totals.borrow_mut();
        let totals = match &mut *kept {
            Some(totals) => totals,
            none => none.insert(Store::new(self.state.storage().sql()).read()?),
        };
        match order {
            Order::Push(batch) => {
                if let Some(fault) = batch.fault() {
                    return Err(Problem::invalid("/batch", fault));
                }
                match totals.merge(&batch, now_ms()) {
                    Merged::New => self.arm(),
                    Merged::Known => {}
                    Merged::Full => {
                        return Err(Problem::new(Code::ComponentUnavailable, "too many senders in the last hour"));
                    }
                }
                Ok(Told::Counted)
            }
            Order::Named(names) => Ok(Told::Numbers(Box::new(totals.numbers.named(&names)))),
            Order::Totals => Ok(Told::Numbers(Box::new(totals.numbers.totals(now_ms())))),
        }
    }

    fn store(&self) -> Result<(), Problem> {
        match &*self.totals.borrow() {
            Some(totals) => Store::new(self.state.storage().sql()).put(totals),
            // The alarm of a life that is over: what it had is lost.
            None => Ok(()),
        }
    }

    fn arm(&self) {
        if self.armed.replace(true) {
            return;
        }
        // The first poll makes the call, in this turn.
        let set = self.state.storage().set_alarm(Duration::from_millis(STORE_AFTER_MS)).now_or_never();
        if let Some(Err(error)) = set {
            self.armed.set(false);
            _ = call::fault("meter alarm", &error);
        }
    }
}
