//! Load on the edge.
use crate::report::{Outcome, fail};

/// Measures.
pub fn run(_options: &[&str]) -> Outcome<()> {
    fail("not yet")
}
