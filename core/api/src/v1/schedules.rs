//! Schedules.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// `PUT /v1/schedules/{name}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutSchedule {
    /// When: `cron` with `timeZone`, or `every` with `from`; `overlap`, `catchUp`, `catchUpMax`, `jitter`, `paused`,
    /// `until`, `runs`.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub spec: Value,
    /// What: a definition, or the name of a stored one, `name` or `name@version`. The version is pinned here and now.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub definition: Value,
    /// The tasks' input; `${{ input.scheduledAt }}` and `${{ input.schedule }}` in it are filled in for each run.
    #[serde(default = "empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub input: Value,
}

fn empty() -> Value {
    Value::Object(serde_json::Map::new())
}

/// A schedule.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Schedule {
    /// Its name.
    pub name: String,
    /// When it runs.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub spec: Value,
    /// Its next time, RFC 3339, if there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_at: Option<String>,
    /// The tasks of the runs whose end is not known, oldest first; a run that is not confirmed yet has none.
    pub running: Vec<String>,
    /// How many times wait for runs to end.
    pub waiting: u64,
    /// How many runs it has started.
    pub runs: u64,
    /// How many times passed unrun while it was paused or the platform was away.
    pub missed: u64,
    /// How many times were left out because of runs that went on.
    pub skipped: u64,
    /// How many runs the kernel refused.
    pub refused: u64,
    /// The task of the last run, if it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_task: Option<String>,
}
