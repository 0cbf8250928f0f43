//! A request, a plan and a world that tests begin with.

use std::collections::BTreeMap;

use aion_chain::action::{Deployment, Standard};
use aion_chain::fees::Fees;
use aion_wallet::policy::{Policy, SpendLedger};
use alloy_primitives::Address;
use serde_json::{Value, json};

use super::super::Plan;
use super::super::request::Request;
use super::super::resolve::{Facts, TokenFacts, WalletFacts};

pub const WALLET: &str = "wal_00000000000000000001";
pub const OWN: Address = Address::repeat_byte(0x11);
pub const ALICE: Address = Address::repeat_byte(0xaa);

pub fn from(from: &str, value: &str) -> Value {
    json!({ "from": from, "value": value })
}

pub fn request_json() -> Value {
    let input = |value: Value| json!({ "source": "request", "value": value });
    json!({
        "goal": "Launch Luna, give 10000 to Alice; send 25.5 tokens to 0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
        "language": null,
        "inputs": {
            "treasury": input(json!({ "type": "wallet", "wallet": WALLET })),
            "alice": input(json!({ "type": "address", "address": ALICE })),
            "bob": input(json!({ "type": "did", "did": "did:key:z6MkBob", "address": null })),
            "supply": input(json!({ "type": "amount", "amount": "1000000" })),
            "own": input(json!({ "type": "token", "address": OWN, "standard": "erc20", "decimals": 18 })),
            "title": input(json!({ "type": "text", "text": "Luna" }))
        },
        "answers": {
            "colour": { "form": "choice", "answer": "red" },
            "day": { "form": "date", "answer": "2026-12-24T00:00:00Z" },
            "number": { "form": "number", "answer": 7 },
            "who": { "form": "handle", "answer": "alice" }
        },
        "mandates": []
    })
}

pub fn request() -> Request {
    serde_json::from_value(request_json()).unwrap()
}

pub fn launch() -> Value {
    json!({
        "version": "aion.plan/1", "summary": "Launch and give", "schedule": null,
        "steps": [
            { "do": "token.create", "id": "create", "needs": [], "wallet": from("input", "treasury"),
              "standard": "erc20", "name": from("lit", "Luna"), "symbol": from("lit", "LUN"),
              "cap": from("input", "supply") },
            { "do": "token.mint", "id": "mint", "needs": [], "wallet": from("input", "treasury"),
              "token": from("ref", "create.token"), "to": from("input", "alice"), "amount": from("lit", "10000") },
            { "do": "token.transfer", "id": "send", "needs": ["mint"], "wallet": from("input", "treasury"),
              "token": from("input", "own"), "to": from("lit", "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"),
              "amount": from("lit", "25.5") }
        ]
    })
}

pub fn plan(value: &Value) -> Plan {
    Plan::read(&value.to_string()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

pub fn facts() -> Facts {
    let address = |text: &str| text.parse().unwrap();
    let ledger = SpendLedger { tokens: BTreeMap::from([(OWN, Standard::Erc20)]), ..SpendLedger::default() };
    let wallet = WalletFacts { address: Address::repeat_byte(5), policy: Policy::default(), ledger };
    Facts {
        deployment: Deployment {
            chain_id: 137,
            factory: address("0x7fdca3649C9ECC3AA766af6ecF727cc4dF3C3693"),
            erc20_implementation: address("0x5a225704D65caeA77FbBD19Dd6440eB66bAD9bbb"),
            erc721_implementation: address("0xE966F4ABA0e55E53bDF7A04C69DE0AEFB572CcF2"),
            account_implementation: address("0xE9296CCBE36106e1bad2B7378aB45f7b63b44957"),
        },
        wallets: BTreeMap::from([(WALLET.to_owned(), wallet)]),
        tokens: BTreeMap::from([(OWN, TokenFacts { standard: super::super::step::Standard::Erc20, decimals: 18 })]),
        fees: Fees { max_fee_wei: 100_000_000_000, tip_wei: 30_000_000_000 },
    }
}
