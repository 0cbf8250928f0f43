//! The ledger of a lane: a pure state machine from accepted operation to final outcome.
//!
//! `planned → offered(nonce, raw, hash) → mined(block) → settled`, and back from mined to offered when a block
//! vanishes. A nonce exists only together with a stored raw transaction, and is never given back: first the same bytes
//! again, then a replacement with higher fees and the same operation. What nodes say in words decides nothing; only
//! chain reads do. What happened to an operation is settled only by a final block that holds the account's own event.

use std::collections::BTreeMap;

use alloy_primitives::{B256, Bytes, U256};
use alloy_sol_types::SolEvent;
use serde::{Deserialize, Serialize};

use crate::contracts::AionAccount;
use crate::fees::Fees;
use crate::lane_key::LaneKey;
use crate::message::{Carry, Log, Outcome, Settled};
use crate::tx::{self, Transaction};

#[cfg(test)]
mod tests;

/// A planned operation is tried again after this time when the chain could not be asked.
pub const RETRY_MS: u64 = 2_000;
/// An offered transaction is looked for this often: about half a block of Polygon.
pub const LOOK_EVERY_MS: u64 = 1_000;
/// The same bytes are sent again when no receipt came for this time.
pub const REBROADCAST_AFTER_MS: u64 = 10_000;
/// The fees are raised when no receipt came for this time: some twenty blocks.
pub const BUMP_AFTER_MS: u64 = 45_000;
/// An operation whose transaction reverted on chain is looked at this often until it can go again or has expired.
pub const REVERTED_RETRY_MS: u64 = 15_000;
/// No replacement bids more than this many times what the chain wants now: a transaction that waits behind another
/// nonce is not helped by money.
const FEE_CAP_FACTOR: u128 = 10;
/// Headroom over an estimate of gas, in percent: state can change between estimate and block.
const GAS_HEADROOM_PERCENT: u64 = 25;
/// No transaction of ours may want more: Polygon's limit of one transaction.
const GAS_MAX: u64 = 33_554_432;

/// One gas payer's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lane {
    /// EIP-155 chain id.
    pub chain_id: u64,
    /// The next nonce, once the chain was asked for the first one.
    pub next_nonce: Option<u64>,
    /// Operations by key.
    pub entries: BTreeMap<String, Entry>,
}

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// What is carried.
    pub carry: Carry,
    /// How far it is.
    pub stage: Stage,
    /// When it wants attention, Unix milliseconds.
    pub due_ms: u64,
}

/// How far an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Waits for its quote. `sent_before` says that a transaction of it left once and reverted.
    Planned {
        /// Whether a rejection by simulation is no longer the whole truth.
        sent_before: bool,
    },
    /// A transaction is stored and sent.
    Offered(Offer),
    /// Another carrier used the operation's number; its transaction is looked for and never sent.
    Foreign {
        /// That transaction.
        hash: B256,
        /// Since when it is looked for, Unix milliseconds.
        since_ms: u64,
    },
    /// Settled; the report waits to be acknowledged.
    Settled(Outcome),
    /// Settled and acknowledged.
    Delivered,
}

/// A stored transaction with its earlier tries at the same nonce.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offer {
    /// The nonce of all tries.
    pub nonce: u64,
    /// Gas limit of all tries.
    pub gas_limit: u64,
    /// Whether the tries delegate the wallet's address first.
    pub delegates: bool,
    /// Fees of the newest try.
    pub fees: Fees,
    /// The newest try.
    pub raw: Bytes,
    /// Hashes of all tries, oldest first.
    pub hashes: Vec<B256>,
    /// When the nonce was given.
    pub offered_ms: u64,
    /// When the newest bytes were sent last.
    pub sent_ms: u64,
}

