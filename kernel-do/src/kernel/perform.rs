//! Calls that leave a shard, and what their answers mean for the step that waits.

use std::time::Duration;

use aion_api::Address;
use aion_api::idempotency::Idempotency;
use aion_api::object::identity::Change;
use aion_api::object::{StepAddress, identity, wallet};
use aion_api::problem::{Code, Problem};
use aion_shell::call;
use aion_task::{Call, Outcome, ids};
use alloy_primitives::{Address as Contract, Bytes};
use futures_util::future::{Either, select};
use serde_json::json;
use worker::{Delay, Env};

use super::shard::Outgoing;
use super::{function, http, mind};
use crate::chain;

/// An answer may take this long: a little less than the lease, so that a late one does not meet the next lease.
const PATIENCE: Duration = Duration::from_secs(25);
/// The body of a step's request never changes under its key: the call is stored with the step.
const STEP_BODY: &str = "step";
/// A step changes an identity whatever its version is (RFC 9110 section 13.1.1).
const ANY_VERSION: &str = "*";

/// Performs a call. The error says why nothing is known of it.
pub(super) async fn perform(env: &Env, outgoing: &Outgoing) -> Result<Outcome, String> {
    let answer = std::pin::pin!(answer(env, outgoing));
    match select(answer, Delay::from(PATIENCE)).await {
        Either::Left((Ok(outcome), _)) => outcome,
        Either::Left((Err(problem), _)) => meaning(&outgoing.effect.call, problem),
        Either::Right(_) => Err("no answer came in time".to_owned()),
    }
}

/// The problem is one of the platform's; within it stands what the call came to, or why nobody knows.
async fn answer(env: &Env, outgoing: &Outgoing) -> Result<Result<Outcome, String>, Problem> {
    let Outgoing { tenant, trace, effect, .. } = outgoing;
    let idempotency = || Idempotency { key: effect.key.clone(), body_hash: STEP_BODY.to_owned() };
    match &effect.call {
        Call::IdentityCreate { id } => {
            let request = identity::Request::Create { idempotency: idempotency() };
            match call::ask(env, Address::identity(tenant, id), trace, request).await? {
                identity::Reply::Identity { identity, .. } => Ok(Ok(Outcome::Done { output: identity })),
                _ => Err(Problem::internal()),
            }
        }
        Call::IdentityUpdate { id, services, also_known_as } => {
            let change = Change { services: services.clone(), also_known_as: also_known_as.clone() };
            let (if_match, key) = (ANY_VERSION.to_owned(), Some(effect.key.clone()));
            let request = identity::Request::Update { if_match, change, key };
            match call::ask(env, Address::identity(tenant, id), trace, request).await? {
                identity::Reply::Identity { identity, .. } => Ok(Ok(Outcome::Done { output: identity })),
                _ => Err(Problem::internal()),
            }
        }
        Call::WalletCreate { label, identity, recovery, documents, approval } => {
            let charter = wallet::Charter {
                label: label.clone(),
                identity: identity.clone(),
                recovery: recovery.clone(),
                documents: documents.clone(),
                approval: approval.clone(),
            };
            let (idempotency, reply) = (idempotency(), Some(reply(outgoing)));
            let request = wallet::Request::Create { idempotency, charter, reply };
            step(env, outgoing, &ids::wallet_id(tenant, &effect.key), request).await.map(Ok)
        }
        Call::Operate { wallet, action, approval } => {
            let (key, action, approval) = (effect.key.clone(), action.clone(), approval.clone());
            let request = wallet::Request::Operate { key, action, approval, reply: reply(outgoing) };
            step(env, outgoing, wallet, request).await.map(Ok)
        }
        Call::Sign { wallet, document } => {
            let (key, document) = (effect.key.clone(), document.clone());
            let request = wallet::Request::Sign { key, document, reply: reply(outgoing) };
            step(env, outgoing, wallet, request).await.map(Ok)
        }
        Call::ContractRead { to, data } => read(env, *to, data.clone()).await.map(Ok),
        Call::FunctionRun { function, input } => function::perform(env, outgoing, function, input).await,
        Call::Mind { kind, input } => mind::perform(env, outgoing, kind, input).await.map(Ok),
        Call::HttpRequest(request) => http::perform(env, outgoing, request).await,
    }
}

async fn step(env: &Env, out: &Outgoing, wallet: &str, request: wallet::Request) -> Result<Outcome, Problem> {
    match call::ask(env, Address::wallet(&out.tenant, wallet), &out.trace, request).await? {
        wallet::Reply::Step { outcome } => Ok(outcome),
        _ => Err(Problem::internal()),
    }
}

async fn read(env: &Env, to: Contract, data: Bytes) -> Result<Outcome, Problem> {
    let returned = chain::call_contract(env, to, data).await?;
    Ok(Outcome::Done { output: json!({ "data": returned }) })
}

/// Where the end of a step is reported.
pub(super) fn reply(outgoing: &Outgoing) -> StepAddress {
    StepAddress {
        shard: ids::shard(&outgoing.task).unwrap_or_default(),
        task: outgoing.task.clone(),
        step: outgoing.effect.step.clone(),
        epoch: outgoing.effect.epoch,
    }
}

/// What a problem says about the work: a refusal is final, an absence known before the work can be retried, and after
/// any other fault nobody knows whether the work was done.
fn meaning(call: &Call, problem: Problem) -> Result<Outcome, String> {
    let Problem { code, detail, .. } = problem;
    let harmless = matches!(call, Call::ContractRead { .. } | Call::FunctionRun { .. } | Call::HttpRequest(_));
    match code {
        Code::RequestRunning => Ok(Outcome::Pending),
        Code::GuardianUnavailable | Code::ChainUnavailable | Code::LimitReached => Ok(retry(code, detail)),
        code if code.status() < 500 => Ok(Outcome::Fatal { code: code.as_str().to_owned(), reason: detail }),
        _ if harmless => Ok(retry(code, detail)),
        _ => Err(detail),
    }
}

fn retry(code: Code, reason: String) -> Outcome {
    Outcome::Retry { code: code.as_str().to_owned(), reason, after_ms: 0 }
}
