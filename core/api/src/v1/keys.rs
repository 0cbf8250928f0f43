//! API keys of a tenant.

use serde::{Deserialize, Serialize};

use crate::Scope;

/// `POST /v1/keys`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateKey {
    /// Its name for people, 1 to 64 characters.
    pub name: String,
    /// What it may do; at least one. A key cannot give a scope that it lacks itself.
    pub scopes: Vec<Scope>,
}

/// A key, without its secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Key {
    /// Its id within the tenant.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// When it was made, RFC 3339.
    pub created_at: String,
    /// When it ends by itself, RFC 3339: the key of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<String>,
    /// The DID of the member who has signed in: the key of a session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<String>,
    /// The DID of the member who made it, in a session or by another key that they had made so. It outlives them as a
    /// member.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_by: Option<String>,
}

/// A new key, shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct KeyCreated {
    /// The whole key, to be sent as `Authorization: Bearer …`. It is not stored and cannot be shown again.
    pub api_key: String,
    /// The key as it is listed.
    #[serde(flatten)]
    pub key: Key,
}
