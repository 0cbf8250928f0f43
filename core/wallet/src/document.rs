//! Documents of a wallet (EIP-712): which it may sign, and one document from acceptance to its signature.
//!
//! A signature on a document is an order to whatever contract reads it, good until that contract says otherwise. So
//! contracts and types are named at the wallet's creation and pinned with its key in K and in G, and what would move
//! value past every limit (permits, authorisations, meta transactions) is never signed, named or not.

use std::collections::BTreeMap;

use aion_chain::document::{DOCUMENT_MAX_BYTES, Document, is_type_name};
use aion_chain::operation::Signature;
use alloy_primitives::{Address, B256, hex};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::policy::Denial;

#[cfg(test)]
mod tests;

/// A wallet may name so many contracts.
pub const RULES_MAX: usize = 16;
/// A contract may have so many types named.
const TYPES_MAX: usize = 16;
/// A document waits for its signature for this long after its acceptance: as long as an operation is valid.
const VALID_MS: u64 = 6 * 3_600_000;

/// Beginnings of the names of types, in lower case, that let others move value past every limit: EIP-2612 and Permit2,
/// EIP-3009, Safe, meta transactions (ERC-2771 and ERC-20 ones), ERC-4337, delegations, what wraps other documents
/// (ERC-7739), and the account's own.
const NEVER: [&str; 15] = [
    "permit",
    "transferwithauthorization",
    "receivewithauthorization",
    "cancelauthorization",
    "safetx",
    "safemessage",
    "forwardrequest",
    "metatransaction",
    "metatx",
    "useroperation",
    "packeduseroperation",
    "delegation",
    "operation",
    "personalsign",
    "typeddatasign",
];

/// The documents of one contract that a wallet may sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rule {
    /// The contract: the domain's `verifyingContract`.
    pub contract: Address,
    /// The types of its messages: `primaryType`.
    pub types: Vec<String>,
}

/// What is wrong with rules, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {reason}")]
pub struct RuleFault {
    /// JSON pointer (RFC 6901) into the list of rules.
    pub pointer: String,
    /// In words.
    pub reason: String,
}

/// Checks the rules of a wallet that is to be created.
pub fn check_rules(rules: &[Rule]) -> Result<(), RuleFault> {
    let fault = |pointer: String, reason: String| Err(RuleFault { pointer, reason });
    if rules.len() > RULES_MAX {
        return fault(String::new(), format!("at most {RULES_MAX} contracts"));
    }
    for (place, rule) in rules.iter().enumerate() {
        if rules[..place].iter().any(|other| other.contract == rule.contract) {
            return fault(format!("/{place}/contract"), "is named twice".to_owned());
        }
        if rule.types.is_empty() || rule.types.len() > TYPES_MAX {
            return fault(format!("/{place}/types"), format!("1 to {TYPES_MAX} types"));
        }
        for (index, name) in rule.types.iter().enumerate() {
            let pointer = || format!("/{place}/types/{index}");
            if !is_type_name(name) {
                return fault(pointer(), "is not the name of a type".to_owned());
            }
            if is_never_signed(name) {
                return fault(pointer(), format!("{name} lets others move value past every limit: never signed"));
            }
        }
    }
    Ok(())
}

/// Decides on a document of a wallet at `wallet`, apart from how many are signed a day.
pub fn allows(rules: &[Rule], document: &Document, chain_id: u64, wallet: Address) -> Result<(), Denial> {
    let Document { contract, primary_type, .. } = document;
    if document.chain_id != chain_id {
        return Err(Denial::new("chain", format!("documents of chain {}, not {chain_id}", document.chain_id)));
    }
    if *contract == wallet {
        return Err(Denial::new("own_account", "the account's own documents are operations"));
    }
    if is_never_signed(primary_type) {
        return Err(Denial::new("never", format!("{primary_type} lets others move value past every limit")));
    }
    let named = rules.iter().any(|rule| rule.contract == *contract && rule.types.contains(primary_type));
    if named { Ok(()) } else { Err(Denial::new("unnamed", format!("{primary_type} of {contract} is not named"))) }
}

