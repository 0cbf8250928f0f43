//! What a plan does to the world: what moves, what is created, who may spend. First as it is expected, then as it was.

use std::collections::BTreeMap;

use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::Schedule;
use super::policy::Operation;
use super::price::Price;
use super::resolve::{Act, Made, Resolved, Units};
use super::step::{Kind, Standard, Subject};
use super::text::Output;

/// A movement of a token.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Movement<A> {
    /// The token.
    pub token: A,
    /// Who gives; null where it is minted.
    pub from: Option<A>,
    /// Who gets; null where it is burnt.
    pub to: Option<A>,
    /// Base units, or the number of the one token of an ERC-721.
    pub amount: Units,
}

/// A right to spend what is another's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Allowance {
    /// The token.
    pub token: Address,
    /// Whose it is.
    pub owner: Address,
    /// Who may spend it.
    pub spender: Address,
    /// How much.
    pub amount: Units,
}

/// What comes into being.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "creates", rename_all = "camelCase")]
pub enum Creation {
    /// A token.
    Token {
        /// Its standard.
        standard: Standard,
        /// Its name.
        name: Made<String>,
        /// Its symbol.
        symbol: Made<String>,
        /// The greatest supply ever, base units.
        cap: Option<Units>,
        /// Where it will be, if that is known.
        at: Option<Address>,
    },
    /// A wallet.
    Wallet {
        /// Its name for people.
        label: Made<String>,
        /// Whose it is.
        owner: Option<Made<String>>,
    },
    /// An identity.
    Identity {
        /// Its name.
        name: Made<String>,
        /// What it stands for.
        subject: Subject,
    },
}

/// What one step does, each time that it runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepEffects {
    /// The step.
    pub step: String,
    /// Its kind.
    #[serde(rename = "do")]
    pub kind: Kind,
    /// The wallet that acts, as its id and not its address.
    pub by: Option<Made<String>>,
    /// The standard of the token that it is about.
    pub standard: Option<Standard>,
    /// What it creates.
    pub creates: Option<Creation>,
    /// What it moves. The giver is the wallet's address, or the output that is the wallet.
    pub moves: Vec<Movement<Made<Address>>>,
    /// Who may spend what afterwards. No step of a plan gives such a right, so this is empty, and one that is observed
    /// is a mismatch.
    pub allowances: Vec<Allowance>,
}

impl StepEffects {
    /// Whether it changes something: that is what people approve, step by step or whole.
    #[must_use]
    pub fn changes(&self) -> bool {
        self.creates.is_some() || !self.moves.is_empty()
    }
}

/// What a plan does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Effects {
    /// Step by step.
    pub steps: Vec<StepEffects>,
    /// When it recurs; null is once.
    pub schedule: Option<Schedule>,
    /// Native coin that is spent at most, over all runs, wei.
    pub native_max_wei: Units,
}

/// The expected effects of a plan.
#[must_use]
pub fn expected(resolved: &[Resolved], operations: &[Operation], price: &Price, schedule: Option<Schedule>) -> Effects {
    let steps: Vec<_> = resolved
        .iter()
        .map(|one| step(one, operations.iter().find(|op| op.step == one.step), schedule.is_some()))
        .collect();
    Effects { steps, schedule, native_max_wei: price.native_max_wei }
}

fn step(one: &Resolved, operation: Option<&Operation>, recurs: bool) -> StepEffects {
    let from = operation.map(|operation| match &operation.wallet {
        Made::Known(_) => Made::Known(operation.from),
        Made::Output(output) => Made::Output(output.clone()),
    });
    let (creates, moves) = match &one.act {
        Act::Create { standard, name, symbol, cap, .. } => {
            // Later runs have other tasks, and so other addresses.
            let real = operation.filter(|operation| operation.real && !recurs);
            let at = real.and_then(|operation| operation.makes);
            let (standard, name, symbol, cap) = (*standard, name.clone(), symbol.clone(), *cap);
            (Some(Creation::Token { standard, name, symbol, cap, at }), None)
        }
        Act::Wallet { label, owner } => (Some(Creation::Wallet { label: label.clone(), owner: owner.clone() }), None),
        Act::Identity { name, subject } => (Some(Creation::Identity { name: name.clone(), subject: *subject }), None),
        Act::Mint { token, to, amount, .. } => {
            (None, Some(Movement { token: token.at.clone(), from: None, to: Some(to.clone()), amount: *amount }))
        }
        Act::Transfer { token, to, amount, .. } => {
            (None, Some(Movement { token: token.at.clone(), from, to: Some(to.clone()), amount: *amount }))
        }
        Act::Burn { token, amount, .. } => {
            (None, Some(Movement { token: token.at.clone(), from, to: None, amount: *amount }))
        }
        _ => (None, None),
    };
    let standard = match &one.act {
        Act::Create { standard, .. } => Some(*standard),
        Act::Mint { token, .. } | Act::Transfer { token, .. } | Act::Burn { token, .. } => Some(token.standard),
        _ => None,
    };
    StepEffects {
        step: one.step.clone(),
        kind: one.kind,
        by: operation.map(|operation| operation.wallet.clone()),
        standard,
        creates,
        moves: moves.into_iter().collect(),
        allowances: Vec::new(),
    }
}

