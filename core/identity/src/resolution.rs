//! DID Resolution: which version is asked for, and the result in the form of the W3C's draft of 2026.

use serde_json::{Map, Value, json};

use crate::log::Head;
use crate::method::{key, pkh};
use crate::{Did, Error, time};

mod failure;

pub use failure::{Failure, Kind};

/// The media type of the documents in results.
pub const DOCUMENT_TYPE: &str = "application/did";
/// The media type of a whole result.
pub const RESULT_TYPE: &str = "application/did-resolution";

/// A version of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Version {
    /// Its number, from 1.
    pub number: u64,
    /// Its id.
    pub id: String,
    /// Since when it is in force, Unix milliseconds.
    pub time_ms: u64,
}

/// Which version is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Query {
    /// The current one.
    Current,
    /// The one with this id.
    Id(String),
    /// The one that was in force then, Unix milliseconds.
    Time(u64),
    /// The one with this number.
    Number(u64),
}

impl Query {
    /// Reads the parameters `versionId`, `versionTime` and `versionNumber`, of which at most one may be there.
    pub fn read(id: Option<&str>, time: Option<&str>, number: Option<&str>) -> Result<Self, Failure> {
        let faulty = |detail| Err(Failure::new(Kind::InvalidOptions, detail));
        match (id, time, number) {
            (None, None, None) => Ok(Self::Current),
            (Some(id), None, None) => Ok(Self::Id(id.to_owned())),
            (None, Some(time), None) => match time::parse(time) {
                Some(time_ms) => Ok(Self::Time(time_ms)),
                None => faulty("versionTime is not an RFC 3339 time"),
            },
            (None, None, Some(number)) => match number.parse() {
                Ok(number) if number > 0 => Ok(Self::Number(number)),
                _ => faulty("versionNumber is not a positive number"),
            },
            _ => faulty("at most one of versionId, versionTime and versionNumber may be given"),
        }
    }

    /// The index of the version that is asked for, among all versions, oldest first.
    #[must_use]
    pub fn select(&self, versions: &[Version]) -> Option<usize> {
        match self {
            Self::Current => versions.len().checked_sub(1),
            Self::Id(id) => versions.iter().position(|version| version.id == *id),
            Self::Number(number) => versions.iter().position(|version| version.number == *number),
            Self::Time(time_ms) => versions.iter().rposition(|version| version.time_ms <= *time_ms),
        }
    }
}

/// The result of a resolution with the HTTP status that goes with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolution {
    /// The HTTP status.
    pub status: u16,
    /// `didDocument`, `didDocumentMetadata` and `didResolutionMetadata`.
    pub result: Value,
}

impl Resolution {
    /// A document. Of a deactivated DID only the fact is told.
    #[must_use]
    pub fn document(document: &Value, metadata: &Value) -> Self {
        let gone = metadata["deactivated"] == true;
        let document = if gone { &Value::Null } else { document };
        let result = json!({
            "didDocument": document,
            "didDocumentMetadata": metadata,
            "didResolutionMetadata": { "contentType": DOCUMENT_TYPE },
        });
        Self { status: if gone { 410 } else { 200 }, result }
    }

    /// A failure.
    #[must_use]
    pub fn failure(failure: &Failure) -> Self {
        let result = json!({
            "didDocument": null,
            "didDocumentMetadata": {},
            "didResolutionMetadata": { "error": failure.problem() },
        });
        Self { status: failure.kind.status(), result }
    }
}

impl From<Result<Self, Failure>> for Resolution {
    fn from(result: Result<Self, Failure>) -> Self {
        result.unwrap_or_else(|failure| Self::failure(&failure))
    }
}

/// The metadata of one version. Numbers from the log's parameters are texts here, as did:webvh has it.
#[must_use]
pub fn metadata(head: &Head, created_ms: u64, next: Option<&Version>) -> Value {
    let parameters = &head.parameters;
    let mut metadata = Map::new();
    let mut put = |name: &str, value: Value| metadata.insert(name.to_owned(), value);
    put("created", json!(time::rfc3339(created_ms)));
    put("updated", json!(time::rfc3339(head.time_ms)));
    put("versionId", json!(head.version_id));
    put("versionNumber", json!(head.number));
    put("versionTime", json!(time::rfc3339(head.time_ms)));
    put("scid", json!(parameters.scid));
    put("portable", json!(parameters.portable));
    put("deactivated", json!(parameters.deactivated));
    if let Some(ttl) = parameters.ttl {
        put("ttl", json!(ttl.to_string()));
    }
    if let Some(witness) = &parameters.witness {
        let threshold = witness.threshold.to_string();
        put("witness", json!({ "threshold": threshold, "witnesses": witness.witnesses }));
    }
    if !parameters.watchers.is_empty() {
        put("watchers", json!(parameters.watchers));
    }
    if let Some(next) = next {
        put("nextUpdate", json!(time::rfc3339(next.time_ms)));
        put("nextVersionId", json!(next.id));
    }
    Value::Object(metadata)
}

