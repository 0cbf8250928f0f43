//! Which rules decide on a request, and on which subjects.

use std::fmt::Write;
use std::net::IpAddr;

use crate::rule::{Caller, Failure, Miss, Rule};
use crate::terms::Terms;

/// What is known of a request.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The id of its operation.
    pub operation: &'a str,
    /// The path of its operation, with parameters in braces.
    pub path: &'a str,
    /// The scope that its operation wants, if it wants one.
    pub scope: Option<&'a str>,
    /// The caller's tenant, if it has shown an API key.
    pub tenant: Option<&'a str>,
    /// The id of that key.
    pub key: Option<&'a str>,
    /// Whether the caller has shown the operator's token.
    pub operator: bool,
    /// The DID that the path names.
    pub did: Option<&'a str>,
    /// The caller's address.
    pub ip: Option<IpAddr>,
    /// The caller's country.
    pub country: Option<&'a str>,
    /// Whether it is more than a read.
    pub writes: bool,
    /// Whether it moves money or rights.
    pub moves_money_or_rights: bool,
}

impl Facts<'_> {
    /// How the caller has shown who it is.
    #[must_use]
    pub const fn caller(&self) -> Caller {
        match (self.key, self.operator) {
            (Some(_), _) => Caller::Key,
            (None, true) => Caller::Operator,
            (None, false) => Caller::Anonymous,
        }
    }
}

/// Who made a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The deployment: it holds for every tenant.
    Deployment,
    /// The caller's tenant.
    Tenant,
}

/// A rule that counts a request.
#[derive(Debug, Clone)]
pub struct Selected<'a> {
    /// The rule.
    pub rule: &'a Rule,
    /// Who made it.
    pub origin: Origin,
    /// Its numbers.
    pub terms: Terms,
    /// Units that the request costs.
    pub cost: u32,
    /// What it counts for: rule, numbers, and the value of each dimension. A rule with other numbers counts anew.
    pub subject: String,
    /// Whether the caller is told of it.
    pub shown: bool,
}

impl Selected<'_> {
    /// Whether the request passes while nobody can count.
    #[must_use]
    pub fn passes_uncounted(&self, facts: &Facts<'_>) -> bool {
        let policy = if facts.writes { self.rule.unavailable.writes } else { self.rule.unavailable.reads };
        policy == Failure::Open && !facts.moves_money_or_rights
    }
}

/// The rules that count a request, the one with the smallest burst first: it is the likeliest to refuse, and then
/// nobody else is asked.
#[must_use]
pub fn select<'a>(deployment: &'a [Rule], own: &'a [Rule], facts: &Facts<'_>) -> Vec<Selected<'a>> {
    let mut all: Vec<Selected<'_>> = Vec::new();
    for selected in every(deployment, own, facts).into_iter().filter_map(|(_, _, selected)| selected.ok()) {
        let size = |selected: &Selected<'_>| (selected.terms.burst, selected.terms.limit);
        all.insert(all.partition_point(|other| size(other) <= size(&selected)), selected);
    }
    all
}

/// Every rule, with why it counts the request or does not.
#[must_use]
pub fn every<'a>(
    deployment: &'a [Rule],
    own: &'a [Rule],
    facts: &Facts<'_>,
) -> Vec<(&'a Rule, Origin, Result<Selected<'a>, Miss>)> {
    let given = deployment.iter().map(|rule| {
        let tightened = facts.tenant.is_some() && own.iter().any(|own| own.name == rule.name);
        (rule, Origin::Deployment, one(rule, rule, Origin::Deployment, facts, rule.shown && !tightened))
    });
    let own = own.iter().map(|rule| {
        let place = deployment.iter().find(|given| given.name == rule.name).unwrap_or(rule);
        (rule, Origin::Tenant, one(rule, place, Origin::Tenant, facts, rule.shown))
    });
    given.chain(own).collect()
}

fn one<'a>(
    rule: &'a Rule,
    place: &'a Rule,
    origin: Origin,
    facts: &Facts<'_>,
    shown: bool,
) -> Result<Selected<'a>, Miss> {
    let cost = rule.counts(place, facts)?;
    let terms = rule.terms();
    let mut subject = format!("{}/{}/{}/{}", rule.name, terms.limit, rule.window_seconds, terms.burst);
    for dimension in place.dimensions() {
        let value = dimension.value(facts).ok_or(Miss::Lacks(*dimension))?;
        // Led by its length, so that no two lists of values meet; writing to a string cannot fail.
        _ = write!(subject, "/{}={}:{value}", dimension.as_str(), value.len());
    }
    Ok(Selected { rule, origin, terms, cost, subject, shown })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Facts, Origin, select};
    use crate::rule::{Dimension, Failure, Rule, Unavailable};

    fn facts() -> Facts<'static> {
        Facts {
            operation: "submitTask",
            path: "/v1/tasks",
            scope: Some("task:write"),
            tenant: Some("TenantA"),
            key: Some("a1B2c3"),
            operator: false,
            did: None,
            ip: None,
            country: None,
            writes: true,
            moves_money_or_rights: false,
        }
    }

    fn given() -> Vec<Rule> {
        vec![Rule { burst: Some(100), ..Rule::new("requests", 1_000, 60) }]
    }

    /// A changed format would begin to count anew.
    #[test]
    fn subjects_are_pinned() {
        let rule = Rule { per: vec![Dimension::Tenant, Dimension::Key], ..Rule::new("own", 500, 10) };
        let own = [rule];
        let selected = select(&[], &own, &facts());
        assert_eq!(selected[0].subject, "own/500/10/10/tenant=7:TenantA/key=6:a1B2c3");
    }

    #[test]
    fn no_two_lists_of_values_meet() {
        let rules = [Rule { per: vec![Dimension::Did, Dimension::Country], ..Rule::new("r", 10, 10) }];
        let subject = |did, country| {
            let facts = Facts { did: Some(did), country: Some(country), ..facts() };
            select(&rules, &[], &facts).remove(0).subject
        };
        assert_ne!(subject("did:a/country=1:b", "c"), subject("did:a", "b/country=1:c"));
    }

    #[test]
    fn a_tightened_rule_stands_beside_the_deployments_and_is_shown_in_its_place() {
        let (given, own) = (given(), [Rule { burst: Some(10), ..Rule::new("requests", 100, 60) }]);
        let selected = select(&given, &own, &facts());
        let seen: Vec<_> = selected.iter().map(|rule| (rule.origin, rule.terms.limit, rule.shown)).collect();
        assert_eq!(seen, [(Origin::Tenant, 100, true), (Origin::Deployment, 1_000, false)]);
    }

    #[test]
    fn what_moves_money_never_passes_uncounted() {
        let unavailable = Unavailable { reads: Failure::Open, writes: Failure::Open };
        let rules = [Rule { unavailable, ..Rule::new("r", 10, 10) }];
        let passes = |facts: Facts<'_>| select(&rules, &[], &facts)[0].passes_uncounted(&facts);
        assert!(passes(facts()));
        assert!(!passes(Facts { moves_money_or_rights: true, ..facts() }));
        let given = given();
        let passes = |facts: Facts<'_>| select(&given, &[], &facts)[0].passes_uncounted(&facts);
        assert!(!passes(facts()) && passes(Facts { writes: false, ..facts() }));
    }
}
