//! A plan as people read it: a table of its steps, each with what it does, what it costs at most and how grave it is.

use alloy_primitives::U256;
use serde::Serialize;

use super::Plan;
use super::record::Judged;
use super::resolve::{Act, Made, Resolved, TokenAt, Units};
use super::step::{Kind, Read, Standard};
use crate::approval::Tally;

/// How grave it is if a step does what nobody wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Risk {
    /// It reads or waits.
    None,
    /// It creates something, which costs gas and gives nothing away.
    Creates,
    /// It moves or destroys what cannot be had back.
    Moves,
}

/// A step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Row {
    /// Its id.
    pub step: String,
    /// Its kind.
    #[serde(rename = "do")]
    pub kind: Kind,
    /// What it does, in words; nothing before the plan is resolved.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub effect: String,
    /// How grave it is.
    pub risk: Risk,
    /// Gas at most; 0 if it sends no transaction.
    pub gas_max: u64,
    /// Whether a node has carried it out on trial, or could not because what it touches is not there yet.
    pub simulated: bool,
    /// Why the policy of its wallet denies it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub denial: Option<String>,
    /// Who has approved or rejected it, where people are asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub approval: Option<Tally>,
}

/// The steps of a plan.
#[must_use]
pub fn rows(plan: &Plan, judged: &Judged) -> Vec<Row> {
    let row = |step: &super::Step| {
        let id = step.id();
        let resolved = judged.resolved.iter().find(|one| one.step == id);
        let gas_max = judged.price.as_ref().and_then(|price| price.gas.get(id)).copied().unwrap_or_default();
        let unsimulated = judged.unsimulated.iter().any(|one| one == id);
        let denial = judged.denied.iter().find(|denied| denied.step == id).map(|denied| denied.denial.to_string());
        let (effect, risk) = (resolved.map(words).unwrap_or_default(), risk(step.kind()));
        let simulated = gas_max > 0 && !unsimulated;
        Row { step: id.to_owned(), kind: step.kind(), effect, risk, gas_max, simulated, denial, approval: None }
    };
    plan.steps.iter().map(row).collect()
}

const fn risk(kind: Kind) -> Risk {
    match kind {
        Kind::TokenMint | Kind::TokenTransfer | Kind::TokenBurn => Risk::Moves,
        Kind::TokenCreate | Kind::WalletCreate | Kind::IdentityCreate => Risk::Creates,
        Kind::ContractRead | Kind::WaitApproval | Kind::Sleep | Kind::Until => Risk::None,
    }
}

fn words(one: &Resolved) -> String {
    match &one.act {
        Act::Create { wallet, standard, name, symbol, cap } => {
            let standard = standard.as_str();
            let cap = cap.map(|cap| format!(", at most {} of them", whole(cap, super::resolve::DECIMALS)));
            let cap = cap.unwrap_or_default();
            format!("creates the {standard} {} ({}){cap}, by {}", made(name), made(symbol), made(wallet))
        }
        Act::Mint { wallet, token, to, amount } => {
            format!("mints {} to {}, by {}", much(token, *amount), made(to), made(wallet))
        }
        Act::Transfer { wallet, token, to, amount } => {
            format!("sends {} to {}, from {}", much(token, *amount), made(to), made(wallet))
        }
        Act::Burn { wallet, token, amount } => format!("destroys {} of {}", much(token, *amount), made(wallet)),
        Act::Read { token, read, of } => match (read, of) {
            (Read::Balance, Some(of)) => format!("reads how much of {} {} has", made(&token.at), made(of)),
            _ => format!("reads how much there is of {}", made(&token.at)),
        },
        Act::Wallet { label, owner } => {
            let owner = owner.as_ref().map(|owner| format!(" of {}", made(owner))).unwrap_or_default();
            format!("creates the wallet {}{owner}", made(label))
        }
        Act::Identity { name, .. } => format!("creates the identity {}", made(name)),
        Act::Ask { by, count, question } => {
            let by: Vec<String> = by.iter().map(made).collect();
            format!("waits for {count} of {}: {}", by.join(", "), made(question))
        }
        Act::Sleep { duration } => format!("waits for {}", made(duration)),
        Act::Until { time } => format!("waits until {}", made(time)),
    }
}

fn made<T: std::fmt::Display>(value: &Made<T>) -> String {
    match value {
        Made::Known(value) => value.to_string(),
        Made::Output(output) => output.to_string(),
    }
}

fn much(token: &TokenAt, amount: Units) -> String {
    let at = made(&token.at);
    match token.standard {
        Standard::Erc20 => format!("{} of {at}", whole(amount, token.decimals)),
        Standard::Erc721 => format!("number {} of {at}", amount.0),
    }
}

/// Base units as whole tokens, without needless zeros.
fn whole(amount: Units, decimals: u8) -> String {
    let unit = U256::from(10).pow(U256::from(decimals));
    let (whole, rest) = (amount.0 / unit, amount.0 % unit);
    if rest.is_zero() {
        return whole.to_string();
    }
    let rest = format!("{rest:0>width$}", rest = rest.to_string(), width = usize::from(decimals));
    format!("{whole}.{}", rest.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::resolve::resolve;
    use super::super::tests::fixture::{facts, launch, plan, request};
    use super::{Judged, Risk, U256, Units, rows, whole};

    #[test]
    fn amounts_are_shown_as_whole_tokens() {
        let units = |text: &str| Units(text.parse::<U256>().unwrap());
        assert_eq!(whole(units("25500000000000000000"), 18), "25.5");
        assert_eq!(whole(units("1"), 18), "0.000000000000000001");
        assert_eq!(whole(units("10"), 0), "10");
        assert_eq!(whole(Units(U256::MAX), 77), format!("1.{}", &U256::MAX.to_string()[1..]));
    }

    #[test]
    fn every_step_says_what_it_does_and_how_grave_it_is() {
        let plan = plan(&launch());
        let resolved = resolve(&plan, &request(), &facts()).unwrap();
        let rows = rows(&plan, &Judged { resolved, ..Judged::default() });
        let risks: Vec<Risk> = rows.iter().map(|row| row.risk).collect();
        assert_eq!(risks, [Risk::Creates, Risk::Moves, Risk::Moves]);
        assert_eq!(
            rows[1].effect,
            "mints 10000 of create.token to 0xaAaAaAaaAaAaAaaAaAAAAAAAAaaaAaAaAaaAaaAa, by wal_00000000000000000001"
        );
        assert!(rows[2].effect.starts_with("sends 25.5 of 0x1111"), "{}", rows[2].effect);
    }
}
