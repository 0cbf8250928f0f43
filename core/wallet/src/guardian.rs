//! G: what the guardian keeps of a wallet, and how it answers K. It trusts nothing that K says.
//!
//! The record is stored by the shell after every message, before the answer leaves: so a ban, a reservation and a
//! counter are durable when K learns of them. Protocol states ([`Memory`]) never leave the memory of one isolate.

use std::collections::BTreeMap;

use aion_chain::action::Deployment;
use aion_mpc::envelope::{Header, LinkIdentity, LinkPublic};
use aion_mpc::share::KeyShare;
use aion_mpc::{MpcError, Role, dkg, sign};
use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};

use crate::approval::{Approval, Asked, admit, check_rule};
use crate::cosign::{FromGuardian, Intent, Meaning, ToGuardian, from_bytes, to_bytes};
use crate::document::check_rules;
use crate::policy::{DAY_MS, Denial, Policy, SpendLedger, evaluate_document};
use crate::recovery;
use crate::sealed::{Context, Kek, NONCE_BYTES, Sealed};

pub mod audit;
#[cfg(test)]
mod tests;

/// Failed runs a peer may cause a day before it is quarantined until the next.
const ABORTS_PER_DAY: u32 = 3;
/// Sessions whose ids are kept. A peer that was rolled back by more than these comes into them step by step, because
/// its counter grows with every session that is dropped.
const SESSIONS_KEPT: usize = 8;

/// What G keeps of a wallet, sealed share included.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The tenant that K named at key generation.
    pub tenant: String,
    /// K's link keys, pinned at key generation.
    pub peer: Option<LinkPublic>,
    /// The highest counter seen: an older one is a replay, or a rolled-back peer's.
    pub counter: u64,
    /// The ids of the newest sessions by counter: they tell a replayed message from a rolled-back peer.
    #[serde(default)]
    pub sessions: BTreeMap<u64, B256>,
    /// The day and counter of the last session of a peer whose storage was rolled back: quarantine until the next day.
    #[serde(default)]
    pub rolled_back: Option<(u64, u64)>,
    /// Whether the peer was banned for good.
    pub banned: bool,
    /// The day of the last aborts, and how many.
    pub aborts: (u64, u32),
    /// The share.
    pub share: Option<Sealed>,
    /// Its public key.
    pub public_key: Vec<u8>,
    /// The wallet's address.
    pub address: Address,
    /// Whether anything was signed: from then on the key cannot be generated anew.
    pub confirmed: bool,
    /// G's policy.
    pub policy: Policy,
    /// G's ledger.
    pub ledger: SpendLedger,
    /// What each operation number was signed for, until its deadline: from then on the contract refuses it, so that
    /// the number may stand for another operation, which is reserved anew. A day's operations bound this map.
    pub signed: BTreeMap<u64, Signed>,
    /// The session of the last denial, and the denial.
    pub denied: Option<(u64, Denial)>,
}

/// What an operation number was signed for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signed {
    /// The digest.
    pub digest: B256,
    /// The operation's deadline, Unix seconds.
    pub deadline_s: u64,
}

/// A protocol state between two messages.
pub enum Memory {
    /// Nothing under way.
    Idle,
    /// Key generation.
    Key(Box<dkg::Responder>, Header),
    /// Signing.
    Sign(Box<sign::Responder>, Header),
}

/// What G works with.
pub struct Guardian<'a> {
    /// The wallet's id.
    pub wallet: &'a str,
    /// The contracts.
    pub deployment: &'a Deployment,
    /// G's link keys.
    pub link: &'a LinkIdentity,
    /// K's link keys by configuration; a wallet keeps those of its key generation.
    pub configured_peer: LinkPublic,
    /// Seals the share.
    pub kek: &'a Kek,
    /// The time, Unix milliseconds.
    pub now_ms: u64,
    /// Random bytes for one seal.
    pub nonce: [u8; NONCE_BYTES],
    /// Random bytes for one recovery kit.
    pub entropy: [u8; recovery::ENTROPY_BYTES],
}

