//! The Mind object: a tenant's providers, their keys sealed, and its ledger.
//!
//! It reserves before a call and settles after it; it sends nothing anywhere. Each order reads what is stored, judges
//! all of it, and writes at the end, without an await in between: one commit.

use std::cell::{Cell, RefCell};

use aion_api::Address;
use aion_api::object::mind::Handed;
use aion_api::object::{self, Call};
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::v1::mind::{Budget, Budgets, Of, Provider, ProviderKey, Providers};
use aion_api::vault::{self, Kek};
use aion_mind::budget::{Cap, Denial, End, Ledger, Payer, Scope, Settled};
use aion_mind::models::ProviderRow;
use aion_mind::wire::Reply;
use aion_shell::call::{self, fault, now_ms};
use serde::{Deserialize, Serialize};
use serde_json::json;
use worker::{DurableObject, Env, Response, State, durable_object};

pub mod plans;
mod shelf;
pub mod store;

use shelf::Shelf;
use store::{Known, Store};

/// The binding of the objects.
const MIND: &str = "MIND";

/// What it is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Providers, for whoever manages them.
    Providers,
    /// Puts all providers, which were checked.
    PutProviders { providers: Vec<ProviderRow> },
    /// Puts a provider's key.
    PutKey { provider: String, key: String },
    /// Budgets.
    Budgets,
    /// Puts all caps.
    PutCaps { caps: Vec<(Scope, Cap)> },
    /// The kill switch.
    Switch { scope: Scope, stopped: bool },
    /// Providers, for a call.
    Rows,
    /// Sets the worst case of a call aside, or of so many like it, and opens the key for it.
    Reserve {
        id: String,
        payer: Payer,
        /// Of one, micro-USD.
        worst: u64,
        times: u32,
        provider: String,
        /// The version of the providers that the call was made for: a key does not go to where another one pointed.
        version: u64,
    },
    /// Calls have ended, by their ids; then something else is done, in the same commit.
    End { ends: Vec<(String, End)>, then: Option<Box<Order>> },
    /// An answer that was given before to a request with this key, for whoever is not stopped.
    Known { key: String, payer: Payer },
    /// An answer that may be given again.
    Keep { key: String, reply: Box<Reply> },
    /// Something about plans.
    Plans(Box<plans::Order>),
}

/// What it tells.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    Providers(Providers),
    Budgets(Budgets),
    Rows {
        version: u64,
        rows: Vec<ProviderRow>,
    },
    Reserved {
        key: Option<String>,
        /// What was set aside, micro-USD.
        total: u64,
    },
    /// The call was made for providers that are no more: these are.
    Stale {
        version: u64,
        rows: Vec<ProviderRow>,
    },
    /// An answer and its age, seconds.
    Known {
        known: Option<(Box<Reply>, u64)>,
    },
    Plans(Box<plans::Told>),
    Done,
}

impl object::Request for Order {
    type Reply = Told;
}

/// Asks the object of the caller's tenant. Nobody but the edge reaches this script, so that its objects are named
/// plainly.
pub async fn ask(env: &Env, handed: &Handed, request: Order) -> Result<Told, Problem> {
    let tenant = &handed.tenant;
    let call = Call { address: Address::mind(tenant), key: None, trace: handed.trace.clone(), request };
    call::ask_named(env, MIND, tenant, &call).await
}

/// An id that no other call has.
pub fn fresh_id() -> Result<String, Problem> {
    let mut random = [0; 16];
    getrandom::fill(&mut random).map_err(|error| fault("random", &error))?;
    Ok(hex::encode(random))
}

/// One tenant's mind.
#[durable_object]
pub struct Mind {
    state: State,
    env: Env,
    /// Whether this life has made sure of its tables.
    made: Cell<bool>,
    /// What is stored, as this life knows it: nobody else writes it.
    known: RefCell<Option<Known>>,
}

impl DurableObject for Mind {
    fn new(state: State, env: Env) -> Self {
        Self { state, env, made: Cell::default(), known: RefCell::default() }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let result = match object::read::<Call<Order>>(&request.bytes().await?) {
            Ok(call) => self.answer(call),
            Err(error) => Err(fault("call", &error)),
        };
        call::respond(&result)
    }
}

