//! The spending policy: the same pure rules in K and in G, each with a ledger of its own.
//!
//! Everything unnamed is denied. A wallet may create tokens through the factory of its deployment, and mint and
//! transfer the tokens that it created, and sign the documents that were named at its creation, within daily limits.
//! Limits are reserved before anything is signed.

use std::collections::BTreeMap;

use aion_chain::action::{Decoded, Standard};
use aion_chain::decimal;
use aion_chain::document::Document;
use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use crate::approval::{self, Used};
use crate::document::{self, Named, Rule};

pub(crate) const DAY_MS: u64 = 86_400_000;
/// Documents that a wallet may sign a day: as many as a busy agent sends, and few enough to be read by a person.
const DOCUMENTS_PER_DAY: u32 = 200;

/// Limits of a wallet. Days are days of UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Policy {
    /// Tokens that may be created a day.
    pub creations_per_day: u32,
    /// Operations that may be signed a day.
    pub operations_per_day: u32,
    /// Base units of each fungible token that may be minted or moved a day.
    #[serde(with = "decimal")]
    pub units_per_token_and_day: U256,
    /// Different documents that may be signed a day.
    #[serde(default = "documents_per_day")]
    pub documents_per_day: u32,
    /// The documents that may be signed at all.
    #[serde(default)]
    pub documents: Vec<Rule>,
    /// What needs the signatures of people; absent is nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<approval::Rule>,
}

const fn documents_per_day() -> u32 {
    DOCUMENTS_PER_DAY
}

impl Default for Policy {
    /// What a new wallet may: a launch or two, a payroll of a thousand with as much again for everything else, and a
    /// billion tokens of 18 decimals.
    fn default() -> Self {
        Self {
            creations_per_day: 20,
            operations_per_day: 2_000,
            units_per_token_and_day: U256::from(10).pow(U256::from(27)),
            documents_per_day: DOCUMENTS_PER_DAY,
            documents: Vec::new(),
            approval: None,
        }
    }
}

/// What was reserved today, and which tokens are the wallet's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SpendLedger {
    /// Days since 1970-01-01, UTC.
    pub day: u64,
    /// Tokens created today.
    pub creations: u32,
    /// Operations signed today.
    pub operations: u32,
    /// Base units used today by token.
    pub spent: BTreeMap<Address, U256>,
    /// The tokens that this wallet creates or has created.
    pub tokens: BTreeMap<Address, Standard>,
    /// Documents signed today.
    #[serde(default)]
    pub documents: document::Counted,
    /// Base units used today without anybody's approval by token, where the policy has a rule for that.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub free: BTreeMap<Address, U256>,
    /// What was used of approvals, until their documents have expired.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub approvals: Vec<Used>,
}

/// What one operation uses of the limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The day that it was reserved on.
    pub day: u64,
    /// The token that it creates.
    pub creates: Option<(Address, Standard)>,
    /// Base units of a token.
    pub units: Option<(Address, U256)>,
    /// Whether it is by nobody's word, where the policy has a rule for that.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free: bool,
    /// What it uses of an approval.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<Used>,
}

/// Why an operation is denied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{rule}: {reason}")]
pub struct Denial {
    /// The rule that fired.
    pub rule: String,
    /// In words.
    pub reason: String,
}

impl Denial {
    /// A denial by this rule.
    #[must_use]
    pub fn new(rule: &str, reason: impl Into<String>) -> Self {
        Self { rule: rule.to_owned(), reason: reason.into() }
    }
}

