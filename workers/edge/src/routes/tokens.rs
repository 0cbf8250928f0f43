//! Tokens: each write is a task of one step.

use aion_api::Address as Place;
use aion_api::object::holders;
use aion_api::object::tenant::{self, ListKind};
use aion_api::problem::{Code, Problem};
use aion_api::v1::tasks::SubmitTask;
use aion_api::v1::tokens::{
    Address, Balance, CreateToken, Holders, Mint, TokenState, Transfer, balance_call, read_address, read_balance,
    supply_call,
};
use http::StatusCode;

use super::tasks::submit_task;
use super::wallets::page_of;
use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::chain::{self, Metadata};
use crate::kept;

pub async fn create(ask: Ask) -> Result<Answer, Problem> {
    let body: CreateToken = ask.json()?;
    submit_task(&ask, "/v1/tokens", task(body.task())?).await
}

pub async fn list(ask: Ask) -> Result<Answer, Problem> {
    page_of(&ask, ListKind::Token).await
}

pub async fn mint(ask: Ask) -> Result<Answer, Problem> {
    let token = address(&ask, "address")?;
    let body: Mint = ask.json()?;
    let token = token.to_checksum(None);
    submit_task(&ask, &format!("/v1/tokens/{token}/mint"), task(body.task(&token))?).await
}

pub async fn transfer(ask: Ask) -> Result<Answer, Problem> {
    let token = address(&ask, "address")?;
    let body: Transfer = ask.json()?;
    let token = token.to_checksum(None);
    submit_task(&ask, &format!("/v1/tokens/{token}/transfer"), task(body.task(&token))?).await
}

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let token = address(&ask, "address")?;
    let (app, unknown) = (&ask.app, || Problem::unknown("token"));
    let Metadata { name, symbol, decimals } = chain::metadata(app, token).await?;
    let block = chain::newest_block(app).await?;
    let (words, status) = chain::read(app, &block, token, supply_call()).await?;
    let address = token.to_checksum(None);
    let (name, total_supply) = (name.ok_or_else(unknown)?, read_balance(&words));
    let state = TokenState { address, name, symbol: symbol.unwrap_or_default(), decimals, total_supply, block };
    Ok(kept::marked(answer::json(StatusCode::OK, &state)?, status))
}

pub async fn balance(ask: Ask) -> Result<Answer, Problem> {
    let (token, holder) = (address(&ask, "address")?, address(&ask, "holder")?);
    let block = chain::newest_block(&ask.app).await?;
    let (words, status) = chain::read(&ask.app, &block, token, balance_call(holder)).await?;
    let balance = read_balance(&words).ok_or_else(|| Problem::unknown("token"))?;
    let (token, holder) = (token.to_checksum(None), holder.to_checksum(None));
    Ok(kept::marked(answer::json(StatusCode::OK, &Balance { token, holder, balance, block })?, status))
}

/// Who holds a token that the tenant has created; whoever else's is unknown.
pub async fn holders(ask: Ask) -> Result<Answer, Problem> {
    let token = address(&ask, "address")?.to_checksum(None);
    let list = format!("holders/{token}");
    let (page, tenant) = (ask.page(&list)?, &ask.caller()?.tenant);
    let wanted = tenant::Request::ReadEntry { list: ListKind::Token, id: token.clone() };
    let tenant::Reply::Entries { entries, .. } = ask.object(Place::tenant(tenant), wanted).await? else {
        return Err(Problem::internal());
    };
    let created = entries.first().and_then(|entry| {
        let (wallet, operation) = (entry.summary["wallet"].as_str()?, entry.summary["operation"].as_u64()?);
        Some(holders::Request::List { wallet: wallet.to_owned(), operation, page })
    });
    let place = Place::holders(tenant, ask.app.chain_id, &token);
    let read = ask.object(place, created.ok_or_else(|| Problem::unknown("token"))?).await?;
    let holders::Reply { holders, last, more, block, is_complete, count, supply } = read;
    let next_cursor = match last.filter(|_| more) {
        Some(last) => Some(ask.cursor(&list, &last)?),
        None => None,
    };
    answer::json(StatusCode::OK, &Holders { token, holders, block, is_complete, count, supply, next_cursor })
}

fn task(task: Result<SubmitTask, serde_json::Error>) -> Result<SubmitTask, Problem> {
    task.map_err(|_| Problem::internal())
}

fn address(ask: &Ask, name: &str) -> Result<Address, Problem> {
    let malformed = || Problem::new(Code::RequestMalformed, format!("{name} is not an address with a right check sum"));
    read_address(ask.param(name)).ok_or_else(malformed)
}
