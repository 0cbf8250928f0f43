//! What a rule's numbers mean for the arithmetic.

use crate::limiter::Ask;

/// No clock differs from the true time by more than this: the machines of the platform are synchronised to a few
/// milliseconds, and within an event a clock stands still for as long as the code runs.
pub const CLOCK_ERROR_MAX_MS: u64 = 5;
/// A lease has at most this many units: what one isolate can lose is small, and more would save few requests.
pub const LEASE_MAX_UNITS: u32 = 64;
/// A lease lives no longer than this.
const LIFE_MAX_MS: u64 = 1_000;
/// A lease of a longer window lives this part of it: what is lost for the sake of the promise is as small a part.
const LIFE_PART: u64 = 100;
/// A lease lives this long, if a tenth of its window is not less: it takes some tens of milliseconds to come.
const LIFE_MIN_MS: u64 = 100;
/// A denial is remembered for no longer than this, if what was needed is there before.
const DENIAL_MAX_MS: u64 = 1_000;
/// A limiter that has stored nothing assumes this part of the burst to be used.
const FREE_PART: u32 = 32;
/// A mark lies ahead by this part of the window: so often a busy limiter stores one,
const MARK_PART: u64 = 50;
/// and not more often than this.
const MARK_MIN_MS: u64 = 500;

const NS_PER_MS: u64 = 1_000_000;

/// The terms on which one subject is limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Terms {
    /// Units that are admitted in any window at most.
    pub limit: u32,
    /// Length of the window, milliseconds.
    pub window_ms: u64,
    /// Units that are admitted at once at most.
    pub burst: u32,
    /// How long a lease may be spent, from before it was asked for, milliseconds.
    pub life_ms: u64,
    /// By how much any clock is off at most, milliseconds.
    pub clock_error_ms: u64,
    /// Units of the burst that a limiter assumes to be used when it has stored nothing: up to them it stores nothing.
    pub free_units: u32,
    /// By how much a mark lies ahead of what was granted, milliseconds.
    pub mark_ahead_ms: u64,
}

impl Terms {
    /// Terms of a rule. A burst is at least one unit, and at most [`Terms::burst_max`].
    #[must_use]
    pub fn new(limit: u32, window_ms: u64, burst: u32) -> Self {
        let (limit, window_ms) = (limit.max(1), window_ms.max(1));
        let life_ms = (window_ms / LIFE_PART).max(LIFE_MIN_MS).min(window_ms / 10).min(LIFE_MAX_MS);
        let burst = burst.clamp(1, Self::burst_max(limit));
        Self {
            limit,
            window_ms,
            burst,
            life_ms,
            clock_error_ms: CLOCK_ERROR_MAX_MS,
            free_units: burst / FREE_PART,
            mark_ahead_ms: (window_ms / MARK_PART).max(MARK_MIN_MS),
        }
    }

    /// The largest burst of a limit: half of it. What came at once counts in the window that follows too, so a larger
    /// one would take longer than a window to come back.
    #[must_use]
    pub const fn burst_max(limit: u32) -> u32 {
        limit.div_ceil(2)
    }

    /// The interval of one unit, nanoseconds, rounded up: window, life and four errors of clocks hold
    /// `limit - burst + 1` of them.
    #[must_use]
    pub fn interval_ns(&self) -> u64 {
        let period_ms = self.window_ms + self.life_ms + 4 * self.clock_error_ms;
        let units = u64::from(self.limit.saturating_sub(self.burst)) + 1;
        (period_ms * NS_PER_MS).div_ceil(units)
    }

    /// How many units a limiter leases that has `level` left; 0 if it cannot give what is needed. Each request that
    /// waits gets what it needs, as far as it goes. Beyond that an isolate may have a reserve: up to a quarter of what
    /// is left, and none below a tenth of the burst, so that nothing lies about near the limit.
    #[must_use]
    pub fn batch(&self, level: u32, ask: &Ask) -> u32 {
        if ask.needed > level {
            return 0;
        }
        let reserve = if u64::from(level) * 10 < u64::from(self.burst) { 0 } else { ask.wanted.min(level / 4) };
        ask.needed.max(ask.waiting.min(level).max(reserve).min(LEASE_MAX_UNITS))
    }