impl Guardian<'_> {
    /// Answers an envelope. An error means that it is dropped: it is not K's, or not of a session that goes on.
    pub fn answer(&self, record: &mut Record, memory: &mut Memory, bytes: &[u8]) -> Result<Vec<u8>, MpcError> {
        let peer = record.peer.unwrap_or(self.configured_peer);
        let (header, plaintext) = self.link.open(&peer, Role::Initiator, bytes)?;
        if header.wallet != self.wallet || header.epoch != 0 {
            return Err(MpcError::Malformed);
        }
        let message: ToGuardian = from_bytes(&plaintext)?;
        let answer = if record.banned {
            FromGuardian::Banned
        } else if self.is_quarantined(record) {
            FromGuardian::Refused("in quarantine until tomorrow".to_owned())
        } else {
            self.react(record, memory, &header, message)?
        };
        let reply = Header { from: Role::Responder, ..header };
        self.link.seal(&peer, &reply, &to_bytes(&answer)?)
    }

    fn react(
        &self,
        record: &mut Record,
        memory: &mut Memory,
        header: &Header,
        message: ToGuardian,
    ) -> Result<FromGuardian, MpcError> {
        let begins = matches!(message, ToGuardian::KeyBegin { .. } | ToGuardian::SignBegin { .. });
        if begins {
            // A session begins once: the counter is used up by it.
            if header.round != 1 {
                return Err(MpcError::Malformed);
            }
            if header.counter <= record.counter {
                return self.outdated(record, header);
            }
            record.counter = header.counter;
            record.sessions.insert(header.counter, B256::from(header.session));
            while record.sessions.len() > SESSIONS_KEPT {
                record.sessions.pop_first();
            }
            *memory = Memory::Idle;
        }
        let result = match message {
            ToGuardian::KeyBegin { tenant, documents, approval, message } => {
                let policy = Policy { documents, approval, ..Policy::default() };
                self.key_begin(record, memory, header, (tenant, policy), &message)
            }
            ToGuardian::KeyCommit(message) => key_commit(memory, header, &message),
            ToGuardian::KeyFinish { message, recovery } => {
                self.key_finish(record, memory, header, &message, recovery.as_deref())
            }
            ToGuardian::SignBegin { intent, approval, message } => {
                self.sign_begin(record, memory, header, (&intent, approval.as_ref()), &message)
            }
            ToGuardian::SignFinish(message) => self.sign_finish(record, memory, header, &message),
        };
        match result {
            Err(MpcError::Ban) => {
                record.banned = true;
                *memory = Memory::Idle;
                Ok(FromGuardian::Banned)
            }
            Err(MpcError::Recoverable(place)) => {
                let day = self.now_ms / DAY_MS;
                let before = if record.aborts.0 == day { record.aborts.1 } else { 0 };
                record.aborts = (day, before + 1);
                *memory = Memory::Idle;
                Ok(FromGuardian::Refused(format!("the run failed at {place}")))
            }
            other => other,
        }
    }

    /// A used counter. The same session again is a replay, which anybody between could send: it is dropped and held
    /// against nobody. A fresh session is K's own word that its storage is older than what it has said before.
    fn outdated(&self, record: &mut Record, header: &Header) -> Result<FromGuardian, MpcError> {
        let known = record.sessions.get(&header.counter).ok_or(MpcError::Malformed)?;
        if known.0 == header.session {
            return Err(MpcError::Malformed);
        }
        record.rolled_back = Some((self.now_ms / DAY_MS, header.counter));
        Ok(FromGuardian::Refused("the wallet's storage was rolled back".to_owned()))
    }

    fn is_quarantined(&self, record: &Record) -> bool {
        let today = self.now_ms / DAY_MS;
        let failing = record.aborts.0 == today && record.aborts.1 >= ABORTS_PER_DAY;
        failing || record.rolled_back.is_some_and(|(day, _)| day == today)
    }

    fn key_begin(
        &self,
        record: &mut Record,
        memory: &mut Memory,
        header: &Header,
        (tenant, policy): (String, Policy),
        message: &[u8],
    ) -> Result<FromGuardian, MpcError> {
        if record.confirmed {
            return Ok(FromGuardian::Refused("the wallet has a key that was used".to_owned()));
        }
        if let Err(fault) = check_rules(&policy.documents).and(policy.approval.as_ref().map_or(Ok(()), check_rule)) {
            return Ok(FromGuardian::Refused(fault.to_string()));
        }
        let (responder, next) = dkg::Responder::begin(header.session, message)?;
        (record.peer, record.tenant) = (Some(self.configured_peer), tenant);
        (record.policy.documents, record.policy.approval) = (policy.documents, policy.approval);
        *memory = Memory::Key(Box::new(responder), header.clone());
        Ok(FromGuardian::Next(next))
    }

    fn key_finish(
        &self,
        record: &mut Record,
        memory: &mut Memory,
        header: &Header,
        message: &[u8],
        recipient: Option<&str>,
    ) -> Result<FromGuardian, MpcError> {
        let Memory::Key(responder, _) = take(memory, header)? else {
            return Err(MpcError::Malformed);
        };
        let (share, message) = responder.finish(message)?;
        let bytes = share.to_bytes()?;
        let kit = recipient.map(|recipient| recovery::seal(recipient, &bytes, &self.entropy));
        let recovery = kit.transpose().map_err(|_| MpcError::Recoverable("recovery recipient"))?;
        (record.public_key, record.address) = (share.public_key(), Address::from(share.address()));
        let sealed = self.kek.seal(&self.context(&record.tenant, &record.public_key), &bytes, self.nonce);
        record.share = Some(sealed.map_err(|_| MpcError::Recoverable("sealing the share"))?);
        Ok(FromGuardian::KeyDone { message, recovery })
    }

    fn sign_begin(
        &self,
        record: &mut Record,
        memory: &mut Memory,
        header: &Header,
        (intent, approval): (&Intent, Option<&Approval>),
        message: &[u8],
    ) -> Result<FromGuardian, MpcError> {
        let digest = match self.judge(record, intent, approval) {
            Ok(digest) => digest,
            Err(denial) => {
                record.denied = Some((header.counter, denial.clone()));
                return Ok(FromGuardian::Denied(denial));
            }
        };
        let share = self.share(record)?;
        let (responder, next) = sign::Responder::begin(&share, header.session, digest.0, message)?;
        record.confirmed = true;
        *memory = Memory::Sign(Box::new(responder), header.clone());
        Ok(FromGuardian::Next(next))
    }

    /// Decodes, judges and reserves. The same number again is allowed for the same operation alone, and is not
    /// reserved twice.
    fn judge(&self, record: &mut Record, intent: &Intent, approval: Option<&Approval>) -> Result<B256, Denial> {
        if record.share.is_none() {
            return Err(Denial::new("key", "the wallet has no key"));
        }
        let (meaning, digest) = intent.examine(self.deployment, record.address, self.now_ms)?;
        if let Meaning::Document(document) = &meaning {
            let place = (self.deployment.chain_id, record.address);
            let day = evaluate_document(&record.policy, &record.ledger, document, place, self.now_ms)?;
            record.ledger.count(document, day);
        }
        let (Meaning::Call(decoded), Intent::Operation(operation)) = (meaning, intent) else {
            return Ok(digest);
        };
        record.signed.retain(|_, signed| signed.deadline_s > self.now_ms / 1_000);
        match record.signed.get(&operation.op) {
            Some(known) if known.digest == digest => Ok(digest),
            Some(_) => Err(Denial::new("operation_number", "this number stands for another operation")),
            None => {
                let (deployment, wallet, address) = (self.deployment, self.wallet, record.address);
                let asked = Asked { deployment, wallet, address, decoded: &decoded, approval };
                let reservation = admit(&record.policy, &record.ledger, asked, self.now_ms)?;
                record.ledger.reserve(&reservation);
                record.signed.insert(operation.op, Signed { digest, deadline_s: operation.deadline_s });
                Ok(digest)
            }
        }
    }

    fn sign_finish(
        &self,
        record: &Record,
        memory: &mut Memory,
        header: &Header,
        message: &[u8],
    ) -> Result<FromGuardian, MpcError> {
        let Memory::Sign(responder, _) = take(memory, header)? else {
            return Err(MpcError::Malformed);
        };
        let (_, last) = responder.finish(&self.share(record)?, message)?;
        Ok(FromGuardian::Next(last))
    }

    fn share(&self, record: &Record) -> Result<KeyShare, MpcError> {
        let sealed = record.share.as_ref().ok_or(MpcError::Recoverable("share"))?;
        let context = self.context(&record.tenant, &record.public_key);
        let bytes = self.kek.open(&context, sealed).map_err(|_| MpcError::Recoverable("unsealing the share"))?;
        KeyShare::from_bytes(&bytes)
    }

    fn context<'c>(&'c self, tenant: &'c str, public_key: &'c [u8]) -> Context<'c> {
        Context { tenant, subject: self.wallet, purpose: "share", party: "G", epoch: 0, public_key }
    }
}

fn key_commit(memory: &mut Memory, header: &Header, message: &[u8]) -> Result<FromGuardian, MpcError> {
    let Memory::Key(mut responder, began) = take(memory, header)? else {
        return Err(MpcError::Malformed);
    };
    let next = responder.commit(message)?;
    *memory = Memory::Key(responder, Header { round: header.round, ..began });
    Ok(FromGuardian::Next(next))
}

/// The state of the session that this message goes on with. What does not fit leaves the state where it is.
fn take(memory: &mut Memory, header: &Header) -> Result<Memory, MpcError> {
    let (Memory::Key(_, last) | Memory::Sign(_, last)) = &*memory else {
        return Err(MpcError::Malformed);
    };
    let follows = Header { round: last.round + 1, ..last.clone() };
    if *header != follows {
        return Err(MpcError::Malformed);
    }
    Ok(std::mem::replace(memory, Memory::Idle))
}
