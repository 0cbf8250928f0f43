//! What a schedule says: when it runs, and what happens to runs that meet or are missed.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::cron::Cron;
use super::zone::{Zones, offset_s};
use crate::definition::Fault;
use crate::time::{duration_ms, parse_rfc3339};

/// The shortest interval, that of cron. Each run is a task of several rows; a shorter wait is a `sleep` within a task.
pub const EVERY_MIN_MS: u64 = 60_000;
/// Runs may be spread over this time: a day, the longest round that people plan by.
pub const JITTER_MAX_MS: u64 = 86_400_000;
/// So many missed times are caught up on at most: their starts still fit one commit.
pub const CATCH_UP_MAX: u32 = 100;
/// The name of a time zone may have this many characters; the longest of IANA has 32.
const ZONE_MAX_CHARS: usize = 64;

/// What happens if a time comes while a run of the schedule goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Overlap {
    /// The time is left out.
    #[default]
    Skip,
    /// It waits until the run has ended.
    Queue,
    /// The run is cancelled, and the time waits until it has ended.
    CancelPrevious,
    /// Both go on.
    Allow,
}

/// What happens to times that passed while the schedule was paused or the platform was away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum CatchUp {
    /// They are left out.
    None,
    /// The last of them is run, unless another time is due anyway.
    #[default]
    Last,
    /// The last [`Spec::catch_up_max`] of them are run, oldest first.
    All,
}

/// What a schedule says, as its tenant wrote it: either `cron` or `every`, and rules that all have a default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Spec {
    /// A cron expression: see [`Cron::parse`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cron: Option<String>,
    /// The IANA time zone of `cron`; without it UTC.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time_zone: Option<String>,
    /// An interval, as a duration from [`EVERY_MIN_MS`] on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// The first time of `every`, RFC 3339. Without it the intervals count from 1970, and fall on round times.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What happens if runs meet.
    #[serde(default)]
    pub overlap: Overlap,
    /// What happens to missed times.
    #[serde(default)]
    pub catch_up: CatchUp,
    /// How many missed times `catchUp: all` runs, 1 to [`CATCH_UP_MAX`], which is also the default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub catch_up_max: Option<u32>,
    /// Each run begins by chance up to this duration after its time, and before the next time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jitter: Option<String>,
    /// Whether no time starts a run.
    #[serde(default)]
    pub paused: bool,
    /// The last moment that a time may have, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many runs times may start; those that somebody triggers do not count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub runs: Option<u64>,
}

/// The part of a checked spec that says when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Timing {
    Cron(Cron),
    Every { every_ms: u64, from_ms: u64 },
}

impl Spec {
    /// Reads and checks a spec; every fault is named, not only the first.
    pub fn parse(document: &Value, zones: &dyn Zones) -> Result<Self, Vec<Fault>> {
        let spec: Self =
            serde_json::from_value(document.clone()).map_err(|error| vec![Fault::new("", error.to_string())])?;
        let mut faults = Vec::new();
        spec.check_timing(zones, &mut faults);
        spec.check_rules(&mut faults);
        if faults.is_empty() { Ok(spec) } else { Err(faults) }
    }

    fn check_timing(&self, zones: &dyn Zones, faults: &mut Vec<Fault>) {
        let mut fault = |pointer: &str, detail: &str| faults.push(Fault::new(pointer, detail));
        match (&self.cron, &self.every) {
            (None, None) | (Some(_), Some(_)) => fault("", "a schedule has either cron or every"),
            (Some(cron), None) => {
                if let Err(detail) = Cron::parse(cron) {
                    fault("/cron", &detail);
                }
            }
            (None, Some(every)) if duration_ms(every).is_none_or(|every_ms| every_ms < EVERY_MIN_MS) => {
                fault("/every", "a duration like PT1H or 90m, from a minute to a year");
            }
            (None, Some(_)) => {}
        }
        if self.time_zone.is_some() && self.cron.is_none() {
            fault("/timeZone", "a time zone belongs to cron");
        } else if !is_zone_name(self.zone()) || offset_s(zones, self.zone(), 0).is_none() {
            fault("/timeZone", "an IANA time zone like Europe/Berlin");
        }
        if self.from.is_some() && self.every.is_none() {
            fault("/from", "a first time belongs to every");
        } else if self.from.as_deref().is_some_and(|from| parse_rfc3339(from).is_none()) {
            fault("/from", "an RFC 3339 time");
        }
    }

    fn check_rules(&self, faults: &mut Vec<Fault>) {
        let mut fault = |pointer: &str, detail: &str| faults.push(Fault::new(pointer, detail));
        if self.catch_up_max.is_some() && self.catch_up != CatchUp::All {
            fault("/catchUpMax", "a bound belongs to catchUp: all");
        } else if self.catch_up_max.is_some_and(|max| max == 0 || max > CATCH_UP_MAX) {
            fault("/catchUpMax", &format!("1 to {CATCH_UP_MAX}"));
        }
        let jitter_ms = self.jitter.as_deref().map(duration_ms);
        if jitter_ms.is_some_and(|jitter_ms| jitter_ms.is_none_or(|jitter_ms| jitter_ms > JITTER_MAX_MS)) {
            fault("/jitter", "a duration like PT5M or 300s, at most a day");
        }
        if self.until.as_deref().is_some_and(|until| parse_rfc3339(until).is_none()) {
            fault("/until", "an RFC 3339 time");
        }
        if self.runs == Some(0) {
            fault("/runs", "at least 1");
        }
    }

