//! The script `aion-eyes`: numbers of every script and object, and alerts. Whoever has numbers pushes them; it asks
//! nobody outside of itself.
//!
//! It belongs to the deployment, so that a call has no address and no tenant: it is `POST` with a [`Request`] as JSON.
//! Large documents travel as JSON text, which only their ends read.

pub use aion_telemetry::{Batch, Recorder, catalogue};
use serde::{Deserialize, Serialize};

/// The service binding of the edge by which it is reached.
pub const SERVICE: &str = "EYES";
/// The history keeps so many events.
pub const HISTORY_MAX: u32 = 1_000;

/// What it is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Counts a batch. A sender sends it again until it is answered with [`Reply::Pushed`] or with a problem below 500.
    Push {
        /// The batch.
        batch: Batch,
    },
    /// Everything, as the text of Prometheus.
    Text,
    /// The alerts document.
    ReadAlerts,
    /// Checks an alerts document and stores it as the next version.
    PutAlerts {
        /// A [`Table`](crate::v1::alerts::Table) as JSON.
        alerts: String,
        /// Only check it.
        dry_run: bool,
        /// The version that it follows, if its writer says so.
        if_match: Option<u64>,
    },
    /// Every alert as it is now.
    State,
    /// What has happened, the newest first.
    History {
        /// Only what is older than the event with this number.
        before: Option<u64>,
        /// At most so many, up to [`PAGE_MAX`](crate::limits::PAGE_MAX).
        limit: u32,
    },
    /// Silences a rule, or ends its silence; the document gets a new version.
    Silence {
        /// The name of the rule.
        name: String,
        /// Until when, RFC 3339; without it nothing is silenced.
        until: Option<String>,
    },
}

/// What it answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// The batch is counted, or was before.
    Pushed {
        /// Its number: to be acknowledged to the recorder.
        number: u64,
    },
    /// The text of Prometheus.
    Text {
        /// With media type [`MEDIA_TYPE`](crate::metrics::MEDIA_TYPE).
        body: String,
    },
    /// The alerts document.
    Alerts {
        /// Its version.
        version: u64,
        /// An [`Alerts`](crate::v1::alerts::Alerts) as JSON.
        body: String,
    },
    /// Every alert as it is now.
    State {
        /// An [`AlertStates`](crate::v1::alerts::AlertStates) as JSON.
        body: String,
    },
    /// What has happened.
    History {
        /// A [`List`](crate::v1::List) of [`AlertEvent`](crate::v1::alerts::AlertEvent) as JSON; its `nextCursor` is
        /// the `before` of the next page.
        body: String,
    },
}

impl super::Request for Request {
    type Reply = Reply;
}
