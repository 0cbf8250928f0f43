//! A meter: batches of many senders, each counted once.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::batch::{Batch, LIFE_MS};
use crate::catalogue::SERIES_DROPPED;
use crate::numbers::{GAUGE_KEPT_MS, Gauge, Numbers};
use crate::series::Series;

/// A meter keeps so many counters. With the hour of each they fit 600 kB.
pub const COUNTERS_MAX: usize = 1_000;
/// A meter keeps so many histograms. With the hour of each they fit a megabyte.
pub const HISTOGRAMS_MAX: usize = 200;
/// A meter keeps so many gauges.
pub const GAUGES_MAX: usize = 4_000;
/// A meter knows so many senders of the last hour.
pub const SENDERS_MAX: usize = 10_000;
/// Those that are over an hour old are looked for so often, milliseconds.
const SWEEP_MS: u64 = 60_000;

/// Totals, and which batches are in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Meter {
    /// What was counted.
    pub numbers: Numbers,
    senders: BTreeMap<String, Sender>,
    swept_ms: u64,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Sender {
    /// The newest batch.
    #[serde(rename = "n")]
    number: u64,
    /// When it came, Unix milliseconds.
    #[serde(rename = "t")]
    at_ms: u64,
}

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Merged {
    /// It is counted.
    New,
    /// It was counted before, or is too old to know: it changes nothing, and is not sent again.
    Known,
    /// There are too many senders: it may come again later.
    Full,
}

impl Meter {
    /// Counts a batch that has no fault.
    pub fn merge(&mut self, batch: &Batch, now_ms: u64) -> Merged {
        self.sweep(now_ms);
        // Its sender may be forgotten, so that nobody would know whether it was counted.
        if now_ms.saturating_sub(batch.at_ms) >= LIFE_MS {
            return Merged::Known;
        }
        match self.senders.get(&batch.sender) {
            Some(sender) if batch.number <= sender.number => return Merged::Known,
            None if self.senders.len() >= SENDERS_MAX => return Merged::Full,
            _ => {}
        }
        self.senders.insert(batch.sender.clone(), Sender { number: batch.number, at_ms: now_ms });
        self.count(batch, now_ms);
        Merged::New
    }

    fn count(&mut self, batch: &Batch, now_ms: u64) {
        let (numbers, mut dropped) = (&mut self.numbers, 0);
        for (series, more) in &batch.counters {
            match place(&mut numbers.counters, series, COUNTERS_MAX) {
                Some(counter) => counter.add(*more, now_ms),
                None => dropped += 1,
            }
        }
        for (series, value) in &batch.gauges {
            match place(&mut numbers.gauges, series, GAUGES_MAX) {
                // No clock is ahead of ours for long.
                Some(gauge) => gauge.set(Gauge { value: *value, at_ms: batch.at_ms.min(now_ms) }),
                None => dropped += 1,
            }
        }
        for (series, more) in &batch.histograms {
            match place(&mut numbers.histograms, series, HISTOGRAMS_MAX) {
                Some(times) => times.add(more, now_ms),
                None => dropped += 1,
            }
        }
        if dropped > 0
            && let Ok(series) = Series::new(SERIES_DROPPED, &[])
        {
            numbers.counters.entry(series).or_default().add(dropped, now_ms);
        }
    }

    /// Forgets senders of more than an hour ago, and gauges of more than a day ago.
    fn sweep(&mut self, now_ms: u64) {
        if now_ms.saturating_sub(self.swept_ms) < SWEEP_MS {
            return;
        }
        self.swept_ms = now_ms;
        self.senders.retain(|_, sender| now_ms.saturating_sub(sender.at_ms) < LIFE_MS);
        self.numbers.gauges.retain(|_, gauge| now_ms.saturating_sub(gauge.at_ms) < GAUGE_KEPT_MS);
    }
}

/// What is kept of a series; `None` if there are as many others already.
fn place<'a, T: Default>(all: &'a mut BTreeMap<Series, T>, series: &Series, max: usize) -> Option<&'a mut T> {
    if all.len() >= max && !all.contains_key(series) && series.as_str() != SERIES_DROPPED {
        return None;
    }
    Some(all.entry(series.clone()).or_default())
}
