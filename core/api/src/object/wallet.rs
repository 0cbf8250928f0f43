//! The Wallet object: one threshold wallet.

use aion_chain::action::{Call, TokenAction};
use aion_chain::message::Settled;
pub use aion_wallet::approval::Approval;
use aion_wallet::dry_run::Judgement;
pub use aion_wallet::record::Charter;
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StepAddress;
use crate::idempotency::Idempotency;

/// What a Wallet object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Creates the wallet; the key generation follows from the alarm. Idempotent by its key. Without a step that
    /// waits, a guardian that is away is answered at once by `guardian.unavailable`, and nothing is stored.
    Create {
        /// The caller's key; a step's is `task/step`.
        idempotency: Idempotency,
        /// What it is created as.
        charter: Charter,
        /// The step that waits for it.
        reply: Option<StepAddress>,
    },
    /// Has the wallet carry out a token operation exactly once. Idempotent by its key.
    Operate {
        /// `task/step`.
        key: String,
        /// What to do.
        action: TokenAction,
        /// What people have approved, for a wallet that needs it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
        /// The step that waits for it; the newest one counts.
        reply: StepAddress,
    },
    /// Has the wallet sign a document once. Idempotent by its key.
    Sign {
        /// `task/step`.
        key: String,
        /// The text of the document's JSON.
        document: String,
        /// The step that waits for it; the newest one counts.
        reply: StepAddress,
    },
    /// A lane's report on an operation.
    Settled {
        /// What became of it.
        settled: Settled,
    },
    /// The wallet's public view.
    Read,
    /// Its policy and what that has counted, for whoever judges beforehand.
    Facts,
    /// What K's policy says of a token operation now. Nothing is reserved.
    Judge {
        /// What would be done.
        action: TokenAction,
        /// What people have approved.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        approval: Option<Approval>,
    },
    /// The recovery kits, for the tenant that holds their key.
    Recovery,
    /// One operation's public view.
    Operation {
        /// Its number.
        op: u64,
    },
    /// How it and the guardian are.
    Health,
}

/// What a Wallet object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// A wallet.
    Wallet {
        /// Its public view.
        wallet: Value,
        /// Whether this is the answer to a request that came before.
        replayed: bool,
    },
    /// What a judgement beforehand is made of.
    Facts {
        /// Its address; none before its key is there.
        address: Option<Address>,
        /// K's policy.
        policy: Value,
        /// What it has counted.
        ledger: Value,
    },
    /// What K's policy says.
    Judged {
        /// The wallet's address.
        address: Address,
        /// How it was judged.
        judgement: Judgement,
        /// The call that would be made.
        call: Call,
    },
    /// The recovery kits by party, each an armoured age file.
    Recovery {
        /// `wallet` and `guardian`; empty if the wallet was created without a recipient.
        kits: Value,
    },
    /// An operation.
    Operation {
        /// Its public view.
        operation: Value,
    },
    /// Work that a step asked for, as far as it is: the answer to `Create`, `Operate` and `Sign` with a `reply`.
    Step {
        /// What became of it so far.
        outcome: aion_task::Outcome,
    },
    /// Done.
    Done,
    /// The guardian answers.
    Healthy {
        /// How long its answer took, in milliseconds.
        guardian_latency_ms: u64,
    },
}

impl super::Request for Request {
    type Reply = Reply;
}
