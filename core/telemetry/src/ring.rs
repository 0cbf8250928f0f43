//! What happened in each of the last sixty minutes.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// So many minutes are kept; no rule looks further back.
pub const MINUTES: u64 = 60;
/// Milliseconds of one.
pub const MINUTE_MS: u64 = 60_000;

/// A value for each minute, the newest last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ring<T> {
    /// The minute of the last value, since 1970.
    #[serde(rename = "n")]
    newest: u64,
    #[serde(rename = "v")]
    values: VecDeque<T>,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self { newest: 0, values: VecDeque::new() }
    }
}

impl<T: Default> Ring<T> {
    /// The value of a minute, to be changed; `None` if it is too old to be kept.
    pub fn minute(&mut self, minute: u64) -> Option<&mut T> {
        if self.values.is_empty() {
            self.newest = minute;
            self.values.push_back(T::default());
        }
        if minute > self.newest {
            let ahead = minute - self.newest;
            if ahead >= MINUTES {
                self.values.clear();
            }
            let missing = ahead.min(MINUTES);
            self.values.extend((0..missing).map(|_| T::default()));
            let surplus = self.values.len().saturating_sub(usize::try_from(MINUTES).unwrap_or(usize::MAX));
            self.values.drain(..surplus);
            self.newest = minute;
        }
        let back = usize::try_from(self.newest - minute).ok().filter(|back| (*back as u64) < MINUTES)?;
        while self.values.len() <= back {
            self.values.push_front(T::default());
        }
        let place = self.values.len() - 1 - back;
        self.values.get_mut(place)
    }

    /// The values of the last minutes up to one, that one included.
    pub fn last(&self, minutes: u64, now_minute: u64) -> impl Iterator<Item = &T> {
        let first = (now_minute + 1).saturating_sub(minutes.min(MINUTES));
        let minutes = (0..=self.newest).rev().zip(self.values.iter().rev());
        minutes.filter(move |(minute, _)| (first..=now_minute).contains(minute)).map(|(_, value)| value)
    }

    /// Adds what another one has, minute by minute.
    pub fn add(&mut self, other: &Self, add: impl Fn(&mut T, &T)) {
        let minutes = (0..=other.newest).rev().zip(other.values.iter().rev());
        for (minute, value) in minutes {
            if let Some(own) = self.minute(minute) {
                add(own, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Ring;

    fn put(ring: &mut Ring<u64>, minute: u64, value: u64) -> bool {
        ring.minute(minute).map(|own| *own += value).is_some()
    }

    #[test]
    fn an_hour_is_kept() {
        let mut ring = Ring::default();
        assert!(put(&mut ring, 100, 1) && put(&mut ring, 103, 2) && put(&mut ring, 90, 4));
        let sum = |ring: &Ring<u64>, minutes, now| ring.last(minutes, now).sum::<u64>();
        assert_eq!((sum(&ring, 1, 103), sum(&ring, 4, 103), sum(&ring, 60, 103)), (2, 3, 7));
        assert_eq!((sum(&ring, 4, 104), sum(&ring, 60, 150)), (2, 3), "the oldest one is out of it");
        assert!(put(&mut ring, 44, 8) && !put(&mut ring, 43, 8));
        assert!(put(&mut ring, 159, 1));
        assert_eq!((sum(&ring, 60, 159), ring.values.len()), (4, 60));
        assert!(put(&mut ring, 10_000, 1));
        assert_eq!((sum(&ring, 60, 10_000), ring.values.len()), (1, 60));
    }

    #[test]
    fn two_are_added_minute_by_minute() {
        let (mut one, mut two) = (Ring::default(), Ring::default());
        put(&mut one, 100, 1);
        put(&mut two, 98, 2);
        put(&mut two, 101, 4);
        let (mut sum, add) = (one.clone(), |own: &mut u64, more: &u64| *own += more);
        sum.add(&two, add);
        two.add(&one, add);
        let values = |ring: &Ring<u64>| ring.last(60, 101).copied().collect::<Vec<_>>();
        assert_eq!((values(&sum), values(&sum)), (vec![4, 1, 0, 2], values(&two)));
    }
}
