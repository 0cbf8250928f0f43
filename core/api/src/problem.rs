//! Problems: one catalogue for every error that a caller can meet (RFC 9457).
//!
//! [`Problem`] is what our code passes around and what objects answer each other; [`ProblemDocument`] is what goes
//! over the public wire. The catalogue gives the pages under `/problems/{code}`, the OpenAPI components and the tests.

use serde::{Deserialize, Serialize};

mod catalogue;

pub use catalogue::Code;

/// The media type of a problem document (RFC 9457 section 3).
pub const MEDIA_TYPE: &str = "application/problem+json";

/// One fault of a document that was sent to us, named by its place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Fault {
    /// JSON pointer (RFC 6901) to the faulty value.
    pub pointer: String,
    /// What is wrong there, in words.
    pub detail: String,
    /// What to do about it, if there is more to say than what is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Fault {
    /// A fault at a place.
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into(), hint: None }
    }

    /// A fault of a part of a body, whose place begins at that part.
    #[must_use]
    pub fn under(prefix: &str, fault: &aion_task::Fault) -> Self {
        let pointer = format!("{prefix}{}", fault.pointer);
        Self { pointer, detail: fault.detail.clone(), hint: fault.hint.clone() }
    }
}

/// An error as our own code passes it on: a code of the catalogue and what is particular to this case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{code}: {detail}")]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The entry of the catalogue.
    pub code: Code,
    /// What happened in this case; never contains keys, internals or texts of other systems.
    pub detail: String,
    /// Faults of the document that was sent, if it was one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// When a retry makes sense, in seconds (`Retry-After`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_s: Option<u32>,
    /// The rate limits that refused, if it is `rate.limited` and they are shown.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
}

impl Problem {
    /// A problem of the catalogue with the detail of this case.
    #[must_use]
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        let retry_after_s = (code.status() == 503).then_some(RETRY_AFTER_UNAVAILABLE_S);
        Self { code, detail: detail.into(), errors: Vec::new(), retry_after_s, violated_policies: Vec::new() }
    }

    /// `request.invalid` with one fault.
    #[must_use]
    pub fn invalid(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::faults(Code::RequestInvalid, vec![Fault::new(pointer, detail)])
    }

    /// A problem that lists the faults of the document that was sent.
    #[must_use]
    pub fn faults(code: Code, errors: Vec<Fault>) -> Self {
        let detail = match errors.as_slice() {
            [one] => format!("{}: {}", one.pointer, one.detail),
            many => format!("{} faults were found in the document", many.len()),
        };
        Self { errors, ..Self::new(code, detail) }
    }

    /// The answer for everything that does not exist or belongs to another tenant: existence does not leak.
    #[must_use]
    pub fn unknown(what: &str) -> Self {
        Self::new(Code::ResourceUnknown, format!("there is no such {what}"))
    }

    /// A fault of ours. The reason goes to the log, never to the caller.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(Code::Internal, "the request could not be completed; the request id helps us to find out why")
    }

    /// The same problem with a time after which a retry makes sense.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The HTTP status of this problem.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.code.status()
    }

    /// The public document; `origin` is the scheme and host that serve the problem pages.
    #[must_use]
    pub fn document(&self, origin: &str, request_id: &str) -> ProblemDocument {
        ProblemDocument {
            kind: format!("{origin}/problems/{}", self.code),
            title: self.code.title().to_owned(),
            status: self.code.status(),
            detail: self.detail.clone(),
            instance: format!("urn:aion:request:{request_id}"),
            code: self.code,
            errors: self.errors.clone(),
            violated_policies: self.violated_policies.clone(),
        }
    }
}

/// What we ask callers to wait when a component is away: long enough for an object to be started again.
pub const RETRY_AFTER_UNAVAILABLE_S: u32 = 2;

/// A problem on the public wire (RFC 9457 section 3.1, with `code` and `errors` as extension members).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Problem))]
pub struct ProblemDocument {
    /// A URL that resolves to a page about this kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What happened in this case.
    pub detail: String,
    /// The request, as `urn:aion:request:{X-Request-Id}`.
    pub instance: String,
    /// The stable code of the catalogue.
    pub code: Code,
    /// Faults of the document that was sent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Fault>,
    /// The rate limits that refused, by the names that they have in `RateLimit`
    /// (draft-ietf-httpapi-ratelimit-headers-11 section 5.1).
    #[serde(rename = "violated-policies", default, skip_serializing_if = "Vec::is_empty")]
    pub violated_policies: Vec<String>,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Code, Problem};

    #[test]
    fn every_code_is_unique_and_reads_back() {
        let mut seen = std::collections::BTreeSet::new();
        for code in Code::ALL {
            assert!(seen.insert(code.as_str()), "{code} stands twice");
            assert_eq!(Code::parse(code.as_str()), Some(*code));
            assert!((400..=504).contains(&code.status()), "{code}");
            assert!(!code.page().is_empty() && !code.title().is_empty(), "{code}");
        }
    }

    #[test]
    fn a_document_names_its_page_and_its_request() {
        let document = Problem::invalid("/name", "is empty").document("https://aion.example", "r1");
        assert_eq!(document.kind, "https://aion.example/problems/request.invalid");
        assert_eq!((document.status, document.instance.as_str()), (422, "urn:aion:request:r1"));
        assert_eq!(document.errors[0].pointer, "/name");
    }

    #[test]
    fn what_is_away_says_when_to_come_back() {
        assert_eq!(Problem::new(Code::GuardianUnavailable, "away").retry_after_s, Some(2));
        assert_eq!(Problem::unknown("task").retry_after_s, None);
    }
}
