//! Histograms of milliseconds with fixed bounds, so that they can be added wherever they come from.

use serde::{Deserialize, Serialize};

/// Upper bounds of the buckets in milliseconds; one more bucket takes what is above.
pub const BOUNDS_MS: [u32; 13] = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000];
/// The number of buckets, the one without a bound included.
pub const BUCKETS: usize = BOUNDS_MS.len() + 1;

/// How often something took how long.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Histogram {
    /// Observations by bucket, each in one alone.
    #[serde(rename = "b")]
    pub buckets: [u64; BUCKETS],
    /// The sum of all, milliseconds.
    #[serde(rename = "s")]
    pub sum_ms: u64,
}

impl Histogram {
    /// Counts one observation. A bound belongs to its bucket (`le` of Prometheus).
    pub fn observe(&mut self, ms: u64) {
        let bucket = BOUNDS_MS.iter().position(|bound| ms <= u64::from(*bound)).unwrap_or(BUCKETS - 1);
        if let Some(count) = self.buckets.get_mut(bucket) {
            *count = count.saturating_add(1);
        }
        self.sum_ms = self.sum_ms.saturating_add(ms);
    }

    /// Adds another one.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.buckets.iter_mut().zip(other.buckets) {
            *count = count.saturating_add(more);
        }
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
    }

    /// How many observations there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// The value below which so many of a thousand lie, milliseconds: within the bucket of the exact one, by even
    /// spread, as `histogram_quantile` of Prometheus has it. Above the last bound it is that bound. `None` without an
    /// observation.
    #[must_use]
    pub fn quantile_ms(&self, per_mille: u16) -> Option<u64> {
        let total = u128::from(self.count());
        if total == 0 {
            return None;
        }
        // The rank of the value among all, from 1, in thousandths.
        let rank = (total * u128::from(per_mille.min(1_000))).max(1_000);
        let (mut below, mut lower) = (0, 0);
        for (count, bound) in self.buckets.iter().zip(BOUNDS_MS) {
            let here = u128::from(*count) * 1_000;
            if below + here >= rank {
                let width = u128::from(bound - lower);
                let within = (width * (rank - below)).div_ceil(here.max(1));
                return Some(u64::from(lower) + u64::try_from(within).unwrap_or(0));
            }
            (below, lower) = (below + here, bound);
        }
        BOUNDS_MS.last().copied().map(u64::from)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Histogram;

    fn of(values: &[u64]) -> Histogram {
        let mut histogram = Histogram::default();
        for ms in values {
            histogram.observe(*ms);
        }
        histogram
    }

    #[test]
    fn a_bound_belongs_to_its_bucket() {
        let histogram = of(&[0, 1, 2, 3, 10_000, 10_001]);
        assert_eq!(histogram.buckets, [2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
        assert_eq!((histogram.count(), histogram.sum_ms), (6, 20_007));
    }

    #[test]
    fn quantiles_spread_evenly_within_a_bucket() {
        assert_eq!(of(&[]).quantile_ms(500), None);
        assert_eq!(of(&[60; 100]).quantile_ms(500), Some(75));
        assert_eq!(of(&[60; 100]).quantile_ms(1_000), Some(100));
        assert_eq!(of(&[20_000]).quantile_ms(990), Some(10_000));
        let mut mixed = of(&[3; 99]);
        mixed.add(&of(&[700]));
        assert_eq!((mixed.quantile_ms(990), mixed.quantile_ms(991)), (Some(5), Some(550)));
    }
}
