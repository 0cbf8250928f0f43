//! Alerts of the deployment: the document, how they are, and what has happened.

use std::collections::BTreeSet;

pub use aion_telemetry::alert::Table;
use aion_telemetry::alert::{self, EventKind, Phase, Severity, is_rule_name};
use serde::{Deserialize, Serialize};

use crate::problem::{Code, Fault, Problem};
use crate::time::{parse_rfc3339, rfc3339};

/// The alerts document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Alerts {
    /// The version; 0 are the rules of the house, before any was put.
    pub version: u64,
    /// When it was put, RFC 3339; absent for version 0 and for a dry run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<String>,
    /// The rules, and where events go.
    pub alerts: Table,
}

impl Default for Alerts {
    /// The rules of the house.
    fn default() -> Self {
        Self { version: 0, updated_at: None, alerts: alert::defaults() }
    }
}

/// How every alert is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertStates {
    /// When they were looked at, RFC 3339; absent before the first time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looked_at: Option<String>,
    /// Each alert; those that fire come first.
    pub items: Vec<AlertState>,
}

/// How an alert is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertState {
    /// The name of its rule.
    pub name: String,
    /// The series, where each one of a rule stands for itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub series: String,
    /// How bad it is.
    pub severity: Severity,
    /// How it is.
    pub state: Phase,
    /// Since when, RFC 3339.
    pub since: String,
    /// The last value, in the unit of its rule: that of the gauge, thousandths, a count, milliseconds, or seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// Whether nothing is delivered of it now.
    pub silenced: bool,
}

/// Something that has happened to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertEvent {
    /// Its number; later ones are greater.
    pub number: u64,
    /// What has happened.
    pub event: EventKind,
    /// The name of the rule.
    pub name: String,
    /// The series, where each one of a rule stands for itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub series: String,
    /// How bad it is.
    pub severity: Severity,
    /// What the rule says of itself.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// The value at that time, in the unit of its rule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value: Option<i64>,
    /// What it was held against.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub threshold: Option<i64>,
    /// When, RFC 3339.
    pub at: String,
    /// What became of its delivery.
    pub delivery: AlertDelivery,
}

/// What became of the delivery of an event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AlertDelivery {
    /// How it is.
    pub state: DeliveryState,
    /// How often it was tried.
    pub tries: u32,
    /// When it is tried next, or was last, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// What the last try ended with: a status, or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub result: Option<String>,
}

/// How a delivery is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum DeliveryState {
    /// There was no webhook, or the rule was silenced.
    None,
    /// It will be tried.
    Waiting,
    /// It arrived.
    Delivered,
    /// It never did.
    GivenUp,
}

/// `PUT /v1/alerts/{name}/silence`: until when nothing is delivered.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Silence {
    /// RFC 3339; without it the silence ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
}

/// Checks a document; its times are written in one way afterwards.
pub fn check(mut table: Table) -> Result<Table, Problem> {
    let faults = alert::check(&table).into_iter();
    let mut faults: Vec<Fault> = faults.map(|fault| Fault::new(fault.pointer, fault.reason)).collect();
    for (place, rule) in table.rules.iter_mut().enumerate() {
        if let Some(until) = &mut rule.silenced_until {
            match parse_rfc3339(until) {
                Some(until_ms) => *until = rfc3339(until_ms),
                None => faults.push(Fault::new(format!("/rules/{place}/silencedUntil"), "is no time of RFC 3339")),
            }
        }
    }
    if faults.is_empty() { Ok(table) } else { Err(Problem::faults(Code::RequestInvalid, faults)) }
}

/// The same document with another silence of a rule.
pub fn silence(mut table: Table, name: &str, until: Option<String>) -> Result<Table, Problem> {
    if !is_rule_name(name) {
        return Err(Problem::unknown("alert"));
    }
    let rule = table.rules.iter_mut().find(|rule| rule.name == name).ok_or_else(|| Problem::unknown("alert"))?;
    let time =
        until.map(|until| parse_rfc3339(&until).ok_or_else(|| Problem::invalid("/until", "is no time of RFC 3339")));
    rule.silenced_until = time.transpose()?.map(rfc3339);
    Ok(table)
}

/// The rules of which nothing is delivered now.
#[must_use]
pub fn silenced(table: &Table, now_ms: u64) -> BTreeSet<String> {
    let silent = table.rules.iter().filter(|rule| {
        let until = rule.silenced_until.as_deref().and_then(parse_rfc3339);
        until.is_some_and(|until_ms| now_ms < until_ms)
    });
    silent.map(|rule| rule.name.clone()).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Alerts, Code, check, rfc3339, silence, silenced};

    #[test]
    fn the_house_has_rules() {
        let alerts = Alerts::default();
        assert_eq!((alerts.version, check(alerts.alerts.clone())), (0, Ok(alerts.alerts)));
    }

    #[test]
    fn a_silence_ends_by_itself() {
        let table = Alerts::default().alerts;
        let quiet = silence(table.clone(), "panics", Some("1970-01-01T01:00:10+01:00".to_owned())).unwrap();
        assert_eq!(
            quiet.rules.iter().filter_map(|rule| rule.silenced_until.clone()).collect::<Vec<_>>(),
            [rfc3339(10_000)]
        );
        assert_eq!(silenced(&quiet, 9_999).into_iter().collect::<Vec<_>>(), ["panics"]);
        assert!(silenced(&quiet, 10_000).is_empty());
        assert_eq!(silence(quiet, "panics", None), Ok(table.clone()));
        assert_eq!(silence(table.clone(), "nothing", None).unwrap_err().code, Code::ResourceUnknown);
        assert_eq!(silence(table, "panics", Some("soon".to_owned())).unwrap_err().errors[0].pointer, "/until");
    }

    #[test]
    fn faults_have_places() {
        let mut table = Alerts::default().alerts;
        table.rules[1].silenced_until = Some("tomorrow".to_owned());
        table.rules[2].name = "X".to_owned();
        let problem = check(table).unwrap_err();
        let pointers: Vec<&str> = problem.errors.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, ["/rules/2/name", "/rules/1/silencedUntil"]);
    }
}