/// Decides on a decoded call by the limits, without reserving anything yet. Whose approval it needs, says
/// [`approval::admit`].
pub fn evaluate(policy: &Policy, ledger: &SpendLedger, decoded: &Decoded, now_ms: u64) -> Result<Reservation, Denial> {
    // A clock that goes back does not open a day anew.
    let day = (now_ms / DAY_MS).max(ledger.day);
    let fresh = ledger.day != day;
    let today = |count: u32| if fresh { 0 } else { count };
    if today(ledger.operations) >= policy.operations_per_day {
        let reason = format!("{} operations a day are all used", policy.operations_per_day);
        return Err(Denial::new("operations_per_day", reason));
    }
    match decoded {
        Decoded::Create { token, standard, .. } => {
            if today(ledger.creations) >= policy.creations_per_day {
                let reason = format!("{} creations a day are all used", policy.creations_per_day);
                return Err(Denial::new("creations_per_day", reason));
            }
            Ok(Reservation { day, creates: Some((*token, *standard)), units: None, free: false, used: None })
        }
        Decoded::Mint { token, amount, .. }
        | Decoded::Transfer { token, amount, .. }
        | Decoded::Burn { token, amount } => {
            let Some(standard) = ledger.tokens.get(token) else {
                return Err(Denial::new("own_tokens", format!("{token} is not a token that this wallet created")));
            };
            let moving = matches!(decoded, Decoded::Transfer { .. });
            let amount = match standard {
                Standard::Erc20 => *amount,
                // The number is the id of one token.
                Standard::Erc721 if !moving => U256::ONE,
                Standard::Erc721 => {
                    return Err(Denial::new("unnamed", "ERC-721 transfers are not named by the policy"));
                }
            };
            let spent = if fresh { U256::ZERO } else { ledger.spent.get(token).copied().unwrap_or_default() };
            let after = spent.checked_add(amount).filter(|after| *after <= policy.units_per_token_and_day);
            if after.is_none() {
                let limit = policy.units_per_token_and_day;
                let left = limit.saturating_sub(spent);
                let reason = format!("{limit} base units a token and day, of which {left} are left");
                return Err(Denial::new("units_per_token_and_day", reason));
            }
            Ok(Reservation { day, creates: None, units: Some((*token, amount)), free: false, used: None })
        }
        Decoded::Approve { spender, .. } | Decoded::ApproveAll { operator: spender, .. } => {
            let reason = format!("an approval lets {spender} spend past every limit");
            Err(Denial::new("approvals", reason))
        }
        Decoded::Unknown { to, .. } => {
            Err(Denial::new("unnamed", format!("a call of {to} that the policy does not name")))
        }
    }
}

/// Decides on a document of the wallet at `wallet`, without counting it yet; the day that it counts on.
pub fn evaluate_document(
    policy: &Policy,
    ledger: &SpendLedger,
    document: &Document,
    (chain_id, wallet): (u64, Address),
    now_ms: u64,
) -> Result<u64, Denial> {
    document::allows(&policy.documents, document, chain_id, wallet)?;
    let day = (now_ms / DAY_MS).max(ledger.day);
    let signed = if ledger.day == day { ledger.documents.len() } else { 0 };
    let again = ledger.day == day && ledger.documents.contains_key(&document.digest);
    if !again && signed >= usize::try_from(policy.documents_per_day).unwrap_or(usize::MAX) {
        let reason = format!("{} documents a day are all used", policy.documents_per_day);
        return Err(Denial::new("documents_per_day", reason));
    }
    Ok(day)
}

impl SpendLedger {
    /// Counts a document, before it is signed.
    pub fn count(&mut self, document: &Document, day: u64) {
        self.begin(day);
        let Document { contract, primary_type, digest, .. } = document;
        self.documents.insert(*digest, Named { contract: *contract, primary_type: primary_type.clone() });
    }

    fn begin(&mut self, day: u64) {
        if self.day != day {
            (self.day, self.creations, self.operations) = (day, 0, 0);
            self.spent.clear();
            self.documents.clear();
            self.free.clear();
            // A clock that goes back stops at the beginning of this day, so that none of these counts anew.
            self.approvals.retain(|used| used.expires_ms > day.saturating_mul(DAY_MS));
        }
    }

