//! Tasks.

pub use aion_task::kind::is_signal_name;
pub use aion_task::task::State;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::problem::Problem;

/// `POST /v1/tasks`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitTask {
    /// The definition: `{"steps": {"<id>": {"do": "<kind>", "with": {…}, "needs": ["<id>"]}}}`, or the name of a stored
    /// one: `payroll` for its newest version, `payroll@2` for that one.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub definition: Value,
    /// What `${{ input.… }}` refers to.
    #[serde(default = "empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub input: Value,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

/// `POST /v1/tasks/{id}/signal/{name}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SignalTask {
    /// What the signal says; the step that waits for it gives it as `payload`.
    #[serde(default)]
    pub payload: Value,
}

/// `POST /v1/tasks/{id}/approve`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApproveTask {
    /// The step that waits.
    pub step: String,
    /// A compact JWS (RFC 7515) by a key for authentication of a DID that may decide, over [`ApprovalClaims`] as JSON;
    /// its `kid` is the DID URL of that key. By a passkey, its `alg` is `webauthn`, the challenge is SHA-256 of the
    /// signing input, and the third part is the assertion's JSON (clientDataJSON, authenticatorData, signature).
    pub proof: String,
}

/// What is signed for an approval.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalClaims {
    /// The task.
    pub task: String,
    /// The step.
    pub step: String,
    /// Whether it is approved; false rejects it.
    pub approve: bool,
    /// The digest that the task shows with the question: what is signed is that question and no other.
    pub digest: String,
    /// After this time the signature is not taken any more, Unix seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exp: Option<u64>,
}

impl ApprovalClaims {
    /// Reads what was signed, for this step of this task and not later than it says.
    pub fn read(payload: &str, task: &str, step: &str, now_ms: u64) -> Result<Self, Problem> {
        let wrong = |detail: &str| Problem::invalid("/proof", detail);
        let claims: Self =
            serde_json::from_str(payload).map_err(|_| wrong("what is signed has task, step, approve and digest"))?;
        if claims.task != task || claims.step != step {
            return Err(wrong("it was signed for another task or step"));
        }
        if claims.exp.is_some_and(|exp_s| exp_s.saturating_mul(1_000) <= now_ms) {
            return Err(wrong("the signature has expired"));
        }
        Ok(claims)
    }
}

/// `POST /v1/tasks/{id}/redrive`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RedriveTask {
    /// Why, for the history; 1 to 500 characters.
    pub reason: String,
    /// From this step on everything is done anew; without it, what failed is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
}

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// Its id; the two digits after `tsk_` are its shard.
    pub id: String,
    /// `queued`, `running`, `waiting`, `done`, `failed`, `cancelling`, `cancelled`, `compensating`, `compensated` or
    /// `dead`.
    pub state: String,
    /// Its steps by id.
    #[cfg_attr(feature = "openapi", schema(value_type = BTreeMap<String, TaskStep>))]
    pub steps: Value,
    /// Everything else that it tells about itself: `labels`, `input`, `output`, times, `error`. `aside` says that the
    /// platform has set it aside because it failed on it again and again, with `why`, `deaths` and `until`;
    /// `unreadable` in a list says that what is stored of it cannot be read.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: serde_json::Map<String, Value>,
}

/// A step of a task.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct TaskStep {
    /// What it does.
    pub kind: String,
    /// How it is.
    pub state: String,
    /// How often it was begun.
    pub attempts: u64,
    /// When it began, RFC 3339.
    #[schema(required = false)]
    pub began_at: String,
    /// When it is looked at again, and for a step that waits for people or a signal: until when, RFC 3339.
    #[schema(required = false)]
    pub due_at: String,
    /// What people are asked, while it waits for them.
    #[schema(required = false)]
    pub approval: StepApproval,
    /// What came of it.
    #[schema(required = false)]
    pub output: Value,
    /// Why it failed.
    #[schema(required = false, value_type = Object)]
    pub error: Value,
}

/// What people are asked, and what they have said so far.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
pub struct StepApproval {
    /// Who may decide: DIDs.
    pub by: Vec<String>,
    /// How many of them have to approve.
    pub count: usize,
    /// The question.
    #[schema(required = false)]
    pub question: String,
    /// What is signed.
    pub digest: String,
    /// Who has decided; the signatures stand in the task's history.
    pub decisions: Vec<StepDecision>,
}

/// What somebody has decided; whoever decides twice has one voice, the last.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
pub struct StepDecision {
    /// Their DID.
    pub by: String,
    /// Whether they approve.
    pub approve: bool,
    /// When, RFC 3339.
    pub at: String,
    /// What they have signed.
    pub digest: String,
}

impl Task {
    /// The output of a step, if it has one.
    #[must_use]
    pub fn output(&self, step: &str) -> Option<&Value> {
        self.steps.get(step)?.get("output")
    }

    /// Whether nothing will change any more.
    #[must_use]
    pub fn is_terminal(&self) -> bool {
        matches!(self.state.as_str(), "done" | "failed" | "cancelled" | "compensated" | "dead")
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::ApprovalClaims;

    #[test]
    fn claims_are_for_one_step_and_one_time() {
        let signed = r#"{"task":"tsk_1","step":"pay","approve":true,"digest":"d","exp":2}"#;
        assert!(ApprovalClaims::read(signed, "tsk_1", "pay", 1_999).is_ok_and(|claims| claims.approve));
        for (payload, task, step, now_ms) in
            [(signed, "tsk_1", "pay", 2_000), (signed, "tsk_2", "pay", 0), (signed, "tsk_1", "x", 0), ("{}", "", "", 0)]
        {
            let problem = ApprovalClaims::read(payload, task, step, now_ms).unwrap_err();
            assert_eq!(problem.errors[0].pointer, "/proof");
        }
        // What is signed for steps of a plan is taken for no other decision.
        let partial = r#"{"task":"p","step":"steps","steps":["plan"],"approve":true,"digest":"d"}"#;
        assert!(ApprovalClaims::read(partial, "p", "plan", 0).is_err());
    }
}
