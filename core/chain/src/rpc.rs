//! JSON-RPC: requests as bytes, answers read leniently (Polygon has transaction types of its own).

use alloy_primitives::{Address, B256, Bytes, U64, U128, U256};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::message::Log;
use crate::operation::SignedDelegation;

/// Why an answer is none. Texts of nodes decide nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RpcError {
    /// The node did not answer, or not with JSON-RPC: whether it did anything is unknown.
    #[error("the node's answer cannot be read")]
    Unreadable,
    /// The call was executed and reverted, with this data.
    #[error("execution reverted")]
    Reverted(Bytes),
    /// The node refuses: its code.
    #[error("the node refuses with code {0}")]
    Refused(i64),
}

/// A request's bytes.
#[must_use]
pub fn request(method: &str, params: &Value) -> Vec<u8> {
    json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params }).to_string().into_bytes()
}

#[derive(Deserialize)]
struct Answer {
    id: Option<u64>,
    #[serde(default)]
    result: Value,
    error: Option<NodeError>,
}

#[derive(Deserialize)]
struct NodeError {
    code: i64,
    #[serde(default)]
    message: String,
    #[serde(default)]
    data: Value,
}

/// Reads an answer; `null` reads as `None` where `T` is an option.
pub fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, RpcError> {
    serde_json::from_value(result(body)?).map_err(|_| RpcError::Unreadable)
}

fn result(body: &[u8]) -> Result<Value, RpcError> {
    let text = std::str::from_utf8(body).map_err(|_| RpcError::Unreadable)?;
    let answer: Answer = serde_json::from_str(text).map_err(|_| RpcError::Unreadable)?;
    if let Some(error) = answer.error {
        let data = error.data.as_str().and_then(|text| text.parse::<Bytes>().ok());
        // Code 3 is "execution reverted" by agreement of the clients; older ones say it in words.
        let reverted = error.code == 3 || error.message.contains("revert");
        return Err(if reverted {
            RpcError::Reverted(data.unwrap_or_default())
        } else {
            RpcError::Refused(error.code)
        });
    }
    if answer.id != Some(1) {
        return Err(RpcError::Unreadable);
    }
    Ok(answer.result)
}

/// A block's head.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Block {
    /// Number.
    pub number: U64,
    /// Hash.
    pub hash: B256,
    /// Unix seconds.
    pub timestamp: U64,
}

/// A receipt.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// The transaction.
    pub transaction_hash: B256,
    /// Its block's hash.
    pub block_hash: B256,
    /// Its block's number.
    pub block_number: U64,
    /// 1 if it was carried out, 0 if it reverted.
    pub status: U64,
    /// Gas that it used.
    pub gas_used: U64,
    /// What the contracts logged.
    #[serde(default)]
    pub logs: Vec<Log>,
}

/// What `eth_feeHistory` answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FeeHistory {
    /// Base fees, the last one of the next block.
    pub base_fee_per_gas: Vec<U128>,
    /// Rewards a block at each percentile.
    #[serde(default)]
    pub reward: Vec<Vec<U128>>,
}

/// The call object of `eth_call` and `eth_estimateGas`.
#[must_use]
pub fn call(from: Option<Address>, to: Address, data: &Bytes, delegations: &[SignedDelegation]) -> Value {
    let mut call = json!({ "to": to, "data": data });
    if let Some(from) = from {
        call["from"] = json!(from);
    }
    if !delegations.is_empty() {
        call["authorizationList"] = delegations.iter().map(authorization).collect();
    }
    call
}

fn authorization(signed: &SignedDelegation) -> Value {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Authorization {
        chain_id: U64,
        address: Address,
        nonce: U64,
        y_parity: U64,
        r: U256,
        s: U256,
    }
    let authorization = Authorization {
        chain_id: U64::from(signed.delegation.chain_id),
        address: signed.delegation.implementation,
        nonce: U64::from(signed.delegation.nonce),
        y_parity: U64::from(u8::from(signed.signature.y_parity)),
        r: U256::from_be_bytes(signed.signature.r.0),
        s: U256::from_be_bytes(signed.signature.s.0),
    };
    serde_json::to_value(authorization).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Bytes, Receipt, RpcError, U64, read};

    #[test]
    fn answers_are_read_leniently_and_errors_by_class() {
        assert_eq!(read::<U64>(br#"{"jsonrpc":"2.0","id":1,"result":"0x89","more":1}"#), Ok(U64::from(137)));
        assert_eq!(read::<Option<Receipt>>(br#"{"id":1,"result":null}"#), Ok(None));
        assert_eq!(read::<U64>(b"<html>"), Err(RpcError::Unreadable));
        assert_eq!(read::<U64>(br#"{"id":2,"result":"0x1"}"#), Err(RpcError::Unreadable));
        let reverted = br#"{"id":1,"error":{"code":3,"message":"x","data":"0x0102"}}"#;
        assert_eq!(read::<U64>(reverted), Err(RpcError::Reverted(Bytes::from_static(&[1, 2]))));
        let refused = br#"{"id":1,"error":{"code":-32000,"message":"nonce too low"}}"#;
        assert_eq!(read::<U64>(refused), Err(RpcError::Refused(-32000)));
    }
}
