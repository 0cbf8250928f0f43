//! Rate limits: GCRA, leases and rules, as pure arithmetic.
//!
//! # The promise
//!
//! A rule says `limit`, `window` and `burst`. In no window of that length are more than `limit` units admitted, up to
//! `burst` of them at once, whatever isolates ask in whatever order, whichever leases and answers are lost, and however
//! often the object that counts is started again.
//!
//! # Why it holds
//!
//! 1. A [`Limiter`] counts by the generic cell rate algorithm (ITU-T I.371): one number, the time at which nothing of
//!    the burst is used any more. A grant of `n` units moves it `n` intervals on and is refused if it would then lie
//!    further ahead than `burst` intervals. So between the first and the last grant of any history, `d` apart, at most
//!    `burst + d / interval` units are granted.
//! 2. Units are debited when they are leased, and a lease is never given back. Whoever holds one spends it within
//!    [`Terms::life_ms`], counted from before it was asked for: what is admitted in a window was granted in that window
//!    or within one life before it.
//! 3. Clocks are off by [`CLOCK_ERROR_MAX_MS`] at most. A lease's life is read twice on the isolate's clock, a grant
//!    twice on the limiter's: four errors. Hence the interval: `limit - burst + 1` of them are window, life and four
//!    errors together, and `burst + period / interval` is `limit + 1`, which a history shorter than the period stays
//!    below.
//! 4. A limiter that is started again assumes no less to be used than was: before an answer leaves that takes it past
//!    [`Terms::free_units`] it stores a mark that lies ahead of what it granted, and it begins at the mark.
//!
//! The tests explore every reachable state of a small world (`tests/model.rs`), random ones with real numbers
//! (`tests/properties.rs`), and a million requests over eight isolates (`tests/simulation.rs`).

pub mod defaults;
pub mod fields;
pub mod lease;
pub mod limiter;
pub mod rule;
pub mod select;
pub mod share;
pub mod terms;

pub use limiter::{Answer, Ask, Limiter};
pub use rule::Rule;
pub use select::{Facts, Selected};
pub use share::Share;
pub use terms::{CLOCK_ERROR_MAX_MS, Terms};
