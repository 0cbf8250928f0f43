//! API keys of the caller's tenant.

use aion_api::key::KeyRecord;
use aion_api::object::tenant::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::v1::List;
use aion_api::v1::keys::{CreateKey, KeyCreated};
use aion_api::{Address, Scope, limits};
use http::StatusCode;

use super::tenants::{new_key, view};
use crate::answer::{self, Answer};
use crate::ask::{Ask, Caller};
use crate::credential;

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    let reply = ask.object(Address::tenant(&ask.caller()?.tenant), Request::Snapshot).await?;
    let Reply::Snapshot(snapshot) = reply else {
        return Err(Problem::internal());
    };
    let items = snapshot.keys.iter().map(view).collect();
    answer::json(StatusCode::OK, &List { items, next_cursor: None })
}

pub async fn create(ask: Ask) -> Result<Answer, Problem> {
    let body: CreateKey = ask.json()?;
    limits::check_name("/name", &body.name)?;
    let caller = ask.caller()?;
    let scopes = given(caller, body.scopes)?;
    let (key, mut record) = new_key(&ask, &caller.tenant, &body.name, scopes)?;
    let own = caller.snapshot.keys.iter().find(|own| own.id == caller.key);
    record.made_by = own.and_then(KeyRecord::person).map(str::to_owned);
    let created = KeyCreated { api_key: key.text().expose().clone(), key: view(&record) };
    ask.object(Address::tenant(&caller.tenant), Request::AddKey { key: record }).await?;
    answer::json(StatusCode::CREATED, &created)
}

pub async fn revoke(ask: Ask) -> Result<Answer, Problem> {
    let request = Request::RevokeKey { id: ask.param("id").to_owned() };
    let tenant = &ask.caller()?.tenant;
    let done = ask.object(Address::tenant(tenant), request).await;
    credential::forget(tenant);
    done.map(|_| answer::empty(StatusCode::NO_CONTENT))
}

/// Scopes that a caller gives: none that it lacks itself.
pub fn given(caller: &Caller, mut scopes: Vec<Scope>) -> Result<Vec<Scope>, Problem> {
    scopes.sort_unstable();
    scopes.dedup();
    if scopes.is_empty() {
        return Err(Problem::invalid("/scopes", "at least one"));
    }
    match scopes.iter().find(|scope| !caller.scopes.contains(scope)) {
        None => Ok(scopes),
        Some(missing) => {
            Err(Problem::new(Code::ScopeMissing, format!("this key cannot give {missing}, which it lacks itself")))
        }
    }
}
