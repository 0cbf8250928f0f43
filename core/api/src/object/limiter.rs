//! The Limiter object: what one subject of one rule has left, in memory.

use aion_limit::Terms;
pub use aion_limit::{Answer, Ask};
use serde::{Deserialize, Serialize};

/// What a Limiter object is asked. The terms come along: an object is named by its rule's numbers, so they are the same
/// each time.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Units, which are debited at once.
    Lease {
        /// The terms of the rule.
        terms: Terms,
        /// How many.
        ask: Ask,
    },
    /// What there is, without taking any of it.
    Look {
        /// The terms of the rule.
        terms: Terms,
        /// Units that a request would need.
        needed: u32,
    },
}

impl super::Request for Request {
    type Reply = Answer;
}
