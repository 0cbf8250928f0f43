//! Tokens. Each write is a task of one step, so that it is durable and exactly once.

pub use aion_chain::address::read as read_address;
use aion_chain::contracts::ERC20;
use alloy_primitives::U256;
pub use alloy_primitives::{Address, Bytes};
use alloy_sol_types::SolCall;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::tasks::SubmitTask;

/// A name or a symbol has at most so many bytes: more is no name, and nobody has to carry it.
pub const NAME_MAX_BYTES: usize = 256;

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

/// The block that an answer is of: the newest one that the chain's endpoint knew, which may still be replaced, unless
/// the answer says that it is final.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Block {
    /// Its number.
    pub number: u64,
    /// Its hash, hexadecimal.
    pub hash: String,
}

/// What a token says of itself, and how much of it there is.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TokenState {
    /// Its address, EIP-55.
    pub address: String,
    /// Its name. Whoever deployed it chose it: it is text, and no proof of anything.
    pub name: String,
    /// Its symbol, of which the same is true.
    pub symbol: String,
    /// How many digits of an amount stand behind the point; absent for tokens that cannot be divided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decimals: Option<u8>,
    /// How much there is, in base units, decimal; absent for tokens that do not say.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total_supply: Option<String>,
    /// The block that the supply is of.
    pub block: Block,
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
    /// The block that it is of.
    pub block: Block,
}

/// Who holds a token, as a final block has it: what is read from the chain's logs block by block.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holders {
    /// The token's address.
    pub token: String,
    /// A page of them: who has most first, and by address among equals.
    pub holders: Vec<Holder>,
    /// The block that the list is of. It is final, so it is never replaced.
    pub block: Block,
    /// Whether that block was the newest final one within the last ten seconds, and what all holders have was compared
    /// with what the token says. `false` while older blocks are still read, or the chain does not answer: the list is
    /// right for its block then, and more has happened since.
    pub is_complete: bool,
    /// How many holders there are.
    pub count: u64,
    /// What all of them have, in base units (ERC-20) or tokens (ERC-721), decimal.
    pub supply: String,
    /// What to send as `cursor` for the next page; absent on the last one. Whoever's balance changes between two pages
    /// may be met twice or not at all; nobody else.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_cursor: Option<String>,
}

/// Who has how much of a token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Holder {
    /// The holder's address, EIP-55.
    pub address: String,
    /// The balance in base units (ERC-20) or tokens (ERC-721), decimal; never zero.
    pub balance: String,
}

/// A token that the tenant's wallets created.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Token {
    /// Its address, EIP-55.
    pub address: String,
    /// Everything else that is known of it: what it was created with, and by which `wallet` and `operation`.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: Map<String, Value>,
}

/// The call that asks a token for a holder's balance.
#[must_use]
pub fn balance_call(holder: Address) -> Bytes {
    ERC20::balanceOfCall { account: holder }.abi_encode().into()
}

/// Reads what a token answers to it, or to a question for its supply; `None` if no token answered.
#[must_use]
pub fn read_balance(words: &[u8]) -> Option<String> {
    (words.len() == 32).then(|| U256::from_be_slice(words).to_string())
}

/// The calls that ask a token for its name, its symbol and its decimals.
#[must_use]
pub fn metadata_calls() -> [Bytes; 3] {
    [
        ERC20::nameCall {}.abi_encode().into(),
        ERC20::symbolCall {}.abi_encode().into(),
        ERC20::decimalsCall {}.abi_encode().into(),
    ]
}

/// The call that asks a token for its supply.
#[must_use]
pub fn supply_call() -> Bytes {
    ERC20::totalSupplyCall {}.abi_encode().into()
}

/// Reads a name or a symbol: a text of the ABI of at most [`NAME_MAX_BYTES`]; `None` if it is none.
#[must_use]
pub fn read_name(words: &[u8]) -> Option<String> {
    let word = |at: usize| words.get(at..at + 32).and_then(|word| U256::from_be_slice(word).try_into().ok());
    let (offset, length): (usize, usize) = (word(0)?, word(32)?);
    let bytes = words.get(64..64_usize.checked_add(length)?)?;
    (offset == 32 && length <= NAME_MAX_BYTES).then(|| String::from_utf8_lossy(bytes).into_owned())
}

/// Reads decimals; `None` if they are none.
#[must_use]
pub fn read_decimals(words: &[u8]) -> Option<u8> {
    if words.len() == 32 { U256::from_be_slice(words).try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Mint, NAME_MAX_BYTES, read_balance, read_decimals, read_name};

    #[test]
    fn only_one_word_is_a_balance() {
        let mut word = [0; 32];
        word[30] = 1;
        assert_eq!(read_balance(&word).as_deref(), Some("256"));
        assert_eq!(read_balance(&[]), None);
    }

    #[test]
    fn what_a_token_says_of_itself_is_read_or_none() {
        let text = |length: usize, bytes: &[u8]| {
            let mut words = vec![0; 64];
            words[31] = 32;
            words[62..64].copy_from_slice(&u16::try_from(length).unwrap().to_be_bytes());
            words.extend(bytes);
            words
        };
        assert_eq!(read_name(&text(3, b"Abc")).as_deref(), Some("Abc"));
        assert_eq!(read_name(&text(2, &[0xff, b'a'])).as_deref(), Some("\u{fffd}a"));
        let long = [b'a'; NAME_MAX_BYTES + 1];
        for none in [text(4, b"Abc"), text(long.len(), &long), text(0, b"")[..63].to_vec(), vec![0xff; 96], vec![]] {
            assert_eq!(read_name(&none), None);
        }
        assert_eq!([read_decimals(&[0; 32]), read_decimals(&[1; 32]), read_decimals(&[])], [Some(0), None, None]);
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
