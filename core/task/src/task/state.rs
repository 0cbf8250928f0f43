//! The states of tasks and steps.

use serde::{Deserialize, Serialize};

use crate::machine::Decision;

/// How far a task is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted; no step has begun.
    Queued,
    /// At least one step has begun.
    Running,
    /// Every step that has begun waits for a time, a signal, an approval, a child or an answer.
    Waiting,
    /// Every step is done.
    Done,
    /// A step failed for good, and nothing was to be undone.
    Failed,
    /// To be cancelled; what is under way is waited for.
    Cancelling,
    /// Cancelled, and nothing was to be undone.
    Cancelled,
    /// What was done is being undone, backwards.
    Compensating,
    /// Everything that was done and can be undone is undone.
    Compensated,
    /// A step was tried until the retries ran out; a person decides how it goes on.
    Dead,
}

impl State {
    /// Every state.
    pub const ALL: &'static [Self] = &[
        Self::Queued,
        Self::Running,
        Self::Waiting,
        Self::Done,
        Self::Failed,
        Self::Cancelling,
        Self::Cancelled,
        Self::Compensating,
        Self::Compensated,
        Self::Dead,
    ];

    /// The names of all of them.
    pub const NAMES: [&'static str; Self::ALL.len()] = {
        let (mut names, mut place) = ([""; Self::ALL.len()], 0);
        while place < names.len() {
            names[place] = Self::ALL[place].as_str();
            place += 1;
        }
        names
    };

    /// Whether nothing changes any more by itself. A dead or failed task can be started again by hand.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Compensated | Self::Dead)
    }

    /// The state as it stands on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelling => "cancelling",
            Self::Cancelled => "cancelled",
            Self::Compensating => "compensating",
            Self::Compensated => "compensated",
            Self::Dead => "dead",
        }
    }
}

/// How far a step is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", rename_all_fields = "camelCase")]
pub enum StepState {
    /// Waits for the steps that it needs.
    Blocked,
    /// Begins as soon as the kernel comes to it.
    Ready {
        /// Since when.
        due_ms: u64,
    },
    /// Waits for a time.
    Sleeping {
        /// Until when.
        until_ms: u64,
    },
    /// Waits for a signal.
    Signal {
        /// The signal's name.
        name: String,
        /// Until when, if it does not wait for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<u64>,
    },
    /// Waits for approvals.
    Approval {
        /// Until when, if it does not wait for ever.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until_ms: Option<u64>,
        /// What was decided so far.
        #[serde(default)]
        decisions: Vec<Decision>,
    },
    /// Waits for a task that it started.
    Child {
        /// That task.
        task: String,
    },
    /// Its items are under way, each a record of its own.
    Items {
        /// How many there are.
        total: usize,
    },
    /// Its call went out, or was about to: until the lease ends, an answer is expected. After that its outcome is
    /// unknown and the call is asked again under the same key.
    Leased {
        /// When the lease ends.
        until_ms: u64,
    },
    /// Its call was accepted and goes on elsewhere.
    Pending {
        /// When it is asked for.
        ask_ms: u64,
        /// How often it was asked for.
        asked: u32,
    },
    /// Its call was accepted, and whoever does it reports its end by a callback.
    Callback {
        /// Until when.
        until_ms: u64,
    },
    /// Its call went out and its answer is lost: it may have happened. It is asked again under the same key, and counts
    /// as under way until that is answered.
    Unknown {
        /// When it is asked again.
        ask_ms: u64,
    },
    /// Its call did not happen and is tried again.
    Retry {
        /// When.
        at_ms: u64,
    },
    /// Done.
    Ok,
    /// Failed for good.
    Failed,
    /// Its condition did not hold: whatever needs it goes on without its output.
    Skipped,
    /// Never begun, because the task ended before.
    Dropped,
}

impl StepState {
    /// When the kernel has to look at it.
    #[must_use]
    pub const fn due_ms(&self) -> Option<u64> {
        match self {
            Self::Ready { due_ms } => Some(*due_ms),
            Self::Sleeping { until_ms } | Self::Leased { until_ms } | Self::Callback { until_ms } => Some(*until_ms),
            Self::Signal { until_ms, .. } | Self::Approval { until_ms, .. } => *until_ms,
            Self::Pending { ask_ms, .. } | Self::Unknown { ask_ms } => Some(*ask_ms),
            Self::Retry { at_ms } => Some(*at_ms),
            Self::Blocked
            | Self::Child { .. }
            | Self::Items { .. }
            | Self::Ok
            | Self::Failed
            | Self::Skipped
            | Self::Dropped => None,
        }
    }

    /// Whether something outside may be happening for it.
    #[must_use]
    pub const fn is_in_flight(&self) -> bool {
        matches!(
            self,
            Self::Leased { .. }
                | Self::Pending { .. }
                | Self::Unknown { .. }
                | Self::Callback { .. }
                | Self::Child { .. }
        )
    }

    /// Whether it has come to no end yet.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        !matches!(self, Self::Ok | Self::Failed | Self::Skipped | Self::Dropped)
    }

    /// Whether what needs it may go on.
    #[must_use]
    pub const fn is_passed(&self) -> bool {
        matches!(self, Self::Ok | Self::Skipped)
    }

    /// The state as it stands on the wire.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Blocked => "blocked",
            Self::Ready { .. } => "ready",
            Self::Sleeping { .. } => "sleeping",
            Self::Signal { .. } => "signal",
            Self::Approval { .. } => "approval",
            Self::Child { .. } => "child",
            Self::Items { .. } => "items",
            Self::Leased { .. } => "leased",
            Self::Pending { .. } => "sent",
            Self::Callback { .. } => "callback",
            Self::Unknown { .. } => "unknown",
            Self::Retry { .. } => "retry",
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped | Self::Dropped => "skipped",
        }
    }
}
