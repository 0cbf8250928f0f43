//! The Gateway object: a tenant's routes by version, the generations of its cache tags, and the health of its targets,
//! which it asks by its alarm.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::time::Duration;

use aion_api::Address;
use aion_api::limits::read_json;
use aion_api::object::gateway::{Reply, Request};
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::trace::Trace;
use aion_api::v1::egress::Hosts;
use aion_api::v1::gateway::{Routes, allowed, check};
use aion_gateway::table::{Health, Table};
use aion_shell::call;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Response, State, durable_object, web_sys};

use crate::forward::{Hop, Plan, send};
use crate::memory;

mod store;

use store::Store;

/// The binding of the objects.
const GATEWAY: &str = "GATEWAY";
/// How long a target may take to say that it is well.
const HEALTH_TIMEOUT_MS: u32 = 5_000;
/// If an alarm dies, the next one comes after this time.
const REARM_MS: u64 = 30_000;

/// Targets are asked as long as somebody wants to know, and this time after: a gateway that nobody uses costs nothing.
const IDLE_MS: u64 = 600_000;

/// What an isolate asks of a gateway, beside what the edge does.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// What the edge asks.
    Edge(Request),
    /// What an isolate keeps for some seconds.
    Snapshot {
        /// The hosts that the tenant allows: those that are asked whether they are well.
        hosts: Hosts,
    },
}

/// What it is told.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// What the edge is answered.
    Edge(Reply),
    /// What an isolate keeps.
    Snapshot(Box<Snapshot>),
}

impl object::Request for Order {
    type Reply = Told;
}

/// A tenant's gateway as it is now.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    /// The version of the table; 0 if there is none.
    pub version: u64,
    /// The table.
    pub table: Table,
    /// The generations of cache tags that were ever purged.
    pub generations: BTreeMap<String, u64>,
    /// The targets that active health has found ill.
    pub ill: Vec<String>,
}

/// Passes a call of the edge on to its object.
pub async fn pass(env: &Env, request: web_sys::Request) -> worker::Result<web_sys::Response> {
    let body = worker::Request::from(request).bytes().await?;
    let Ok(call) = object::read::<Call<Request>>(&body) else {
        return Ok(Response::error("no call", 400)?.into());
    };
    let tenant = call.address.tenant;
    let answer = match ask(env, &tenant, &call.trace, Order::Edge(call.request)).await {
        Ok(Told::Edge(reply)) => Ok(reply),
        Ok(Told::Snapshot(_)) => Err(Problem::internal()),
        Err(problem) => Err(problem),
    };
    // Whatever has changed holds in this isolate from now on.
    memory::forget(&tenant);
    call::respond(&answer).map(Into::into)
}

/// Asks a tenant's object. Nobody but the edge reaches this script, so that its objects are named plainly.
pub async fn ask(env: &Env, tenant: &str, trace: &Trace, request: Order) -> Result<Told, Problem> {
    let call = Call { address: Address::gateway(tenant), key: None, trace: trace.clone(), request };
    call::ask_named(env, GATEWAY, tenant, &call).await
}

/// One tenant's gateway.
#[durable_object]
pub struct Gateway {
    state: State,
    env: Env,
    /// When somebody last wanted to know who is well.
    wanted_ms: Cell<u64>,
    /// Whether this life of the object has armed its alarm.
    armed: Cell<bool>,
}

impl DurableObject for Gateway {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, wanted_ms: Cell::new(call::now_ms()), armed: Cell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Call<Order>>(&request.bytes().await?) {
            Ok(call) => self.answer(call),
            Err(error) => Err(call::fault("call", &error)),
        };
        call::respond(&result)
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        self.arm_at(call::now_ms() + REARM_MS);
        if let Err(problem) = self.look().await {
            worker::console_error!("{}", serde_json::json!({ "level": "error", "at": "health", "code": problem.code }));
        }
        Response::empty()
    }
}

impl Gateway {
    fn answer(&self, call: Call<Order>) -> Result<Told, Problem> {
        let store = Store::new(self.state.storage().sql());
        if let Some(owner) = store.owner()?
            && owner != call.address.tenant
        {
            return Err(Problem::unknown("gateway"));
        }
        let tenant = call.address.tenant;
        match call.request {
            Order::Edge(Request::Put { table, dry_run, if_match, hosts }) => {
                let table = read_json::<Table>(table.as_bytes())?;
                check(&table, &hosts)?;
                self.put(&store, &tenant, table, dry_run, if_match, &hosts)
            }
            Order::Edge(Request::Read { version: None }) => told(&store.newest()?.unwrap_or_else(none)),
            Order::Edge(Request::Read { version: Some(version) }) => {
                told(&store.version(version)?.ok_or_else(|| Problem::unknown("version"))?)
            }
            Order::Edge(Request::Purge { tags }) => {
                store.create(&tenant)?;
                let moved = tags.into_iter().map(|tag| Ok((tag.clone(), store.purge(&tag)?)));
                Ok(Told::Edge(Reply::Purged { generations: moved.collect::<Result<_, Problem>>()? }))
            }
            Order::Snapshot { hosts } => {
                let Routes { version, table, .. } = store.newest()?.unwrap_or_else(none);
                if version > 0 {
                    store.put_hosts(&hosts)?;
                    self.want(&table, false);
                }
                let generations = store.generations()?;
                let checked = store.checked()?.into_iter();
                let ill = checked.filter(|(_, checked)| !checked.well).map(|(id, _)| id).collect();
                Ok(Told::Snapshot(Box::new(Snapshot { version, table, generations, ill })))
            }
        }
    }

