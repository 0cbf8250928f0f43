//! What follows a failure: the same model again, the next one, or nothing.

use super::Choice;
use crate::wire::Fault;

/// The wait before the same model is asked again, milliseconds; it doubles each time.
const WAIT_MS: u64 = 250;
/// A wait that is longer is not worth it, milliseconds: the next model is asked.
const WAIT_MAX_MS: u64 = 5_000;

/// A request on its way along a chain of choices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempts {
    /// How often each choice may be asked again.
    retries: Vec<u8>,
    at: usize,
    asked_again: u8,
    /// After this nothing is asked any more, Unix milliseconds.
    deadline_ms: u64,
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Ask a choice after a wait.
    Ask {
        /// Its place in the chain.
        choice: usize,
        /// The wait, milliseconds.
        after_ms: u64,
    },
    /// Nothing: the failure is the answer.
    GiveUp,
}

impl Attempts {
    /// A request that is about to ask the first choice of a chain.
    #[must_use]
    pub fn new(chain: &[Choice], deadline_ms: u64) -> Self {
        let retries = chain.iter().map(|choice| choice.provider.retries).collect();
        Self { retries, at: 0, asked_again: 0, deadline_ms }
    }

    /// The choice that is asked has failed. Once its first byte has come, nothing is asked again: what the caller has
    /// read cannot be taken back, and what was written is paid for.
    pub fn failed(&mut self, fault: &Fault, first_byte_came: bool, now_ms: u64) -> Next {
        if first_byte_came || !fault.class.falls_back() {
            return Next::GiveUp;
        }
        if fault.class.is_transient() && self.asked_again < self.retries.get(self.at).copied().unwrap_or(0) {
            let doubled = WAIT_MS << self.asked_again.min(8);
            let after_ms = fault.retry_after_ms.unwrap_or(doubled);
            // Who says when to come again means it: meanwhile another one may answer.
            let is_last = self.at + 1 >= self.retries.len();
            if after_ms <= WAIT_MAX_MS && (is_last || fault.retry_after_ms.is_none()) {
                self.asked_again += 1;
                return self.ask(after_ms, now_ms);
            }
        }
        self.next(now_ms)
    }

    /// The choice that would be asked cannot take the request, or its circuit has opened meanwhile.
    pub fn skipped(&mut self, now_ms: u64) -> Next {
        self.next(now_ms)
    }

    fn next(&mut self, now_ms: u64) -> Next {
        self.at = self.at.saturating_add(1);
        self.asked_again = 0;
        self.ask(0, now_ms)
    }

    fn ask(&self, after_ms: u64, now_ms: u64) -> Next {
        if self.at >= self.retries.len() || now_ms.saturating_add(after_ms) >= self.deadline_ms {
            return Next::GiveUp;
        }
        Next::Ask { choice: self.at, after_ms }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Attempts, Next};
    use crate::models::Choice;
    use crate::models::tests::row;
    use crate::wire::{Class, Fault};

    fn attempts(retries: &[u8]) -> Attempts {
        let rows: Vec<_> = retries
            .iter()
            .map(|retries| {
                let mut row = row("a", 1);
                row.retries = *retries;
                row
            })
            .collect();
        let chain: Vec<_> =
            rows.iter().map(|provider| Choice { provider, model: &provider.models[0], at_most: 1 }).collect();
        Attempts::new(&chain, 10_000)
    }

    const fn ask(choice: usize, after_ms: u64) -> Next {
        Next::Ask { choice, after_ms }
    }

    #[test]
    fn a_reset_connection_is_tried_again_before_the_first_byte_alone() {
        let cut = Fault::of(Class::Cut);
        assert_eq!(attempts(&[1]).failed(&cut, false, 0), ask(0, 250));
        assert_eq!(attempts(&[1, 1]).failed(&cut, true, 0), Next::GiveUp);
    }

    #[test]
    fn waits_double_and_then_the_next_one_is_asked() {
        let (mut attempts, fault) = (attempts(&[2, 0]), Fault::of(Class::Overloaded));
        let all: Vec<_> = (0..4).map(|_| attempts.failed(&fault, false, 0)).collect();
        assert_eq!(all, [ask(0, 250), ask(0, 500), ask(1, 0), Next::GiveUp]);
    }

    #[test]
    fn who_says_when_to_come_again_is_left_for_another() {
        let limited = |ms| Fault { retry_after_ms: Some(ms), ..Fault::of(Class::Limited) };
        assert_eq!(attempts(&[3, 0]).failed(&limited(20), false, 0), ask(1, 0));
        assert_eq!(attempts(&[3]).failed(&limited(20), false, 0), ask(0, 20), "there is no other");
        assert_eq!(attempts(&[3]).failed(&limited(60_000), false, 0), Next::GiveUp);
    }

    #[test]
    fn a_wrong_request_is_wrong_everywhere_and_a_wrong_key_is_not() {
        assert_eq!(attempts(&[3, 3]).failed(&Fault::of(Class::Request), false, 0), Next::GiveUp);
        for class in [Class::Key, Class::Payment, Class::Model, Class::TooLarge, Class::Refused] {
            assert_eq!(attempts(&[3, 3]).failed(&Fault::of(class), false, 0), ask(1, 0), "{class:?}");
        }
    }

    #[test]
    fn nothing_is_asked_after_the_deadline() {
        let fault = Fault::of(Class::Upstream);
        assert_eq!(attempts(&[1, 1]).failed(&fault, false, 9_749), ask(0, 250));
        assert_eq!(attempts(&[1, 1]).failed(&fault, false, 9_750), Next::GiveUp);
        assert_eq!(attempts(&[1]).skipped(0), Next::GiveUp);
    }
}
