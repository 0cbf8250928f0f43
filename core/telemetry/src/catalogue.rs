//! Every metric of the platform: its name, what it is, and its labels. Senders, alerts, the text and the dashboard take
//! names from here.
//!
//! Counters end in `_total`, histograms in `_ms`, and gauges say their unit.

/// Requests that were answered.
pub const REQUESTS: &str = "aion_requests_total";
/// How long requests took.
pub const REQUEST_MS: &str = "aion_request_ms";
/// Decisions of rate limits.
pub const LIMIT: &str = "aion_limit_total";
/// Calls to Limiter objects.
pub const LIMITER_CALLS: &str = "aion_limiter_calls_total";
/// Requests whose Limiter object did not answer.
pub const LIMITER_AWAY: &str = "aion_limiter_away_total";
/// Answers by what the gateway's cache did.
pub const CACHE: &str = "aion_cache_total";
/// Requests to targets of tenants' routes.
pub const UPSTREAM: &str = "aion_upstream_total";
/// By how much due work is late.
pub const KERNEL_OVERDUE: &str = "aion_kernel_overdue_seconds";
/// Tasks by state.
pub const KERNEL_TASKS: &str = "aion_kernel_tasks";
/// What a gas payer has.
pub const LANE_BALANCE: &str = "aion_lane_balance_gwei";
/// How far finality is behind.
pub const LANE_FINALITY_LAG: &str = "aion_lane_finality_lag_seconds";
/// Calls that the guardian did not answer.
pub const GUARDIAN_UNREACHABLE: &str = "aion_guardian_unreachable_total";
/// Links that a party has banned.
pub const BANS: &str = "aion_bans_total";
/// Operations that a policy has denied.
pub const POLICY_DENIALS: &str = "aion_policy_denials_total";
/// Threshold signatures.
pub const WALLET_SIGNATURES: &str = "aion_wallet_signatures_total";
/// Entries in logs of identities.
pub const IDENTITY_UPDATES: &str = "aion_identity_updates_total";
/// Instances of wasm that died.
pub const PANICS: &str = "aion_panics_total";
/// Samples that were left out.
pub const SERIES_DROPPED: &str = "aion_series_dropped_total";
/// Alerts that fire.
pub const ALERTS_FIRING: &str = "aion_alerts_firing";
/// Deliveries to the webhook of alerts.
pub const ALERT_DELIVERIES: &str = "aion_alert_deliveries_total";

/// What a metric is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// It only grows.
    Counter,
    /// It is as it is now.
    Gauge,
    /// Times in milliseconds.
    Histogram,
}

impl Kind {
    /// As the text of Prometheus has it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }

    /// What a name says.
    #[must_use]
    pub fn of(name: &str) -> Self {
        match name.rsplit('_').next() {
            Some("total") => Self::Counter,
            Some("ms") => Self::Histogram,
            _ => Self::Gauge,
        }
    }
}

/// A metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// Its labels, in order.
    pub labels: &'static [&'static str],
    /// What it counts, and what its labels say.
    pub help: &'static str,
}

impl Metric {
    /// What it is.
    #[must_use]
    pub fn kind(&self) -> Kind {
        Kind::of(self.name)
    }
}

const fn metric(name: &'static str, labels: &'static [&'static str], help: &'static str) -> Metric {
    Metric { name, labels, help }
}

/// All of them.
pub const METRICS: [Metric; 20] = [
    metric(
        ALERT_DELIVERIES,
        &["outcome"],
        "Tries to deliver an alert to the webhook: delivered, failed (tried again) or given_up.",
    ),
    metric(ALERTS_FIRING, &["alert", "severity"], "Alerts that fire, by rule."),
    metric(BANS, &[], "Links between K and G that a party has banned for good."),
    metric(CACHE, &["outcome"], "Answers of tenants' routes by what the cache did: hit, stale, miss or bypass."),
    metric(GUARDIAN_UNREACHABLE, &[], "Calls that the guardian did not answer."),
    metric(IDENTITY_UPDATES, &[], "Entries written to the logs of identities."),
    metric(KERNEL_OVERDUE, &["shard", "tenant"], "Seconds by which the oldest due work of a shard is late."),
    metric(KERNEL_TASKS, &["shard", "state", "tenant"], "Tasks of a shard that are open or dead, by state."),
    metric(LANE_BALANCE, &["chain", "payer"], "What a gas payer has, in gwei of the chain's own coin."),
    metric(LANE_FINALITY_LAG, &["chain", "payer"], "Seconds since the newest final block that a lane has seen."),
    metric(
        LIMIT,
        &["outcome"],
        "Requests by what rate limits said: admitted, refused, uncounted, unavailable or flood.",
    ),
    metric(LIMITER_AWAY, &[], "Requests whose Limiter object did not answer."),
    metric(LIMITER_CALLS, &[], "Calls to Limiter objects."),
    metric(PANICS, &["script"], "Instances of wasm that died and were replaced."),
    metric(POLICY_DENIALS, &["party"], "Operations that a policy has denied, by party: K or G."),
    metric(REQUEST_MS, &["route", "script"], "Milliseconds from a request to its answer."),
    metric(REQUESTS, &["route", "script", "status"], "Requests that were answered, by class of status: 2xx to 5xx."),
    metric(SERIES_DROPPED, &[], "Samples that were left out because there are too many series, or theirs is none."),
    metric(
        UPSTREAM,
        &["outcome"],
        "Requests to targets of tenants' routes: ok, failed (slow ones among them) or open (not tried).",
    ),
    metric(WALLET_SIGNATURES, &["outcome"], "Threshold signatures by outcome: signed, denied or failed."),
];

/// The metric of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Metric> {
    METRICS.iter().find(|metric| metric.name == name)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Kind, METRICS};
    use crate::series::Series;

    #[test]
    fn each_metric_stands_once_and_in_order() {
        assert!(METRICS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for metric in METRICS {
            let labels: Vec<(&str, &str)> = metric.labels.iter().map(|label| (*label, "x")).collect();
            assert!(metric.name.starts_with("aion_") && metric.labels.is_sorted(), "{}", metric.name);
            assert!(Series::new(metric.name, &labels).is_ok(), "{}", metric.name);
            assert!(metric.help.ends_with('.') && !metric.help.contains(['\n', '\\']), "{}", metric.name);
        }
        assert_eq!(
            [Kind::of("a_total"), Kind::of("a_ms"), Kind::of("a_seconds")].map(Kind::as_str),
            ["counter", "histogram", "gauge"]
        );
    }
}
