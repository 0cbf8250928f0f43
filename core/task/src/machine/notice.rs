//! Notices: webhooks that a task sends when it reaches a state.
//!
//! A notice is a task of its own, which begins in the commit that changes the state: it is as durable as the change,
//! is retried as every step is, can be looked at, and never holds up the task that it is about. Its request is signed
//! after Standard Webhooks 1.0; the key of its step is the `webhook-id`, by which a receiver takes it once.

use serde_json::{Value, json};

use super::{NewTask, Work};
use crate::definition::Notify;
use crate::event::Event;
use crate::ids;
use crate::task::State;
use crate::time::rfc3339;

/// An output with more bytes is left out of the notice, which says so: whoever wants it reads the task.
const OUTPUT_MAX_BYTES: usize = 16 * 1024;
/// What ids of notices are made of; no id of a step looks like it.
const ID_PART: &str = "~notify";

/// The states that a notice can tell of: those at which a task stays, and the one in which it is undone.
pub const STATES: [State; 6] =
    [State::Done, State::Failed, State::Cancelled, State::Compensating, State::Compensated, State::Dead];

/// The definition of the tasks that send a notice. It does not hold the payload: all notices of a definition share it.
#[must_use]
pub fn definition(notify: &Notify) -> Value {
    let mut with = json!({
        "url": notify.url, "method": "POST", "idempotent": true, "pick": {}, "json": "${{ input }}"
    });
    if let Some(sign) = &notify.sign {
        with["sign"] = json!(sign);
    }
    json!({ "labels": { "notice": "task" }, "steps": { "send": { "do": "http.request", "with": with } } })
}

impl Work<'_> {
    /// Begins what the definition wants to be sent in the state that the task has come to.
    pub(super) fn notify(&mut self) {
        let state = self.task.state;
        let wanted = self.definition.notify.iter().filter(|notify| notify.on.contains(&state));
        for notify in wanted.collect::<Vec<_>>() {
            self.task.notices += 1;
            let id = ids::child_id(&self.task.id, ID_PART, self.task.notices);
            self.commit.events.push(Event::of_task("task.notice", &self.task.id, json!({ "task": id })));
            let (definition, input) = (definition(notify), self.payload());
            self.commit.start.push(NewTask { id, definition, input, parent: None });
        }
    }

    fn payload(&self) -> Value {
        let mut data = json!({ "task": self.task.id, "state": self.task.state.as_str() });
        if let Some(cause) = &self.task.error {
            data["error"] = json!(cause);
        }
        if !self.definition.labels.is_empty() {
            data["labels"] = json!(self.definition.labels);
        }
        match &self.task.output {
            Some(output) if output.to_string().len() > OUTPUT_MAX_BYTES => data["outputOmitted"] = json!(true),
            Some(output) => data["output"] = output.clone(),
            None => {}
        }
        let kind = format!("task.{}", self.task.state.as_str());
        json!({ "type": kind, "timestamp": rfc3339(self.now_ms), "data": data })
    }
}
