//! Rules that are taken and rules that are not, what they read, and how states follow each other.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::{Event, EventKind, Phase, Rule, States, Table, View, check, defaults, step};
use crate::batch::Batch;
use crate::numbers::GAUGE_LIFE_MS;
use crate::{Meter, Recorder};

const NOW_MS: u64 = 1_700_000_000_000;

/// A meter, a sender, and the states so far.
struct World {
    meter: Meter,
    recorder: Recorder,
    rules: Vec<Rule>,
    states: States,
    silenced: BTreeSet<String>,
    now_ms: u64,
}

impl World {
    fn new(rule: Value) -> Self {
        let rules = vec![serde_json::from_value(rule).unwrap()];
        assert_eq!(check(&Table { webhook: None, rules: rules.clone() }), []);
        let (meter, recorder) = (Meter::default(), Recorder::new("s".to_owned()));
        Self { meter, recorder, rules, states: States::new(), silenced: BTreeSet::new(), now_ms: NOW_MS }
    }

    /// Goes on by some seconds, and looks.
    fn look(&mut self, seconds: u64) -> Vec<Event> {
        let batch: Batch = self.recorder.take(self.now_ms).clone();
        assert_eq!(batch.fault(), None);
        self.meter.merge(&batch, self.now_ms);
        self.recorder.acknowledge(batch.number);
        self.now_ms += seconds * 1_000;
        let view = View { numbers: &self.meter.numbers, silenced: &self.silenced };
        let (states, events) = step(&self.rules, &self.states, &view, self.now_ms);
        self.states = states;
        events
    }

    fn phase(&self) -> Phase {
        self.states
            .values()
            .flat_map(|by_series| by_series.values())
            .next()
            .map_or(Phase::Inactive, |state| state.phase)
    }

    fn balance(&mut self, gwei: i64) -> (Vec<(EventKind, bool)>, Phase) {
        self.recorder.set("aion_lane_balance_gwei", &[("chain", "137"), ("payer", "0x1")], gwei);
        let events = self.look(30).into_iter().map(|event| (event.kind, event.silenced)).collect();
        (events, self.phase())
    }
}

fn low() -> Value {
    json!({
        "name": "low", "severity": "critical", "forSeconds": 60, "clearSeconds": 60,
        "what": { "gauge": { "of": { "metric": "aion_lane_balance_gwei" }, "below": 10, "clear": 20 } }
    })
}

#[test]
fn the_rules_of_the_house_have_no_fault() {
    let table = defaults();
    assert_eq!(check(&table), []);
    let text = serde_json::to_string(&table).unwrap();
    assert_eq!(serde_json::from_str::<Table>(&text).unwrap(), table);
    assert!(table.metrics().len() >= 10 && table.rules.iter().all(|rule| !rule.summary.is_empty()));
}

