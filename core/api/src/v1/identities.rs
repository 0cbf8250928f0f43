//! Identities.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Problem;

pub use crate::object::identity::Change as UpdateIdentity;

/// A name may have this many characters: it is a path segment of the DID and of the URL of its files.
pub const NAME_MAX_CHARS: usize = 40;

/// Whom an identity stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Kind {
    /// A person, at `u:`.
    #[default]
    Person,
    /// A service, at `s:`.
    Service,
    /// An agent, at `a:`.
    Agent,
}

impl Kind {
    /// The first path segment of its DID.
    #[must_use]
    pub const fn segment(self) -> &'static str {
        match self {
            Self::Person => "u",
            Self::Service => "s",
            Self::Agent => "a",
        }
    }
}

/// `POST /v1/identities`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateIdentity {
    /// Its name: 1 to 40 of `a-z 0-9 -`, unique in the deployment.
    pub name: String,
    /// Whom it stands for.
    #[serde(default)]
    pub kind: Kind,
}

impl CreateIdentity {
    /// The id of the identity: its path within the DID, for example `u:alice`.
    pub fn id(&self) -> Result<String, Problem> {
        id_of(self.kind, &self.name)
            .ok_or_else(|| Problem::invalid("/name", format!("1 to {NAME_MAX_CHARS} of a-z, 0-9 and inner hyphens")))
    }
}

/// The path of an identity within its DID, if the name can be one.
#[must_use]
pub fn id_of(kind: Kind, name: &str) -> Option<String> {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let bounded = !name.is_empty() && name.len() <= NAME_MAX_CHARS && name.bytes().all(fits);
    (bounded && !name.starts_with('-') && !name.ends_with('-')).then(|| format!("{}:{name}", kind.segment()))
}

/// Whether the text has the form of an identity's id.
#[must_use]
pub fn is_id(text: &str) -> bool {
    [Kind::Person, Kind::Service, Kind::Agent].into_iter().any(|kind| {
        let name = text.strip_prefix(kind.segment()).and_then(|rest| rest.strip_prefix(':'));
        name.is_some_and(|name| id_of(kind, name).is_some())
    })
}

/// An identity.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Identity {
    /// Its id within the deployment, for example `u:alice`.
    pub id: String,
    /// Its DID (did:webvh).
    pub did: String,
    /// The version of its document; the ETag.
    pub version_id: String,
    /// Its DID document.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub document: Value,
    /// When it was created, RFC 3339.
    pub created_at: String,
    /// When it was changed last, RFC 3339.
    pub updated_at: String,
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Kind, id_of, is_id};

    #[test]
    fn names_are_path_segments() {
        assert_eq!(id_of(Kind::Agent, "bot-7").as_deref(), Some("a:bot-7"));
        for name in ["", "-a", "a-", "A", "a.b", "a/b", "ñ", &"x".repeat(41)] {
            assert_eq!(id_of(Kind::Person, name), None, "{name}");
        }
    }

    #[test]
    fn ids_are_recognised() {
        assert!(is_id("u:alice") && is_id("s:api") && is_id("a:bot-7"));
        for id in ["alice", "u:", "x:alice", "u:alice:b", "U:alice"] {
            assert!(!is_id(id), "{id}");
        }
    }
}
