//! The tenant's rules for plans: typed, small, and evaluated twice. First without any approval; if that is denied for
//! want of one, again as if everybody who may approve had: what is denied even then is denied, the rest needs approval.

use std::collections::BTreeSet;

use aion_task::definition::Fault;
use alloy_primitives::U256;
use serde::{Deserialize, Serialize};

use super::effects::{Creation, Effects, StepEffects};
use super::literal::is_did;
use super::request::{Mandate, Request, Typed};
use super::resolve::{Made, Units, units};
use super::step::{Kind, Standard};
use super::text::Name;

#[cfg(test)]
mod tests;

/// So many may approve at most, as in a task.
pub const APPROVERS_MAX: usize = 20;

/// How long an approval can be asked for, milliseconds: a minute to 30 days.
const VALID_MS: std::ops::RangeInclusive<u64> = 60_000..=30 * 86_400_000;

/// Rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rules {
    /// The kinds of steps that are allowed at all.
    pub tools: Vec<Kind>,
    /// Who may approve: DIDs.
    pub approvers: BTreeSet<String>,
    /// How many of them have to.
    pub count: usize,
    /// Whether a plan that mandates cover in full needs no approval.
    pub mandates: bool,
    /// Native coin that a plan may cost at most, over all runs, wei.
    pub native_max_wei: Units,
    /// An approval is asked for, and holds, for so long, milliseconds.
    pub valid_ms: u64,
}

/// Why rules deny.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Unfit {
    /// It costs too much.
    #[error("it may cost {cost} wei, and {max} are allowed")]
    Native {
        /// What it may cost.
        cost: String,
        /// What is allowed.
        max: String,
    },
    /// People have not approved.
    #[error("{0} approvals are wanted")]
    Approvals(usize),
}

/// What rules say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "camelCase")]
pub enum Verdict {
    /// It may run.
    Allowed,
    /// It may run once so many of these have approved.
    NeedsApproval {
        /// Their DIDs.
        by: BTreeSet<String>,
        /// How many.
        count: usize,
    },
    /// It may not.
    Denied {
        /// Why.
        reason: String,
    },
}

impl Default for Rules {
    /// Nothing runs but what a named person has approved, and nobody is named yet.
    fn default() -> Self {
        Self {
            tools: Kind::ALL.to_vec(),
            approvers: BTreeSet::new(),
            count: 1,
            mandates: false,
            // 10 POL: some hundred transactions.
            native_max_wei: Units(U256::from(10_000_000_000_000_000_000_u64)),
            valid_ms: 86_400_000,
        }
    }
}

impl Rules {
    /// Everything that is wrong with them.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let twice = self.tools.iter().enumerate().any(|(place, tool)| self.tools[..place].contains(tool));
        let many = self.approvers.len() > APPROVERS_MAX || !self.approvers.iter().all(|did| is_did(did));
        let count = self.count == 0 || self.count > self.approvers.len().max(1);
        let wrong = [
            (twice, "/tools", "a tool stands here twice"),
            (many, "/approvers", "at most 20 DIDs"),
            (count, "/count", "1 or more, and no more than there are approvers"),
            (!VALID_MS.contains(&self.valid_ms), "/validMs", "a minute to 30 days, in milliseconds"),
        ];
        wrong.iter().filter(|(wrong, ..)| *wrong).map(|(_, at, rule)| Fault::new(*at, *rule)).collect()
    }

    /// Decides, given who has approved.
    pub fn evaluate(&self, request: &Request, effects: &Effects, approved: &BTreeSet<String>) -> Result<(), Unfit> {
        let (cost, max) = (effects.native_max_wei, self.native_max_wei);
        if cost > max {
            return Err(Unfit::Native { cost: cost.0.to_string(), max: max.0.to_string() });
        }
        if self.mandates && covered(request, effects) {
            return Ok(());
        }
        // Without anybody who may approve, or with a count of nobody, there is no approval to be had.
        let enough = self.count > 0 && approved.intersection(&self.approvers).count() >= self.count;
        if enough { Ok(()) } else { Err(Unfit::Approvals(self.count.max(1))) }
    }

    /// The verdict: with the approvals there are, and if they are not enough with those there could be.
    #[must_use]
    pub fn verdict(&self, request: &Request, effects: &Effects) -> Verdict {
        if self.evaluate(request, effects, &BTreeSet::new()).is_ok() {
            return Verdict::Allowed;
        }
        match self.evaluate(request, effects, &self.approvers) {
            Ok(()) => Verdict::NeedsApproval { by: self.approvers.clone(), count: self.count },
            Err(unfit) => Verdict::Denied { reason: unfit.to_string() },
        }
    }
}

/// Whether mandates cover every step that changes something. What only reads or waits needs none. When something recurs
/// is a model's choice, so no mandate covers it.
#[must_use]
pub fn covered(request: &Request, effects: &Effects) -> bool {
    let mut left: Vec<u32> = request.mandates.iter().map(|mandate| mandate.times).collect();
    let changing = effects.steps.iter().filter(|step| step.changes());
    let covered = changing.into_iter().all(|step| {
        let place =
            request.mandates.iter().zip(&left).position(|(mandate, left)| *left > 0 && fits(mandate, step, request));
        place.and_then(|place| left.get_mut(place)).map(|left| *left -= 1).is_some()
    });
    covered && effects.schedule.is_none()
}

fn fits(mandate: &Mandate, step: &StepEffects, request: &Request) -> bool {
    if mandate.kind != step.kind {
        return false;
    }
    let nft = step.standard == Some(Standard::Erc721);
    match (&step.creates, step.moves.as_slice()) {
        (Some(creation), []) => created(mandate, creation),
        (None, [movement]) => {
            let (token, decimals) = match (&mandate.token, &movement.token) {
                (Some(handle), Made::Known(at)) => match value(request, handle) {
                    Some(Typed::Token { address, decimals, .. }) => (address == at, *decimals),
                    _ => (false, 0),
                },
                (None, Made::Output(_)) => (true, if nft { 0 } else { super::resolve::DECIMALS }),
                _ => (false, 0),
            };
            let to = match (&mandate.to, &movement.to) {
                (None, None) => true,
                (Some(handle), Some(Made::Known(to))) => match value(request, handle) {
                    Some(Typed::Address { address } | Typed::Did { address: Some(address), .. }) => address == to,
                    _ => false,
                },
                _ => false,
            };
            let most = mandate.amount.as_deref().and_then(|amount| units(amount, decimals));
            // Of an ERC-721 the number says which one, and no other will do.
            let fits = |most: Units| if nft { movement.amount == most } else { movement.amount <= most };
            token && to && most.is_some_and(fits)
        }
        _ => false,
    }
}

fn created(mandate: &Mandate, creation: &Creation) -> bool {
    let bare = mandate.token.is_none() && mandate.to.is_none();
    match creation {
        // A cap is a promise to others; a wallet with an owner is somebody's.
        Creation::Token { cap, .. } => {
            let most = mandate.amount.as_deref().map(|amount| units(amount, super::resolve::DECIMALS));
            bare && (cap.is_none() || most == Some(*cap))
        }
        Creation::Wallet { owner, .. } => bare && owner.is_none(),
        Creation::Identity { .. } => bare,
    }
}

fn value<'a>(request: &'a Request, handle: &Name) -> Option<&'a Typed> {
    request.inputs.get(handle).map(|input| &input.value)
}
