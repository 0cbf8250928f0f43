//! The Tenant object: API keys, definitions, schedules and lists of one tenant.

use std::cell::{Cell, RefCell};

use aion_api::object::tenant::{Reply, Request, Snapshot};
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
mod members;
mod passkeys;
mod schedules;
mod store;

use store::Store;

/// A tenant may have this many keys, besides those of sessions: the snapshot of all of them stays below 40 kB in every
/// isolate.
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
    async fn answer(&self, call: Call<Request>) -> Result<Reply, Problem> {
        match &call.request {
            Request::RevokeKey { .. }
            | Request::RemoveMember { .. }
            | Request::OpenSession { .. }
            | Request::AddPasskey { .. } => self.end_keys(call).await,
            Request::Grow { shards } => {
                let shards = *shards;
                self.grow(call, shards).await
            }
            Request::Snapshot => {
                self.resume_growth(&call.trace).await;
                self.apply(call)
            }
            _ => self.apply(call),
        }
    }

    /// A revoked key is one only after every shard of the kernel knows.
    async fn end_keys(&self, call: Call<Request>) -> Result<Reply, Problem> {
        let (tenant, trace) = (call.address.tenant.clone(), call.trace.clone());
        let sql = self.state.storage().sql();
        let (store, snapshot) = Store::of(&sql, &tenant)?;
        let now_ms = call::now_ms();
        let (reply, keys) = match call.request {
            Request::RevokeKey { id } => store.revoke(&snapshot, id, now_ms)?,
            Request::RemoveMember { did } => store.remove_member(&snapshot, &did, now_ms)?,
            Request::OpenSession { did, nonce, until_ms, key, passkey } => {
                store.open_session(&snapshot, &did, (&nonce, until_ms), (key, passkey.as_ref()), now_ms)?
            }
            Request::AddPasskey { key, passkey } => store.add_passkey(&snapshot, &key, passkey, now_ms)?,
            _ => return Err(Problem::internal()),
        };
        if keys.is_empty() {
            return Ok(reply);
        }
        let forget = store.over(now_ms)?;
        let shards = growth::concerned(&snapshot);
        let tell = |shard| {
            let request = kernel::Request::Revoke { keys: keys.clone(), forget: forget.clone() };
            call::ask(&self.env, Address::kernel(&tenant, shard), &trace, request)
        };
        try_join_all((0..shards).map(tell)).await?;
        store.forget(&forget)?;
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
        let (store, snapshot) = Store::of(&sql, &call.address.tenant)?;
        match call.request {
            Request::Create { .. } | Request::Snapshot => Ok(Reply::Snapshot(snapshot)),
            Request::Grow { .. }
            | Request::RevokeKey { .. }
            | Request::RemoveMember { .. }
            | Request::OpenSession { .. }
            | Request::AddPasskey { .. } => Err(Problem::internal()),
            Request::AddKey { key } => {
                if lasting(&snapshot) >= KEYS_MAX {
                    let detail = format!("a tenant may have {KEYS_MAX} keys; revoke one first");
                    return Err(Problem::new(Code::LimitReached, detail));
                }
                store.put_key(&key)?;
                Ok(Reply::Done)
            }
            Request::PutMember { did, name, scopes } => store.put_member(&snapshot, &did, &name, &scopes),
            Request::ListMembers => store.members().map(|members| Reply::Members { members }),
            Request::Passkeys { did } => store.passkeys_of(&did),
            Request::RemovePasskey { key, id } => store.remove_passkey(&snapshot, &key, &id),
            Request::Register(entry) => {
                store.register(&entry)?;
                Ok(Reply::Done)
            }
            Request::List { list, page } => store.list(list, &page),
            Request::ReadEntry { list, id } => store.entry(list, &id),
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

/// How many keys do not end by themselves.
fn lasting(snapshot: &Snapshot) -> usize {
    snapshot.keys.iter().filter(|key| !key.is_session()).count()
}