#[test]
fn each_fault_is_named() {
    let base = serde_json::to_value(defaults()).unwrap();
    let gauge = |more: Value| {
        let mut gauge = json!({ "of": { "metric": "aion_lane_balance_gwei" } });
        gauge.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        json!({ "gauge": gauge })
    };
    let of = |metric: &str| json!({ "metric": metric });
    for (place, value, pointer) in [
        ("/webhook", json!({ "url": "http://example.com" }), "/webhook/url"),
        ("/rules/1/name", json!("lane-balance-low"), "/rules/1/name"),
        ("/rules/0/name", json!("Low"), "/rules/0/name"),
        ("/rules/0/name", json!(""), "/rules/0/name"),
        ("/rules/0/summary", json!("x".repeat(257)), "/rules/0/summary"),
        ("/rules/0/forSeconds", json!(86_401), "/rules/0/forSeconds"),
        ("/rules/0/what", gauge(json!({})), "/rules/0/what/gauge"),
        ("/rules/0/what", gauge(json!({ "above": 1, "below": 1 })), "/rules/0/what/gauge"),
        ("/rules/0/what", gauge(json!({ "above": 1, "clear": 2 })), "/rules/0/what/gauge/clear"),
        ("/rules/0/what", gauge(json!({ "below": 2, "clear": 1 })), "/rules/0/what/gauge/clear"),
        ("/rules/0/what", gauge(json!({ "above": i64::MAX })), "/rules/0/what/gauge/above"),
        ("/rules/0/what/gauge/of", of("aion_nothing"), "/rules/0/what/gauge/of/metric"),
        ("/rules/0/what/gauge/of", of("aion_bans_total"), "/rules/0/what/gauge/of/metric"),
        (
            "/rules/0/what/gauge/of",
            json!({ "metric": "aion_lane_balance_gwei", "labels": { "tenant": "x" } }),
            "/rules/0/what/gauge/of/labels/tenant",
        ),
        ("/rules/2/what/silent/seconds", json!(29), "/rules/2/what/silent/seconds"),
        ("/rules/4/what/rate/minutes", json!(61), "/rules/4/what/rate/minutes"),
        ("/rules/4/what/rate/of", of("aion_request_ms"), "/rules/4/what/rate/of/metric"),
        ("/rules/8/what/ratio/abovePerMille", json!(1_001), "/rules/8/what/ratio/abovePerMille"),
        ("/rules/8/what/ratio/clearPerMille", json!(21), "/rules/8/what/ratio/clearPerMille"),
        ("/rules/9/what/quantile/aboveMs", json!(10_000), "/rules/9/what/quantile/aboveMs"),
        ("/rules/9/what/quantile/perMille", json!(0), "/rules/9/what/quantile/perMille"),
    ] {
        let mut table = base.clone();
        match table.pointer_mut(place) {
            Some(old) => *old = value,
            None => table[place.trim_start_matches('/')] = value,
        }
        let faults = check(&serde_json::from_value::<Table>(table).unwrap());
        let pointers: Vec<&str> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
        assert_eq!(pointers, [pointer], "{place}");
    }
    let many = Table { webhook: None, rules: vec![defaults().rules[0].clone(); 65] };
    assert!(check(&many).iter().any(|fault| fault.pointer == "/rules"));
}

#[test]
fn it_fires_late_and_is_over_late() {
    let mut world = World::new(low());
    assert_eq!(world.balance(9), (vec![], Phase::Pending));
    assert_eq!(world.balance(10), (vec![], Phase::Inactive), "the threshold itself is not bad");
    assert_eq!(world.balance(9), (vec![], Phase::Pending));
    assert_eq!(world.balance(9), (vec![], Phase::Pending));
    assert_eq!(world.balance(9), (vec![(EventKind::Firing, false)], Phase::Firing));
    assert_eq!(world.balance(15), (vec![], Phase::Firing), "between the two nothing changes");
    assert_eq!(world.balance(20), (vec![], Phase::Resolving));
    assert_eq!(world.balance(19), (vec![], Phase::Firing));
    assert_eq!(world.balance(30), (vec![], Phase::Resolving));
    assert_eq!(world.balance(30), (vec![], Phase::Resolving));
    assert_eq!(world.balance(30), (vec![(EventKind::Resolved, false)], Phase::Inactive));
}

#[test]
fn silence_delivers_nothing_and_keeps_the_history() {
    let mut world = World::new(low());
    world.silenced.insert("low".to_owned());
    let seen: Vec<_> = (0..3).flat_map(|_| world.balance(1).0).collect();
    assert_eq!(seen, [(EventKind::Firing, true)]);
    assert_eq!(world.balance(1).0, []);
    world.silenced.clear();
    assert_eq!(world.balance(1).0, [(EventKind::Firing, false)], "said when the silence ends");
    assert_eq!(world.balance(1).0, []);
    world.silenced.insert("low".to_owned());
    let seen: Vec<_> = (0..3).flat_map(|_| world.balance(99).0).collect();
    assert_eq!(seen, [(EventKind::Resolved, true)]);
    // What began and ended in silence is told at no time.
    (0..6).for_each(|place| _ = world.balance(if place < 3 { 1 } else { 99 }));
    world.silenced.clear();
    assert_eq!(world.balance(99), (vec![], Phase::Inactive));
}

