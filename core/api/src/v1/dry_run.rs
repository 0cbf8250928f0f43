//! `POST /v1/wallets/{id}/operations:dryRun`: what would become of an operation.

use aion_chain::action::{self, TokenAction};
use aion_task::call::Call;
use aion_task::ids;
use aion_task::kind::{self, Place, Start};
use aion_wallet::approval::Approval;
pub use aion_wallet::dry_run::Decision;
use aion_wallet::dry_run::{Effect, Judgement};
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::Problem;
use crate::problem::{Code, Fault};
use crate::v1::tokens::Standard;

/// The steps of tasks that are operations of a wallet.
const KINDS: [&str; 4] = ["token.create", "token.mint", "token.transfer", "token.burn"];
/// Where the operation would stand. What follows from its task is in no answer.
const PLACE: Place<'_> = Place { task: "", step: "" };

/// An operation, as a step of a task has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRun {
    /// `token.create`, `token.mint`, `token.transfer` or `token.burn`.
    #[serde(rename = "do")]
    pub kind: String,
    /// What the step takes; the wallet is that of the path.
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub with: Value,
}

/// What would become of it. Nothing was reserved, signed or sent; the guardian judges anew when it is asked to sign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunResult {
    /// The wallet.
    pub wallet: String,
    /// Its address, EIP-55.
    pub address: String,
    /// What its policy says: `allowed`, `needsApproval` or `denied`.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub decision: Decision,
    /// The rule that fired, if it is not allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// What the rule says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// What it would do.
    pub effect: DryRunEffect,
    /// Whether the chain would take it now.
    pub chain: OnChain,
}

/// What an operation would do: create a token, or move units of one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct DryRunEffect {
    /// The standard of the token that it would create; its address follows from the task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creates: Option<Standard>,
    /// The token that would move, EIP-55.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// Who gives, EIP-55; absent where it is minted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who gets, EIP-55; absent where it is burnt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// Base units, or the number of the one token, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
}

/// What a node says of the call, from the wallet's address at the newest block.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OnChain {
    /// Whether it would be carried out.
    pub works: bool,
    /// Gas of the call as a transaction of its own, decimal. That the wallet's signature is checked comes on top, and
    /// the deployment pays it all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gas: Option<String>,
    /// Why it would revert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl DryRun {
    /// The operation of a wallet, with what people have approved.
    pub fn operation(&self, wallet: &str) -> Result<(TokenAction, Option<Approval>), Problem> {
        if !ids::is_wallet(wallet) {
            return Err(Problem::unknown("wallet"));
        }
        if !KINDS.contains(&self.kind.as_str()) {
            return Err(Problem::invalid("/do", format!("one of {}", KINDS.join(", "))));
        }
        let mut with = self.with.clone();
        let Some(fields) = with.as_object_mut() else {
            return Err(Problem::invalid("/with", "an object"));
        };
        let own = fields.entry("wallet").or_insert_with(|| json!(wallet)) == wallet;
        if !own {
            return Err(Problem::invalid("/with/wallet", "the wallet of the path, or nothing"));
        }
        let wrong = |fault| Problem::faults(Code::RequestInvalid, vec![Fault::under("/with", &fault)]);
        kind::check_fields(&self.kind, fields).map_err(wrong)?;
        match kind::start(&self.kind, &with, PLACE).map_err(wrong)? {
            Start::Call(Call::Operate { action, approval, .. }) => Ok((action, approval)),
            _ => Err(Problem::internal()),
        }
    }
}

impl DryRunResult {
    /// Of a wallet that stands at an address.
    #[must_use]
    pub fn new(wallet: &str, address: Address, judgement: Judgement, chain: OnChain) -> Self {
        let shown = |address: Address| address.to_checksum(None);
        let effect = match judgement.effect {
            Some(Effect::Creates { standard }) => {
                let creates = match standard {
                    action::Standard::Erc20 => Standard::Erc20,
                    action::Standard::Erc721 => Standard::Erc721,
                };
                DryRunEffect { creates: Some(creates), ..DryRunEffect::default() }
            }
            Some(Effect::Moves { token, from, to, amount }) => DryRunEffect {
                creates: None,
                token: Some(shown(token)),
                from: from.map(shown),
                to: to.map(shown),
                amount: Some(amount.to_string()),
            },
            None => DryRunEffect::default(),
        };
        let Judgement { decision, rule, reason, .. } = judgement;
        Self { wallet: wallet.to_owned(), address: shown(address), decision, rule, reason, effect, chain }
    }
}

#[cfg(test)]
mod tests {
    use aion_chain::action::TokenAction;
    use serde_json::{Value, json};
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::DryRun;

    const TOKEN: &str = "0x5FbDB2315678afecb367f032d93F642f64180aa3";

    fn of(kind: &str, with: Value) -> Result<TokenAction, String> {
        let run = DryRun { kind: kind.to_owned(), with };
        run.operation("wal_0123456789abcdefghij")
            .map(|(action, _)| action)
            .map_err(|problem| problem.errors[0].pointer.clone())
    }

    #[test]
    fn operations_are_read_as_steps_of_tasks_are() {
        let mint = json!({ "token": TOKEN, "to": TOKEN, "amount": "5" });
        assert!(matches!(of("token.mint", mint.clone()), Ok(TokenAction::Mint { .. })));
        let create = json!({ "standard": "erc20", "name": "A", "symbol": "A" });
        assert!(matches!(of("token.create", create), Ok(TokenAction::CreateErc20 { .. })));
        assert_eq!(of("token.burn", mint), Err("/with/to".to_owned()));
        assert_eq!(of("token.mint", json!({ "token": TOKEN, "to": "x", "amount": "5" })), Err("/with/to".to_owned()));
        assert_eq!(of("http.request", json!({})), Err("/do".to_owned()));
        assert_eq!(of("token.mint", json!([])), Err("/with".to_owned()));
        let other = json!({ "wallet": "wal_abcdefghij0123456789", "token": TOKEN, "to": TOKEN, "amount": "5" });
        assert_eq!(of("token.mint", other), Err("/with/wallet".to_owned()));
    }
}
