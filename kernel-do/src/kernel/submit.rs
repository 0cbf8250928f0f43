//! Accepting tasks.

use std::rc::Rc;

use aion_api::object::Call;
use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::{self, Code, Problem};
use aion_task::{Command, Fault, apply, ids, submit};
use serde_json::json;

use super::shard::{Shard, append, jitter};
use super::store::Stored;
use super::transaction::together;
use crate::call::{self, fault};

impl Shard {
    /// Accepts a task, or gives the first answer again. Acceptance and the leases of the first steps are one commit.
    pub(super) fn submit(self: &Rc<Self>, call: Call<Request>) -> Result<Reply, Problem> {
        let Call { address, trace, request: Request::Submit { idempotency, definition, input } } = call else {
            return Err(Problem::internal());
        };
        if let Some(owner) = self.owner()? {
            if owner != address {
                return Err(Problem::unknown("task"));
            }
            if let Some(answered) = self.store().answered(&idempotency.key)? {
                idempotency.check_replay(&answered.body_hash)?;
                let task = serde_json::from_str(&answered.answer).map_err(|error| fault("answer", &error))?;
                return Ok(Reply::Accepted { task, replayed: true });
            }
        }
        let number = u8::from_str_radix(&address.id, 16).map_err(|error| fault("shard", &error))?;
        let id = ids::task_id(&address.tenant, &idempotency.key, number);
        let now_ms = call::now_ms();
        let (mut task, mut commit) =
            submit(&id, &address.tenant, &definition, input, now_ms).map_err(|faults| invalid(&faults))?;
        let mut view = task.view();
        if self.has_room() {
            commit.extend(apply(&mut task, Command::Due, now_ms, jitter()));
        }
        let (stored, store) = (Stored { task, trace }, self.store());
        let link = together(&self.storage(), || {
            store.migrate(Some(&address))?;
            let link = append(&store, &commit, now_ms)?;
            store.insert(&stored, link.seq)?;
            view["audit"] = json!({ "seq": link.seq, "hash": link.hash });
            store.put_answer(&idempotency.key, &idempotency.body_hash, &view.to_string())?;
            Ok(link)
        })?;
        self.committed(&stored.task, &stored.trace, commit, &link);
        Ok(Reply::Accepted { task: view, replayed: false })
    }
}

/// Pointers of the machine start at the definition; those of the answer start at the body.
fn invalid(faults: &[Fault]) -> Problem {
    let place = |pointer: &str| {
        if pointer.starts_with("/input") { pointer.to_owned() } else { format!("/definition{pointer}") }
    };
    let fault = |fault: &Fault| problem::Fault { pointer: place(&fault.pointer), detail: fault.detail.clone() };
    Problem::faults(Code::DefinitionInvalid, faults.iter().map(fault).collect())
}
