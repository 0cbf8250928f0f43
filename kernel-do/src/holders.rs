//! The Holders object: who holds one token, a shell over the balances of core/chain.
//!
//! It reads the token's logs from its creation to the newest final block, and no further: what it has stored is never
//! replaced. Nothing runs while nobody asks. A request reads on within its bound; what is more than that an alarm
//! reads, until it has caught up once.

use std::cell::Cell;

use aion_api::object::Call;
use aion_api::object::holders::{Reply, Request};
use aion_api::object::wallet;
use aion_api::problem::Code;
use aion_api::trace::Trace;
use aion_api::{Address, Problem};
use aion_chain::action::Standard;
use aion_shell::call;
use worker::{DurableObject, Env, Response, State, durable_object};

mod read;
mod store;

use read::{Bound, Progress};
use store::Store;

/// Whoever asks again within this time gets what was read: a block of Polygon takes as long.
const FRESH_MS: u64 = 2_000;
/// For so long the newest final block that was seen passes for the newest one: five blocks of Polygon.
const COMPLETE_FOR_MS: u64 = 10_000;
/// A caller waits for at most eight ranges or four seconds: beyond that it is told how far the list is.
const ASKED: Bound = Bound { ranges: 8, most_ms: 4_000 };
/// An alarm reads for 20 seconds: a year of Polygon in ranges of 2,000 blocks takes about a hundred of them.
const WOKEN: Bound = Bound { ranges: 100, most_ms: 20_000 };
/// Between two alarms, so that a node is never asked without a break.
const PAUSE_MS: i64 = 500;
/// The wait for a silent chain doubles from this,
const BACKOFF_MS: i64 = 2_000;
/// and after so many alarms in vain, about half an hour, it rests until somebody asks.
const FAILURES_MAX: u32 = 10;

/// The holders of one token.
#[durable_object]
pub struct Holders {
    state: State,
    env: Env,
    /// Until when, at most, somebody is reading. Whoever comes meanwhile gets what there is.
    reading_until_ms: Cell<u64>,
    /// The block at which all was read and added up, and when that was.
    caught_up: Cell<Option<(u64, u64)>>,
}

impl DurableObject for Holders {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, reading_until_ms: Cell::default(), caught_up: Cell::default() }
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
        // What goes wrong stands in the log already; the next one who asks begins again.
        let _ = self.wake().await;
        Response::empty()
    }
}

impl Holders {
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let Request::List { wallet, operation, page } = call.request;
        let store = match Store::existing(self.state.storage())? {
            Some(store) => store,
            None => self.begin(&call.address, &call.trace, &wallet, operation).await?,
        };
        let index = store.index()?;
        if index.owner != call.address {
            return Err(Problem::unknown("token"));
        }
        let now_ms = call::now_ms();
        let is_fresh = self.caught_up.get().is_some_and(|(_, at_ms)| now_ms < at_ms + FRESH_MS);
        let stands_aside = index.block.is_some() && now_ms < self.reading_until_ms.get();
        if !is_fresh && !stands_aside && self.read_on(&store, ASKED).await? == Progress::Behind {
            self.set_alarm(PAUSE_MS).await?;
        }
        let now_ms = call::now_ms();
        let is_complete = self.caught_up.get().is_some_and(|(_, at_ms)| now_ms < at_ms + COMPLETE_FOR_MS);
        store.page(&page, is_complete)
    }

    /// Learns from the wallet where the token begins: its creation is final, or the tenant would not know of it.
    async fn begin(&self, owner: &Address, trace: &Trace, id: &str, op: u64) -> Result<Store, Problem> {
        let unknown = || Problem::unknown("token");
        let asked = wallet::Request::Operation { op };
        let reply = call::ask(&self.env, Address::wallet(&owner.tenant, id), trace, asked).await?;
        let wallet::Reply::Operation { operation } = reply else {
            return Err(Problem::internal());
        };
        let (result, kind) = (&operation["result"], operation["action"]["kind"].as_str());
        let token = result["token"].as_str().filter(|token| owner.id.rsplit(':').next() == Some(*token));
        let standard = match kind {
            Some("createErc20") => Standard::Erc20,
            Some("createErc721") => Standard::Erc721,
            _ => return Err(unknown()),
        };
        let (Some(_), Some(block)) = (token, result["blockNumber"].as_u64()) else {
            return Err(unknown());
        };
        Store::create(self.state.storage(), owner, standard, block)
    }

    /// Reads on, unless it rests.
    async fn read_on(&self, store: &Store, bound: Bound) -> Result<Progress, Problem> {
        let (index, now_ms) = (store.index()?, call::now_ms());
        if index.is_full {
            return Err(too_many());
        }
        if now_ms < index.rests_until_ms {
            return Err(doubtful(index.rests_until_ms - now_ms));
        }
        self.reading_until_ms.set(now_ms + bound.most_ms + read::SLACK_MS);
        let progress = self.read(store, bound).await;
        self.reading_until_ms.set(0);
        progress
    }

    /// Each alarm counts as one in vain before it begins, so that one that dies ends some time too.
    async fn wake(&self) -> Result<(), Problem> {
        let Some(store) = Store::existing(self.state.storage())? else {
            return Ok(());
        };
        let failures = store.index()?.failures + 1;
        store.set_failures(failures)?;
        if failures >= FAILURES_MAX {
            store.set_failures(0)?;
            return Ok(());
        }
        self.set_alarm(BACKOFF_MS << failures).await?;
        match self.read_on(&store, WOKEN).await {
            Ok(Progress::Behind) => {
                store.set_failures(0)?;
                self.set_alarm(PAUSE_MS).await
            }
            Ok(Progress::Silent) => Ok(()),
            Ok(Progress::CaughtUp) | Err(_) => {
                store.set_failures(0)?;
                let deleted = self.state.storage().delete_alarm().await;
                deleted.map_err(|error| call::fault("holders alarm", &error))
            }
        }
    }

    async fn set_alarm(&self, wait_ms: i64) -> Result<(), Problem> {
        self.state.storage().set_alarm(wait_ms).await.map_err(|error| call::fault("holders alarm", &error))
    }
}

/// What nodes say of the token is no history of it.
fn doubtful(rests_ms: u64) -> Problem {
    let detail = "what the chain's endpoint says of this token does not add up; it is read anew after the given time";
    let wait_s = u32::try_from(rests_ms.div_ceil(1_000)).unwrap_or(u32::MAX);
    Problem::new(Code::ChainUnavailable, detail).retry_after(wait_s)
}

fn too_many() -> Problem {
    let detail = format!("a list of holders is kept for tokens of at most {} of them", store::HOLDERS_MAX);
    Problem::new(Code::LimitReached, detail)
}
