//! Which blocks are read next: `eth_getLogs` takes ranges, and every node has its own idea of how long one may be.

use serde::{Deserialize, Serialize};

/// Blocks of the first range. Public endpoints of Polygon take at least so many.
pub const SPAN_START: u64 = 2_000;
/// Blocks of the longest range. The larger providers refuse longer ones, and an answer stays below two megabytes.
pub const SPAN_MAX: u64 = 10_000;
/// After so many ranges without a refusal a longer one is tried.
pub const GROWS_AFTER: u64 = 8;

/// How far a reader is, and how long a range it dares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 3]", into = "[u64; 3]")]
pub struct Plan {
    next: u64,
    span: u64,
    streak: u64,
}

impl From<[u64; 3]> for Plan {
    fn from([next, span, streak]: [u64; 3]) -> Self {
        Self { next, span, streak }
    }
}

impl From<Plan> for [u64; 3] {
    fn from(Plan { next, span, streak }: Plan) -> Self {
        [next, span, streak]
    }
}

/// A node refuses to tell the logs of a single block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the node refuses the logs of one block")]
pub struct Refused;

impl Plan {
    /// A reader that begins at a block.
    #[must_use]
    pub const fn new(start: u64) -> Self {
        Self { next: start, span: SPAN_START, streak: 0 }
    }

    /// The block that is read next.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The blocks that are read next, first and last, never past the final one; none if all are read.
    #[must_use]
    pub fn range(&self, last_final: u64) -> Option<(u64, u64)> {
        let last = self.next.saturating_add(self.span.max(1) - 1).min(last_final);
        (self.next <= last).then_some((self.next, last))
    }

    /// All blocks to this one are read.
    pub fn read_to(&mut self, last: u64) {
        self.next = self.next.max(last.saturating_add(1));
        self.streak += 1;
        if self.streak >= GROWS_AFTER {
            self.span = (self.span * 2).min(SPAN_MAX);
            self.streak = 0;
        }
    }

    /// The node did not tell of the range that ends at this block: the next one is half as long.
    pub fn refused(&mut self, last: u64) -> Result<(), Refused> {
        // What was refused may be shorter than what is dared, at the end of the chain.
        let asked = last.saturating_sub(self.next).saturating_add(1).min(self.span);
        self.streak = 0;
        self.span = (asked / 2).max(1);
        if asked <= 1 { Err(Refused) } else { Ok(()) }
    }
}