/// What a shell read from the chain before an operation is offered.
#[derive(Debug, Clone)]
pub struct Quote {
    /// `eth_getTransactionCount` of the payer at the latest block; counts only while the lane has no nonce yet.
    pub account_nonce: u64,
    /// The same at the final block: below it every nonce is spent, by whomever.
    pub final_nonce: u64,
    /// Whether the wallet's address has the account code.
    pub delegated: bool,
    /// Fees of now.
    pub fees: Fees,
    /// What a simulation said.
    pub simulation: Simulation,
    /// Whether the operation's number is used, and by which transaction.
    pub used_by: Option<B256>,
    /// Seconds (Unix) of the final block.
    pub final_timestamp_s: u64,
}

/// What a simulation said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Simulation {
    /// It would be carried out with this much gas.
    Gas(u64),
    /// It would revert, for this reason.
    Reverts(String),
}

/// What a shell read from the chain about an offered operation.
#[derive(Debug, Clone)]
pub enum Look {
    /// One of its tries has a receipt.
    Mined {
        /// The receipt.
        receipt: Mined,
        /// Number of the final block.
        final_number: u64,
        /// Hash of the block at the receipt's number, as the chain has it now.
        canonical_hash: Option<B256>,
    },
    /// None of its tries has a receipt.
    Missing {
        /// `eth_getTransactionCount` of the payer at the final block.
        final_nonce: u64,
        /// Fees of now.
        fees: Fees,
    },
}

/// A receipt.
#[derive(Debug, Clone)]
pub struct Mined {
    /// The transaction.
    pub transaction_hash: B256,
    /// Its block.
    pub block_number: u64,
    /// Hash of its block.
    pub block_hash: B256,
    /// Whether it was carried out.
    pub succeeded: bool,
    /// Gas that it used.
    pub gas_used: u64,
    /// What the contracts logged.
    pub logs: Vec<Log>,
}

/// What happens to a lane.
pub enum Command {
    /// A wallet hands over an operation; the same key again changes nothing.
    Accept(Box<Carry>),
    /// A planned operation was quoted.
    Quoted(String, Box<Quote>),
    /// An offered operation was looked for.
    Looked(String, Box<Look>),
    /// The chain could not be asked about an operation.
    Unreachable(String),
    /// The wallet acknowledged the report.
    Delivered(String),
}

/// What a shell does after the state is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Send these bytes to the chain.
    Send(Bytes),
}

impl Lane {
    /// An empty ledger.
    #[must_use]
    pub const fn new(chain_id: u64) -> Self {
        Self { chain_id, next_nonce: None, entries: BTreeMap::new() }
    }

    /// When the lane wants attention next.
    #[must_use]
    pub fn next_due_ms(&self) -> Option<u64> {
        self.open().map(|(_, entry)| entry.due_ms).min()
    }

    /// The operations that want attention now, the oldest first.
    #[must_use]
    pub fn due(&self, now_ms: u64) -> Vec<String> {
        let mut due: Vec<_> = self.open().filter(|(_, entry)| entry.due_ms <= now_ms).collect();
        due.sort_by_key(|(_, entry)| entry.due_ms);
        due.into_iter().map(|(key, _)| key.clone()).collect()
    }

