//! What an isolate remembers of gateways: their routes for some seconds, its own circuit of each target, and its retry
//! budget.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use aion_api::object::eyes::catalogue;
use aion_api::object::gateway::Handed;
use aion_api::problem::Problem;
use aion_api::v1::egress::Hosts;
use aion_api::v1::gateway::allowed;
use aion_circuit::{Circuit, State};
use aion_gateway::balance;
use aion_gateway::budget::Budget;
use aion_gateway::select::Routes;
use aion_gateway::table::{Route, Target};
use aion_shell::{call, eyes};
use worker::Env;

use crate::forward::{Hop, Tried};
use crate::object::{self, Order, Snapshot, Told};

/// How long routes, purges and health count before they are asked for again: what changes is in force everywhere within
/// this time, and at once in the isolate that it went through.
const FRESH_MS: u64 = 5_000;
/// While the object does not answer, what was known of it counts for so long.
const KEPT_MS: u64 = 300_000;
/// So many gateways are kept: a table has some 10 kB.
const GATEWAYS_MAX: usize = 200;
/// So many circuits are kept.
const CIRCUITS_MAX: usize = 2_000;

/// A gateway as it was when it was asked for.
pub struct Kept {
    pub routes: Routes,
    pub snapshot: Snapshot,
    hosts: Hosts,
    ill: HashSet<String>,
    fetched_ms: u64,
}

thread_local! {
    static GATEWAYS: RefCell<HashMap<String, Rc<Kept>>> = RefCell::default();
    static CIRCUITS: RefCell<HashMap<(String, String), Circuit>> = RefCell::default();
    static BUDGET: Cell<Budget> = Cell::default();
}

/// A tenant's gateway.
pub async fn snapshot(env: &Env, handed: &Handed) -> Result<Rc<Kept>, Problem> {
    let now_ms = call::now_ms();
    let kept = GATEWAYS.with_borrow(|all| all.get(&handed.tenant).cloned());
    let age_ms = kept.as_ref().map_or(u64::MAX, |kept| now_ms.saturating_sub(kept.fetched_ms));
    // Who may not be reached any more is not reached any more from the first request on that says so.
    let same = kept.as_ref().is_some_and(|kept| kept.hosts == handed.hosts);
    match (kept, age_ms) {
        (Some(kept), 0..FRESH_MS) if same => Ok(kept),
        (Some(kept), 0..KEPT_MS) if same => Ok(fetch(env, handed, now_ms).await.unwrap_or(kept)),
        _ => fetch(env, handed, now_ms).await,
    }
}

async fn fetch(env: &Env, handed: &Handed, now_ms: u64) -> Result<Rc<Kept>, Problem> {
    let (tenant, hosts) = (&handed.tenant, handed.hosts.clone());
    let order = Order::Snapshot { hosts: hosts.clone() };
    let Told::Snapshot(snapshot) = object::ask(env, tenant, &handed.trace, order).await? else {
        return Err(Problem::internal());
    };
    let ill = snapshot.ill.iter().cloned().collect();
    let routes = Routes::new(allowed(snapshot.table.clone(), &hosts));
    let kept = Rc::new(Kept { routes, snapshot: *snapshot, hosts, ill, fetched_ms: now_ms });
    GATEWAYS.with_borrow_mut(|all| {
        if all.len() >= GATEWAYS_MAX {
            all.clear();
        }
        all.insert(tenant.clone(), Rc::clone(&kept));
    });
    Ok(kept)
}

/// Has the next request ask for a tenant's gateway anew.
pub fn forget(tenant: &str) {
    GATEWAYS.with_borrow_mut(|all| all.remove(tenant));
}

/// The targets to try without the function before them, the first choice first, and how long it takes until one that is
/// ill is tried again. A half-open target is one of them only as the first, so that its trial takes place.
pub fn hops(kept: &Kept, tenant: &str, route: &Route, ticket: u64) -> (Vec<Hop>, u64) {
    let targets: Vec<&Target> = route.targets.iter().filter(|target| target.function.is_none()).collect();
    let ids: Vec<(String, u16)> = targets.iter().map(|target| (target.id(), target.weight)).collect();
    let weighed: Vec<(&str, u16)> = ids.iter().map(|(id, weight)| (id.as_str(), *weight)).collect();
    let ordered = balance::order(&weighed, ticket).into_iter().map(|place| targets[place]);
    let now_ms = call::now_ms();
    let mut hops: Vec<Hop> = Vec::new();
    CIRCUITS.with_borrow_mut(|circuits| {
        for target in ordered.chain(&route.failover) {
            let hop = Hop::from(target);
            if kept.ill.contains(&hop.id) || hops.iter().any(|known| known.id == hop.id) {
                continue;
            }
            let circuit = circuits.entry((tenant.to_owned(), hop.id.clone())).or_default();
            let admitted = match circuit.state(now_ms) {
                State::Closed => true,
                State::Open => false,
                State::HalfOpen => hops.is_empty() && circuit.admits(route.breaker.terms(), now_ms),
            };
            if admitted {
                hops.push(hop);
            }
        }
    });
    (hops, u64::from(route.breaker.open_ms))
}

/// Notes what became of each try.
pub fn note(tenant: &str, route: &Route, tried: &[Tried]) {
    let now_ms = call::now_ms();
    CIRCUITS.with_borrow_mut(|circuits| {
        if circuits.len() > CIRCUITS_MAX {
            circuits.clear();
        }
        for Tried { id, failed } in tried {
            let outcome = if *failed { "failed" } else { "ok" };
            eyes::record(|recorder| recorder.add(catalogue::UPSTREAM, &[("outcome", outcome)], 1));
            let circuit = circuits.entry((tenant.to_owned(), id.clone())).or_default();
            if *failed {
                circuit.failed(route.breaker.terms(), now_ms);
            } else {
                circuit.succeeded();
            }
        }
    });
}

/// Counts a request for the retry budget.
pub fn deposit() {
    BUDGET.with(|budget| {
        let mut left = budget.get();
        left.deposit();
        budget.set(left);
    });
}

/// Whether the budget allows a retry.
pub fn withdraw() -> bool {
    BUDGET.with(|budget| {
        let mut left = budget.get();
        let allowed = left.withdraw();
        budget.set(left);
        allowed
    })
}
