//! What a step asks of the world, and what the world answers.

use aion_chain::action::TokenAction;
use aion_wallet::approval::{Approval, Rule};
use aion_wallet::document;
use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::kind::Http;

/// Work outside the kernel. Every call goes out under the key `task/step`, by which its target accepts it once; so to
/// ask again with the same key is how an unknown outcome is found out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Call {
    /// Creates an identity.
    IdentityCreate {
        /// Its id: the path within its DID, for example `u:alice`.
        id: String,
    },
    /// Changes an identity's document; what is absent stays.
    #[serde(rename_all = "camelCase")]
    IdentityUpdate {
        /// Its id.
        id: String,
        /// Replaces the services.
        services: Option<Vec<Value>>,
        /// Replaces the further names.
        also_known_as: Option<Vec<String>>,
    },
    /// Creates a wallet; its id follows from the key.
    WalletCreate {
        /// Its name for people.
        label: String,
        /// The DID that it belongs to.
        identity: Option<String>,
        /// The recovery recipient.
        recovery: Option<String>,
        /// The documents that it may sign.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        documents: Vec<document::Rule>,
        /// Whose signatures it needs for what.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Rule>,
    },
    /// Has a wallet carry out a token action.
    Operate {
        /// The wallet.
        wallet: String,
        /// What to do.
        action: TokenAction,
        /// What people have approved, for a wallet that needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
    /// Has a wallet sign a document.
    Sign {
        /// The wallet.
        wallet: String,
        /// The text of the document's JSON.
        document: String,
    },
    /// Asks another system over HTTP.
    HttpRequest(Box<Http>),
    /// Runs a function of the tenant.
    FunctionRun {
        /// Its name.
        function: String,
        /// What it is given.
        input: Value,
    },
    /// Has the mind ask, decide, plan or run a plan.
    Mind {
        /// The kind of the step.
        kind: String,
        /// What it takes.
        input: Value,
    },
    /// Reads a contract.
    ContractRead {
        /// The contract.
        to: Address,
        /// Calldata.
        data: Bytes,
    },
}

/// What became of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It is done.
    Done {
        /// What came of it.
        output: Value,
    },
    /// It was accepted and goes on; its end is reported, or asked for.
    Pending,
    /// It was accepted, and whoever does it reports its end by a callback.
    Callback,
    /// It did not happen and may work later.
    #[serde(rename_all = "camelCase")]
    Retry {
        /// The class of the error, for the rules of its retries.
        code: String,
        /// Why.
        reason: String,
        /// No sooner than after this time.
        #[serde(default)]
        after_ms: u64,
    },
    /// It did not happen and never will.
    Fatal {
        /// A stable code.
        code: String,
        /// Why.
        reason: String,
    },
}

impl Call {
    /// Whether to ask again is harmless although it may have happened: its target accepts it once by its key, or it
    /// changes nothing.
    #[must_use]
    pub const fn is_repeatable(&self) -> bool {
        match self {
            Self::HttpRequest(http) => http.idempotent,
            Self::IdentityCreate { .. }
            | Self::IdentityUpdate { .. }
            | Self::WalletCreate { .. }
            | Self::Operate { .. }
            | Self::Sign { .. }
            | Self::FunctionRun { .. }
            | Self::Mind { .. }
            | Self::ContractRead { .. } => true,
        }
    }
}
