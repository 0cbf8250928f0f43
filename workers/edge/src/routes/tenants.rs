//! Tenants: made by the operator.

use aion_api::key::{ApiKey, KEY_RANDOM_BYTES, KeyRecord, TENANT_CHARS, base62};
use aion_api::object::tenant::{Reply, Request};
use aion_api::problem::Problem;
use aion_api::v1::keys::{Key, KeyCreated};
use aion_api::v1::tenants::{CreateTenant, Shards, TenantCreated};
use aion_api::{Address, Scope, limits};
use aion_shell::call;
use http::StatusCode;

use crate::answer::{self, Answer};
use crate::ask::Ask;

pub async fn create(ask: Ask) -> Result<Answer, Problem> {
    let body: CreateTenant = ask.json()?;
    limits::check_name("/name", &body.name)?;
    let mode = ask.app.mode;
    let tenant = base62(&random::<TENANT_CHARS>()?);
    let (key, record) = new_key(&ask, &tenant, "first", Scope::ALL.to_vec())?;
    let request = Request::Create { name: body.name, mode, key: record.clone() };
    let Reply::Snapshot(snapshot) = ask.object(Address::tenant(&tenant), request).await? else {
        return Err(Problem::internal());
    };
    let created = TenantCreated {
        id: snapshot.id,
        name: snapshot.name,
        mode,
        created_at: aion_api::time::rfc3339(snapshot.created_ms),
        key: KeyCreated { api_key: key.text().expose().clone(), key: view(&record) },
    };
    answer::json(StatusCode::CREATED, &created)
}

pub async fn read_shards(ask: Ask) -> Result<Answer, Problem> {
    let request = Request::Snapshot;
    let Reply::Snapshot(snapshot) = ask.object(Address::tenant(&ask.caller()?.tenant), request).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &Shards { shards: snapshot.shards.count })
}

pub async fn put_shards(ask: Ask) -> Result<Answer, Problem> {
    let Shards { shards } = ask.json()?;
    let request = Request::Grow { shards };
    let Reply::Shards { shards } = ask.object(Address::tenant(&ask.caller()?.tenant), request).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &Shards { shards })
}

/// A new key of a tenant: what is shown once, and what is stored.
pub fn new_key(ask: &Ask, tenant: &str, name: &str, scopes: Vec<Scope>) -> Result<(ApiKey, KeyRecord), Problem> {
    let key = ApiKey::generate(ask.app.mode, tenant, &random::<KEY_RANDOM_BYTES>()?);
    let hash = key.hash(&ask.app.pepper);
    let (id, created_ms) = (key.id.clone(), call::now_ms());
    let (expires_ms, member, made_by) = (None, None, None);
    let record = KeyRecord { id, name: name.to_owned(), scopes, hash, created_ms, expires_ms, member, made_by };
    Ok((key, record))
}

/// A key as it is listed.
pub fn view(record: &KeyRecord) -> Key {
    Key {
        id: record.id.clone(),
        name: record.name.clone(),
        scopes: record.scopes.clone(),
        created_at: aion_api::time::rfc3339(record.created_ms),
        expires_at: record.expires_ms.map(aion_api::time::rfc3339),
        member: record.member.clone(),
        created_by: record.made_by.clone(),
    }
}

/// Random bytes.
pub fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| call::fault("randomness", &error))?;
    Ok(bytes)
}
