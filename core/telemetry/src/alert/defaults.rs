//! The rules of the house: they hold until others are put.

use super::{GaugeLevel, Quantile, Rate, Ratio, Rule, Selector, Severity, Silent, Table, What};
use crate::catalogue;

/// 1 POL in gwei: some hundred operations at usual fees.
const BALANCE_LOW_GWEI: i64 = 1_000_000_000;

fn of(metric: &str, labels: &[(&str, &str)]) -> Selector {
    let labels = labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Selector { metric: metric.to_owned(), labels: labels.collect() }
}

fn rule(name: &str, severity: Severity, seconds: (u32, u32), what: What, summary: &str) -> Rule {
    let (for_seconds, clear_seconds) = seconds;
    let (name, summary) = (name.to_owned(), summary.to_owned());
    Rule { name, severity, summary, what, for_seconds, clear_seconds, silenced_until: None }
}

fn rate(metric: &str, minutes: u32, above: u32) -> What {
    What::Rate(Rate { of: of(metric, &[]), minutes, above, clear: None })
}

fn gauge(metric: &str, above: Option<i64>, below: Option<i64>, clear: i64) -> What {
    What::Gauge(GaugeLevel { of: of(metric, &[]), above, below, clear: Some(clear) })
}

/// The rules of the house, without a webhook.
#[must_use]
pub fn defaults() -> Table {
    let rules = [chain(), work(), requests(), limits()].concat();
    Table { webhook: None, rules }
}

fn chain() -> Vec<Rule> {
    let low = gauge(catalogue::LANE_BALANCE, None, Some(BALANCE_LOW_GWEI), 2 * BALANCE_LOW_GWEI);
    let stalled = gauge(catalogue::LANE_FINALITY_LAG, Some(300), None, 120);
    let silent = What::Silent(Silent { of: of(catalogue::LANE_BALANCE, &[]), seconds: 3_600 });
    vec![
        rule("lane-balance-low", Severity::Critical, (60, 60), low, "A gas payer is nearly empty: send it POL."),
        rule(
            "finality-stalled",
            Severity::Critical,
            (60, 120),
            stalled,
            "No final block for five minutes: look at the chain and at RPC_URL_137.",
        ),
        rule("lane-silent", Severity::Warning, (0, 0), silent, "A lane has said nothing for an hour: does it run?"),
    ]
}

fn work() -> Vec<Rule> {
    let overdue = gauge(catalogue::KERNEL_OVERDUE, Some(30), None, 5);
    vec![
        rule(
            "tasks-overdue",
            Severity::Warning,
            (60, 120),
            overdue,
            "Due work of a shard waits for half a minute: give the tenant more shards, or look for a poisoned task.",
        ),
        rule(
            "guardian-unreachable",
            Severity::Critical,
            (0, 300),
            rate(catalogue::GUARDIAN_UNREACHABLE, 5, 2),
            "Nothing is signed while the guardian does not answer: look at its script.",
        ),
        rule(
            "link-banned",
            Severity::Critical,
            (0, 0),
            rate(catalogue::BANS, 60, 0),
            "A party has banned a link for good: the other one has broken the protocol. Look at both logs.",
        ),
        rule(
            "denials-spiking",
            Severity::Warning,
            (0, 600),
            rate(catalogue::POLICY_DENIALS, 10, 50),
            "Policies deny many operations: a stolen key, or a policy that is too tight.",
        ),
        rule(
            "panics",
            Severity::Critical,
            (0, 300),
            rate(catalogue::PANICS, 5, 0),
            "An instance of wasm died: the log says where. Callers come again, nothing is lost.",
        ),
    ]
}

fn requests() -> Vec<Rule> {
    let failing = What::Ratio(Ratio {
        part: of(catalogue::REQUESTS, &[("status", "5xx")]),
        whole: of(catalogue::REQUESTS, &[]),
        minutes: 5,
        above_per_mille: 20,
        clear_per_mille: Some(10),
        minimum: 100,
    });
    let slow = What::Quantile(Quantile {
        of: of(catalogue::REQUEST_MS, &[]),
        per_mille: 990,
        minutes: 5,
        above_ms: 2_000,
        clear_ms: Some(1_000),
        minimum: 100,
    });
    vec![
        rule(
            "requests-failing",
            Severity::Critical,
            (60, 300),
            failing,
            "More than two of a hundred requests fail: GET /health/ready says which part.",
        ),
        rule(
            "requests-slow",
            Severity::Warning,
            (120, 300),
            slow,
            "The slowest hundredth of requests takes over two seconds.",
        ),
    ]
}

fn limits() -> Vec<Rule> {
    let saturated = What::Ratio(Ratio {
        part: of(catalogue::LIMIT, &[("outcome", "refused")]),
        whole: of(catalogue::LIMIT, &[]),
        minutes: 5,
        above_per_mille: 200,
        clear_per_mille: Some(100),
        minimum: 500,
    });
    vec![
        rule(
            "limits-saturated",
            Severity::Warning,
            (120, 300),
            saturated,
            "A fifth of the requests is refused by rate limits: an attack, or limits that are too tight.",
        ),
        rule(
            "limiter-away",
            Severity::Critical,
            (0, 300),
            rate(catalogue::LIMITER_AWAY, 5, 0),
            "Nobody counts: reads pass, writes wait. It passes with the object's restart.",
        ),
    ]
}
