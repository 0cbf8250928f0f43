//! What is checked when rules are put.

use super::{GaugeLevel, Rule, Selector, Table, What};
use crate::catalogue::{Kind, find};
use crate::delivery::is_webhook_url;
use crate::series::VALUE_MAX_BYTES;

/// There may be so many rules: each is looked at every half minute.
const RULES_MAX: usize = 64;
/// A summary may have so many characters.
const SUMMARY_MAX_CHARS: usize = 256;
/// Times of a rule: a day.
const SECONDS_MAX: u32 = 86_400;
/// The same as everywhere: JSON numbers are exact up to here.
const NUMBER_MAX: u64 = 1 << 53;

/// What a name of a rule is.
pub const NAME_RULE: &str = "1 to 32 lower-case letters, digits and dashes";

/// What is wrong with a table, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// JSON pointer (RFC 6901).
    pub pointer: String,
    /// In words.
    pub reason: String,
}

struct Faults(Vec<Fault>);

impl Faults {
    fn unless(&mut self, holds: bool, pointer: impl Into<String>, reason: impl Into<String>) {
        if !holds {
            self.0.push(Fault { pointer: pointer.into(), reason: reason.into() });
        }
    }
}

/// Whether a text can be the name of a rule.
#[must_use]
pub fn is_rule_name(name: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (1..=32).contains(&name.len()) && name.bytes().all(fits)
}

/// Every fault of a table, but for `silencedUntil`, whose format is the caller's to know.
#[must_use]
pub fn check(table: &Table) -> Vec<Fault> {
    let mut faults = Faults(Vec::new());
    if let Some(webhook) = &table.webhook {
        let reason = "a URL over https, or over http on this machine alone";
        faults.unless(is_webhook_url(&webhook.url), "/webhook/url", reason);
    }
    faults.unless(table.rules.len() <= RULES_MAX, "/rules", format!("at most {RULES_MAX} rules"));
    for (place, rule) in table.rules.iter().enumerate() {
        let at = format!("/rules/{place}");
        let twice = table.rules[..place].iter().any(|other| other.name == rule.name);
        faults.unless(!twice, format!("{at}/name"), "another rule has this name");
        check_rule(rule, &at, &mut faults);
    }
    faults.0
}

fn check_rule(rule: &Rule, at: &str, faults: &mut Faults) {
    faults.unless(is_rule_name(&rule.name), format!("{at}/name"), NAME_RULE);
    let summary = rule.summary.chars().count() <= SUMMARY_MAX_CHARS && !rule.summary.chars().any(char::is_control);
    faults.unless(summary, format!("{at}/summary"), format!("at most {SUMMARY_MAX_CHARS} printable characters"));
    for (field, seconds) in [("forSeconds", rule.for_seconds), ("clearSeconds", rule.clear_seconds)] {
        faults.unless(seconds <= SECONDS_MAX, format!("{at}/{field}"), format!("0 to {SECONDS_MAX}"));
    }
    for (place, selector) in rule.what.selectors() {
        check_selector(selector, &rule.what, &format!("{at}/what/{place}"), faults);
    }
    check_what(&rule.what, &format!("{at}/what"), faults);
}

fn check_selector(selector: &Selector, what: &What, at: &str, faults: &mut Faults) {
    let Some(metric) = find(&selector.metric) else {
        return faults.unless(false, format!("{at}/metric"), "is no metric of the catalogue");
    };
    let (fits, reason) = match what {
        What::Gauge(_) => (metric.kind() == Kind::Gauge, "is no gauge"),
        What::Ratio(_) | What::Rate(_) => (metric.kind() == Kind::Counter, "is no counter"),
        What::Quantile(_) => (metric.kind() == Kind::Histogram, "is no histogram"),
        What::Silent(_) => (metric.kind() != Kind::Histogram, "is no gauge and no counter"),
    };
    faults.unless(fits, format!("{at}/metric"), reason);
    for (label, value) in &selector.labels {
        let known = metric.labels.contains(&label.as_str());
        faults.unless(known, format!("{at}/labels/{label}"), format!("is no label of {}", metric.name));
        faults.unless(value.len() <= VALUE_MAX_BYTES, format!("{at}/labels/{label}"), "at most 128 bytes");
    }
}

fn check_what(what: &What, at: &str, faults: &mut Faults) {
    let mut range = |field: &str, value: u32, least: u32, most: u32| {
        faults.unless((least..=most).contains(&value), format!("{at}/{field}"), format!("{least} to {most}"));
    };
    match what {
        What::Gauge(gauge) => check_gauge(gauge, &format!("{at}/gauge"), faults),
        What::Ratio(ratio) => {
            range("ratio/minutes", ratio.minutes, 1, 60);
            range("ratio/abovePerMille", ratio.above_per_mille, 0, 1_000);
            range("ratio/clearPerMille", ratio.clear_per_mille.unwrap_or(0), 0, ratio.above_per_mille);
        }
        What::Rate(rate) => {
            range("rate/minutes", rate.minutes, 1, 60);
            range("rate/clear", rate.clear.unwrap_or(0), 0, rate.above);
        }
        What::Quantile(quantile) => {
            range("quantile/minutes", quantile.minutes, 1, 60);
            range("quantile/perMille", quantile.per_mille.into(), 1, 1_000);
            // Above the last bound of the histogram nothing is known.
            range("quantile/aboveMs", quantile.above_ms, 1, 9_999);
            range("quantile/clearMs", quantile.clear_ms.unwrap_or(0), 0, quantile.above_ms);
        }
        What::Silent(silent) => range("silent/seconds", silent.seconds, 30, 43_200),
    }
}

fn check_gauge(gauge: &GaugeLevel, at: &str, faults: &mut Faults) {
    faults.unless(gauge.above.is_some() != gauge.below.is_some(), at, "either above or below");
    for (field, value) in [("above", gauge.above), ("below", gauge.below), ("clear", gauge.clear)] {
        let exact = value.is_none_or(|value| value.unsigned_abs() <= NUMBER_MAX);
        faults.unless(exact, format!("{at}/{field}"), "at most 2^53 on either side of 0");
    }
    let beside = match (gauge.above, gauge.below, gauge.clear) {
        (Some(above), None, Some(clear)) => clear <= above,
        (None, Some(below), Some(clear)) => clear >= below,
        _ => true,
    };
    faults.unless(beside, format!("{at}/clear"), "lies on the good side of the threshold, or on it");
}
