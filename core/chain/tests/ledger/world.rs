//! A chain in memory: blocks, finality two blocks back, a pool that can be lost, an account that carries each operation
//! out at most once, and other carriers of the same operations.

use std::collections::{BTreeMap, BTreeSet};

use aion_chain::contracts::AionAccount;
use aion_chain::fees::Fees;
use aion_chain::lane_key::LaneKey;
use aion_chain::ledger::{Command, Effect, Lane, Look, Mined, Quote, Simulation, Stage};
use aion_chain::message::{Carry, Log, Outcome};
use aion_chain::operation::{Delegation, Operation, Signature, SignedDelegation};
use aion_chain::tx;
use alloy_primitives::{Address, B256, Bytes, U256};
use alloy_sol_types::SolEvent;

/// Operations of a run: those that divide by three expire soon, the last one always reverts, the one before it for
/// some time.
pub const OPERATIONS: u64 = 6;
const FINAL_DEPTH: usize = 2;
const FEES: Fees = Fees { max_fee_wei: 100, tip_wei: 10 };

#[derive(Clone)]
struct Transaction {
    hash: B256,
    op: u64,
    /// Nonce of our payer; other carriers have their own.
    nonce: Option<u64>,
}

struct Block {
    hash: B256,
    time_s: u64,
    /// Transactions, and whether each carried its operation out.
    transactions: Vec<(Transaction, bool)>,
}

pub struct World {
    pub lane: Lane,
    /// Which operation has which nonce.
    pub nonces: BTreeMap<u64, u64>,
    key: LaneKey,
    now_ms: u64,
    blocks: Vec<Block>,
    pool: Vec<Transaction>,
    outcomes: BTreeMap<String, Outcome>,
    ever_sent: BTreeSet<u64>,
    counter: u64,
}

impl World {
    pub fn new() -> Self {
        let key = LaneKey::derive(&[1; 32], 137, 0).unwrap();
        let mut world = Self {
            lane: Lane::new(137),
            nonces: BTreeMap::new(),
            key,
            now_ms: 1_000_000,
            blocks: Vec::new(),
            pool: Vec::new(),
            outcomes: BTreeMap::new(),
            ever_sent: BTreeSet::new(),
            counter: 0,
        };
        (0..=FINAL_DEPTH).for_each(|_| world.mine());
        world
    }

    pub fn step(&mut self, step: u8, argument: u8) {
        let op = u64::from(argument) % OPERATIONS;
        match step % 12 {
            0 => self.accept(op),
            1 | 2 => self.quote(op),
            3 | 4 => self.look(op),
            5 => self.apply(op, Command::Unreachable(id(op))),
            6 | 7 => self.mine(),
            8 => self.reorganise(usize::from(argument % 4), argument >= 128),
            9 => self.pool.clear(),
            10 => self.carry_elsewhere(op),
            _ => self.now_ms += u64::from(argument) * 400,
        }
    }

    /// A round in which nothing goes wrong.
    pub fn good_luck(&mut self) {
        self.now_ms += 5_000;
        for op in 0..OPERATIONS {
            self.quote(op);
            self.look(op);
        }
        self.mine();
    }

    pub fn accept(&mut self, op: u64) {
        self.apply(op, Command::Accept(Box::new(carry(op))));
    }

    pub fn quote(&mut self, op: u64) {
        let used_by = self.executed(op, self.blocks.len()).map(|(transaction, _)| transaction.hash);
        let reverts = used_by.is_some() || reverts(op, self.now_ms / 1_000);
        let quote = Quote {
            account_nonce: self.nonce_at(self.blocks.len()),
            final_nonce: self.nonce_at(self.final_length()),
            delegated: true,
            fees: FEES,
            simulation: if reverts { Simulation::Reverts("no".to_owned()) } else { Simulation::Gas(100) },
            used_by,
            final_timestamp_s: self.blocks[self.final_length() - 1].time_s,
        };
        self.apply(op, Command::Quoted(id(op), Box::new(quote)));
    }

    pub fn look(&mut self, op: u64) {
        let Some(entry) = self.lane.entries.get(&id(op)) else {
            return;
        };
        let hashes = entry.stage.hashes().to_vec();
        let found = self.blocks.iter().enumerate().find_map(|(number, block)| {
            let hit = block.transactions.iter().find(|(transaction, _)| hashes.contains(&transaction.hash))?;
            Some(receipt(number, block, hit))
        });
        let look = match found {
            Some(receipt) => Look::Mined {
                canonical_hash: Some(receipt.block_hash),
                final_number: self.final_length() as u64 - 1,
                receipt,
            },
            None => Look::Missing { final_nonce: self.nonce_at(self.final_length()), fees: FEES },
        };
        self.apply(op, Command::Looked(id(op), Box::new(look)));
    }

    /// A block takes what fits from the pool.
    pub fn mine(&mut self) {
        self.counter += 1;
        let time_s = self.now_ms / 1_000;
        let hash = B256::from(U256::from(self.counter));
        self.blocks.push(Block { hash, time_s, transactions: Vec::new() });
        for transaction in self.pool.clone() {
            let next = self.nonce_at(self.blocks.len());
            if transaction.nonce.is_some_and(|nonce| nonce != next) {
                continue;
            }
            let op = transaction.op;
            let done = self.executed(op, self.blocks.len()).is_none() && !reverts(op, time_s);
            self.pool.retain(|other| other.hash != transaction.hash);
            if let Some(block) = self.blocks.last_mut() {
                block.transactions.push((transaction, done));
            }
        }
    }