    /// How many operations are not settled.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.entries.values().filter(|entry| !matches!(entry.stage, Stage::Settled(_) | Stage::Delivered)).count()
    }

    fn open(&self) -> impl Iterator<Item = (&String, &Entry)> {
        self.entries.iter().filter(|(_, entry)| entry.stage != Stage::Delivered)
    }

    /// Applies one command. Commands about unknown keys, and answers that come too late, change nothing.
    pub fn apply(&mut self, command: Command, key: &LaneKey, now_ms: u64) -> Vec<Effect> {
        match command {
            Command::Accept(carry) => {
                let entry = Entry { stage: Stage::Planned { sent_before: false }, due_ms: now_ms, carry: *carry };
                self.entries.entry(entry.carry.key()).or_insert(entry);
                Vec::new()
            }
            Command::Quoted(id, quote) => self.quoted(&id, &quote, key, now_ms),
            Command::Looked(id, look) => self.looked(&id, *look, key, now_ms),
            Command::Unreachable(id) => {
                if let Some(entry) = self.entries.get_mut(&id) {
                    entry.due_ms = now_ms + RETRY_MS;
                }
                Vec::new()
            }
            Command::Delivered(id) => {
                if let Some(entry) = self.entries.get_mut(&id).filter(|entry| matches!(entry.stage, Stage::Settled(_)))
                {
                    (entry.stage, entry.due_ms) = (Stage::Delivered, now_ms);
                }
                Vec::new()
            }
        }
    }

    fn quoted(&mut self, id: &str, quote: &Quote, key: &LaneKey, now_ms: u64) -> Vec<Effect> {
        let nonce = self.next_nonce.unwrap_or(quote.account_nonce).max(quote.final_nonce);
        let chain_id = self.chain_id;
        let Some(entry) = self.entries.get_mut(id) else {
            return Vec::new();
        };
        let Stage::Planned { sent_before } = entry.stage else {
            return Vec::new();
        };
        if let Some(hash) = quote.used_by {
            (entry.stage, entry.due_ms) = (Stage::Foreign { hash, since_ms: now_ms }, now_ms);
            return Vec::new();
        }
        if quote.final_timestamp_s > entry.carry.operation.deadline_s {
            (entry.stage, entry.due_ms) = (Stage::Settled(Outcome::Expired), now_ms);
            return Vec::new();
        }
        let gas = match &quote.simulation {
            Simulation::Gas(gas) => *gas,
            Simulation::Reverts(reason) if !sent_before => {
                let outcome = Outcome::Rejected { reason: reason.clone() };
                (entry.stage, entry.due_ms) = (Stage::Settled(outcome), now_ms);
                return Vec::new();
            }
            Simulation::Reverts(_) => {
                entry.due_ms = now_ms + REVERTED_RETRY_MS;
                return Vec::new();
            }
        };
        let gas_limit = (gas + gas * GAS_HEADROOM_PERCENT / 100).min(GAS_MAX);
        let delegates = !quote.delegated;
        let (raw, hash) = signed(&entry.carry, chain_id, nonce, gas_limit, delegates, quote.fees, key);
        let (fees, hashes) = (quote.fees, vec![hash]);
        let offer =
            Offer { nonce, gas_limit, delegates, fees, raw: raw.clone(), hashes, offered_ms: now_ms, sent_ms: now_ms };
        (entry.stage, entry.due_ms) = (Stage::Offered(offer), now_ms + LOOK_EVERY_MS);
        self.next_nonce = Some(nonce + 1);
        vec![Effect::Send(raw)]
    }

    fn looked(&mut self, id: &str, look: Look, key: &LaneKey, now_ms: u64) -> Vec<Effect> {
        let chain_id = self.chain_id;
        let Some(entry) = self.entries.get_mut(id).filter(|entry| !entry.stage.hashes().is_empty()) else {
            return Vec::new();
        };
        entry.due_ms = now_ms + LOOK_EVERY_MS;
        match look {
            Look::Missing { final_nonce, fees } => {
                entry.missing(chain_id, final_nonce, fees, key, now_ms).into_iter().collect()
            }
            Look::Mined { receipt, final_number, canonical_hash } => {
                let ours = entry.stage.hashes().contains(&receipt.transaction_hash);
                let is_final = receipt.block_number <= final_number && canonical_hash == Some(receipt.block_hash);
                if ours && is_final {
                    entry.mined(receipt, now_ms);
                }
                Vec::new()
            }
        }
    }
}

impl Stage {
    /// The transactions of which one may have carried the operation out; empty if there is none.
    #[must_use]
    pub fn hashes(&self) -> &[B256] {
        match self {
            Self::Offered(offer) => &offer.hashes,
            Self::Foreign { hash, .. } => std::slice::from_ref(hash),
            Self::Planned { .. } | Self::Settled(_) | Self::Delivered => &[],
        }
    }
}

