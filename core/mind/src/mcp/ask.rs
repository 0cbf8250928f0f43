//! Operations of the platform's own API, as values: who performs one does so as the caller, with the caller's key.

use serde_json::Value;

/// One request to the platform's API (docs/openapi.json).
#[derive(Debug, Clone, PartialEq)]
pub struct Operation {
    /// Its `operationId`.
    pub id: &'static str,
    /// The HTTP method.
    pub method: &'static str,
    /// The path, its parameters put in and percent-encoded (RFC 3986 section 2.1).
    pub path: String,
    /// The query, not encoded yet.
    pub query: Vec<(&'static str, String)>,
    /// The header `Idempotency-Key`.
    pub idempotency_key: Option<String>,
    /// The body, JSON.
    pub body: Option<Value>,
}

/// What the platform's API answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    pub(super) const fn succeeded(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body, where it is JSON.
    pub(crate) fn json(&self) -> Option<Value> {
        serde_json::from_str(std::str::from_utf8(&self.body).ok()?).ok()
    }
}

/// Puts the parameters of a path template in; none where a parameter is missing or could leave its segment.
pub(crate) fn path(template: &str, values: &[(&str, &str)]) -> Option<String> {
    let mut path = String::new();
    for segment in template.split('/').skip(1) {
        path.push('/');
        let Some(name) = segment.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) else {
            path.push_str(segment);
            continue;
        };
        let (_, value) = values.iter().find(|(given, _)| *given == name)?;
        // A dot segment would be taken away by whoever normalises the path (RFC 3986 section 5.2.4).
        if value.is_empty() || *value == "." || *value == ".." {
            return None;
        }
        for byte in value.bytes() {
            if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b':' | b'@') {
                path.push(char::from(byte));
            } else {
                path.push('%');
                path.push_str(&hex::encode_upper([byte]));
            }
        }
    }
    Some(path)
}
