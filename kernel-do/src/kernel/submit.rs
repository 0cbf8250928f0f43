//! Accepting tasks.

use std::rc::Rc;

use aion_api::object::Call;
use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::Problem;
use aion_shell::call::fault;
use aion_task::ids;

use super::inbox::{Entry, Submission};
use super::shard::Shard;

impl Shard {
    /// Accepts a task, or gives the first answer again. Acceptance, the steps that need no call and the leases of the
    /// first that do are one commit.
    pub(super) async fn submit(self: &Rc<Self>, call: Call<Request>) -> Result<Reply, Problem> {
        let Call { address, trace, request: Request::Submit { idempotency, definition, input }, .. } = call else {
            return Err(Problem::internal());
        };
        self.admit(&address)?;
        let number = u8::from_str_radix(&address.id, 16).map_err(|error| fault("shard", &error))?;
        let id = ids::task_id(&address.tenant, &idempotency.key, number);
        let definition = self.definitions.submitted(&definition)?;
        let new = Submission { id: id.clone(), tenant: address.tenant, idempotency, definition, input, trace };
        let done = self.enter(Entry::Submit(Box::new(new))).await?;
        let task = if done.view.is_null() { self.recall(&id).await? } else { done.view };
        Ok(Reply::Accepted { task, replayed: done.replayed })
    }
}
