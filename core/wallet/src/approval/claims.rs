//! What people sign: a decision about the whole of a document, or about steps of it alone.
//!
//! `step` says which of the two it is. It is not the same for both on purpose: whoever knows whole decisions alone
//! refuses one about steps, instead of taking it for the whole.

use serde::{Deserialize, Deserializer};

/// What stands in the claim `step` of a decision about a whole document. No step of a task that waits can be mistaken
/// for it: the ids of documents and tasks differ.
pub const STEP: &str = "plan";
/// What stands there of a decision about the steps that the claim `steps` names.
pub const STEPS: &str = "steps";

/// The claims of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Claims {
    /// The id of the document.
    pub task: String,
    /// [`STEP`] or [`STEPS`].
    pub step: String,
    /// Whether it is approved; false rejects it.
    pub approve: bool,
    /// The digest of the document, the whole of it even where the decision is about steps.
    pub digest: String,
    /// Until when the signature counts, Unix seconds.
    pub exp: Option<u64>,
    /// The steps.
    #[serde(default, deserialize_with = "present")]
    steps: Option<Vec<String>>,
}

/// Whatever stands there is a list: null is not as if it were left out.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<String>>, D::Error> {
    Vec::deserialize(deserializer).map(Some)
}

impl Claims {
    /// Reads what was signed, if it has the form.
    #[must_use]
    pub fn read(payload: &str) -> Option<Self> {
        serde_json::from_str(payload).ok()
    }

    /// What of the document with this id it is about: steps by their ids, each once, or nothing for the whole.
    pub fn about(&self, id: &str) -> Result<Option<&[String]>, String> {
        match (self.step.as_str(), self.steps.as_deref()) {
            _ if self.task != id => Err("signed for another task or step".to_owned()),
            (STEP, None) => Ok(None),
            (STEP, Some(_)) => Err("signed for the whole, and for steps of it".to_owned()),
            (STEPS, None | Some([])) => Err("signed for steps, and names none".to_owned()),
            (STEPS, Some(steps)) => {
                let twice = steps.iter().enumerate().find(|(place, step)| steps[..*place].contains(step));
                twice.map_or(Ok(Some(steps)), |(_, step)| Err(format!("names the step {step:?} twice")))
            }
            _ => Err("signed for another task or step".to_owned()),
        }
    }
}
