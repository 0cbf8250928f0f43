//! Consent to a plan: one format for the kernel, and for whoever else has to verify it.
//!
//! People approve a plan as they approve a step of a task: with a compact JWS by a key of their DID over the claims
//! `{task, step, approve, digest, exp}`, where `task` is the plan's id and `step` is [`STEP`]; or over those with
//! `steps`, where `step` is [`STEPS`], about steps that change something alone. The shell verifies the signature and
//! hands in a [`Decision`]; who may decide, over what, until when and how often is decided here. The digest is of
//! everything that was shown, so that a signature for one plan is none for another. The format is that of
//! [`aion_wallet::approval`], by which wallets and the guardian verify the same signatures.
//!
//! What counts is the last word of each approver about each step; a decision about the whole is a word about every one.
//! A decision is in force as long as it is somebody's last word about any step, and no longer kept then. What a plan's
//! steps are follows from the plan, and is handed in.

use std::collections::BTreeSet;

use aion_wallet::approval::PROOF_MAX_BYTES;
pub use aion_wallet::approval::{Claims, STEP, STEPS, document};
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
    /// What is decided about is no step that changes something.
    #[error("{0:?} is no step of the plan that changes something")]
    Step(String),
    /// A signature for steps that no wallet would take, of which a plan may keep many.
    #[error("a signature for steps has at most {PROOF_MAX_BYTES} bytes")]
    Long,
}

/// An approval or a rejection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The DID that decided.
    pub by: String,
    /// Whether it approves.
    pub approve: bool,
    /// The steps that it is about; nothing where it is about the whole.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub steps: Option<BTreeSet<String>>,
    /// The digest that it is given to.
    pub digest: String,
    /// Its signature, a compact JWS.
    pub proof: String,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

impl Decision {
    /// Whether it is about a step.
    #[must_use]
    pub fn is_about(&self, step: &str) -> bool {
        self.steps.as_ref().is_none_or(|steps| steps.contains(step))
    }
}

/// What decisions about the whole are about in a plan without steps that change something: no step has this id.
const WHOLE: &str = "";

/// What is decided about one by one: the steps that change something, or all of a plan that changes nothing.
pub(crate) fn units(steps: &[String]) -> impl Iterator<Item = &str> {
    steps.iter().map(String::as_str).chain(steps.is_empty().then_some(WHOLE))
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

/// How consent stands with a step, by whom.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Who has approved it.
    pub approved: Vec<String>,
    /// Who has rejected it.
    pub rejected: Vec<String>,
    /// How many more have to approve it.
    pub wanted: usize,
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

    /// The last word of each approver about a step.
    pub fn words<'a>(&'a self, step: &'a str) -> impl Iterator<Item = &'a Decision> {
        self.decisions
            .iter()
            .enumerate()
            .filter(move |(place, one)| self.is_word(*place, one, step))
            .map(|(_, one)| one)
    }

    /// Whether the decision at a place is the last word of its approver about a step.
    fn is_word(&self, place: usize, one: &Decision, step: &str) -> bool {
        let mut later = self.decisions.iter().skip(place + 1);
        one.is_about(step) && !later.any(|other| other.by == one.by && other.is_about(step))
    }

    /// How it stands with a step.
    #[must_use]
    pub fn ballot_about(&self, step: &str) -> Ballot {
        let (approvals, all) =
            self.words(step).fold((0, 0), |(yes, all), one| (yes + usize::from(one.approve), all + 1));
        if approvals >= self.count {
            Ballot::Approved
        } else if self.by.len().saturating_sub(all - approvals) < self.count {
            Ballot::Rejected
        } else {
            Ballot::Open
        }
    }

    /// By whom.
    #[must_use]
    pub fn tally(&self, step: &str) -> Tally {
        let mut tally = Tally::default();
        for one in self.words(step) {
            let side = if one.approve { &mut tally.approved } else { &mut tally.rejected };
            side.push(one.by.clone());
        }
        tally.wanted = self.count.saturating_sub(tally.approved.len());
        tally
    }

    /// How it stands with a plan whose steps that change something are these: approved with every one of them, rejected
    /// with any. With a plan that changes nothing it stands by decisions about the whole.
    #[must_use]
    pub fn ballot(&self, steps: &[String]) -> Ballot {
        let mut ballot = Ballot::Approved;
        for step in units(steps) {
            match self.ballot_about(step) {
                Ballot::Rejected => return Ballot::Rejected,
                Ballot::Open => ballot = Ballot::Open,
                Ballot::Approved => {}
            }
        }
        ballot
    }

    /// Whether just this was decided, and is in force about all that it is about.
    #[must_use]
    pub fn has(&self, decision: &Decision, steps: &[String]) -> bool {
        let Decision { by, approve, steps: about, digest, .. } = decision;
        self.decisions.iter().enumerate().any(|(place, one)| {
            (&one.by, &one.approve, &one.steps, &one.digest) == (by, approve, about, digest)
                && units(steps).filter(|step| one.is_about(step)).all(|step| self.is_word(place, one, step))
        })
    }

    /// Takes a decision whose signature was verified about a plan whose steps that change something are these.
    pub fn decide(&mut self, decision: Decision, steps: &[String], now_ms: u64) -> Result<Ballot, Refusal> {
        if now_ms >= self.expires_ms {
            return Err(Refusal::Expired);
        }
        if !self.by.contains(&decision.by) {
            return Err(Refusal::Stranger(decision.by));
        }
        if decision.digest != self.digest {
            return Err(Refusal::Digest);
        }
        if let Some(about) = &decision.steps {
            let stray = about.iter().find(|step| !steps.contains(step));
            if about.is_empty() || stray.is_some() {
                return Err(Refusal::Step(stray.cloned().unwrap_or_default()));
            }
        }
        if decision.steps.is_some() && decision.proof.len() > PROOF_MAX_BYTES {
            return Err(Refusal::Long);
        }
        if self.used || self.ballot(steps) != Ballot::Open {
            return Err(Refusal::Decided);
        }
        self.put(decision, steps);
        Ok(self.ballot(steps))
    }

    /// Keeps a decision, and those before it that are still in force: at most one for each approver and step.
    fn put(&mut self, decision: Decision, steps: &[String]) {
        self.decisions.push(decision);
        let in_force = |(place, one)| units(steps).any(|step| self.is_word(place, one, step));
        let mut kept = self.decisions.iter().enumerate().map(in_force).collect::<Vec<bool>>().into_iter();
        self.decisions.retain(|_| kept.next().unwrap_or_default());
    }

    /// Uses it up, for exactly what it was given to.
    pub fn take(&mut self, digest: &str, steps: &[String], now_ms: u64) -> Result<(), Refusal> {
        if self.used {
            return Err(Refusal::Used);
        }
        if now_ms >= self.expires_ms {
            return Err(Refusal::Expired);
        }
        if digest != self.digest {
            return Err(Refusal::Digest);
        }
        if self.ballot(steps) != Ballot::Approved {
            return Err(Refusal::TooFew);
        }
        self.used = true;
        Ok(())
    }
}
