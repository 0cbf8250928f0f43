//! What calls may cost, as this isolate has it reserved: for one call, or for several that follow each other at once.
//!
//! A payer whose calls come so fast that one commit a call would be most of their cost has an allowance for a second
//! (`aion_mind::budget::allowance`). What becomes of it is told to the ledger when it is over; if this isolate dies
//! before, all of it counts.

use std::cell::RefCell;
use std::collections::BTreeMap;

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::allowance::{Allowance, LASTS_MS, next_times};
use aion_mind::budget::{EXPIRES_MS, End, Payer};
use aion_mind::models::{Choice, ProviderRow};
use aion_shell::call::now_ms;
use worker::{Context, Env};

use crate::ends;
use crate::object::{self, Order, Told};
use crate::upstream::wait;

/// So many payers have a pace that is remembered.
const PACES_MAX: usize = 1_000;

/// Whose calls share an allowance: those of one payer to one provider.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Subject {
    tenant: String,
    key: Option<String>,
    provider: String,
}

/// What stands for a subject.
struct Standing {
    subject: Subject,
    /// The version of the providers that it was reserved for.
    version: u64,
    /// The provider's key.
    secret: Option<String>,
    /// When it was reserved, Unix milliseconds.
    at_ms: u64,
    allowance: Allowance,
}

/// How fast the calls of a subject come.
#[derive(Default)]
struct Pace {
    /// The last reservation had room for so many,
    times: u32,
    /// and was made then, Unix milliseconds.
    at_ms: u64,
    /// One is being made; whoever comes meanwhile reserves for himself.
    is_asked: bool,
}

thread_local! {
    static STANDING: RefCell<BTreeMap<String, Standing>> = RefCell::default();
    static PACES: RefCell<BTreeMap<Subject, Pace>> = RefCell::default();
}

/// What is set aside for a call.
pub struct Held {
    /// The id of the reservation.
    pub id: String,
    /// The provider's key.
    pub secret: Option<String>,
}

impl Held {
    fn of(id: &str, standing: &Standing) -> Self {
        Self { id: id.to_owned(), secret: standing.secret.clone() }
    }
}

/// Whether something is set aside.
pub enum Reserved {
    Held(Held),
    /// The providers are others by now: their version, and they.
    Stale(u64, Vec<ProviderRow>),
}

/// Sets the worst case of a call aside. One whose end lasts with no event reserves for itself.
pub async fn reserve(
    env: &Env,
    context: Option<&Context>,
    (handed, payer): (&Handed, &Payer),
    choice: &Choice<'_>,
    version: u64,
) -> Result<Reserved, Problem> {
    let (worst, provider) = (choice.at_most, choice.provider.id.clone());
    let subject = Subject { tenant: handed.tenant.clone(), key: handed.key.clone(), provider: provider.clone() };
    let plain = payer.did.is_none() && payer.agent.is_none();
    let shared = context.filter(|_| plain);
    if let Some(held) = shared.and_then(|_| hold(&subject, version, worst)) {
        return Ok(Reserved::Held(held));
    }
    // Of what is over since a while, the request that was to tell the ledger is gone.
    let before_ms = now_ms().saturating_sub(LASTS_MS);
    let is_left = |it: &Standing| it.subject.tenant == handed.tenant && it.allowance.settled(before_ms).is_some();
    ends::put(&handed.tenant, told(|_, it| is_left(it)));
    let asking = shared.map(|_| Asking::begin(&subject));
    let (id, times) = (object::fresh_id()?, asking.as_ref().map_or(1, |asking| asking.times));
    let order = Order::Reserve { id: id.clone(), payer: payer.clone(), worst, times, provider, version };
    match ends::ask(env, handed, order).await? {
        Told::Reserved { key: secret, total } => {
            if let Some(context) = context.filter(|_| total > worst) {
                let at_ms = now_ms();
                let allowance = Allowance::new(total, worst, at_ms);
                let standing = Standing { subject, version, secret: secret.clone(), at_ms, allowance };
                STANDING.with_borrow_mut(|all| all.insert(id.clone(), standing));
                context.wait_until(close_later(env.clone(), handed.clone(), id.clone()));
            }
            Ok(Reserved::Held(Held { id, secret }))
        }
        Told::Stale { version, rows } => Ok(Reserved::Stale(version, rows)),
        _ => Err(Problem::internal()),
    }
}

/// A call has ended: what the ledger has to be told of its reservation by now.
pub fn ended(id: &str, worst: u64, end: End) -> Option<End> {
    STANDING.with_borrow_mut(|all| {
        let Some(standing) = all.get_mut(id) else {
            return Some(end);
        };
        standing.allowance.end(worst, end);
        let settled = standing.allowance.settled(now_ms());
        if settled.is_some() {
            all.remove(id);
        }
        settled
    })
}

/// Gives nothing more to a tenant's calls: what they may do has changed, or somebody wants to know what they have used.
/// The ledger is told by whoever asks it next.
pub fn close(tenant: &str) {
    ends::put(tenant, told(|_, it| it.subject.tenant == tenant));
}

/// What there is to tell of those that are over, or are to be. Those without open calls go, and those of which a call
/// never ended, whose request is gone: the ledger has settled them by itself.
fn told(which: impl Fn(&str, &Standing) -> bool) -> Vec<(String, End)> {
    STANDING.with_borrow_mut(|all| {
        let (mut found, now) = (Vec::new(), now_ms());
        all.retain(|id, it| {
            let end = which(id, it).then(|| it.allowance.over());
            found.extend(end.map(|end| (id.clone(), end)));
            matches!(end, None | Some(End::Within(_))) && now.saturating_sub(it.at_ms) < EXPIRES_MS
        });
        found
    })
}

/// A part of what stands, if there is one.
fn hold(subject: &Subject, version: u64, worst: u64) -> Option<Held> {
    STANDING.with_borrow_mut(|all| {
        let now = now_ms();
        let mut of_it = all.iter_mut().filter(|(_, it)| it.subject == *subject && it.version == version);
        of_it.find_map(|(id, it)| it.allowance.hold(worst, now).then(|| Held::of(id, it)))
    })
}

/// Closes an allowance when its time is over. What is open of it then ends it.
async fn close_later(env: Env, handed: Handed, id: String) {
    wait(LASTS_MS).await;
    for (id, end) in told(|standing, _| standing == id) {
        ends::soon(&env, &handed, &id, Some(end)).await;
    }
}

/// Somebody who reserves, for others too unless another one does so.
struct Asking {
    subject: Subject,
    times: u32,
    is_alone: bool,
}

impl Asking {
    /// How many calls the next reservation should have room for: one while another is being made.
    fn begin(subject: &Subject) -> Self {
        let (times, is_alone) = PACES.with_borrow_mut(|all| {
            if all.len() >= PACES_MAX && !all.contains_key(subject) {
                all.clear();
            }
            let (pace, now) = (all.entry(subject.clone()).or_default(), now_ms());
            if pace.is_asked {
                return (1, false);
            }
            let is_first = pace.times == 0;
            pace.times = if is_first { 1 } else { next_times(pace.times, now.saturating_sub(pace.at_ms) < LASTS_MS) };
            (pace.at_ms, pace.is_asked) = (now, true);
            (pace.times, true)
        });
        Self { subject: subject.clone(), times, is_alone }
    }
}

impl Drop for Asking {
    /// Also of who has gone meanwhile.
    fn drop(&mut self) {
        PACES.with_borrow_mut(|all| {
            if let Some(pace) = all.get_mut(&self.subject).filter(|_| self.is_alone) {
                pace.is_asked = false;
            }
        });
    }
}
