//! Requests, plans and a world for tests that go the whole way of a plan.
#![allow(dead_code, reason = "each test uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use aion_chain::action::{Deployment, Standard};
use aion_chain::fees::Fees;
use aion_mind::approval::Decision;
use aion_mind::plan::Kind;
use aion_mind::plan::record::{Charter, Command, Effect, PlanRecord, Refusal, apply, begin};
use aion_mind::plan::request::Request;
use aion_mind::plan::resolve::{Facts, TokenFacts, Units, WalletFacts};
use aion_mind::plan::rules::Rules;
use aion_mind::plan::simulate::Answer;
use aion_mind::plan::step;
use aion_wallet::policy::{Policy, SpendLedger};
use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

pub const WALLET: &str = "wal_00000000000000000001";
pub const OWN: Address = Address::repeat_byte(0x11);
pub const ALICE: Address = Address::repeat_byte(0xaa);
pub const CARLA: &str = "0xcccccccccccccccccccccccccccccccccccccccc";
pub const BOB: &str = "did:key:z6MkBob";
pub const APPROVER: &str = "did:key:z6MkBoard";
pub const NOW_MS: u64 = 1_790_000_000_000;

pub fn from(from: &str, value: &str) -> Value {
    json!({ "from": from, "value": value })
}

/// The request in English or Spanish, with the mandates of its honest plan.
pub fn request(language: &str) -> Request {
    let input = |value: Value| json!({ "source": "addressBook", "value": value });
    let goal = match language {
        "en" => format!("Launch Luna, give 10000 of it to Alice and send 25.5 of our own tokens to {CARLA}"),
        _ => format!("Lanza Luna, dale 10000 a Alicia y envía 25,5 de nuestros tokens a {CARLA}"),
    };
    let mandate = |of: [Value; 4]| {
        let [kind, token, to, amount] = of;
        json!({ "do": kind, "token": token, "to": to, "amount": amount, "times": 1 })
    };
    let document = json!({
        "goal": goal, "language": if language == "en" { "english" } else { "spanish" },
        "inputs": {
            "treasury": input(json!({ "type": "wallet", "wallet": WALLET })),
            "alice": input(json!({ "type": "address", "address": ALICE })),
            "carla": input(json!({ "type": "address", "address": CARLA })),
            "bob": input(json!({ "type": "did", "did": BOB, "address": null })),
            "supply": input(json!({ "type": "amount", "amount": "1000000" })),
            "own": input(json!({ "type": "token", "address": OWN, "standard": "erc20", "decimals": 18 }))
        },
        "answers": {
            "colour": { "form": "choice", "answer": "red" },
            "number": { "form": "number", "answer": 99999 },
            "who": { "form": "handle", "answer": "carla" }
        },
        "mandates": [
            mandate([json!("token.create"), json!(null), json!(null), json!("1000000")]),
            mandate([json!("token.mint"), json!(null), json!("alice"), json!("10000")]),
            mandate([json!("token.transfer"), json!("own"), json!("carla"), json!("25.5")])
        ]
    });
    serde_json::from_value(document).unwrap()
}

/// The plan that the request asks for.
pub fn honest() -> Value {
    json!({
        "version": "aion.plan/1", "summary": "Launch and give", "schedule": null,
        "steps": [
            { "do": "token.create", "id": "create", "needs": [], "wallet": from("input", "treasury"),
              "standard": "erc20", "name": from("lit", "Luna"), "symbol": from("lit", "LUN"),
              "cap": from("input", "supply") },
            { "do": "token.mint", "id": "mint", "needs": [], "wallet": from("input", "treasury"),
              "token": from("ref", "create.token"), "to": from("input", "alice"), "amount": from("lit", "10000") },
            { "do": "token.transfer", "id": "send", "needs": ["mint"], "wallet": from("input", "treasury"),
              "token": from("input", "own"), "to": from("lit", CARLA), "amount": from("lit", "25.5") }
        ]
    })
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
        tokens: BTreeMap::from([(OWN, TokenFacts { standard: step::Standard::Erc20, decimals: 18 })]),
        fees: Fees { max_fee_wei: 100_000_000_000, tip_wei: 30_000_000_000 },
    }
}

