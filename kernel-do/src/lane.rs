//! The Lane object: one gas payer on one chain, a shell over the ledger of core/chain.

use aion_api::Problem;
use aion_api::object::Call;
use aion_api::object::lane::{Health, Reply, Request};
use aion_api::object::wallet;
use aion_api::trace::Trace;
use aion_api::{Address, address};
use aion_chain::lane_key::LaneKey;
use aion_chain::ledger::{Command, Effect, Stage, report};
use alloy_primitives::U256;
use serde_json::json;
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::call;
use crate::chain::{Chain, ChainError, deployment};

mod look;
mod store;

use store::Store;

/// Operations that one alarm attends to: each asks the chain a few times, one after the other.
const BATCH: usize = 12;
/// If an alarm dies, the next one comes after this time.
const REARM_MS: u64 = 15_000;
/// Two alarms are at least this far apart.
const PAUSE_MS: u64 = 100;

/// One gas payer.
#[durable_object]
pub struct Lane {
    state: State,
    env: Env,
}

impl DurableObject for Lane {
    fn new(state: State, env: Env) -> Self {
        Self { state, env }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match call::read::<Request>(&mut request).await {
            Ok(call) => self.answer(call).await,
            Err(problem) => Err(problem),
        };
        call::respond(&result)
    }

    async fn alarm(&self) -> worker::Result<Response> {
        self.state.storage().set_alarm(i64_ms(REARM_MS)).await?;
        if let Err(problem) = self.attend().await {
            worker::console_error!("{}", json!({ "level": "error", "at": "lane", "reason": problem.to_string() }));
        }
        self.arm().await?;
        Response::empty()
    }
}

impl Lane {
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        if call.address.tenant != address::PLATFORM_TENANT {
            return Err(Problem::unknown("lane"));
        }
        let store = Store::open(self.state.storage().sql(), &call.address.id)?;
        match call.request {
            Request::Accept { carry } => {
                // Stored in one turn: the answer leaves only after it is durable.
                if !store.knows(&carry.key())? {
                    self.commit(&store, Command::Accept(Box::new(carry)))?;
                }
                self.arm().await.map_err(|error| call::fault("lane alarm", &error))?;
                Ok(Reply::Accepted)
            }
            Request::Health => self.health(&store).await.map(Reply::Health),
        }
    }

    /// Loads, applies and stores in one turn without an `await`: nonce and raw transaction are one implicit
    /// transaction, and the effects are performed after it.
    fn commit(&self, store: &Store, command: Command) -> Result<Vec<Effect>, Problem> {
        let mut lane = store.load()?;
        let before = lane.clone();
        let effects = lane.apply(command, &self.key(store)?, call::now_ms());
        store.save(&before, &lane)?;
        Ok(effects)
    }

    async fn attend(&self) -> Result<(), Problem> {
        let Some(store) = Store::existing(self.state.storage().sql())? else {
            return Ok(());
        };
        let (chain, deployment) = (Chain::connect(&self.env)?, deployment(&self.env)?);
        let payer = self.key(&store)?.address();
        for id in store.load()?.due(call::now_ms()).into_iter().take(BATCH) {
            let Some(entry) = store.load()?.entries.remove(&id) else {
                continue;
            };
            let seen = match &entry.stage {
                Stage::Planned { .. } => look::quote(&chain, &deployment, payer, &entry.carry)
                    .await
                    .map(|quote| Command::Quoted(id.clone(), Box::new(quote))),
                Stage::Offered(offer) => {
                    look::look(&chain, deployment.chain_id, offer).await.map(|look| Command::Looked(id.clone(), Box::new(look)))
                }
                Stage::Settled(_) => self.deliver(&entry).await.map(|()| Command::Delivered(id.clone())),
                Stage::Delivered => continue,
            };
            let command = seen.unwrap_or(Command::Unreachable(id));
            for Effect::Send(raw) in self.commit(&store, command)? {
                // Whatever the node says to this, only what the chain shows later decides.
                let _ = chain.ask::<serde_json::Value>("eth_sendRawTransaction", json!([raw])).await;
            }
        }
        Ok(())
    }

    async fn deliver(&self, entry: &aion_chain::ledger::Entry) -> Result<(), ChainError> {
        let Some(settled) = report(entry) else {
            return Ok(());
        };
        let address = Address::wallet(&entry.carry.tenant, &entry.carry.wallet);
        let request = wallet::Request::Settled { settled };
        call::ask(&self.env, address, &Trace::default(), request).await.map(|_| ()).map_err(|_| ChainError::Unreachable)
    }

    async fn health(&self, store: &Store) -> Result<Health, Problem> {
        let chain = Chain::connect(&self.env)?;
        let payer = self.key(store)?.address();
        let started_ms = call::now_ms();
        let block = chain.block_number().await.ok();
        let latency_ms = call::now_ms().saturating_sub(started_ms);
        let balance = match block {
            Some(_) => chain.ask::<U256>("eth_getBalance", json!([payer, "latest"])).await.ok(),
            None => None,
        };
        Ok(Health {
            reachable: block.is_some(),
            latency_ms,
            block,
            payer: payer.to_checksum(None),
            balance: balance.map(|wei| wei.to_string()),
            pending: store.load()?.pending() as u64,
        })
    }

    fn key(&self, store: &Store) -> Result<LaneKey, Problem> {
        let seed = call::secret_32(&self.env, "LANE_SEED")?;
        let (chain_id, index) = store.place();
        LaneKey::derive(&seed, chain_id, index).ok_or_else(Problem::internal)
    }

    async fn arm(&self) -> worker::Result<()> {
        let due = Store::existing(self.state.storage().sql()).ok().flatten().and_then(|store| store.load().ok());
        match due.and_then(|lane| lane.next_due_ms()) {
            Some(due_ms) => {
                let wait_ms = due_ms.saturating_sub(call::now_ms()).max(PAUSE_MS);
                self.state.storage().set_alarm(i64_ms(wait_ms)).await
            }
            None => self.state.storage().delete_alarm().await,
        }
    }
}

/// The platform counts alarms from now, in whole milliseconds.
fn i64_ms(wait_ms: u64) -> i64 {
    i64::try_from(wait_ms).unwrap_or(i64::MAX)
}
