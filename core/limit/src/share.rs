//! What one isolate knows of one subject: its leases, what was denied, and whether somebody is asking.

use crate::lease::Leases;
use crate::limiter::{Answer, Ask};
use crate::terms::{LEASE_MAX_UNITS, Terms};

/// Whoever asks a limiter has this long, and counts as lost after it: another one asks then.
pub const ASK_PATIENCE_MS: u64 = 1_000;
/// A limiter that could not be asked is left alone for this long.
pub const FAILURE_MS: u64 = 500;

/// An isolate's part of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Share {
    leases: Leases,
    /// How many units it has had use for while a lease lives.
    wanted: u32,
    /// Units that were spent since it was asked last,
    spent: u32,
    /// and how long what was leased then may be spent.
    lasts_until_ms: u64,
    /// Who needs so many units or more is denied until then.
    denied: Option<(u32, u64)>,
    failed_until_ms: u64,
    asking_until_ms: u64,
    /// Units that requests need which wait for somebody else's lease.
    waiting: u32,
    /// What the limiter had left when it answered last, and how long it would take to have all.
    remaining: u32,
    full_at_ms: u64,
}

/// Where a request stands with one subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// The units are there.
    Ready,
    /// They are not, and will not be before so many milliseconds.
    Denied(u64),
    /// The limiter cannot be asked.
    Failed,
    /// Somebody asks for them.
    Wait,
    /// Nobody does: the request is the one to ask.
    Ask,
}

impl Default for Share {
    fn default() -> Self {
        Self {
            leases: Leases::default(),
            wanted: 1,
            spent: 0,
            lasts_until_ms: 0,
            denied: None,
            failed_until_ms: 0,
            asking_until_ms: 0,
            waiting: 0,
            remaining: 0,
            full_at_ms: 0,
        }
    }
}

impl Share {
    /// Whether units are there to be spent.
    #[must_use]
    pub fn has(&self, cost: u32, now_ms: u64) -> bool {
        self.leases.left(now_ms) >= cost
    }

    /// Where a request stands that costs so much.
    #[must_use]
    pub fn look(&self, cost: u32, now_ms: u64) -> Look {
        if self.has(cost, now_ms) {
            return Look::Ready;
        }
        if let Some((needed, until_ms)) = self.denied
            && now_ms < until_ms
            && cost >= needed
        {
            return Look::Denied(until_ms - now_ms);
        }
        if now_ms < self.failed_until_ms {
            return Look::Failed;
        }
        if now_ms < self.asking_until_ms { Look::Wait } else { Look::Ask }
    }

    /// What to ask the limiter for a request that costs so much. Whoever calls this says what comes of it.
    pub fn ask(&mut self, cost: u32, now_ms: u64) -> Ask {
        self.adapt(now_ms);
        self.asking_until_ms = now_ms + ASK_PATIENCE_MS;
        Ask { needed: cost, waiting: self.waiting.max(cost), wanted: self.wanted.max(cost) }
    }

    /// Counts a request that waits for somebody else's lease; the one that asks for it later is still counted.
    pub fn join(&mut self, cost: u32) {
        self.waiting = self.waiting.saturating_add(cost);
    }

    /// Counts it no longer.
    pub fn leave(&mut self, cost: u32) {
        self.waiting = self.waiting.saturating_sub(cost);
    }

    /// What was spent before its end was too little; of what was not, what was spent is what is wanted.
    fn adapt(&mut self, now_ms: u64) {
        if now_ms < self.lasts_until_ms {
            self.wanted = (self.wanted * 2).min(LEASE_MAX_UNITS);
        } else if self.lasts_until_ms > 0 {
            self.wanted = self.spent.clamp(1, LEASE_MAX_UNITS);
        }
        self.spent = 0;
        self.leases.forget(now_ms);
    }

    /// Spends units that [`Share::has`] found: of all subjects of a request in one turn, or of none.
    pub fn spend(&mut self, cost: u32, now_ms: u64) {
        if self.leases.spend(cost, now_ms) {
            self.spent = self.spent.saturating_add(cost);
        }
    }

    /// Takes the answer to what was asked at `sent_ms`, on the isolate's clock.
    pub fn answered(&mut self, terms: &Terms, needed: u32, answer: &Answer, sent_ms: u64, now_ms: u64) {
        self.asking_until_ms = 0;
        self.failed_until_ms = 0;
        self.remaining = answer.remaining;
        self.full_at_ms = now_ms + answer.full_ms;
        if answer.granted == 0 {
            self.denied = Some((needed, now_ms + answer.retry_ms.max(terms.denial_ms()).max(1)));
            // Whoever waits is refused now; whoever went away without a word is forgotten.
            self.waiting = 0;
            return;
        }
        self.denied = None;
        self.lasts_until_ms = sent_ms + terms.life_ms;
        self.leases.take(terms, answer.granted, sent_ms);
    }

    /// Notes that the limiter could not be asked.
    pub fn failed(&mut self, now_ms: u64) {
        self.asking_until_ms = 0;
        self.failed_until_ms = now_ms + FAILURE_MS;
    }

    /// Units that are left as far as is known: those that were leased, and those that the limiter had then.
    #[must_use]
    pub fn remaining(&self, now_ms: u64) -> u32 {
        self.leases.left(now_ms).saturating_add(self.remaining)
    }

    /// How long it takes until everything is there again, milliseconds.
    #[must_use]
    pub const fn full_ms(&self, now_ms: u64) -> u64 {
        self.full_at_ms.saturating_sub(now_ms)
    }

