//! Who holds a token: balances out of its `Transfer` logs, exact to the base unit.
//!
//! Logs are read strictly and balances by checked arithmetic: what does not add up is a [`Fault`], never a guess.

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use alloy_sol_types::SolEvent;
use serde::Deserialize;

use crate::action::Standard;
use crate::contracts::ERC20;

pub mod plan;
#[cfg(test)]
mod tests;

/// The first topic of the logs that are wanted. Both standards have the same one.
pub const TRANSFER: B256 = ERC20::Transfer::SIGNATURE_HASH;
/// Hexadecimal digits of a balance.
const WORD_CHARS: usize = 64;

/// A log as `eth_getLogs` answers it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// The contract.
    pub address: Address,
    /// Topics.
    pub topics: Vec<B256>,
    /// Data.
    pub data: Bytes,
    /// Its block.
    pub block_number: U64,
    /// Its place in the block.
    pub log_index: U64,
    /// Whether its block is none of the chain any more.
    #[serde(default)]
    pub removed: bool,
}

/// One movement of tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Transfer {
    /// Its block and its place in there: the order of movements.
    pub place: (u64, u64),
    /// Who gave; nobody if it is a mint.
    pub from: Address,
    /// Who got; nobody if it is a burn.
    pub to: Address,
    /// Base units, or one token.
    pub amount: U256,
}

/// Why logs cannot be what happened: the node has left something out, or made it up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// It is of another contract, of a block that nobody asked for, or of one that is none any more.
    #[error("the node answers with logs that nobody asked for")]
    Foreign,
    /// Two logs stand at the same place.
    #[error("the node answers with two logs at one place")]
    Twice,
    /// Somebody would have given more than they had.
    #[error("{0} would have less than nothing")]
    Below(Address),
    /// There would be more than 256 bits can say.
    #[error("there would be more than 256 bits can say")]
    Above,
}

/// Reads the movements of a token out of the logs of blocks `first` to `last`, in their order. What is no `Transfer` of
/// the standard is passed over.
pub fn transfers(
    standard: Standard,
    token: Address,
    (first, last): (u64, u64),
    logs: &[Log],
) -> Result<Vec<Transfer>, Fault> {
    let mut read = Vec::with_capacity(logs.len());
    for log in logs {
        let place: (u64, u64) = (log.block_number.to(), log.log_index.to());
        if log.address != token || log.removed || !(first..=last).contains(&place.0) {
            return Err(Fault::Foreign);
        }
        read.push((place, movement(standard, log)));
    }
    read.sort_unstable_by_key(|(place, _)| *place);
    if read.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(Fault::Twice);
    }
    let whole = |(place, moved): ((u64, u64), Option<(Address, Address, U256)>)| {
        moved.map(|(from, to, amount)| Transfer { place, from, to, amount })
    };
    Ok(read.into_iter().filter_map(whole).collect())
}

/// ERC-20: three topics and a word of data. ERC-721: the token is the fourth topic, and there is no data.
fn movement(standard: Standard, log: &Log) -> Option<(Address, Address, U256)> {
    let (from, to, amount) = match (standard, log.topics.as_slice(), log.data.len()) {
        (Standard::Erc20, [TRANSFER, from, to], 32) => (from, to, U256::from_be_slice(&log.data)),
        (Standard::Erc721, [TRANSFER, from, to, _], 0) => (from, to, U256::ONE),
        _ => return None,
    };
    Some((address(from)?, address(to)?, amount))
}

fn address(topic: &B256) -> Option<Address> {
    let (head, tail) = topic.split_at(12);
    head.iter().all(|byte| *byte == 0).then(|| Address::from_slice(tail))
}

/// Whose balances movements change.
#[must_use]
pub fn touched(transfers: &[Transfer]) -> BTreeSet<Address> {
    transfers.iter().flat_map(|moved| [moved.from, moved.to]).filter(|holder| *holder != Address::ZERO).collect()
}

/// Balances as far as movements touch them, and what all of them come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// Who has what; whoever is not there has nothing.
    pub balances: BTreeMap<Address, U256>,
    /// What all holders have, those included that do not stand in this book.
    pub supply: U256,
    /// How many have something, likewise.
    pub count: u64,
}

impl Book {
    /// Carries movements out, in their order. After a fault the book is worth nothing.
    pub fn apply(&mut self, transfers: &[Transfer]) -> Result<(), Fault> {
        for Transfer { from, to, amount, .. } in transfers {
            if *from == Address::ZERO {
                self.supply = self.supply.checked_add(*amount).ok_or(Fault::Above)?;
            } else {
                let left = self.balance(from).checked_sub(*amount).ok_or(Fault::Below(*from))?;
                self.set(*from, left);
            }
            if *to == Address::ZERO {
                self.supply = self.supply.checked_sub(*amount).ok_or(Fault::Below(*to))?;
            } else {
                let more = self.balance(to).checked_add(*amount).ok_or(Fault::Above)?;
                self.set(*to, more);
            }
        }
        Ok(())
    }

    fn balance(&self, holder: &Address) -> U256 {
        self.balances.get(holder).copied().unwrap_or_default()
    }

    fn set(&mut self, holder: Address, balance: U256) {
        let before = self.balances.insert(holder, balance).unwrap_or_default();
        match (before.is_zero(), balance.is_zero()) {
            (true, false) => self.count = self.count.saturating_add(1),
            (false, true) => self.count = self.count.saturating_sub(1),
            _ => {}
        }
    }
}

/// A balance as a text of 64 characters that sorts the other way round: the biggest one is the least text. So one
/// ascending order is "biggest first, then by address", and a list goes on after any place of it by one index.
#[must_use]
pub fn rank(balance: U256) -> String {
    format!("{:064x}", !balance)
}

/// The balance of a rank.
#[must_use]
pub fn of_rank(rank: &str) -> Option<U256> {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    let well_formed = rank.len() == WORD_CHARS && rank.bytes().all(is_digit);
    U256::from_str_radix(rank, 16).ok().filter(|_| well_formed).map(|word| !word)
}
