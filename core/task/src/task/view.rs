//! A task as its tenant sees it.

use serde_json::{Map, Value, json};

use super::{Slot, StepRecord, Task};
use crate::definition::Definition;
use crate::kind;
use crate::machine::{Decision, question_digest};
use crate::time::rfc3339;

impl Task {
    /// The task as its tenant sees it.
    #[must_use]
    pub fn view(&self, definition: &Definition) -> Value {
        let steps: Map<String, Value> =
            self.steps.iter().map(|(id, record)| (id.clone(), step(self, definition, id, record))).collect();
        let mut view = json!({
            "id": self.id,
            "state": self.state,
            "priority": self.priority,
            "definitionHash": self.definition,
            "labels": definition.labels,
            "createdAt": rfc3339(self.created_ms),
            "updatedAt": rfc3339(self.updated_ms),
            "input": self.input,
            "steps": steps
        });
        if let Some(deadline_ms) = self.deadline_ms {
            view["deadlineAt"] = json!(rfc3339(deadline_ms));
        }
        if let Some(parent) = &self.parent {
            view["parent"] = json!(parent);
        }
        if let Some(error) = &self.error {
            view["error"] = json!(error);
        }
        if let Some(output) = &self.output {
            view["output"] = output.clone();
        }
        view
    }
}

/// What people are asked, how many have to approve, and who has decided. The signatures stand in the history.
fn approval(with: &Value, decisions: &[Decision]) -> Value {
    let mut asked = with.clone();
    if let Ok(terms) = kind::approval(with) {
        asked["count"] = json!(terms.count);
    }
    let decision = |one: &Decision| {
        let at = rfc3339(one.at_ms);
        json!({ "by": one.by, "approve": one.approve, "at": at, "digest": one.digest })
    };
    asked["decisions"] = decisions.iter().map(decision).collect();
    asked
}

fn step(task: &Task, definition: &Definition, id: &str, record: &StepRecord) -> Value {
    let slot = Slot::of(id);
    let step = definition.steps.get(slot.step);
    let kind = match step {
        Some(step) if slot.undo => step.compensate.as_ref().map_or("", |undo| undo.kind.as_str()),
        Some(step) => step.kind.as_str(),
        None => "",
    };
    let mut view = json!({ "kind": kind, "state": record.state.as_str(), "attempts": record.attempts });
    if let Some(began_ms) = record.began_ms {
        view["beganAt"] = json!(rfc3339(began_ms));
    }
    if let Some(due_ms) = record.state.due_ms() {
        view["dueAt"] = json!(rfc3339(due_ms));
    }
    match &record.state {
        super::StepState::Signal { name, .. } => view["signal"] = json!(name),
        super::StepState::Child { task } => view["child"] = json!(task),
        super::StepState::Items { total } => view["items"] = json!(total),
        super::StepState::Approval { decisions, .. } => {
            if let Some(with) = &record.with {
                view["approval"] = approval(with, decisions);
                view["approval"]["digest"] = json!(question_digest(&task.id, id, record));
            }
        }
        _ => {}
    }
    if let Some(output) = &record.output {
        view["output"] = output.clone();
    }
    if let Some(error) = &record.error {
        view["error"] = json!(error);
    }
    view
}
