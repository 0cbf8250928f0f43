//! What a lane reads from the chain before it offers an operation, and while it waits for it.

use aion_chain::action::Deployment;
use aion_chain::contracts::AionAccount;
use aion_chain::fees::{Fees, HISTORY_BLOCKS, PERCENTILE};
use aion_chain::ledger::{Look, Mined, Quote, Simulation};
use aion_chain::message::Carry;
use aion_chain::operation::delegate_of;
use aion_chain::rpc::{self, FeeHistory, Receipt, RpcError};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_sol_types::{SolCall, SolEvent};
use futures_util::future::{try_join, try_join4};
use serde::Deserialize;
use serde_json::json;

use crate::chain::{Chain, ChainError};

/// An operation that another carrier took is looked for in so many blocks: a day of Polygon, many times as long as an
/// operation is valid.
const SEARCH_BLOCKS: u64 = 45_000;

/// Reads everything that is needed to offer an operation.
///
/// The order matters. The final block comes first: an operation whose deadline is before it can only have been used in
/// a block that the later reads see. The simulation comes before the question whether the number is used, so that
/// another carrier who was faster is found and not taken for a revert.
pub async fn quote(chain: &Chain, deployment: &Deployment, payer: Address, carry: &Carry) -> Result<Quote, ChainError> {
    let final_timestamp_s = chain.final_block().await?.timestamp.to();
    let (code, account_nonce, final_nonce, fees) = try_join4(
        chain.ask::<Bytes>("eth_getCode", json!([carry.address, "latest"])),
        nonce(chain, payer, "latest"),
        nonce(chain, payer, "finalized"),
        fees(chain, deployment.chain_id),
    )
    .await?;
    let delegated = delegate_of(&code) == Some(deployment.account_implementation);
    let simulation = simulate(chain, payer, carry, delegated).await?;
    let used_by = used_by(chain, carry).await?;
    Ok(Quote { account_nonce, final_nonce, delegated, fees, simulation, used_by, final_timestamp_s })
}

/// Reads what became of the transactions of an operation.
pub async fn look(chain: &Chain, chain_id: u64, payer: Address, hashes: &[B256]) -> Result<Look, ChainError> {
    for hash in hashes.iter().rev() {
        let receipt = chain.ask::<Option<Receipt>>("eth_getTransactionReceipt", json!([hash])).await?;
        if let Some(receipt) = receipt {
            return mined(chain, receipt).await;
        }
    }
    let (final_nonce, fees) = try_join(nonce(chain, payer, "finalized"), fees(chain, chain_id)).await?;
    Ok(Look::Missing { final_nonce, fees })
}

/// The final block is read before the block of the receipt, so that the hash is one of a final block, not the other
/// way round.
async fn mined(chain: &Chain, receipt: Receipt) -> Result<Look, ChainError> {
    let final_number = chain.final_block().await?.number.to();
    let block = chain.block(receipt.block_number.to()).await?;
    let receipt = Mined {
        transaction_hash: receipt.transaction_hash,
        block_number: receipt.block_number.to(),
        block_hash: receipt.block_hash,
        succeeded: receipt.status == U64::from(1),
        gas_used: receipt.gas_used.to(),
        logs: receipt.logs,
    };
    Ok(Look::Mined { receipt, final_number, canonical_hash: block.map(|block| block.hash) })
}

async fn nonce(chain: &Chain, payer: Address, block: &str) -> Result<u64, ChainError> {
    chain.ask::<U64>("eth_getTransactionCount", json!([payer, block])).await.map(|nonce| nonce.to())
}

async fn fees(chain: &Chain, chain_id: u64) -> Result<Fees, ChainError> {
    let params = json!([format!("0x{HISTORY_BLOCKS:x}"), "latest", [PERCENTILE]]);
    let history: FeeHistory = chain.ask("eth_feeHistory", params).await?;
    let base = history.base_fee_per_gas.last().map_or(0, |fee| fee.to());
    let rewards: Vec<u128> = history.reward.iter().filter_map(|block| block.first()).map(|fee| fee.to()).collect();
    Ok(Fees::estimate(chain_id, base, &rewards))
}

/// Carries the operation out without a transaction, from the payer's address and with the delegation if it is needed.
async fn simulate(chain: &Chain, payer: Address, carry: &Carry, delegated: bool) -> Result<Simulation, ChainError> {
    let data = carry.operation.execute_calldata(&carry.signature);
    let delegations = if delegated { &[][..] } else { std::slice::from_ref(&carry.delegation) };
    let call = rpc::call(Some(payer), carry.address, &data, delegations);
    Ok(chain.estimate(&call).await?.map_or_else(Simulation::Reverts, Simulation::Gas))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    transaction_hash: B256,
}

/// The transaction that used the operation's number, if one did. An address without code answers nothing: it used none.
async fn used_by(chain: &Chain, carry: &Carry) -> Result<Option<B256>, ChainError> {
    let op = U256::from(carry.operation.op);
    let data: Bytes = AionAccount::isOperationUsedCall { op }.abi_encode().into();
    let answer: Bytes = chain.ask("eth_call", json!([rpc::call(None, carry.address, &data, &[]), "latest"])).await?;
    if !answer.iter().any(|byte| *byte != 0) {
        return Ok(None);
    }
    let from = chain.block_number().await?.saturating_sub(SEARCH_BLOCKS);
    let topics = [AionAccount::OperationExecuted::SIGNATURE_HASH, B256::from(op)];
    let filter = json!([{ "address": carry.address, "fromBlock": format!("0x{from:x}"), "topics": topics }]);
    let found: Vec<Found> = chain.ask("eth_getLogs", filter).await?;
    // Used, and not found: the node is behind itself, and the next look finds it.
    found.first().map(|log| Some(log.transaction_hash)).ok_or(ChainError::Node(RpcError::Unreadable))
}
