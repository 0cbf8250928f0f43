//! What this isolate knows of the subjects that its requests count for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Duration;

use aion_api::Address;
use aion_api::object::eyes::catalogue;
use aion_api::object::limiter::{Reply, Request};
use aion_api::trace::Trace;
use aion_limit::share::{ASK_PATIENCE_MS, Look, Share};
use aion_limit::{Answer, Selected, Terms};
use aion_shell::{call, eyes};
use futures_util::future::{Either, select};
use serde_json::json;

use crate::app::App;

/// An isolate remembers this many subjects: some 3 MB. Whoever is forgotten loses a lease, never a debit.
const SHARES_MAX: usize = 10_000;

thread_local! {
    static SHARES: RefCell<HashMap<String, Share>> = RefCell::default();
}

fn with<T>(key: &str, now_ms: u64, work: impl FnOnce(&mut Share) -> T) -> T {
    SHARES.with_borrow_mut(|shares| {
        if let Some(share) = shares.get_mut(key) {
            return work(share);
        }
        if shares.len() >= SHARES_MAX {
            shares.retain(|_, share| !share.is_idle(now_ms));
        }
        if shares.len() >= SHARES_MAX {
            shares.clear();
        }
        work(shares.entry(key.to_owned()).or_default())
    })
}

/// Where a request stands with a subject.
pub fn look(key: &str, cost: u32, now_ms: u64) -> Look {
    with(key, now_ms, |share| share.look(cost, now_ms))
}

/// Spends units that were found.
pub fn spend(key: &str, cost: u32, now_ms: u64) {
    with(key, now_ms, |share| share.spend(cost, now_ms));
}

/// Units that are left, as far as is known, and how long it takes until all are there again.
pub fn rest(key: &str, now_ms: u64) -> (u32, u64) {
    with(key, now_ms, |share| (share.remaining(now_ms), share.full_ms(now_ms)))
}

/// A request that waits for somebody else's lease; it is counted until this is dropped.
pub struct Waiting {
    key: String,
    cost: u32,
}

impl Waiting {
    /// Counts it.
    pub fn join(key: &str, cost: u32, now_ms: u64) -> Self {
        with(key, now_ms, |share| share.join(cost));
        Self { key: key.to_owned(), cost }
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        SHARES.with_borrow_mut(|shares| {
            if let Some(share) = shares.get_mut(&self.key) {
                share.leave(self.cost);
            }
        });
    }
}

/// Asks the limiter in the name of all who wait.
pub async fn ask(app: &App, trace: &Trace, key: &str, address: &Address, selected: &Selected<'_>, now_ms: u64) {
    let Selected { terms, cost, .. } = selected;
    let ask = with(key, now_ms, |share| share.ask(*cost, now_ms));
    let answer = limiter(app, trace, address, Request::Lease { terms: *terms, ask }).await;
    let later_ms = call::now_ms();
    with(key, later_ms, |share| match &answer {
        Some(answer) => share.answered(terms, *cost, answer, now_ms, later_ms),
        None => share.failed(later_ms),
    });
}

/// What a limiter has, without taking any of it; `None` if it cannot be asked.
pub async fn peek(app: &App, trace: &Trace, address: &Address, terms: Terms, needed: u32) -> Option<Answer> {
    limiter(app, trace, address, Request::Look { terms, needed }).await
}

async fn limiter(app: &App, trace: &Trace, address: &Address, request: Request) -> Option<Answer> {
    let asked = std::pin::pin!(call::ask(&app.env, address.clone(), trace, request));
    let patience = worker::Delay::from(Duration::from_millis(ASK_PATIENCE_MS));
    let reason = match select(asked, patience).await {
        Either::Left((Ok(Reply(answer)), _)) => return Some(answer),
        Either::Left((Err(problem), _)) => problem.detail,
        Either::Right(_) => "it does not answer in time".to_owned(),
    };
    // An alert: while a limiter is away, reads of its subject pass uncounted and writes are refused.
    let alert = json!({
        "level": "warn", "at": "limit", "alert": "limiter.away", "tenant": address.tenant, "reason": reason,
        "requestId": trace.request_id
    });
    worker::console_warn!("{alert}");
    eyes::record(|recorder| recorder.add(catalogue::LIMITER_AWAY, &[], 1));
    None
}
