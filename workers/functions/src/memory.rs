//! What an isolate remembers: which code functions are for some seconds, and modules that are ready to run.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aion_api::object::function::{Pin, Run};
use aion_api::problem::Problem;
use aion_function::Prepared;
use aion_shell::call;
use worker::Env;

use crate::object::{self, Found, Order, Told};

/// How long a version counts as the newest before it is asked for again: what changes is in force everywhere within
/// this time, and at once in the isolate that it went through.
const FRESH_MS: u64 = 5_000;
/// So many functions are remembered: one has some hundred bytes.
const FOUND_MAX: usize = 2_000;
/// So many modules are kept ready,
const MODULES_MAX: usize = 64;
/// and so many bytes of them: translated, one takes several times its size, of the 128 MB of an isolate.
const MODULES_MAX_BYTES: usize = 4 << 20;

/// Tenant, name, and the version that was asked for.
type Key = (String, String, Option<u64>);

/// What was found, and when.
struct Kept {
    found: Rc<Found>,
    fetched_ms: u64,
}

thread_local! {
    static FOUND: RefCell<HashMap<Key, Kept>> = RefCell::default();
    static MODULES: RefCell<HashMap<String, Rc<Prepared>>> = RefCell::default();
}

/// Which code a run is about: the newest, or what the run before was.
pub async fn find(env: &Env, run: &Run) -> Result<Rc<Found>, Problem> {
    if let Some(found) = known(run, None).filter(|found| is(found, run.pin.as_ref())) {
        return Ok(found);
    }
    let version = run.pin.as_ref().map(|pin| pin.version);
    let found = match version.and_then(|_| known(run, version)) {
        Some(found) => found,
        None => fetch(env, run, version).await?,
    };
    // A function that was deleted and put again counts its versions anew.
    if is(&found, run.pin.as_ref()) { Ok(found) } else { Err(Problem::unknown("version")) }
}

fn is(found: &Found, pin: Option<&Pin>) -> bool {
    pin.is_none_or(|pin| pin.version == found.version && pin.module == found.module)
}

fn known(run: &Run, version: Option<u64>) -> Option<Rc<Found>> {
    let key = (run.tenant.clone(), run.name.clone(), version);
    FOUND.with_borrow(|all| {
        let kept = all.get(&key)?;
        (call::now_ms().saturating_sub(kept.fetched_ms) < FRESH_MS).then(|| Rc::clone(&kept.found))
    })
}

async fn fetch(env: &Env, run: &Run, version: Option<u64>) -> Result<Rc<Found>, Problem> {
    let (order, fetched_ms) = (Order::Find { name: run.name.clone(), version }, call::now_ms());
    let Told::Found(found) = object::ask(env, &run.tenant, &run.trace, order).await? else {
        return Err(Problem::internal());
    };
    let found = Rc::new(found);
    FOUND.with_borrow_mut(|all| {
        if all.len() >= FOUND_MAX {
            all.clear();
        }
        let kept = Kept { found: Rc::clone(&found), fetched_ms };
        all.insert((run.tenant.clone(), run.name.clone(), version), kept);
    });
    Ok(found)
}

/// A module, ready to run. It is known by what it is, so it is kept once for all tenants that have it.
pub async fn prepared(env: &Env, run: &Run, id: &str) -> Result<Rc<Prepared>, Problem> {
    if let Some(prepared) = MODULES.with_borrow(|all| all.get(id).cloned()) {
        return Ok(prepared);
    }
    let order = Order::Module { id: id.to_owned() };
    let Told::Module(bytes) = object::ask(env, &run.tenant, &run.trace, order).await? else {
        return Err(Problem::internal());
    };
    let prepared = Prepared::new(&bytes.0).map_err(|faults| {
        let reasons = faults.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        call::fault("module", &reasons)
    })?;
    Ok(keep(prepared))
}

/// Keeps a module ready.
pub fn keep(prepared: Prepared) -> Rc<Prepared> {
    let prepared = Rc::new(prepared);
    MODULES.with_borrow_mut(|all| {
        let bytes: usize = all.values().map(|kept| kept.about.bytes).sum();
        if all.len() >= MODULES_MAX || bytes + prepared.about.bytes > MODULES_MAX_BYTES {
            all.clear();
        }
        all.insert(prepared.about.id.clone(), Rc::clone(&prepared));
    });
    prepared
}

/// Has the next run ask for a tenant's functions anew.
pub fn forget(tenant: &str) {
    FOUND.with_borrow_mut(|all| all.retain(|(owner, _, _), _| owner != tenant));
}
