//! What an isolate or an object keeps between two pushes.
//!
//! This stands in every script, so it is small: lists that are searched by halves, and nothing that reads JSON.

use crate::batch::{Batch, SERIES_MAX};
use crate::catalogue::SERIES_DROPPED;
use crate::histogram::Histogram;
use crate::series::Series;

/// Batches of one sender are so far apart, milliseconds: a batch is a request, which costs.
pub const FLUSH_MS: u64 = 10_000;

/// A sender's numbers. A batch is handed out again, unchanged, until it is acknowledged: a lost answer loses nothing
/// and counts nothing twice.
#[derive(Debug)]
pub struct Recorder {
    sender: String,
    /// The number of the last batch that was made.
    number: u64,
    /// When one was last handed out.
    taken_ms: u64,
    /// What is not acknowledged yet.
    open: Option<Batch>,
    counters: Vec<(Series, u64)>,
    gauges: Vec<(Series, i64)>,
    histograms: Vec<(Series, Histogram)>,
    /// Samples that were left out.
    dropped: u64,
}

impl Recorder {
    /// One with nothing in it. The sender's id is random: whoever begins anew has another one.
    #[must_use]
    pub const fn new(sender: String) -> Self {
        Self {
            sender,
            number: 0,
            taken_ms: 0,
            open: None,
            counters: Vec::new(),
            gauges: Vec::new(),
            histograms: Vec::new(),
            dropped: 0,
        }
    }

    /// Adds to a counter.
    pub fn add(&mut self, name: &str, labels: &[(&str, &str)], more: u64) {
        match slot(&mut self.counters, name, labels) {
            Some(count) => *count = count.saturating_add(more),
            None => self.dropped += 1,
        }
    }

    /// Observes a time in milliseconds.
    pub fn observe(&mut self, name: &str, labels: &[(&str, &str)], ms: u64) {
        match slot(&mut self.histograms, name, labels) {
            Some(histogram) => histogram.observe(ms),
            None => self.dropped += 1,
        }
    }

    /// Sets a gauge.
    pub fn set(&mut self, name: &str, labels: &[(&str, &str)], value: i64) {
        match slot(&mut self.gauges, name, labels) {
            Some(gauge) => *gauge = value,
            None => self.dropped += 1,
        }
    }

    /// Whether it is time to send: there is something, and the last time is long enough ago.
    #[must_use]
    pub fn due(&self, now_ms: u64) -> bool {
        let empty = self.counters.is_empty() && self.gauges.is_empty() && self.histograms.is_empty();
        let nothing = empty && self.dropped == 0 && self.open.is_none();
        !nothing && now_ms.saturating_sub(self.taken_ms) >= FLUSH_MS
    }

    /// The batch to send: the one that was not acknowledged, or what has come together since.
    pub fn take(&mut self, now_ms: u64) -> &Batch {
        self.taken_ms = now_ms;
        if self.open.is_none() && self.dropped > 0 {
            let dropped = std::mem::take(&mut self.dropped);
            // Beyond the bound, which leaves room for it at the receiver.
            if let Ok(series) = Series::new(SERIES_DROPPED, &[]) {
                self.counters.truncate(SERIES_MAX - 1);
                self.counters.push((series, dropped));
            }
        }
        self.open.get_or_insert_with(|| {
            self.number += 1;
            Batch {
                sender: self.sender.clone(),
                number: self.number,
                at_ms: now_ms,
                counters: std::mem::take(&mut self.counters),
                gauges: std::mem::take(&mut self.gauges),
                histograms: std::mem::take(&mut self.histograms),
            }
        })
    }

    /// A batch has arrived, or was refused for good: it is not sent again.
    pub fn acknowledge(&mut self, number: u64) {
        self.open.take_if(|open| open.number == number);
    }
}

/// The value of a series in a sorted list; `None` if it is no series, or one too many.
fn slot<'a, T: Default>(list: &'a mut Vec<(Series, T)>, name: &str, labels: &[(&str, &str)]) -> Option<&'a mut T> {
    let series = Series::new(name, labels).ok()?;
    let place = match list.binary_search_by(|(known, _)| known.cmp(&series)) {
        Ok(place) => place,
        // One place is kept for the count of what was left out.
        Err(_) if list.len() >= SERIES_MAX - 1 => return None,
        Err(place) => {
            list.insert(place, (series, T::default()));
            place
        }
    };
    list.get_mut(place).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Batch, FLUSH_MS, Recorder, SERIES_MAX};

    fn recorder() -> Recorder {
        Recorder::new("s".to_owned())
    }

    fn counters(batch: &Batch) -> Vec<(&str, u64)> {
        batch.counters.iter().map(|(series, count)| (series.as_str(), *count)).collect()
    }

    #[test]
    fn a_batch_is_handed_out_until_it_is_acknowledged() {
        let mut recorder = recorder();
        assert!(!recorder.due(FLUSH_MS), "there is nothing");
        recorder.add("b_total", &[], 1);
        recorder.add("a_total", &[("x", "1")], 2);
        recorder.add("b_total", &[], 3);
        assert!(recorder.due(FLUSH_MS) && !recorder.due(FLUSH_MS - 1));
        let first = recorder.take(FLUSH_MS).clone();
        assert_eq!((first.number, counters(&first)), (1, vec![("a_total{x=\"1\"}", 2), ("b_total", 4)]));
        recorder.add("b_total", &[], 5);
        assert!(!recorder.due(2 * FLUSH_MS - 1) && recorder.due(2 * FLUSH_MS));
        assert_eq!(*recorder.take(2 * FLUSH_MS), first);
        recorder.acknowledge(2);
        assert_eq!(*recorder.take(3 * FLUSH_MS), first);
        recorder.acknowledge(1);
        let second = recorder.take(4 * FLUSH_MS);
        assert_eq!((second.number, second.at_ms, counters(second)), (2, 4 * FLUSH_MS, vec![("b_total", 5)]));
        recorder.acknowledge(2);
        assert!(!recorder.due(u64::MAX));
    }

    #[test]
    fn what_is_too_much_is_counted() {
        let mut recorder = recorder();
        for number in 0..SERIES_MAX + 9 {
            recorder.add("a_total", &[("n", &number.to_string())], 1);
            recorder.set("gauge", &[("n", &number.to_string())], -1);
        }
        recorder.observe("no-name", &[], 1);
        let batch = recorder.take(1);
        assert_eq!(batch.fault(), None);
        assert_eq!((batch.counters.len(), batch.gauges.len()), (SERIES_MAX, SERIES_MAX - 1));
        assert_eq!(counters(batch).last(), Some(&("aion_series_dropped_total", 21)));
    }
}
