//! `sleep`: waits for a time.

use serde::Deserialize;
use serde_json::Value;

use crate::definition::Fault;
use crate::time;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["duration"], &[]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    duration: String,
}

pub(super) fn start(with: &Value) -> Result<u64, Fault> {
    let input: Input = super::read(with)?;
    let fault = || Fault::new("/duration", "a duration like PT5M or 300s, at most a year");
    time::duration_ms(&input.duration).ok_or_else(fault)
}
