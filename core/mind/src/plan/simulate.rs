//! Simulation: what a node is asked (`eth_call`) before anything is signed, and what its answers say.

use aion_chain::action::Deployment;
use aion_chain::revert;
use alloy_primitives::{Address, Bytes};
use serde::{Deserialize, Serialize};

use super::policy::Operation;

/// A call that a node carries out without keeping it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EthCall {
    /// The step.
    pub step: String,
    /// Who calls.
    pub from: Address,
    /// Who is called.
    pub to: Address,
    /// Calldata.
    pub data: Bytes,
}

/// What a node said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "camelCase")]
pub enum Answer {
    /// It would be carried out.
    Works,
    /// It would be reverted.
    Reverts {
        /// The reason, as far as the contract gives one.
        reason: String,
    },
}

impl Answer {
    /// What the data of a revert says, `0x…`.
    #[must_use]
    pub fn reverted(data: &str) -> Self {
        let data: Bytes = data.parse().unwrap_or_default();
        Self::Reverts { reason: revert::explain(&data) }
    }
}

/// What can be simulated now, and the steps that cannot because what they touch is not there before the plan runs.
#[must_use]
pub fn calls(operations: &[Operation], deployment: &Deployment) -> (Vec<EthCall>, Vec<String>) {
    let (mut calls, mut later) = (Vec::new(), Vec::new());
    for operation in operations {
        if operation.real {
            let call = operation.action.call(deployment);
            calls.push(EthCall { step: operation.step.clone(), from: operation.from, to: call.to, data: call.data });
        } else {
            later.push(operation.step.clone());
        }
    }
    (calls, later)
}
