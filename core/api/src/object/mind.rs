//! The script `aion-mind`: what the edge hands over of a request that is about models.
//!
//! The edge knows who asks and that he may; it reads neither the body nor the answer, which both pass as they are.

use serde::{Deserialize, Serialize};

use crate::trace::Trace;

/// The service binding by which it is reached.
pub const SERVICE: &str = "MIND";
/// The header in which a request is handed over.
pub const HANDED_HEADER: &str = "x-aion-mind";

/// A request that passed the edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Handed {
    /// The operation, by its id in the table.
    pub operation: String,
    /// What the path names, or nothing.
    pub id: String,
    /// The tenant.
    pub tenant: String,
    /// The id of the key.
    pub key: String,
    /// The request that it is.
    pub trace: Trace,
}
