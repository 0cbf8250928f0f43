//! A batch: what a sender has to say since its last one.

use serde::{Deserialize, Serialize};

use crate::catalogue::Kind;
use crate::histogram::Histogram;
use crate::series::Series;

/// A batch may have so many series of each kind: what an isolate of the edge has if every route was asked.
pub const SERIES_MAX: usize = 400;
/// The name of a sender may have so many bytes.
pub const SENDER_MAX_BYTES: usize = 64;
/// A batch counts within this time after it was made, milliseconds: as long as its sender is remembered, so that none
/// counts twice.
pub const LIFE_MS: u64 = 3_600_000;
/// What the text of Prometheus makes of a histogram: no other metric may be named so.
const DERIVED: [&str; 3] = ["_bucket", "_sum", "_count"];

/// Numbers of one sender, which counts its batches from 1 on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Batch {
    /// Who sends: an id that no other isolate or object has, drawn when it began.
    pub sender: String,
    /// The number of the batch.
    pub number: u64,
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
    /// What counters grew by.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counters: Vec<(Series, u64)>,
    /// Gauges as they are now, in the unit that the name says.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gauges: Vec<(Series, i64)>,
    /// What was observed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub histograms: Vec<(Series, Histogram)>,
}

impl Batch {
    /// What is wrong with it, beside its series.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        if self.sender.is_empty() || self.sender.len() > SENDER_MAX_BYTES {
            return Some("a sender has a name of 1 to 64 bytes");
        }
        if self.number == 0 {
            return Some("batches are counted from 1 on");
        }
        if !self.counters.iter().all(|(series, _)| Kind::of(series.name()) == Kind::Counter) {
            return Some("the name of a counter ends in _total");
        }
        let is_histogram = |series: &Series| {
            Kind::of(series.name()) == Kind::Histogram && series.labels().iter().all(|(label, _)| *label != "le")
        };
        if !self.histograms.iter().all(|(series, _)| is_histogram(series)) {
            return Some("the name of a histogram ends in _ms, and none of its labels is le");
        }
        let is_gauge = |name: &str| Kind::of(name) == Kind::Gauge && !DERIVED.iter().any(|end| name.ends_with(end));
        if !self.gauges.iter().all(|(series, _)| is_gauge(series.name())) {
            return Some("the name of a gauge ends in its unit, not as those of counters and histograms do");
        }
        let longest = self.counters.len().max(self.gauges.len()).max(self.histograms.len());
        (longest > SERIES_MAX).then_some("a batch has at most 400 series of a kind")
    }
}
