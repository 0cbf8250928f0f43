//! What this isolate has seen of providers: who they are, circuits and latencies. Another isolate sees for itself, and
//! nothing is lost with it.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use aion_circuit::Terms;
use aion_mind::models::{Observed, ProviderRow};

/// So many tenants are remembered: one has some kilobytes at most.
const TENANTS_MAX: usize = 500;

type Providers = BTreeMap<String, Observed>;

/// A tenant's providers as they were when they were last read. Whoever reserves says which version it means, so that
/// older ones do no harm.
pub struct Rows {
    pub version: u64,
    pub all: Vec<ProviderRow>,
}

thread_local! {
    static SEEN: RefCell<BTreeMap<String, Providers>> = RefCell::default();
    static ROWS: RefCell<BTreeMap<String, Rc<Rows>>> = RefCell::default();
}

/// A tenant's providers, if they were read before.
pub fn rows(tenant: &str) -> Option<Rc<Rows>> {
    ROWS.with_borrow(|all| all.get(tenant).cloned())
}

/// Keeps a tenant's providers.
pub fn put_rows(tenant: &str, version: u64, rows: Vec<ProviderRow>) -> Rc<Rows> {
    let rows = Rc::new(Rows { version, all: rows });
    ROWS.with_borrow_mut(|all| {
        make_room(all, tenant);
        all.insert(tenant.to_owned(), Rc::clone(&rows));
    });
    rows
}

/// Forgets everybody once there are too many: whoever comes again is seen again.
fn make_room<T>(all: &mut BTreeMap<String, T>, tenant: &str) {
    if all.len() >= TENANTS_MAX && !all.contains_key(tenant) {
        all.clear();
    }
}

/// What is known of a tenant's providers.
pub fn of(tenant: &str) -> Providers {
    SEEN.with_borrow(|all| all.get(tenant).cloned().unwrap_or_default())
}

/// Works on what is known of a provider.
pub fn with<T>(tenant: &str, provider: &str, work: impl FnOnce(&mut Observed) -> T) -> T {
    SEEN.with_borrow_mut(|all| {
        make_room(all, tenant);
        work(all.entry(tenant.to_owned()).or_default().entry(provider.to_owned()).or_default())
    })
}

/// Whether a request may go to a provider now.
pub fn admits(tenant: &str, provider: &str, terms: Terms, now_ms: u64) -> bool {
    with(tenant, provider, |seen| seen.circuit.admits(terms, now_ms))
}

/// Forgets the providers that a tenant has put anew.
pub fn forget(tenant: &str) {
    SEEN.with_borrow_mut(|all| all.remove(tenant));
    ROWS.with_borrow_mut(|all| all.remove(tenant));
}
