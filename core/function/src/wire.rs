//! What a run is given and how it ends: the values of this crate, and the words of the protocol.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Bytes;

/// Names and values.
pub type Headers = Vec<(String, String)>;

/// What a run is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Input {
    /// Who calls; a function is told with the grant `caller` alone.
    pub caller: Caller,
    /// What it is about.
    pub event: Event,
}

/// Who calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Caller {
    /// Whose function it is.
    pub tenant: String,
    /// The id of the caller's key, if he has shown one.
    pub key: Option<String>,
}

/// What a run is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Event {
    /// A request of a route.
    Request(Request),
    /// A step of a task.
    Step(Step),
}

/// A request of a route.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Request {
    /// The method.
    pub method: String,
    /// The path.
    pub path: String,
    /// The query with its question mark, or nothing.
    pub query: String,
    /// The headers.
    pub headers: Headers,
    /// What the route's pattern found in the path.
    pub params: BTreeMap<String, String>,
    /// The body; a function is given it by itself.
    pub body: Bytes,
}

/// A step of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Step {
    /// Its input.
    pub input: Value,
}

/// What a function asks of the world.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Ask {
    /// To fetch.
    Fetch(Fetch),
    /// To resolve a DID.
    Resolve {
        /// The DID.
        did: String,
    },
    /// To verify a signature.
    Verify(Verify),
    /// To start a task.
    Start(Start),
}

/// What is to be fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Fetch {
    /// The URL. Whether it may be reached is the caller's to judge.
    pub url: String,
    /// The method.
    #[serde(default = "get")]
    pub method: String,
    /// Headers.
    #[serde(default)]
    pub headers: Headers,
    /// The body.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Bytes>,
    /// For so many seconds an answer to the same may be used again.
    #[serde(default)]
    pub ttl_s: u32,
}

fn get() -> String {
    "GET".to_owned()
}

/// A signature to verify.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Verify {
    /// Whose signature it is said to be.
    pub did: String,
    /// What was signed.
    pub payload: Bytes,
    /// The signature.
    pub signature: Bytes,
}

/// A task to start: by a definition, or by the name of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Start {
    /// Under this key it is started once.
    pub key: String,
    /// The definition.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Value>,
    /// The name of a definition of the tenant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The input.
    #[serde(default)]
    pub input: Value,
}

/// What a function was told about one of its asks, in the order of the asks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The ask.
    pub ask: Ask,
    /// What came of it.
    pub told: Told,
}

/// What came of an ask.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// What was fetched.
    Fetched(Fetched),
    /// A resolution result (DID Core section 7.1).
    Resolved(Value),
    /// Whether a signature is valid.
    Verified {
        /// Whether it is.
        valid: bool,
    },
    /// A task was started, now or before.
    Started {
        /// Its id.
        id: String,
    },
    /// It was refused, or it failed.
    Problem {
        /// The code of the problem.
        code: String,
        /// What is wrong.
        detail: String,
    },
}

/// What was fetched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fetched {
    /// The status.
    pub status: u16,
    /// Headers.
    pub headers: Headers,
    /// The body.
    pub body: Bytes,
}

impl Told {
    /// What the function reads.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::Fetched(Fetched { status, headers, body }) => {
                json!({ "status": status, "headers": headers, "body": body })
            }
            Self::Resolved(result) => return result.to_string(),
            Self::Verified { valid } => json!({ "valid": valid }),
            Self::Started { id } => json!({ "id": id }),
            Self::Problem { code, detail } => json!({ "error": { "code": code, "detail": detail } }),
        }
        .to_string()
    }

    /// Whether it can be told about an ask.
    #[must_use]
    pub const fn fits(&self, ask: &Ask) -> bool {
        matches!(
            (self, ask),
            (Self::Problem { .. }, _)
                | (Self::Fetched(_), Ask::Fetch(_))
                | (Self::Resolved(_), Ask::Resolve { .. })
                | (Self::Verified { .. }, Ask::Verify(_))
                | (Self::Started { .. }, Ask::Start(_))
        )
    }
}

/// How a run ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ended {
    /// The function came to its end.
    Done(Output),
    /// It needs an answer first.
    Needs(Ask),
    /// It failed.
    Failed(Failure),
}

/// What a function did.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Output {
    /// What it gives.
    pub outcome: Outcome,
    /// The lines of its log.
    pub log: Vec<String>,
    /// The fuel of its last run.
    pub fuel: u64,
}

/// What a function gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// The answer to a request.
    Answer {
        /// The status, 200 to 599.
        status: u16,
        /// Headers.
        headers: Headers,
        /// The body.
        body: Bytes,
    },
    /// The request goes on.
    Pass {
        /// Headers that it gets.
        headers: Headers,
        /// The body that it has from now on, if it has another one.
        body: Option<Bytes>,
    },
    /// The output of a step.
    Step {
        /// What `respond` said: 400 and more is a step that failed for a reason of its own. 200 without it.
        status: u16,
        /// The output.
        output: Value,
    },
}

/// Why a run failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// In words, for the author of the function.
    pub detail: String,
    /// The lines of its log up to there.
    pub log: Vec<String>,
}

/// The kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FailureKind {
    /// It ran for too long.
    OutOfFuel,
    /// It wanted more memory, or a larger table, than there is.
    OutOfMemory,
    /// Calls inside of calls without an end.
    TooDeep,
    /// A body, a head or an ask is too large.
    OutputTooLarge,
    /// Too many lines, or one that is too long.
    LogTooLarge,
    /// It asked too often.
    TooManyAsks,
    /// WebAssembly trapped.
    Trapped,
    /// A host function that was not granted.
    NotGranted,
    /// A pointer and a length that are not inside of memory.
    BadPointer,
    /// What should be UTF-8, JSON or a header is not.
    BadText,
    /// It asked for something else than before.
    DifferentReplay,
    /// `handle` returned, and there is neither an answer nor a request that goes on.
    NoAnswer,
}

impl FailureKind {
    /// Its name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OutOfFuel => "outOfFuel",
            Self::OutOfMemory => "outOfMemory",
            Self::TooDeep => "tooDeep",
            Self::OutputTooLarge => "outputTooLarge",
            Self::LogTooLarge => "logTooLarge",
            Self::TooManyAsks => "tooManyAsks",
            Self::Trapped => "trapped",
            Self::NotGranted => "notGranted",
            Self::BadPointer => "badPointer",
            Self::BadText => "badText",
            Self::DifferentReplay => "differentReplay",
            Self::NoAnswer => "noAnswer",
        }
    }
}

impl fmt::Display for FailureKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
