//! `until`: waits until a time; a time that is past is no wait.

use serde::Deserialize;
use serde_json::Value;

use crate::definition::Fault;
use crate::time;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["time"], &[]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    time: String,
}

pub(super) fn start(with: &Value) -> Result<u64, Fault> {
    let input: Input = super::read(with)?;
    time::parse_rfc3339(&input.time).ok_or_else(|| Fault::new("/time", "a time like 2026-12-24T18:00:00Z (RFC 3339)"))
}