    /// For how long a denial is remembered at least: until an eighth of the burst is there again, so that there is
    /// something to lease after it and nothing is lost even if the next ask takes long; and no longer than a second,
    /// the least that callers are told to wait.
    #[must_use]
    pub fn denial_ms(&self) -> u64 {
        (u64::from(self.burst) * self.interval_ns() / 8 / NS_PER_MS).min(DENIAL_MAX_MS)
    }
}

/// Milliseconds as nanoseconds: good until the year 2554.
pub(crate) const fn ns(ms: u64) -> u64 {
    ms.saturating_mul(NS_PER_MS)
}

/// Nanoseconds as milliseconds, rounded up.
pub(crate) const fn ms_up(ns: u64) -> u64 {
    ns.div_ceil(NS_PER_MS)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Ask, Terms};

    #[test]
    fn a_lease_lives_a_second_and_a_tenth_of_its_window_at_most() {
        for (window_ms, life_ms) in [(1_000, 100), (2_000, 100), (20_000, 200), (60_000, 600), (86_400_000, 1_000)] {
            let terms = Terms::new(100, window_ms, 10);
            assert_eq!(terms.life_ms, life_ms, "{window_ms}");
            assert!(life_ms <= (window_ms / 10).min(1_000));
        }
    }

    #[test]
    fn the_interval_keeps_the_limit_in_window_life_and_errors() {
        // One a window: the window itself, and what a lease and the clocks add.
        assert_eq!(Terms::new(1, 1_000, 1).interval_ns(), 1_120_000_000);
        assert_eq!(Terms::new(100, 10_000, 1).interval_ns(), 101_200_000);
        assert_eq!(Terms::new(99, 10_000, 50).interval_ns(), 202_400_000);
    }

    #[test]
    fn batches_are_small_and_there_is_no_reserve_near_the_limit() {
        let terms = Terms::new(10_000, 10_000, 1_000);
        let batch = |level, needed, waiting, wanted| terms.batch(level, &Ask { needed, waiting, wanted });
        assert_eq!(batch(1_000, 1, 1, 500), 64, "at most 64");
        assert_eq!(batch(200, 1, 1, 500), 50, "at most a quarter");
        assert_eq!(batch(1_000, 1, 1, 7), 7, "no more than is wanted");
        assert_eq!(batch(200, 1, 60, 7), 60, "but all that is waited for");
        assert_eq!(batch(99, 1, 1, 500), 1, "below a tenth one,");
        assert_eq!(batch(99, 1, 3, 500), 3, "or one for each that waits,");
        assert_eq!(batch(99, 5, 5, 500), 5, "or what one request needs,");
        assert_eq!(batch(2, 1, 40, 500), 2, "as far as it goes");
        assert_eq!(batch(4, 5, 5, 500), 0, "all of what is needed or nothing");
        assert_eq!(batch(1_000, 100, 100, 500), 100, "a dear request gets what it needs");
    }

    #[test]
    fn denials_end_before_anything_is_lost() {
        for (limit, window_ms, burst) in
            [(180_000, 60_000, 6_000), (30_000, 10_000, 600), (600, 60_000, 12), (10, 60_000, 5)]
        {
            let terms = Terms::new(limit, window_ms, burst);
            let refilled_ns = terms.denial_ms() * 1_000_000;
            assert!(refilled_ns <= u64::from(burst) * terms.interval_ns() / 8 && terms.denial_ms() <= 1_000);
        }
        assert_eq!(Terms::new(30_000, 10_000, 600).denial_ms(), 25);
    }

    #[test]
    fn terms_are_made_sound() {
        for (limit, burst, sound) in [(0, 7, (1, 1)), (9, 0, (9, 1)), (9, 9, (9, 5)), (10, 10, (10, 5))] {
            let terms = Terms::new(limit, 1_000, burst);
            assert_eq!((terms.limit, terms.burst), sound);
        }
    }
}
