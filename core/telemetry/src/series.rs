//! A series: the name of a metric and its labels, written in one way only, that of Prometheus (exposition format
//! 0.0.4).

use serde::{Deserialize, Deserializer, Serialize};

/// A name may have so many bytes: the longest of the catalogue twice over.
pub const NAME_MAX_BYTES: usize = 64;
/// A series may have so many labels: each one multiplies the number of series.
pub const LABELS_MAX: usize = 6;
/// The name of a label may have so many bytes.
pub const LABEL_MAX_BYTES: usize = 32;
/// The value of a label may have so many bytes: the longest path pattern of the API.
pub const VALUE_MAX_BYTES: usize = 128;

/// A name with labels, sorted: `aion_limit_total{outcome="refused"}`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Series(String);

/// Why something is no series.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The name has other characters than letters, digits and `_`, begins with a digit, or is longer than
    /// [`NAME_MAX_BYTES`].
    Name,
    /// There are more than [`LABELS_MAX`].
    Labels,
    /// The name of a label, by the same rule with [`LABEL_MAX_BYTES`], or one that stands twice.
    Label,
    /// The value of a label is longer than [`VALUE_MAX_BYTES`].
    Value,
    /// A text that is not the one that this series is written as.
    Text,
}

impl std::fmt::Display for Fault {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(match self {
            Self::Name => "the name of a metric has 1 to 64 letters, digits and _",
            Self::Labels => "a series has at most 6 labels",
            Self::Label => "the name of a label has 1 to 32 letters, digits and _, and stands once",
            Self::Value => "the value of a label has at most 128 bytes",
            Self::Text => "is not written as a series is",
        })
    }
}

impl Series {
    /// The series with this name and these labels, in any order.
    pub fn new(name: &str, labels: &[(&str, &str)]) -> Result<Self, Fault> {
        if !is_name(name, NAME_MAX_BYTES) {
            return Err(Fault::Name);
        }
        if labels.len() > LABELS_MAX {
            return Err(Fault::Labels);
        }
        let mut text = String::from(name);
        let mut last = "";
        // Few labels: the next one in order is looked for each time, without a list of them.
        for place in 0..labels.len() {
            let next = labels.iter().filter(|(label, _)| *label > last).min_by_key(|(label, _)| *label);
            let (label, value) = *next.ok_or(Fault::Label)?;
            if !is_name(label, LABEL_MAX_BYTES) {
                return Err(Fault::Label);
            }
            if value.len() > VALUE_MAX_BYTES {
                return Err(Fault::Value);
            }
            text.push(if place == 0 { '{' } else { ',' });
            text.push_str(label);
            text.push_str("=\"");
            escape(&mut text, value);
            text.push('"');
            last = label;
        }
        if !labels.is_empty() {
            text.push('}');
        }
        Ok(Self(text))
    }

    /// Reads what [`Series::as_str`] gives; any other way to write it is refused.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let series = Self(text.to_owned());
        let labels = series.labels();
        let pairs: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let written = Self::new(series.name(), &pairs)?;
        if written == series { Ok(written) } else { Err(Fault::Text) }
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name of the metric.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split('{').next().unwrap_or_default()
    }

    /// The labels as they are written, without braces; empty if there are none.
    #[must_use]
    pub fn written_labels(&self) -> &str {
        self.0.split_once('{').map_or("", |(_, rest)| rest.strip_suffix('}').unwrap_or(rest))
    }

    /// The labels, each with its value.
    #[must_use]
    pub fn labels(&self) -> Vec<(&str, String)> {
        let (mut rest, mut labels) = (self.written_labels(), Vec::new());
        while let Some((name, after)) = rest.split_once("=\"") {
            let (value, after) = unescape(after);
            labels.push((name, value));
            rest = after.strip_prefix(',').unwrap_or_default();
        }
        labels
    }
}

impl<'de> Deserialize<'de> for Series {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Whether a text is a name of a metric or a label. Colons are for rules of Prometheus itself.
#[must_use]
pub fn is_name(text: &str, max_bytes: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let begins = text.bytes().next().is_some_and(|byte| !byte.is_ascii_digit());
    begins && text.len() <= max_bytes && text.bytes().all(fits)
}

fn escape(text: &mut String, value: &str) {
    for sign in value.chars() {
        match sign {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

/// A value up to its closing quotation mark, and what stands after it.
fn unescape(text: &str) -> (String, &str) {
    let (mut value, mut escaped) = (String::new(), false);
    for (place, sign) in text.char_indices() {
        match (escaped, sign) {
            (false, '"') => return (value, &text[place + 1..]),
            (false, '\\') => escaped = true,
            (true, 'n') => {
                value.push('\n');
                escaped = false;
            }
            (_, other) => {
                value.push(other);
                escaped = false;
            }
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Fault, Series};

    #[test]
    fn there_is_one_way_to_write_it() {
        let series = Series::new("a_total", &[("z", "1"), ("b", "x\"\\\n,{}=")]).unwrap();
        assert_eq!(series.as_str(), "a_total{b=\"x\\\"\\\\\\n,{}=\",z=\"1\"}");
        assert_eq!(series.name(), "a_total");
        assert_eq!(series.labels(), [("b", "x\"\\\n,{}=".to_owned()), ("z", "1".to_owned())]);
        assert_eq!(Series::parse(series.as_str()), Ok(series));
        assert_eq!(Series::parse("up").unwrap().as_str(), "up");
        for text in ["a{}", "a{b=\"1\",}", "a{z=\"1\",b=\"1\"}", "a{b=\"1\"", "a{b=\"1\"}x", "a{b=\"\\x\"}"] {
            assert_eq!(Series::parse(text), Err(Fault::Text), "{text}");
        }
    }

    #[test]
    fn it_is_bounded() {
        let long = "x".repeat(129);
        assert_eq!(Series::new("1a", &[]), Err(Fault::Name));
        assert_eq!(Series::new("", &[]), Err(Fault::Name));
        assert_eq!(Series::new(&long, &[]), Err(Fault::Name));
        assert_eq!(Series::new("a", &[("b", "1"), ("b", "2")]), Err(Fault::Label));
        assert_eq!(Series::new("a", &[("b-c", "1")]), Err(Fault::Label));
        assert_eq!(Series::new("a", &[("", "1")]), Err(Fault::Label));
        assert_eq!(Series::new("a", &[("b", &long)]), Err(Fault::Value));
        assert_eq!(Series::new("a", &[("b", ""); 7]), Err(Fault::Labels));
    }
}
