//! Numbers in the text format of Prometheus (exposition format 0.0.4).

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::catalogue::{Kind, find};
use crate::histogram::{BOUNDS_MS, Histogram};
use crate::numbers::Numbers;
use crate::series::Series;

/// The text of totals and of the gauges that are live.
#[must_use]
pub fn write(numbers: &Numbers, now_ms: u64) -> String {
    let mut families: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (series, counter) in &numbers.counters {
        families.entry(series.name()).or_default().push(format!("{} {}\n", series.as_str(), counter.total));
    }
    for (series, gauge) in numbers.gauges.iter().filter(|(_, gauge)| gauge.is_live(now_ms)) {
        families.entry(series.name()).or_default().push(format!("{} {}\n", series.as_str(), gauge.value));
    }
    for (series, times) in &numbers.histograms {
        families.entry(series.name()).or_default().push(histogram(series, &times.total));
    }
    let mut text = String::new();
    // Writing to a string cannot fail.
    for (name, lines) in families {
        if let Some(metric) = find(name) {
            _ = writeln!(text, "# HELP {name} {}", metric.help);
        }
        _ = writeln!(text, "# TYPE {name} {}", Kind::of(name).as_str());
        text.push_str(&lines.concat());
    }
    text
}

/// Buckets, each with all that is below it, then sum and count.
fn histogram(series: &Series, histogram: &Histogram) -> String {
    let (name, labels) = (series.name(), series.written_labels());
    let comma = if labels.is_empty() { "" } else { "," };
    let braced = if labels.is_empty() { String::new() } else { format!("{{{labels}}}") };
    let (mut text, mut below) = (String::new(), 0_u64);
    let bounds = BOUNDS_MS.iter().map(u32::to_string).chain(["+Inf".to_owned()]);
    for (bound, count) in bounds.zip(histogram.buckets) {
        below = below.saturating_add(count);
        _ = writeln!(text, "{name}_bucket{{{labels}{comma}le=\"{bound}\"}} {below}");
    }
    _ = writeln!(text, "{name}_sum{braced} {}", histogram.sum_ms);
    _ = writeln!(text, "{name}_count{braced} {below}");
    text
}
