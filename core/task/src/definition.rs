//! Definitions: named steps, checked as a whole before anything runs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::{kind, reference, time};

/// A definition may have this many steps: their state still fits one row and one commit.
pub const STEPS_MAX: usize = 50;
/// The id of a step may have this many characters.
pub const STEP_ID_MAX_CHARS: usize = 40;
/// A definition and its input may each have this many bytes as JSON.
pub const DOCUMENT_MAX_BYTES: usize = 64 * 1024;
/// The output of a step may have this many bytes as JSON: those of all steps still fit one row of two megabytes.
pub const OUTPUT_MAX_BYTES: usize = 32 * 1024;
/// A step is tried at most this often, whatever its definition says.
pub const ATTEMPTS_MAX: u32 = 1_000;

/// One fault of a definition, named by its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer from the root of the definition.
    pub pointer: String,
    /// What is wrong there.
    pub detail: String,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

/// A checked definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The steps by id.
    pub steps: BTreeMap<String, Step>,
    /// Labels for people and lists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// One step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its kind.
    #[serde(rename = "do")]
    pub kind: String,
    /// Its input; strings may hold references.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// The steps that have to be done before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<String>,
    /// How often and how long it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry: Option<Retry>,
    /// How long it may take in all, as a duration.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<String>,
}

/// How often a step is tried.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Retry {
    /// At most so often.
    pub attempts: u32,
}

impl Definition {
    /// Reads and checks a definition; every fault is named, not only the first.
    pub fn parse(document: &Value) -> Result<Self, Vec<Fault>> {
        if document.to_string().len() > DOCUMENT_MAX_BYTES {
            return Err(vec![Fault::new("", format!("a definition has at most {DOCUMENT_MAX_BYTES} bytes"))]);
        }
        let definition: Self =
            serde_json::from_value(document.clone()).map_err(|error| vec![Fault::new("", error.to_string())])?;
        let mut faults = Vec::new();
        definition.check(&mut faults);
        if faults.is_empty() { Ok(definition) } else { Err(faults) }
    }

    fn check(&self, faults: &mut Vec<Fault>) {
        if self.steps.is_empty() || self.steps.len() > STEPS_MAX {
            faults.push(Fault::new("/steps", format!("1 to {STEPS_MAX} steps")));
        }
        for (id, step) in &self.steps {
            let at = format!("/steps/{}", escape(id));
            let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
            if id.is_empty() || id.len() > STEP_ID_MAX_CHARS || !id.bytes().all(fits) {
                let rule = format!("the id of a step has 1 to {STEP_ID_MAX_CHARS} of A-Z a-z 0-9 _ -");
                faults.push(Fault::new(&at, rule));
            }
            for (place, need) in step.needs.iter().enumerate() {
                if need == id || !self.steps.contains_key(need) {
                    faults.push(Fault::new(format!("{at}/needs/{place}"), format!("there is no other step {need}")));
                }
            }
            if step.retry.as_ref().is_some_and(|retry| retry.attempts == 0 || retry.attempts > ATTEMPTS_MAX) {
                faults.push(Fault::new(format!("{at}/retry/attempts"), format!("1 to {ATTEMPTS_MAX}")));
            }
            if step.timeout.as_deref().is_some_and(|text| time::duration_ms(text).is_none()) {
                faults.push(Fault::new(format!("{at}/timeout"), "a duration like PT5M or 300s, at most a year"));
            }
        }
        if let Some(id) = self.in_cycle() {
            faults.push(Fault::new(format!("/steps/{}/needs", escape(&id)), "the steps need each other in a circle"));
            return;
        }
        for (id, step) in &self.steps {
            self.check_input(id, step, faults);
        }
    }

