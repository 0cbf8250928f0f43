//! K's record of a wallet: a pure state machine. The shell stores what changed in one commit and then acts.

use aion_chain::action::{Deployment, TokenAction, decode_call};
use aion_chain::message::{Carry, Outcome};
use aion_chain::operation::{Delegation, Operation, Signature, SignedDelegation};
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval::{self, Approval, Asked, admit};
use crate::document::{self, Named};
use crate::operation::{Record, Stage};
use crate::policy::{Denial, Policy, SpendLedger, evaluate_document};

#[cfg(test)]
mod tests;

/// An operation is valid for this long after its acceptance: an outage of the chain may take hours.
const VALID_S: u64 = 6 * 3_600;
/// The first wait after a session with the guardian that failed; it doubles with each.
const BACKOFF_FIRST_MS: u64 = 1_000;
/// The longest wait.
const BACKOFF_MAX_MS: u64 = 30_000;
/// What others did not acknowledge is told again after this time.
pub const TELL_AGAIN_MS: u64 = 2_000;

/// How far a wallet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Its key is being generated.
    Creating,
    /// It can sign.
    Active,
    /// The guardian will never talk to it again.
    Failed,
}

/// A wallet as K keeps it, without its share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Wallet {
    /// Its id.
    pub id: String,
    /// Its tenant.
    pub tenant: String,
    /// Its name for people.
    pub label: String,
    /// The DID that it belongs to.
    pub identity: Option<String>,
    /// The tenant's recovery recipient.
    pub recovery: Option<String>,
    /// When it was created, Unix milliseconds.
    pub created_ms: u64,
    /// How far it is.
    pub status: Status,
    /// Its public key, SEC 1 compressed, once it has one.
    pub public_key: Vec<u8>,
    /// Its address, once it has a key.
    pub address: Option<Address>,
    /// Its delegation to the account code, once it is signed.
    pub delegation: Option<SignedDelegation>,
    /// Sessions with the guardian so far; stored before one begins.
    pub counter: u64,
    /// Failed sessions in a row.
    pub failures: u32,
    /// When the next session may begin, Unix milliseconds.
    pub session_due_ms: u64,
    /// K's policy.
    pub policy: Policy,
    /// K's ledger.
    pub ledger: SpendLedger,
    /// The next operation's number.
    pub next_op: u64,
    /// Who waits for its creation.
    pub reply: Option<Value>,
    /// Whether its creation was acknowledged by who waits.
    pub reported: bool,
    /// Whether the tenant's list has it as it is.
    pub registered: bool,
    /// When it tells the others of itself again, Unix milliseconds.
    #[serde(default)]
    pub tell_due_ms: u64,
}

/// What the wallet wants from a session with the guardian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wish {
    /// Key generation.
    Key,
    /// The signature of its delegation.
    Delegation(Delegation),
    /// The signature of an operation.
    Operation(u64),
    /// The signature of a document, by its key.
    Document(String),
}

/// What a wallet is created as.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charter {
    /// Its name for people.
    pub label: String,
    /// The DID that it belongs to.
    #[serde(default)]
    pub identity: Option<String>,
    /// The tenant's recovery recipient, `age1…`.
    #[serde(default)]
    pub recovery: Option<String>,
    /// The documents that it may sign.
    #[serde(default)]
    pub documents: Vec<document::Rule>,
    /// Whose signatures it needs for what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<approval::Rule>,
}

impl Wallet {
    /// A wallet that waits for its key.
    #[must_use]
    pub fn new((tenant, id): (&str, &str), charter: Charter, now_ms: u64) -> Self {
        let Charter { label, identity, recovery, documents, approval } = charter;
        Self {
            id: id.to_owned(),
            tenant: tenant.to_owned(),
            label,
            identity,
            recovery,
            created_ms: now_ms,
            status: Status::Creating,
            public_key: Vec::new(),
            address: None,
            delegation: None,
            counter: 0,
            failures: 0,
            session_due_ms: now_ms,
            policy: Policy { documents, approval, ..Policy::default() },
            ledger: SpendLedger::default(),
            next_op: 0,
            reply: None,
            reported: false,
            registered: false,
            tell_due_ms: 0,
        }
    }

