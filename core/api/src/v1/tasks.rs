//! Tasks.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `POST /v1/tasks`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct SubmitTask {
    /// The definition: `{"steps": {"<id>": {"do": "<kind>", "with": {…}, "needs": ["<id>"]}}}`.
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

/// A task.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Task {
    /// Its id; the two digits after `tsk_` are its shard.
    pub id: String,
    /// `queued`, `running`, `waiting`, `done`, `failed`, `cancelling`, `cancelled` or `dead`.
    pub state: String,
    /// Its steps by id, each with `kind`, `state`, `attempts`, and `output` or `error` once there is one.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub steps: Value,
    /// Everything else that it tells about itself.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: serde_json::Map<String, Value>,
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
