//! Rate limits: which rules count a request, and whether all of them admit it.
//!
//! The common case is arithmetic in the isolate: units that were leased before are spent. Only a request that finds
//! none asks the Limiter object of its subject, one at a time; the others of the isolate look again until the lease is
//! there.

use std::time::Duration;

use aion_api::Address;
use aion_api::address::PLATFORM_TENANT;
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_limit::fields::{LIMIT_FIELD, POLICY_FIELD, add_limit, policy, seconds_up};
use aion_limit::select::{Origin, select};
use aion_limit::share::Look;
use aion_limit::{Facts, Rule, Selected};
use aion_shell::call;
use http::header::HeaderName;

use crate::answer::{self, Answer};
use crate::app::App;

pub mod flood;
mod isolate;
mod object;
pub mod source;

use isolate::Waiting;
pub use isolate::peek;
pub use object::Limiter;

/// A request waits this long for leases: longer than an object takes to be started again.
const PATIENCE_MS: u64 = 1_500;
/// It looks again after this time, and then after twice as long each time, up to [`PAUSE_MAX_MS`]. Its own timer wakes
/// it: a request cannot be woken by what belongs to another one.
const PAUSE_MIN_MS: u64 = 1;
const PAUSE_MAX_MS: u64 = 8;

/// What became of a request, for its answer and its line in the log.
#[derive(Debug, Default)]
pub struct Outcome {
    /// In one word, if a rule counted it.
    pub word: Option<&'static str>,
    /// The rule that refused.
    pub rule: Option<String>,
    /// How often Limiter objects were asked.
    pub calls: u32,
    policy: String,
    limit: String,
}

impl Outcome {
    /// The same answer with the fields of the rules that are shown.
    pub fn on(&self, mut answer: Answer) -> Answer {
        for (name, value) in self.fields() {
            answer = answer::with(answer, HeaderName::from_static(name), &value);
        }
        answer
    }
}

/// A rule that counts the request, and where its units are.
struct Place<'a> {
    selected: Selected<'a>,
    address: Address,
    key: String,
}

/// Where a request stands with all rules together.
enum Turn {
    Admitted { uncounted: bool },
    Refused,
    Unavailable,
    Wait(usize),
    Ask(usize),
}

/// Spends what the request costs on every rule that counts it, or nothing.
pub async fn check(
    app: &App,
    trace: &Trace,
    facts: &Facts<'_>,
    own: &[Rule],
    outcome: &mut Outcome,
) -> Result<(), Problem> {
    let places: Vec<Place<'_>> = select(&app.limits, own, facts).into_iter().map(|one| place(one, facts)).collect();
    if places.is_empty() {
        return Ok(());
    }
    let (start_ms, mut pause_ms, mut waiting) = (call::now_ms(), PAUSE_MIN_MS, None);
    loop {
        let now_ms = call::now_ms();
        let late = now_ms.saturating_sub(start_ms) >= PATIENCE_MS;
        match turn(&places, facts, now_ms) {
            Turn::Admitted { uncounted } => {
                outcome.word = Some(if uncounted { "uncounted" } else { "admitted" });
                outcome.tell(&places, now_ms);
                return Ok(());
            }
            Turn::Refused => return Err(refuse(&places, now_ms, outcome)),
            // Others were faster, again and again: there is next to nothing left.
            Turn::Wait(_) if late => return Err(refuse(&places, now_ms, outcome)),
            Turn::Unavailable => return Err(unavailable(outcome)),
            Turn::Ask(_) if late => return Err(unavailable(outcome)),
            Turn::Wait(number) => {
                if waiting.as_ref().is_none_or(|(known, _)| *known != number) {
                    let Place { selected, key, .. } = &places[number];
                    waiting = Some((number, Waiting::join(key, selected.cost, now_ms)));
                }
                worker::Delay::from(Duration::from_millis(pause_ms)).await;
                pause_ms = (pause_ms * 2).min(PAUSE_MAX_MS);
            }
            Turn::Ask(number) => {
                outcome.calls += 1;
                let Place { selected, address, key } = &places[number];
                isolate::ask(app, trace, key, address, selected, now_ms).await;
            }
        }
    }
}

fn place<'a>(selected: Selected<'a>, facts: &Facts<'_>) -> Place<'a> {
    let address = address(selected.origin, facts.tenant, &selected.subject);
    let key = format!("{}/{}", address.tenant, address.id);
    Place { selected, address, key }
}

