//! Tenants of a deployment.

use serde::{Deserialize, Serialize};

use super::keys::KeyCreated;
use crate::key::Mode;

/// `POST /v1/tenants`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateTenant {
    /// Its name for people, 1 to 64 characters.
    pub name: String,
}

/// A tenant with its first key, which is shown this once.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TenantCreated {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whether its keys are live or test ones: the deployment decides.
    pub mode: Mode,
    /// When it was created, RFC 3339.
    pub created_at: String,
    /// The first key, with every scope.
    pub key: KeyCreated,
}

/// `PUT /v1/shards`, and its answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Shards {
    /// How many kernel shards the tenant has, 1 to 64. They become more, never fewer.
    pub shards: u8,
}