    /// Whether nothing would be lost with it but what it has learned.
    #[must_use]
    pub fn is_idle(&self, now_ms: u64) -> bool {
        let denied = self.denied.is_some_and(|(_, until_ms)| now_ms < until_ms);
        !denied && !self.has(1, now_ms) && now_ms >= self.failed_until_ms && now_ms >= self.asking_until_ms
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{ASK_PATIENCE_MS, FAILURE_MS, Look, Share};
    use crate::limiter::{Answer, Ask};
    use crate::terms::Terms;

    fn terms() -> Terms {
        Terms::new(2_000, 20_000, 100)
    }

    fn granted(granted: u32) -> Answer {
        Answer { granted, remaining: 50, retry_ms: 0, full_ms: 500 }
    }

    fn denied(retry_ms: u64) -> Answer {
        Answer { granted: 0, remaining: 0, retry_ms, full_ms: 900 }
    }

    fn asked(share: &mut Share, now_ms: u64) -> Ask {
        assert_eq!(share.look(1, now_ms), Look::Ask);
        share.ask(1, now_ms)
    }

    #[test]
    fn one_asks_and_the_others_wait() {
        let mut share = Share::default();
        assert_eq!(asked(&mut share, 0), Ask { needed: 1, waiting: 1, wanted: 1 });
        assert_eq!(share.look(1, 1), Look::Wait);
        share.answered(&terms(), 1, &granted(2), 0, 3);
        for _ in 0..2 {
            assert_eq!(share.look(1, 3), Look::Ready);
            share.spend(1, 3);
        }
        asked(&mut share, 3);
        assert_eq!(share.look(1, ASK_PATIENCE_MS + 2), Look::Wait);
        assert_eq!(share.look(1, ASK_PATIENCE_MS + 3), Look::Ask, "whoever asked is lost");
    }

    #[test]
    fn a_lease_ends_one_life_after_it_was_asked_for() {
        let mut share = Share::default();
        asked(&mut share, 100);
        share.answered(&terms(), 1, &granted(9), 100, 250);
        let end_ms = 100 + terms().life_ms;
        assert!(share.has(9, end_ms - 1) && !share.has(1, end_ms));
        let mut late = Share::default();
        asked(&mut late, 100);
        late.answered(&terms(), 1, &granted(9), 100, end_ms);
        assert!(!late.has(1, end_ms), "it was over when it came");
    }

    #[test]
    fn batches_follow_the_use() {
        let mut share = Share::default();
        for wanted in [1, 2, 4, 8, 16, 32, 64, 64] {
            assert_eq!(asked(&mut share, 0).wanted, wanted);
            share.answered(&terms(), 1, &granted(1), 0, 0);
            share.spend(1, 0);
        }
        asked(&mut share, 0);
        share.answered(&terms(), 1, &granted(64), 0, 0);
        share.spend(5, 0);
        assert_eq!(asked(&mut share, 10_000).wanted, 5, "what was used while it lived");
        share.answered(&terms(), 1, &granted(5), 10_000, 10_000);
        assert_eq!(asked(&mut share, 20_000).wanted, 1);
    }

    #[test]
    fn denials_are_remembered_until_they_end() {
        let mut share = Share::default();
        share.ask(5, 0);
        share.answered(&terms(), 5, &denied(2_000), 0, 10);
        assert_eq!(share.look(5, 20), Look::Denied(1_990));
        assert_eq!(share.look(9, 2_009), Look::Denied(1));
        assert_eq!(share.look(4, 2_009), Look::Ask, "who needs less may get it");
        assert_eq!(share.look(5, 2_010), Look::Ask);
        share.answered(&terms(), 1, &denied(1), 0, 10);
        assert_eq!(share.look(1, 10), Look::Denied(terms().denial_ms()), "and for as long as nothing is lost");
    }

    #[test]
    fn whoever_waits_is_asked_for() {
        let mut share = Share::default();
        asked(&mut share, 0);
        for cost in [1, 1, 5] {
            assert_eq!(share.look(cost, 1), Look::Wait);
            share.join(cost);
        }
        share.answered(&terms(), 1, &granted(2), 0, 2);
        share.spend(1, 2);
        share.spend(1, 2);
        share.leave(1);
        assert_eq!(share.ask(1, 2).waiting, 6);
        share.answered(&terms(), 1, &denied(9), 2, 3);
        assert_eq!(share.ask(1, 1_000).waiting, 1, "nobody waits who was refused");
    }

    #[test]
    fn a_limiter_that_is_away_is_left_alone_for_a_while() {
        let mut share = Share::default();
        asked(&mut share, 0);
        share.failed(7);
        assert_eq!(share.look(1, 7 + FAILURE_MS - 1), Look::Failed);
        assert_eq!(share.look(1, 7 + FAILURE_MS), Look::Ask);
    }

    #[test]
    fn what_remains_is_what_is_leased_and_what_was_left() {
        let mut share = Share::default();
        assert!(share.is_idle(0));
        asked(&mut share, 0);
        share.answered(&terms(), 1, &granted(8), 0, 0);
        share.spend(1, 0);
        assert_eq!((share.remaining(0), share.full_ms(100)), (57, 400));
        assert!(!share.is_idle(0));
        assert_eq!(share.remaining(10_000), 50);
        assert!(share.is_idle(10_000));
    }

    #[test]
    fn a_dear_request_loses_nothing_of_what_is_there() {
        let mut share = Share::default();
        asked(&mut share, 0);
        share.answered(&terms(), 1, &granted(8), 0, 0);
        assert_eq!(share.look(20, 100), Look::Ask);
        assert_eq!(share.ask(20, 100).needed, 20);
        share.answered(&terms(), 20, &granted(20), 100, 100);
        assert!(share.has(28, 100));
        share.spend(9, 100);
        assert_eq!(share.remaining(100), 50 + 19);
        assert!(share.has(19, 250), "what ends first was spent first");
    }
}
