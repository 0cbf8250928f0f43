//! How it reads on: range by range up to the final block, and then whether what was read adds up.

use aion_api::Problem;
use aion_api::v1::tokens::Block;
use aion_chain::contracts::ERC20;
use aion_chain::holders::{Log, TRANSFER, touched, transfers};
use aion_chain::rpc::{self, Block as Head};
use aion_shell::call::{fault, now_ms};
use alloy_primitives::{Address as Account, Bytes, U64, U256};
use alloy_sol_types::SolCall;
use serde_json::json;

use super::store::{HOLDERS_MAX, Index, REST_MS, Store};
use super::{Holders, Standard, doubtful, too_many};
use crate::chain::{Chain, ChainError};

/// How long after its bound a reader is at work at most: three answers that come at the last moment.
pub const SLACK_MS: u64 = 15_000;

/// How much is read at a time.
#[derive(Debug, Clone, Copy)]
pub struct Bound {
    /// Ranges, of one `eth_getLogs` each.
    pub ranges: usize,
    /// Time, after which no further range begins.
    pub most_ms: u64,
}

/// How far a reader has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// All blocks that are final are read, and what was read adds up.
    CaughtUp,
    /// There is more to read.
    Behind,
    /// The chain does not answer.
    Silent,
}

impl Holders {
    /// Reads on within a bound. Somebody else may do the same between any two answers: what counts is what is stored,
    /// and a range only goes on from where it is.
    pub(super) async fn read(&self, store: &Store, bound: Bound) -> Result<Progress, Problem> {
        let chain = Chain::connect(&self.env)?;
        let ends_ms = now_ms() + bound.most_ms;
        let Ok(newest) = chain.final_block().await else {
            return Ok(Progress::Silent);
        };
        let last_final: u64 = newest.number.to();
        if !self.still_stands(store, &chain, &newest).await? {
            return Ok(Progress::Silent);
        }
        for ranges in 0..=bound.ranges {
            let index = store.index()?;
            let Some((first, last)) = index.plan.range(last_final) else {
                return self.settle(store, &chain).await;
            };
            if ranges == bound.ranges || now_ms() >= ends_ms {
                break;
            }
            match logs(&chain, index.token()?, (first, last), &newest).await {
                Ok((logs, head)) => self.take(store, &index, (first, &head), &logs)?,
                Err(error) => {
                    let mut plan = index.plan;
                    let refused = plan.refused(last);
                    if store.index()?.plan == index.plan {
                        store.save(&Index { plan, ..index })?;
                    }
                    if error == ChainError::Unreachable || refused.is_err() {
                        return Ok(Progress::Silent);
                    }
                }
            }
        }
        Ok(Progress::Behind)
    }

    /// Whether the block that it has read last is still one of the chain: a final block that is another one now makes
    /// everything that was read worth nothing. A node that is behind, or silent, cannot say.
    async fn still_stands(&self, store: &Store, chain: &Chain, newest: &Head) -> Result<bool, Problem> {
        let Some(known) = store.index()?.block else {
            return Ok(true);
        };
        let same = if known.number == newest.number.to::<u64>() {
            newest.hash
        } else {
            match chain.block(known.number).await {
                Ok(Some(head)) if known.number < newest.number.to::<u64>() => head.hash,
                _ => return Ok(false),
            }
        };
        if same.to_string() != known.hash && store.index()?.block.as_ref() == Some(&known) {
            fault("holders", &format!("final block {} was {} and is {same}: read anew", known.number, known.hash));
            self.caught_up.set(None);
            store.start_anew(0)?;
        }
        Ok(true)
    }

    /// Carries out what a range tells, in one turn without an `await`.
    fn take(&self, store: &Store, read: &Index, (first, head): (u64, &Head), logs: &[Log]) -> Result<(), Problem> {
        let index = store.index()?;
        if index.plan.next() != first || index.block != read.block {
            // Somebody else has read it meanwhile.
            return Ok(());
        }
        let last: u64 = head.number.to();
        let moved = match transfers(index.standard, index.token()?, (first, last), logs) {
            Ok(moved) => moved,
            Err(wrong) => return Err(self.doubt(store, &wrong)),
        };
        let mut book = store.book(&index, &touched(&moved))?;
        if let Err(wrong) = book.apply(&moved) {
            return Err(self.doubt(store, &wrong));
        }
        if book.count > HOLDERS_MAX {
            store.save(&Index { is_full: true, ..index })?;
            return Err(too_many());
        }
        let mut plan = index.plan;
        plan.read_to(last);
        let block = Some(Block { number: last, hash: head.hash.to_string() });
        let index = Index { plan, block, supply: book.supply, count: book.count, ..index };
        store.write(&book, &index)
    }

    /// Compares what was read with what the token says at the same block: its supply, where its standard has one, and
    /// the balance of who has most.
    async fn settle(&self, store: &Store, chain: &Chain) -> Result<Progress, Problem> {
        let index = store.index()?;
        let Some(block) = &index.block else {
            // The node has not come to the token's creation yet.
            return Ok(Progress::Silent);
        };
        if self.caught_up.get().is_none_or(|(checked, _)| checked != block.number) {
            let Ok(adds_up) = adds_up(chain, &index, store.first()?, &block.hash).await? else {
                return Ok(Progress::Silent);
            };
            if store.index()?.block.as_ref() != Some(block) {
                return Ok(Progress::Behind);
            }
            if !adds_up {
                return Err(self.doubt(store, &"what was read is not what the token says"));
            }
        }
        self.caught_up.set(Some((block.number, now_ms())));
        Ok(Progress::CaughtUp)
    }

    /// What was read is no history of the token, by whosever fault: nothing of it is shown, and after a rest it is read
    /// anew.
    fn doubt(&self, store: &Store, reason: &dyn std::fmt::Display) -> Problem {
        fault("holders", reason);
        self.caught_up.set(None);
        store.start_anew(now_ms() + REST_MS).err().unwrap_or_else(|| doubtful(REST_MS))
    }
}

/// The logs of a range, and the head of its last block.
async fn logs(
    chain: &Chain,
    token: Account,
    (first, last): (u64, u64),
    newest: &Head,
) -> Result<(Vec<Log>, Head), ChainError> {
    let (from, to) = (U64::from(first), U64::from(last));
    let filter = json!([{ "address": token, "fromBlock": from, "toBlock": to, "topics": [TRANSFER] }]);
    let logs = chain.ask("eth_getLogs", filter).await?;
    if newest.number == to {
        return Ok((logs, newest.clone()));
    }
    Ok((logs, chain.block(last).await?.ok_or(ChainError::Unreachable)?))
}

/// Whether a token says the same of its supply, and of who has most.
async fn adds_up(
    chain: &Chain,
    index: &Index,
    first: Option<(Account, U256)>,
    hash: &str,
) -> Result<Result<bool, ChainError>, Problem> {
    let token = index.token()?;
    let mut questions: Vec<(Bytes, U256)> = Vec::new();
    if index.standard == Standard::Erc20 {
        questions.push((ERC20::totalSupplyCall {}.abi_encode().into(), index.supply));
    }
    if let Some((account, balance)) = first {
        questions.push((ERC20::balanceOfCall { account }.abi_encode().into(), balance));
    }
    for (data, expected) in questions {
        let call = json!([rpc::call(None, token, &data, &[]), { "blockHash": hash }]);
        match chain.ask::<Bytes>("eth_call", call).await {
            Ok(words) if words.len() == 32 && U256::from_be_slice(&words) == expected => {}
            Ok(_) => return Ok(Ok(false)),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(true))
}
