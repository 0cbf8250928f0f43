//! `token.create`: creates a token through the factory. Output: `token` (its address) and the transaction.

use aion_chain::action::{Standard, TokenAction};
use alloy_primitives::{B256, U256, keccak256};
use serde::Deserialize;
use serde_json::Value;

use super::{Place, value};
use crate::call::Call;
use crate::definition::Fault;
use crate::ids;

pub(super) const FIELDS: (&[&str], &[&str]) =
    (&["wallet", "standard", "name", "symbol"], &["cap", "baseUri", "soulbound", "royaltyBps", "issuer", "approval"]);
const NAME_MAX_CHARS: usize = 64;
const SYMBOL_MAX_CHARS: usize = 16;
/// A base URI is part of the token's code, which has 24,531 bytes for it; addresses of the web have below 2,000.
const BASE_URI_MAX_CHARS: usize = 1_024;
/// The whole price.
const ROYALTY_MAX_BPS: u16 = 10_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Input {
    wallet: String,
    standard: Standard,
    name: String,
    symbol: String,
    cap: Option<String>,
    base_uri: Option<String>,
    soulbound: Option<bool>,
    royalty_bps: Option<u16>,
    issuer: Option<String>,
}

pub(super) fn start(with: &Value, place: Place<'_>) -> Result<Call, Fault> {
    let (input, approval) = super::read_approved::<Input>(with)?;
    value::text("/name", &input.name, NAME_MAX_CHARS)?;
    value::text("/symbol", &input.symbol, SYMBOL_MAX_CHARS)?;
    let issuer = match &input.issuer {
        Some(did) => {
            value::did("/issuer", did)?;
            keccak256(did)
        }
        None => B256::ZERO,
    };
    let task = B256::from(ids::chain_id_of(place.task, place.step));
    let action = match input.standard {
        Standard::Erc20 => erc20(&input, task, issuer)?,
        Standard::Erc721 => erc721(&input, task, issuer)?,
    };
    value::operate(input.wallet, action, approval)
}

fn erc20(input: &Input, task: B256, issuer: B256) -> Result<TokenAction, Fault> {
    for (name, given) in [
        ("baseUri", input.base_uri.is_some()),
        ("soulbound", input.soulbound.is_some()),
        ("royaltyBps", input.royalty_bps.is_some()),
    ] {
        if given {
            return Err(Fault::new(format!("/{name}"), "is a field of erc721"));
        }
    }
    let cap = input.cap.as_deref().map_or(Ok(U256::ZERO), |cap| value::amount("/cap", cap))?;
    let (name, symbol) = (input.name.clone(), input.symbol.clone());
    Ok(TokenAction::CreateErc20 { task, name, symbol, cap, issuer })
}

fn erc721(input: &Input, task: B256, issuer: B256) -> Result<TokenAction, Fault> {
    if input.cap.is_some() {
        return Err(Fault::new("/cap", "is a field of erc20"));
    }
    let base_uri = input.base_uri.clone().unwrap_or_default();
    if !base_uri.is_empty() {
        value::text("/baseUri", &base_uri, BASE_URI_MAX_CHARS)?;
    }
    let royalty_bps = input.royalty_bps.unwrap_or_default();
    if royalty_bps > ROYALTY_MAX_BPS {
        return Err(Fault::new("/royaltyBps", format!("0 to {ROYALTY_MAX_BPS}")));
    }
    let (name, symbol, soulbound) = (input.name.clone(), input.symbol.clone(), input.soulbound.unwrap_or_default());
    Ok(TokenAction::CreateErc721 { task, name, symbol, base_uri, soulbound, royalty_bps, issuer })
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Place, start};

    const PLACE: Place<'_> = Place { task: "tsk", step: "s" };

    #[test]
    fn fields_of_the_other_standard_are_refused() {
        let base = json!({ "wallet": "wal_0123456789abcdefghij", "standard": "erc20", "name": "n", "symbol": "S" });
        assert!(start(&base, PLACE).is_ok());
        for (field, value) in [("soulbound", json!(true)), ("cap", json!(5)), ("cap", json!("05")), ("x", json!(1))] {
            let mut with = base.clone();
            with[field] = value;
            assert!(start(&with, PLACE).is_err(), "{with}");
        }
    }
}