    /// What is used of the limits of the day that it is, for people: counts, and base units by token, decimal.
    #[must_use]
    pub fn used_today(&self, now_ms: u64) -> Value {
        let fresh = self.day < now_ms / DAY_MS;
        let today = |count: usize| if fresh { 0 } else { count };
        let units = |spent: &BTreeMap<Address, U256>| -> Map<String, Value> {
            let some = spent.iter().filter(|(_, units)| !fresh && **units > U256::ZERO);
            some.map(|(token, units)| (token.to_checksum(None), json!(units.to_string()))).collect()
        };
        json!({
            "operations": today(self.operations as usize),
            "creations": today(self.creations as usize),
            "documents": today(self.documents.len()),
            "unitsPerToken": units(&self.spent),
            "freeUnitsPerToken": units(&self.free)
        })
    }

    /// Takes a reservation down, before anything is signed.
    pub fn reserve(&mut self, reservation: &Reservation) {
        self.begin(reservation.day);
        self.operations += 1;
        if let Some((token, standard)) = reservation.creates {
            self.creations += 1;
            self.tokens.insert(token, standard);
        }
        if let Some((token, units)) = reservation.units {
            let spent = self.spent.entry(token).or_default();
            *spent = spent.saturating_add(units);
            if reservation.free {
                let free = self.free.entry(token).or_default();
                *free = free.saturating_add(units);
            }
        }
        if let Some(new) = reservation.used {
            match self.approvals.iter_mut().find(|used| used.digest == new.digest) {
                Some(used) => used.effects |= new.effects,
                None => self.approvals.push(new),
            }
        }
    }

