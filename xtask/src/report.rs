//! What is told to people: steps with their time, and failures that name the one thing to do. All of it goes to
//! standard error; standard output is for results alone.

use std::fmt;
use std::time::Instant;

/// A failure in words.
#[derive(Debug)]
pub struct Failure(String);

/// What a step gives.
pub type Outcome<T> = Result<T, Failure>;

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<E: std::error::Error> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.to_string())
    }
}

/// A failure with these words.
pub fn failure(words: impl Into<String>) -> Failure {
    Failure(words.into())
}

/// Fails with these words.
pub fn fail<T>(words: impl Into<String>) -> Outcome<T> {
    Err(failure(words))
}

/// Says before what failed.
pub trait Context<T> {
    /// The same failure with words before it.
    fn context(self, words: impl fmt::Display) -> Outcome<T>;
}

impl<T, E: Into<Failure>> Context<T> for Result<T, E> {
    fn context(self, words: impl fmt::Display) -> Outcome<T> {
        self.map_err(|error| Failure(format!("{words}: {}", error.into().0)))
    }
}

/// Now, for durations only.
#[allow(clippy::disallowed_methods, reason = "the ban is for pure crates; this tool runs on a machine with a clock")]
pub fn now() -> Instant {
    Instant::now()
}

/// Milliseconds since.
pub fn ms_since(start: Instant) -> u64 {
    u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX)
}

/// A line for people.
pub fn say(line: impl fmt::Display) {
    eprintln!("{line}");
}

/// Runs a step and says what it is and how long it took.
pub fn step<T>(name: &str, work: impl FnOnce() -> Outcome<T>) -> Outcome<T> {
    say(format_args!("… {name}"));
    let start = now();
    let result = work().context(name)?;
    say(format_args!("✓ {name} ({:.1} s)", start.elapsed().as_secs_f64()));
    Ok(result)
}
