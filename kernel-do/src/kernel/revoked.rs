//! Keys that were revoked: the Tenant object tells each shard before it answers that a key is.

use std::cell::RefCell;
use std::collections::HashSet;

use aion_api::Address;
use aion_api::object::kernel::Reply;
use aion_api::problem::Problem;

use super::shard::Shard;
use crate::transaction::together;

/// The keys in memory, as they stand on disk; nothing until they were read once.
#[derive(Default)]
pub(super) struct Revoked(RefCell<Option<HashSet<String>>>);

impl Shard {
    /// Whether a key was revoked. If that cannot be found out, it counts as revoked.
    pub(super) fn is_revoked(&self, key: &str) -> bool {
        let mut known = self.revoked.0.borrow_mut();
        if known.is_none() {
            *known = self.store().revoked().ok();
        }
        known.as_ref().is_none_or(|keys| keys.contains(key))
    }

    /// Refuses keys from now on, and ends what they listen to; forgets others that were revoked: the clock refuses them
    /// by now.
    pub(super) fn revoke(&self, address: &Address, keys: &[String], forget: &[String]) -> Result<Reply, Problem> {
        self.admit(address)?;
        together(&self.storage(), || {
            let store = self.store();
            if self.is_new() {
                store.migrate(self.claim())?;
            }
            forget.iter().try_for_each(|key| store.unrevoke(key))?;
            keys.iter().try_for_each(|key| store.revoke(key))
        })?;
        self.forget_revoked();
        for key in keys {
            self.listeners.end(key);
            self.end_sockets(key);
        }
        Ok(Reply::Done)
    }

    /// Has the keys read from the disk again.
    pub(super) fn forget_revoked(&self) {
        *self.revoked.0.borrow_mut() = None;
    }
}
