//! A circuit breaker: a target that fails again and again is left alone for a while, then one request tries it.

use crate::table::Breaker;

/// What an isolate knows of a target.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Circuit {
    failures: u16,
    /// Open until then, Unix milliseconds; afterwards one request at a time may try.
    open_until_ms: Option<u64>,
}

/// How a circuit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Requests pass.
    Closed,
    /// None passes.
    Open,
    /// One passes, and what becomes of it decides.
    HalfOpen,
}

impl Circuit {
    /// How it is now.
    #[must_use]
    pub fn state(&self, now_ms: u64) -> State {
        match self.open_until_ms {
            None => State::Closed,
            Some(until_ms) if now_ms < until_ms => State::Open,
            Some(_) => State::HalfOpen,
        }
    }

    /// Whether a request may go to the target. The one that tries a half-open circuit closes it to all others until its
    /// outcome is known, or until it has taken as long as the circuit was open.
    pub fn admits(&mut self, settings: Breaker, now_ms: u64) -> bool {
        match self.state(now_ms) {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => {
                self.open_until_ms = Some(now_ms + u64::from(settings.open_ms));
                true
            }
        }
    }

    /// A request has succeeded.
    pub const fn succeeded(&mut self) {
        (self.failures, self.open_until_ms) = (0, None);
    }

    /// A request has failed.
    pub fn failed(&mut self, settings: Breaker, now_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= settings.failures {
            self.open_until_ms = Some(now_ms + u64::from(settings.open_ms));
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Circuit, State};
    use crate::table::Breaker;

    const SETTINGS: Breaker = Breaker { failures: 3, open_ms: 1_000 };

    #[test]
    fn failures_in_a_row_open_it() {
        let mut circuit = Circuit::default();
        for _ in 0..10 {
            circuit.failed(SETTINGS, 0);
            circuit.failed(SETTINGS, 0);
            circuit.succeeded();
        }
        assert_eq!(circuit.state(0), State::Closed);
        for _ in 0..3 {
            assert!(circuit.admits(SETTINGS, 0));
            circuit.failed(SETTINGS, 0);
        }
        assert_eq!((circuit.state(999), circuit.admits(SETTINGS, 999)), (State::Open, false));
    }

    #[test]
    fn one_request_tries_a_half_open_one() {
        let mut circuit = Circuit::default();
        for _ in 0..3 {
            circuit.failed(SETTINGS, 0);
        }
        assert_eq!(circuit.state(1_000), State::HalfOpen);
        assert!(circuit.admits(SETTINGS, 1_000));
        assert!(!circuit.admits(SETTINGS, 1_000), "a second one waits for the first");
        circuit.failed(SETTINGS, 1_100);
        assert!(!circuit.admits(SETTINGS, 2_099));
        assert!(circuit.admits(SETTINGS, 2_100));
        circuit.succeeded();
        assert_eq!(circuit.state(2_100), State::Closed);
        // The one that tries and never comes back is followed by another.
        for _ in 0..3 {
            circuit.failed(SETTINGS, 3_000);
        }
        assert!(circuit.admits(SETTINGS, 4_000) && !circuit.admits(SETTINGS, 4_999));
        assert!(circuit.admits(SETTINGS, 5_000));
    }
}
