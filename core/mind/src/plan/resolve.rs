//! Values in the place of handles: what each step will do, in an order in which it can.

use std::collections::BTreeMap;

use aion_chain::action::Deployment;
use aion_chain::decimal;
use aion_chain::fees::Fees;
use aion_task::definition::Fault;
use aion_wallet::policy::{Policy, SpendLedger};
use alloy_primitives::{Address, U256};
use serde::{Deserialize, Serialize};

use super::check::order;
use super::quarantine::Answer;
use super::request::{Request, Typed};
use super::step::{Kind, Money, Plain, Read, Standard, Step, Subject};
use super::text::{Name, Output};
use super::{Plan, compile, literal};

/// Decimals of the fungible tokens that the factory creates.
pub const DECIMALS: u8 = 18;

/// A wallet as it is when a plan is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletFacts {
    /// Its address.
    pub address: Address,
    /// Its policy.
    pub policy: Policy,
    /// What its policy has counted.
    pub ledger: SpendLedger,
}

/// A token as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenFacts {
    /// Its standard.
    pub standard: Standard,
    /// Its decimals.
    pub decimals: u8,
}

/// The world as the shell read it, recorded with the plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// The contracts.
    pub deployment: Deployment,
    /// The wallets that the plan names, by id.
    pub wallets: BTreeMap<String, WalletFacts>,
    /// The tokens that the plan names by address.
    pub tokens: BTreeMap<Address, TokenFacts>,
    /// Fees of now.
    pub fees: Fees,
}

/// A value that is known, or that an earlier step will give.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Made<T> {
    /// Known.
    Known(T),
    /// The output of a step.
    Output(Output),
}

/// A token of a step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenAt {
    /// Where it is.
    pub at: Made<Address>,
    /// Its standard.
    pub standard: Standard,
    /// Its decimals.
    pub decimals: u8,
}

/// What a step does. Amounts are base units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "camelCase")]
#[allow(missing_docs, reason = "the fields are those of the steps of the same names")]
pub enum Act {
    /// Creates a token.
    Create { wallet: Made<String>, standard: Standard, name: Made<String>, symbol: Made<String>, cap: Option<Units> },
    /// Mints.
    Mint { wallet: Made<String>, token: TokenAt, to: Made<Address>, amount: Units },
    /// Moves.
    Transfer { wallet: Made<String>, token: TokenAt, to: Made<Address>, amount: Units },
    /// Destroys.
    Burn { wallet: Made<String>, token: TokenAt, amount: Units },
    /// Reads.
    Read { token: TokenAt, read: Read, of: Option<Made<Address>> },
    /// Creates a wallet.
    Wallet { label: Made<String>, owner: Option<Made<String>> },
    /// Creates an identity.
    Identity { name: Made<String>, subject: Subject },
    /// Asks people.
    Ask { by: Vec<Made<String>>, count: u8, question: Made<String> },
    /// Waits.
    Sleep { duration: Made<String> },
    /// Waits until a time.
    Until { time: Made<String> },
}

/// Base units, as a decimal string in JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Units(#[serde(with = "decimal")] pub U256);

/// A step with its values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolved {
    /// The step.
    pub step: String,
    /// Its kind.
    pub kind: Kind,
    /// What it does.
    #[serde(flatten)]
    pub act: Act,
}

/// Puts values in. A plan that [`check`](super::check::check) found no fault in can still lack facts.
pub fn resolve(plan: &Plan, request: &Request, facts: &Facts) -> Result<Vec<Resolved>, Vec<Fault>> {
    let Some(ordered) = order(plan) else {
        return Err(vec![Fault::new("/steps", "the steps need each other in a circle")]);
    };
    let values = Values { plan, request, facts };
    let (mut resolved, mut faults) = (Vec::new(), Vec::new());
    for step in ordered {
        let at = plan.steps.iter().position(|other| other.id() == step.id()).unwrap_or_default();
        match values.act(step) {
            Ok(act) => {
                let one = Resolved { step: step.id().to_owned(), kind: step.kind(), act };
                // The kind's own check, with something of the right form where a value is not known yet.
                let fault = compile::check(&one).map_err(|fault| fault.under(&format!("/steps/{at}")));
                faults.extend(fault.err());
                resolved.push(one);
            }
            Err((pointer, reason)) => faults.push(Fault::new(format!("/steps/{at}{pointer}"), reason)),
        }
    }
    if faults.is_empty() { Ok(resolved) } else { Err(faults) }
}

struct Values<'a> {
    plan: &'a Plan,
    request: &'a Request,
    facts: &'a Facts,
}

