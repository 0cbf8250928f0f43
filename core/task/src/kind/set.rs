//! `set`: computes a value. Output: the value.

use serde::Deserialize;
use serde_json::Value;

use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["value"], &[]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    value: Value,
}

pub(super) fn start(with: &Value) -> Result<Value, Fault> {
    let input: Input = super::read(with)?;
    Ok(input.value)
}
