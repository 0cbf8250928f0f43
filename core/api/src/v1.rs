//! Bodies of the API under `/v1`: what callers send and what they read.
//!
//! Requests refuse unknown fields; answers are read leniently by the client, so that a newer server can say more.

pub mod alerts;
pub mod definitions;
pub mod dry_run;
pub mod egress;
pub mod functions;
pub mod gateway;
pub mod identities;
pub mod keys;
pub mod limits;
pub mod members;
pub mod mind;
pub mod passkeys;
pub mod plans;
pub mod schedules;
pub mod sessions;
pub mod tasks;
pub mod tenants;
pub mod tokens;
pub mod wallets;

use serde::{Deserialize, Serialize};

/// A page of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct List<T> {
    /// The entries.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; absent on the last one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}
