//! What is asked of the world for a plan, and what the answers say.

use std::collections::BTreeMap;

use aion_api::object::mind::{Ask, Told};
use aion_api::problem::{Code, Problem};
use aion_mind::plan::record::Command;
use aion_mind::plan::resolve::{Facts, WalletFacts};
use aion_mind::plan::simulate::{Answer, EthCall};
use aion_mind::plan::{Address, world};
use aion_shell::call::fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What was asked for, in the order of its asks.
#[derive(Serialize, Deserialize)]
pub struct Wanted {
    wallets: Vec<String>,
    tokens: Vec<Address>,
    /// Whether it is to run: then the fees of now count as they are.
    run: bool,
}

impl Wanted {
    pub const fn new(wallets: Vec<String>, tokens: Vec<Address>, run: bool) -> Self {
        Self { wallets, tokens, run }
    }

    /// What is asked: the contracts, the fees, each wallet, and twice each token.
    pub fn asks(&self) -> Vec<Ask> {
        let chain = |method: &str, params: Value| Ask::Chain { method: method.to_owned(), params };
        let mut asks = vec![Ask::Deployment, chain("eth_feeHistory", world::fee_params())];
        asks.extend(self.wallets.iter().map(|wallet| Ask::Wallet { wallet: wallet.clone() }));
        asks.extend(
            self.tokens.iter().flat_map(|token| world::token_calls(*token)).map(|call| chain("eth_call", call)),
        );
        asks
    }

    /// The world.
    pub fn facts(&self, told: Vec<Told>) -> Result<Facts, Problem> {
        let mut told = told.into_iter();
        let mut next = || told.next().ok_or_else(|| fault("world", &"too little was told"));
        let wrong = || fault("world", &"told of what was not asked");
        let (deployment, history) = match (next()?, next()?) {
            (Told::Deployment(deployment), Told::Chain(history)) => (deployment, history),
            (Told::Problem(problem), _) | (_, Told::Problem(problem)) => return Err(problem),
            _ => return Err(wrong()),
        };
        let deployment = serde_json::from_value(deployment).map_err(|error| fault("deployment", &error))?;
        let fees = world::fees(&deployment, &history);
        let fees = fees.ok_or_else(|| Problem::new(Code::ChainUnavailable, "the chain says nothing of its fees"))?;
        let fees = if self.run { fees } else { world::with_headroom(fees) };
        let mut wallets = BTreeMap::new();
        for wallet in &self.wallets {
            match next()? {
                Told::Wallet { address: Some(address), policy, ledger } => {
                    let facts = json!({ "address": address, "policy": policy, "ledger": ledger });
                    let facts: WalletFacts = serde_json::from_value(facts).map_err(|error| fault("wallet", &error))?;
                    wallets.insert(wallet.clone(), facts);
                }
                // Of one that is not there, or has no key yet, nothing is known.
                Told::Wallet { address: None, .. } | Told::Problem(Problem { code: Code::ResourceUnknown, .. }) => {}
                Told::Problem(problem) => return Err(problem),
                _ => return Err(wrong()),
            }
        }
        let mut tokens = BTreeMap::new();
        for token in &self.tokens {
            let (decimals, is_nft) = (answer(next()?)?, answer(next()?)?);
            if let Some(facts) = world::token(decimals.as_ref(), is_nft.as_ref()) {
                tokens.insert(*token, facts);
            }
        }
        Ok(Facts { deployment, wallets, tokens, fees })
    }

    /// The world, as the plan takes it.
    pub fn command(&self, told: Vec<Told>) -> Result<Command, Problem> {
        let facts = Box::new(self.facts(told)?);
        Ok(if self.run { Command::Run(facts) } else { Command::Facts(facts) })
    }
}

/// What a call gave; nothing if it was reverted.
fn answer(told: Told) -> Result<Option<Value>, Problem> {
    match told {
        Told::Chain(value) => Ok(Some(value)),
        Told::Reverted { .. } => Ok(None),
        Told::Problem(problem) => Err(problem),
        _ => Err(fault("world", &"told of what was not asked")),
    }
}

/// Asks a node to carry calls out on trial.
pub fn trials(calls: &[EthCall]) -> (Vec<Ask>, Vec<String>) {
    let ask = |call: &EthCall| Ask::Chain { method: "eth_call".to_owned(), params: world::simulation(call) };
    (calls.iter().map(ask).collect(), calls.iter().map(|call| call.step.clone()).collect())
}

/// What the node has said.
pub fn trial_answers(steps: Vec<String>, told: Vec<Told>) -> Result<BTreeMap<String, Answer>, Problem> {
    let one = |(step, told): (String, Told)| match told {
        Told::Chain(_) => Ok((step, Answer::Works)),
        Told::Reverted { data } => Ok((step, Answer::reverted(&data))),
        Told::Problem(problem) => Err(problem),
        _ => Err(fault("simulation", &"told of what was not asked")),
    };
    steps.into_iter().zip(told).map(one).collect()
}

/// The same, as the plan takes it.
pub fn simulated(steps: Vec<String>, told: Vec<Told>) -> Result<Command, Problem> {
    trial_answers(steps, told).map(Command::Simulated)
}
