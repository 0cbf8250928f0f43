//! What holds for every kind: an outcome that is lost is found out and not caused again, and undoing happens once.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Command, Outcome, Run};
use crate::kind;
use crate::machine::LEASE_MS;
use crate::task::State;

/// An input that each kind takes. A kind that is added without one fails the tests.
fn input(kind: &str) -> Option<Value> {
    let address = format!("0x{:040x}", 7);
    let wallet = format!("wal_{}", "0".repeat(20));
    Some(match kind {
        "contract.read" => json!({ "to": address, "function": "totalSupply()", "returns": ["uint256"] }),
        "function.run" => json!({ "function": "price", "input": { "a": 1 } }),
        "http.request" => json!({ "url": "https://x.example/", "method": "POST", "json": {}, "idempotent": true }),
        "identity.create" => json!({ "name": "ana" }),
        "identity.update" => json!({ "identity": "u:ana", "alsoKnownAs": [] }),
        "mind.ask" => json!({ "prompt": "How much?", "schema": { "type": "object" } }),
        "mind.decide" => json!({ "question": "Pay?", "choices": ["yes", "no"] }),
        "mind.plan" => json!({ "goal": "Mint ten" }),
        "mind.run" => json!({ "plan": "pln_1" }),
        "set" => json!({ "value": 1 }),
        "sleep" => json!({ "duration": "1s" }),
        "task.start" => {
            json!({ "definition": { "steps": { "n": { "do": "sleep", "with": { "duration": "1s" } } } } })
        }
        "token.burn" => json!({ "wallet": wallet, "token": address, "amount": "1" }),
        "token.create" => {
            json!({ "wallet": wallet, "standard": "erc20", "name": "N", "symbol": "S", "cap": "1" })
        }
        "token.mint" | "token.transfer" => {
            json!({ "wallet": wallet, "token": address, "to": address, "amount": "1" })
        }
        "until" => json!({ "time": "1970-01-01T00:00:02Z" }),
        "wait.approval" => json!({ "question": "Go?", "by": ["did:key:z6Mk1"] }),
        "wait.signal" => json!({ "name": "go" }),
        "wallet.create" => json!({ "label": "purse" }),
        "wallet.sign" => json!({ "wallet": wallet, "document": {
            "types": { "Vote": [{ "name": "yes", "type": "bool" }] }, "primaryType": "Vote",
            "domain": { "chainId": 137, "verifyingContract": address }, "message": { "yes": true } } }),
        _ => return None,
    })
}

fn calling() -> impl Iterator<Item = (&'static str, Value)> {
    kind::names().filter(|kind| !kind::is_inline(kind)).map(|kind| (kind, input(kind).expect(kind)))
}

/// What a kind's target answers, in the shape that the kind reads.
fn answer(kind: &str) -> Value {
    match kind {
        "contract.read" => json!({ "data": format!("0x{:064x}", 1) }),
        "http.request" => json!({ "status": 200, "headers": {}, "body": null }),
        _ => json!({}),
    }
}

#[test]
fn every_kind_takes_the_input_of_these_tests() {
    for kind in kind::names() {
        let with = input(kind).unwrap_or_else(|| panic!("{kind} has no input here"));
        assert_eq!(kind::check(kind, &with), Ok(()), "{kind}");
    }
}

#[test]
fn a_lost_answer_is_asked_for_under_the_same_key_and_the_same_call() {
    for (kind, with) in calling() {
        let mut run = Run::new(&json!({ "steps": { "a": { "do": kind, "with": with } } }));
        let first = run.due(0).dispatch.remove(0);
        // Twice: once the kernel learns that the answer is lost, once the lease runs out.
        let (step, epoch) = ("a".to_owned(), first.epoch);
        run.apply(Command::Unknown { step, epoch, reason: "away".to_owned() }, 1);
        assert_eq!(run.step("a"), "unknown", "{kind}");
        let mut now_ms = 10 * LEASE_MS;
        for _ in 0..2 {
            let again = run.due(now_ms).dispatch.remove(0);
            assert_eq!((&again.key, &again.call), (&first.key, &first.call), "{kind}");
            assert!(again.epoch > first.epoch, "{kind}: the answer to the lost call counts no more");
            now_ms += 10 * LEASE_MS;
        }
        // A late answer to the first call is none; the answer to the last one ends it.
        let late = Command::Reply { step: "a".to_owned(), epoch, outcome: Outcome::Done { output: answer(kind) } };
        assert!(run.apply(late, now_ms).is_empty(), "{kind}");
        run.done("a", answer(kind), now_ms);
        assert_eq!(run.task.state, State::Done, "{kind}: {}", run.view());
    }
}

#[test]
fn every_kind_undoes_once_however_often_it_is_asked() {
    for (kind, with) in calling() {
        let undo = json!({ "do": kind, "with": with });
        let steps = json!({ "a": { "do": "identity.create", "with": { "name": "x" }, "compensate": undo },
            "b": { "do": "identity.create", "needs": ["a"], "with": { "name": "y" } } });
        let mut run = Run::new(&json!({ "steps": steps }));
        run.due(0);
        run.done("a", json!({}), 1);
        run.due(2);
        run.reply("b", Outcome::Fatal { code: "no".to_owned(), reason: "never".to_owned() }, 3);
        let first = run.due(4).dispatch.remove(0);
        assert_eq!(first.step, "a~undo", "{kind}");
        // Its answer is lost; it is asked again under its key, and its answer comes twice.
        let again = run.due(10 * LEASE_MS).dispatch.remove(0);
        assert_eq!((&again.key, &again.call), (&first.key, &first.call), "{kind}");
        run.done("a~undo", answer(kind), 10 * LEASE_MS + 1);
        assert_eq!(run.task.state, State::Compensated, "{kind}: {}", run.view());
        let (step, epoch) = ("a~undo".to_owned(), again.epoch);
        let twice = Command::Reply { step, epoch, outcome: Outcome::Done { output: answer(kind) } };
        assert!(run.apply(twice, 10 * LEASE_MS + 2).is_empty(), "{kind}");
        assert!(run.due(100 * LEASE_MS).dispatch.is_empty(), "{kind}: nothing is undone twice");
    }
}
