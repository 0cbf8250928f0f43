//! Fees of EIP-1559 transactions: from the chain's own history, never from a table.

use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

/// Blocks of history that an estimate looks at: about 20 s of Polygon.
pub const HISTORY_BLOCKS: u64 = 10;
/// The reward percentile of an estimate.
pub const PERCENTILE: f64 = 50.0;
/// Polygon nodes drop tips below 25 gwei; 30 is taken in practice.
const TIP_FLOOR_POLYGON_WEI: u128 = 30_000_000_000;
/// A replacement has to raise both fees by an eighth (12.5 %), or nodes call it underpriced.
const BUMP_DIVISOR: u128 = 8;

/// Fees of one transaction, wei a gas.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fees {
    /// Most that is paid.
    pub max_fee_wei: u128,
    /// Tip.
    pub tip_wei: u128,
}

impl Fees {
    /// Fees from the next block's base fee and the rewards of past blocks: the median tip above the chain's floor,
    /// and twice the base fee, which lasts for six full blocks.
    #[must_use]
    pub fn estimate(chain_id: u64, base_fee_wei: u128, rewards_wei: &[u128]) -> Self {
        let mut rewards = rewards_wei.to_vec();
        rewards.sort_unstable();
        let median = rewards.get(rewards.len() / 2).copied().unwrap_or_default();
        let floor = if matches!(chain_id, 137 | 80002) { TIP_FLOOR_POLYGON_WEI } else { 0 };
        let tip_wei = median.max(floor);
        Self { max_fee_wei: base_fee_wei.saturating_mul(2).saturating_add(tip_wei), tip_wei }
    }

    /// The least fees of a replacement, or the estimate of now if it is higher.
    #[must_use]
    pub fn bumped(self, now: Self) -> Self {
        let bump = |wei: u128| wei.saturating_add(wei / BUMP_DIVISOR).saturating_add(1);
        Self { max_fee_wei: bump(self.max_fee_wei).max(now.max_fee_wei), tip_wei: bump(self.tip_wei).max(now.tip_wei) }
    }
}

/// What a lane must hold to send a transaction, wei.
#[must_use]
pub fn worst_cost_wei(fees: Fees, gas_limit: u64) -> U256 {
    U256::from(fees.max_fee_wei) * U256::from(gas_limit)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Fees, TIP_FLOOR_POLYGON_WEI};

    #[test]
    fn the_floor_of_the_chain_holds() {
        assert_eq!(Fees::estimate(137, 7, &[1, 2]).tip_wei, TIP_FLOOR_POLYGON_WEI);
        assert_eq!(Fees::estimate(31337, 7, &[3, 1, 2]), Fees { max_fee_wei: 16, tip_wei: 2 });
        assert_eq!(Fees::estimate(31337, u128::MAX, &[]).max_fee_wei, u128::MAX);
    }

    #[test]
    fn a_replacement_raises_both_fees_by_an_eighth() {
        let old = Fees { max_fee_wei: 800, tip_wei: 80 };
        assert_eq!(old.bumped(Fees { max_fee_wei: 1, tip_wei: 1 }), Fees { max_fee_wei: 901, tip_wei: 91 });
        assert_eq!(old.bumped(Fees { max_fee_wei: 2000, tip_wei: 1 }).max_fee_wei, 2000);
    }
}
