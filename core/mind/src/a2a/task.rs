//! Tasks of the kernel as tasks of A2A.

use serde_json::{Value, json};

/// States of A2A (section 4.1.3) that tasks of ours have.
pub(super) const STATES: &[&str] = &[
    "TASK_STATE_SUBMITTED",
    "TASK_STATE_WORKING",
    "TASK_STATE_COMPLETED",
    "TASK_STATE_FAILED",
    "TASK_STATE_CANCELED",
    "TASK_STATE_AUTH_REQUIRED",
];

/// The state of a task. A task that waits for an approval waits for somebody's authority (section 7.6); what else it
/// may wait for comes by itself, or not through A2A.
pub(super) fn state(task: &Value) -> Option<&'static str> {
    let waits_for_people = || {
        let steps = task["steps"].as_object();
        steps.is_some_and(|steps| steps.values().any(|step| step["state"] == "approval"))
    };
    Some(match task["state"].as_str()? {
        "queued" => "TASK_STATE_SUBMITTED",
        "waiting" if waits_for_people() => "TASK_STATE_AUTH_REQUIRED",
        "running" | "waiting" | "cancelling" | "compensating" => "TASK_STATE_WORKING",
        "done" => "TASK_STATE_COMPLETED",
        "failed" | "dead" => "TASK_STATE_FAILED",
        // Undone because a step failed, or because somebody cancelled it.
        "compensated" if task.get("error").is_some_and(|error| !error.is_null()) => "TASK_STATE_FAILED",
        "compensated" | "cancelled" => "TASK_STATE_CANCELED",
        _ => return None,
    })
}

/// Whether a client is to be answered now: the task is over, or waits for people (section 3.2.2).
pub(super) fn rests(state: &str) -> bool {
    !matches!(state, "TASK_STATE_SUBMITTED" | "TASK_STATE_WORKING")
}

/// A task as A2A shows it; none where the value is no task. `console` is where people approve; the id follows.
pub(super) fn view(task: &Value, console: &str, artifacts: bool) -> Option<Value> {
    let (id, state) = (task["id"].as_str()?, state(task)?);
    let mut status = json!({ "state": state });
    let said = match state {
        "TASK_STATE_AUTH_REQUIRED" => Some(json!([{ "url": format!("{console}{id}"), "mediaType": "text/html" }])),
        "TASK_STATE_FAILED" => task.get("error").filter(|it| !it.is_null()).map(|error| json!([{ "data": error }])),
        _ => None,
    };
    if let Some(parts) = said {
        let message_id = format!("{id}.status");
        status["message"] = json!({ "messageId": message_id, "taskId": id, "role": "ROLE_AGENT", "parts": parts });
    }
    if let Some(at) = ["updatedAt", "endedAt", "createdAt"].iter().find_map(|name| task[*name].as_str()) {
        status["timestamp"] = json!(at);
    }
    let mut view = json!({ "id": id, "status": status });
    if artifacts {
        let output = task.get("output").filter(|output| !output.is_null());
        let artifact = output.map(|output| json!({ "artifactId": "output", "parts": [{ "data": output }] }));
        view["artifacts"] = artifact.into_iter().collect();
    }
    Some(view)
}