fn is_never_signed(primary_type: &str) -> bool {
    let name = primary_type.to_ascii_lowercase();
    let name = name.trim_start_matches(['_', '$']);
    NEVER.iter().any(|never| name.starts_with(never))
}

/// Reads the text of a document. It is the one text of its value: what K shows is what G reads.
pub fn read(text: &str) -> Result<Document, Denial> {
    let denial = |reason: String| Denial::new("document", reason);
    if text.len() > DOCUMENT_MAX_BYTES {
        return Err(denial(format!("more than {DOCUMENT_MAX_BYTES} bytes")));
    }
    let value: Value = serde_json::from_str(text).map_err(|_| denial("is not JSON".to_owned()))?;
    let written = value.to_string();
    if written != text {
        return Err(denial("is not the one text of its value".to_owned()));
    }
    Document::read(&value).map_err(|fault| denial(fault.to_string()))
}

/// The documents of a day: what each was, by its digest. The same document again is not counted again.
pub type Counted = BTreeMap<B256, Named>;

/// A document by contract and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Named {
    /// The contract that it is for.
    pub contract: Address,
    /// The type of its message.
    pub primary_type: String,
}

/// How far a document is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// It is allowed and counted; it waits for its signature.
    Accepted,
    /// Signed.
    Signed {
        /// The wallet's signature.
        signature: Signature,
    },
    /// Refused by policy: here, or by the guardian. Nothing was signed.
    Denied {
        /// Why.
        denial: Denial,
    },
}

/// One document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// The caller's key, by which it was accepted once.
    pub key: String,
    /// Its text.
    pub text: String,
    /// What is signed; absent if it was denied before.
    pub digest: Option<B256>,
    /// What it is; absent if it was denied before.
    pub named: Option<Named>,
    /// How far it is.
    pub stage: Stage,
    /// When it was accepted, Unix milliseconds.
    pub created_ms: u64,
    /// Who waits for it: the shell's own words, newest first.
    pub reply: Option<Value>,
    /// Whether its end was acknowledged by who waits.
    pub reported: bool,
    /// When it is due, Unix milliseconds.
    pub due_ms: u64,
}

impl Record {
    /// Whether the shell still has work with it.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        match self.stage {
            Stage::Accepted => true,
            Stage::Signed { .. } | Stage::Denied { .. } => !self.reported,
        }
    }

    /// Whether it waits for its signature.
    #[must_use]
    pub fn is_unsigned(&self) -> bool {
        self.stage == Stage::Accepted
    }

    /// It is signed.
    pub fn signed(&mut self, signature: Signature, now_ms: u64) {
        if self.is_unsigned() {
            (self.stage, self.due_ms) = (Stage::Signed { signature }, now_ms);
        }
    }

    /// The guardian denies it.
    pub fn denied(&mut self, denial: Denial, now_ms: u64) {
        if self.is_unsigned() {
            (self.stage, self.due_ms) = (Stage::Denied { denial }, now_ms);
        }
    }

    /// Whether it has waited for its signature too long.
    #[must_use]
    pub fn is_late(&self, now_ms: u64) -> bool {
        self.is_unsigned() && now_ms.saturating_sub(self.created_ms) >= VALID_MS
    }

    /// What it gave, for the step that waits: its output, or code and reason of its failure; `None` while it waits.
    #[must_use]
    pub fn result(&self, wallet: &str, address: Address) -> Option<Result<Value, (String, String)>> {
        match (&self.stage, &self.named) {
            (Stage::Accepted, _) => None,
            (Stage::Denied { denial }, _) => Some(Err(("policy.denied".to_owned(), denial.to_string()))),
            (Stage::Signed { signature }, named) => Some(Ok(json!({
                "wallet": wallet,
                "address": address.to_checksum(None),
                "contract": named.as_ref().map(|named| named.contract.to_checksum(None)),
                "primaryType": named.as_ref().map(|named| &named.primary_type),
                "digest": self.digest,
                "signature": format!("0x{}", hex::encode(signature.to_bytes()))
            }))),
        }
    }
}
