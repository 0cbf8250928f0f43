//! The Alerts object: the rules by version, the state of each alert, what has happened, and its delivery.
//!
//! Its alarm looks every half minute, as long as there are rules, and sends what is due. It asks the meters itself; it
//! costs a row for the states and one for the alarm each time.

use std::cell::{Cell, RefCell};
use std::time::Duration;

use aion_api::limits::read_json;
use aion_api::object::eyes::{Recorder, Reply, Request};
use aion_api::object::{self};
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::v1::alerts::{self as document, AlertState, AlertStates, Table};
use aion_shell::call::{self, now_ms};
use aion_telemetry::alert::Phase;
use futures_util::FutureExt;
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Response, State, durable_object};

use crate::front;
use crate::text::{json, malformed};

mod deliver;
mod look;
mod store;

use store::Store;

/// The name of the one object.
pub const ALERTS_NAME: &str = "alerts";
/// It looks so often.
const LOOK_MS: u64 = 30_000;
/// An alarm may come so much early.
const EARLY_MS: u64 = 500;

/// What it is asked.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// There are numbers: from now on it looks.
    Wake,
    /// What another script asks.
    Edge(Request),
}

/// What it says.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// It looks.
    Awake,
    /// What another script is answered.
    Edge(Reply),
}

impl object::Request for Order {
    type Reply = Told;
}

/// The alerts of the deployment.
#[durable_object]
pub struct Alerts {
    state: State,
    env: Env,
    /// What it says of itself.
    recorder: RefCell<Recorder>,
    /// When it last tried to look, whatever came of it.
    tried_ms: Cell<u64>,
    /// The document has changed since: it looks at once.
    changed: Cell<bool>,
    /// Whether this life of the object has armed its alarm.
    armed: Cell<bool>,
}

impl DurableObject for Alerts {
    fn new(state: State, env: Env) -> Self {
        // There is one object, and it does not begin twice at the same time.
        let recorder = RefCell::new(Recorder::new(format!("{ALERTS_NAME}-{}", now_ms())));
        Self { state, env, recorder, tried_ms: Cell::default(), changed: Cell::default(), armed: Cell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Order>(&request.bytes().await?) {
            Ok(Order::Wake) => {
                self.wake(false);
                Ok(Told::Awake)
            }
            Ok(Order::Edge(request)) => self.answer(request).map(Told::Edge),
            Err(error) => Err(malformed(&error)),
        };
        call::respond(&result)
    }

    /// Never throws: a handler that does is tried six times and then given up.
    async fn alarm(&self) -> worker::Result<Response> {
        self.arm_at(now_ms() + LOOK_MS);
        match self.work().await {
            Ok(Some(next_ms)) => self.arm_at(next_ms),
            Ok(None) => self.disarm(),
            // The next time is armed already.
            Err(problem) => say("alerts", &problem),
        }
        Response::empty()
    }
}

impl Alerts {
    fn store(&self) -> Store {
        Store::new(self.state.storage().sql())
    }

    /// Looks if it is time, sends what is due, and says when there is something to do again.
    async fn work(&self) -> Result<Option<u64>, Problem> {
        let looked_ms = self.store().looked_ms()?.max(self.tried_ms.get());
        if self.changed.take() || now_ms() + EARLY_MS >= looked_ms + LOOK_MS {
            self.tried_ms.set(now_ms());
            // What is to be sent does not wait for a meter that does not answer.
            if let Err(problem) = self.look().await {
                say("alerts look", &problem);
            }
        }
        self.deliver().await?;
        self.report().await;
        if self.changed.get() {
            return Ok(Some(now_ms()));
        }
        let store = self.store();
        let rules = !store.newest()?.alerts.rules.is_empty() || store.has_states()?;
        let look_ms = rules.then(|| store.looked_ms().map(|looked_ms| looked_ms.max(self.tried_ms.get()) + LOOK_MS));
        let next_ms = look_ms.transpose()?.into_iter().chain(store.due_ms()?).min();
        Ok(next_ms.map(|next_ms| next_ms.max(now_ms())))
    }

