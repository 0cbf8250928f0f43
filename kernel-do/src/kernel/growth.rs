//! What a shard knows of the growth of its tenant: the keys that it takes new tasks of.

use aion_api::idempotency::Idempotency;
use aion_api::object::Call;
use aion_api::object::kernel::{Reply, Request};
use aion_api::problem::{Code, Problem};
use aion_api::{Address, ids, shards};
use aion_shell::call::fault;

use super::shard::Shard;
use crate::transaction::together;

/// Whoever is refused because the tenant grows comes again after this time.
const MOVED_RETRY_S: u32 = 1;

/// How many shards the tenant has, as far as this one knows.
#[derive(Clone, Copy, Default)]
pub(super) enum Told {
    /// That was not read from the disk yet.
    #[default]
    Unread,
    /// It was told nothing: the tenant never grew.
    Nothing,
    /// So many.
    Count(u8),
}

impl Shard {
    /// Takes in that the tenant has more shards from now on, and which of its keys were revoked.
    pub(super) fn grow(&self, address: &Address, count: u8, revoked: &[String]) -> Result<Reply, Problem> {
        self.admit(address)?;
        together(&self.storage(), || {
            let store = self.store();
            if self.is_new() {
                store.migrate(self.claim())?;
            }
            revoked.iter().try_for_each(|key| store.revoke(key))?;
            store.put_shards(count)
        })?;
        self.forget_revoked();
        self.told.set(Told::Unread);
        Ok(Reply::Done)
    }

    /// Refuses new tasks of keys that belong to another shard.
    pub(super) fn takes(&self, tenant: &str, key: &str) -> Result<(), Problem> {
        let told = match self.told.get() {
            Told::Nothing => None,
            Told::Count(count) => Some(count),
            Told::Unread if self.is_new() => None,
            Told::Unread => {
                let told = self.store().shards()?;
                self.told.set(told.map_or(Told::Nothing, Told::Count));
                told
            }
        };
        if shards::takes(told, self.number()?, tenant, key) {
            return Ok(());
        }
        let detail = "the tenant is growing, and this key's shard is another one now";
        Err(Problem::new(Code::ShardMoved, detail).retry_after(MOVED_RETRY_S))
    }

    /// The number of this shard.
    pub(super) fn number(&self) -> Result<u8, Problem> {
        let owner = self.owner()?.or_else(|| self.claim().cloned()).ok_or_else(Problem::internal)?;
        u8::from_str_radix(&owner.id, 16).map_err(|error| fault("shard", &error))
    }

    /// The task of a key that belonged to this shard, if it began here.
    pub(super) async fn remember(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let Call { address, request: Request::Recall { idempotency: Idempotency { key, body_hash } }, .. } = call
        else {
            return Err(Problem::internal());
        };
        let unknown = || Problem::unknown("task");
        if self.owner()?.as_ref() != Some(&address) {
            return Err(unknown());
        }
        let id = ids::task_id(&address.tenant, &key, self.number()?);
        let answered = self.store().answered(&id)?.ok_or_else(unknown)?;
        Idempotency { key, body_hash }.check_replay(&answered.body_hash)?;
        let task = match self.first_answer(&id, &answered)? {
            Some(task) => task,
            None => self.recall(&id).await?,
        };
        Ok(Reply::Accepted { task, replayed: true })
    }
}