impl Mind {
    fn answer(&self, Call { address: Address { tenant, .. }, request, .. }: Call<Order>) -> Result<Told, Problem> {
        let store = Store::new(self.state.storage().sql(), &self.made);
        let known = match self.known.take() {
            Some(known) => Some(known),
            None => store.known()?,
        };
        let mut known = known.unwrap_or_else(|| Known::of(&tenant));
        if known.tenant != tenant {
            return Err(Problem::unknown("provider"));
        }
        let told = self.perform(&store, &mut known, request);
        // What could not be stored is forgotten here too, and read again.
        store.put(&mut known)?;
        self.known.replace(Some(known));
        told
    }

    /// What it changes in what is known is stored afterwards, also if it is refused in the end.
    fn perform(&self, store: &Store<'_>, known: &mut Known, order: Order) -> Result<Told, Problem> {
        match order {
            Order::Plans(order) => self.plans(*order),
            Order::Providers => providers(store, known).map(Told::Providers),
            Order::Rows => Ok(Told::Rows { version: known.version, rows: known.providers.clone() }),
            Order::PutProviders { providers: rows } => {
                let same = |row: &ProviderRow| {
                    let before = known.providers.iter().find(|before| before.id == row.id);
                    before.is_some_and(|before| before.kind == row.kind && before.base_url == row.base_url)
                };
                // A key goes to no other place than the one that it was put for.
                let kept: Vec<&str> = rows.iter().filter(|row| same(row)).map(|row| row.id.as_str()).collect();
                let forgotten = known.providers.iter().filter(|row| !kept.contains(&row.id.as_str()));
                let forgotten: Vec<String> = forgotten.map(|row| row.id.clone()).collect();
                // Other providers may say something else.
                store.forget_answers()?;
                forgotten.iter().try_for_each(|provider| store.forget_key(provider))?;
                known.put_providers(rows);
                providers(store, known).map(Told::Providers)
            }
            Order::PutKey { provider, key } => {
                if !known.providers.iter().any(|row| row.id == provider) {
                    return Err(Problem::unknown("provider"));
                }
                let mut nonce = [0; vault::NONCE_BYTES];
                getrandom::fill(&mut nonce).map_err(|error| fault("random", &error))?;
                let sealed = vault::seal(&self.kek()?, &known.tenant, &provider, &key, nonce);
                store.put_key(&provider, &sealed.map_err(|error| fault("seal", &error))?, now_ms())?;
                Ok(Told::Done)
            }
            Order::Budgets => Ok(Told::Budgets(budgets(known.ledger()))),
            Order::PutCaps { caps } => {
                known.ledger_mut().set_caps(caps);
                Ok(Told::Budgets(budgets(known.ledger())))
            }
            Order::Switch { scope, stopped } => {
                known.ledger_mut().stop(&scope, stopped);
                Ok(Told::Budgets(budgets(known.ledger())))
            }
            Order::Known { key, payer } => {
                known.ledger().allows(&payer).map_err(|denial| denied(&denial))?;
                let age_s = |at_ms: u64| now_ms().saturating_sub(at_ms) / 1_000;
                let answer = store.answer(&key)?.map(|(reply, at_ms)| (Box::new(reply), age_s(at_ms)));
                Ok(Told::Known { known: answer })
            }
            Order::Keep { key, reply } => store.put_answer(&key, &reply, now_ms()).map(|()| Told::Done),
            Order::Reserve { id, payer, worst, times, provider, version } => {
                self.reserve(store, known, (&id, payer, (worst, times)), &provider, version)
            }
            Order::End { ends, then } => {
                for (id, end) in ends {
                    store.remind(known.ledger_mut(), &id)?;
                    if let Settled::Over(over) = known.ledger_mut().end(&id, end, now_ms()) {
                        let tenant = &known.tenant;
                        let line = json!({ "level": "error", "at": "budget", "tenant": tenant, "overMicroUsd": over });
                        worker::console_error!("{line}");
                    }
                }
                then.map_or(Ok(Told::Done), |order| self.perform(store, known, *order))
            }
        }
    }

