//! The script that asks models, and what it has looked up or done by whoever has handed it a request.
//!
//! Everything is performed in the tenant's name and by way of the objects' own rules: a task is started once by its
//! key, and what a wallet is asked by such a task its policy judges like anything else.

use aion_api::idempotency::Idempotency;
use aion_api::object::header::{PROBLEM_HEADER, header_text};
use aion_api::object::mind::{Ask, GIVEN, Given, HANDED_HEADER, Handed, NEEDS_HEADER, NEEDS_MAX, Needs, SERVICE, Told};
use aion_api::object::{self, kernel, wallet};
use aion_api::problem::{Code, Problem};
use aion_api::{Address, ids};
use aion_chain::rpc::RpcError;
use aion_shell::call;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use worker::js_sys::Uint8Array;
use worker::{Env, Headers, Response, web_sys};

use crate::chain::{self, Chain, ChainError};
use crate::submit::{self, Submission};

/// The body of what the mind starts never changes under its key.
const START_BODY: &str = "mind";
/// The methods of a node that read, and no others.
const READS: [&str; 4] = ["eth_call", "eth_feeHistory", "eth_getBlockByNumber", "eth_getTransactionReceipt"];

/// Performs what only some of those who hand requests over can.
pub trait Further {
    /// Performs it, or says that it is not offered.
    fn perform<'a>(&'a self, ask: &'a Ask) -> LocalBoxFuture<'a, Result<Told, Problem>>;
}

/// Hands a request over, its body bytes or a stream; performs what is asked, and gives the answer as it is.
pub async fn answer(
    env: &Env,
    handed: &Handed,
    body: &JsValue,
    further: &dyn Further,
) -> Result<web_sys::Response, Problem> {
    let mut response = send(env, handed, body).await?;
    for _ in 0..NEEDS_MAX {
        let headers = response.headers();
        let has = |name: &str| headers.has(name).unwrap_or_default();
        let (refused, needs) = (has(PROBLEM_HEADER), has(NEEDS_HEADER));
        if !refused && !needs {
            return Ok(response);
        }
        let body = Response::from(response).bytes().await.map_err(|error| call::fault("mind answer", &error))?;
        if refused {
            return Err(object::read(&body).unwrap_or_else(|_| Problem::internal()));
        }
        let Needs { ticket, asks } = object::read(&body).map_err(|error| call::fault("mind needs", &error))?;
        let mut told = Vec::with_capacity(asks.len());
        for ask in &asks {
            let done = match ask {
                Ask::Verify { .. } | Ask::SignCard { .. } | Ask::Operation { .. } => further.perform(ask).await,
                _ => perform(env, handed, ask).await,
            };
            told.push(done.unwrap_or_else(Told::Problem));
        }
        let given = serde_json::to_vec(&Given { ticket, told }).map_err(|error| call::fault("mind given", &error))?;
        let given = Uint8Array::from(given.as_slice());
        response = send(env, &Handed { operation: GIVEN.to_owned(), ..handed.clone() }, &given).await?;
    }
    Err(call::fault("mind", &"it asks without an end"))
}

async fn send(env: &Env, handed: &Handed, body: &JsValue) -> Result<web_sys::Response, Problem> {
    let made = || {
        let headers = Headers::new();
        headers.set(HANDED_HEADER, &header_text(handed).map_err(|_| worker::Error::BadEncoding)?)?;
        let init = web_sys::RequestInit::new();
        init.set_method("POST");
        init.set_headers(headers.as_ref());
        init.set_body(body);
        Ok(web_sys::Request::new_with_str_and_init("https://mind/", &init)?)
    };
    let request = made().map_err(|error: worker::Error| call::fault("mind request", &error))?;
    call::send_script(env, SERVICE, &request).await
}

async fn perform(env: &Env, handed: &Handed, ask: &Ask) -> Result<Told, Problem> {
    let Handed { tenant, trace, key, .. } = handed;
    match ask {
        Ask::Wallet { wallet } => {
            match call::ask(env, Address::wallet(tenant, wallet), trace, wallet::Request::Facts).await? {
                wallet::Reply::Facts { address, policy, ledger } => Ok(Told::Wallet { address, policy, ledger }),
                _ => Err(Problem::internal()),
            }
        }
        Ask::Deployment => Ok(Told::Deployment(json!(chain::deployment(env)?))),
        Ask::Chain { method, params } => read(env, method, params.clone()).await,
        Ask::Place { key } => {
            Ok(Told::Placed { task: submit::task_id(&submit::shards(env, tenant, trace).await?, tenant, key) })
        }
        Ask::Start { key: under, definition, input } => {
            let idempotency = Idempotency { key: under.clone(), body_hash: START_BODY.to_owned() };
            let (key, definition, input) = (key.as_deref(), definition.clone(), input.clone());
            let new = Submission { tenant, key, trace, idempotency, definition, input };
            Ok(Told::Task { task: submit::submit(env, &submit::shards(env, tenant, trace).await?, &new).await?.task })
        }
        Ask::Task { task } => self::task(env, handed, task, kernel::Request::Read { task: task.clone() }).await,
        Ask::Cancel { task } => self::task(env, handed, task, kernel::Request::Cancel { task: task.clone() }).await,
        Ask::Verify { .. } | Ask::SignCard { .. } | Ask::Operation { .. } => Err(Problem::internal()),
    }
}

/// Asks the kernel about a task.
async fn task(env: &Env, handed: &Handed, id: &str, request: kernel::Request) -> Result<Told, Problem> {
    let shard = ids::shard(id).ok_or_else(|| Problem::unknown("task"))?;
    match call::ask(env, Address::kernel(&handed.tenant, shard), &handed.trace, request).await? {
        kernel::Reply::Task { task } => Ok(Told::Task { task }),
        _ => Err(Problem::internal()),
    }
}

async fn read(env: &Env, method: &str, params: Value) -> Result<Told, Problem> {
    if !READS.contains(&method) {
        return Err(call::fault("mind", &format_args!("{method} is no method that reads")));
    }
    match Chain::connect(env)?.ask(method, params).await {
        Ok(result) => Ok(Told::Chain(result)),
        Err(ChainError::Node(RpcError::Reverted(data))) => Ok(Told::Reverted { data: data.to_string() }),
        Err(_) => Err(Problem::new(Code::ChainUnavailable, "the chain's endpoint does not answer")),
    }
}