type Lack = (&'static str, String);

impl Values<'_> {
    fn act(&self, step: &Step) -> Result<Act, Lack> {
        Ok(match step {
            Step::TokenCreate(step) => {
                if step.standard == Standard::Erc721 && step.cap.as_ref().is_some() {
                    return Err(("/cap", "an ERC-721 has no cap".to_owned()));
                }
                let cap = step.cap.as_ref().map(|cap| self.units("/cap", cap, DECIMALS)).transpose()?;
                let (name, symbol) = (self.words("/name", &step.name)?, self.words("/symbol", &step.symbol)?);
                Act::Create { wallet: self.wallet(&step.wallet)?, standard: step.standard, name, symbol, cap }
            }
            Step::TokenMint(step) => {
                let (token, to) = (self.token(&step.token)?, self.address("/to", &step.to)?);
                let amount = self.units("/amount", &step.amount, token.decimals)?;
                Act::Mint { wallet: self.wallet(&step.wallet)?, token, to, amount }
            }
            Step::TokenTransfer(step) => {
                let (token, to) = (self.token(&step.token)?, self.address("/to", &step.to)?);
                let amount = self.units("/amount", &step.amount, token.decimals)?;
                Act::Transfer { wallet: self.wallet(&step.wallet)?, token, to, amount }
            }
            Step::TokenBurn(step) => {
                let token = self.token(&step.token)?;
                let amount = self.units("/amount", &step.amount, token.decimals)?;
                Act::Burn { wallet: self.wallet(&step.wallet)?, token, amount }
            }
            Step::ContractRead(step) => {
                let of = step.of.as_ref().map(|of| self.address("/of", of)).transpose()?;
                Act::Read { token: self.token(&step.token)?, read: step.read, of }
            }
            Step::WalletCreate(step) => {
                let owner = step.owner.as_ref().map(|owner| self.did("/owner", owner)).transpose()?;
                Act::Wallet { label: self.words("/label", &step.label)?, owner }
            }
            Step::IdentityCreate(step) => {
                Act::Identity { name: self.words("/name", &step.name)?, subject: step.subject }
            }
            Step::WaitApproval(step) => {
                let by = step.by.iter().map(|did| self.did("/by", did)).collect::<Result<_, _>>()?;
                Act::Ask { by, count: step.count, question: self.words("/question", &step.question)? }
            }
            Step::Sleep(step) => Act::Sleep { duration: self.words("/duration", &step.duration)? },
            Step::Until(step) => Act::Until { time: self.words("/time", &step.time)? },
        })
    }

    fn input(&self, at: &'static str, handle: &Name) -> Result<&Typed, Lack> {
        let input = self.request.inputs.get(handle).ok_or_else(|| (at, format!("there is no input {handle}")))?;
        Ok(&input.value)
    }

    fn wallet(&self, value: &Money) -> Result<Made<String>, Lack> {
        const AT: &str = "/wallet";
        match value {
            Money::Ref(output) => Ok(Made::Output(output.clone())),
            Money::Lit(_) => Err((AT, "no literal names a wallet".to_owned())),
            Money::Input(handle) => match self.input(AT, handle)? {
                Typed::Wallet { wallet } if self.facts.wallets.contains_key(wallet) => Ok(Made::Known(wallet.clone())),
                _ => Err((AT, format!("{handle} is no wallet of the tenant"))),
            },
        }
    }

    fn token(&self, value: &Money) -> Result<TokenAt, Lack> {
        const AT: &str = "/token";
        match value {
            Money::Ref(output) => match self.plan.step(output.parts().0) {
                Some(Step::TokenCreate(step)) => {
                    let decimals = if step.standard == Standard::Erc20 { DECIMALS } else { 0 };
                    Ok(TokenAt { at: Made::Output(output.clone()), standard: step.standard, decimals })
                }
                _ => Err((AT, format!("{output} is no token"))),
            },
            Money::Lit(text) => {
                let address = literal::address(text.as_str()).map_err(|reason| (AT, reason.to_owned()))?;
                let facts = self.facts.tokens.get(&address).ok_or((AT, "nothing is known of this token".to_owned()))?;
                Ok(TokenAt { at: Made::Known(address), standard: facts.standard, decimals: facts.decimals })
            }
            Money::Input(handle) => match self.input(AT, handle)? {
                Typed::Token { address, standard, decimals } => {
                    let (standard, decimals) = (*standard, *decimals);
                    // Whoever wrote the decimals down may have been wrong by a factor of ten.
                    if self.facts.tokens.get(address) != Some(&TokenFacts { standard, decimals }) {
                        return Err((AT, format!("{handle} has another standard or other decimals, or is no token")));
                    }
                    Ok(TokenAt { at: Made::Known(*address), standard, decimals })
                }
                _ => Err((AT, format!("{handle} is no token"))),
            },
        }
    }

    fn address(&self, at: &'static str, value: &Money) -> Result<Made<Address>, Lack> {
        match value {
            Money::Ref(output) => Ok(Made::Output(output.clone())),
            Money::Lit(text) => {
                literal::address(text.as_str()).map(Made::Known).map_err(|reason| (at, reason.to_owned()))
            }
            Money::Input(handle) => match self.input(at, handle)? {
                Typed::Address { address } | Typed::Did { address: Some(address), .. } => Ok(Made::Known(*address)),
                _ => Err((at, format!("{handle} is no address"))),
            },
        }
    }

    fn did(&self, at: &'static str, value: &Money) -> Result<Made<String>, Lack> {
        match value {
            Money::Ref(output) => Ok(Made::Output(output.clone())),
            Money::Lit(text) => Ok(Made::Known(text.as_str().to_owned())),
            Money::Input(handle) => match self.input(at, handle)? {
                Typed::Did { did, .. } => Ok(Made::Known(did.clone())),
                _ => Err((at, format!("{handle} is no DID"))),
            },
        }
    }

    fn units(&self, at: &'static str, value: &Money, decimals: u8) -> Result<Units, Lack> {
        let text = match value {
            Money::Ref(output) => return Err((at, format!("{output} is no amount"))),
            Money::Lit(text) => text.as_str(),
            Money::Input(handle) => match self.input(at, handle)? {
                Typed::Amount { amount } => amount,
                _ => return Err((at, format!("{handle} is no amount"))),
            },
        };
        units(text, decimals).ok_or_else(|| (at, format!("{text} is no number of base units of {decimals} decimals")))
    }

    fn words(&self, at: &'static str, value: &Plain) -> Result<Made<String>, Lack> {
        Ok(match value {
            Plain::Ref(output) => Made::Output(output.clone()),
            Plain::Lit(text) => Made::Known(text.as_str().to_owned()),
            Plain::Input(handle) => match self.input(at, handle)? {
                Typed::Text { text } => Made::Known(text.clone()),
                _ => return Err((at, format!("{handle} is no text"))),
            },
            Plain::Quarantined(handle) => {
                let answer = self.request.answers.get(handle).ok_or((at, format!("there is no answer {handle}")))?;
                Made::Known(match answer {
                    Answer::Choice(text) | Answer::Date(text) => text.as_str().to_owned(),
                    Answer::Number(number) => number.to_string(),
                    Answer::Handle(name) => name.as_str().to_owned(),
                })
            }
        })
    }
}

