//! What comes out of a model while it answers.

use serde::{Deserialize, Serialize};

use super::{Fault, Opaque};

/// A step of an answer. [`Event::Stop`] or [`Event::Error`] is the last one, and there is exactly one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// More of the answer.
    TextDelta(String),
    /// More of what the model thinks before it answers.
    ReasoningDelta(String),
    /// A call begins.
    ToolStart {
        /// Its place among the calls of this answer, from 0.
        index: u32,
        /// Its id.
        id: String,
        /// The tool.
        name: String,
    },
    /// More of a call's arguments, as JSON text.
    ToolArgs {
        /// Its place among the calls.
        index: u32,
        /// The next piece.
        json: String,
    },
    /// More of the words with which the model refuses.
    RefusalDelta(String),
    /// What the provider wants back in the next turn.
    Opaque(Opaque),
    /// What was used so far: a later one replaces it.
    Usage(Usage),
    /// The answer is whole.
    Stop {
        /// Why it ended.
        reason: StopReason,
        /// The provider's word for it.
        raw: String,
    },
    /// The answer failed.
    Error(Fault),
}

/// Why an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum StopReason {
    /// The model was done, or met a text that ends answers.
    End,
    /// The limit of tokens, or the model's own.
    Length,
    /// It waits for results of what it called.
    ToolUse,
    /// It refused, or a filter did.
    Refusal,
    /// The provider broke off a long turn: the same conversation, sent again with this answer, goes on.
    Pause,
    /// For a reason that we do not know, or a failure of the model to write a call.
    Other,
}

/// Tokens of a request, in the way that prices count: each once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// All that was read, with what was cached.
    pub input: u64,
    /// What of it came from the provider's cache.
    pub cached_input: u64,
    /// All that was written, with what was thought.
    pub output: u64,
    /// What of it was thought.
    pub reasoning: u64,
}