    fn check_input(&self, id: &str, step: &Step, faults: &mut Vec<Fault>) {
        let at = format!("/steps/{}", escape(id));
        if !kind::is_known(&step.kind) {
            let known = kind::NAMES.join(", ");
            faults.push(Fault::new(format!("{at}/do"), format!("there is no kind {}; there are {known}", step.kind)));
            return;
        }
        let before = self.before(id);
        let with = Value::Object(step.with.clone());
        let (mut dynamic, mut misread) = (false, false);
        for (pointer, found) in reference::find(&with) {
            let pointer = format!("{at}/with{pointer}");
            match found {
                Ok(path) => {
                    dynamic = true;
                    if let Some(step) = path.step()
                        && !before.contains(step)
                    {
                        let detail = format!("{step} is not a step before this one; name it in needs");
                        faults.push(Fault::new(pointer, detail));
                    }
                }
                Err(detail) => {
                    misread = true;
                    faults.push(Fault::new(pointer, detail));
                }
            }
        }
        if misread {
            return;
        }
        // Without references the input is checked whole; with them its field names are, and its values when it runs.
        let checked = if dynamic { kind::check_fields(&step.kind, &step.with) } else { kind::check(&step.kind, &with) };
        if let Err(fault) = checked {
            faults.push(Fault::new(format!("{at}/with{}", fault.pointer), fault.detail));
        }
    }

    /// All steps that are done before this one starts.
    #[must_use]
    pub fn before(&self, id: &str) -> BTreeSet<String> {
        let mut before = BTreeSet::new();
        let mut open: Vec<&str> = vec![id];
        while let Some(id) = open.pop() {
            for need in self.steps.get(id).map_or(&[][..], |step| &step.needs) {
                if before.insert(need.clone()) {
                    open.push(need);
                }
            }
        }
        before
    }

    fn in_cycle(&self) -> Option<String> {
        self.steps.keys().find(|id| self.before(id).contains(*id)).cloned()
    }
}

/// Escapes a key for a JSON pointer (RFC 6901 section 3).
fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::Definition;

    fn faults(steps: Value) -> Vec<String> {
        let document = Value::Object([("steps".to_owned(), steps)].into_iter().collect());
        let faults = Definition::parse(&document).unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_chain_of_steps_is_read() {
        let definition = Definition::parse(&json!({ "steps": {
            "a": { "do": "sleep", "with": { "duration": "1s" } },
            "b": { "do": "sleep", "with": { "duration": "${{ steps.a.output.next }}" }, "needs": ["a"] },
            "c": { "do": "sleep", "with": { "duration": "${{ input.x }}" }, "needs": ["b"], "timeout": "PT1M" }
        } }))
        .unwrap();
        assert_eq!(definition.before("c").len(), 2);
    }

    #[test]
    fn every_fault_is_named_by_its_place() {
        let sleep = json!({ "do": "sleep", "with": { "duration": "1s" } });
        assert_eq!(faults(json!({})), ["/steps"]);
        assert_eq!(faults(json!({ "a b": sleep })), ["/steps/a b"]);
        assert_eq!(faults(json!({ "a": { "do": "nothing" } })), ["/steps/a/do"]);
        assert_eq!(faults(json!({ "a": { "do": "sleep", "with": { "duration": "x" } } })), ["/steps/a/with/duration"]);
        assert_eq!(
            faults(json!({ "a": { "do": "sleep", "with": { "duration": "1s", "more": 1 } } })),
            ["/steps/a/with"]
        );
        assert_eq!(
            faults(json!({ "a": { "do": "sleep", "needs": ["a", "b"], "with": { "duration": "1s" } } })),
            ["/steps/a/needs/0", "/steps/a/needs/1", "/steps/a/needs"]
        );
        let circle = |needs: &str| json!({ "do": "sleep", "with": { "duration": "1s" }, "needs": [needs] });
        assert_eq!(faults(json!({ "a": circle("b"), "b": circle("a") })), ["/steps/a/needs"]);
        let refers = |to: &str| json!({ "do": "sleep", "with": { "duration": to } });
        let stranger = json!({ "a": sleep, "b": refers("${{ steps.a.output.x }}") });
        assert_eq!(faults(stranger), ["/steps/b/with/duration"]);
        assert_eq!(faults(json!({ "a": refers("${{ nonsense }}") })), ["/steps/a/with/duration"]);
        let unknown = json!({ "do": "sleep", "with": { "duration": "${{ input.x }}", "more": 1 } });
        assert_eq!(faults(json!({ "a": unknown })), ["/steps/a/with/more"]);
        let odd = json!({ "do": "sleep", "with": { "duration": "1s" }, "timeout": "soon", "retry": { "attempts": 0 } });
        assert_eq!(faults(json!({ "a": odd })), ["/steps/a/retry/attempts", "/steps/a/timeout"]);
    }
}