impl Entry {
    /// No try has a receipt.
    fn missing(&mut self, chain_id: u64, final_nonce: u64, fees: Fees, key: &LaneKey, now_ms: u64) -> Option<Effect> {
        let lost = match &mut self.stage {
            // Its nonce is spent for good, and not by it.
            Stage::Offered(offer) if offer.nonce < final_nonce => true,
            Stage::Offered(offer) => return offer.again(&self.carry, chain_id, fees, key, now_ms),
            Stage::Foreign { since_ms, .. } => now_ms.saturating_sub(*since_ms) >= BUMP_AFTER_MS,
            Stage::Planned { .. } | Stage::Settled(_) | Stage::Delivered => false,
        };
        if lost {
            (self.stage, self.due_ms) = (Stage::Planned { sent_before: true }, now_ms);
        }
        None
    }

    /// A final block holds one of the tries.
    fn mined(&mut self, receipt: Mined, now_ms: u64) {
        if !receipt.carried_out(&self.carry) {
            // The nonce is spent and the operation's number is not: the operation may go again.
            (self.stage, self.due_ms) = (Stage::Planned { sent_before: true }, now_ms + REVERTED_RETRY_MS);
            return;
        }
        let outcome = Outcome::Succeeded {
            transaction_hash: receipt.transaction_hash,
            block_number: receipt.block_number,
            block_hash: receipt.block_hash,
            gas_used: receipt.gas_used,
            logs: receipt.logs,
        };
        (self.stage, self.due_ms) = (Stage::Settled(outcome), now_ms);
    }
}

impl Mined {
    /// Whether the account itself says that it carried the operation out. A status of success is not enough: a call of
    /// an address whose delegation was lost in a reorganisation succeeds without doing anything.
    fn carried_out(&self, carry: &Carry) -> bool {
        let topics = [AionAccount::OperationExecuted::SIGNATURE_HASH, B256::from(U256::from(carry.operation.op))];
        self.succeeded && self.logs.iter().any(|log| log.address == carry.address && log.topics == topics)
    }
}

impl Offer {
    /// No receipt: the same bytes again, or a replacement when they had their time.
    fn again(&mut self, carry: &Carry, chain_id: u64, now: Fees, key: &LaneKey, now_ms: u64) -> Option<Effect> {
        if now_ms.saturating_sub(self.sent_ms) < REBROADCAST_AFTER_MS {
            return None;
        }
        let fees = self.fees.bumped(now);
        let waited = now_ms.saturating_sub(self.offered_ms) >= BUMP_AFTER_MS * self.hashes.len() as u64;
        if waited && fees.max_fee_wei <= now.max_fee_wei.saturating_mul(FEE_CAP_FACTOR) {
            let (raw, hash) = signed(carry, chain_id, self.nonce, self.gas_limit, self.delegates, fees, key);
            (self.raw, self.fees) = (raw, fees);
            self.hashes.push(hash);
        }
        self.sent_ms = now_ms;
        Some(Effect::Send(self.raw.clone()))
    }
}

/// The report of a settled entry.
#[must_use]
pub fn report(entry: &Entry) -> Option<Settled> {
    let Stage::Settled(outcome) = &entry.stage else {
        return None;
    };
    Some(Settled { op: entry.carry.operation.op, outcome: outcome.clone() })
}

fn signed(
    carry: &Carry,
    chain_id: u64,
    nonce: u64,
    gas_limit: u64,
    delegates: bool,
    fees: Fees,
    key: &LaneKey,
) -> (Bytes, B256) {
    let transaction = Transaction {
        chain_id,
        nonce,
        max_priority_fee_per_gas: fees.tip_wei,
        max_fee_per_gas: fees.max_fee_wei,
        gas_limit,
        to: carry.address,
        value: U256::ZERO,
        input: carry.operation.execute_calldata(&carry.signature),
        delegations: if delegates { vec![carry.delegation] } else { Vec::new() },
    };
    let signature = key.sign(transaction.signing_hash());
    let raw = transaction.raw(&signature);
    let hash = tx::hash(&raw);
    (raw, hash)
}
