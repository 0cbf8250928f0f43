//! Active health: what asking a target whether it is well has shown.

use serde::{Deserialize, Serialize};

use crate::table::Health;

/// What is known of a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Checked {
    /// Whether it is well; one that was never asked is.
    pub well: bool,
    /// Answers of the same kind in a row.
    pub in_a_row: u8,
    /// Whether the newest answer was a success.
    pub last_well: bool,
    /// When it was asked last, Unix milliseconds.
    pub at_ms: u64,
}

impl Default for Checked {
    fn default() -> Self {
        Self { well: true, in_a_row: 0, last_well: true, at_ms: 0 }
    }
}

impl Checked {
    /// When it is asked next, Unix milliseconds.
    #[must_use]
    pub fn due_ms(&self, settings: &Health) -> u64 {
        self.at_ms + u64::from(settings.every_s) * 1_000
    }

    /// Notes an answer; whether this has changed how it is.
    pub fn note(&mut self, settings: &Health, success: bool, now_ms: u64) -> bool {
        self.in_a_row = if success == self.last_well { self.in_a_row.saturating_add(1) } else { 1 };
        (self.last_well, self.at_ms) = (success, now_ms);
        let needed = if success { settings.healthy_after } else { settings.unhealthy_after };
        let changes = success != self.well && self.in_a_row >= needed;
        if changes {
            self.well = success;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Checked;
    use crate::table::Health;

    #[test]
    fn it_takes_some_answers_to_change() {
        let settings = Health { path: "/".to_owned(), every_s: 10, unhealthy_after: 3, healthy_after: 2 };
        let mut checked = Checked::default();
        let mut seen = Vec::new();
        for (place, success) in [false, false, true, false, false, false, true, false, true, true].iter().enumerate() {
            checked.note(&settings, *success, place as u64);
            seen.push(checked.well);
        }
        assert_eq!(seen, [true, true, true, true, true, false, false, false, false, true]);
        assert_eq!(checked.due_ms(&settings), 10_009);
    }
}
