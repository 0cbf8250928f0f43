//! What the user asked for: the trusted part of everything that a mind sees.

use std::collections::BTreeMap;

use aion_task::definition::Fault;
use aion_task::ids;
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};

use super::literal::{self, Language, Literals};
use super::quarantine::Answer;
use super::step::{Kind, Standard};
use super::text::{Name, is_hidden};

/// A goal has so many characters at most.
pub const GOAL_MAX_CHARS: usize = 4_000;
/// So many inputs, answers and mandates at most, each: a team, and a prompt of a few thousand words.
pub const ENTRIES_MAX: usize = 64;
/// A token has so many decimals at most: with 2^256 base units, more would leave no whole token.
pub const DECIMALS_MAX: u8 = 77;

/// Who vouches for an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// The fields of the request itself.
    Request,
    /// The tenant's address book.
    AddressBook,
    /// A DID document that was resolved and verified.
    DidBinding,
    /// The platform's own list of the tenant's wallets and tokens.
    Own,
}

/// A value with its type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase", deny_unknown_fields)]
pub enum Typed {
    /// An address.
    Address {
        /// The address.
        address: Address,
    },
    /// An amount of whole tokens, decimal.
    Amount {
        /// The amount.
        amount: String,
    },
    /// A token.
    Token {
        /// Its address.
        address: Address,
        /// Its standard.
        standard: Standard,
        /// Its decimals; 0 for an ERC-721.
        decimals: u8,
    },
    /// A wallet of the tenant.
    Wallet {
        /// Its id, `wal_…`.
        wallet: String,
    },
    /// A DID.
    Did {
        /// The DID.
        did: String,
        /// The address that it is bound to, if it is to one.
        address: Option<Address>,
    },
    /// A text.
    Text {
        /// The text.
        text: String,
    },
}

/// One input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// Who vouches for it.
    pub source: Source,
    /// What it is.
    pub value: Typed,
}

/// What the user authorises beforehand: steps of a kind with these values and no others. A plan whose every step with
/// an effect is covered needs nobody's approval, if the rules of the tenant say so; values alone, without a mandate,
/// only say what a plan may be made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Mandate {
    /// The kind of the steps.
    #[serde(rename = "do")]
    pub kind: Kind,
    /// The input that is the token; null is a token that the plan itself creates.
    pub token: Option<Name>,
    /// The input that gets it; null for kinds without a recipient.
    pub to: Option<Name>,
    /// Whole tokens at most, each time; null for kinds without an amount.
    pub amount: Option<String>,
    /// How many such steps.
    pub times: u32,
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// What the user wants, in their own words. Whoever pastes foreign text here vouches for it.
    pub goal: String,
    /// The language that the user declares.
    pub language: Option<Language>,
    /// Values by their handles.
    pub inputs: BTreeMap<Name, Input>,
    /// Answers about untrusted text by their handles.
    pub answers: BTreeMap<Name, Answer>,
    /// What is authorised beforehand.
    pub mandates: Vec<Mandate>,
}

impl Request {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        if self.goal.trim().is_empty() || self.goal.chars().count() > GOAL_MAX_CHARS {
            faults.push(Fault::new("/goal", format!("1 to {GOAL_MAX_CHARS} characters")));
        }
        if let Some(hidden) = literal::hidden(&self.goal) {
            faults.push(Fault::new("/goal", format!("has {hidden}")).with_hint("type it anew instead of pasting it"));
        }
        let counts =
            [("/inputs", self.inputs.len()), ("/answers", self.answers.len()), ("/mandates", self.mandates.len())];
        let many = counts.into_iter().filter(|(_, count)| *count > ENTRIES_MAX);
        faults.extend(many.map(|(place, _)| Fault::new(place, format!("at most {ENTRIES_MAX}"))));
        for (handle, input) in &self.inputs {
            let place = format!("/inputs/{handle}/value");
            faults.extend(input.value.check().err().map(|reason| Fault::new(&place, reason)));
            if self.answers.contains_key(handle) {
                faults.push(Fault::new(format!("/answers/{handle}"), "is also the handle of an input"));
            }
        }
        for (place, mandate) in self.mandates.iter().enumerate() {
            for handle in mandate.token.iter().chain(&mandate.to).filter(|handle| !self.inputs.contains_key(*handle)) {
                faults.push(Fault::new(format!("/mandates/{place}"), format!("{handle} is no input")));
            }
            if mandate.amount.as_deref().is_some_and(|amount| literal::canonical(amount).is_none()) {
                faults.push(Fault::new(format!("/mandates/{place}/amount"), "an amount is a decimal"));
            }
        }
        faults
    }

    /// The literals of its goal.
    #[must_use]
    pub fn literals(&self) -> Literals {
        literal::extract(&self.goal, self.language)
    }
}

impl Typed {
    /// Its type, as people and models read it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Address { .. } => "address",
            Self::Amount { .. } => "amount",
            Self::Token { .. } => "token",
            Self::Wallet { .. } => "wallet",
            Self::Did { .. } => "did",
            Self::Text { .. } => "text",
        }
    }

    fn check(&self) -> Result<(), &'static str> {
        match self {
            Self::Amount { amount } if literal::canonical(amount).is_none() => Err("an amount is a decimal"),
            Self::Token { decimals, .. } if *decimals > DECIMALS_MAX => Err("at most 77 decimals"),
            Self::Token { standard: Standard::Erc721, decimals: 1.., .. } => Err("an ERC-721 has no decimals"),
            Self::Wallet { wallet } if !ids::is_wallet(wallet) => Err("the id of a wallet, wal_…"),
            Self::Did { did, .. } if !literal::is_did(did) => Err("a DID"),
            Self::Text { text } if text.is_empty() || text.chars().any(is_hidden) => {
                Err("a text without invisible characters")
            }
            _ => Ok(()),
        }
    }
}
