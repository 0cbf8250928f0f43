//! Reads numbers in the text format of Prometheus (exposition format 0.0.4), as far as the console shows them.

/// One value of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: String,
    /// Its labels.
    pub labels: Vec<(String, String)>,
    /// The value: a count or a measure, never an amount of money.
    pub value: f64,
}

/// Every value of a text; lines that are none are left out.
#[must_use]
pub fn parse(text: &str) -> Vec<Sample> {
    text.lines().filter(|line| !line.starts_with('#')).filter_map(sample).collect()
}

/// The sum of a metric's values that have these labels.
#[must_use]
pub fn sum(samples: &[Sample], name: &str, labels: &[(&str, &str)]) -> f64 {
    let has = |sample: &Sample| labels.iter().all(|(n, v)| sample.labels.iter().any(|(ln, lv)| ln == n && lv == v));
    samples.iter().filter(|sample| sample.name == name && has(sample)).map(|sample| sample.value).sum()
}

fn sample(line: &str) -> Option<Sample> {
    let (head, value) = line.rsplit_once(' ')?;
    let (name, labels) = match head.split_once('{') {
        Some((name, rest)) => (name, rest.strip_suffix('}')?),
        None => (head, ""),
    };
    let labels = labels.split("\",").filter_map(|pair| {
        let (name, value) = pair.split_once("=\"")?;
        Some((name.to_owned(), value.trim_end_matches('"').to_owned()))
    });
    Some(Sample { name: name.to_owned(), labels: labels.collect(), value: number(value)? })
}

/// A value as the platform writes it: whole, or with up to six digits behind the point. The library's own reader would
/// bring tables of eleven kilobytes.
fn number(text: &str) -> Option<f64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.parse::<u32>().ok().map(f64::from);
    let part = part.get(..6).unwrap_or(part);
    // Counters may be larger than 32 bits.
    let (high, low) = whole.split_at(whole.len().saturating_sub(9));
    let high = if high.is_empty() { 0.0 } else { digits(high)? };
    let behind = if part.is_empty() { 0.0 } else { digits(part)? / 10_f64.powi(i32::try_from(part.len()).ok()?) };
    Some(high * 1e9 + digits(low)? + behind)
}

#[cfg(test)]
mod tests {
    use super::{parse, sum};

    #[test]
    fn labels_select_values() {
        let samples =
            parse("# TYPE a gauge\na{shard=\"0\",state=\"done\"} 3\na{shard=\"1\",state=\"done\"} 4\nb 1.5\nx");
        assert_eq!(samples.len(), 3);
        let of = |name, labels| format!("{:.3}", sum(&samples, name, labels));
        assert_eq!(of("a", &[("state", "done")]), "7.000");
        assert_eq!(of("a", &[("shard", "1")]), "4.000");
        assert_eq!(of("b", &[]), "1.500");
        assert_eq!(format!("{:.3}", parse("c 12345678901.25")[0].value), "12345678901.250");
    }
}
