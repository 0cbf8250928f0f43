//! The Limiter object: what one subject of one rule has left, a shell over the limiter of core/limit.
//!
//! Its state is in memory. What is stored is a mark ahead of it (`aion_limit::Limiter`), written in the same turn as
//! the grant that passes the one before: the output gate holds the answer back until it is durable. An object that
//! rests deletes its mark and leaves nothing behind.

use std::cell::{Cell, RefCell};

use aion_api::object::Call;
use aion_api::object::limiter::{Reply, Request};
use aion_api::{Address, Problem};
use aion_shell::call;
use futures_util::FutureExt;
use serde::Deserialize;
use worker::{DurableObject, Env, Response, State, durable_object};

const SCHEMA: &str = "CREATE TABLE IF NOT EXISTS mark (one INTEGER PRIMARY KEY CHECK (one = 1), ms INTEGER NOT NULL)";
/// A mark is deleted when it lies back by this time: whoever comes rarely does not write one anew each time.
const REST_MS: u64 = 60_000;

/// One subject of one rule.
#[durable_object]
pub struct Limiter {
    state: State,
    /// The subject that it was first asked for, and what it has left.
    held: RefCell<Option<(Address, aion_limit::Limiter)>>,
    is_armed: Cell<bool>,
}

#[derive(Deserialize)]
struct Row {
    ms: u64,
}

#[derive(Deserialize)]
struct Tables {
    number: u64,
}

impl DurableObject for Limiter {
    fn new(state: State, _env: Env) -> Self {
        Self { state, held: RefCell::default(), is_armed: Cell::new(false) }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match call::read::<Request>(&mut request).await {
            Ok(call) => self.answer(&call),
            Err(problem) => Err(problem),
        };
        call::respond(&result)
    }

    /// Never throws: what it cannot do now it does after the next mark.
    async fn alarm(&self) -> worker::Result<Response> {
        self.is_armed.set(false);
        let now_ms = call::now_ms();
        match self.mark() {
            Ok(Some(mark_ms)) if mark_ms + REST_MS > now_ms => self.arm(mark_ms.saturating_sub(now_ms) + REST_MS),
            Ok(_) => {
                // Nothing of the burst is used any more, so whoever begins anew believes the same.
                self.held.replace(None);
                if let Err(error) = self.state.storage().delete_all().await {
                    call::fault("limiter delete", &error);
                }
            }
            Err(_) => {}
        }
        Response::empty()
    }
}

impl Limiter {
    /// Runs without an `await`: debit and mark are one turn.
    fn answer(&self, call: &Call<Request>) -> Result<Reply, Problem> {
        let (Request::Lease { terms, .. } | Request::Look { terms, .. }) = call.request;
        let now_ms = call::now_ms();
        let known = self.held.borrow().clone();
        let (owner, mut limiter) = match known {
            Some(known) => known,
            None => (call.address.clone(), aion_limit::Limiter::begin(&terms, self.mark()?, now_ms)),
        };
        if owner != call.address {
            return Err(Problem::unknown("limiter"));
        }
        let (answer, mark) = match &call.request {
            Request::Look { needed, .. } => (limiter.look(&terms, *needed, now_ms), None),
            Request::Lease { ask, .. } => limiter.lease(&terms, ask, now_ms),
        };
        // A mark that cannot be stored leaves everything as it was: nothing was granted then.
        if let Some(mark_ms) = mark {
            self.store(mark_ms, now_ms)?;
        }
        self.held.replace(Some((owner, limiter)));
        Ok(Reply(answer))
    }

    fn mark(&self) -> Result<Option<u64>, Problem> {
        let sql = self.state.storage().sql();
        let fault = |error: worker::Error| call::fault("limiter read", &error);
        // A subject that never used much has no table.
        let tables =
            sql.exec("SELECT count(*) AS number FROM sqlite_master WHERE name = 'mark'", None).map_err(fault)?;
        if tables.to_array::<Tables>().map_err(fault)?.first().is_none_or(|tables| tables.number == 0) {
            return Ok(None);
        }
        let rows = sql.exec("SELECT ms FROM mark", None).and_then(|rows| rows.to_array::<Row>()).map_err(fault)?;
        Ok(rows.first().map(|row| row.ms))
    }

    fn store(&self, mark_ms: u64, now_ms: u64) -> Result<(), Problem> {
        let sql = self.state.storage().sql();
        // Unix milliseconds stay below 2^53, which a JS number holds exactly.
        let value = worker::SqlStorageValue::Integer(mark_ms.cast_signed());
        let stored = sql.exec(SCHEMA, None);
        let stored = stored.and_then(|_| sql.exec("INSERT OR REPLACE INTO mark (one, ms) VALUES (1, ?)", vec![value]));
        stored.map_err(|error| call::fault("limiter write", &error))?;
        if !self.is_armed.get() {
            self.arm(mark_ms.saturating_sub(now_ms) + REST_MS);
        }
        Ok(())
    }

    /// Sets the alarm in this turn: the platform takes it at once, and it is durable with the rest.
    fn arm(&self, after_ms: u64) {
        let offset = i64::try_from(after_ms).unwrap_or(i64::MAX);
        match self.state.storage().set_alarm(offset).now_or_never() {
            Some(Err(error)) => _ = call::fault("limiter alarm", &error),
            _ => self.is_armed.set(true),
        }
    }
}
