//! One operation of a wallet, from acceptance to its end.

use aion_chain::action::{Deployment, TokenAction};
use aion_chain::contracts::TokenFactory;
use aion_chain::message::Outcome;
use aion_chain::operation::{Operation, Signature};
use alloy_sol_types::SolEvent;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval::Approval;
use crate::policy::{Denial, Reservation};

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "at", rename_all = "camelCase")]
pub enum Stage {
    /// Its number is given and its limits are reserved; it waits for its signature.
    Accepted,
    /// Signed; the lane has to take it on.
    Signed {
        /// The wallet's signature.
        signature: Signature,
    },
    /// A lane has taken it on.
    Carried,
    /// Its end.
    Settled {
        /// What became of it.
        outcome: Outcome,
    },
    /// Refused by policy: here, or by the guardian. Nothing was signed.
    Denied {
        /// Why.
        denial: Denial,
    },
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Its number.
    pub op: u64,
    /// The caller's key, by which it was accepted once.
    pub key: String,
    /// What it does.
    pub action: TokenAction,
    /// The approval that it brings along, until it is signed or denied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Approval>,
    /// What is signed; absent if it was denied before.
    pub operation: Option<Operation>,
    /// What it uses of the limits; absent if it was denied before.
    pub reservation: Option<Reservation>,
    /// How far it is.
    pub stage: Stage,
    /// When it was accepted, Unix milliseconds.
    pub created_ms: u64,
    /// Who waits for it: the shell's own words, newest first.
    pub reply: Option<Value>,
    /// Whether its end was acknowledged by who waits, and by the tenant's list.
    pub reported: bool,
    /// When it is due, Unix milliseconds.
    pub due_ms: u64,
}

impl Record {
    /// Whether the shell still has work with it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.stage {
            Stage::Settled { .. } | Stage::Denied { .. } => !self.reported,
            Stage::Accepted | Stage::Signed { .. } | Stage::Carried => true,
        }
    }

    /// What it gave, for the step that waits: its output, or code and reason of its failure; `None` while it goes on.
    #[must_use]
    pub fn result(&self, wallet: &str, deployment: &Deployment) -> Option<Result<Value, (String, String)>> {
        match &self.stage {
            Stage::Accepted | Stage::Signed { .. } | Stage::Carried => None,
            Stage::Denied { denial } => Some(Err(("policy.denied".to_owned(), denial.to_string()))),
            Stage::Settled { outcome } => Some(match outcome {
                Outcome::Succeeded { transaction_hash, block_number, block_hash, gas_used, .. } => {
                    let mut output = json!({
                        "wallet": wallet,
                        "operation": self.op,
                        "transactionHash": transaction_hash,
                        "blockNumber": block_number,
                        "blockHash": block_hash,
                        "gasUsed": gas_used
                    });
                    if let Some(token) = self.created_token(deployment) {
                        output["token"] = json!(token);
                    }
                    Ok(output)
                }
                Outcome::Rejected { reason } => Err(("chain.rejected".to_owned(), reason.clone())),
                Outcome::Expired => {
                    let reason = "its deadline passed before it could be carried out";
                    Err(("operation.expired".to_owned(), reason.to_owned()))
                }
            }),
        }
    }

    /// The token that it created, as the factory's own log says. A creation that found its token standing has no log;
    /// then it is the predicted one.
    #[must_use]
    pub fn created_token(&self, deployment: &Deployment) -> Option<String> {
        let (predicted, _) = self.reservation.as_ref()?.creates?;
        let Stage::Settled { outcome: Outcome::Succeeded { logs, .. } } = &self.stage else {
            return None;
        };
        let logged = logs.iter().filter(|log| log.address == deployment.factory).find_map(|log| {
            let topics = log.topics.iter().copied();
            TokenFactory::TokenCreated::decode_raw_log(topics, &log.data).ok().map(|event| event.token)
        });
        Some(logged.unwrap_or(predicted).to_checksum(None))
    }

    /// The operation as its tenant sees it.
    #[must_use]
    pub fn view(&self, wallet: &str, deployment: &Deployment) -> Value {
        let status = match &self.stage {
            Stage::Accepted => "accepted",
            Stage::Signed { .. } => "signed",
            Stage::Carried => "carried",
            Stage::Denied { .. } => "denied",
            Stage::Settled { outcome: Outcome::Succeeded { .. } } => "succeeded",
            Stage::Settled { outcome: Outcome::Rejected { .. } } => "rejected",
            Stage::Settled { outcome: Outcome::Expired } => "expired",
        };
        let mut view = json!({ "operation": self.op, "key": self.key, "action": self.action, "status": status });
        match self.result(wallet, deployment) {
            Some(Ok(output)) => view["result"] = output,
            Some(Err((code, reason))) => view["error"] = json!({ "code": code, "reason": reason }),
            None => {}
        }
        view
    }
}
