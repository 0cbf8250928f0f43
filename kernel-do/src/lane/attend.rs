//! What a lane does when it wakes up: one round over the operations that are due.

use aion_api::object::wallet;
use aion_api::trace::Trace;
use aion_api::{Address, Problem};
use aion_chain::action::Deployment;
use aion_chain::ledger::{Command, Effect, Entry, Stage, report};
use aion_shell::call;
use alloy_primitives::Address as Account;
use serde_json::json;

use super::store::Store;
use super::{Lane, look};
use crate::chain::{Chain, ChainError, deployment};

/// Operations that one round attends to: each asks the chain a few times, one after the other.
const BATCH: usize = 12;

impl Lane {
    /// Attends to what is due. A silent chain ends the round: everything waits, nothing is lost.
    pub(super) async fn attend(&self) -> Result<(), Problem> {
        let Some(store) = Store::existing(self.state.storage().sql())? else {
            return Ok(());
        };
        let (chain, deployment) = (Chain::connect(&self.env)?, deployment(&self.env)?);
        let payer = self.key(&store)?.address();
        let failures = store.failures()?;
        let mut silent = false;
        for id in store.due(call::now_ms(), BATCH)? {
            let Some(entry) = store.load(&id)?.entries.remove(&id) else {
                continue;
            };
            let seen = self.see(&chain, &deployment, payer, &id, &entry).await;
            silent = matches!(seen, Err(ChainError::Unreachable | ChainError::TooLarge));
            for Effect::Send(raw) in self.commit(&store, &id, seen.unwrap_or(Command::Unreachable(id.clone())))? {
                // Whatever the node says to this, only what the chain shows later decides.
                let _ = chain.ask::<serde_json::Value>("eth_sendRawTransaction", json!([raw])).await;
            }
            if silent {
                break;
            }
        }
        let failures_now = if silent { failures + 1 } else { 0 };
        if failures_now != failures {
            store.set_failures(failures_now)?;
        }
        Ok(())
    }

    /// Asks whoever knows how an operation goes on: the chain, or for a settled one its wallet.
    async fn see(
        &self,
        chain: &Chain,
        deployment: &Deployment,
        payer: Account,
        id: &str,
        entry: &Entry,
    ) -> Result<Command, ChainError> {
        let id = id.to_owned();
        match &entry.stage {
            Stage::Planned { .. } => look::quote(chain, deployment, payer, &entry.carry)
                .await
                .map(|quote| Command::Quoted(id, Box::new(quote))),
            Stage::Offered(_) | Stage::Foreign { .. } => {
                let look = look::look(chain, deployment.chain_id, payer, entry.stage.hashes()).await?;
                Ok(Command::Looked(id, Box::new(look)))
            }
            Stage::Settled(_) | Stage::Delivered => {
                let told = self.deliver(entry).await.is_ok();
                Ok(if told { Command::Delivered(id) } else { Command::Unreachable(id) })
            }
        }
    }

    /// Reports to the wallet, again and again until it acknowledges; it takes a report once.
    async fn deliver(&self, entry: &Entry) -> Result<(), Problem> {
        let Some(settled) = report(entry) else {
            return Ok(());
        };
        let address = Address::wallet(&entry.carry.tenant, &entry.carry.wallet);
        call::ask(&self.env, address, &Trace::default(), wallet::Request::Settled { settled }).await.map(|_| ())
    }
}
