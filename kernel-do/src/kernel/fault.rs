//! Fault points: places where the kernel panics now and then, to prove that nothing is lost by it.
//!
//! They exist under the feature `fault-points` alone, which `cargo xtask faults kernel --panics` builds. Without it the
//! functions are empty, and nothing of them is in the bundle.

#[cfg(feature = "fault-points")]
mod injected;
#[cfg(feature = "fault-points")]
mod points;

#[cfg(feature = "fault-points")]
pub(super) use injected::{point, poison};

/// Panics here now and then.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub(super) const fn point(_: &str) {}

/// Panics if the task says that it is poisoned at this place.
#[cfg(not(feature = "fault-points"))]
#[inline]
pub(super) const fn poison(_: &aion_task::Task, _: &str, _: &super::note::Note) {}
