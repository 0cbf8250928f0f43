//! The dashboard and the handbook say what the catalogue and the rules say.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use aion_telemetry::alert::{Table, check, defaults};
use aion_telemetry::catalogue::{Kind, METRICS, Metric, find};
use serde_json::Value;

const DASHBOARD: &str = include_str!("../../../docs/grafana.json");
const OPERATIONS: &str = include_str!("../../../docs/OPERATIONS.md");

/// Names in a query.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|sign: char| !sign.is_ascii_alphanumeric() && sign != '_').filter(|word| !word.is_empty())
}

/// The metric that a name in a query belongs to.
fn metric(word: &str) -> Option<&'static Metric> {
    let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| word.strip_suffix(end));
    match stem.and_then(find) {
        Some(metric) => Some(metric).filter(|metric| metric.kind() == Kind::Histogram),
        // The bare name of a histogram has no samples.
        None => find(word).filter(|metric| metric.kind() != Kind::Histogram),
    }
}

#[test]
fn the_dashboard_shows_every_metric_and_no_other() {
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    let (mut shown, mut places) = (BTreeSet::new(), BTreeSet::new());
    for panel in dashboard["panels"].as_array().unwrap() {
        let place = &panel["gridPos"];
        assert!(places.insert((place["x"].as_u64(), place["y"].as_u64())), "{panel}");
        assert!(place["x"].as_u64().unwrap() + place["w"].as_u64().unwrap() <= 24);
        let targets = panel["targets"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(targets.is_empty(), panel["type"] == "row", "{panel}");
        for target in targets {
            let query = target["expr"].as_str().unwrap();
            let names: Vec<&str> = words(query).filter(|word| word.starts_with("aion_")).collect();
            assert!(!names.is_empty(), "{query}");
            for name in names {
                let metric = metric(name);
                assert!(metric.is_some(), "{name} in {query}");
                let metric = metric.unwrap();
                shown.insert(metric.name);
                // What is grouped, selected or shown by is one of its labels.
                let grouped = query.split("by (").skip(1).filter_map(|rest| rest.split(')').next()).flat_map(words);
                let chosen = query.split('{').skip(1).filter_map(|rest| rest.split('=').next()).flat_map(words);
                let legend = target["legendFormat"].as_str().unwrap();
                let legend = legend.split("{{").skip(1).filter_map(|rest| rest.split("}}").next());
                for label in grouped.chain(chosen).chain(legend).filter(|label| *label != "le") {
                    assert!(metric.labels.contains(&label), "{label} in {query}");
                }
                // A counter says nothing by itself.
                let grows = metric.kind() == Kind::Gauge || query.contains("rate(") || query.contains("increase(");
                assert!(grows, "{query}");
            }
        }
    }
    assert_eq!(shown, METRICS.iter().map(|metric| metric.name).collect());
}

/// The first cells of the tables below a heading.
fn cells(heading: &str) -> Vec<&'static str> {
    let part = OPERATIONS.split(heading).nth(1).unwrap().split("\n### ").next().unwrap();
    let rows = part.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split('`').next()).collect()
}

#[test]
fn the_handbook_lists_every_metric_and_every_rule() {
    let metrics: Vec<String> = METRICS
        .iter()
        .map(|metric| {
            if metric.labels.is_empty() {
                metric.name.to_owned()
            } else {
                format!("{}{{{}}}", metric.name, metric.labels.join(","))
            }
        })
        .collect();
    assert_eq!(cells("\n### The metrics\n"), metrics);
    let rules: Vec<String> = defaults().rules.into_iter().map(|rule| rule.name).collect();
    assert_eq!(cells("\n### The rules of the house\n"), rules);
}

#[test]
fn the_example_of_the_handbook_has_no_fault() {
    let part = OPERATIONS.split("\n### The alerts document\n").nth(1).unwrap();
    let example = part.split("```json\n").nth(1).unwrap().split("```").next().unwrap();
    let table: Table = serde_json::from_str(example).unwrap();
    assert_eq!(check(&table), []);
    assert_eq!(table.rules.len(), 5, "one of each kind");
}
