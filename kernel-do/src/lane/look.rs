//! What a lane reads from the chain before it offers an operation, and while it waits for it.

use aion_chain::action::Deployment;
use aion_chain::contracts::AionAccount;
use aion_chain::fees::{Fees, HISTORY_BLOCKS, PERCENTILE};
use aion_chain::ledger::{Look, Mined, Offer, Quote, Simulation};
use aion_chain::message::Carry;
use aion_chain::operation::delegate_of;
use aion_chain::revert;
use aion_chain::rpc::{self, Block, FeeHistory, Receipt, RpcError};
use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_sol_types::{SolCall, SolEvent};
use serde::Deserialize;
use serde_json::json;

use crate::chain::{Chain, ChainError};

/// An operation that another carrier took is looked for in so many blocks: a day of Polygon, four times as long as an
/// operation is valid.
const SEARCH_BLOCKS: u64 = 45_000;

/// Reads everything that is needed to offer an operation.
pub async fn quote(
    chain: &Chain,
    deployment: &Deployment,
    payer: Address,
    carry: &Carry,
) -> Result<Quote, ChainError> {
    let code: Bytes = chain.ask("eth_getCode", json!([carry.address, "latest"])).await?;
    let delegated = delegate_of(&code) == Some(deployment.account_implementation);
    let used_by = if delegated { used_by(chain, carry).await? } else { None };
    let nonce: U64 = chain.ask("eth_getTransactionCount", json!([payer, "latest"])).await?;
    Ok(Quote {
        account_nonce: nonce.to(),
        delegated,
        fees: fees(chain, deployment.chain_id).await?,
        simulation: simulate(chain, payer, carry, delegated).await?,
        used_by,
        final_timestamp_s: final_block(chain).await?.timestamp.to(),
    })
}

/// Reads what became of an offer.
pub async fn look(chain: &Chain, chain_id: u64, offer: &Offer) -> Result<Look, ChainError> {
    let mut receipt = None;
    for hash in offer.hashes.iter().rev() {
        receipt = chain.ask::<Option<Receipt>>("eth_getTransactionReceipt", json!([hash])).await?;
        if receipt.is_some() {
            break;
        }
    }
    let final_number = final_block(chain).await?.number.to();
    let canonical_hash = match &receipt {
        Some(receipt) => {
            let block: Option<Block> = chain.ask("eth_getBlockByNumber", json!([receipt.block_number, false])).await?;
            block.map(|block| block.hash)
        }
        None => None,
    };
    let receipt = receipt.map(|receipt| Mined {
        transaction_hash: receipt.transaction_hash,
        block_number: receipt.block_number.to(),
        block_hash: receipt.block_hash,
        succeeded: receipt.status == U64::from(1),
        gas_used: receipt.gas_used.to(),
        logs: receipt.logs,
    });
    Ok(Look { receipt, final_number, canonical_hash, fees: fees(chain, chain_id).await? })
}

async fn final_block(chain: &Chain) -> Result<Block, ChainError> {
    chain.ask("eth_getBlockByNumber", json!(["finalized", false])).await
}

async fn fees(chain: &Chain, chain_id: u64) -> Result<Fees, ChainError> {
    let params = json!([format!("0x{HISTORY_BLOCKS:x}"), "latest", [PERCENTILE]]);
    let history: FeeHistory = chain.ask("eth_feeHistory", params).await?;
    let base = history.base_fee_per_gas.last().map_or(0, |fee| fee.to());
    let rewards: Vec<u128> = history.reward.iter().filter_map(|block| block.first()).map(|fee| fee.to()).collect();
    Ok(Fees::estimate(chain_id, base, &rewards))
}

async fn simulate(chain: &Chain, payer: Address, carry: &Carry, delegated: bool) -> Result<Simulation, ChainError> {
    let data = carry.operation.execute_calldata(&carry.signature);
    let delegations = if delegated { &[][..] } else { std::slice::from_ref(&carry.delegation) };
    let call = rpc::call(Some(payer), carry.address, &data, delegations);
    match chain.ask::<U64>("eth_estimateGas", json!([call])).await {
        Ok(gas) => Ok(Simulation::Gas(gas.to())),
        Err(ChainError::Node(RpcError::Reverted(data))) => Ok(Simulation::Reverts(revert::explain(&data))),
        // Any other refusal says nothing about the operation.
        Err(_) => Err(ChainError::Unreachable),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Found {
    transaction_hash: B256,
}

/// The transaction that used the operation's number, if one did.
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
    found.first().map(|log| Some(log.transaction_hash)).ok_or(ChainError::Unreachable)
}
