//! Asks: a run ends at each, and does the same again up to there.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::fmt::Write as _;

use serde_json::json;

use super::{all, ended, failure, module, request, run, step};
use crate::{Answer, Ask, Bytes, Ended, FailureKind, Fetch, Fetched, Limits, Outcome, Prepared, Start, Told, Verify};

/// A step that asks these things one after the other, and gives what it was told as a list.
fn asker(asks: &[Ask]) -> Prepared {
    let (mut data, mut calls, mut place) = (String::from(r#"(data (i32.const 0) "[,]")"#), String::new(), 16);
    for (index, ask) in asks.iter().enumerate() {
        let (name, text) = match ask {
            Ask::Fetch(fetch) => ("fetch", serde_json::to_string(fetch).unwrap()),
            Ask::Resolve { did } => ("resolve", did.clone()),
            Ask::Verify(verify) => ("verify", serde_json::to_string(verify).unwrap()),
            Ask::Start(start) => ("start", serde_json::to_string(start).unwrap()),
        };
        write!(data, r#"(data (i32.const {place}) "{}")"#, text.replace('"', "\\22")).unwrap();
        let comma = i32::from(index != 0);
        write!(
            calls,
            "(call $write (i32.const {comma}) (i32.const 1))
             (local.set 0 (call ${name} (i32.const {place}) (i32.const {})))
             (call $result (i32.const 32768)) (call $write (i32.const 32768) (local.get 0))",
            text.len()
        )
        .unwrap();
        place += text.len();
    }
    let open = if asks.is_empty() { "(call $write (i32.const 0) (i32.const 1))" } else { "" };
    module(&data, &format!("{open} {calls} (call $write (i32.const 2) (i32.const 1))"))
}

fn resolve(did: &str) -> Ask {
    Ask::Resolve { did: did.to_owned() }
}

fn pairs() -> Vec<(Ask, Told)> {
    let fetch = Fetch {
        url: "https://a.example/".to_owned(),
        method: "POST".to_owned(),
        headers: vec![("a".to_owned(), "b".to_owned())],
        body: Some(Bytes(vec![1, 2])),
        ttl_s: 5,
    };
    let fetched = Fetched { status: 200, headers: vec![], body: Bytes(vec![0, 255]) };
    let (did, payload, signature) = ("did:key:z".to_owned(), Bytes(vec![1]), Bytes(vec![2]));
    let start = Start { key: "k".to_owned(), definition: None, name: Some("pay".to_owned()), input: json!({ "n": 1 }) };
    vec![
        (Ask::Fetch(fetch), Told::Fetched(fetched)),
        (resolve("did:key:z"), Told::Resolved(json!({ "didDocument": { "id": "did:key:z" } }))),
        (Ask::Verify(Verify { did, payload, signature }), Told::Verified { valid: true }),
        (Ask::Start(start), Told::Started { id: "task_1".to_owned() }),
        (resolve("x"), Told::Problem { code: "request.invalid".to_owned(), detail: "no DID".to_owned() }),
    ]
}

/// Runs a function until it needs nothing more, answering from a script; the runs that it took, and its end.
fn performed(module: &Prepared, script: &[(Ask, Told)]) -> (usize, Ended) {
    let mut answers = Vec::new();
    loop {
        match ended(module, &step(), &answers) {
            Ended::Needs(ask) => {
                let (wanted, told) = script[answers.len()].clone();
                assert_eq!(ask, wanted);
                answers.push(Answer { ask, told });
            }
            end => return (answers.len() + 1, end),
        }
    }
}

#[test]
fn every_ask_is_answered_in_turn() {
    let script = pairs();
    let asks: Vec<Ask> = script.iter().map(|(ask, _)| ask.clone()).collect();
    let (runs, end) = performed(&asker(&asks), &script);
    let Ended::Done(output) = end else {
        panic!("{end:?}");
    };
    let told = json!([
        { "status": 200, "headers": [], "body": "AP8" },
        { "didDocument": { "id": "did:key:z" } },
        { "valid": true },
        { "id": "task_1" },
        { "error": { "code": "request.invalid", "detail": "no DID" } }
    ]);
    assert_eq!((runs, output.outcome), (6, Outcome::Step { status: 200, output: told }));
}

#[test]
fn another_replay_is_named() {
    let asks = [resolve("a"), resolve("b")];
    let told = Told::Resolved(json!(1));
    let answer = |ask: &Ask, told: &Told| Answer { ask: ask.clone(), told: told.clone() };
    for answers in [
        // Another ask, an answer of another kind, and more answers than asks.
        vec![answer(&resolve("c"), &told)],
        vec![answer(&asks[0], &Told::Verified { valid: true })],
        vec![answer(&asks[0], &told), answer(&asks[1], &told), answer(&resolve("c"), &told)],
    ] {
        let ended = ended(&asker(&asks), &step(), &answers);
        let Ended::Failed(failed) = ended else {
            panic!("{ended:?}");
        };
        assert_eq!(failed.kind, FailureKind::DifferentReplay);
    }
}

#[test]
fn asks_are_counted() {
    let asks: Vec<Ask> = (0..9).map(|n| resolve(&n.to_string())).collect();
    let script: Vec<(Ask, Told)> = asks.iter().map(|ask| (ask.clone(), Told::Resolved(json!(1)))).collect();
    assert!(matches!(performed(&asker(&asks[..8]), &script), (9, Ended::Done(_))));
    let (runs, end) = performed(&asker(&asks), &script);
    let Ended::Failed(failed) = end else {
        panic!("{end:?}");
    };
    assert_eq!((runs, failed.kind), (9, FailureKind::TooManyAsks));
    let none = Limits { asks: 0, ..Limits::default() };
    assert!(matches!(run(&asker(&asks), &step(), &[], &all(), &none), Ended::Failed(failed)
        if failed.kind == FailureKind::TooManyAsks));
}

#[test]
fn large_answers_cost_fuel_and_must_fit() {
    // An answer that is larger than what memory has left.
    let ask = resolve("a");
    let told = Told::Resolved(json!("x".repeat(40_000)));
    let answers = [Answer { ask: ask.clone(), told }];
    let Ended::Failed(failed) = ended(&asker(&[ask]), &request(), &answers) else {
        panic!("it fits");
    };
    assert_eq!(failed.kind, FailureKind::BadPointer);
    let poor = Limits { fuel: 30_000, ..Limits::default() };
    assert!(matches!(run(&asker(&[resolve("a")]), &step(), &answers, &all(), &poor), Ended::Failed(failed)
        if failed.kind == FailureKind::OutOfFuel));
    assert_eq!(failure(&module("", "(loop (br 0))"), &step()), FailureKind::OutOfFuel);
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};
    use proptest::{prop_assert, prop_assert_eq};

    use super::{Ask, Bytes, Ended, Fetch, Fetched, Told, Verify, asker, json, performed, resolve};

    fn told() -> impl Strategy<Value = (Ask, Told)> {
        let resolved =
            ("[a-z]{1,20}", any::<i32>()).prop_map(|(did, n)| (resolve(&did), Told::Resolved(json!({ "n": n }))));
        let fetched = ("[a-z]{1,20}", vec(any::<u8>(), 0..200), 200_u16..599).prop_map(|(path, body, status)| {
            let url = format!("https://a.example/{path}");
            let fetch = Fetch { url, method: "GET".to_owned(), headers: vec![], body: None, ttl_s: 0 };
            (Ask::Fetch(fetch), Told::Fetched(Fetched { status, headers: vec![], body: Bytes(body) }))
        });
        let verified = (vec(any::<u8>(), 0..64), any::<bool>()).prop_map(|(payload, valid)| {
            let verify = Verify { did: "did:key:z".to_owned(), payload: Bytes(payload), signature: Bytes(vec![]) };
            (Ask::Verify(verify), Told::Verified { valid })
        });
        let refused = Just(Told::Problem { code: "internal".to_owned(), detail: "no".to_owned() });
        prop_oneof![resolved, fetched, verified, refused.prop_map(|told| (resolve("x"), told))]
    }

    proptest! {
        /// A function that asks k things ends in k + 1 runs, with the same output whenever it is done again.
        #[test]
        fn replays_are_exact(script in vec(told(), 0..=8)) {
            let asks: Vec<Ask> = script.iter().map(|(ask, _)| ask.clone()).collect();
            let module = asker(&asks);
            let (runs, end) = performed(&module, &script);
            prop_assert_eq!(runs, script.len() + 1);
            prop_assert!(matches!(&end, Ended::Done(_)), "{end:?}");
            prop_assert_eq!(performed(&module, &script), (runs, end.clone()));
            // Another instance of the same module, as in another isolate.
            prop_assert_eq!(performed(&asker(&asks), &script), (runs, end));
        }
    }
}