/// Rules: with mandates and nobody who approves, or with somebody who has to.
pub fn rules(mandates: bool, approver: bool) -> Rules {
    let approvers: BTreeSet<String> = approver.then(|| APPROVER.to_owned()).into_iter().collect();
    let native_max_wei = Units(U256::from(10).pow(U256::from(18)));
    Rules { tools: Kind::ALL.to_vec(), approvers, count: 1, mandates, native_max_wei, valid_ms: 3_600_000 }
}

pub fn charter(language: &str, rules: Rules) -> Charter {
    let (id, task) = ("pln_1".to_owned(), "tsk_000123456789abcdefghij".to_owned());
    Charter { id, task, request: request(language), instructions: String::new(), rules }
}

/// What a shell does for a plan whose model answers with `reply` and gives up when that has faults: the record at the
/// end, what followed, and every command.
pub fn drive(charter: Charter, reply: &str) -> (PlanRecord, Vec<Effect>, Vec<(u64, Command)>) {
    let (mut record, mut open) = begin(charter, NOW_MS).unwrap();
    // Prompts are large, and no test looks at them.
    let kept = |effects: &[Effect]| {
        effects.iter().filter(|effect| !matches!(effect, Effect::Ask(_))).cloned().collect::<Vec<_>>()
    };
    let (mut all, mut commands, mut now_ms) = (kept(&open), Vec::new(), NOW_MS);
    let mut reply = reply;
    while let Some(effect) = open.pop() {
        now_ms += 10;
        let command = match effect {
            Effect::Ask(_) => Command::Proposed { reply: std::mem::replace(&mut reply, "I cannot.").to_owned() },
            Effect::Read { .. } => Command::Facts(Box::new(facts())),
            Effect::Simulate(calls) => {
                Command::Simulated(calls.into_iter().map(|call| (call.step, Answer::Works)).collect())
            }
            // Somebody who approves whatever they are asked.
            Effect::Approve(consent) => Command::Decide(decision(&consent.digest, true, now_ms)),
            Effect::Audit(entry) if entry.state == aion_mind::plan::record::State::Approved => {
                Command::Run(Box::new(facts()))
            }
            Effect::Audit(_) | Effect::Start { .. } | Effect::Cancel => continue,
        };
        commands.push((now_ms, command.clone()));
        let effects: Result<_, Refusal> = apply(&mut record, command, now_ms);
        let effects = effects.unwrap();
        all.extend(kept(&effects));
        open.extend(effects);
    }
    (record, all, commands)
}

pub fn decision(digest: &str, approve: bool, at_ms: u64) -> Decision {
    let (by, digest, proof) = (APPROVER.to_owned(), digest.to_owned(), "e30.e30.AA".to_owned());
    Decision { by, approve, steps: None, digest, proof, at_ms }
}

/// What a step that starts does with money: its kind and what stands in its money positions, values put in.
pub fn started(effects: &[Effect]) -> Vec<(String, BTreeMap<String, String>)> {
    let start = effects.iter().find_map(|effect| match effect {
        Effect::Start { definition, input, .. } => Some((definition, input)),
        _ => None,
    });
    let Some((definition, input)) = start else {
        return Vec::new();
    };
    let filled = |value: &Value| {
        let text = value.as_str().unwrap_or_default();
        let name = text.strip_prefix("${{ input.").and_then(|rest| rest.strip_suffix(" }}"));
        name.map_or_else(|| text.to_owned(), |name| input[name].as_str().unwrap_or_default().to_owned())
    };
    let mut all = Vec::new();
    for step in definition["steps"].as_object().into_iter().flatten().map(|(_, step)| step) {
        let mut money = BTreeMap::new();
        for name in ["wallet", "token", "to", "amount", "tokenId", "cap", "identity"] {
            money.extend(step["with"].get(name).map(|value| (name.to_owned(), filled(value))));
        }
        for (place, did) in step["with"]["by"].as_array().into_iter().flatten().enumerate() {
            money.insert(format!("by{place}"), filled(did));
        }
        all.push((step["do"].as_str().unwrap_or_default().to_owned(), money));
    }
    all
}
