//! The Lane object: one gas payer on one chain.

use aion_chain::message::Carry;
use serde::{Deserialize, Serialize};

/// What a Lane object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Takes a signed operation on; idempotent by its key.
    Accept {
        /// The operation and where its result goes.
        carry: Box<Carry>,
    },
    /// How it is.
    Health,
}

/// What a Lane object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// The operation is stored and will be carried.
    Accepted,
    /// How the lane and its chain are.
    Health(Health),
}

impl super::Request for Request {
    type Reply = Reply;
}

/// How a lane and its chain are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Health {
    /// Whether the chain answered now.
    pub reachable: bool,
    /// How long that took, in milliseconds.
    pub latency_ms: u64,
    /// The newest block.
    pub block: Option<u64>,
    /// The gas payer's address.
    pub payer: String,
    /// Its balance in wei, decimal.
    pub balance: Option<String>,
    /// Operations that are not settled yet.
    pub pending: u64,
}
