//! Request ids and W3C trace context (Trace Context level 1, section 3.2), accepted, created and passed on.

use serde::{Deserialize, Serialize};

/// The header of the request id.
pub const REQUEST_ID_HEADER: &str = "x-request-id";
/// The header of the trace context.
pub const TRACEPARENT_HEADER: &str = "traceparent";
/// A request id that a caller sends may have this many characters.
const REQUEST_ID_MAX_CHARS: usize = 64;

/// Which request a piece of work belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trace {
    /// The request id.
    pub request_id: String,
    /// `00-<trace id>-<span id>-<flags>`.
    pub traceparent: String,
}

impl Trace {
    /// Takes over what the caller sent where it is well formed and makes the rest from 24 random bytes. The span is
    /// always ours.
    #[must_use]
    pub fn accept(request_id: Option<&str>, traceparent: Option<&str>, random: &[u8; 24]) -> Self {
        let request_id = match request_id.filter(|id| is_request_id(id)) {
            Some(id) => id.to_owned(),
            None => hex::encode(&random[..16]),
        };
        let (trace_id, flags) = match traceparent.and_then(parse_traceparent) {
            Some((trace_id, flags)) => (trace_id.to_owned(), flags.to_owned()),
            None => (hex::encode(&random[..16]), "00".to_owned()),
        };
        Self { request_id, traceparent: format!("00-{trace_id}-{}-{flags}", hex::encode(&random[16..])) }
    }

    /// The trace id, 32 hex digits.
    #[must_use]
    pub fn trace_id(&self) -> &str {
        self.traceparent.get(3..35).unwrap_or_default()
    }
}

fn is_request_id(id: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
    !id.is_empty() && id.len() <= REQUEST_ID_MAX_CHARS && id.bytes().all(fits)
}

fn parse_traceparent(text: &str) -> Option<(&str, &str)> {
    let mut parts = text.split('-');
    let (version, trace_id, span_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let hex = |part: &str, chars: usize| {
        part.len() == chars && part.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    };
    let zero = |part: &str| part.bytes().all(|byte| byte == b'0');
    let well_formed = hex(version, 2) && version != "ff" && hex(trace_id, 32) && hex(span_id, 16) && hex(flags, 2);
    let exact = version != "00" || parts.next().is_none();
    (well_formed && exact && !zero(trace_id) && !zero(span_id)).then_some((trace_id, flags))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Trace;

    const PARENT: &str = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

    #[test]
    fn a_callers_trace_goes_on_with_a_span_of_ours() {
        let trace = Trace::accept(Some("req-1"), Some(PARENT), &[9; 24]);
        assert_eq!(trace.request_id, "req-1");
        assert_eq!(trace.traceparent, "00-4bf92f3577b34da6a3ce929d0e0e4736-0909090909090909-01");
        assert_eq!(trace.trace_id(), "4bf92f3577b34da6a3ce929d0e0e4736");
    }

    #[test]
    fn what_is_malformed_is_made_anew() {
        let zeros = format!("00-{}-00f067aa0ba902b7-01", "0".repeat(32));
        for parent in ["", "00-xyz-1-01", &PARENT.to_uppercase(), &format!("{PARENT}-1"), &zeros] {
            let trace = Trace::accept(Some("a b"), Some(parent), &[9; 24]);
            assert_eq!(trace.trace_id(), "09".repeat(16), "{parent}");
            assert_eq!(trace.request_id, "09".repeat(16));
        }
    }
}
