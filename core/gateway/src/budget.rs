//! The retry budget of an isolate: no more than a tenth of its requests is tried again, so that a target in trouble
//! does not get its load several times over.

/// A retry costs as many deposits.
const REQUESTS_PER_RETRY: u32 = 10;
/// A quiet isolate may try again so often at once.
const RETRIES_AT_START: u32 = 10;
/// So many retries can be saved up.
const RETRIES_MAX: u32 = 100;

/// What is left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    deposits: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { deposits: RETRIES_AT_START * REQUESTS_PER_RETRY }
    }
}

impl Budget {
    /// A request came in.
    pub fn deposit(&mut self) {
        self.deposits = (self.deposits + 1).min(RETRIES_MAX * REQUESTS_PER_RETRY);
    }

    /// Whether a request may be tried again; then it is paid for.
    pub const fn withdraw(&mut self) -> bool {
        match self.deposits.checked_sub(REQUESTS_PER_RETRY) {
            Some(rest) => {
                self.deposits = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Budget, RETRIES_AT_START, RETRIES_MAX};

    #[test]
    fn a_tenth_is_tried_again() {
        let (mut budget, mut retries) = (Budget::default(), 0);
        for _ in 0..10_000 {
            budget.deposit();
            retries += u32::from(budget.withdraw());
        }
        assert_eq!(retries, 1_000 + RETRIES_AT_START);
    }

    #[test]
    fn what_is_saved_is_bounded() {
        let mut budget = Budget::default();
        for _ in 0..100_000 {
            budget.deposit();
        }
        let retries = (0..1_000).filter(|_| budget.withdraw()).count();
        assert_eq!(retries, RETRIES_MAX as usize);
    }
}
