//! Calls and their meaning, and where tokens will stand.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use alloy_primitives::{Address, B256, Bytes, U256, address};
use alloy_sol_types::SolCall;

use super::{Call, Decoded, Deployment, Standard, TokenAction, decode_call};
use crate::contracts::{ERC20, ERC721};

const DEPLOYMENT: Deployment = Deployment {
    chain_id: 137,
    factory: address!("7fdca3649C9ECC3AA766af6ecF727cc4dF3C3693"),
    erc20_implementation: address!("5a225704D65caeA77FbBD19Dd6440eB66bAD9bbb"),
    erc721_implementation: address!("E966F4ABA0e55E53bDF7A04C69DE0EAFB572CcF2"),
    account_implementation: address!("E9296CCBE36106e1bad2B7378aB45f7b63b44957"),
};
const WALLET: Address = Address::repeat_byte(5);
const TOKEN: Address = Address::repeat_byte(6);

fn create_erc20() -> TokenAction {
    TokenAction::CreateErc20 {
        task: B256::repeat_byte(7),
        name: "Näme".to_owned(),
        symbol: "SYM".to_owned(),
        cap: U256::from(1_000),
        issuer: B256::repeat_byte(1),
    }
}

fn create_erc721() -> TokenAction {
    TokenAction::CreateErc721 {
        task: B256::repeat_byte(7),
        name: "N".to_owned(),
        symbol: "S".to_owned(),
        base_uri: "https://x/y/".to_owned(),
        soulbound: true,
        royalty_bps: 250,
        issuer: B256::repeat_byte(2),
    }
}

fn decode(call: &Call) -> Decoded {
    decode_call(&DEPLOYMENT, WALLET, call)
}

fn at_token(data: Vec<u8>) -> Call {
    Call { to: TOKEN, value: U256::ZERO, data: data.into() }
}

/// Where the real factory on a chain with these contracts put these tokens of this creator.
#[test]
fn predictions_are_where_the_factory_puts_tokens() {
    let creator = crate::lane_key::LaneKey::derive(&[2; 32], 137, 9).unwrap().address();
    let erc20 = address!("0Fe9C46cc05d6d840eB9C9B5Ca1de4A07E463973");
    let erc721 = address!("6d7d6d441A33A344480eC3cFf446bb790bFbee9a");
    assert_eq!(create_erc20().token(&DEPLOYMENT, creator), Some(erc20));
    assert_eq!(create_erc721().token(&DEPLOYMENT, creator), Some(erc721));
}

#[test]
fn every_action_is_understood_from_its_call() {
    let amount = U256::from(9);
    let to = WALLET;
    let mint = TokenAction::Mint { token: TOKEN, to, amount };
    assert_eq!(decode(&mint.call(&DEPLOYMENT)), Decoded::Mint { token: TOKEN, to, amount });
    let nft = TokenAction::MintNft { token: TOKEN, to, token_id: amount };
    assert_eq!(decode(&nft.call(&DEPLOYMENT)), Decoded::Mint { token: TOKEN, to, amount });
    let transfer = TokenAction::Transfer { token: TOKEN, to, amount };
    assert_eq!(decode(&transfer.call(&DEPLOYMENT)), Decoded::Transfer { token: TOKEN, to, amount });
    let burn = TokenAction::Burn { token: TOKEN, amount };
    assert_eq!(decode(&burn.call(&DEPLOYMENT)), Decoded::Burn { token: TOKEN, amount });
    let created = decode(&create_erc20().call(&DEPLOYMENT));
    assert!(matches!(created, Decoded::Create { standard: Standard::Erc20, .. }));
    let created = decode(&create_erc721().call(&DEPLOYMENT));
    assert!(matches!(created, Decoded::Create { standard: Standard::Erc721, .. }));
}

