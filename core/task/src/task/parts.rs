//! How a task is stored: its large values stand in rows of their own, written once, so that a change of state does not
//! write them again.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::Task;

/// A value with more bytes than this stands in a row of its own: below it, a second row costs more than it saves.
pub const INLINE_MAX_BYTES: usize = 16 * 1024;

/// Where a large value belongs, and the hash of its bytes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// The record of a step; without one, the task itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
    /// Which of its values.
    pub field: Field,
    /// SHA-256 of its JSON, hex.
    pub hash: String,
}

/// The values that can be large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Field {
    /// What a task was given, or the input of a step.
    Input,
    /// What came of a task or a step.
    Output,
    /// The item of a fan-out.
    Item,
}

/// A task as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stored {
    /// The task in JSON, without its large values.
    pub body: String,
    /// The large values in JSON, by their hashes.
    pub blobs: BTreeMap<String, String>,
}

impl Stored {
    /// Bytes in all.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.body.len() + self.blobs.values().map(String::len).sum::<usize>()
    }
}

/// Why a stored task cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Lost<E> {
    /// A large value is not there.
    #[error("the value {0} is not there")]
    Part(String),
    /// What is there is not JSON, or not in its place.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
    /// It cannot be read.
    #[error("a value cannot be read")]
    Read(E),
}

impl Task {
    /// The task as it is stored.
    pub fn to_stored(&self) -> Result<Stored, serde_json::Error> {
        let body = serde_json::to_string(self)?;
        if body.len() <= INLINE_MAX_BYTES {
            return Ok(Stored { body, blobs: BTreeMap::new() });
        }
        let (mut rest, mut stored) = (self.clone(), Stored::default());
        let mut parts = Vec::new();
        rest.each_value(&mut |step, field, value| {
            let text = value.to_string();
            if text.len() > INLINE_MAX_BYTES {
                let hash = hex::encode(Sha256::digest(&text));
                parts.push(Part { step: step.map(str::to_owned), field, hash: hash.clone() });
                stored.blobs.insert(hash, text);
                // Not null, which would read as no value at all.
                *value = Value::Bool(false);
            }
        });
        rest.parts = parts;
        stored.body = serde_json::to_string(&rest)?;
        Ok(stored)
    }

    /// Reads a stored task; `blob` gives a large value by its hash.
    pub fn from_stored<E>(
        body: &str,
        mut blob: impl FnMut(&str, &str) -> Result<Option<String>, E>,
    ) -> Result<Self, Lost<E>> {
        let mut task: Self = serde_json::from_str(body)?;
        for Part { step, field, hash } in std::mem::take(&mut task.parts) {
            let text = blob(&task.id, &hash).map_err(Lost::Read)?.ok_or_else(|| Lost::Part(hash.clone()))?;
            let value = serde_json::from_str(&text)?;
            task.put(step.as_deref(), field, value);
        }
        Ok(task)
    }

    fn put(&mut self, step: Option<&str>, field: Field, new: Value) {
        let mut new = Some(new);
        self.each_value(&mut |own, own_field, value| {
            if own == step
                && own_field == field
                && let Some(new) = new.take()
            {
                *value = new;
            }
        });
    }

    /// Every value that can be large, with its place.
    fn each_value(&mut self, visit: &mut dyn FnMut(Option<&str>, Field, &mut Value)) {
        visit(None, Field::Input, &mut self.input);
        if let Some(output) = &mut self.output {
            visit(None, Field::Output, output);
        }
        for (id, record) in &mut self.steps {
            let fields = [
                (Field::Input, &mut record.with),
                (Field::Output, &mut record.output),
                (Field::Item, &mut record.item),
            ];
            for (field, value) in fields {
                if let Some(value) = value {
                    visit(Some(id), field, value);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::convert::Infallible;
    use std::rc::Rc;

    use serde_json::{Value, json};

    use super::{INLINE_MAX_BYTES, Lost, Task};
    use crate::definition::Definition;
    use crate::machine::{Submission, submit};

    fn task(text: &str) -> Task {
        let steps = json!({ "a": { "do": "set", "with": { "value": "${{ input.text }}" } },
            "b": { "do": "set", "with": { "value": { "hash": "${{ input.text }}" } } } });
        let definition = json!({ "steps": steps, "output": "${{ steps.a.output }}" });
        let definition = Rc::new(Definition::parse(&definition).unwrap());
        let (id, input) = ("tsk_00aaaaaaaaaaaaaaaaaaaa".to_owned(), json!({ "text": text }));
        let new = Submission { id, tenant: "t".to_owned(), definition, input, parent: None, trace: String::new() };
        submit(new, 7).unwrap().0
    }

    #[test]
    fn small_tasks_are_one_row() {
        let task = task("small");
        let stored = task.to_stored().unwrap();
        assert!(stored.blobs.is_empty());
        let none = |_: &str, _: &str| Ok::<_, Infallible>(None);
        assert_eq!(Task::from_stored(&stored.body, none).unwrap(), task);
    }

    #[test]
    fn large_values_stand_once_and_come_back() {
        let task = task(&"x".repeat(INLINE_MAX_BYTES));
        let stored = task.to_stored().unwrap();
        // The input, the output of b, and that of a, which is that of the task too.
        assert_eq!(stored.blobs.len(), 3, "{:?}", stored.blobs.values().map(String::len).collect::<Vec<_>>());
        assert!(stored.body.len() < INLINE_MAX_BYTES && stored.bytes() > 3 * INLINE_MAX_BYTES);
        let read = |id: &str, hash: &str| {
            assert_eq!(id, task.id);
            Ok::<_, Infallible>(stored.blobs.get(hash).cloned())
        };
        assert_eq!(Task::from_stored(&stored.body, read).unwrap(), task);
        let lost = Task::from_stored(&stored.body, |_, _| Ok::<_, Infallible>(None));
        assert!(matches!(lost, Err(Lost::Part(_))));
    }

    /// What looks like a reference to a large value is a value like any other.
    #[test]
    fn no_payload_is_taken_for_a_reference() {
        let mut task = task("small");
        task.input = json!({ "parts": [{ "field": "input", "hash": "00" }], "text": Value::Null });
        let stored = task.to_stored().unwrap();
        let none = |_: &str, _: &str| Ok::<_, Infallible>(None);
        assert_eq!(Task::from_stored(&stored.body, none).unwrap(), task);
    }
}
