//! What a rule reads in the numbers.

use super::{Rule, Selector, What};
use crate::histogram::Histogram;
use crate::numbers::{Counter, GAUGE_KEPT_MS, Numbers};
use crate::series::Series;

/// Where it is bad, and where it is well again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Level {
    above: bool,
    /// The threshold itself is not bad yet.
    pub threshold: i64,
    clear: i64,
}

impl Level {
    /// Whether a value is bad; none is not.
    pub fn is_bad(self, value: Option<i64>) -> bool {
        value.is_some_and(|value| if self.above { value > self.threshold } else { value < self.threshold })
    }

    /// Whether it is well again; no value is.
    pub fn is_well(self, value: Option<i64>) -> bool {
        value.is_none_or(|value| if self.above { value <= self.clear } else { value >= self.clear })
    }
}

/// The level of a rule.
pub fn level(rule: &Rule) -> Level {
    let above = |threshold: u32, clear: Option<u32>| {
        let (threshold, clear) = (i64::from(threshold), clear.map(i64::from));
        Level { above: true, threshold, clear: clear.unwrap_or(threshold) }
    };
    match &rule.what {
        What::Gauge(gauge) => {
            let threshold = gauge.above.or(gauge.below).unwrap_or(i64::MAX);
            Level { above: gauge.below.is_none(), threshold, clear: gauge.clear.unwrap_or(threshold) }
        }
        What::Ratio(ratio) => above(ratio.above_per_mille, ratio.clear_per_mille),
        What::Rate(rate) => above(rate.above, rate.clear),
        What::Quantile(quantile) => above(quantile.above_ms, quantile.clear_ms),
        What::Silent(silent) => above(silent.seconds, None),
    }
}

/// The values of a rule: by series where each stands for itself, otherwise one under the empty name. One that says
/// nothing has no value.
pub fn values(rule: &Rule, numbers: &Numbers, now_ms: u64) -> Vec<(String, Option<i64>)> {
    let increase = |selector: &Selector, minutes: u32| {
        let found = numbers.counters.iter().filter(|(series, _)| selects(selector, series));
        let increases = found.map(|(_, counter)| counter.increase(minutes.into(), now_ms));
        increases.fold(0_u64, u64::saturating_add)
    };
    let one = |value: Option<u64>| vec![(String::new(), value.map(signed))];
    match &rule.what {
        What::Gauge(gauge) => {
            let found =
                numbers.gauges.iter().filter(|(series, found)| found.is_live(now_ms) && selects(&gauge.of, series));
            found.map(|(series, found)| (series.as_str().to_owned(), Some(found.value))).collect()
        }
        What::Ratio(ratio) => {
            let (part, whole) = (increase(&ratio.part, ratio.minutes), increase(&ratio.whole, ratio.minutes));
            let enough = whole > 0 && whole >= u64::from(ratio.minimum);
            one(enough.then(|| part.saturating_mul(1_000) / whole))
        }
        What::Rate(rate) => one(Some(increase(&rate.of, rate.minutes))),
        What::Quantile(quantile) => {
            let mut sum = Histogram::default();
            for (_, times) in numbers.histograms.iter().filter(|(series, _)| selects(&quantile.of, series)) {
                sum.add(&times.last(quantile.minutes.into(), now_ms));
            }
            let enough = sum.count() >= u64::from(quantile.minimum);
            one(sum.quantile_ms(quantile.per_mille).filter(|_| enough))
        }
        What::Silent(silent) => silences(&silent.of, numbers, now_ms),
    }
}

/// Seconds since each matching series was last reported.
fn silences(selector: &Selector, numbers: &Numbers, now_ms: u64) -> Vec<(String, Option<i64>)> {
    let gauges = numbers.gauges.iter().map(|(series, gauge)| (series, gauge.at_ms));
    let counters = numbers.counters.iter().map(|(series, Counter { at_ms, .. })| (series, *at_ms));
    let found = gauges.chain(counters).filter(|(series, _)| selects(selector, series));
    let ages = found.map(|(series, at_ms)| (series, now_ms.saturating_sub(at_ms)));
    let kept = ages.filter(|(_, age_ms)| *age_ms < GAUGE_KEPT_MS);
    kept.map(|(series, age_ms)| (series.as_str().to_owned(), Some(signed(age_ms / 1_000)))).collect()
}

fn selects(selector: &Selector, series: &Series) -> bool {
    if series.name() != selector.metric {
        return false;
    }
    let labels = series.labels();
    selector.labels.iter().all(|(name, value)| labels.iter().any(|(label, found)| label == name && found == value))
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
