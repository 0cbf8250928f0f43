//! The script `aion-gateway`: what the edge hands over to it, and what it asks of a tenant's Gateway object, which
//! holds routes, the generations of cache tags, and the health of targets.
//!
//! The script has no secret and reaches no object of another script. What it needs to know of a tenant, the edge tells
//! it with each request.

use std::collections::BTreeMap;

use aion_gateway::table::Rewrite;
use serde::{Deserialize, Serialize};

use crate::trace::Trace;
use crate::v1::egress::Hosts;

/// The service binding of the edge by which it is reached.
pub const SERVICE: &str = "GATEWAY";
/// The header that says what is handed over, as JSON: a [`Handed`]. A request without it is a call to the object.
pub const HANDED_HEADER: &str = "x-aion-handed";
/// The header of an answer that is none yet: an [`Own`] as JSON. The body is that of the request.
pub const OWN_HEADER: &str = "x-aion-own";

/// A request on its way from the edge into a tenant's gateway.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    /// Whose gateway.
    pub tenant: String,
    /// The host that was asked, without its port.
    pub host: String,
    /// The path below the gateway's beginning.
    pub path: String,
    /// The query with its question mark, or nothing.
    pub query: String,
    /// The id of the caller's key, if he has shown one of this tenant.
    pub key: Option<String>,
    /// The caller's address.
    pub ip: Option<String>,
    /// The caller's country.
    pub country: Option<String>,
    /// The request's ids.
    pub trace: Trace,
    /// The hosts that the tenant allows.
    pub hosts: Hosts,
    /// Headers that the answer gets.
    pub answer: Vec<(String, String)>,
    /// The headers that the function before the targets has added, once it has let the request pass.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passed: Option<Vec<(String, String)>>,
}

/// What the edge carries out itself: a target of the route is its own API, or a function stands before the targets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Own {
    /// Path and query of the API; those that were sent for a function.
    pub path: String,
    /// What changes on the way; the path has changed already.
    pub rewrite: Rewrite,
    /// The function, if it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<FunctionCall>,
}

/// A function that is to see a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FunctionCall {
    /// Its name.
    pub name: String,
    /// The headers that it sees: those that a target would get, without what is the gateway's own.
    pub headers: Vec<(String, String)>,
    /// What the route's pattern found in the path.
    pub params: BTreeMap<String, String>,
}

/// What the edge asks of a tenant's gateway. The table travels as the JSON that was sent: only the gateway reads it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Checks a table and stores it as the next version.
    Put {
        /// The table.
        table: String,
        /// Only check it.
        dry_run: bool,
        /// The version that it follows, if its writer says so.
        if_match: Option<u64>,
        /// The hosts that the tenant allows.
        hosts: Hosts,
    },
    /// A version of the table, without one the newest.
    Read {
        /// The version.
        version: Option<u64>,
    },
    /// Moves the generations of tags on.
    Purge {
        /// The tags; [`EVERYTHING`] is all.
        tags: Vec<String>,
    },
}

/// The tag of everything that a tenant has cached; no tag of its own has this name.
pub const EVERYTHING: &str = "*";

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// A table.
    Routes {
        /// Its version.
        version: u64,
        /// A [`Routes`](crate::v1::gateway::Routes) as JSON.
        body: String,
    },
    /// The generations of the tags that were purged.
    Purged {
        /// By tag.
        generations: BTreeMap<String, u64>,
    },
}

impl super::Request for Request {
    type Reply = Reply;
}