    /// Gives a reservation back, once it is proven that the operation did not and will not happen.
    pub fn release(&mut self, reservation: &Reservation) {
        if let Some((token, _)) = reservation.creates {
            self.tokens.remove(&token);
        }
        if let Some(old) = reservation.used {
            for used in self.approvals.iter_mut().filter(|used| used.digest == old.digest) {
                used.effects &= !old.effects;
            }
            self.approvals.retain(|used| used.effects != 0);
        }
        if self.day != reservation.day {
            return;
        }
        self.operations = self.operations.saturating_sub(1);
        if reservation.creates.is_some() {
            self.creations = self.creations.saturating_sub(1);
        }
        if let Some((token, units)) = reservation.units
            && let Some(spent) = self.spent.get_mut(&token)
        {
            *spent = spent.saturating_sub(units);
            if reservation.free
                && let Some(free) = self.free.get_mut(&token)
            {
                *free = free.saturating_sub(units);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use aion_chain::action::{Decoded, Standard};
    use alloy_primitives::{Address, B256, U256};
    use serde_json::json;

    use super::{DAY_MS, Policy, SpendLedger, evaluate};

    const OWN: Address = Address::repeat_byte(1);

    fn policy() -> Policy {
        let units_per_token_and_day = U256::from(100);
        Policy { creations_per_day: 2, operations_per_day: 4, units_per_token_and_day, ..Policy::default() }
    }

    fn ledger() -> SpendLedger {
        let mut ledger = SpendLedger::default();
        let create = Decoded::Create { token: OWN, standard: Standard::Erc20, task: B256::ZERO };
        ledger.reserve(&evaluate(&policy(), &ledger, &create, 0).unwrap());
        ledger
    }

    fn mint(token: Address, amount: u64) -> Decoded {
        Decoded::Mint { token, to: Address::ZERO, amount: U256::from(amount) }
    }

    #[test]
    fn limits_hold_for_a_day_and_releases_give_back() {
        let mut ledger = ledger();
        let first = evaluate(&policy(), &ledger, &mint(OWN, 60), 0).unwrap();
        ledger.reserve(&first);
        let denied = evaluate(&policy(), &ledger, &mint(OWN, 41), 0).unwrap_err();
        assert_eq!(denied.rule, "units_per_token_and_day");
        assert!(evaluate(&policy(), &ledger, &mint(OWN, 100), DAY_MS).is_ok());
        ledger.release(&first);
        assert!(evaluate(&policy(), &ledger, &mint(OWN, 100), 0).is_ok());
        assert!(evaluate(&policy(), &ledger, &Decoded::Mint { token: OWN, to: OWN, amount: U256::MAX }, 0).is_err());
    }

    #[test]
    fn neither_a_clock_that_goes_back_nor_a_tightened_limit_gives_anything() {
        let mut ledger = ledger();
        ledger.reserve(&evaluate(&policy(), &ledger, &mint(OWN, 60), 3 * DAY_MS).unwrap());
        let back = evaluate(&policy(), &ledger, &mint(OWN, 41), 2 * DAY_MS + 1).unwrap_err();
        assert_eq!(back.rule, "units_per_token_and_day");
        ledger.reserve(&evaluate(&policy(), &ledger, &mint(OWN, 40), 2 * DAY_MS).unwrap());
        assert!(evaluate(&policy(), &ledger, &mint(OWN, 1), 3 * DAY_MS).is_err());
        let tight = Policy { units_per_token_and_day: U256::ONE, ..policy() };
        let denied = evaluate(&tight, &ledger, &mint(OWN, 1), 3 * DAY_MS).unwrap_err();
        assert_eq!(denied.reason, "1 base units a token and day, of which 0 are left");
    }

    #[test]
    fn what_is_not_named_is_denied() {
        let ledger = ledger();
        let stranger = Address::repeat_byte(2);
        for (decoded, rule) in [
            (mint(stranger, 1), "own_tokens"),
            (Decoded::Transfer { token: stranger, to: OWN, amount: U256::ONE }, "own_tokens"),
            (Decoded::Burn { token: stranger, amount: U256::ONE }, "own_tokens"),
            (Decoded::Burn { token: OWN, amount: U256::MAX }, "units_per_token_and_day"),
            (Decoded::Approve { token: OWN, spender: stranger, amount: U256::ONE }, "approvals"),
            (Decoded::ApproveAll { token: OWN, operator: stranger }, "approvals"),
            (Decoded::Unknown { to: OWN, selector: None }, "unnamed"),
        ] {
            assert_eq!(evaluate(&policy(), &ledger, &decoded, 0).unwrap_err().rule, rule);
        }
    }

    #[test]
    fn what_is_used_of_a_day_is_told_and_the_next_one_is_fresh() {
        let mut ledger = ledger();
        let reservation = evaluate(&policy(), &ledger, &mint(OWN, 7), 0).unwrap();
        ledger.reserve(&reservation);
        let used = ledger.used_today(DAY_MS - 1);
        assert_eq!((&used["operations"], &used["creations"], &used["documents"]), (&json!(2), &json!(1), &json!(0)));
        assert_eq!(used["unitsPerToken"], json!({ OWN.to_checksum(None): "7" }));
        assert_eq!(used["freeUnitsPerToken"], json!({}));
        let next = ledger.used_today(DAY_MS);
        assert_eq!((&next["operations"], &next["unitsPerToken"]), (&json!(0), &json!({})));
        ledger.release(&reservation);
        let used = ledger.used_today(0);
        assert_eq!((&used["operations"], &used["unitsPerToken"]), (&json!(1), &json!({})));
    }

    #[test]
    fn counts_are_limited() {
        let mut ledger = ledger();
        let (standard, task) = (Standard::Erc721, B256::ZERO);
        let create = |byte| Decoded::Create { token: Address::repeat_byte(byte), standard, task };
        ledger.reserve(&evaluate(&policy(), &ledger, &create(7), 0).unwrap());
        assert_eq!(evaluate(&policy(), &ledger, &create(8), 0).unwrap_err().rule, "creations_per_day");
        for _ in 0..2 {
            ledger.reserve(&evaluate(&policy(), &ledger, &mint(Address::repeat_byte(7), u64::MAX), 0).unwrap());
        }
        assert_eq!(evaluate(&policy(), &ledger, &mint(OWN, 1), 0).unwrap_err().rule, "operations_per_day");
    }
}
