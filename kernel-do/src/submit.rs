//! Submitting a task to the shard that its key belongs to, wherever that was before the tenant grew.

use aion_api::idempotency::Idempotency;
use aion_api::object::kernel::{Reply, Request};
use aion_api::object::tenant;
use aion_api::problem::{Code, Problem};
use aion_api::shards::Shards;
use aion_api::trace::Trace;
use aion_api::v1::definitions::{Definition, read_reference};
use aion_api::{Address, ids};
use aion_shell::call::{self, ask_for, now_ms};
use serde_json::Value;
use worker::Env;

/// A task that is to be submitted.
pub struct Submission<'a> {
    /// Whose it is.
    pub tenant: &'a str,
    /// The API key in whose name it is submitted, if it is a caller's.
    pub key: Option<&'a str>,
    /// The request that it is a part of.
    pub trace: &'a Trace,
    /// The caller's key.
    pub idempotency: Idempotency,
    /// The definition.
    pub definition: Value,
    /// The input.
    pub input: Value,
}

/// What came of it.
pub struct Submitted {
    /// The task's public view.
    pub task: Value,
    /// Whether it was submitted before, and this is the first answer again.
    pub replayed: bool,
}

/// A tenant's kernel shards, as they are now.
pub async fn shards(env: &Env, tenant: &str, trace: &Trace) -> Result<Shards, Problem> {
    match call::ask(env, Address::tenant(tenant), trace, tenant::Request::Snapshot).await? {
        tenant::Reply::Snapshot(snapshot) => Ok(snapshot.shards),
        _ => Err(Problem::internal()),
    }
}

/// A stored definition by `name` or `name@version`.
pub async fn stored(
    env: &Env,
    tenant: &str,
    key: Option<&str>,
    trace: &Trace,
    reference: &str,
) -> Result<Definition, Problem> {
    let (name, version) = read_reference(reference)?;
    let request = tenant::Request::ReadDefinition { name: name.to_owned(), version };
    match ask_for(env, Address::tenant(tenant), key, trace, request).await {
        Ok(tenant::Reply::Definition(found)) => Ok(found),
        Ok(_) => Err(Problem::internal()),
        Err(problem) if problem.code == Code::ResourceUnknown => {
            Err(Problem::invalid("/definition", format!("there is no definition {reference}")))
        }
        Err(problem) => Err(problem),
    }
}

/// Submits a task. [`Code::ShardMoved`] says that the tenant has more shards than the caller knows.
pub async fn submit(env: &Env, shards: &Shards, new: &Submission<'_>) -> Result<Submitted, Problem> {
    let home = shards.home(new.tenant, &new.idempotency.key, now_ms());
    for shard in home.before {
        let request = Request::Recall { idempotency: new.idempotency.clone() };
        match ask(env, shard, new, request).await {
            Err(problem) if problem.code == Code::ResourceUnknown => {}
            known => return known,
        }
    }
    let (idempotency, definition, input) = (new.idempotency.clone(), new.definition.clone(), new.input.clone());
    ask(env, home.shard, new, Request::Submit { idempotency, definition, input }).await
}

/// The id that a task has if it is accepted now.
#[must_use]
pub fn task_id(shards: &Shards, tenant: &str, key: &str) -> String {
    ids::task_id(tenant, key, shards.home(tenant, key, now_ms()).shard)
}

async fn ask(env: &Env, shard: u8, new: &Submission<'_>, request: Request) -> Result<Submitted, Problem> {
    match ask_for(env, Address::kernel(new.tenant, shard), new.key, new.trace, request).await? {
        Reply::Accepted { task, replayed } => Ok(Submitted { task, replayed }),
        _ => Err(Problem::internal()),
    }
}
