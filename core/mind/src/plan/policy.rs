//! The spending policy of wallets over a whole plan: the same rules that K and G apply to each operation, with what the
//! earlier operations of the plan have used up.

use std::collections::BTreeMap;

use aion_chain::action::{TokenAction, decode_call};
use aion_task::ids;
use aion_wallet::policy::{Denial, Policy, SpendLedger, evaluate};
use alloy_primitives::{Address, B256, keccak256};
use serde::{Deserialize, Serialize};

use super::resolve::{Act, Facts, Made, Resolved};
use super::step::Standard;
use super::text::Output;

/// An operation of a wallet that a step of a plan asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The step.
    pub step: String,
    /// The wallet.
    pub wallet: Made<String>,
    /// Its address. Of a wallet that the plan creates, a stand-in: the real one is known when its key is.
    pub from: Address,
    /// What it does.
    pub action: TokenAction,
    /// The token that it creates.
    pub makes: Option<Address>,
    /// Whether every address in it is the real one and is there already.
    pub real: bool,
}

/// A step that the policy of its wallet denies.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Denied {
    /// The step.
    pub step: String,
    /// Why.
    pub denial: Denial,
}

/// The operations of a plan whose first run is the task with this id.
#[must_use]
pub fn operations(resolved: &[Resolved], facts: &Facts, task: &str) -> Vec<Operation> {
    let mut made: BTreeMap<&Output, Address> = BTreeMap::new();
    let mut all = Vec::new();
    let names: Vec<Output> =
        resolved.iter().filter_map(|one| Output::parse(format!("{}.token", one.step)).ok()).collect();
    for one in resolved {
        let Some((wallet, from)) = payer(&one.act, facts) else {
            continue;
        };
        let at = |place: &Made<Address>| match place {
            Made::Known(address) => *address,
            Made::Output(output) => made.get(output).copied().unwrap_or_else(|| stand_in(output)),
        };
        let there = |place: &Made<Address>| matches!(place, Made::Known(_));
        let known = matches!(wallet, Made::Known(_));
        let (action, real) = match &one.act {
            Act::Create { standard, name, symbol, cap, .. } => {
                let real = known && matches!((name, symbol), (Made::Known(_), Made::Known(_)));
                let (name, symbol) = (words(name), words(symbol));
                let (task, issuer) = (B256::from(ids::chain_id_of(task, &one.step)), B256::ZERO);
                let action = match standard {
                    Standard::Erc20 => {
                        TokenAction::CreateErc20 { task, name, symbol, cap: cap.unwrap_or_default().0, issuer }
                    }
                    Standard::Erc721 => {
                        let (base_uri, soulbound, royalty_bps) = (String::new(), false, 0);
                        TokenAction::CreateErc721 { task, name, symbol, base_uri, soulbound, royalty_bps, issuer }
                    }
                };
                (action, real)
            }
            Act::Mint { token, to, amount, .. } => {
                let real = known && there(&token.at) && there(to);
                let (token, to, standard) = (at(&token.at), at(to), token.standard);
                let action = match standard {
                    Standard::Erc20 => TokenAction::Mint { token, to, amount: amount.0 },
                    Standard::Erc721 => TokenAction::MintNft { token, to, token_id: amount.0 },
                };
                (action, real)
            }
            Act::Transfer { token, to, amount, .. } => {
                let real = known && there(&token.at) && there(to);
                (TokenAction::Transfer { token: at(&token.at), to: at(to), amount: amount.0 }, real)
            }
            Act::Burn { token, amount, .. } => {
                let real = known && there(&token.at);
                (TokenAction::Burn { token: at(&token.at), amount: amount.0 }, real)
            }
            _ => continue,
        };
        let creates = matches!(one.act, Act::Create { .. });
        let makes = creates.then(|| action.token(&facts.deployment, from)).flatten();
        let name = names.iter().find(|name| name.parts().0 == one.step);
        if let (Some(token), Some(name)) = (makes, name) {
            made.insert(name, token);
        }
        all.push(Operation { step: one.step.clone(), wallet: wallet.clone(), from, action, makes, real });
    }
    all
}

/// What the policies of the wallets say, operation by operation, each after those before it.
#[must_use]
pub fn judge(operations: &[Operation], facts: &Facts, now_ms: u64) -> Vec<Denied> {
    let mut ledgers: BTreeMap<&Made<String>, (Policy, SpendLedger)> = BTreeMap::new();
    let mut denied = Vec::new();
    for operation in operations {
        let (policy, ledger) = ledgers.entry(&operation.wallet).or_insert_with(|| match &operation.wallet {
            Made::Known(id) => {
                facts.wallets.get(id).map_or_else(nothing, |wallet| (wallet.policy.clone(), wallet.ledger.clone()))
            }
            // A wallet that the plan creates gets what every new wallet gets.
            Made::Output(_) => (Policy::default(), SpendLedger::default()),
        });
        let decoded = decode_call(&facts.deployment, operation.from, &operation.action.call(&facts.deployment));
        match evaluate(policy, ledger, &decoded, now_ms) {
            Ok(reservation) => ledger.reserve(&reservation),
            Err(denial) => denied.push(Denied { step: operation.step.clone(), denial }),
        }
    }
    denied
}

/// A wallet that nothing is known of may do nothing.
fn nothing() -> (Policy, SpendLedger) {
    let policy = Policy { creations_per_day: 0, operations_per_day: 0, documents_per_day: 0, ..Policy::default() };
    (policy, SpendLedger::default())
}

fn payer<'a>(act: &'a Act, facts: &Facts) -> Option<(&'a Made<String>, Address)> {
    let (Act::Create { wallet, .. }
    | Act::Mint { wallet, .. }
    | Act::Transfer { wallet, .. }
    | Act::Burn { wallet, .. }) = act
    else {
        return None;
    };
    let from = match wallet {
        Made::Known(id) => facts.wallets.get(id).map_or(Address::ZERO, |wallet| wallet.address),
        Made::Output(output) => stand_in(output),
    };
    Some((wallet, from))
}

/// An address that nobody has the key of, one for each output.
fn stand_in(output: &Output) -> Address {
    Address::from_word(keccak256(format!("aion.plan/1 stand-in {output}")))
}

fn words(value: &Made<String>) -> String {
    match value {
        Made::Known(text) => text.clone(),
        Made::Output(output) => output.to_string(),
    }
}
