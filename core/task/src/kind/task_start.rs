//! `task.start`: starts another task in the same shard, and waits for its end unless told not to. Output: `task`, its
//! id, and `output`, what came of it.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Start;
use crate::definition::{Fault, INPUT_MAX_BYTES};

pub(super) const FIELDS: (&[&str], &[&str]) = (&["definition"], &["input", "wait"]);
/// Its expressions are those of the other task, and are filled in there.
pub(super) const LITERAL: &str = "definition";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewTask {
    definition: Map<String, Value>,
    #[serde(default)]
    input: Map<String, Value>,
    #[serde(default = "yes")]
    wait: bool,
}

const fn yes() -> bool {
    true
}

pub(super) fn start(with: &Value) -> Result<Start, Fault> {
    let NewTask { definition, input, wait } = super::read(with)?;
    let input = Value::Object(input);
    if input.to_string().len() > INPUT_MAX_BYTES {
        return Err(Fault::new("/input", format!("at most {INPUT_MAX_BYTES} bytes")));
    }
    Ok(Start::Child { definition: Value::Object(definition), input, wait })
}
