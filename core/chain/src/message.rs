//! What a wallet and a lane say to each other.

use alloy_primitives::{Address, B256, Bytes};
use serde::{Deserialize, Serialize};

use crate::operation::{Operation, Signature, SignedDelegation};

/// A signed operation that a lane shall carry. Its key is the wallet and the operation's number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Carry {
    /// The tenant of the wallet: where the report goes.
    pub tenant: String,
    /// The wallet's id: where the report goes.
    pub wallet: String,
    /// The wallet's address.
    pub address: Address,
    /// What is authorised.
    pub operation: Operation,
    /// The wallet's signature over it.
    pub signature: Signature,
    /// The wallet's delegation, needed until its address has the account code.
    pub delegation: SignedDelegation,
}

impl Carry {
    /// The key by which a lane accepts it once.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}/{}", self.wallet, self.operation.op)
    }
}

/// A lane's report on an operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Settled {
    /// The operation's number.
    pub op: u64,
    /// What became of it.
    pub outcome: Outcome,
}

/// What became of an operation, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Outcome {
    /// Carried out, and final on chain.
    Succeeded {
        /// The transaction.
        transaction_hash: B256,
        /// Its block.
        block_number: u64,
        /// Hash of its block.
        block_hash: B256,
        /// Gas that it used.
        gas_used: u64,
        /// What the contracts logged.
        logs: Vec<Log>,
    },
    /// Its simulation reverted before any transaction left: it did not and will not happen by this lane.
    Rejected {
        /// Why, in words.
        reason: String,
    },
    /// Its deadline passed on a final block and its number is unused: it can never happen.
    Expired,
}

/// A log of a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Topics.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
}