    /// What the next session is for, given the first operation or document that waits for its signature.
    #[must_use]
    pub fn wish(&self, deployment: &Deployment, waiting: Option<Wish>) -> Option<Wish> {
        if self.status == Status::Failed {
            return None;
        }
        if self.address.is_none() {
            return Some(Wish::Key);
        }
        if self.delegation.is_none() {
            let (chain_id, implementation) = (deployment.chain_id, deployment.account_implementation);
            return Some(Wish::Delegation(Delegation { chain_id, implementation, nonce: 0 }));
        }
        waiting
    }

    /// Begins a session: its counter, to be stored before anything leaves.
    pub fn begin_session(&mut self, now_ms: u64) -> u64 {
        self.counter += 1;
        // If the isolate dies within the session, the next one begins after a pause.
        self.session_due_ms = now_ms + BACKOFF_FIRST_MS;
        self.counter
    }

    /// A session failed; the next one waits longer.
    pub fn session_failed(&mut self, now_ms: u64) {
        self.failures = self.failures.saturating_add(1);
        self.session_due_ms = now_ms + (BACKOFF_FIRST_MS << (self.failures - 1).min(10)).min(BACKOFF_MAX_MS);
    }

    /// A session succeeded; the next one may follow at once.
    pub fn session_succeeded(&mut self, now_ms: u64) {
        (self.failures, self.session_due_ms) = (0, now_ms);
    }

    /// The key exists; the share is stored in the same commit.
    pub fn key_ready(&mut self, public_key: Vec<u8>, address: Address) {
        (self.public_key, self.address) = (public_key, Some(address));
    }

    /// The delegation is signed: the wallet can act.
    pub fn delegated(&mut self, delegation: Delegation, signature: Signature) {
        self.delegation = Some(SignedDelegation { delegation, signature });
        (self.status, self.registered) = (Status::Active, false);
    }

    /// The guardian has banned this wallet.
    pub fn banned(&mut self) {
        (self.status, self.registered) = (Status::Failed, false);
    }

    /// Accepts an action under a key that was not seen before: number, policy and reservation in one step. An approval
    /// that no rule asks for is nobody's concern.
    pub fn accept(
        &mut self,
        deployment: &Deployment,
        key: &str,
        (action, approval): (TokenAction, Option<Approval>),
        reply: Option<Value>,
        now_ms: u64,
    ) -> Record {
        let op = self.next_op;
        self.next_op += 1;
        let mut record = Record {
            op,
            key: key.to_owned(),
            action,
            approval: None,
            operation: None,
            reservation: None,
            stage: Stage::Accepted,
            created_ms: now_ms,
            reply,
            reported: false,
            due_ms: now_ms,
        };
        let Some(address) = self.address else {
            record.stage = Stage::Denied { denial: Denial::new("key", "the wallet has no key yet") };
            return record;
        };
        if self.status == Status::Failed {
            record.stage = Stage::Denied { denial: no_guardian() };
            return record;
        }
        let call = record.action.call(deployment);
        let approval = approval.filter(|_| self.policy.approval.is_some());
        let decoded = &decode_call(deployment, address, &call);
        let asked = Asked { deployment, wallet: &self.id, address, decoded, approval: approval.as_ref() };
        match admit(&self.policy, &self.ledger, asked, now_ms) {
            Err(denial) => record.stage = Stage::Denied { denial },
            Ok(reservation) => {
                self.ledger.reserve(&reservation);
                (record.reservation, record.approval) = (Some(reservation), approval);
                let deadline_s = now_ms / 1_000 + VALID_S;
                record.operation = Some(Operation { op, to: call.to, value: call.value, data: call.data, deadline_s });
            }
        }
        record
    }

    /// Accepts a document under a key that was not seen before: policy and count in one step.
    pub fn accept_document(
        &mut self,
        chain_id: u64,
        key: &str,
        text: String,
        reply: Option<Value>,
        now_ms: u64,
    ) -> document::Record {
        let judged = self.judge_document(chain_id, &text, now_ms);
        let (digest, named, stage) = match judged {
            Ok((digest, named)) => (Some(digest), Some(named), document::Stage::Accepted),
            Err(denial) => (None, None, document::Stage::Denied { denial }),
        };
        let (key, created_ms, due_ms) = (key.to_owned(), now_ms, now_ms);
        document::Record { key, text, digest, named, stage, created_ms, reply, reported: false, due_ms }
    }

    fn judge_document(&mut self, chain_id: u64, text: &str, now_ms: u64) -> Result<(B256, Named), Denial> {
        let address = self.address.ok_or_else(|| Denial::new("key", "the wallet has no key yet"))?;
        if self.status == Status::Failed {
            return Err(no_guardian());
        }
        let document = document::read(text)?;
        let day = evaluate_document(&self.policy, &self.ledger, &document, (chain_id, address), now_ms)?;
        self.ledger.count(&document, day);
        Ok((document.digest, Named { contract: document.contract, primary_type: document.primary_type }))
    }

