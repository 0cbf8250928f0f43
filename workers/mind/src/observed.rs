//! What this isolate has seen of providers: circuits and latencies. Another isolate sees for itself, and nothing is
//! lost with it.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aion_circuit::Terms;
use aion_mind::models::Observed;

/// So many tenants are remembered: one has some kilobytes at most.
const TENANTS_MAX: usize = 500;

type Providers = BTreeMap<String, Observed>;

thread_local! {
    static SEEN: RefCell<BTreeMap<String, Providers>> = RefCell::default();
}

/// What is known of a tenant's providers.
pub fn of(tenant: &str) -> Providers {
    SEEN.with_borrow(|all| all.get(tenant).cloned().unwrap_or_default())
}

/// Works on what is known of a provider.
pub fn with<T>(tenant: &str, provider: &str, work: impl FnOnce(&mut Observed) -> T) -> T {
    SEEN.with_borrow_mut(|all| {
        if all.len() >= TENANTS_MAX && !all.contains_key(tenant) {
            all.clear();
        }
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
}