/// Resolves what can be told from the DID alone: did:key and did:pkh. `None` for every other method.
#[must_use]
pub fn resolve_static(did: &Did) -> Option<Resolution> {
    let document = match did.method() {
        "key" => key::document(did),
        "pkh" => pkh::document(did),
        _ => return None,
    };
    let resolved = document.map(|document| Resolution::document(&document, &json!({}))).map_err(|error: Error| {
        let kind = if did.method() == "key" { Kind::InvalidPublicKey } else { Kind::InvalidDid };
        Failure::new(kind, error.to_string())
    });
    Some(resolved.into())
}

/// Whether one of the representations that we have fits an `Accept` header.
#[must_use]
pub fn is_acceptable(accept: Option<&str>) -> bool {
    const OURS: [&str; 9] = [
        "*/*",
        "application/*",
        DOCUMENT_TYPE,
        "application/did+json",
        "application/did+ld+json",
        "application/json",
        "application/ld+json",
        RESULT_TYPE,
        "",
    ];
    let Some(accept) = accept else {
        return true;
    };
    accept.split(',').any(|range| {
        let mut parts = range.split(';').map(|part| part.trim().to_ascii_lowercase());
        let fits = parts.next().is_some_and(|media_type| OURS.contains(&media_type.as_str()));
        let is_refused = |part: String| matches!(part.as_str(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000");
        fits && !parts.any(is_refused)
    })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Failure, Kind, Query, Resolution, Version, is_acceptable, resolve_static};
    use crate::Did;

    fn versions() -> Vec<Version> {
        (1..=3).map(|number| Version { number, id: format!("{number}-x"), time_ms: number * 1_000 }).collect()
    }

    #[test]
    fn versions_are_selected() {
        let select = |id, time, number| Query::read(id, time, number).unwrap().select(&versions());
        assert_eq!(select(None, None, None), Some(2));
        assert_eq!(select(Some("2-x"), None, None), Some(1));
        assert_eq!(select(Some("2-y"), None, None), None);
        assert_eq!(select(None, Some("1970-01-01T00:00:02.9Z"), None), Some(1));
        assert_eq!(select(None, Some("1970-01-01T00:00:00Z"), None), None);
        assert_eq!(select(None, None, Some("3")), Some(2));
        assert_eq!(select(None, None, Some("4")), None);
    }

    #[test]
    fn options_are_checked() {
        let kind = |id, time, number| Query::read(id, time, number).unwrap_err().kind;
        assert_eq!(kind(Some("1-x"), None, Some("1")), Kind::InvalidOptions);
        assert_eq!(kind(None, Some("yesterday"), None), Kind::InvalidOptions);
        assert_eq!(kind(None, None, Some("0")), Kind::InvalidOptions);
        assert_eq!(kind(None, None, Some("-1")), Kind::InvalidOptions);
    }

    #[test]
    fn results_have_the_three_parts() {
        let failed = Resolution::failure(&Failure::new(Kind::NotFound, "no such DID"));
        assert_eq!(failed.status, 404);
        assert_eq!(failed.result["didResolutionMetadata"]["error"]["type"], "https://www.w3.org/ns/did#NOT_FOUND");
        assert_eq!(failed.result["didDocumentMetadata"], serde_json::json!({}));
        assert!(failed.result["didDocument"].is_null());
        let gone = Resolution::document(&serde_json::json!({ "id": "x" }), &serde_json::json!({ "deactivated": true }));
        assert_eq!((gone.status, gone.result["didDocument"].is_null()), (410, true));
    }

    #[test]
    fn keys_resolve_from_their_text() {
        let resolve = |text: &str| resolve_static(&Did::parse(text).unwrap());
        let good = resolve("did:key:z6MkiTBz1ymuepAQ4HEHYSF1H8quG5GLVVQR3djdX3mDooWp").unwrap();
        assert_eq!((good.status, good.result["didDocumentMetadata"].clone()), (200, serde_json::json!({})));
        assert_eq!(resolve("did:key:z6Mk").unwrap().status, 400);
        assert_eq!(resolve("did:pkh:eip155:1").unwrap().status, 400);
        assert!(resolve("did:web:a.example").is_none());
    }

    #[test]
    fn representations_are_negotiated() {
        for accept in [None, Some("*/*"), Some("text/html, application/did;q=0.5"), Some("Application/DID+json")] {
            assert!(is_acceptable(accept), "{accept:?}");
        }
        for accept in ["text/html", "application/did;q=0", "image/*"] {
            assert!(!is_acceptable(Some(accept)), "{accept}");
        }
    }
}
