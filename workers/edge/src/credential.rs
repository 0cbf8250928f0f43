//! Credentials: API keys against the tenant's snapshot, the operator's token against the secret.
//!
//! The snapshot is kept in the isolate for at most [`SNAPSHOT_FRESH_MS`]. A request that moves money or rights asks the
//! Tenant object itself, or goes to the Kernel object, which the Tenant object tells of a revoked key before it says
//! that it is one: either way it stops at once.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use aion_api::key::{ApiKey, KeyRecord, is_tenant_id};
use aion_api::object::tenant::{Reply, Request, Snapshot};
use aion_api::operations::{Credential, Operation};
use aion_api::problem::{Code, Problem};
use aion_api::shards::Shards;
use aion_api::trace::Trace;
use aion_api::{Address, Scope};
use aion_shell::call;

use crate::app::App;
use crate::ask::Caller;

/// How long a snapshot counts: a revoked key stops within this time everywhere.
const SNAPSHOT_FRESH_MS: u64 = 10_000;
/// How many snapshots an isolate keeps: about 4 MB where each tenant has some twenty keys and sessions, and 55 MB of
/// the 128 that it has if each had all that it may.
const SNAPSHOTS_MAX: usize = 500;

struct Kept {
    snapshot: Rc<Snapshot>,
    fetched_ms: u64,
}

thread_local! {
    static SNAPSHOTS: RefCell<HashMap<String, Kept>> = RefCell::new(HashMap::new());
}

/// Checks the credential that an operation wants.
pub async fn check(
    app: &App,
    trace: &Trace,
    operation: &Operation,
    header: Option<&str>,
) -> Result<Option<Caller>, Problem> {
    match operation.credential {
        Credential::Public => Ok(None),
        Credential::Offered => {
            let Some(key) = bearer(header).ok().and_then(ApiKey::parse) else {
                return Ok(None);
            };
            match check_key(app, trace, &key, None, Keep::Any).await {
                Err(problem) if problem.code == Code::CredentialInvalid => Ok(None),
                checked => checked.map(Some),
            }
        }
        Credential::Operator => {
            let token = bearer(header)?;
            if app.operator_token.equals(token) { Ok(None) } else { Err(invalid()) }
        }
        Credential::AnyKey => {
            let key = ApiKey::parse(bearer(header)?).ok_or_else(invalid)?;
            check_key(app, trace, &key, None, Keep::Any).await.map(Some)
        }
        Credential::Key(scope) => {
            let key = ApiKey::parse(bearer(header)?).ok_or_else(invalid)?;
            let keep = match operation {
                _ if !scope.moves_money_or_rights() || operation.is_pure() => Keep::Any,
                _ if operation.is_checked_by_kernel() => Keep::Lasting,
                _ => Keep::Nothing,
            };
            check_key(app, trace, &key, Some(scope), keep).await.map(Some)
        }
    }
}

/// What a kept snapshot is enough for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Keep {
    /// Every key.
    Any,
    /// Keys whose scopes stay as they are: those of a session become fewer with its member's.
    Lasting,
    /// No key.
    Nothing,
}

async fn check_key(
    app: &App,
    trace: &Trace,
    key: &ApiKey,
    scope: Option<Scope>,
    keep: Keep,
) -> Result<Caller, Problem> {
    let now_ms = call::now_ms();
    let hash = key.hash(&app.pepper);
    let kept = if keep == Keep::Nothing { None } else { kept(&key.tenant, now_ms) };
    let is_enough = |record: &KeyRecord| keep == Keep::Any || !record.is_session();
    // A key that the kept snapshot lacks may be newer than it.
    let snapshot = match kept.filter(|snapshot| snapshot.key(&key.id, &hash, now_ms).is_some_and(is_enough)) {
        Some(snapshot) => snapshot,
        None => fetch(app, trace, &key.tenant, now_ms).await?,
    };
    let record = snapshot.key(&key.id, &hash, now_ms).ok_or_else(invalid)?;
    if let Some(scope) = scope.filter(|scope| !record.scopes.contains(scope)) {
        return Err(Problem::new(Code::ScopeMissing, format!("this key lacks the scope {scope}")));
    }
    let (tenant, scopes, shards) = (snapshot.id.clone(), record.scopes.clone(), snapshot.shards.clone());
    Ok(Caller { tenant, key: record.id.clone(), scopes, shards, snapshot })
}

