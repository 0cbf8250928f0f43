//! Who holds a token: balances out of its `Transfer` logs, exact to the base unit.
//!
//! Logs are read strictly and balances by checked arithmetic: what does not add up is a [`Fault`], never a guess.

use std::collections::BinaryHeap;

use alloy_primitives::{Address, B256, Bytes, U64, U256, hex};
use alloy_sol_types::SolEvent;
use serde::Deserialize;

use crate::action::Standard;
use crate::contracts::ERC20;

pub mod plan;
#[cfg(test)]
mod tests;

/// The first topic of the logs that are wanted. Both standards have the same one.
pub const TRANSFER: B256 = ERC20::Transfer::SIGNATURE_HASH;

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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Transfer {
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
    // A heap sorts in a tenth of the code that the library's sort has.
    let mut places = BinaryHeap::with_capacity(logs.len());
    for (index, log) in logs.iter().enumerate() {
        let place: (u64, u64) = (log.block_number.to(), log.log_index.to());
        if log.address != token || log.removed || !(first..=last).contains(&place.0) {
            return Err(Fault::Foreign);
        }
        places.push((place, index));
    }
    let places = places.into_sorted_vec();
    if places.windows(2).any(|two| two[0].0 == two[1].0) {
        return Err(Fault::Twice);
    }
    Ok(places.into_iter().filter_map(|(_, index)| movement(standard, logs.get(index)?)).collect())
}

/// ERC-20: three topics and a word of data. ERC-721: the token is the fourth topic, and there is no data.
fn movement(standard: Standard, log: &Log) -> Option<Transfer> {
    let (from, to, amount) = match (standard, log.topics.as_slice(), log.data.len()) {
        (Standard::Erc20, [TRANSFER, from, to], 32) => (from, to, U256::from_be_slice(&log.data)),
        (Standard::Erc721, [TRANSFER, from, to, _], 0) => (from, to, U256::ONE),
        _ => return None,
    };
    Some(Transfer { from: address(from)?, to: address(to)?, amount })
}

fn address(topic: &B256) -> Option<Address> {
    let (head, tail) = topic.split_at(12);
    head.iter().all(|byte| *byte == 0).then(|| Address::from_slice(tail))
}

/// Whose balances movements change, by address.
#[must_use]
pub fn touched(transfers: &[Transfer]) -> Vec<Address> {
    let all = transfers.iter().flat_map(|moved| [moved.from, moved.to]).filter(|holder| *holder != Address::ZERO);
    let mut touched = all.collect::<BinaryHeap<Address>>().into_sorted_vec();
    touched.dedup();
    touched
}

/// The balances that movements touch, and what all holders come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Book {
    /// By address.
    balances: Vec<(Address, U256)>,
    /// What all holders have, those included that do not stand in this book.
    pub supply: U256,
    /// How many have something, likewise.
    pub count: u64,
}

impl Book {
    /// A book for whoever is touched: those that are known have what they have, the others nothing.
    #[must_use]
    pub fn new(touched: &[Address], known: &[(Address, U256)], (supply, count): (U256, u64)) -> Self {
        let balances = touched.iter().map(|holder| (*holder, U256::ZERO)).collect();
        let mut book = Self { balances, supply, count };
        for (holder, balance) in known {
            if let Some(own) = book.balance(*holder) {
                *own = *balance;
            }
        }
        book
    }

    /// Who has what, those included who have nothing any more.
    #[must_use]
    pub fn balances(&self) -> &[(Address, U256)] {
        &self.balances
    }

    /// Carries movements out, in their order. After a fault the book is worth nothing.
    pub fn apply(&mut self, transfers: &[Transfer]) -> Result<(), Fault> {
        for Transfer { from, to, amount } in transfers {
            if *from == Address::ZERO {
                self.supply = self.supply.checked_add(*amount).ok_or(Fault::Above)?;
            } else {
                self.change(*from, |own| own.checked_sub(*amount).ok_or(Fault::Below(*from)))?;
            }
            if *to == Address::ZERO {
                self.supply = self.supply.checked_sub(*amount).ok_or(Fault::Below(*to))?;
            } else {
                self.change(*to, |own| own.checked_add(*amount).ok_or(Fault::Above))?;
            }
        }
        Ok(())
    }

    fn balance(&mut self, holder: Address) -> Option<&mut U256> {
        let place = self.balances.binary_search_by(|(known, _)| known.cmp(&holder)).ok()?;
        self.balances.get_mut(place).map(|(_, balance)| balance)
    }

    fn change(&mut self, holder: Address, change: impl FnOnce(U256) -> Result<U256, Fault>) -> Result<(), Fault> {
        // Whoever is not touched moves nothing: the book was made for other movements.
        let own = self.balance(holder).ok_or(Fault::Foreign)?;
        let before = std::mem::replace(own, change(*own)?);
        match (before.is_zero(), own.is_zero()) {
            (true, false) => self.count = self.count.saturating_add(1),
            (false, true) => self.count = self.count.saturating_sub(1),
            _ => {}
        }
        Ok(())
    }
}

/// A balance as a text of 64 characters that sorts the other way round: the biggest one is the least text. So one
/// ascending order is "biggest first, then by address", and a list goes on after any place of it by one index.
#[must_use]
pub fn rank(balance: U256) -> String {
    hex::encode((!balance).to_be_bytes::<32>())
}

/// The balance of a rank.
#[must_use]
pub fn of_rank(rank: &str) -> Option<U256> {
    let mut word = [0; 32];
    // A rank has no prefix, which the reader of hexadecimal digits would pass over.
    let well_formed = rank.len() == 2 * word.len() && hex::decode_to_slice(rank, &mut word).is_ok();
    well_formed.then(|| !U256::from_be_bytes(word))
}