    /// A document waits for a signature that will not come any more. It stays counted: G may have signed it.
    pub fn close_document(&self, record: &mut document::Record, now_ms: u64) {
        if self.status == Status::Failed {
            record.denied(no_guardian(), now_ms);
        } else if record.is_late(now_ms) {
            record.denied(Denial::new("guardian", "the guardian did not answer in time"), now_ms);
        }
    }

    /// The guardian denies an operation: nothing was signed, so its reservation is given back.
    pub fn denied(&mut self, record: &mut Record, denial: Denial, now_ms: u64) {
        if record.stage == Stage::Accepted {
            self.release(record);
            (record.stage, record.due_ms) = (Stage::Denied { denial }, now_ms);
        }
    }

    /// An operation waits for a signature that will not come any more: the guardian is gone for good, or the deadline
    /// has passed.
    pub fn close_unsigned(&mut self, record: &mut Record, now_ms: u64) {
        if self.status == Status::Failed {
            return self.denied(record, no_guardian(), now_ms);
        }
        let deadline_s = record.operation.as_ref().map_or(0, |operation| operation.deadline_s);
        if record.stage == Stage::Accepted && now_ms / 1_000 >= deadline_s {
            self.release(record);
            (record.stage, record.due_ms) = (Stage::Settled { outcome: Outcome::Expired }, now_ms);
        }
    }

    /// An operation is signed.
    pub fn signed(&self, record: &mut Record, signature: Signature, now_ms: u64) {
        if record.stage == Stage::Accepted {
            record.approval = None;
            (record.stage, record.due_ms) = (Stage::Signed { signature }, now_ms);
        }
    }

    /// What the lane is handed.
    #[must_use]
    pub fn carry(&self, record: &Record) -> Option<Carry> {
        let Stage::Signed { signature } = record.stage else {
            return None;
        };
        Some(Carry {
            tenant: self.tenant.clone(),
            wallet: self.id.clone(),
            address: self.address?,
            operation: record.operation.clone()?,
            signature,
            delegation: self.delegation?,
        })
    }

    /// The lane reports. A report that came before changes nothing. What is proven never to happen is given back.
    pub fn settled(&mut self, record: &mut Record, outcome: Outcome, now_ms: u64) {
        if matches!(record.stage, Stage::Settled { .. } | Stage::Denied { .. }) {
            return;
        }
        // Rejected is one lane's word on an operation that stays valid until its deadline: only its expiry proves it.
        if outcome == Outcome::Expired {
            self.release(record);
        }
        (record.stage, record.due_ms) = (Stage::Settled { outcome }, now_ms);
    }

    fn release(&mut self, record: &mut Record) {
        record.approval = None;
        if let Some(reservation) = &record.reservation {
            self.ledger.release(reservation);
        }
    }

    /// Others did not acknowledge what the wallet tells of itself: they are told again later.
    pub const fn unheard(&mut self, now_ms: u64) {
        self.tell_due_ms = now_ms + TELL_AGAIN_MS;
    }

    /// When the wallet itself has something to tell.
    #[must_use]
    pub fn telling_due_ms(&self) -> Option<u64> {
        let reports = self.status != Status::Creating && self.reply.is_some() && !self.reported;
        (reports || !self.registered).then_some(self.tell_due_ms)
    }

    /// The wallet as its tenant sees it; `created_at` is its time in words.
    #[must_use]
    pub fn view(&self, created_at: &str) -> Value {
        let mut view = json!({
            "id": self.id,
            "label": self.label,
            "status": self.status,
            "kind": "service",
            "parties": ["wallet", "guardian"],
            "policy": self.policy,
            "createdAt": created_at,
            "hasRecoveryKit": self.recovery.is_some() && self.address.is_some()
        });
        if let Some(address) = self.address {
            view["address"] = json!(address.to_checksum(None));
        }
        if let Some(identity) = &self.identity {
            view["identity"] = json!(identity);
        }
        if self.status == Status::Creating && self.failures > 0 {
            view["waitingFor"] = json!("guardian");
        }
        view
    }
}

fn no_guardian() -> Denial {
    Denial::new("guardian", "the guardian will not sign for this wallet again")
}
