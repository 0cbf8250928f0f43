//! What K and G say to each other, inside of envelopes.

use aion_chain::action::{Decoded, Deployment, decode_call};
use aion_chain::document::Document;
use aion_chain::operation::{Delegation, Operation};
use aion_mpc::envelope::{Header, LinkIdentity, LinkPublic};
use aion_mpc::{MpcError, Role, SESSION_BYTES};
use alloy_primitives::{Address, B256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::approval::{self, Approval, written};
use crate::document;
use crate::policy::Denial;

/// An operation may be valid for this long at most: a lane carries within minutes, an outage may take hours.
pub const DEADLINE_MAX_S: u64 = 24 * 3_600;
/// Calldata may have this many bytes: a batch of mints with room to spare.
pub const CALLDATA_MAX_BYTES: usize = 16 * 1024;

/// What is to be signed: always the whole thing, never a hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Intent {
    /// An operation of the wallet's account.
    Operation(Operation),
    /// The delegation to the account code.
    Delegation(Delegation),
    /// A document (EIP-712), by the text of its JSON.
    Document(String),
}

/// What an intent means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Meaning {
    /// A call of the wallet's account.
    Call(Decoded),
    /// The delegation to the pinned account code.
    Delegation,
    /// A document.
    Document(Document),
}

/// K's messages.
#[derive(Serialize, Deserialize)]
pub enum ToGuardian {
    /// Key generation, first round: the tenant, what the key may sign, and K's fragment.
    KeyBegin {
        /// The tenant.
        tenant: String,
        /// The documents that the key may sign, pinned with it.
        documents: Vec<document::Rule>,
        /// Whose signatures it needs for what, pinned with it.
        #[serde(with = "written")]
        approval: Option<approval::Rule>,
        /// The protocol's message.
        message: Vec<u8>,
    },
    /// Second round.
    KeyCommit(Vec<u8>),
    /// Third round, with the recovery recipient.
    KeyFinish {
        /// The protocol's message.
        message: Vec<u8>,
        /// The tenant's age recipient.
        recovery: Option<String>,
    },
    /// Signing, first round.
    SignBegin {
        /// What is to be signed.
        intent: Intent,
        /// The approval that an operation brings along.
        #[serde(with = "written")]
        approval: Option<Approval>,
        /// The protocol's message.
        message: Vec<u8>,
    },
    /// Signing, second round.
    SignFinish(Vec<u8>),
}

/// G's messages.
#[derive(Serialize, Deserialize)]
pub enum FromGuardian {
    /// The protocol's next message.
    Next(Vec<u8>),
    /// The key is accepted and G's share is stored.
    KeyDone {
        /// The protocol's last message.
        message: Vec<u8>,
        /// G's share, sealed to the recovery recipient.
        recovery: Option<String>,
    },
    /// G's policy denies.
    Denied(Denial),
    /// G will not go on in this session: a fresh one may succeed.
    Refused(String),
    /// G will never talk to this peer about this wallet again.
    Banned,
}

impl Intent {
    /// What it means, and the digest that its signature is over; or why it can never be signed.
    pub fn examine(&self, deployment: &Deployment, wallet: Address, now_ms: u64) -> Result<(Meaning, B256), Denial> {
        match self {
            Self::Operation(operation) => {
                let now_s = now_ms / 1_000;
                if operation.deadline_s <= now_s || operation.deadline_s > now_s + DEADLINE_MAX_S {
                    return Err(Denial::new("deadline", "the deadline has passed or is more than a day away"));
                }
                if operation.data.len() > CALLDATA_MAX_BYTES {
                    return Err(Denial::new("calldata", format!("more than {CALLDATA_MAX_BYTES} bytes of calldata")));
                }
                let decoded = decode_call(deployment, wallet, &operation.call());
                Ok((Meaning::Call(decoded), operation.digest(deployment.chain_id, wallet)))
            }
            Self::Delegation(delegation) => {
                let pinned = delegation.implementation == deployment.account_implementation
                    && delegation.chain_id == deployment.chain_id
                    && delegation.nonce == 0;
                if !pinned {
                    return Err(Denial::new("delegation", "only to the pinned account code, on this chain, once"));
                }
                Ok((Meaning::Delegation, delegation.digest()))
            }
            Self::Document(text) => {
                let document = document::read(text)?;
                let digest = document.digest;
                Ok((Meaning::Document(document), digest))
            }
        }
    }
}

/// One session of K with G: fixed wallet, session and counter, growing rounds.
pub struct Session<'a> {
    link: &'a LinkIdentity,
    peer: LinkPublic,
    wallet: String,
    id: [u8; SESSION_BYTES],
    counter: u64,
    round: u8,
}

impl<'a> Session<'a> {
    /// A session under a fresh random id and a counter that was stored before.
    #[must_use]
    pub fn new(link: &'a LinkIdentity, peer: LinkPublic, wallet: &str, id: [u8; SESSION_BYTES], counter: u64) -> Self {
        Self { link, peer, wallet: wallet.to_owned(), id, counter, round: 0 }
    }

    /// Its id.
    #[must_use]
    pub const fn id(&self) -> [u8; SESSION_BYTES] {
        self.id
    }

    /// Seals K's next message.
    pub fn seal(&mut self, message: &ToGuardian) -> Result<Vec<u8>, MpcError> {
        self.round += 1;
        let header = Header::new(&self.wallet, self.id, self.round, Role::Initiator, self.counter);
        // A fragment of a key is among them.
        self.link.seal(&self.peer, &header, &Zeroizing::new(to_bytes(message)?))
    }

    /// Opens G's answer to it.
    pub fn open(&self, bytes: &[u8]) -> Result<FromGuardian, MpcError> {
        let (header, plaintext) = self.link.open(&self.peer, Role::Responder, bytes)?;
        let expected = Header::new(&self.wallet, self.id, self.round, Role::Responder, self.counter);
        if header != expected {
            return Err(MpcError::Malformed);
        }
        from_bytes(&plaintext)
    }
}

pub(crate) fn to_bytes<T: Serialize>(value: &T) -> Result<Vec<u8>, MpcError> {
    postcard::to_allocvec(value).map_err(|_| MpcError::Recoverable("encoding"))
}

pub(crate) fn from_bytes<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, MpcError> {
    match postcard::take_from_bytes(bytes) {
        Ok((value, [])) => Ok(value),
        _ => Err(MpcError::Malformed),
    }
}
