//! The Archive object: tasks of a shard that came to their end long ago, and their links of the audit chain.

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An object takes what belongs to this many links: at 20 KB a link, which is a busy shard's, less than half of what
/// the platform gives an object.
pub const LINKS: u64 = 200_000;

/// What an Archive object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Keeps tasks and links. To keep one again replaces it.
    Keep {
        /// The tasks' public views.
        tasks: Vec<Value>,
        /// Links, as a history shows them.
        links: Vec<Value>,
    },
    /// A task's public view.
    Read {
        /// Its id.
        task: String,
    },
    /// Links by their numbers.
    Links {
        /// The numbers.
        seqs: Vec<u64>,
    },
}

/// What an Archive object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// Done.
    Done,
    /// A task.
    Task {
        /// Its public view.
        task: Value,
    },
    /// Links, in the order of their numbers; those that are not here are left out.
    Links {
        /// As a history shows them.
        links: Vec<Value>,
    },
}

impl super::Request for Request {
    type Reply = Reply;
}
