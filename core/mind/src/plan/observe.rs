//! What was seen of a plan's task: its steps' outputs, and what their receipts log. Whatever is in a receipt counts, be
//! it of a contract that the plan never heard of.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U64, U128, U256, b256};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::effects::{Allowance, Movement, Observed};
use super::resolve::Units;

/// `Transfer(address,address,uint256)` of ERC-20 and ERC-721.
const TRANSFER: B256 = b256!("ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef");
/// `Approval(address,address,uint256)` of both.
const APPROVAL: B256 = b256!("8c5be1e5ebec7d5bd14f71427d1e84f3dd0314c0f7b2291e5b200ac8c7c3b925");
/// `ApprovalForAll(address,address,bool)` of ERC-721 and ERC-1155.
const APPROVAL_FOR_ALL: B256 = b256!("17307eab39ab6107e8899845ad3d59bd9653f200f220920489ca2b5937696c31");
/// The outputs of steps that are addresses.
const ADDRESSES: [&str; 2] = ["token", "address"];

/// A step that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ran {
    /// Its id.
    pub step: String,
    /// Its transaction, if it has sent one.
    pub transaction: Option<String>,
    /// The outputs that are addresses.
    pub outputs: BTreeMap<String, Address>,
}

/// The steps of a task that are done, by what the task shows of them.
#[must_use]
pub fn ran(steps: &Value) -> Vec<Ran> {
    let all = steps.as_object().into_iter().flatten();
    let one = |(id, step): (&String, &Value)| {
        let output = step.get("output")?;
        let text = |name: &str| output.get(name).and_then(Value::as_str);
        let address = |name: &&str| Some(((*name).to_owned(), text(name)?.parse().ok()?));
        let outputs = ADDRESSES.iter().filter_map(address).collect();
        Some(Ran { step: id.clone(), transaction: text("transactionHash").map(str::to_owned), outputs })
    };
    all.filter_map(one).collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Receipt {
    gas_used: U64,
    #[serde(default)]
    effective_gas_price: U128,
    logs: Vec<Log>,
}

#[derive(Deserialize)]
struct Log {
    address: Address,
    topics: Vec<B256>,
    #[serde(default)]
    data: Bytes,
}

/// What was seen of a step. A receipt that cannot be read is nothing seen.
#[must_use]
pub fn observed(ran: &Ran, receipt: Option<&Value>) -> Option<Observed> {
    let mut seen = Observed { outputs: ran.outputs.clone(), ..Observed::default() };
    if ran.transaction.is_none() {
        return Some(seen);
    }
    let Receipt { gas_used, effective_gas_price, logs } = serde_json::from_value(receipt?.clone()).ok()?;
    seen.native_wei = Units(U256::from(gas_used.to::<u64>()).saturating_mul(U256::from(effective_gas_price)));
    for log in &logs {
        match log.topics.first() {
            Some(&TRANSFER) => seen.moves.push(movement(log)?),
            Some(topic @ (&APPROVAL | &APPROVAL_FOR_ALL)) => {
                let read = if *topic == APPROVAL { approval } else { approval_for_all };
                let (given, allowance) = read(log)?;
                seen.allowances.extend(given.then_some(allowance));
            }
            _ => {}
        }
    }
    Some(seen)
}

/// Who, whom, and the third value: indexed by an ERC-721, in the data of an ERC-20.
fn three(log: &Log) -> Option<(Address, Address, U256)> {
    let side = |place: usize| log.topics.get(place).map(|topic| Address::from_word(*topic));
    let value = match log.topics.get(3) {
        Some(topic) => U256::from_be_bytes(topic.0),
        None => U256::from_be_slice(log.data.get(..32)?),
    };
    Some((side(1)?, side(2)?, value))
}

fn movement(log: &Log) -> Option<Movement<Address>> {
    let (from, to, amount) = three(log)?;
    let side = |address: Address| (!address.is_zero()).then_some(address);
    Some(Movement { token: log.address, from: side(from), to: side(to), amount: Units(amount) })
}

/// A right to spend, and whether it is given: nobody, or nothing, takes one back.
fn approval(log: &Log) -> Option<(bool, Allowance)> {
    let (owner, spender, amount) = three(log)?;
    let is_nft = log.topics.len() == 4;
    let given = !spender.is_zero() && (is_nft || !amount.is_zero());
    Some((given, Allowance { token: log.address, owner, spender, amount: Units(amount) }))
}

fn approval_for_all(log: &Log) -> Option<(bool, Allowance)> {
    let (owner, spender, given) = three(log)?;
    Some((!given.is_zero(), Allowance { token: log.address, owner, spender, amount: Units(U256::MAX) }))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloy_primitives::keccak256;
    use serde_json::json;

    use super::super::tests::fixture::{ALICE, OWN};
    use super::{APPROVAL, APPROVAL_FOR_ALL, Address, B256, TRANSFER, U256, Value, observed, ran};

    fn side(address: Address) -> B256 {
        address.into_word()
    }

    fn log(topics: &[B256], data: &str) -> Value {
        json!({ "address": OWN, "topics": topics, "data": data })
    }

    fn receipt(logs: &[Value]) -> Value {
        json!({ "gasUsed": "0x10", "effectiveGasPrice": "0x3", "logs": logs })
    }

    fn steps() -> Value {
        json!({
            "create": { "kind": "token.create", "state": "ok",
                "output": { "token": OWN, "transactionHash": "0x01", "operation": 1 } },
            "wait": { "kind": "sleep", "state": "ok", "output": {} },
            "send": { "kind": "token.transfer", "state": "fatal", "error": {} }
        })
    }

    #[test]
    fn events_have_the_names_that_they_should() {
        assert_eq!(TRANSFER, keccak256("Transfer(address,address,uint256)"));
        assert_eq!(APPROVAL, keccak256("Approval(address,address,uint256)"));
        assert_eq!(APPROVAL_FOR_ALL, keccak256("ApprovalForAll(address,address,bool)"));
    }

    #[test]
    fn steps_that_are_done_are_seen_with_what_their_receipts_log() {
        let ran = ran(&steps());
        assert_eq!(ran.iter().map(|one| one.step.as_str()).collect::<Vec<_>>(), ["create", "wait"]);
        let (create, wait) = (&ran[0], &ran[1]);
        assert_eq!(create.outputs["token"], OWN);
        assert_eq!(observed(wait, None).unwrap(), super::Observed::default());
        let word = |number: u64| format!("0x{number:064x}");
        let mint = log(&[TRANSFER, B256::ZERO, side(ALICE)], &word(7));
        let nft = log(&[TRANSFER, side(ALICE), B256::ZERO, B256::from(U256::from(9))], "0x");
        let seen = observed(create, Some(&receipt(&[mint, nft, log(&[B256::ZERO], "0x")]))).unwrap();
        let moves: Vec<_> = seen.moves.iter().map(|one| (one.from, one.to, one.amount.0.to::<u64>())).collect();
        assert_eq!(moves, [(None, Some(ALICE), 7), (Some(ALICE), None, 9)]);
        assert_eq!((seen.native_wei.0.to::<u64>(), seen.allowances.len()), (48, 0));
    }

    #[test]
    fn rights_that_are_given_are_seen_and_those_that_are_taken_back_are_none() {
        let create = &ran(&steps())[0];
        let word = |number: u64| format!("0x{number:064x}");
        let given = |log: Value| observed(create, Some(&receipt(&[log]))).unwrap().allowances.len();
        let (owner, spender, third) = (side(ALICE), side(OWN), B256::from(U256::from(9)));
        assert_eq!(given(log(&[APPROVAL, owner, spender], &word(1))), 1);
        assert_eq!(given(log(&[APPROVAL, owner, spender], &word(0))), 0);
        assert_eq!(given(log(&[APPROVAL, owner, spender, B256::ZERO], "0x")), 1, "the token 0 is one");
        assert_eq!(given(log(&[APPROVAL, owner, B256::ZERO, third], "0x")), 0);
        assert_eq!(given(log(&[APPROVAL_FOR_ALL, owner, spender], &word(1))), 1);
        assert_eq!(given(log(&[APPROVAL_FOR_ALL, owner, spender], &word(0))), 0);
    }

    #[test]
    fn what_cannot_be_read_was_not_seen() {
        let create = &ran(&steps())[0];
        assert_eq!(observed(create, None), None);
        assert_eq!(observed(create, Some(&json!(null))), None);
        assert_eq!(observed(create, Some(&receipt(&[log(&[TRANSFER, B256::ZERO], "0x")]))), None);
    }
}
