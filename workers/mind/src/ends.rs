//! Ends of calls on their way to the ledger.
//!
//! An end goes along with the next reservation of its tenant, or by itself after a moment: so that a call costs one
//! commit and not two. Until then its worst case counts, and so it stays if this isolate dies first.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::End;
use aion_shell::call::now_ms;
use worker::{Context, Env};

use crate::object::{self, Order, Told};
use crate::upstream::wait;

/// An end waits for so long, milliseconds: nobody who looks at a budget notices.
const WAITING_MS: u64 = 20;
/// Whoever sends them is gone if nothing was heard of it for so long, milliseconds: its request has ended before it.
const SENDER_GONE_MS: u64 = 10 * WAITING_MS;
/// One request sends them for so long at most, milliseconds: the platform gives what goes on after an answer 30 s.
const SENDER_MS: u64 = 20_000;
/// So many wait at once; what comes then is sent by itself.
const WAITING_MAX: usize = 256;

/// What waits of a tenant.
#[derive(Default)]
struct Waiting {
    ends: Vec<(String, End)>,
    /// When whoever sends them was last there, Unix milliseconds.
    sender_ms: Option<u64>,
}

thread_local! {
    static ALL: RefCell<BTreeMap<String, Waiting>> = RefCell::default();
}

fn take(tenant: &str) -> Vec<(String, End)> {
    ALL.with_borrow_mut(|all| all.get_mut(tenant).map(|waiting| std::mem::take(&mut waiting.ends)).unwrap_or_default())
}

/// They go along with what the tenant's object is asked next.
pub fn put(tenant: &str, ends: Vec<(String, End)>) {
    if ends.is_empty() {
        return;
    }
    ALL.with_borrow_mut(|all| all.entry(tenant.to_owned()).or_default().ends.extend(ends));
}

/// Asks the object of the caller's tenant, which is told of what waits first.
pub async fn ask(env: &Env, handed: &Handed, order: Order) -> Result<Told, Problem> {
    let ends = take(&handed.tenant);
    if ends.is_empty() {
        return object::ask(env, handed, order).await;
    }
    tell(env, handed, ends, Some(Box::new(order))).await
}

/// What was not heard is told again: an end counts once.
async fn tell(env: &Env, handed: &Handed, ends: Vec<(String, End)>, then: Option<Box<Order>>) -> Result<Told, Problem> {
    let told = object::ask(env, handed, Order::End { ends: ends.clone(), then }).await;
    if told.as_ref().is_err_and(|problem| problem.code.status() >= 500) {
        put(&handed.tenant, ends);
    }
    told
}

/// A call has ended, and with it perhaps its reservation. Its caller does not wait for the ledger.
pub fn later(env: &Env, context: &Context, handed: &Handed, id: &str, end: Option<End>) {
    if end.is_some_and(|end| begins(&handed.tenant, id, end)) {
        context.wait_until(send(env.clone(), handed.clone()));
    }
}

/// The same, of a future that lasts already.
pub async fn soon(env: &Env, handed: &Handed, id: &str, end: Option<End>) {
    if end.is_some_and(|end| begins(&handed.tenant, id, end)) {
        send(env.clone(), handed.clone()).await;
    }
}

/// Adds an end; whether somebody has to begin to send.
fn begins(tenant: &str, id: &str, end: End) -> bool {
    ALL.with_borrow_mut(|all| {
        let (waiting, now) = (all.entry(tenant.to_owned()).or_default(), now_ms());
        waiting.ends.push((id.to_owned(), end));
        let there = waiting.sender_ms.is_some_and(|seen| now.saturating_sub(seen) < SENDER_GONE_MS);
        let begins = !there || waiting.ends.len() >= WAITING_MAX;
        if begins {
            waiting.sender_ms = Some(now);
        }
        begins
    })
}

/// Sends what waits, as long as something does.
async fn send(env: Env, handed: Handed) {
    let (tenant, until_ms) = (&handed.tenant, now_ms() + SENDER_MS);
    loop {
        wait(WAITING_MS).await;
        let ends = take(tenant);
        let over = ends.is_empty() || now_ms() >= until_ms;
        ALL.with_borrow_mut(|all| {
            if over {
                all.remove(tenant);
            } else if let Some(waiting) = all.get_mut(tenant) {
                waiting.sender_ms = Some(now_ms());
            }
        });
        if !ends.is_empty() {
            _ = tell(&env, &handed, ends, None).await;
        }
        if over {
            return;
        }
    }
}