/// The limiter of a subject: one of the deployment's rules is counted over all tenants.
pub fn address(origin: Origin, tenant: Option<&str>, subject: &str) -> Address {
    let owner = tenant.filter(|_| origin == Origin::Tenant).unwrap_or(PLATFORM_TENANT);
    Address::limiter(owner, subject)
}

/// All in one turn of the isolate, so that nobody comes between the look and the spending.
fn turn(places: &[Place<'_>], facts: &Facts<'_>, now_ms: u64) -> Turn {
    let looks: Vec<Look> = places.iter().map(|place| isolate::look(&place.key, place.selected.cost, now_ms)).collect();
    if looks.iter().any(|look| matches!(look, Look::Denied(_))) {
        return Turn::Refused;
    }
    let passes = |number: &usize| places[*number].selected.passes_uncounted(facts);
    let failed: Vec<usize> = (0..looks.len()).filter(|number| looks[*number] == Look::Failed).collect();
    if !failed.iter().all(passes) {
        return Turn::Unavailable;
    }
    // The likeliest to refuse comes first, and nobody else is asked before it has admitted.
    match looks.iter().position(|look| matches!(look, Look::Wait | Look::Ask)) {
        Some(number) if looks[number] == Look::Ask => Turn::Ask(number),
        Some(number) => Turn::Wait(number),
        None => {
            for (place, _) in places.iter().zip(&looks).filter(|(_, look)| **look == Look::Ready) {
                isolate::spend(&place.key, place.selected.cost, now_ms);
            }
            Turn::Admitted { uncounted: !failed.is_empty() }
        }
    }
}

impl Outcome {
    /// The fields of the rules that are shown.
    pub fn fields(&self) -> Vec<(&'static str, String)> {
        let fields = [(POLICY_FIELD, &self.policy), (LIMIT_FIELD, &self.limit)].into_iter();
        fields.filter(|(_, value)| !value.is_empty()).map(|(name, value)| (name, value.clone())).collect()
    }

    /// What is left of the rules that are shown.
    fn tell(&mut self, places: &[Place<'_>], now_ms: u64) {
        self.tell_policy(places);
        for place in places.iter().filter(|place| place.selected.shown) {
            let (remaining, full_ms) = isolate::rest(&place.key, now_ms);
            let remaining = remaining.min(place.selected.terms.burst);
            add_limit(&mut self.limit, &place.selected.rule.name, remaining, full_ms);
        }
    }

    fn tell_policy(&mut self, places: &[Place<'_>]) {
        self.policy = policy(places.iter().map(|place| &place.selected));
    }
}

/// The refusal names the rule that refuses for the longest time, and tells of all that refuse.
fn refuse(places: &[Place<'_>], now_ms: u64, outcome: &mut Outcome) -> Problem {
    outcome.word = Some("refused");
    outcome.tell_policy(places);
    let (mut longest, mut violated) = (None, Vec::new());
    for place in places {
        let wait_ms = match isolate::look(&place.key, place.selected.cost, now_ms) {
            Look::Denied(ms) => ms,
            // Waited for in vain.
            Look::Wait => 1,
            Look::Ready | Look::Failed | Look::Ask => continue,
        };
        if longest.is_none_or(|(_, known_ms)| wait_ms > known_ms) {
            longest = Some((place, wait_ms));
        }
        if place.selected.shown {
            let name = &place.selected.rule.name;
            let (remaining, _) = isolate::rest(&place.key, now_ms);
            add_limit(&mut outcome.limit, name, remaining, wait_ms);
            violated.push(name.clone());
        }
    }
    let (detail, wait_ms) = match longest {
        Some((place, wait_ms)) => {
            outcome.rule = Some(place.selected.rule.name.clone());
            (place.detail(), wait_ms)
        }
        None => ("a rate limit is used up".to_owned(), 0),
    };
    let problem = Problem::new(Code::RateLimited, detail).retry_after(seconds_up(wait_ms).max(1));
    Problem { violated_policies: violated, ..problem }
}

impl Place<'_> {
    fn detail(&self) -> String {
        if !self.selected.shown {
            return "a rate limit of this deployment is used up".to_owned();
        }
        let (Rule { name, limit, window_seconds, .. }, burst) = (self.selected.rule, self.selected.terms.burst);
        format!("the rate limit {name} is used up: {limit} units in {window_seconds} s, {burst} of them at once")
    }
}

fn unavailable(outcome: &mut Outcome) -> Problem {
    outcome.word = Some("unavailable");
    Problem::new(Code::ComponentUnavailable, "nobody can count this request now; it can be sent again")
}