    fn plans(&self, order: plans::Order) -> Result<Told, Problem> {
        plans::answer(&Shelf::new(self.state.storage().sql()), order).map(|told| Told::Plans(Box::new(told)))
    }

    fn reserve(
        &self,
        store: &Store<'_>,
        known: &mut Known,
        (id, payer, terms): (&str, Payer, (u64, u32)),
        provider: &str,
        version: u64,
    ) -> Result<Told, Problem> {
        if version != known.version {
            return Ok(Told::Stale { version: known.version, rows: known.providers.clone() });
        }
        // Before anything is set aside: what cannot be opened is asked for nothing.
        let key = match store.key(provider)? {
            Some((sealed, _)) => {
                let opened = vault::open(&self.kek()?, &known.tenant, provider, &sealed);
                Some(opened.map_err(|error| fault("open", &error))?.expose().clone())
            }
            None => None,
        };
        // What is refused changes nothing that would have to be stored.
        known.try_ledger(|ledger| {
            store.remind(ledger, id)?;
            let reserved = ledger.reserve_times(id, payer, terms, now_ms());
            reserved.map(|total| Told::Reserved { key, total }).map_err(|denial| denied(&denial))
        })
    }

    fn kek(&self) -> Result<Kek, Problem> {
        Ok(Kek::new(1, call::secret_32(&self.env, "MIND_KEK_1")?))
    }
}

fn denied(denial: &Denial) -> Problem {
    match denial {
        Denial::Cap { scope, period, cap, left } => {
            let whose = whose(scope);
            let detail = format!("{whose} may spend {cap} micro-USD in {period}; {left} are left, which is too little");
            Problem::new(Code::BudgetReached, detail)
        }
        Denial::Stopped(scope) => Problem::new(Code::MindStopped, format!("{} is stopped", whose(scope))),
        Denial::Open => Problem::new(Code::LimitReached, denial.to_string()).retry_after(2),
        Denial::Used => fault("reserve", denial),
    }
}

fn whose(scope: &Scope) -> String {
    match scope {
        Scope::Tenant => "the tenant".to_owned(),
        Scope::Key(id) => format!("the key {id}"),
        Scope::Did(did) => did.clone(),
        Scope::Agent(id) => format!("the agent {id}"),
    }
}

fn providers(store: &Store<'_>, known: &Known) -> Result<Providers, Problem> {
    let shown = |row: &ProviderRow| {
        let updated_at = store.key(&row.id)?.map(|(_, updated_ms)| rfc3339(updated_ms));
        Ok(Provider { provider: row.clone(), key: ProviderKey { is_set: updated_at.is_some(), updated_at } })
    };
    let providers = known.providers.iter().map(shown).collect::<Result<_, Problem>>()?;
    Ok(Providers { version: known.version, providers })
}

fn budgets(ledger: &Ledger) -> Budgets {
    let [day, month] = ledger.today(now_ms());
    let none = (Scope::Tenant, Cap::default());
    let tenant = ledger.caps().iter().all(|(scope, _)| *scope != Scope::Tenant).then_some(&none);
    let shown = |(scope, cap): &(Scope, Cap)| {
        let (of, id) = match scope {
            Scope::Tenant => (Of::Tenant, String::new()),
            Scope::Key(id) => (Of::Key, id.clone()),
            Scope::Did(id) => (Of::Did, id.clone()),
            Scope::Agent(id) => (Of::Agent, id.clone()),
        };
        let text = |amount: Option<u64>| amount.map(|amount| amount.to_string());
        Budget {
            of,
            id,
            day: text(cap.day),
            month: text(cap.month),
            used_today: ledger.counted(scope, &day).to_string(),
            used_this_month: ledger.counted(scope, &month).to_string(),
            stopped: cap.stopped,
        }
    };
    let budgets = tenant.into_iter().chain(ledger.caps()).map(shown).collect();
    Budgets { day, month, budgets }
}
