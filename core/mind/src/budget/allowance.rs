//! Allowances: one reservation for several calls of the same payer that follow each other at once.
//!
//! To the ledger an allowance is a reservation like any other. Whoever holds it gives parts of it to calls, for a
//! moment, and reports at the end what all of them have used: a thousand calls a second need not be a thousand commits.
//! Nothing is given that was not reserved before. A payer whose calls are seldom has none: each of them reserves by
//! itself.

use super::End;

/// An allowance gives for so long, milliseconds: so long may the kill switch and new caps be unknown to its holder.
pub const LASTS_MS: u64 = 1_000;
/// It has room for so many calls like the first at most: a busy isolate's second.
pub const TIMES_MAX: u32 = 256;
/// An allowance takes at most this part of what any cap leaves, so that others find something too. What is lost with
/// its holder is no more than that.
pub const PART: u64 = 16;

/// A reservation that is given out in parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// What was reserved, micro-USD.
    total: u64,
    /// What calls that have ended have used, micro-USD.
    used: u64,
    /// The worst cases of the calls that are open, micro-USD,
    held: u64,
    /// and how many they are.
    calls: u32,
    /// It gives until then, Unix milliseconds.
    until_ms: u64,
}

impl Allowance {
    /// A reservation of so many micro-USD, whose first call may cost so much of it.
    #[must_use]
    pub const fn new(total: u64, first: u64, now_ms: u64) -> Self {
        let until_ms = if total > first { now_ms.saturating_add(LASTS_MS) } else { 0 };
        Self { total, used: 0, held: first, calls: 1, until_ms }
    }

    /// Sets a call's worst case aside, micro-USD, if there is as much left and it gives still.
    pub fn hold(&mut self, worst: u64, now_ms: u64) -> bool {
        let left = self.total.saturating_sub(self.used.saturating_add(self.held));
        let gives = !self.is_closed(now_ms) && worst <= left;
        if gives {
            self.held += worst;
            self.calls += 1;
        }
        gives
    }

    /// A call has ended whose worst case was held.
    pub fn end(&mut self, worst: u64, end: End) {
        let used = match end {
            End::Used(used) => used,
            End::Never => 0,
            End::Unknown | End::Within(_) => worst,
        };
        self.used = self.used.saturating_add(used);
        self.held = self.held.saturating_sub(worst);
        self.calls = self.calls.saturating_sub(1);
    }

    /// Whether it gives to nobody any more.
    const fn is_closed(&self, now_ms: u64) -> bool {
        now_ms >= self.until_ms
    }

    /// How the reservation ends, once it is closed and no call is open.
    #[must_use]
    pub const fn settled(&self, now_ms: u64) -> Option<End> {
        if self.calls == 0 && self.is_closed(now_ms) { Some(End::Used(self.used)) } else { None }
    }

    /// What the ledger is told when its time is over: how it ends, or what it can come to while calls are open, which
    /// may go on for long.
    pub fn over(&mut self) -> End {
        self.until_ms = 0;
        self.settled(0).unwrap_or(End::Within(self.used.saturating_add(self.held)))
    }
}

/// How many calls the next allowance has room for: twice as many as the one before if that was used up within its time,
/// half as many if it was not.
#[must_use]
pub fn next_times(before: u32, used_up: bool) -> u32 {
    let times = if used_up { before.saturating_mul(2) } else { before / 2 };
    times.clamp(1, TIMES_MAX)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Allowance, LASTS_MS, TIMES_MAX, next_times};
    use crate::budget::End;

    const fn of(total: u64, first: u64) -> Allowance {
        Allowance::new(total, first, 1_000)
    }

    #[test]
    fn no_more_is_given_than_was_reserved() {
        let mut all = of(100, 30);
        assert!(all.hold(70, 1_000));
        assert!(!all.hold(1, 1_000));
        all.end(30, End::Used(10));
        assert!(all.hold(20, 1_500), "what was not used is there again");
        assert!(!all.hold(1, 1_500));
        all.end(70, End::Unknown);
        all.end(20, End::Never);
        assert_eq!(all.settled(1_500), None, "it gives still");
        assert!(all.hold(20, 1_500));
        assert!(!all.hold(0, 1_000 + LASTS_MS), "its time is over");
        assert_eq!(all.settled(1_000 + LASTS_MS), None, "a call is open");
        assert_eq!(all.over(), End::Within(100), "10, 70 and what is open");
        all.end(20, End::Used(25));
        assert_eq!(all.settled(1_000 + LASTS_MS), Some(End::Used(105)), "all that was used is told");
    }

    #[test]
    fn any_order_of_calls_stays_within_it() {
        let (mut state, mut all, mut open, mut used) = (7_u64, of(1_000, 40), vec![40_u64], 0);
        for step in 0..10_000_u64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (worst, ends) = ((state >> 33) % 120, (state >> 60) % 2 == 0);
            if ends && !open.is_empty() {
                let worst = open.swap_remove((state >> 40) as usize % open.len());
                let cost = worst / 2;
                all.end(worst, End::Used(cost));
                used += cost;
            } else if all.hold(worst, 1_000 + step % LASTS_MS) {
                open.push(worst);
            }
            assert!(used + open.iter().sum::<u64>() <= 1_000);
        }
        assert!(used > 900, "it was worth something: {used}");
    }

    #[test]
    fn one_for_a_single_call_gives_to_no_other() {
        let mut all = of(30, 30);
        all.end(30, End::Used(1));
        assert!(!all.hold(1, 1_000));
        assert_eq!(all.settled(1_000), Some(End::Used(1)));
        let mut all = of(60, 30);
        assert_eq!(all.over(), End::Within(30));
        assert!(!all.hold(30, 1_000), "the switch was seen");
        all.end(30, End::Used(20));
        assert_eq!(all.over(), End::Used(20));
    }

    #[test]
    fn sizes_follow_the_calls() {
        let busy: Vec<u32> =
            (0..10).scan(1, |times, _| Some(std::mem::replace(times, next_times(*times, true)))).collect();
        assert_eq!(busy, [1, 2, 4, 8, 16, 32, 64, 128, TIMES_MAX, TIMES_MAX]);
        assert_eq!((next_times(8, false), next_times(1, false)), (4, 1));
    }
}
