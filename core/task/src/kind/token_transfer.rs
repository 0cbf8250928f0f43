//! `token.transfer`: moves an amount of an ERC-20. Output: the transaction.

use aion_chain::action::TokenAction;
use serde::Deserialize;
use serde_json::Value;

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["wallet", "token", "to", "amount"], &["approval"]);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    wallet: String,
    token: String,
    to: String,
    amount: String,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let (input, approval) = super::read_approved::<Input>(with)?;
    let action = TokenAction::Transfer {
        token: value::address("/token", &input.token)?,
        to: value::address("/to", &input.to)?,
        amount: value::amount("/amount", &input.amount)?,
    };
    value::operate(input.wallet, action, approval)
}