    /// The time zone that `cron` is read in.
    #[must_use]
    pub fn zone(&self) -> &str {
        self.time_zone.as_deref().unwrap_or("UTC")
    }

    /// The time over which runs are spread.
    pub(super) fn jitter_ms(&self) -> u64 {
        self.jitter.as_deref().and_then(duration_ms).unwrap_or_default()
    }

    /// The last moment that a time may have.
    pub(super) fn until_ms(&self) -> u64 {
        self.until.as_deref().and_then(parse_rfc3339).unwrap_or(u64::MAX)
    }

    /// How many missed times are run.
    pub(super) fn catch_up_max(&self) -> usize {
        match self.catch_up {
            CatchUp::None => 0,
            CatchUp::Last => 1,
            CatchUp::All => self.catch_up_max.unwrap_or(CATCH_UP_MAX).min(CATCH_UP_MAX) as usize,
        }
    }

    /// When it runs; `None` if it was never checked and says nothing that can be read.
    pub(super) fn timing(&self) -> Option<Timing> {
        if let Some(cron) = &self.cron {
            return Cron::parse(cron).ok().map(Timing::Cron);
        }
        let every_ms = self.every.as_deref().and_then(duration_ms).filter(|every_ms| *every_ms >= EVERY_MIN_MS)?;
        let from_ms = self.from.as_deref().map_or(Some(0), parse_rfc3339)?;
        Some(Timing::Every { every_ms, from_ms })
    }
}

/// Whether a text can name a zone: it is handed to the platform, which may take more than names.
fn is_zone_name(text: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/');
    text.len() <= ZONE_MAX_CHARS && text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.bytes().all(fits)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{CatchUp, Overlap, Spec, Zones};

    /// A platform that knows one zone.
    struct Berlin;

    impl Zones for Berlin {
        fn offset_s(&self, zone: &str, _unix_ms: u64) -> Option<i32> {
            (zone == "Europe/Berlin").then_some(3_600)
        }
    }

    fn faults(document: &Value) -> Vec<String> {
        let faults = Spec::parse(document, &Berlin).unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect()
    }

    #[test]
    fn a_spec_has_defaults() {
        let spec = Spec::parse(&json!({ "cron": "0 3 * * *" }), &Berlin).unwrap();
        assert_eq!((spec.zone(), spec.overlap, spec.catch_up), ("UTC", Overlap::Skip, CatchUp::Last));
        let document = json!({
            "cron": "0 3 * * *", "timeZone": "Europe/Berlin", "overlap": "cancelPrevious", "catchUp": "all",
            "catchUpMax": 5, "jitter": "5m", "paused": true, "until": "2027-01-01T00:00:00Z", "runs": 3
        });
        let spec = Spec::parse(&document, &Berlin).unwrap();
        assert_eq!(serde_json::to_value(spec).unwrap(), document);
        assert!(Spec::parse(&json!({ "every": "1m", "from": "2026-11-24T00:00:00+01:00" }), &Berlin).is_ok());
    }

    #[test]
    fn every_fault_is_named_by_its_place() {
        assert_eq!(faults(&json!({})), [""]);
        assert_eq!(faults(&json!([])), [""]);
        assert_eq!(faults(&json!({ "every": "1h", "more": 1 })), [""]);
        assert_eq!(faults(&json!({ "every": "1h", "overlap": "never" })), [""]);
        assert_eq!(faults(&json!({ "cron": "@daily", "every": "1h" })), [""]);
        assert_eq!(faults(&json!({ "cron": "0 0 30 2 *" })), ["/cron"]);
        for every in ["59s", "0s", "soon", "400d"] {
            assert_eq!(faults(&json!({ "every": every })), ["/every"]);
        }
        for zone in ["Europe/Bonn", "", "+01:00", "Europe/Berlin\u{0}", "\u{e9}"] {
            assert_eq!(faults(&json!({ "cron": "@daily", "timeZone": zone })), ["/timeZone"]);
        }
        assert_eq!(faults(&json!({ "every": "1h", "timeZone": "UTC" })), ["/timeZone"]);
        assert_eq!(faults(&json!({ "cron": "@daily", "from": "2026-11-24T00:00:00Z" })), ["/from"]);
        let rules = json!({
            "every": "1h", "from": "now", "catchUpMax": 5, "jitter": "2d", "until": "then", "runs": 0
        });
        assert_eq!(faults(&rules), ["/from", "/catchUpMax", "/jitter", "/until", "/runs"]);
        for max in [0, 101] {
            assert_eq!(faults(&json!({ "every": "1h", "catchUp": "all", "catchUpMax": max })), ["/catchUpMax"]);
        }
    }
}