    /// Pushes what it says of itself, to a meter like everybody.
    async fn report(&self) {
        let batch = {
            let mut recorder = self.recorder.borrow_mut();
            // Between two alarms the object may be put out of memory: whatever there is goes now.
            recorder.due(u64::MAX).then(|| recorder.take(now_ms()).clone())
        };
        // A batch that is not acknowledged is sent again.
        if let Some(batch) = batch
            && let Ok(Reply::Pushed { number }) = front::push(&self.env, batch).await
        {
            self.recorder.borrow_mut().acknowledge(number);
        }
    }

    fn answer(&self, request: Request) -> Result<Reply, Problem> {
        let store = self.store();
        match request {
            Request::ReadAlerts => told(&store.newest()?),
            Request::PutAlerts { alerts, dry_run, if_match } => {
                let table = document::check(read_json::<Table>(alerts.as_bytes())?)?;
                self.put(&store, table, dry_run, if_match)
            }
            Request::Silence { name, until } => {
                let table = document::silence(store.newest()?.alerts, &name, until)?;
                self.put(&store, table, false, None)
            }
            Request::State => Ok(Reply::State { body: json(&states(&store)?)? }),
            Request::History { before, limit } => Ok(Reply::History { body: json(&store.history(before, limit)?)? }),
            Request::Push { .. } | Request::Text => Err(Problem::internal()),
        }
    }

    /// Stores a checked table as the next version, or says which one it would be.
    fn put(&self, store: &Store, table: Table, dry_run: bool, if_match: Option<u64>) -> Result<Reply, Problem> {
        let newest = store.newest()?.version;
        if if_match.is_some_and(|version| version != newest) {
            return Err(Problem::new(Code::PreconditionFailed, format!("the document has version {newest}")));
        }
        let updated_at = (!dry_run).then(|| rfc3339(now_ms()));
        let alerts = document::Alerts { version: newest + 1, updated_at, alerts: table };
        if !dry_run {
            store.put(&alerts)?;
            match &alerts.alerts.webhook {
                Some(_) => store.hurry(now_ms())?,
                None => store.give_up_all("the webhook was taken away")?,
            }
            self.wake(true);
        }
        told(&alerts)
    }

    /// Has it look from now on, unless it does already.
    fn wake(&self, changed: bool) {
        if changed {
            self.changed.set(true);
        }
        if changed || !self.armed.get() {
            self.arm_at(now_ms());
        }
    }

    fn arm_at(&self, at_ms: u64) {
        self.armed.set(true);
        let offset = Duration::from_millis(at_ms.saturating_sub(now_ms()));
        // The first poll makes the call, in this turn; the output gate waits for its durability.
        if let Some(Err(error)) = self.state.storage().set_alarm(offset).now_or_never() {
            self.armed.set(false);
            _ = call::fault("alerts alarm", &error);
        }
    }

    fn disarm(&self) {
        self.armed.set(false);
        // The first poll makes the call.
        _ = self.state.storage().delete_alarm().now_or_never();
    }
}

fn say(place: &str, problem: &Problem) {
    worker::console_error!("{}", serde_json::json!({ "level": "error", "at": place, "code": problem.code }));
}

fn told(alerts: &document::Alerts) -> Result<Reply, Problem> {
    Ok(Reply::Alerts { version: alerts.version, body: json(alerts)? })
}

/// Every alert, those that fire first.
fn states(store: &Store) -> Result<AlertStates, Problem> {
    let (looked_ms, states) = (store.looked_ms()?, store.states()?);
    let silenced = document::silenced(&store.newest()?.alerts, now_ms());
    let mut items = Vec::new();
    for (name, by_series) in states {
        for (series, state) in by_series {
            let (silenced, since) = (silenced.contains(&name), rfc3339(state.since_ms));
            let (name, severity, value) = (name.clone(), state.severity, state.value);
            items.push(AlertState { name, series, severity, state: state.phase, since, value, silenced });
        }
    }
    items.sort_by_key(|item| match item.state {
        Phase::Firing => 0,
        Phase::Resolving => 1,
        Phase::Pending => 2,
        Phase::Inactive => 3,
    });
    Ok(AlertStates { looked_at: (looked_ms > 0).then(|| rfc3339(looked_ms)), items })
}
