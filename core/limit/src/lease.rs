//! Units that an isolate has leased: debited when they were granted, spent while they live, and never given back.

use crate::terms::Terms;

/// Units of one grant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Lease {
    /// Until when they may be spent, on the isolate's clock, milliseconds.
    pub until_ms: u64,
    /// Units that are left.
    pub left: u32,
}

/// What an isolate has of one subject. There is more than one lease when a request needs more than what is left.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Leases(pub Vec<Lease>);

impl Leases {
    /// Takes units that were asked for at `sent_ms`: their life is counted from there, so that it does not matter how
    /// long the answer took, nor what the clock of the other side says.
    pub fn take(&mut self, terms: &Terms, granted: u32, sent_ms: u64) {
        let lease = Lease { until_ms: sent_ms + terms.life_ms, left: granted };
        self.0.insert(self.0.partition_point(|other| *other < lease), lease);
    }

    /// Units that can be spent now.
    #[must_use]
    pub fn left(&self, now_ms: u64) -> u32 {
        self.0.iter().filter(|lease| now_ms < lease.until_ms).map(|lease| lease.left).sum()
    }

    /// Spends units if they are all there, those that end first before the others.
    pub fn spend(&mut self, cost: u32, now_ms: u64) -> bool {
        if self.left(now_ms) < cost {
            return false;
        }
        self.forget(now_ms);
        let mut rest = cost;
        for lease in &mut self.0 {
            let taken = rest.min(lease.left);
            lease.left -= taken;
            rest -= taken;
        }
        self.0.retain(|lease| lease.left > 0);
        true
    }

    /// Drops what is over.
    pub fn forget(&mut self, now_ms: u64) {
        self.0.retain(|lease| now_ms < lease.until_ms);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Leases;
    use crate::terms::Terms;

    #[test]
    fn units_live_from_when_they_were_asked_for() {
        let terms = Terms::new(2_000, 20_000, 100);
        let mut leases = Leases::default();
        leases.take(&terms, 9, 100);
        let end_ms = 100 + terms.life_ms;
        assert_eq!((leases.left(end_ms - 1), leases.left(end_ms)), (9, 0));
        assert!(leases.spend(9, end_ms - 1) && !leases.spend(1, end_ms - 1));
    }

    #[test]
    fn what_ends_first_is_spent_first_and_only_whole() {
        let terms = Terms::new(2_000, 20_000, 100);
        let mut leases = Leases::default();
        leases.take(&terms, 20, 100);
        leases.take(&terms, 8, 0);
        assert!(!leases.spend(29, 150) && leases.left(150) == 28);
        assert!(leases.spend(9, 150));
        assert_eq!((leases.left(150), leases.left(250)), (19, 19));
    }
}
