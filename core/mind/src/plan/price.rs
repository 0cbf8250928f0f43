//! What a plan costs at most: gas in native coin, in whole numbers.

use std::collections::BTreeMap;

use aion_chain::fees::worst_cost_wei;
use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use super::resolve::{Facts, Resolved, Units};
use super::step::Kind;

/// Gas of the account's own work, of the transaction itself (21,000, EIP-2718 intrinsic), of an EIP-7702 authorisation
/// (25,000) and of 1 KiB of calldata at 16 a byte: over the bare call of `contracts/snapshots/gas.json`.
const AROUND_GAS: u64 = 17_900 + 21_000 + 25_000 + 16_384;
/// The lane's headroom over an estimate, in percent; [`aion_chain::ledger`] offers as much.
const HEADROOM_PERCENT: u64 = 25;

/// What a plan costs at most.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Price {
    /// Gas of each step that sends a transaction, at most.
    pub gas: BTreeMap<String, u64>,
    /// Native coin over all runs at the fees of now, wei. The gas payer spends it, never the wallet.
    pub native_max_wei: Units,
}

/// The gas of a step at most, headroom and all; 0 if it sends no transaction.
#[must_use]
pub const fn gas(kind: Kind) -> u64 {
    let bare = match kind {
        // The larger of both standards.
        Kind::TokenCreate => 241_513,
        // A new holder, which is the dearest one.
        Kind::TokenMint | Kind::TokenBurn => 66_348,
        Kind::TokenTransfer => 56_391,
        _ => return 0,
    };
    (bare + AROUND_GAS) * (100 + HEADROOM_PERCENT) / 100
}

/// The price of a plan.
#[must_use]
pub fn price(resolved: &[Resolved], facts: &Facts, runs: u16) -> Price {
    let each = resolved.iter().map(|one| (one.step.clone(), gas(one.kind))).filter(|(_, gas)| *gas > 0);
    let gas: BTreeMap<String, u64> = each.collect();
    let once = worst_cost_wei(facts.fees, gas.values().sum());
    Price { gas, native_max_wei: Units(once.saturating_mul(U256::from(runs))) }
}
