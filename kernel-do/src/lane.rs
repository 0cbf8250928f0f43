//! The Lane object: one gas payer on one chain, a shell over the ledger of core/chain.

use std::cell::Cell;

use aion_api::Problem;
use aion_api::address;
use aion_api::object::Call;
use aion_api::object::eyes::catalogue;
use aion_api::object::lane::{Health, Reply, Request};
use aion_chain::lane_key::LaneKey;
use aion_chain::ledger::{Command, Effect, RETRY_MS};
use aion_shell::{call, eyes};
use alloy_primitives::U256;
use serde_json::json;
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::chain::Chain;

mod attend;
mod look;
mod store;

use store::Store;

/// If an alarm dies, the next one comes after this time.
const REARM_MS: u64 = 15_000;
/// Two alarms are at least this far apart.
const PAUSE_MS: u64 = 100;
/// The wait for a silent chain doubles this many times: from two seconds to about a minute.
const BACKOFF_DOUBLINGS: u64 = 5;

/// The eyes are told this often, by two reads of the chain.
const TELL_MS: u64 = 60_000;
/// Wei of a gwei.
const GWEI: U256 = U256::from_limbs([1_000_000_000, 0, 0, 0]);

/// One gas payer.
#[durable_object]
pub struct Lane {
    state: State,
    env: Env,
    /// When it last told the eyes how it is.
    told_ms: Cell<u64>,
}

impl DurableObject for Lane {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, told_ms: Cell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match call::read::<Request>(&mut request).await {
            Ok(call) => self.answer(call).await,
            Err(problem) => Err(problem),
        };
        call::respond(&result)
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        // Armed again before anything is done: whatever dies below, the lane wakes up.
        log(self.state.storage().set_alarm(i64_ms(REARM_MS)).await.map_err(|error| call::fault("lane alarm", &error)));
        match self.attend().await {
            Ok(()) => {
                log(self.arm().await);
                self.tell().await;
            }
            // Our own fault, a missing setting for one: it stays at the slow alarm.
            Err(problem) => log(Err(problem)),
        }
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
                    self.commit(&store, &carry.key(), Command::Accept(carry))?;
                }
                self.arm().await?;
                Ok(Reply::Accepted)
            }
            Request::Health => {
                let health = self.health(&store).await?;
                self.tell().await;
                Ok(Reply::Health(health))
            }
        }
    }

    /// Loads, applies and stores in one turn without an `await`, by one statement: nonce and raw transaction become
    /// durable together. The effects come after it, and the output gate holds them back until the row is on disk.
    fn commit(&self, store: &Store, key: &str, command: Command) -> Result<Vec<Effect>, Problem> {
        let mut lane = store.load(key)?;
        let before = lane.entries.get(key).cloned();
        let effects = lane.apply(command, &self.key(store)?, call::now_ms());
        match lane.entries.get(key) {
            Some(entry) if before.as_ref() != Some(entry) => store.save(key, entry)?,
            _ => {}
        }
        Ok(effects)
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
            pending: store.pending()?,
        })
    }

    /// Tells the eyes what the payer has and how old the newest final block is, now and then.
    async fn tell(&self) {
        let now_ms = call::now_ms();
        if now_ms.saturating_sub(self.told_ms.get()) < TELL_MS {
            return;
        }
        self.told_ms.set(now_ms);
        // What cannot be read now is told another time; that nothing is told is seen as well.
        if let Ok(Some(store)) = Store::existing(self.state.storage().sql())
            && let (Ok(chain), Ok(key)) = (Chain::connect(&self.env), self.key(&store))
        {
            let (payer, chain_id) = (key.address().to_checksum(None), store.place().0.to_string());
            let labels = [("chain", chain_id.as_str()), ("payer", payer.as_str())];
            let balance = chain.ask::<U256>("eth_getBalance", json!([payer, "latest"])).await;
            if let Some(gwei) = balance.ok().and_then(|wei| i64::try_from(wei / GWEI).ok()) {
                eyes::record(|recorder| recorder.set(catalogue::LANE_BALANCE, &labels, gwei));
            }
            if let Ok(block) = chain.final_block().await {
                let lag_s = (now_ms / 1_000).saturating_sub(block.timestamp.to());
                let lag_s = i64::try_from(lag_s).unwrap_or(i64::MAX);
                eyes::record(|recorder| recorder.set(catalogue::LANE_FINALITY_LAG, &labels, lag_s));
            }
        }
        eyes::send(&self.env).await;
    }

    fn key(&self, store: &Store) -> Result<LaneKey, Problem> {
        let seed = call::secret_32(&self.env, "LANE_SEED")?;
        let (chain_id, index) = store.place();
        LaneKey::derive(&seed, chain_id, index).ok_or_else(Problem::internal)
    }

    /// Sets the alarm to the next due time, later while the chain is silent.
    async fn arm(&self) -> Result<(), Problem> {
        let Some(store) = Store::existing(self.state.storage().sql())? else {
            return Ok(());
        };
        let storage = self.state.storage();
        let armed = match store.next_due_ms()? {
            Some(due_ms) => {
                let backoff_ms = match store.failures()? {
                    0 => PAUSE_MS,
                    failures => RETRY_MS << (failures - 1).min(BACKOFF_DOUBLINGS),
                };
                storage.set_alarm(i64_ms(due_ms.saturating_sub(call::now_ms()).max(backoff_ms))).await
            }
            None => storage.delete_alarm().await,
        };
        armed.map_err(|error| call::fault("lane alarm", &error))
    }
}

fn log(result: Result<(), Problem>) {
    if let Err(problem) = result {
        worker::console_error!("{}", json!({ "level": "error", "at": "lane", "reason": problem.to_string() }));
    }
}

/// The platform counts alarms from now, in whole milliseconds.
fn i64_ms(wait_ms: u64) -> i64 {
    i64::try_from(wait_ms).unwrap_or(i64::MAX)
}
