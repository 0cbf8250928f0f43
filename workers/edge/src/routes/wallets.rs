//! Wallets of the caller's tenant, and the pages of every list that the Tenant object keeps.

use aion_api::Address;
use aion_api::object::tenant::{self, ListKind};
use aion_api::object::wallet::{Charter, Reply, Request};
use aion_api::problem::Problem;
use aion_api::v1::List;
use aion_api::v1::dry_run::{DryRun, DryRunResult, OnChain};
use aion_api::v1::wallets::CreateWallet;
use http::StatusCode;
use http::header::LOCATION;

use crate::answer::{self, Answer};
use crate::ask::Ask;

pub async fn create(ask: Ask) -> Result<Answer, Problem> {
    let body: CreateWallet = ask.json()?;
    body.check()?;
    let idempotency = ask.idempotency("/v1/wallets")?;
    let tenant = &ask.caller()?.tenant;
    let id = aion_api::ids::wallet_id(tenant, &idempotency.key);
    let CreateWallet { label, identity, recovery, documents, approval } = body;
    let charter = Charter { label, identity, recovery, documents, approval };
    let request = Request::Create { idempotency, charter, reply: None };
    let Reply::Wallet { wallet, replayed } = ask.object(Address::wallet(tenant, &id), request).await? else {
        return Err(Problem::internal());
    };
    let answer = answer::json(StatusCode::ACCEPTED, &wallet)?;
    Ok(answer::replayed(answer::with(answer, LOCATION, &format!("/v1/wallets/{id}")), replayed))
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    page_of(&ask, ListKind::Wallet).await
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let Reply::Wallet { wallet, .. } = ask.object(address(&ask)?, Request::Read).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &wallet)
}

pub async fn recovery(ask: Ask) -> Result<Answer, Problem> {
    let Reply::Recovery { kits } = ask.object(address(&ask)?, Request::Recovery).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &kits)
}

pub async fn operation(ask: Ask) -> Result<Answer, Problem> {
    let op = ask.param("op").parse().map_err(|_| Problem::unknown("operation"))?;
    let Reply::Operation { operation } = ask.object(address(&ask)?, Request::Operation { op }).await? else {
        return Err(Problem::internal());
    };
    answer::json(StatusCode::OK, &operation)
}

/// What would become of an operation: nothing is reserved, signed or sent.
pub async fn dry_run(ask: Ask) -> Result<Answer, Problem> {
    let body: DryRun = ask.json()?;
    let address = address(&ask)?;
    let (action, approval) = body.operation(ask.param("id"))?;
    let Reply::Judged { address, judgement, call } = ask.object(address, Request::Judge { action, approval }).await?
    else {
        return Err(Problem::internal());
    };
    let chain = match kernel_do::chain::estimate(&ask.app.env, address, &call).await? {
        Ok(gas) => OnChain { works: true, gas: Some(gas.to_string()), reason: None },
        Err(reason) => OnChain { works: false, gas: None, reason: Some(reason) },
    };
    answer::json(StatusCode::OK, &DryRunResult::new(ask.param("id"), address, judgement, chain))
}

/// A page of a list that the Tenant object keeps.
pub async fn page_of(ask: &Ask, list: ListKind) -> Result<Answer, Problem> {
    let page = ask.page(list.as_str())?;
    let address = Address::tenant(&ask.caller()?.tenant);
    let tenant::Reply::Entries { entries, last, more } =
        ask.object(address, tenant::Request::List { list, page }).await?
    else {
        return Err(Problem::internal());
    };
    let items = entries.into_iter().map(|entry| entry.summary).collect();
    let next_cursor = match last.filter(|_| more) {
        Some(last) => Some(ask.cursor(list.as_str(), &last)?),
        None => None,
    };
    answer::json(StatusCode::OK, &List::<serde_json::Value> { items, next_cursor })
}

fn address(ask: &Ask) -> Result<Address, Problem> {
    let id = ask.param("id");
    let well_formed = id.strip_prefix("wal_").is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    if well_formed { Ok(Address::wallet(&ask.caller()?.tenant, id)) } else { Err(Problem::unknown("wallet")) }
}
