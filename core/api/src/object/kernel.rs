//! The Kernel object: the tasks of one shard.

use aion_task::Outcome;
pub use aion_task::machine::Decision;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::StepAddress;
use crate::cursor::Page;
use crate::idempotency::Idempotency;
use crate::metrics;

/// What a Kernel object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Accepts a task, or answers what it answered the first time.
    Submit {
        /// The caller's key.
        idempotency: Idempotency,
        /// The definition, as it was sent.
        definition: Value,
        /// The input, as it was sent.
        input: Value,
    },
    /// One task.
    Read {
        /// Its id.
        task: String,
    },
    /// A page of tasks, newest first.
    List {
        /// Which part.
        page: Page,
        /// Only tasks in this state.
        state: Option<String>,
        /// Only tasks with this label, `name:value`.
        label: Option<String>,
    },
    /// Cancels a task.
    Cancel {
        /// Its id.
        task: String,
    },
    /// A signal for a task.
    Signal {
        /// Its id.
        task: String,
        /// The signal's name.
        name: String,
        /// What it says.
        payload: Value,
        /// The sender's key.
        key: String,
    },
    /// An approval or a rejection, its signature checked.
    Decide {
        /// The task's id.
        task: String,
        /// The step that waits for it.
        step: String,
        /// What was decided, and by whom.
        decision: Decision,
    },
    /// Has a dead or failed task go on.
    Redrive {
        /// Its id.
        task: String,
        /// Why.
        reason: String,
        /// The step from which on everything is done anew.
        from: Option<String>,
    },
    /// The answer to work that a step asked for.
    StepReply {
        /// The step that asked.
        step: StepAddress,
        /// What became of it.
        outcome: Outcome,
    },
    /// Entries of the audit chain that concern a task.
    History {
        /// The task.
        task: String,
        /// After this sequence number.
        after: u64,
        /// At most so many.
        limit: u32,
    },
    /// The live events of a task: the answer is a stream of server-sent events, not a [`Reply`].
    Events {
        /// The task.
        task: String,
        /// After this sequence number (`Last-Event-ID`).
        after: u64,
        /// When the session ends that listens, Unix milliseconds.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<u64>,
    },
    /// Refuses keys from now on: they were revoked.
    Revoke {
        /// Their ids.
        keys: Vec<String>,
        /// Revoked keys whose time is over, so that everybody refuses them by the clock: nobody has to know them still.
        forget: Vec<String>,
    },
    /// The task of a key that belonged to this shard before the tenant grew: the first answer, or it is unknown.
    Recall {
        /// The caller's key.
        idempotency: Idempotency,
    },
    /// The tenant has more shards from now on.
    Grow {
        /// How many.
        shards: u8,
        /// The ids of keys that were revoked.
        revoked: Vec<String>,
    },
    /// How it is.
    Health,
    /// How much it does.
    Metrics,
}

/// What a Kernel object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// A submitted task.
    Accepted {
        /// The task as it was when it was accepted first.
        task: Value,
        /// Whether this is the first answer given again.
        replayed: bool,
    },
    /// A task.
    Task {
        /// Its public view.
        task: Value,
    },
    /// A page of tasks.
    Tasks {
        /// Their public views.
        tasks: Vec<Value>,
        /// The position of the last one.
        last: Option<String>,
        /// Whether more follow.
        more: bool,
    },
    /// Entries of the audit chain.
    History {
        /// The links.
        entries: Vec<Value>,
        /// Whether more follow.
        more: bool,
    },
    /// Done.
    Done,
    /// It works.
    Healthy {
        /// Milliseconds by which its oldest due entry is late.
        overdue_ms: u64,
    },
    /// How much it does.
    Metrics(metrics::Shard),
}

impl super::Request for Request {
    type Reply = Reply;
}
