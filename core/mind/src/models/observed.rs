//! What is known of a provider: whether it is well, how fast it begins to answer, and until when it wants no requests.

use aion_circuit::{Circuit, Terms};

use crate::wire::{Blame, Class, Fault};

/// What is known of a provider.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// Its circuit.
    pub circuit: Circuit,
    /// How long it takes until its first byte, milliseconds: each answer counts an eighth.
    pub first_byte_ms: Option<u64>,
    /// Until when it wants no requests, Unix milliseconds.
    pub limited_until_ms: Option<u64>,
}

impl Observed {
    /// Its answer has begun.
    pub const fn answered(&mut self, first_byte_ms: u64) {
        self.circuit.succeeded();
        self.first_byte_ms = Some(match self.first_byte_ms {
            None => first_byte_ms,
            Some(known) => (known.saturating_mul(7).saturating_add(first_byte_ms)) / 8,
        });
    }

    /// It has failed. What the caller is to blame for says nothing of it, and a limit says only when to come again.
    pub fn failed(&mut self, fault: &Fault, terms: Terms, now_ms: u64) {
        if let Some(ms) = fault.retry_after_ms {
            self.limited_until_ms = Some(now_ms.saturating_add(ms));
        }
        if fault.class == Class::Limited {
            return;
        }
        if fault.class.blame() == Blame::Caller {
            // One that tried a half-open circuit: the provider answers.
            self.circuit.succeeded();
        } else {
            self.circuit.failed(terms, now_ms);
        }
    }

    /// Whether it wants no requests now.
    #[must_use]
    pub fn is_limited(&self, now_ms: u64) -> bool {
        self.limited_until_ms.is_some_and(|until_ms| now_ms < until_ms)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use aion_circuit::{State, Terms};

    use super::Observed;
    use crate::wire::{Class, Fault};

    const TERMS: Terms = Terms { failures: 3, open_ms: 1_000 };

    fn broken() -> Observed {
        let mut observed = Observed::default();
        (0..3).for_each(|_| observed.failed(&Fault::of(Class::Upstream), TERMS, 0));
        observed
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let mut observed = Observed::default();
        for _ in 0..10 {
            observed.failed(&Fault::of(Class::Timeout), TERMS, 0);
            observed.failed(&Fault::of(Class::Garbage), TERMS, 0);
            observed.answered(5);
        }
        assert_eq!(observed.circuit.state(0), State::Closed);
        let mut observed = broken();
        assert_eq!((observed.circuit.state(999), observed.circuit.admits(TERMS, 999)), (State::Open, false));
    }

    #[test]
    fn one_request_tries_a_half_open_one() {
        let mut observed = broken();
        assert_eq!(observed.circuit.state(1_000), State::HalfOpen);
        assert!(observed.circuit.admits(TERMS, 1_000));
        assert!(!observed.circuit.admits(TERMS, 1_000), "a second one waits for the first");
        observed.failed(&Fault::of(Class::Cut), TERMS, 1_100);
        assert!(!observed.circuit.admits(TERMS, 2_099) && observed.circuit.admits(TERMS, 2_100));
        observed.answered(5);
        assert_eq!(observed.circuit.state(2_100), State::Closed);
    }

    #[test]
    fn a_caller_cannot_open_it_and_a_wrong_key_can() {
        let mut observed = Observed::default();
        for class in [Class::Request, Class::TooLarge, Class::Refused, Class::Limited] {
            (0..10).for_each(|_| observed.failed(&Fault::of(class), TERMS, 0));
        }
        assert_eq!(observed.circuit.state(0), State::Closed);
        (0..3).for_each(|_| observed.failed(&Fault::of(Class::Key), TERMS, 0));
        assert_eq!(observed.circuit.state(0), State::Open);
    }

    #[test]
    fn a_limit_says_when_to_come_again() {
        let mut observed = Observed::default();
        let fault = Fault { retry_after_ms: Some(500), ..Fault::of(Class::Limited) };
        observed.failed(&fault, TERMS, 1_000);
        assert!(observed.is_limited(1_499) && !observed.is_limited(1_500));
    }

    #[test]
    fn each_answer_counts_an_eighth() {
        let mut observed = Observed::default();
        observed.answered(800);
        observed.answered(1_600);
        assert_eq!(observed.first_byte_ms, Some(900));
    }
}
