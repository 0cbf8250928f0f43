//! The object that counts for one subject: a single number, and a mark of it that survives.

use crate::terms::{Terms, ms_up, ns};

/// What an isolate asks a limiter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Ask {
    /// Units that a request needs at once.
    pub needed: u32,
    /// Units that all requests need which wait for this lease, this one among them.
    pub waiting: u32,
    /// Units that the isolate has use for while a lease lives.
    pub wanted: u32,
}

/// What a limiter says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Answer {
    /// Units that were leased, and debited: what was needed or more, or nothing.
    pub granted: u32,
    /// Units that are left after it.
    pub remaining: u32,
    /// When what was needed is there, if nothing was leased; milliseconds.
    pub retry_ms: u64,
    /// When the whole burst is there again, milliseconds.
    pub full_ms: u64,
}

/// The state of one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limiter {
    /// When the whole burst is there again, Unix nanoseconds (the theoretical arrival time of the algorithm).
    pub full_ns: u64,
    /// The mark that is stored, Unix milliseconds; 0 if there is none.
    pub mark_ms: u64,
}

impl Limiter {
    /// Begins with the mark that was stored last, if one was.
    ///
    /// Whatever was granted before lies behind the mark, or used no more than [`Terms::free_units`] at a time when the
    /// clock said at most two errors more than it does now. Nothing was ever further ahead than the burst.
    #[must_use]
    pub fn begin(terms: &Terms, mark_ms: Option<u64>, now_ms: u64) -> Self {
        let (interval, mark_ms) = (terms.interval_ns(), mark_ms.unwrap_or(0));
        let (now, error) = (ns(now_ms), ns(2 * terms.clock_error_ms));
        let free = match u64::from(terms.free_units) {
            0 => 0,
            units => now + units * interval + error,
        };
        let most = now + u64::from(terms.burst) * interval + error;
        Self { full_ns: ns(mark_ms).max(free).min(most), mark_ms }
    }

    /// Units that are left now.
    #[must_use]
    pub fn level(&self, terms: &Terms, now_ms: u64) -> u32 {
        let (interval, now) = (terms.interval_ns(), ns(now_ms));
        let most = now + u64::from(terms.burst) * interval;
        let left = most.saturating_sub(self.full_ns.max(now)) / interval;
        u32::try_from(left).unwrap_or(terms.burst)
    }

    /// Leases units, all that is needed or none. The answer may leave once the mark is stored, if there is one.
    pub fn lease(&mut self, terms: &Terms, ask: &Ask, now_ms: u64) -> (Answer, Option<u64>) {
        let granted = terms.batch(self.level(terms, now_ms), ask);
        if granted == 0 {
            return (self.look(terms, ask.needed, now_ms), None);
        }
        let (interval, now) = (terms.interval_ns(), ns(now_ms));
        self.full_ns = self.full_ns.max(now) + u64::from(granted) * interval;
        let free = now + u64::from(terms.free_units) * interval;
        let mark = (self.full_ns > free.max(ns(self.mark_ms))).then(|| ms_up(self.full_ns) + terms.mark_ahead_ms);
        self.mark_ms = mark.unwrap_or(self.mark_ms);
        (Answer { granted, ..self.look(terms, 0, now_ms) }, mark)
    }

    /// What there is, without taking any of it.
    #[must_use]
    pub fn look(&self, terms: &Terms, needed: u32, now_ms: u64) -> Answer {
        let (interval, now) = (terms.interval_ns(), ns(now_ms));
        // What is needed is there when no more than the rest of the burst is used.
        let rest = u64::from(terms.burst.saturating_sub(needed)) * interval;
        let retry_ms = ms_up(self.full_ns.saturating_sub(now + rest));
        let full_ms = ms_up(self.full_ns.saturating_sub(now));
        Answer { granted: 0, remaining: self.level(terms, now_ms), retry_ms, full_ms }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Ask, Limiter};
    use crate::terms::Terms;

    const NOW_MS: u64 = 1_795_000_000_000;

    fn one(needed: u32) -> Ask {
        Ask { needed, waiting: needed, wanted: needed }
    }

