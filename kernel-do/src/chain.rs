//! The chain, as the shells reach it: JSON-RPC over HTTPS, bounded in time.

use std::time::Duration;

use aion_api::problem::{Code, Problem};
use aion_chain::action::{Call, Deployment};
use aion_chain::revert;
use aion_chain::rpc::{self, Block, RpcError};
use aion_shell::call::{bounded, fault};
use alloy_primitives::{Address, Bytes, U64};
use futures_util::future::{Either, select};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use worker::wasm_bindgen::JsValue;
use worker::{AbortController, Env, Fetch, Headers, Method, RequestInit};

/// A node has this long for one answer: Polygon's public endpoints answer within two seconds or not at all.
const PATIENCE_MS: u64 = 5_000;
/// An answer may have this many bytes; a receipt of a batch has below 100 kB, a log some 600 bytes.
const ANSWER_MAX_BYTES: usize = 2 * 1024 * 1024;

/// What callers are told then.
pub(crate) const SILENT: &str = "the chain's endpoint does not answer";

/// Why the chain gave no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainError {
    /// Nothing came, or nothing that can be read: whether the node did anything is unknown.
    Unreachable,
    /// The answer is longer than what is read of one: whoever asked can ask for less.
    TooLarge,
    /// The node answered an error.
    Node(RpcError),
}

/// One endpoint of a chain.
pub struct Chain {
    url: String,
}

/// The contracts of this deployment, the variable `CHAIN_137`.
pub fn deployment(env: &Env) -> Result<Deployment, Problem> {
    let text = env.var("CHAIN_137").map_err(|error| fault("CHAIN_137", &error))?.to_string();
    serde_json::from_str(&text).map_err(|error| fault("CHAIN_137", &error))
}

/// Calls a view function at the latest block. A revert and an address without code give no bytes.
pub async fn call_contract(env: &Env, to: Address, data: Bytes) -> Result<Bytes, Problem> {
    call_at(env, to, &data, json!("latest")).await
}

/// The same at the block of a hash (EIP-1898): whoever asks again gets the same.
pub async fn call_at_block(env: &Env, to: Address, data: &Bytes, hash: &str) -> Result<Bytes, Problem> {
    call_at(env, to, data, json!({ "blockHash": hash })).await
}

async fn call_at(env: &Env, to: Address, data: &Bytes, block: Value) -> Result<Bytes, Problem> {
    let chain = Chain::connect(env)?;
    match chain.ask("eth_call", json!([rpc::call(None, to, data, &[]), block])).await {
        Ok(bytes) => Ok(bytes),
        Err(ChainError::Node(RpcError::Reverted(_))) => Ok(Bytes::new()),
        Err(_) => Err(silent()),
    }
}

/// What a node says of a call that an address would make now: its gas, or why it would revert.
pub async fn estimate(env: &Env, from: Address, call: &Call) -> Result<Result<u64, String>, Problem> {
    Chain::connect(env)?.estimate(&rpc::call(Some(from), call.to, &call.data, &[])).await.map_err(|_| silent())
}

/// The newest block.
pub async fn newest_block(env: &Env) -> Result<Block, Problem> {
    Chain::connect(env)?.ask("eth_getBlockByNumber", json!(["latest", false])).await.map_err(|_| silent())
}

fn silent() -> Problem {
    Problem::new(Code::ChainUnavailable, SILENT)
}

impl Chain {
    /// The endpoint in the secret `RPC_URL_137`.
    pub fn connect(env: &Env) -> Result<Self, Problem> {
        let url = env.secret("RPC_URL_137").map_err(|error| fault("RPC_URL_137", &error))?.to_string();
        Ok(Self { url })
    }

    /// Asks the node.
    pub async fn ask<T: DeserializeOwned>(&self, method: &str, params: Value) -> Result<T, ChainError> {
        let answer = self.exchange(rpc::request(method, &params)).await?;
        rpc::read(&answer).map_err(|error| match error {
            RpcError::Unreadable => ChainError::Unreachable,
            other => ChainError::Node(other),
        })
    }

    /// What is the same for answers of all types stands in the script once.
    async fn exchange(&self, body: Vec<u8>) -> Result<Vec<u8>, ChainError> {
        let controller = AbortController::default();
        let signal = controller.signal();
        let answer = self.post(body, &signal);
        let patience = worker::Delay::from(Duration::from_millis(PATIENCE_MS));
        let read = match select(std::pin::pin!(answer), patience).await {
            Either::Left((Ok(body), _)) => body.ok_or(ChainError::TooLarge),
            Either::Left((Err(_), _)) | Either::Right(_) => Err(ChainError::Unreachable),
        };
        if read.is_err() {
            controller.abort();
        }
        read
    }

    /// The node's answer; nothing if it is too large, of which no more is read than shows that.
    async fn post(&self, body: Vec<u8>, signal: &worker::AbortSignal) -> worker::Result<Option<Vec<u8>>> {
        let headers = Headers::new();
        headers.set("content-type", "application/json")?;
        let mut init = RequestInit::new();
        let body = String::from_utf8(body).unwrap_or_default();
        init.with_method(Method::Post).with_headers(headers).with_body(Some(JsValue::from_str(&body)));
        let request = worker::Request::new_with_init(&self.url, &init)?;
        bounded(&mut Fetch::Request(request).send_with_signal(signal).await?, ANSWER_MAX_BYTES).await
    }

    /// The gas of a call, or why it would revert. Any other refusal, such as a payer without funds, says nothing about
    /// the call.
    pub async fn estimate(&self, call: &Value) -> Result<Result<u64, String>, ChainError> {
        match self.ask::<U64>("eth_estimateGas", json!([call])).await {
            Ok(gas) => Ok(Ok(gas.to())),
            Err(ChainError::Node(RpcError::Reverted(data))) => Ok(Err(revert::explain(&data))),
            Err(error) => Err(error),
        }
    }

    /// The newest block that is final.
    pub async fn final_block(&self) -> Result<Block, ChainError> {
        self.ask("eth_getBlockByNumber", json!(["finalized", false])).await
    }

    /// The block of this number; none if the node has no such block yet.
    pub async fn block(&self, number: u64) -> Result<Option<Block>, ChainError> {
        self.ask("eth_getBlockByNumber", json!([U64::from(number), false])).await
    }

    /// The number of the newest block.
    pub async fn block_number(&self) -> Result<u64, ChainError> {
        self.ask::<U64>("eth_blockNumber", json!([])).await.map(|number| number.to())
    }
}
