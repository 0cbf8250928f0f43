//! Members of a tenant: people and services who sign in by a DID instead of holding an API key.

use serde::{Deserialize, Serialize};

use crate::Scope;

/// `PUT /v1/members/{did}`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PutMember {
    /// The member's name for people, 1 to 64 characters.
    pub name: String,
    /// What its sessions may do; at least one. A key cannot give a scope that it lacks itself.
    pub scopes: Vec<Scope>,
}

/// A member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Member {
    /// The DID by which it signs in, an account's address in lower case.
    pub did: String,
    /// Its name for people.
    pub name: String,
    /// What its sessions may do.
    pub scopes: Vec<Scope>,
    /// When it was added, RFC 3339.
    pub added_at: String,
}