#[test]
fn each_series_has_a_state_and_what_is_gone_is_over() {
    let mut world = World::new(low());
    world.rules[0].for_seconds = 0;
    for payer in 0..60 {
        world.recorder.set(
            "aion_lane_balance_gwei",
            &[("payer", &payer.to_string())],
            if payer % 2 == 0 { 1 } else { 99 },
        );
    }
    let events = world.look(30);
    assert_eq!(world.states["low"].len(), 50, "bounded");
    let firing = events.len();
    assert!(firing >= 20 && events.iter().all(|event| event.series.starts_with("aion_lane_balance_gwei{payer=")));
    // Nobody reports any more.
    assert_eq!(world.look(GAUGE_LIFE_MS / 1_000), []);
    assert_eq!(world.look(60).len(), firing);
    assert_eq!(world.states["low"].len(), 0);
    // A rule that is taken away.
    assert_eq!(world.balance(1).0, [(EventKind::Firing, false)]);
    let rule = world.rules.remove(0);
    let events = world.look(30);
    assert_eq!((events.len(), events[0].kind, &events[0].rule), (1, EventKind::Resolved, &rule.name));
    assert!(world.states.is_empty());
}

fn value(world: &World) -> Option<i64> {
    world.states["r"][""].value
}

#[test]
fn ratios_rates_and_quantiles_read_the_last_minutes() {
    let mut world = World::new(json!({ "name": "r", "severity": "info", "what": { "ratio": {
        "part": { "metric": "aion_limit_total", "labels": { "outcome": "refused" } },
        "whole": { "metric": "aion_limit_total" }, "minutes": 2, "abovePerMille": 100, "minimum": 100
    } } }));
    world.recorder.add("aion_limit_total", &[("outcome", "refused")], 50);
    assert_eq!((world.look(1).len(), value(&world)), (0, None), "too few");
    world.recorder.add("aion_limit_total", &[("outcome", "admitted")], 150);
    assert_eq!((world.look(1).len(), value(&world)), (1, Some(250)));
    assert_eq!((world.look(120).len(), value(&world)), (1, None), "two minutes later it is over");

    let mut world = World::new(json!({ "name": "r", "severity": "info", "what": { "rate": {
        "of": { "metric": "aion_bans_total" }, "minutes": 60, "above": 0 } } }));
    assert_eq!((world.look(1).len(), value(&world)), (0, Some(0)));
    world.recorder.add("aion_bans_total", &[], 1);
    assert_eq!((world.look(1).len(), value(&world)), (1, Some(1)));
    assert_eq!((world.look(3_500).len(), world.look(100).len(), value(&world)), (0, 1, Some(0)));

    let mut world = World::new(json!({ "name": "r", "severity": "info", "what": { "quantile": {
        "of": { "metric": "aion_request_ms", "labels": { "route": "a" } }, "perMille": 990, "minutes": 5, "aboveMs": 50,
        "minimum": 10 } } }));
    for place in 0..20 {
        world.recorder.observe("aion_request_ms", &[("route", "a")], 60);
        world.recorder.observe("aion_request_ms", &[("route", "b")], 9_000);
        assert_eq!(world.look(1).len(), usize::from(place == 9));
    }
    assert_eq!(value(&world), Some(100));
}

#[test]
fn silence_of_a_series_is_told_for_a_day() {
    let mut world = World::new(json!({ "name": "r", "severity": "info", "what": { "silent": {
        "of": { "metric": "aion_lane_balance_gwei" }, "seconds": 3600 } } }));
    assert_eq!(world.balance(5), (vec![], Phase::Inactive));
    assert_eq!((world.look(3_570).len(), world.look(1).len(), world.phase()), (0, 1, Phase::Firing));
    assert_eq!((world.look(40_000).len(), world.phase()), (0, Phase::Firing), "no gauge for long, and still missed");
    assert_eq!(world.balance(5).0, [(EventKind::Resolved, false)]);
    assert_eq!(world.look(4_000).len(), 1);
    assert_eq!((world.look(90_000).len(), world.phase()), (1, Phase::Inactive), "forgotten");
}
