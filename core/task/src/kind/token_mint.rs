//! `token.mint`: mints an amount of an ERC-20, or one token of an ERC-721. Output: the transaction.

use aion_chain::action::TokenAction;
use serde::Deserialize;
use serde_json::Value;

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["wallet", "token", "to"], &["amount", "tokenId", "approval"]);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    wallet: String,
    token: String,
    to: String,
    amount: Option<String>,
    token_id: Option<String>,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let (input, approval) = super::read_approved::<Input>(with)?;
    let (token, to) = (value::address("/token", &input.token)?, value::address("/to", &input.to)?);
    let action = match (input.amount, input.token_id) {
        (Some(amount), None) => TokenAction::Mint { token, to, amount: value::amount("/amount", &amount)? },
        (None, Some(id)) => TokenAction::MintNft { token, to, token_id: value::amount("/tokenId", &id)? },
        _ => return Err(Fault::new("", "either amount or tokenId")),
    };
    value::operate(input.wallet, action, approval)
}