    /// Stores a checked table as the next version, or says which one it would be.
    fn put(
        &self,
        store: &Store,
        tenant: &str,
        table: Table,
        dry_run: bool,
        if_match: Option<u64>,
        hosts: &Hosts,
    ) -> Result<Told, Problem> {
        let newest = store.newest()?.map_or(0, |routes| routes.version);
        if if_match.is_some_and(|version| version != newest) {
            return Err(Problem::new(Code::PreconditionFailed, format!("the table has version {newest}")));
        }
        let updated_at = (!dry_run).then(|| rfc3339(call::now_ms()));
        let routes = Routes { version: newest + 1, updated_at, table };
        if !dry_run {
            store.create(tenant)?;
            store.put(&routes)?;
            store.put_hosts(hosts)?;
            store.keep_checked(&checks(&routes.table))?;
            self.want(&routes.table, true);
        }
        told(&routes)
    }

    /// Has the targets asked from now on, unless they are already.
    fn want(&self, table: &Table, anew: bool) {
        self.wanted_ms.set(call::now_ms());
        if (anew || !self.armed.get()) && !checks(table).is_empty() {
            self.armed.set(true);
            self.arm_at(call::now_ms());
        }
    }

    /// Asks the targets that are due, and arms the next look.
    async fn look(&self) -> Result<(), Problem> {
        let store = Store::new(self.state.storage().sql());
        let (Some(tenant), Some(routes)) = (store.owner()?, store.newest()?) else {
            return Ok(());
        };
        if call::now_ms().saturating_sub(self.wanted_ms.get()) > IDLE_MS {
            self.disarm();
            return Ok(());
        }
        let hosts = store.hosts()?;
        let (due, now_ms) = (checks(&allowed(routes.table, &hosts)), call::now_ms());
        let known = store.checked()?;
        let due_ms = |id: &str, health: &Health| known.get(id).copied().unwrap_or_default().due_ms(health);
        let asked = due.iter().filter(|(id, health)| due_ms(id, health) <= now_ms);
        let answers =
            join_all(asked.map(|(id, health)| async move { (id, health, self.is_well(id, health).await) })).await;
        // A table may have come meanwhile: what it does not check any more is not written down.
        let current = store.newest()?.map(|routes| checks(&routes.table)).unwrap_or_default();
        let now_ms = call::now_ms();
        let mut known = store.checked()?;
        for (id, health, success) in answers.into_iter().filter(|(id, _, _)| current.contains_key(*id)) {
            let checked = known.entry(id.clone()).or_default();
            if checked.note(health, success, now_ms) {
                let line = serde_json::json!({
                    "level": "warn", "at": "health", "tenant": tenant, "target": id, "well": checked.well
                });
                worker::console_warn!("{line}");
            }
            store.put_checked(id, checked)?;
        }
        let next_ms =
            current.iter().map(|(id, health)| known.get(id).copied().unwrap_or_default().due_ms(health)).min();
        match next_ms {
            Some(next_ms) => self.arm_at(next_ms.max(now_ms + 1_000)),
            None => self.disarm(),
        }
        Ok(())
    }

    fn disarm(&self) {
        self.armed.set(false);
        // The first poll makes the call.
        _ = self.state.storage().delete_alarm().now_or_never();
    }

    async fn is_well(&self, origin: &str, health: &Health) -> bool {
        let plan = Plan {
            method: "GET".to_owned(),
            path: health.path.clone(),
            headers: vec![("user-agent".to_owned(), "aion-health".to_owned())],
            hops: vec![Hop { id: origin.to_owned(), origin: Some(origin.to_owned()), service: None }],
            tries: 0,
            statuses: Vec::new(),
            timeout_ms: HEALTH_TIMEOUT_MS,
        };
        let sent = send(&self.env, &plan, None, || false).await;
        sent.result.is_ok_and(|response| (200..300).contains(&response.status_code()))
    }

    fn arm_at(&self, at_ms: u64) {
        let offset = Duration::from_millis(at_ms.saturating_sub(call::now_ms()));
        // The first poll makes the call, in this turn; the output gate waits for its durability.
        if let Some(Err(error)) = self.state.storage().set_alarm(offset).now_or_never() {
            _ = call::fault("gateway alarm", &error);
        }
    }
}

/// The origins that are asked whether they are well, by their names.
fn checks(table: &Table) -> BTreeMap<String, Health> {
    let mut checks = BTreeMap::new();
    for route in &table.routes {
        if let Some(health) = &route.health {
            let origins = route.targets.iter().chain(&route.failover).filter_map(|target| target.origin.clone());
            checks.extend(origins.map(|origin| (origin, health.clone())));
        }
    }
    checks
}

fn told(routes: &Routes) -> Result<Told, Problem> {
    let body = serde_json::to_string(routes).map_err(|error| call::fault("routes", &error))?;
    Ok(Told::Edge(Reply::Routes { version: routes.version, body }))
}

fn none() -> Routes {
    Routes { version: 0, updated_at: None, table: Table::default() }
}