/// What was seen of a step on the chain and in the kernel.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Observed {
    /// `Transfer` events, of any contract.
    pub moves: Vec<Movement<Address>>,
    /// `Approval` and `ApprovalForAll` events, of any contract.
    pub allowances: Vec<Allowance>,
    /// Native coin that the transaction cost, wei.
    pub native_wei: Units,
    /// The outputs that are addresses, by name.
    pub outputs: BTreeMap<String, Address>,
}

/// A difference between what was expected and what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mismatch {
    /// The step.
    pub step: String,
    /// What differs.
    pub detail: String,
}

/// Holds one run's observations against what was expected. A step that did not run does nothing.
#[must_use]
pub fn compare(expected: &Effects, observed: &BTreeMap<String, Observed>) -> Vec<Mismatch> {
    let mut found = Vec::new();
    let known = |step: &str| expected.steps.iter().any(|one| one.step == step);
    for step in observed.keys().filter(|step| !known(step)) {
        found.push(Mismatch { step: step.clone(), detail: "is no step of the plan".to_owned() });
    }
    let mut spent = U256::ZERO;
    for one in &expected.steps {
        let Some(seen) = observed.get(&one.step) else {
            continue;
        };
        let mut mismatch = |detail: String| found.push(Mismatch { step: one.step.clone(), detail });
        spent = spent.saturating_add(seen.native_wei.0);
        if !seen.allowances.is_empty() {
            mismatch(format!("{} rights to spend were given", seen.allowances.len()));
        }
        let real = |made: &Made<Address>| match made {
            Made::Known(address) => Some(*address),
            Made::Output(output) => given(output, observed),
        };
        let moves: Option<Vec<_>> = one.moves.iter().map(|movement| filled(movement, &real)).collect();
        let Some(mut moves) = moves else {
            mismatch("an earlier step gave no address".to_owned());
            continue;
        };
        let mut seen_moves = seen.moves.clone();
        moves.sort();
        seen_moves.sort();
        if moves != seen_moves {
            mismatch(format!("{} movements were expected and {} others seen", moves.len(), seen_moves.len()));
        }
        if let Some(Creation::Token { at: Some(at), .. }) = &one.creates
            && seen.outputs.get("token") != Some(at)
        {
            mismatch("the token is not where it was expected".to_owned());
        }
    }
    let once =
        expected.native_max_wei.0 / U256::from(expected.schedule.as_ref().map_or(1, |schedule| schedule.runs.max(1)));
    if spent > once {
        found
            .push(Mismatch { step: String::new(), detail: format!("{spent} wei were spent, {once} at most expected") });
    }
    found
}

fn given(output: &Output, observed: &BTreeMap<String, Observed>) -> Option<Address> {
    let (step, name) = output.parts();
    // A wallet that gives is known by its address.
    let name = if name == "wallet" { "address" } else { name };
    observed.get(step)?.outputs.get(name).copied()
}

fn filled(
    movement: &Movement<Made<Address>>,
    real: &impl Fn(&Made<Address>) -> Option<Address>,
) -> Option<Movement<Address>> {
    let side = |side: &Option<Made<Address>>| match side {
        None => Some(None),
        Some(made) => real(made).map(Some),
    };
    let (from, to) = (side(&movement.from)?, side(&movement.to)?);
    Some(Movement { token: real(&movement.token)?, from, to, amount: movement.amount })
}
