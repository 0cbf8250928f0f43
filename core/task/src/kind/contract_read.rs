//! `contract.read`: calls a view function. Output: `values`, one a return type; integers are decimal strings.

use alloy_primitives::{Address, B256, Bytes, U256, hex, keccak256};
use serde::Deserialize;
use serde_json::{Value, json};

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["to", "function"], &["args", "returns"]);
/// A signature of a function may have this many characters.
const FUNCTION_MAX_CHARS: usize = 128;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    to: String,
    function: String,
    #[serde(default)]
    args: Vec<String>,
    #[serde(default)]
    returns: Vec<String>,
}

/// As many return values as any view function of a token has, and more.
const RETURNS_MAX: usize = 32;

/// The static types of one word that we read and write.
#[derive(Clone, Copy)]
enum Word {
    Address,
    Uint,
    Bytes32,
    Bool,
}

fn word(pointer: &str, name: &str) -> Result<Word, Fault> {
    match name {
        "address" => Ok(Word::Address),
        "uint256" | "uint128" | "uint96" | "uint64" | "uint48" | "uint32" | "uint16" | "uint8" => Ok(Word::Uint),
        "bytes32" => Ok(Word::Bytes32),
        "bool" => Ok(Word::Bool),
        other => {
            Err(Fault::new(pointer, format!("{other} is not a type that is read here: address, uint…, bytes32, bool")))
        }
    }
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let input: Input = super::read(with)?;
    let to = value::address("/to", &input.to)?;
    let types = parameters(&input.function)?;
    if types.len() != input.args.len() {
        return Err(Fault::new("/args", format!("the function takes {} arguments", types.len())));
    }
    let mut data = keccak256(&input.function)[..4].to_vec();
    for (place, (kind, text)) in types.into_iter().zip(&input.args).enumerate() {
        data.extend(encode(&format!("/args/{place}"), kind, text)?.as_slice());
    }
    if input.returns.len() > RETURNS_MAX {
        return Err(Fault::new("/returns", format!("at most {RETURNS_MAX} values")));
    }
    for (place, name) in input.returns.iter().enumerate() {
        word(&format!("/returns/{place}"), name)?;
    }
    Ok(Call::ContractRead { to, data: data.into() })
}

fn parameters(function: &str) -> Result<Vec<Word>, Fault> {
    let fault = || Fault::new("/function", "a signature like balanceOf(address)");
    let (name, rest) = function.split_once('(').ok_or_else(fault)?;
    let list = rest.strip_suffix(')').ok_or_else(fault)?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$';
    if name.is_empty() || function.len() > FUNCTION_MAX_CHARS || !name.bytes().all(fits) {
        return Err(fault());
    }
    if list.is_empty() {
        return Ok(Vec::new());
    }
    list.split(',').map(|name| word("/function", name)).collect()
}

fn encode(pointer: &str, kind: Word, text: &str) -> Result<B256, Fault> {
    match kind {
        Word::Address => Ok(value::address(pointer, text)?.into_word()),
        Word::Uint => Ok(B256::from(value::amount(pointer, text)?)),
        Word::Bytes32 => text.parse().map_err(|_| Fault::new(pointer, "32 bytes as 0x and 64 hex digits")),
        Word::Bool => match text {
            "true" => Ok(B256::with_last_byte(1)),
            "false" => Ok(B256::ZERO),
            _ => Err(Fault::new(pointer, "true or false")),
        },
    }
}

/// Reads what the contract returned: `{"data": "0x…"}`.
pub(super) fn output(with: &Value, given: &Value) -> Result<Value, Fault> {
    let input: Input = super::read(with)?;
    let data: Bytes = given["data"].as_str().and_then(|text| text.parse().ok()).unwrap_or_default();
    if data.len() < 32 * input.returns.len() {
        return Err(Fault::new("/returns", "the contract returned less, or there is no contract"));
    }
    let mut values = Vec::new();
    for (place, (name, chunk)) in input.returns.iter().zip(data.chunks_exact(32)).enumerate() {
        let pointer = format!("/returns/{place}");
        values.push(match word(&pointer, name)? {
            Word::Address => json!(Address::from_slice(&chunk[12..]).to_checksum(None)),
            Word::Uint => json!(U256::from_be_slice(chunk).to_string()),
            Word::Bytes32 => json!(hex::encode_prefixed(chunk)),
            Word::Bool => json!(chunk.iter().any(|byte| *byte != 0)),
        });
    }
    Ok(json!({ "values": values }))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Call, hex, output, start};

    #[test]
    fn calls_are_encoded_and_answers_read() {
        let with = json!({ "to": "0x52908400098527886e0f7030069857d2e4169ee7", "function": "balanceOf(address)",
            "args": ["0x52908400098527886e0f7030069857d2e4169ee7"], "returns": ["uint256", "bool"] });
        let Call::ContractRead { data, .. } = start(&with).unwrap() else { panic!() };
        assert_eq!((hex::encode(&data[..4]).as_str(), data.len()), ("70a08231", 36));
        let given = json!({ "data": format!("0x{:064x}{:064x}", 258, 1) });
        assert_eq!(output(&with, &given).unwrap(), json!({ "values": ["258", true] }));
        assert!(output(&with, &json!({ "data": "0x" })).is_err());
    }

    #[test]
    fn what_cannot_be_encoded_is_refused() {
        let to = "0x52908400098527886e0f7030069857d2e4169ee7";
        for (function, args) in
            [("f", vec![]), ("f(uint256)", vec![]), ("f(string)", vec!["x"]), ("f(bool)", vec!["1"])]
        {
            assert!(start(&json!({ "to": to, "function": function, "args": args })).is_err(), "{function}");
        }
    }
}
