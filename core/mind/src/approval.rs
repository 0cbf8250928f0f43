//! Consent to a plan: one format for the kernel, and for whoever else has to verify it.
//!
//! People approve a plan as they approve a step of a task: with a compact JWS by a key of their DID over the claims
//! `{task, step, approve, digest, exp}`, where `task` is the plan's id and `step` is [`STEP`]. The shell verifies the
//! signature and hands in a [`Decision`]; who may decide, over what, until when and how often is decided here. The
//! digest is of everything that was shown, so that a signature for one plan is none for another. The format is that of
//! [`aion_wallet::approval`], by which wallets and the guardian verify the same signatures.

use std::collections::BTreeSet;

pub use aion_task::machine::Decision;
pub use aion_wallet::approval::{STEP, document};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

#[cfg(test)]
mod tests;

/// Why a decision or a use of consent is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// Who decides is none of those who may.
    #[error("{0} is none of those who may decide this")]
    Stranger(String),
    /// What was signed is not what is asked.
    #[error("the signed digest is not that of the plan as it stands")]
    Digest,
    /// It is too late.
    #[error("the time for it is over")]
    Expired,
    /// It was used already.
    #[error("the approval was used already")]
    Used,
    /// Too few have approved.
    #[error("too few have approved")]
    TooFew,
    /// Somebody who decided wants to decide otherwise, after it was decided.
    #[error("it is decided already")]
    Decided,
}

/// SHA-256 of a document's canonical form (RFC 8785), hex.
#[must_use]
pub fn hash(document: &Value) -> String {
    // A JSON value with text keys always has a canonical form.
    hex::encode(Sha256::digest(serde_json_canonicalizer::to_vec(document).unwrap_or_default()))
}

/// How consent stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ballot {
    /// Not enough have decided.
    Open,
    /// Enough have approved.
    Approved,
    /// So many have rejected that enough cannot approve any more.
    Rejected,
}

/// Consent: asked for once, used once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Consent {
    /// What it is given to.
    pub digest: String,
    /// Who may give it: DIDs.
    pub by: BTreeSet<String>,
    /// How many of them have to; 0 where rules want nobody's.
    pub count: usize,
    /// Until when it can be given and used, Unix milliseconds.
    pub expires_ms: u64,
    /// What was decided, with the signatures.
    pub decisions: Vec<Decision>,
    /// Whether it was used.
    pub used: bool,
}

impl Consent {
    /// Consent that is asked for.
    #[must_use]
    pub const fn new(digest: String, by: BTreeSet<String>, count: usize, expires_ms: u64) -> Self {
        Self { digest, by, count, expires_ms, decisions: Vec::new(), used: false }
    }

    /// How it stands.
    #[must_use]
    pub fn ballot(&self) -> Ballot {
        let approvals = self.decisions.iter().filter(|decision| decision.approve).count();
        let rejections = self.decisions.len() - approvals;
        if approvals >= self.count {
            Ballot::Approved
        } else if self.by.len().saturating_sub(rejections) < self.count {
            Ballot::Rejected
        } else {
            Ballot::Open
        }
    }

    /// Takes a decision whose signature was verified. Until it is decided, the last word of each counts.
    pub fn decide(&mut self, decision: Decision, now_ms: u64) -> Result<Ballot, Refusal> {
        if now_ms >= self.expires_ms {
            return Err(Refusal::Expired);
        }
        if !self.by.contains(&decision.by) {
            return Err(Refusal::Stranger(decision.by));
        }
        if decision.digest != self.digest {
            return Err(Refusal::Digest);
        }
        if self.used || self.ballot() != Ballot::Open {
            return Err(Refusal::Decided);
        }
        self.decisions.retain(|earlier| earlier.by != decision.by);
        self.decisions.push(decision);
        Ok(self.ballot())
    }

    /// Uses it up, for exactly what it was given to.
    pub fn take(&mut self, digest: &str, now_ms: u64) -> Result<(), Refusal> {
        if self.used {
            return Err(Refusal::Used);
        }
        if now_ms >= self.expires_ms {
            return Err(Refusal::Expired);
        }
        if digest != self.digest {
            return Err(Refusal::Digest);
        }
        if self.ballot() != Ballot::Approved {
            return Err(Refusal::TooFew);
        }
        self.used = true;
        Ok(())
    }
}
