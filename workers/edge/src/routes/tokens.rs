//! Tokens: each write is a task of one step.

use aion_api::object::tenant::ListKind;
use aion_api::problem::{Code, Problem};
use aion_api::v1::tasks::SubmitTask;
use aion_api::v1::tokens::{Address, Balance, CreateToken, Mint, Transfer, balance_call, read_address, read_balance};
use futures_util::FutureExt;
use http::StatusCode;

use super::tasks::submit_task;
use super::wallets::page_of;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::kept::{self, Kept};

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

pub async fn balance(ask: Ask) -> Result<Answer, Problem> {
    let (token, holder) = (address(&ask, "address")?, address(&ask, "holder")?);
    let made = async {
        let words = kernel_do::chain::call_contract(&ask.app.env, token, balance_call(holder)).await?;
        let balance = read_balance(&words).ok_or_else(|| Problem::unknown("token"))?;
        let (token, holder) = (token.to_checksum(None), holder.to_checksum(None));
        let body = serde_json::to_vec(&Balance { token, holder, balance }).map_err(|_| Problem::internal())?;
        Ok(Kept { status: StatusCode::OK, media_type: "application/json", body: body.into(), version: None })
    };
    let (kept, status) = kept::served(format!("{token}\n{holder}"), kept::CHAIN, made.boxed_local()).await?;
    Ok(kept.answer(status))
}

fn task(task: Result<SubmitTask, serde_json::Error>) -> Result<SubmitTask, Problem> {
    task.map_err(|_| Problem::internal())
}

fn address(ask: &Ask, name: &str) -> Result<Address, Problem> {
    let malformed = || Problem::new(Code::RequestMalformed, format!("{name} is not an address with a right check sum"));
    read_address(ask.param(name)).ok_or_else(malformed)
}
