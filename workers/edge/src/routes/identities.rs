//! Identities of the caller's tenant.

use aion_api::Address;
use aion_api::object::identity::{Reply, Request};
use aion_api::object::tenant::ListKind;
use aion_api::problem::{Code, Problem};
use aion_api::v1::identities::{CreateIdentity, UpdateIdentity, is_id};
use http::StatusCode;
use http::header::{ETAG, IF_MATCH, IF_NONE_MATCH, LOCATION};

use super::wallets::page_of;
use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::kept;

pub async fn create(ask: Ask) -> Result<Answer, Problem> {
    let body: CreateIdentity = ask.json()?;
    let id = body.id()?;
    let idempotency = ask.idempotency("/v1/identities")?;
    let address = Address::identity(&ask.caller()?.tenant, &id);
    let (identity, version, replayed) = identity(ask.object(address, Request::Create { idempotency }).await?)?;
    kept::forget();
    let answer = answer::json(StatusCode::CREATED, &identity)?;
    let answer = answer::with(answer, LOCATION, &format!("/v1/identities/{id}"));
    Ok(answer::replayed(answer::with(answer, ETAG, &answer::etag(&version)), replayed))
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    page_of(&ask, ListKind::Identity).await
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let (identity, version, _) = identity(ask.object(address(&ask)?, Request::Read).await?)?;
    versioned(&ask, &identity, &version)
}

pub async fn update(ask: Ask) -> Result<Answer, Problem> {
    let change: UpdateIdentity = ask.json()?;
    let Some(if_match) = ask.header(IF_MATCH.as_str()) else {
        return Err(Problem::new(Code::PreconditionRequired, "send If-Match with the ETag that you read"));
    };
    let if_match = if_match.trim().trim_matches('"').to_owned();
    let reply = ask.object(address(&ask)?, Request::Update { if_match, change, key: None }).await?;
    let (identity, version, _) = identity(reply)?;
    kept::forget();
    Ok(answer::with(answer::json(StatusCode::OK, &identity)?, ETAG, &answer::etag(&version)))
}

fn address(ask: &Ask) -> Result<Address, Problem> {
    let id = ask.param("id");
    if is_id(id) { Ok(Address::identity(&ask.caller()?.tenant, id)) } else { Err(Problem::unknown("identity")) }
}

fn identity(reply: Reply) -> Result<(serde_json::Value, String, bool), Problem> {
    match reply {
        Reply::Identity { identity, version_id, replayed } => Ok((identity, version_id, replayed)),
        _ => Err(Problem::internal()),
    }
}

fn versioned(ask: &Ask, identity: &serde_json::Value, version: &str) -> Result<Answer, Problem> {
    let etag = answer::etag(version);
    let current = answer::is_current(ask.header(IF_NONE_MATCH.as_str()), &etag);
    let answer =
        if current { answer::empty(StatusCode::NOT_MODIFIED) } else { answer::json(StatusCode::OK, identity)? };
    Ok(answer::with(answer, ETAG, &etag))
}