    #[test]
    fn a_burst_is_granted_and_then_one_an_interval() {
        let terms = Terms::new(100, 10_000, 10);
        let interval_ms = terms.interval_ns().div_ceil(1_000_000);
        let mut limiter = Limiter::begin(&terms, None, NOW_MS);
        let granted: u32 = (0..20).map(|_| limiter.lease(&terms, &one(1), NOW_MS).0.granted).sum();
        assert_eq!(granted, 10);
        let (denied, mark) = limiter.lease(&terms, &one(1), NOW_MS);
        assert_eq!((denied.granted, denied.remaining, denied.retry_ms, mark), (0, 0, interval_ms, None));
        assert_eq!(limiter.lease(&terms, &one(1), NOW_MS + interval_ms - 1).0.granted, 0);
        assert_eq!(limiter.lease(&terms, &one(1), NOW_MS + interval_ms).0.granted, 1);
    }

    #[test]
    fn what_is_needed_is_given_whole_or_not_at_all() {
        let terms = Terms::new(100, 10_000, 10);
        let mut limiter = Limiter::begin(&terms, None, NOW_MS);
        assert_eq!(limiter.lease(&terms, &one(7), NOW_MS).0.granted, 7);
        let (denied, _) = limiter.lease(&terms, &one(4), NOW_MS);
        assert_eq!((denied.granted, denied.remaining), (0, 3));
        assert_eq!(limiter.lease(&terms, &one(4), NOW_MS + denied.retry_ms).0.granted, 4, "when it said");
        // More than the burst is never there.
        assert_eq!(limiter.lease(&terms, &one(11), NOW_MS + 1_000_000).0.granted, 0);
    }

    #[test]
    fn looking_takes_nothing() {
        let terms = Terms::new(100, 10_000, 10);
        let mut limiter = Limiter::begin(&terms, None, NOW_MS);
        limiter.lease(&terms, &one(4), NOW_MS);
        let before = limiter;
        let looked = limiter.look(&terms, 1, NOW_MS);
        assert_eq!((looked.granted, looked.remaining, looked.retry_ms), (0, 6, 0));
        assert_eq!(limiter, before);
    }

    #[test]
    fn marks_are_rare_and_a_restart_begins_at_one() {
        let terms = Terms::new(60_000, 60_000, 3_200);
        let mut limiter = Limiter::begin(&terms, None, NOW_MS);
        let (mut stored, mut granted, mut marks) = (None, 0, 0);
        for ms in 0..10_000 {
            let (answer, mark) = limiter.lease(&terms, &Ask { needed: 1, waiting: 1, wanted: 64 }, NOW_MS + ms);
            granted += answer.granted;
            marks += u32::from(mark.is_some());
            stored = mark.or(stored);
        }
        assert!((12_000..=14_000).contains(&granted), "{granted}");
        assert!(marks <= 11, "{marks} marks in ten seconds");
        let again = Limiter::begin(&terms, stored, NOW_MS + 10_000);
        assert!(again.full_ns >= limiter.full_ns, "nothing is forgotten");
    }

    #[test]
    fn whoever_uses_little_leaves_no_mark() {
        let terms = Terms::new(60_000, 60_000, 3_200);
        let mut limiter = Limiter::begin(&terms, None, NOW_MS);
        assert_eq!(limiter.level(&terms, NOW_MS), 3_200 - terms.free_units - 10);
        for second in 1..100 {
            let (answer, mark) = limiter.lease(&terms, &one(5), NOW_MS + second * 1_000);
            assert_eq!((answer.granted, mark), (5, None));
        }
    }

    #[test]
    fn a_mark_of_long_ago_is_no_burden_and_one_of_a_wrong_clock_ends() {
        let terms = Terms::new(100, 10_000, 10);
        assert_eq!(Limiter::begin(&terms, Some(NOW_MS - 1), NOW_MS).level(&terms, NOW_MS), 10);
        let ahead = Limiter::begin(&terms, Some(NOW_MS + 1_000_000_000), NOW_MS);
        assert_eq!(ahead.level(&terms, NOW_MS), 0);
        assert_eq!(ahead.level(&terms, NOW_MS + 20_000), 10);
    }
}
