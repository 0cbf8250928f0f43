//! The script `aion-mind`: what the edge hands over of a request that is about models.
//!
//! The edge knows who asks and that he may. It gives on the body and the answer as they are: the body of a conversation
//! unread, where it says how long it is; any other is read, since it is bounded, and hashed under an idempotency key.
//!
//! The script reaches nobody but providers of models. What else it wants to know or to have done, it answers: an
//! answer with [`NEEDS_HEADER`] is a [`Needs`], and whoever has sent the request performs what it asks in the tenant's
//! name and sends a [`Given`] after it, until an answer comes. A step of a task is handed over by the kernel in the
//! same way: its body is a [`Step`], its answer an outcome (`aion_task::Outcome`).

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Scope;
use crate::problem::Problem;
use crate::trace::Trace;

/// The service binding by which it is reached.
pub const SERVICE: &str = "MIND";
/// The header in which a request is handed over.
pub const HANDED_HEADER: &str = "x-aion-mind";

/// Marks an answer that is no answer yet.
pub const NEEDS_HEADER: &str = "x-aion-needs";
/// The operation of a step of a task.
pub const STEP: &str = "step";
/// The operation that gives what was asked for.
pub const GIVEN: &str = "given";
/// So often one request can ask something: a plan asks once a stage, and a stage is asked for again after a failure.
pub const NEEDS_MAX: usize = 64;

/// A request that passed the edge, or a step of a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    /// The operation, by its id in the table.
    pub operation: String,
    /// What the path names, or nothing.
    pub id: String,
    /// The path, its escapes taken out, where an operation is one of several below a common one.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// The tenant; empty where a caller without a credential is let in.
    pub tenant: String,
    /// The id of the API key; a step of a task has none.
    #[serde(default)]
    pub key: Option<String>,
    /// The scopes of the key; nothing where the edge has checked the one that is wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Vec<Scope>>,
    /// Where the world reaches this deployment, `https://host`; nothing for a step.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub origin: String,
    /// The parameters of the query, decoded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<(String, String)>,
    /// The headers that the operation reads, by their names in lower case.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<(String, String)>,
    /// The request that it is.
    pub trace: Trace,
}

/// A step of a task that is the mind's to do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its kind, for example `mind.ask`.
    pub kind: String,
    /// `task/step`: whoever is asked under it again goes on with the same work.
    pub key: String,
    /// What it takes.
    pub input: Value,
}

/// What has to be known or done before there is an answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Needs {
    /// Comes back as it is.
    pub ticket: Value,
    /// To be performed in this order.
    pub asks: Vec<Ask>,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Given {
    /// The ticket.
    pub ticket: Value,
    /// One for each that was asked.
    pub told: Vec<Told>,
}

/// Something to know or to do, in the tenant's name. Each can be asked again without harm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ask {
    /// Whose signature a compact JWS by a key of a DID carries. Performed by the edge alone.
    Verify {
        /// The JWS.
        proof: String,
    },
    /// The signature of an agent's card by its DID, if that is an identity of the tenant. Performed by the edge alone.
    SignCard {
        /// The DID.
        did: String,
        /// The card's canonical form (RFC 8785).
        payload: String,
    },
    /// An operation of the platform's own API, as the caller and with its credential. Performed by the edge alone.
    Operation {
        /// How long to wait before, in milliseconds.
        after_ms: u64,
        /// The method.
        method: String,
        /// The path, its segments escaped, and the query.
        path: String,
        /// The idempotency key.
        idempotency: Option<String>,
        /// The body, JSON.
        body: Option<Value>,
    },
    /// A wallet's address, its policy and what that has counted.
    Wallet {
        /// Its id.
        wallet: String,
    },
    /// The contracts of this deployment.
    Deployment,
    /// A method of the chain's JSON-RPC API that reads: `eth_call`, `eth_feeHistory`, `eth_getBlockByNumber`,
    /// `eth_getTransactionReceipt`; no other is asked.
    Chain {
        /// The method.
        method: String,
        /// Its parameters.
        params: Value,
    },
    /// The id that a task will have.
    Place {
        /// The key that it will be started under.
        key: String,
    },
    /// Starts a task, once by its key.
    Start {
        /// The key.
        key: String,
        /// The definition.
        definition: Value,
        /// The input.
        input: Value,
    },
    /// A task as it is.
    Task {
        /// Its id.
        task: String,
    },
    /// Cancels a task, unless it is over.
    Cancel {
        /// Its id.
        task: String,
    },
}

/// What an ask came to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// A verified signature.
    Signed {
        /// The DID.
        by: String,
        /// What was signed.
        payload: String,
    },
    /// A card's signature.
    CardSigned {
        /// The algorithm (RFC 8037).
        algorithm: String,
        /// The DID URL of the key.
        key_id: String,
        /// 64 bytes, hex.
        signature: String,
    },
    /// What an operation was answered.
    Answered {
        /// The status.
        status: u16,
        /// The media type.
        media_type: String,
        /// The body, text.
        body: String,
    },
    /// A wallet.
    Wallet {
        /// Its address; none before its key is there.
        address: Option<Address>,
        /// Its policy (`aion_wallet::policy::Policy`).
        policy: Value,
        /// What the policy has counted (`aion_wallet::policy::SpendLedger`).
        ledger: Value,
    },
    /// The contracts (`aion_chain::action::Deployment`).
    Deployment(Value),
    /// What the node answered.
    Chain(Value),
    /// The node reverted an `eth_call`.
    Reverted {
        /// The data of the revert, `0x…`; empty if it gave none.
        data: String,
    },
    /// The id of a task.
    Placed {
        /// It.
        task: String,
    },
    /// A task's public view.
    Task {
        /// It.
        task: Value,
    },
    /// It could not be done.
    Problem(Problem),
}
