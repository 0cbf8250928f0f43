//! A circuit breaker: whoever fails again and again is left alone for a while, then one request tries it.

/// When a circuit opens, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Terms {
    /// So many failures in a row open it.
    pub failures: u16,
    /// It stays open for so long, milliseconds.
    pub open_ms: u32,
}

/// What is known of whoever is asked.
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

    /// Whether a request may go. The one that tries a half-open circuit closes it to all others until its
    /// outcome is known, or until it has taken as long as the circuit was open.
    pub fn admits(&mut self, terms: Terms, now_ms: u64) -> bool {
        match self.state(now_ms) {
            State::Closed => true,
            State::Open => false,
            State::HalfOpen => {
                self.open_until_ms = Some(now_ms.saturating_add(terms.open_ms.into()));
                true
            }
        }
    }

    /// A request has succeeded.
    pub const fn succeeded(&mut self) {
        (self.failures, self.open_until_ms) = (0, None);
    }

    /// A request has failed.
    pub fn failed(&mut self, terms: Terms, now_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        if self.failures >= terms.failures {
            self.open_until_ms = Some(now_ms.saturating_add(terms.open_ms.into()));
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Circuit, State, Terms};

    const TERMS: Terms = Terms { failures: 3, open_ms: 1_000 };

    #[test]
    fn failures_in_a_row_open_it() {
        let mut circuit = Circuit::default();
        for _ in 0..10 {
            circuit.failed(TERMS, 0);
            circuit.failed(TERMS, 0);
            circuit.succeeded();
        }
        assert_eq!(circuit.state(0), State::Closed);
        for _ in 0..3 {
            assert!(circuit.admits(TERMS, 0));
            circuit.failed(TERMS, 0);
        }
        assert_eq!((circuit.state(999), circuit.admits(TERMS, 999)), (State::Open, false));
    }

    #[test]
    fn one_request_tries_a_half_open_one() {
        let mut circuit = Circuit::default();
        for _ in 0..3 {
            circuit.failed(TERMS, 0);
        }
        assert_eq!(circuit.state(1_000), State::HalfOpen);
        assert!(circuit.admits(TERMS, 1_000));
        assert!(!circuit.admits(TERMS, 1_000), "a second one waits for the first");
        circuit.failed(TERMS, 1_100);
        assert!(!circuit.admits(TERMS, 2_099));
        assert!(circuit.admits(TERMS, 2_100));
        circuit.succeeded();
        assert_eq!(circuit.state(2_100), State::Closed);
        // The one that tries and never comes back is followed by another.
        for _ in 0..3 {
            circuit.failed(TERMS, 3_000);
        }
        assert!(circuit.admits(TERMS, 4_000) && !circuit.admits(TERMS, 4_999));
        assert!(circuit.admits(TERMS, 5_000));
    }
}
