//! Tokens. Each write is a task of one step, so that it is durable and exactly once.

use aion_chain::contracts::ERC20;
pub use alloy_primitives::Address;
use alloy_primitives::{Bytes, U256};
use alloy_sol_types::SolCall;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::tasks::SubmitTask;

/// The standard of a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Standard {
    /// Fungible (ERC-20), 18 decimals.
    Erc20,
    /// Non-fungible (ERC-721).
    Erc721,
}

/// `POST /v1/tokens`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateToken {
    /// The wallet that creates it and becomes its administrator.
    pub wallet: String,
    /// The standard.
    pub standard: Standard,
    /// Its name.
    pub name: String,
    /// Its symbol.
    pub symbol: String,
    /// ERC-20: the most that can ever exist, in base units, decimal; absent is no cap.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cap: Option<String>,
    /// ERC-721: where the metadata lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_uri: Option<String>,
    /// ERC-721: whether tokens stay with their first holder (ERC-5192).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub soulbound: Option<bool>,
    /// ERC-721: royalty in basis points (ERC-2981).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub royalty_bps: Option<u16>,
    /// The DID of the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer: Option<String>,
}

/// `POST /v1/tokens/{address}/mint`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mint {
    /// The wallet that may mint.
    pub wallet: String,
    /// Who gets it: an address.
    pub to: String,
    /// ERC-20: how much, in base units, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// ERC-721: which one, decimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_id: Option<String>,
}

/// `POST /v1/tokens/{address}/transfer`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Transfer {
    /// The wallet that holds the tokens.
    pub wallet: String,
    /// Who gets them: an address.
    pub to: String,
    /// How much, in base units, decimal.
    pub amount: String,
}

impl CreateToken {
    /// The task that creates the token.
    pub fn task(&self) -> Result<SubmitTask, serde_json::Error> {
        Ok(one_step("create", "token.create", &serde_json::to_value(self)?))
    }
}

impl Mint {
    /// The task that mints.
    pub fn task(&self, token: &str) -> Result<SubmitTask, serde_json::Error> {
        Ok(one_step("mint", "token.mint", &with_token(serde_json::to_value(self)?, token)))
    }
}

impl Transfer {
    /// The task that transfers.
    pub fn task(&self, token: &str) -> Result<SubmitTask, serde_json::Error> {
        Ok(one_step("transfer", "token.transfer", &with_token(serde_json::to_value(self)?, token)))
    }
}

fn with_token(mut with: Value, token: &str) -> Value {
    if let Some(fields) = with.as_object_mut() {
        fields.insert("token".to_owned(), json!(token));
    }
    with
}

fn one_step(id: &str, kind: &str, with: &Value) -> SubmitTask {
    // What a caller sends as a value is a value here: a text that looks like a reference must not become one.
    let input = json!({ "with": with });
    let references: Map<String, Value> = with
        .as_object()
        .map(|fields| {
            fields.keys().map(|field| (field.clone(), json!(format!("${{{{ input.with.{field} }}}}")))).collect()
        })
        .unwrap_or_default();
    SubmitTask { definition: json!({ "steps": { id: { "do": kind, "with": references } } }), input }
}

/// A balance as the chain says now.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Balance {
    /// The token's address.
    pub token: String,
    /// The holder's address.
    pub holder: String,
    /// The balance in base units (ERC-20) or tokens (ERC-721), decimal.
    pub balance: String,
}

/// A token that the tenant's wallets created.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// Its address, EIP-55.
    pub address: String,
    /// Everything else that is known of it: `standard`, `name`, `symbol`, `wallet`, `transactionHash`.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: Map<String, Value>,
}

/// Reads an address: lower case, or mixed case with the right check sum (EIP-55).
#[must_use]
pub fn read_address(text: &str) -> Option<Address> {
    let digits = text.strip_prefix("0x")?;
    if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Address::parse_checksummed(text, None).ok();
    }
    text.parse().ok()
}

/// The call that asks a token for a holder's balance.
#[must_use]
pub fn balance_call(holder: Address) -> Bytes {
    ERC20::balanceOfCall { account: holder }.abi_encode().into()
}

/// Reads what a token answers to it; `None` if no token answered.
#[must_use]
pub fn read_balance(words: &[u8]) -> Option<String> {
    (words.len() == 32).then(|| U256::from_be_slice(words).to_string())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Mint, read_address, read_balance};

    #[test]
    fn addresses_with_a_wrong_check_sum_are_refused() {
        let right = "0x52908400098527886E0F7030069857D2E4169EE7";
        assert!(read_address(right).is_some() && read_address(&right.to_lowercase()).is_some());
        for wrong in [&right.replace('E', "e"), "52908400098527886E0F7030069857D2E4169EE7", "0x5", ""] {
            assert_eq!(read_address(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn only_one_word_is_a_balance() {
        let mut word = [0; 32];
        word[30] = 1;
        assert_eq!(read_balance(&word).as_deref(), Some("256"));
        assert_eq!(read_balance(&[]), None);
    }

    #[test]
    fn a_callers_text_never_becomes_a_reference() {
        let mint = Mint {
            wallet: "wal_1".to_owned(),
            to: "${{ input.secret }}".to_owned(),
            amount: Some("5".to_owned()),
            token_id: None,
        };
        let task = mint.task("0xabc").unwrap();
        let step = &task.definition["steps"]["mint"];
        assert_eq!(step["with"]["to"], "${{ input.with.to }}");
        assert_eq!(task.input["with"]["to"], "${{ input.secret }}");
        assert_eq!(task.input["with"]["token"], "0xabc");
        assert!(step["with"].get("tokenId").is_none());
    }
}
