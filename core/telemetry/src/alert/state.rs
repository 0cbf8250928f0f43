//! The state of each alert: inactive → pending → firing → resolving → inactive.
//!
//! What flaps is held up on both ways: it has to be bad for `forSeconds` before it fires, and well for `clearSeconds`
//! before it is over; between the threshold and where it is well again nothing changes.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::reading::{Level, level, values};
use super::{Rule, Severity};
use crate::numbers::Numbers;

/// A rule may have so many series with a state of their own.
const SERIES_MAX: usize = 50;

/// How an alert is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertPhase))]
pub enum Phase {
    /// Well.
    #[default]
    Inactive,
    /// Bad, but not for long enough.
    Pending,
    /// Bad.
    Firing,
    /// Well, but not for long enough.
    Resolving,
}

/// The state of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// How it is.
    pub phase: Phase,
    /// Since when, Unix milliseconds.
    pub since_ms: u64,
    /// The last value; none if there was nothing to read.
    pub value: Option<i64>,
    /// How bad it is, by its rule.
    pub severity: Severity,
    /// Whether it was delivered that it fires.
    pub told: bool,
}

/// By name of the rule, then by series; the empty one where the rule has one value.
pub type States = BTreeMap<String, BTreeMap<String, State>>;

/// What has happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// What.
    pub kind: EventKind,
    /// The name of the rule.
    pub rule: String,
    /// The series, or nothing.
    pub series: String,
    /// How bad it is.
    pub severity: Severity,
    /// What the rule says of itself.
    pub summary: String,
    /// The value at that time.
    pub value: Option<i64>,
    /// What it was held against; none if the rule is gone.
    pub threshold: Option<i64>,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// It is kept, and delivered to nobody.
    pub silenced: bool,
}

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertEventKind))]
pub enum EventKind {
    /// It fires; said once more when a silence ends in which it began.
    Firing,
    /// It is over.
    Resolved,
}

impl EventKind {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

/// What is seen at a time.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The numbers of all meters.
    pub numbers: &'a Numbers,
    /// The rules that are silenced now.
    pub silenced: &'a BTreeSet<String>,
}

/// The states at a later time, and what has happened. The alerts of a rule that is gone are over.
#[must_use]
pub fn step(rules: &[Rule], states: &States, view: &View, now_ms: u64) -> (States, Vec<Event>) {
    let (mut next, mut events) = (States::new(), Vec::new());
    let none = BTreeMap::new();
    for rule in rules {
        let known = states.get(&rule.name).unwrap_or(&none);
        let mut read: BTreeMap<String, Option<i64>> = values(rule, view.numbers, now_ms).into_iter().collect();
        // Those that have a state come first: the bound keeps out new ones only.
        let old = known.iter().map(|(series, state)| (series.clone(), *state, read.remove(series)));
        let mut all: Vec<(String, State, Option<Option<i64>>)> = old.collect();
        let fresh =
            State { phase: Phase::Inactive, since_ms: now_ms, value: None, severity: rule.severity, told: false };
        all.extend(read.into_iter().map(|(series, value)| (series, fresh, Some(value))));
        all.truncate(SERIES_MAX);
        let threshold = Some(level(rule).threshold);
        let own = next.entry(rule.name.clone()).or_default();
        for (series, state, value) in all {
            let mut later = advance(rule, state, value.flatten(), now_ms);
            let silenced = view.silenced.contains(&rule.name);
            if let Some((kind, silenced)) = tell(state.phase, &mut later, silenced) {
                let (rule, series, summary) = (rule.name.clone(), series.clone(), rule.summary.clone());
                let (value, severity) = (later.value, later.severity);
                events.push(Event { kind, rule, series, severity, summary, value, threshold, at_ms: now_ms, silenced });
            }
            // Nothing is remembered of a series that is gone and well.
            if later.phase != Phase::Inactive || value.is_some() {
                own.insert(series, later);
            }
        }
    }
    for (name, known) in states.iter().filter(|(name, _)| !next.contains_key(*name)) {
        for (series, state) in known.iter().filter(|(_, state)| state.told) {
            let (kind, rule, series, severity) = (EventKind::Resolved, name.clone(), series.clone(), state.severity);
            let (summary, value, threshold) = ("the rule is gone".to_owned(), None, None);
            let silenced = view.silenced.contains(name);
            events.push(Event { kind, rule, series, severity, summary, value, threshold, at_ms: now_ms, silenced });
        }
    }
    (next, events)
}

/// What is told of a step: what it is, and whether it is silenced.
fn tell(before: Phase, after: &mut State, silenced: bool) -> Option<(EventKind, bool)> {
    let fires = |phase: Phase| matches!(phase, Phase::Firing | Phase::Resolving);
    match (fires(before), fires(after.phase)) {
        (false, true) => {
            after.told = !silenced;
            Some((EventKind::Firing, silenced))
        }
        (true, true) if after.phase == Phase::Firing && !after.told && !silenced => {
            after.told = true;
            Some((EventKind::Firing, false))
        }
        // Nobody is told that something is over which he was not told of.
        (true, false) => Some((EventKind::Resolved, silenced || !std::mem::take(&mut after.told))),
        _ => None,
    }
}

/// One alert, one step on.
fn advance(rule: &Rule, state: State, value: Option<i64>, now_ms: u64) -> State {
    let level: Level = level(rule);
    let (bad, well) = (level.is_bad(value), level.is_well(value));
    let lasted = |seconds: u32| now_ms.saturating_sub(state.since_ms) >= u64::from(seconds) * 1_000;
    let begin = |seconds: u32, first: Phase, then: Phase| if seconds == 0 { then } else { first };
    let phase = match state.phase {
        Phase::Inactive if bad => begin(rule.for_seconds, Phase::Pending, Phase::Firing),
        Phase::Pending if !bad => Phase::Inactive,
        Phase::Pending if lasted(rule.for_seconds) => Phase::Firing,
        Phase::Firing if well => begin(rule.clear_seconds, Phase::Resolving, Phase::Inactive),
        Phase::Resolving if !well => Phase::Firing,
        Phase::Resolving if lasted(rule.clear_seconds) => Phase::Inactive,
        same => same,
    };
    let since_ms = if phase == state.phase { state.since_ms } else { now_ms };
    State { phase, since_ms, value, severity: rule.severity, told: state.told }
}
