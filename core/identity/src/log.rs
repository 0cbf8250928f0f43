//! The log of a did:webvh: reading, verifying and writing its entries.
//!
//! One function judges an entry, [`Entry::verify`]; it looks at the entry and at what the entry before left behind
//! ([`Head`]), so that an append costs the same however long the log is.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::resolution::{self, Version};
use crate::{Did, Error};

mod entry;
mod parameters;
mod witness;
mod write;

pub use entry::Entry;
pub use parameters::Parameters;
pub use witness::{Witnesses, verify_witnesses};
pub use write::{Draft, append, create};

/// A log may have this many bytes: 1,000 entries of 4 kB.
pub const LOG_MAX_BYTES: usize = 4 << 20;
/// An entry's time may lie this far ahead of the clock of whoever reads it.
pub const AHEAD_MAX_MS: u64 = 5 * 60_000;

/// What the next entry is judged by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Head {
    /// The number of the last entry, from 1.
    pub number: u64,
    /// Its version id.
    pub version_id: String,
    /// Its time, Unix milliseconds.
    pub time_ms: u64,
    /// The DID as its document names it.
    pub did: Did,
    /// The parameters in force after it.
    pub parameters: Parameters,
}

/// A log of which every entry holds.
#[derive(Debug, Clone)]
pub struct Verified {
    entries: Vec<Entry>,
    last: Entry,
}

/// Verifies a whole log. Witness proofs lie in a file of their own: [`verify_witnesses`].
pub fn verify(jsonl: &str, now_ms: u64) -> Result<Verified, Error> {
    if jsonl.len() > LOG_MAX_BYTES {
        return Err(Error::Log { entry: 0, rule: "the log is too long" });
    }
    let mut entries: Vec<Entry> = Vec::new();
    for line in jsonl.split('\n').map(|line| line.trim_end_matches('\r')).filter(|line| !line.is_empty()) {
        let head = entries.last().map(|entry| &entry.head);
        let entry = Entry::verify(head, line, now_ms)?;
        entries.push(entry);
    }
    let last = entries.last().cloned().ok_or(Error::Log { entry: 0, rule: "the log is empty" })?;
    Ok(Verified { entries, last })
}

impl Verified {
    /// The entries, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The state after the last entry.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.last.head
    }

    /// The current document as it stands in the log.
    #[must_use]
    pub fn document(&self) -> &Value {
        &self.last.state
    }

    /// The versions as resolution sees them, oldest first.
    #[must_use]
    pub fn versions(&self) -> Vec<Version> {
        self.entries.iter().map(|entry| entry.head.version()).collect()
    }

    /// The metadata of the current version.
    #[must_use]
    pub fn metadata(&self) -> Value {
        resolution::metadata(self.head(), self.created_ms(), None)
    }

    /// When the first entry was made, Unix milliseconds.
    #[must_use]
    pub fn created_ms(&self) -> u64 {
        self.entries.first().unwrap_or(&self.last).head.time_ms
    }
}

impl Head {
    /// This version as resolution sees it.
    #[must_use]
    pub fn version(&self) -> Version {
        Version { number: self.number, id: self.version_id.clone(), time_ms: self.time_ms }
    }
}

#[cfg(test)]
mod tests;
