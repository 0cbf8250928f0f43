//! The Tenant object: API keys, definitions, schedules and lists of one tenant.

use std::cell::{Cell, RefCell};

use aion_api::object::tenant::{Reply, Request};
use aion_api::object::{Call, kernel};
use aion_api::problem::Code;
use aion_api::{Address, Problem};
use aion_shell::call;
use aion_task::schedule::Effect;
use futures_util::future::try_join_all;
use worker::{DurableObject, Env, Response, State, durable_object};

mod definitions;
mod egress;
mod growth;
mod limits;
mod schedules;
mod store;

use store::Store;

/// A tenant may have this many keys: the snapshot of all of them stays below 40 kB in every isolate.
const KEYS_MAX: usize = 100;

/// One tenant.
#[durable_object]
pub struct Tenant {
    state: State,
    env: Env,
    /// What steering a schedule has begun, for the alarm that follows at once.
    begun: RefCell<Vec<(String, Effect)>>,
    /// Whether shards are being told of a growth.
    is_growing: Cell<bool>,
}

impl DurableObject for Tenant {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, begun: RefCell::default(), is_growing: Cell::new(false) }
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
        self.look().await;
        Response::empty()
    }
}

impl Tenant {
    /// A revoked key is one only after every shard of the kernel knows.
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let id = match &call.request {
            Request::RevokeKey { id } => id,
            Request::Grow { shards } => {
                let shards = *shards;
                return self.grow(call, shards).await;
            }
            Request::Snapshot => {
                self.resume_growth(&call.trace).await;
                return self.apply(call);
            }
            _ => return self.apply(call),
        };
        let (tenant, key, trace) = (call.address.tenant.clone(), id.clone(), call.trace.clone());
        let reply = self.apply(call)?;
        let shards = growth::concerned(&self.snapshot()?);
        let tell = |shard| {
            let request = kernel::Request::Revoke { key: key.clone() };
            call::ask(&self.env, Address::kernel(&tenant, shard), &trace, request)
        };
        try_join_all((0..shards).map(tell)).await?;
        Ok(reply)
    }

    /// Every branch runs without an `await`, so its writes are one implicit transaction, and the output gate holds the
    /// answer back until they are durable.
    fn apply(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let sql = self.state.storage().sql();
        if let Request::Create { name, mode, key } = call.request {
            let store = Store::create(&sql)?;
            if store.snapshot()?.is_none() {
                store.put_tenant(&call.address, &name, mode, call::now_ms())?;
                store.put_key(&key)?;
            }
            return store.snapshot()?.map(Reply::Snapshot).ok_or_else(Problem::internal);
        }
        let unknown = || Problem::unknown("tenant");
        let store = Store::existing(&sql)?.ok_or_else(unknown)?;
        let snapshot = store.snapshot()?.filter(|snapshot| snapshot.id == call.address.tenant).ok_or_else(unknown)?;
        match call.request {
            Request::Create { .. } | Request::Snapshot => Ok(Reply::Snapshot(snapshot)),
            Request::Grow { .. } => Err(Problem::internal()),
            Request::AddKey { key } => {
                if snapshot.keys.len() >= KEYS_MAX {
                    let detail = format!("a tenant may have {KEYS_MAX} keys; revoke one first");
                    return Err(Problem::new(Code::LimitReached, detail));
                }
                store.put_key(&key)?;
                Ok(Reply::Done)
            }
            Request::RevokeKey { id } => {
                if store.is_revoked(&id)? {
                    // Once more for whoever was not told the first time.
                    return Ok(Reply::Done);
                }
                if !snapshot.keys.iter().any(|key| key.id == id) {
                    return Err(Problem::unknown("key"));
                }
                if snapshot.keys.len() == 1 {
                    let detail = "this is the last key: make another one first, or nobody could";
                    return Err(Problem::new(Code::StateConflict, detail));
                }
                store.revoke_key(&id, call::now_ms())?;
                Ok(Reply::Done)
            }
            Request::Register(entry) => {
                store.register(&entry)?;
                Ok(Reply::Done)
            }
            Request::List { list, page } => store.list(list, &page),
            Request::PutLimits { rules } => store.put_limits(&rules),
            Request::PutHosts(hosts) => store.put_hosts(&hosts),
            Request::ReadHosts => store.hosts().map(Reply::Hosts),
            Request::PutSecret { name, secret } => self.put_secret(&store, &name, &secret),
            Request::ListSecrets => store.secret_names(),
            Request::DeleteSecret { name } => store.delete_secret(&name),
            Request::Egress => store.egress(),
            Request::PutDefinition { name, definition, hash } => {
                store.put_definition(&name, &definition, &hash, call::now_ms()).map(Reply::Definition)
            }
            Request::ReadDefinition { name, version } => store.definition(&name, version).map(Reply::Definition),
            Request::ListDefinitions { page } => store.definitions(&page),
            Request::PutSchedule { name, spec, source, input } => {
                self.put_schedule(&store, &name, (&spec, source, input))
            }
            Request::ReadSchedule { name } => store.read_schedule(&name),
            Request::ListSchedules { page } => store.schedules(&page),
            Request::DeleteSchedule { name } => store.delete_schedule(&name),
            Request::SteerSchedule { name, steer } => self.steer(&store, &name, steer),
        }
    }
}
