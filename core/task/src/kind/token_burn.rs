//! `token.burn`: destroys an amount of an ERC-20 that the wallet has, or one token of an ERC-721. Output: the
//! transaction.

use aion_chain::action::TokenAction;
use serde::Deserialize;
use serde_json::Value;

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["wallet", "token"], &["amount", "tokenId", "approval"]);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    wallet: String,
    token: String,
    amount: Option<String>,
    token_id: Option<String>,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let (input, approval) = super::read_approved::<Input>(with)?;
    let token = value::address("/token", &input.token)?;
    let amount = match (input.amount, input.token_id) {
        (Some(amount), None) => value::amount("/amount", &amount)?,
        (None, Some(id)) => value::amount("/tokenId", &id)?,
        _ => return Err(Fault::new("", "either amount or tokenId")),
    };
    value::operate(input.wallet, TokenAction::Burn { token, amount }, approval)
}
