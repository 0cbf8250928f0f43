//! The world that a plan is judged by: what a node is asked, and facts out of its answers.

use aion_chain::action::Deployment;
use aion_chain::fees::{Fees, HISTORY_BLOCKS, PERCENTILE};
use aion_chain::rpc::{self, FeeHistory};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use super::resolve::TokenFacts;
use super::simulate::EthCall;
use super::step::Standard;

/// `decimals()`
const DECIMALS: &str = "0x313ce567";
/// `supportsInterface(bytes4)` of ERC-165, for the interface of ERC-721.
const IS_NFT: &str = "0x01ffc9a780ac58cd00000000000000000000000000000000000000000000000000000000";
/// What is approved may cost so much more than it does now, as a factor: fees move between an approval and a run, and
/// no run costs more than was approved.
const HEADROOM: u128 = 2;

/// Parameters of the two `eth_call`s that say what a token is: its decimals, and whether it is an ERC-721.
#[must_use]
pub fn token_calls(token: Address) -> [Value; 2] {
    [DECIMALS, IS_NFT].map(|data| json!([{ "to": token, "data": data }, "latest"]))
}

/// What a token is, by the answers to both calls; one that was reverted is `None`. Nothing, if it is none.
#[must_use]
pub fn token(decimals: Option<&Value>, is_nft: Option<&Value>) -> Option<TokenFacts> {
    let word = |answer: Option<&Value>| answer.and_then(Value::as_str).and_then(word);
    if word(is_nft) == Some(U256::from(1)) {
        return Some(TokenFacts { standard: Standard::Erc721, decimals: 0 });
    }
    let decimals = u8::try_from(word(decimals)?).ok()?;
    Some(TokenFacts { standard: Standard::Erc20, decimals })
}

/// One whole word; an address without code answers with none.
fn word(text: &str) -> Option<U256> {
    let digits = text.strip_prefix("0x").filter(|digits| digits.len() == 64)?;
    U256::from_str_radix(digits, 16).ok()
}

/// Parameters of `eth_feeHistory`.
#[must_use]
pub fn fee_params() -> Value {
    json!([format!("0x{HISTORY_BLOCKS:x}"), "latest", [PERCENTILE]])
}

/// The fees of now, out of `eth_feeHistory`.
#[must_use]
pub fn fees(deployment: &Deployment, history: &Value) -> Option<Fees> {
    let history: FeeHistory = serde_json::from_value(history.clone()).ok()?;
    let base = history.base_fee_per_gas.last()?.to();
    let rewards: Vec<u128> = history.reward.iter().filter_map(|block| block.first()).map(|fee| fee.to()).collect();
    Some(Fees::estimate(deployment.chain_id, base, &rewards))
}

/// The fees that a plan is priced by before it is approved.
#[must_use]
pub const fn with_headroom(fees: Fees) -> Fees {
    Fees { max_fee_wei: fees.max_fee_wei.saturating_mul(HEADROOM), tip_wei: fees.tip_wei }
}

/// Parameters of the `eth_call` that simulates a step.
#[must_use]
pub fn simulation(call: &EthCall) -> Value {
    json!([rpc::call(Some(call.from), call.to, &call.data, &[]), "latest"])
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::super::tests::fixture::facts;
    use super::{Standard, TokenFacts, fees, json, token, with_headroom};

    #[test]
    fn a_token_is_what_it_says_that_it_is() {
        let word = |number: u64| json!(format!("0x{number:064x}"));
        let erc20 = Some(TokenFacts { standard: Standard::Erc20, decimals: 6 });
        assert_eq!(token(Some(&word(6)), Some(&word(0))), erc20);
        assert_eq!(token(Some(&word(6)), None), erc20);
        let erc721 = Some(TokenFacts { standard: Standard::Erc721, decimals: 0 });
        assert_eq!(token(None, Some(&word(1))), erc721);
        for decimals in [None, Some(json!("0x")), Some(word(256)), Some(json!(6)), Some(json!("0x06"))] {
            assert_eq!(token(decimals.as_ref(), Some(&json!("0x"))), None, "{decimals:?}");
        }
    }

    #[test]
    fn fees_come_from_the_chain_and_leave_room() {
        let history = json!({ "oldestBlock": "0x1", "baseFeePerGas": ["0x1", "0x7"], "reward": [["0x1"], ["0x3"]] });
        let deployment = facts().deployment;
        let now = fees(&deployment, &history).unwrap();
        assert_eq!(now.max_fee_wei, 14 + 30_000_000_000);
        assert_eq!(with_headroom(now).max_fee_wei, 2 * now.max_fee_wei);
        assert_eq!(fees(&deployment, &json!({})), None);
    }
}
