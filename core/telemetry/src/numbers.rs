//! Numbers of many senders: totals, the last hour of each, and what they say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::histogram::Histogram;
use crate::ring::{MINUTE_MS, Ring};
use crate::series::Series;

/// A gauge that nobody has reported for this time is shown no more, milliseconds.
pub const GAUGE_LIFE_MS: u64 = 900_000;
/// It is remembered for this time, so that its silence can be told, milliseconds.
pub const GAUGE_KEPT_MS: u64 = 86_400_000;

/// A counter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Counter {
    /// All that was ever counted.
    pub total: u64,
    /// When it was last reported, Unix milliseconds.
    pub at_ms: u64,
    /// By minute.
    pub ring: Ring<u64>,
}

/// A gauge.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Gauge {
    /// Its value, in the unit that its name says.
    pub value: i64,
    /// When that was so, Unix milliseconds.
    pub at_ms: u64,
}

/// A histogram.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Times {
    /// All that was ever observed.
    pub total: Histogram,
    /// By minute.
    pub ring: Ring<Histogram>,
}

/// Everything that is known.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Numbers {
    /// Counters.
    pub counters: BTreeMap<Series, Counter>,
    /// Gauges.
    pub gauges: BTreeMap<Series, Gauge>,
    /// Histograms.
    pub histograms: BTreeMap<Series, Times>,
}

impl Counter {
    /// Counts.
    pub fn add(&mut self, more: u64, now_ms: u64) {
        self.total = self.total.saturating_add(more);
        self.at_ms = self.at_ms.max(now_ms);
        if let Some(minute) = self.ring.minute(now_ms / MINUTE_MS) {
            *minute = minute.saturating_add(more);
        }
    }

    /// What was counted in the last minutes, the one that runs included.
    #[must_use]
    pub fn increase(&self, minutes: u64, now_ms: u64) -> u64 {
        self.ring.last(minutes, now_ms / MINUTE_MS).fold(0, |sum, more| sum.saturating_add(*more))
    }
}

impl Gauge {
    /// Takes what is newer; of two at the same time the greater one, so that the order of arrival does not matter.
    pub fn set(&mut self, newer: Self) {
        if (newer.at_ms, newer.value) > (self.at_ms, self.value) {
            *self = newer;
        }
    }

    /// Whether somebody still reports it.
    #[must_use]
    pub const fn is_live(&self, now_ms: u64) -> bool {
        now_ms.saturating_sub(self.at_ms) < GAUGE_LIFE_MS
    }
}

impl Times {
    /// Adds observations.
    pub fn add(&mut self, more: &Histogram, now_ms: u64) {
        self.total.add(more);
        if let Some(minute) = self.ring.minute(now_ms / MINUTE_MS) {
            minute.add(more);
        }
    }

    /// What was observed in the last minutes, the one that runs included.
    #[must_use]
    pub fn last(&self, minutes: u64, now_ms: u64) -> Histogram {
        let mut sum = Histogram::default();
        self.ring.last(minutes, now_ms / MINUTE_MS).for_each(|minute| sum.add(minute));
        sum
    }
}

impl Numbers {
    /// Adds what another meter has.
    pub fn add(&mut self, other: &Self) {
        for (series, more) in &other.counters {
            let own = self.counters.entry(series.clone()).or_default();
            own.total = own.total.saturating_add(more.total);
            own.at_ms = own.at_ms.max(more.at_ms);
            own.ring.add(&more.ring, |sum, count| *sum = sum.saturating_add(*count));
        }
        for (series, newer) in &other.gauges {
            self.gauges.entry(series.clone()).or_insert(*newer).set(*newer);
        }
        for (series, more) in &other.histograms {
            let own = self.histograms.entry(series.clone()).or_default();
            own.total.add(&more.total);
            own.ring.add(&more.ring, Histogram::add);
        }
    }

    /// Only the metrics of these names.
    #[must_use]
    pub fn named(&self, names: &[String]) -> Self {
        let wanted = |series: &Series| names.iter().any(|name| name == series.name());
        let counters = self.counters.iter().filter(|(series, _)| wanted(series));
        let gauges = self.gauges.iter().filter(|(series, _)| wanted(series));
        let histograms = self.histograms.iter().filter(|(series, _)| wanted(series));
        Self {
            counters: counters.map(|(series, counter)| (series.clone(), counter.clone())).collect(),
            gauges: gauges.map(|(series, gauge)| (series.clone(), *gauge)).collect(),
            histograms: histograms.map(|(series, times)| (series.clone(), times.clone())).collect(),
        }
    }

    /// Totals alone, and the gauges that are live: what the text needs.
    #[must_use]
    pub fn totals(&self, now_ms: u64) -> Self {
        let counters = self.counters.iter().map(|(series, counter)| {
            (series.clone(), Counter { total: counter.total, at_ms: counter.at_ms, ring: Ring::default() })
        });
        let gauges = self.gauges.iter().filter(|(_, gauge)| gauge.is_live(now_ms));
        let histograms = self.histograms.iter();
        Self {
            counters: counters.collect(),
            gauges: gauges.map(|(series, gauge)| (series.clone(), *gauge)).collect(),
            histograms: histograms
                .map(|(series, times)| (series.clone(), Times { total: times.total, ring: Ring::default() }))
                .collect(),
        }
    }
}
