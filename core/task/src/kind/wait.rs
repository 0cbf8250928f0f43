//! `wait.signal` and `wait.approval`: wait for what people and other systems say.
//!
//! Output of `wait.signal`: `received`, and `payload` if it was. Output of `wait.approval`: `approved` and `decisions`,
//! each with who decided, when, and the signature that proves it. `within` bounds the wait; `otherwise` says whether
//! the task then fails or goes on.

use serde::Deserialize;
use serde_json::Value;

use super::{Start, value};
use crate::definition::Fault;
use crate::time;

pub(super) const SIGNAL_FIELDS: (&[&str], &[&str]) = (&["name"], &["within", "otherwise"]);
pub(super) const APPROVAL_FIELDS: (&[&str], &[&str]) = (&["by"], &["count", "question", "within", "otherwise"]);
/// A signal's name may have this many characters: it is a segment of a path.
pub const SIGNAL_NAME_MAX_CHARS: usize = 64;
/// So many may be asked for an approval: each decision is kept with its proof.
const APPROVERS_MAX: usize = 20;
/// A question may have this many characters.
const QUESTION_MAX_CHARS: usize = 1_000;

/// What becomes of a step whose wait was in vain.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Otherwise {
    /// It fails, and with it the task.
    #[default]
    Fail,
    /// It is done, and its output says so.
    Continue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignalInput {
    name: String,
    within: Option<String>,
    #[serde(default, rename = "otherwise")]
    _otherwise: Otherwise,
}

/// The terms of an approval.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Approval {
    /// The DIDs that may decide.
    pub by: Vec<String>,
    /// How many of them have to approve.
    #[serde(default = "one")]
    pub count: usize,
    /// What they are asked.
    pub question: Option<String>,
    /// How long they have.
    pub within: Option<String>,
    /// What becomes of the step otherwise.
    #[serde(default)]
    pub otherwise: Otherwise,
}

const fn one() -> usize {
    1
}

pub(super) fn signal(with: &Value) -> Result<Start, Fault> {
    let input: SignalInput = super::read(with)?;
    if !is_signal_name(&input.name) {
        return Err(Fault::new("/name", format!("1 to {SIGNAL_NAME_MAX_CHARS} of A-Z a-z 0-9 . _ -")));
    }
    Ok(Start::Signal { name: input.name, for_ms: within(input.within.as_deref())? })
}

/// Whether a text can be a signal's name.
#[must_use]
pub fn is_signal_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    !name.is_empty() && name.len() <= SIGNAL_NAME_MAX_CHARS && name.bytes().all(fits)
}

pub(super) fn approval(with: &Value) -> Result<Start, Fault> {
    Ok(Start::Approval { for_ms: within(terms(with)?.within.as_deref())? })
}

/// Reads and checks the terms of an approval.
pub fn terms(with: &Value) -> Result<Approval, Fault> {
    let terms: Approval = super::read(with)?;
    if terms.by.is_empty() || terms.by.len() > APPROVERS_MAX {
        return Err(Fault::new("/by", format!("1 to {APPROVERS_MAX} DIDs")));
    }
    for (place, did) in terms.by.iter().enumerate() {
        value::did(&format!("/by/{place}"), did)?;
        if terms.by[..place].contains(did) {
            return Err(Fault::new(format!("/by/{place}"), "stands here twice"));
        }
    }
    if terms.count == 0 || terms.count > terms.by.len() {
        return Err(Fault::new("/count", "1 to the number of those who may approve"));
    }
    if let Some(question) = &terms.question {
        value::text("/question", question, QUESTION_MAX_CHARS)?;
    }
    Ok(terms)
}

/// What becomes of a waiting step when its time is up, by its input.
#[must_use]
pub fn otherwise(with: &Value) -> Otherwise {
    with.get("otherwise").and_then(|text| Otherwise::deserialize(text).ok()).unwrap_or_default()
}

fn within(text: Option<&str>) -> Result<Option<u64>, Fault> {
    let fault = || Fault::new("/within", "a duration like PT5M or 300s, at most a year");
    text.map(|text| time::duration_ms(text).ok_or_else(fault)).transpose()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{approval, signal, terms};

    #[test]
    fn signals_have_names_and_bounds() {
        assert!(signal(&json!({ "name": "paid.v1", "within": "1h", "otherwise": "continue" })).is_ok());
        for with in [
            json!({}),
            json!({ "name": "" }),
            json!({ "name": "a/b" }),
            json!({ "name": "a", "within": "soon" }),
            json!({ "name": "a", "otherwise": "explode" }),
        ] {
            assert!(signal(&with).is_err(), "{with}");
        }
    }

    #[test]
    fn approvals_need_enough_people() {
        let dids = json!(["did:key:a", "did:key:b"]);
        assert!(approval(&json!({ "by": dids, "count": 2, "question": "Launch?" })).is_ok());
        assert_eq!(terms(&json!({ "by": dids })).unwrap().count, 1);
        for with in [
            json!({ "by": [] }),
            json!({ "by": dids, "count": 3 }),
            json!({ "by": dids, "count": 0 }),
            json!({ "by": ["did:key:a", "did:key:a"] }),
            json!({ "by": ["alice"] }),
        ] {
            assert!(approval(&with).is_err(), "{with}");
        }
    }
}