/// Whole tokens in decimal as base units; `None` if it is no number of them, or more than 2^256 − 1.
#[must_use]
pub fn units(text: &str, decimals: u8) -> Option<Units> {
    let amount = literal::canonical(text)?;
    let (whole, fraction) = amount.split_once('.').unwrap_or((&amount, ""));
    let zeros = usize::from(decimals).checked_sub(fraction.len())?;
    let digits = format!("{whole}{fraction}{}", "0".repeat(zeros));
    let digits = digits.trim_start_matches('0');
    decimal::parse(if digits.is_empty() { "0" } else { digits }).map(Units)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::tests::fixture::{facts, from, launch, plan, request};
    use super::{U256, Units, resolve, units};

    #[test]
    fn whole_tokens_become_base_units_or_nothing() {
        let units = |text: &str, decimals| units(text, decimals).map(|Units(units)| units.to_string());
        assert_eq!(units("1.5", 18).as_deref(), Some("1500000000000000000"));
        assert_eq!(units("0.000001", 6).as_deref(), Some("1"));
        assert_eq!(units("7", 0).as_deref(), Some("7"));
        assert_eq!(units("0", 18).as_deref(), Some("0"));
        assert_eq!(units(&U256::MAX.to_string(), 0), Some(U256::MAX.to_string()));
        for (text, decimals) in
            [("0.5", 0), ("0.0000001", 6), (U256::MAX.to_string().as_str(), 1), ("1,5", 18), ("", 0)]
        {
            assert_eq!(units(text, decimals), None, "{text}");
        }
    }

    #[test]
    fn what_the_kind_of_a_step_refuses_is_found_before_anything_is_priced() {
        let mut document = launch();
        document["steps"][0]["symbol"] = from("lit", "A SYMBOL THAT IS FAR TOO LONG");
        let faults = resolve(&plan(&document), &request(), &facts()).unwrap_err();
        assert_eq!(faults[0].pointer, "/steps/0/symbol");
        let mut document = launch();
        document["steps"][0]["standard"] = serde_json::json!("erc721");
        let faults = resolve(&plan(&document), &request(), &facts()).unwrap_err();
        assert_eq!(faults[0].to_string(), "/steps/0/cap: an ERC-721 has no cap");
        let mut other = facts();
        other.tokens.values_mut().for_each(|token| token.decimals = 6);
        let faults = resolve(&plan(&launch()), &request(), &other).unwrap_err();
        assert!(faults[0].to_string().starts_with("/steps/2/token: own has another standard"), "{faults:?}");
        let mut without = facts();
        without.wallets.clear();
        let faults = resolve(&plan(&launch()), &request(), &without).unwrap_err();
        assert_eq!(faults[0].to_string(), "/steps/0/wallet: treasury is no wallet of the tenant");
    }
}