#[test]
fn approvals_are_seen_as_what_they_give_away() {
    let approve = ERC20::approveCall { spender: WALLET, amount: U256::MAX }.abi_encode();
    assert_eq!(decode(&at_token(approve)), Decoded::Approve { token: TOKEN, spender: WALLET, amount: U256::MAX });
    let all = ERC721::setApprovalForAllCall { operator: WALLET, approved: true }.abi_encode();
    assert_eq!(decode(&at_token(all)), Decoded::ApproveAll { token: TOKEN, operator: WALLET });
}

#[test]
fn only_the_one_encoding_counts() {
    let clean = ERC20::transferCall { to: WALLET, amount: U256::from(1) }.abi_encode();
    let unknown = |data: &[u8]| Decoded::Unknown { to: TOKEN, selector: data.first_chunk().copied() };
    let mut longer = clean.clone();
    longer.push(0);
    let mut dirty = clean.clone();
    dirty[4] = 1;
    for data in [longer, dirty, clean[..clean.len() - 1].to_vec(), vec![1, 2], Vec::new()] {
        assert_eq!(decode(&at_token(data.clone())), unknown(&data));
    }
    let with_coin = Call { value: U256::from(1), ..at_token(clean.clone()) };
    assert_eq!(decode(&with_coin), unknown(&clean));
    let at_factory = Call { to: DEPLOYMENT.factory, value: U256::ZERO, data: Bytes::from(clean) };
    assert!(matches!(decode(&at_factory), Decoded::Unknown { .. }));
}

#[test]
fn amounts_pass_json_as_decimals() {
    let action = TokenAction::Mint { token: TOKEN, to: WALLET, amount: U256::MAX };
    let text = serde_json::to_string(&action).unwrap();
    assert!(text.contains(&format!("\"amount\":\"{}\"", U256::MAX)), "{text}");
    assert_eq!(serde_json::from_str::<TokenAction>(&text).unwrap(), action);
}

#[test]
fn the_wire_form_of_each_kind_is_pinned_and_read_back() {
    let (token, to) = (Address::repeat_byte(1), Address::repeat_byte(2));
    let (task, issuer, name, symbol) = (B256::repeat_byte(3), B256::repeat_byte(4), "N".to_owned(), "S".to_owned());
    let amount = U256::MAX;
    let create_20 = TokenAction::CreateErc20 { task, name: name.clone(), symbol: symbol.clone(), cap: amount, issuer };
    let (base_uri, soulbound, royalty_bps) = ("ipfs://x".to_owned(), true, 250);
    let create_721 = TokenAction::CreateErc721 { task, name, symbol, base_uri, soulbound, royalty_bps, issuer };
    let all = [
        (create_20, vec!["cap", "issuer", "kind", "name", "symbol", "task"]),
        (create_721, vec!["baseUri", "issuer", "kind", "name", "royaltyBps", "soulbound", "symbol", "task"]),
        (TokenAction::Mint { token, to, amount }, vec!["amount", "kind", "to", "token"]),
        (TokenAction::Transfer { token, to, amount }, vec!["amount", "kind", "to", "token"]),
        (TokenAction::Burn { token, amount }, vec!["amount", "kind", "token"]),
        (TokenAction::MintNft { token, to, token_id: amount }, vec!["kind", "to", "token", "tokenId"]),
    ];
    for (action, fields) in all {
        let value = serde_json::to_value(&action).unwrap();
        let mut names: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, fields);
        assert_eq!(serde_json::from_value::<TokenAction>(value.clone()).unwrap(), action);
        assert_eq!(serde_json::from_str::<TokenAction>(&value.to_string()).unwrap(), action);
        for field in fields {
            let mut lacking = value.clone();
            lacking.as_object_mut().unwrap().remove(field);
            assert!(serde_json::from_value::<TokenAction>(lacking).is_err(), "{field} of {value}");
        }
    }
    assert!(serde_json::from_str::<TokenAction>(r#"{"kind":"other"}"#).is_err());
}
