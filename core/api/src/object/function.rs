//! The script `aion-functions`: what the edge asks of a tenant's Functions object, and how it has a function run.
//!
//! The script has no secret, no binding but its own object, and reaches nothing outside. A run that needs something of
//! the world ends with that; whoever asked for the run judges it by the function's grants, performs it, and asks again
//! with the answers so far.

use aion_function::{Answer, Bytes, Ended, Grants, Input};
use serde::{Deserialize, Serialize};

use crate::trace::Trace;
use crate::v1::functions::Function;

/// The service binding by which it is reached.
pub const SERVICE: &str = "FUNCTIONS";
/// The URL that a [`Run`] is posted to. What is posted elsewhere is a [`Call`](super::Call) to the object.
pub const RUN_URL: &str = "https://functions/run";
/// The path of that URL.
pub const RUN_PATH: &str = "/run";
/// A run in bytes: a request of one MiB as base64url, and eight asks with their answers of a quarter each.
pub const RUN_MAX_BYTES: usize = 8 << 20;

/// What the edge asks of a tenant's functions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Checks a module and makes it the next version of a function, unless it is the newest one already.
    Put {
        /// The function's name.
        name: String,
        /// The module.
        module: Bytes,
        /// What it may ask for.
        grants: Grants,
    },
    /// A version of a function, without one the newest.
    Read {
        /// The function's name.
        name: String,
        /// The version.
        version: Option<u64>,
    },
    /// Every function.
    List,
    /// Forgets a function with all of its versions.
    Delete {
        /// The function's name.
        name: String,
    },
}

/// What it answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// A function.
    Function(Function),
    /// All of them in their newest versions, by name.
    Functions(Vec<Function>),
    /// It is gone.
    Deleted,
}

impl super::Request for Request {
    type Reply = Reply;
}

/// Has a function run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Run {
    /// Whose function.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// What the run before was; a run that goes on names it, so that a new version does not come in between.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// The request that it belongs to.
    pub trace: Trace,
    /// What it is about.
    pub input: Input,
    /// What the function was told about its asks so far.
    #[serde(default)]
    pub answers: Vec<Answer>,
}

/// Which code of a function ran.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pin {
    /// The version.
    pub version: u64,
    /// The id of its module.
    pub module: String,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// What ran.
    pub pin: Pin,
    /// What it may ask for: whoever performs an ask judges by them.
    pub grants: Grants,
    /// Its end.
    pub ended: Ended,
}
