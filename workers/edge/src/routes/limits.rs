//! Rate limits of the caller's tenant.

use std::rc::Rc;

use aion_api::Address;
use aion_api::object::tenant::{Reply, Request};
use aion_api::operations::{Credential, matching};
use aion_api::problem::Problem;
use aion_api::v1::limits::{ExplainLimits, Explanation, Finding, Limits, PutLimits, Rule, Verdict};
use aion_limit::rule::{Dimension, Miss, address};
use aion_limit::select::{Origin, every};
use aion_limit::{Facts, Selected};
use aion_shell::call;
use http::StatusCode;

use crate::answer::{self, Answer};
use crate::ask::Ask;
use crate::limit::source::{Source, facts};
use crate::{credential, limit};

pub async fn read(ask: Ask) -> Result<Answer, Problem> {
    let snapshot = credential::current(&ask.app, &ask.trace, &ask.caller()?.tenant).await?;
    answer::json(StatusCode::OK, &limits(&ask, &snapshot.limits))
}

pub async fn put(ask: Ask) -> Result<Answer, Problem> {
    let body: PutLimits = ask.json()?;
    body.check(&ask.app.limits)?;
    let tenant = &ask.caller()?.tenant;
    let request = Request::PutLimits { rules: body.rules };
    let Reply::Snapshot(snapshot) = ask.object(Address::tenant(tenant), request).await? else {
        return Err(Problem::internal());
    };
    // In this isolate they hold from now on, in the others within the time that a snapshot is kept.
    let snapshot = credential::keep(tenant, snapshot, call::now_ms());
    answer::json(StatusCode::OK, &limits(&ask, &snapshot.limits))
}

fn limits(ask: &Ask, own: &[Rule]) -> Limits {
    let deployment = ask.app.limits.iter().filter(|rule| rule.shown).cloned().collect();
    Limits { deployment, rules: own.to_vec() }
}

pub async fn explain(ask: Ask) -> Result<Answer, Problem> {
    let body: ExplainLimits = ask.json()?;
    let unknown = || Problem::invalid("/path", "no operation has this method and path; see /openapi.json");
    let (operation, parameters) = matching(&body.method, &body.path).ok_or_else(unknown)?;
    let mut caller = ask.caller()?.clone();
    let snapshot = Rc::clone(&caller.snapshot);
    if let Some(key) = &body.key {
        let known = snapshot.keys.iter().any(|known| known.id == *key);
        known.then_some(()).ok_or_else(|| Problem::invalid("/key", "the tenant has no key with this id"))?;
        caller.key.clone_from(key);
    }
    let source = source(&ask, &body)?;
    let in_path = parameters.into_iter().find(|(name, _)| *name == "did").map(|(_, did)| did);
    let caller = matches!(operation.credential, Credential::Key(_) | Credential::Offered).then_some(&caller);
    let operator = operation.credential == Credential::Operator;
    let facts = facts(operation, caller, operator, body.did.as_deref().or(in_path), &source);
    let own = if caller.is_some() { snapshot.limits.as_slice() } else { &[] };
    let mut findings = Vec::new();
    for one in every(&ask.app.limits, own, &facts) {
        findings.push(finding(&ask, &facts, one).await);
    }
    answer::json(StatusCode::OK, &Explanation::of(operation.id, &findings))
}

fn source(ask: &Ask, body: &ExplainLimits) -> Result<Source, Problem> {
    let ip = match &body.ip {
        None => ask.source.ip,
        Some(text) => {
            let known = text.parse::<std::net::IpAddr>().is_ok();
            known.then_some(()).ok_or_else(|| Problem::invalid("/ip", "an address of IPv4 or IPv6"))?;
            address(text)
        }
    };
    Ok(Source { ip, country: body.country.clone().or_else(|| ask.source.country.clone()) })
}

/// What a rule says, from its limiter where it counts the request.
async fn finding<'a>(
    ask: &Ask,
    facts: &Facts<'_>,
    (rule, origin, selected): (&'a Rule, Origin, Result<Selected<'a>, Miss>),
) -> Finding<'a> {
    let is_shown = rule.shown || origin == Origin::Tenant;
    let selected = match selected {
        Ok(selected) => selected,
        Err(miss) => return Finding { rule, origin, is_shown, verdict: Err(miss.to_string()) },
    };
    let place = limit::address(origin, facts.tenant, &selected.subject);
    let answer = limit::peek(&ask.app, &ask.trace, &place, selected.terms, selected.cost).await;
    let verdict = Verdict {
        cost: selected.cost,
        answer,
        passes_uncounted: selected.passes_uncounted(facts),
        is_own: origin == Origin::Tenant || is_own(rule, ask, facts),
    };
    Finding { rule, origin, is_shown, verdict: Ok(verdict) }
}

/// Whether one of the deployment's rules counts for the caller alone: its tenant, its key, or the address that it asks
/// from.
fn is_own(rule: &Rule, ask: &Ask, facts: &Facts<'_>) -> bool {
    let of_caller = |dimension: &Dimension| match dimension {
        Dimension::Tenant | Dimension::Key => true,
        Dimension::Ip => facts.ip == ask.source.ip,
        Dimension::Did | Dimension::Country | Dimension::Route => false,
    };
    rule.dimensions().iter().any(of_caller)
}
