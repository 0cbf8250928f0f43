//! Alerts: rules as data, what they read, and the state of each.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

mod check;
mod defaults;
mod reading;
mod state;
#[cfg(test)]
mod tests;

pub use check::{Fault, NAME_RULE, check, is_rule_name};
pub use defaults::defaults;
pub use state::{Event, EventKind, Phase, State, States, View, step};

/// The rules, and where events go.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertTable))]
pub struct Table {
    /// Where events are delivered; without it they only stand in the history.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<Webhook>,
    /// The rules, up to 64.
    pub rules: Vec<Rule>,
}

/// Where events are delivered, as Standard Webhooks says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertWebhook))]
pub struct Webhook {
    /// A URL over https, or over http on this machine alone.
    pub url: String,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertRule))]
pub struct Rule {
    /// Its name: 1 to 32 lower-case letters, digits and dashes.
    pub name: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it means and what to do, up to 256 characters.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub summary: String,
    /// What is looked at.
    pub what: What,
    /// How long it has to be bad before it is told, up to 86,400 seconds.
    #[serde(default)]
    pub for_seconds: u32,
    /// How long it has to be well before that is told, up to 86,400 seconds.
    #[serde(default)]
    pub clear_seconds: u32,
    /// Nothing is delivered before this time, RFC 3339; the history is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub silenced_until: Option<String>,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertSeverity))]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Somebody should look in working hours.
    Warning,
    /// Somebody should look now.
    Critical,
}

impl Severity {
    /// As it is written.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Critical => "critical",
        }
    }
}

/// Which series: those of a metric that have these labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertSelector))]
pub struct Selector {
    /// The name of the metric.
    pub metric: String,
    /// Labels with their values; a label that is not named may have any.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
}

/// What is looked at. Beside each threshold stands a second one, `clear…`, that it has to come back to before it counts
/// as well; without it that is the threshold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertWhat))]
pub enum What {
    /// Each matching gauge by itself.
    Gauge(GaugeLevel),
    /// A counter as a part of another one.
    Ratio(Ratio),
    /// By how much a counter grew.
    Rate(Rate),
    /// How long things take.
    Quantile(Quantile),
    /// Each matching series that was reported and is not any more, by itself.
    Silent(Silent),
}

/// A gauge above or below a value, in its own unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertGauge))]
pub struct GaugeLevel {
    /// Which gauges.
    pub of: Selector,
    /// Bad above it; either this or `below`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub above: Option<i64>,
    /// Bad below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub below: Option<i64>,
    /// Well again there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<i64>,
}

/// How much of a whole a part is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertRatio))]
pub struct Ratio {
    /// The part.
    pub part: Selector,
    /// The whole.
    pub whole: Selector,
    /// Counted in the last minutes, 1 to 60, the one that runs included.
    pub minutes: u32,
    /// Bad above it, in thousandths.
    pub above_per_mille: u32,
    /// Well again there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_per_mille: Option<u32>,
    /// A smaller whole says nothing.
    #[serde(default)]
    pub minimum: u32,
}

/// By how much a counter grew.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertRate))]
pub struct Rate {
    /// Which counters; their sum counts.
    pub of: Selector,
    /// In the last minutes, 1 to 60, the one that runs included.
    pub minutes: u32,
    /// Bad above it.
    pub above: u32,
    /// Well again there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear: Option<u32>,
}

/// How long things take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertQuantile))]
pub struct Quantile {
    /// Which histograms; their sum counts.
    pub of: Selector,
    /// Which quantile, in thousandths: 990 is p99.
    pub per_mille: u16,
    /// In the last minutes, 1 to 60, the one that runs included.
    pub minutes: u32,
    /// Bad above it, milliseconds.
    pub above_ms: u32,
    /// Well again there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub clear_ms: Option<u32>,
    /// Fewer observations say nothing.
    #[serde(default)]
    pub minimum: u32,
}

/// A gauge or counter that is reported no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AlertSilent))]
pub struct Silent {
    /// Which series.
    pub of: Selector,
    /// For more than so many seconds, 30 to 43,200. A day after its last report a series is forgotten, and well.
    pub seconds: u32,
}

impl What {
    /// What it selects, each with its place in the rule.
    #[must_use]
    pub fn selectors(&self) -> Vec<(&'static str, &Selector)> {
        match self {
            Self::Gauge(gauge) => vec![("gauge/of", &gauge.of)],
            Self::Ratio(ratio) => vec![("ratio/part", &ratio.part), ("ratio/whole", &ratio.whole)],
            Self::Rate(rate) => vec![("rate/of", &rate.of)],
            Self::Quantile(quantile) => vec![("quantile/of", &quantile.of)],
            Self::Silent(silent) => vec![("silent/of", &silent.of)],
        }
    }
}

impl Table {
    /// The metrics that the rules look at.
    #[must_use]
    pub fn metrics(&self) -> Vec<String> {
        let selectors = self.rules.iter().flat_map(|rule| rule.what.selectors());
        let mut metrics: Vec<String> = selectors.map(|(_, selector)| selector.metric.clone()).collect();
        metrics.sort();
        metrics.dedup();
        metrics
    }
}