    /// The newest blocks vanish, as far as they are not final; their transactions go back to the pool or are lost.
    pub fn reorganise(&mut self, depth: usize, lost: bool) {
        let kept = self.blocks.len() - depth.min(FINAL_DEPTH);
        for block in self.blocks.split_off(kept) {
            if !lost {
                self.pool.extend(block.transactions.into_iter().map(|(transaction, _)| transaction));
            }
        }
        while self.blocks.len() < kept + depth.min(FINAL_DEPTH) {
            self.mine();
        }
    }

    /// Somebody else carries the same signed operation.
    fn carry_elsewhere(&mut self, op: u64) {
        self.counter += 1;
        let hash = B256::from(U256::from(self.counter) << 128);
        self.pool.push(Transaction { hash, op, nonce: None });
    }

    fn apply(&mut self, op: u64, command: Command) {
        for Effect::Send(raw) in self.lane.apply(command, &self.key, self.now_ms) {
            let Stage::Offered(offer) = &self.lane.entries[&id(op)].stage else { panic!("sent, and not stored") };
            assert_eq!(offer.raw, raw, "sent, and not stored");
            let hash = tx::hash(&raw);
            assert!(offer.hashes.contains(&hash));
            assert_eq!(*self.nonces.entry(offer.nonce).or_insert(op), op, "a nonce of two operations");
            self.ever_sent.insert(op);
            let mined = self.nonce_at(self.blocks.len()) > offer.nonce;
            if !mined {
                // A node keeps one transaction a nonce.
                self.pool.retain(|other| other.nonce != Some(offer.nonce));
                self.pool.push(Transaction { hash, op, nonce: Some(offer.nonce) });
            }
        }
    }

    pub fn check(&mut self) {
        assert!(self.nonces.keys().copied().eq(0..self.nonces.len() as u64), "a gap: {:?}", self.nonces);
        for op in 0..OPERATIONS {
            let Some(Stage::Settled(outcome)) = self.lane.entries.get(&id(op)).map(|entry| entry.stage.clone()) else {
                assert!(!self.outcomes.contains_key(&id(op)), "a settled operation came back");
                continue;
            };
            let executed = self.executed(op, self.final_length());
            match &outcome {
                Outcome::Succeeded { transaction_hash, block_hash, .. } => {
                    let (transaction, block) = executed.expect("it is on the final chain");
                    assert_eq!((transaction.hash, block.hash), (*transaction_hash, *block_hash));
                }
                Outcome::Rejected { .. } => assert!(!self.ever_sent.contains(&op), "rejected after it left"),
                Outcome::Expired => {
                    assert!(executed.is_none(), "expired, and carried out");
                    assert!(self.blocks[self.final_length() - 1].time_s > deadline_s(op));
                }
            }
            assert_eq!(self.outcomes.entry(id(op)).or_insert_with(|| outcome.clone()), &outcome);
        }
    }

    fn final_length(&self) -> usize {
        self.blocks.len() - FINAL_DEPTH
    }

    fn nonce_at(&self, length: usize) -> u64 {
        let all = self.blocks[..length].iter().flat_map(|block| &block.transactions);
        all.filter(|(transaction, _)| transaction.nonce.is_some()).count() as u64
    }

    fn executed(&self, op: u64, length: usize) -> Option<(&Transaction, &Block)> {
        self.blocks[..length].iter().find_map(|block| {
            let done = |(transaction, done): &&(Transaction, bool)| *done && transaction.op == op;
            block.transactions.iter().find(done).map(|(transaction, _)| (transaction, block))
        })
    }
}

fn reverts(op: u64, time_s: u64) -> bool {
    let paused = op == OPERATIONS - 2 && (time_s / 40) % 2 == 1;
    op == OPERATIONS - 1 || paused || time_s > deadline_s(op)
}

fn receipt(number: usize, block: &Block, (transaction, done): &(Transaction, bool)) -> Mined {
    let topics = vec![AionAccount::OperationExecuted::SIGNATURE_HASH, B256::from(U256::from(transaction.op))];
    let log = Log { address: Address::repeat_byte(5), topics, data: Bytes::new() };
    Mined {
        transaction_hash: transaction.hash,
        block_number: number as u64,
        block_hash: block.hash,
        succeeded: *done,
        gas_used: 1,
        logs: if *done { vec![log] } else { Vec::new() },
    }
}

fn id(op: u64) -> String {
    format!("w/{op}")
}

fn deadline_s(op: u64) -> u64 {
    if op.is_multiple_of(3) { 1_200 } else { 1_000_000 }
}

fn carry(op: u64) -> Carry {
    let signature = Signature { r: B256::repeat_byte(1), s: B256::repeat_byte(2), y_parity: false };
    let delegation = Delegation { chain_id: 137, implementation: Address::repeat_byte(9), nonce: 0 };
    let (to, value, data) = (Address::repeat_byte(3), U256::ZERO, Bytes::new());
    Carry {
        tenant: "t".to_owned(),
        wallet: "w".to_owned(),
        address: Address::repeat_byte(5),
        operation: Operation { op, to, value, data, deadline_s: deadline_s(op) },
        signature,
        delegation: SignedDelegation { delegation, signature },
    }
}