/// A tenant with the id of the caller's key, if he shows one of this tenant; nothing if there is no such tenant. What
/// else he shows is not for us.
pub async fn of_gateway(
    app: &App,
    trace: &Trace,
    tenant: &str,
    header: Option<&str>,
) -> Result<Option<(Rc<Snapshot>, Option<String>)>, Problem> {
    let now_ms = call::now_ms();
    let key = bearer(header).ok().and_then(ApiKey::parse).filter(|key| key.tenant == tenant);
    let known = |snapshot: &Snapshot| {
        let record = key.as_ref().and_then(|key| snapshot.key(&key.id, &key.hash(&app.pepper), now_ms));
        record.map(|record| record.id.clone())
    };
    if let Some(snapshot) = kept(tenant, now_ms) {
        let id = known(&snapshot);
        // A key that the kept snapshot lacks may be newer than it.
        if id.is_some() || key.is_none() {
            return Ok(Some((snapshot, id)));
        }
    }
    if !is_tenant_id(tenant) {
        return Ok(None);
    }
    match fetch(app, trace, tenant, now_ms).await {
        Ok(snapshot) => Ok(Some((Rc::clone(&snapshot), known(&snapshot)))),
        Err(problem) if problem.code == Code::CredentialInvalid => Ok(None),
        Err(problem) => Err(problem),
    }
}

/// A tenant as it is, past what is kept.
pub async fn current(app: &App, trace: &Trace, tenant: &str) -> Result<Rc<Snapshot>, Problem> {
    fetch(app, trace, tenant, call::now_ms()).await
}

/// How many shards a tenant has now, past what is kept.
pub async fn shards(app: &App, trace: &Trace, tenant: &str) -> Result<Shards, Problem> {
    fetch(app, trace, tenant, call::now_ms()).await.map(|snapshot| snapshot.shards.clone())
}

fn kept(tenant: &str, now_ms: u64) -> Option<Rc<Snapshot>> {
    SNAPSHOTS.with_borrow(|all| {
        let kept = all.get(tenant)?;
        (now_ms.saturating_sub(kept.fetched_ms) < SNAPSHOT_FRESH_MS).then(|| Rc::clone(&kept.snapshot))
    })
}

async fn fetch(app: &App, trace: &Trace, tenant: &str, now_ms: u64) -> Result<Rc<Snapshot>, Problem> {
    let reply = call::ask(&app.env, Address::tenant(tenant), trace, Request::Snapshot).await;
    let snapshot = match reply {
        Ok(Reply::Snapshot(snapshot)) => snapshot,
        Ok(_) => return Err(Problem::internal()),
        // Whether a tenant exists is nobody's business who lacks a key of it.
        Err(problem) if problem.code == Code::ResourceUnknown => return Err(invalid()),
        Err(problem) => return Err(problem),
    };
    Ok(keep(tenant, snapshot, now_ms))
}

/// Keeps a tenant as its object has just described it.
pub fn keep(tenant: &str, snapshot: Snapshot, now_ms: u64) -> Rc<Snapshot> {
    let snapshot = Rc::new(snapshot);
    SNAPSHOTS.with_borrow_mut(|all| {
        if all.len() >= SNAPSHOTS_MAX {
            all.retain(|_, kept| now_ms.saturating_sub(kept.fetched_ms) < SNAPSHOT_FRESH_MS);
        }
        if all.len() < SNAPSHOTS_MAX {
            all.insert(tenant.to_owned(), Kept { snapshot: Rc::clone(&snapshot), fetched_ms: now_ms });
        }
    });
    snapshot
}

fn bearer(header: Option<&str>) -> Result<&str, Problem> {
    let Some(value) = header else {
        return Err(Problem::new(Code::CredentialMissing, "send Authorization: Bearer <key>"));
    };
    let (scheme, token) = value.split_once(' ').ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(invalid()) }
}

fn invalid() -> Problem {
    Problem::new(Code::CredentialInvalid, "the credential is misspelt, revoked, over or of another deployment")
}
