//! Hostile modules, each with its named end; and what a well-behaved one gives.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::run;
use crate::limits::{ASK_MAX_BYTES, HEAD_MAX_BYTES};
use crate::{
    Answer, Ask, Bytes, Caller, Ended, Event, FailureKind, Grant, Grants, Input, Limits, Outcome, Output, Prepared,
    Request, Step, Told,
};

mod replay;

/// Every host function.
const IMPORTS: &str = r#"
  (import "aion" "request" (func $request (result i32))) (import "aion" "body" (func $body (result i32)))
  (import "aion" "caller" (func $caller (result i32))) (import "aion" "result" (func $result (param i32)))
  (import "aion" "respond" (func $respond (param i32 i32))) (import "aion" "write" (func $write (param i32 i32)))
  (import "aion" "pass" (func $pass)) (import "aion" "log" (func $log (param i32 i32)))
  (import "aion" "fetch" (func $fetch (param i32 i32) (result i32)))
  (import "aion" "resolve" (func $resolve (param i32 i32) (result i32)))
  (import "aion" "verify" (func $verify (param i32 i32) (result i32)))
  (import "aion" "start" (func $start (param i32 i32) (result i32)))"#;

/// A module with every host function, some parts, and a body of `handle`.
fn module(parts: &str, handle: &str) -> Prepared {
    let text = format!(
        r#"(module {IMPORTS} (memory (export "memory") 1) {parts} (func (export "handle") (local i32) {handle}))"#
    );
    Prepared::new(&wat::parse_str(text).unwrap()).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn request() -> Input {
    let request = Request {
        method: "POST".to_owned(),
        path: "/a".to_owned(),
        query: "?b=1".to_owned(),
        headers: vec![("x".to_owned(), "y".to_owned())],
        params: [("id".to_owned(), "7".to_owned())].into(),
        body: Bytes(b"body".to_vec()),
    };
    let caller = Caller { tenant: "t".to_owned(), key: None };
    Input { caller, event: Event::Request(request) }
}

fn step() -> Input {
    Input { event: Event::Step(Step { input: json!({ "n": 1 }) }), ..request() }
}

fn all() -> Grants {
    Grants(Grant::ALL.into())
}

fn ended(module: &Prepared, input: &Input, answers: &[Answer]) -> Ended {
    run(module, input, answers, &all(), &Limits::default())
}

/// The kind of failure that a module ends in; and it harms nobody: the next run of another one works.
fn failure(module: &Prepared, input: &Input) -> FailureKind {
    let ended = ended(module, input, &[]);
    let Ended::Failed(failure) = ended else {
        panic!("{ended:?}");
    };
    assert!(!failure.detail.is_empty());
    works();
    failure.kind
}

fn works() {
    let good = module(
        r#"(data (i32.const 0) "{\22status\22:201,\22headers\22:[[\22a\22,\22b\22]]}")"#,
        "(call $respond (i32.const 0) (i32.const 36)) (local.set 0 (call $body)) (call $result (i32.const 100))
         (call $write (i32.const 100) (local.get 0))",
    );
    let Ended::Done(Output { outcome, log, fuel }) = ended(&good, &request(), &[]) else {
        panic!("{:?}", ended(&good, &request(), &[]));
    };
    let headers = vec![("a".to_owned(), "b".to_owned())];
    assert_eq!(outcome, Outcome::Answer { status: 201, headers, body: Bytes(b"body".to_vec()) });
    assert!(log.is_empty() && fuel > 0 && fuel < 2_000, "{fuel}");
}

#[test]
fn loops_end() {
    for (parts, handle) in [
        ("", "(loop (br 0))"),
        ("(func $start_ (loop (br 0))) (start $start_)", ""),
        ("", "(loop (drop (call $request)) (br 0))"),
        ("", "(loop (drop (call $body)) (br 0))"),
        ("", "(loop (drop (call $caller)) (br 0))"),
        ("", "(loop (call $pass) (br 0))"),
        ("", "(loop (call $write (i32.const 0) (i32.const 0)) (br 0))"),
        ("", "(drop (call $body)) (loop (call $result (i32.const 0)) (br 0))"),
        // Work of the interpreter that a single instruction begins.
        ("", "(loop (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (br 0))"),
        ("", "(loop (memory.copy (i32.const 0) (i32.const 1) (i32.const 65535)) (br 0))"),
        ("(table $t 10000 funcref)", "(loop (table.fill $t (i32.const 0) (ref.null func) (i32.const 10000)) (br 0))"),
    ] {
        assert_eq!(failure(&module(parts, handle), &request()), FailureKind::OutOfFuel, "{parts} {handle}");
    }
}

#[test]
fn memory_and_tables_end() {
    for (parts, handle) in [
        ("", "(loop (drop (memory.grow (i32.const 1))) (br 0))"),
        ("", "(drop (memory.grow (i32.const 1000)))"),
        ("(table $t 1 funcref)", "(loop (drop (table.grow $t (ref.null func) (i32.const 100))) (br 0))"),
        ("(table $t 1 2 funcref)", "(drop (table.grow $t (ref.null func) (i32.const 5)))"),
    ] {
        assert_eq!(failure(&module(parts, handle), &request()), FailureKind::OutOfMemory, "{parts} {handle}");
    }
    // What no memory could ever have is refused as WebAssembly says.
    let never = "(if (i32.ne (memory.grow (i32.const -1)) (i32.const -1)) (then unreachable)) (call $pass)";
    assert!(matches!(ended(&module("", never), &request(), &[]), Ended::Done(_)));
    // Sixteen MiB are there, and the tables that a module may have.
    let full = module(
        "(table 10000 funcref) (table 10000 funcref) (table 10000 funcref) (table 10000 externref)",
        "(if (i32.ne (memory.grow (i32.const 255)) (i32.const 1)) (then unreachable))
         (i32.store (i32.const 16777212) (i32.const 1)) (call $pass)",
    );
    assert!(matches!(ended(&full, &request(), &[]), Ended::Done(_)));
}

#[test]
fn recursion_ends() {
    for parts in [
        "(func $f (call $f))",
        "(func $f (param i64 i64 i64 i64) (call $f (local.get 0) (local.get 0) (local.get 0) (local.get 0)))",
        "(func $f (param i32) (result i32) (i32.add (call $f (local.get 0)) (call $f (local.get 0))))",
    ] {
        let call = if parts.contains("i64") {
            "(call $f (i64.const 0) (i64.const 0) (i64.const 0) (i64.const 0))"
        } else if parts.contains("result") {
            "(drop (call $f (i32.const 0)))"
        } else {
            "(call $f)"
        };
        assert_eq!(failure(&module(parts, call), &request()), FailureKind::TooDeep, "{parts}");
    }
    // Few calls with many locals each.
    let locals = format!("(func $f (local {}) (call $f))", "i64 ".repeat(1_000));
    assert_eq!(failure(&module(&locals, "(call $f)"), &request()), FailureKind::TooDeep);
}

#[test]
fn output_and_log_end() {
    let flood = "(loop (call $write (i32.const 0) (i32.const 65536)) (br 0))";
    assert_eq!(failure(&module("", flood), &request()), FailureKind::OutputTooLarge);
    let head = format!("(call $respond (i32.const 0) (i32.const {}))", HEAD_MAX_BYTES + 1);
    assert_eq!(failure(&module("", &head), &request()), FailureKind::OutputTooLarge);
    let fetch = format!("(drop (call $fetch (i32.const 0) (i32.const {})))", ASK_MAX_BYTES + 1);
    let wide = format!("(drop (memory.grow (i32.const 9))) {fetch}");
    assert_eq!(failure(&module("", &wide), &request()), FailureKind::OutputTooLarge);
    let flood = module("", "(loop (call $log (i32.const 0) (i32.const 4)) (br 0))");
    assert_eq!(failure(&flood, &request()), FailureKind::LogTooLarge);
    let Ended::Failed(failed) = ended(&flood, &request(), &[]) else {
        panic!("a flood is no end");
    };
    assert_eq!(failed.log.len(), 64);
    let wide = module("", "(call $log (i32.const 0) (i32.const 1025))");
    assert_eq!(failure(&wide, &request()), FailureKind::LogTooLarge);
}

#[test]
fn bad_pointers_are_named_at_every_host_function() {
    for name in ["respond", "write", "log", "fetch", "resolve", "verify", "start"] {
        for (pointer, length) in [(65_536, 1), (65_535, 2), (-1, 1), (0, -1), (-1, -1), (1, 65_536), (i32::MIN, 0)] {
            let gives = ["fetch", "resolve", "verify", "start"].contains(&name);
            let call = format!("(call ${name} (i32.const {pointer}) (i32.const {length}))");
            let call = if gives { format!("(drop {call})") } else { call };
            assert_eq!(failure(&module("", &call), &request()), FailureKind::BadPointer, "{call}");
        }
    }
    for pointer in [65_536, 65_533, -1] {
        let call = format!("(drop (call $body)) (call $result (i32.const {pointer}))");
        assert_eq!(failure(&module("", &call), &request()), FailureKind::BadPointer, "{call}");
    }
}

#[test]
fn traps_say_why() {
    for (parts, handle) in [
        ("", "unreachable"),
        ("", "(drop (i32.div_s (i32.const 1) (i32.const 0)))"),
        ("", "(drop (i32.load (i32.const 65536)))"),
        ("(type $f (func)) (table 1 funcref)", "(call_indirect (type $f) (i32.const 0))"),
        ("(type $f (func)) (table 1 funcref)", "(call_indirect (type $f) (i32.const 5))"),
        // Segments that do not fit.
        (r#"(data (i32.const 65535) "ab")"#, ""),
        (r#"(data (i32.const -1) "ab")"#, ""),
        ("(table 1 funcref) (func $f) (elem (i32.const 1) $f)", ""),
        ("(func $f unreachable) (start $f)", ""),
    ] {
        assert_eq!(failure(&module(parts, handle), &request()), FailureKind::Trapped, "{parts} {handle}");
    }
}

#[test]
fn bad_text_is_named() {
    let data = r#"(data (i32.const 0) "\ff\fe") (data (i32.const 10) "{\22status\22:99}")
        (data (i32.const 40) "{\22headers\22:[[\22a b\22,\22\22]]}")
        (data (i32.const 80) "{\22headers\22:[[\22a\22,\22\\n\22]]}")
        (data (i32.const 120) "{\22key\22:\22k\22}") (data (i32.const 160) "{\22url\22:\22u\22,\22body\22:\22=\22}")"#;
    for handle in [
        "(call $log (i32.const 0) (i32.const 2))",
        "(call $respond (i32.const 0) (i32.const 2))",
        "(call $respond (i32.const 10) (i32.const 13))",
        "(call $respond (i32.const 40) (i32.const 24))",
        "(call $respond (i32.const 80) (i32.const 24))",
        "(drop (call $resolve (i32.const 0) (i32.const 2)))",
        "(drop (call $verify (i32.const 10) (i32.const 13)))",
        "(drop (call $start (i32.const 120) (i32.const 11)))",
        "(drop (call $fetch (i32.const 160) (i32.const 22)))",
    ] {
        assert_eq!(failure(&module(data, handle), &request()), FailureKind::BadText, "{handle}");
    }
    let output = module("", "(call $write (i32.const 0) (i32.const 1))");
    assert_eq!(failure(&output, &step()), FailureKind::BadText);
}

#[test]
fn what_was_not_granted_is_named() {
    for name in ["fetch", "resolve", "verify", "start"] {
        let module = module("", &format!("(drop (call ${name} (i32.const 0) (i32.const 0)))"));
        let Ended::Failed(failed) = run(&module, &request(), &[], &Grants::default(), &Limits::default()) else {
            panic!("{name} was granted");
        };
        assert_eq!(failed.kind, FailureKind::NotGranted, "{name}");
        assert!(failed.detail.contains(name));
    }
    let caller = module("", "(call $write (i32.const 0) (call $caller))");
    let Ended::Failed(failed) = run(&caller, &request(), &[], &Grants::default(), &Limits::default()) else {
        panic!("caller was granted");
    };
    assert_eq!(failed.kind, FailureKind::NotGranted);
}

#[test]
fn an_end_without_an_answer_is_named() {
    for (handle, input) in [("", request()), ("", step()), ("(call $pass)", step())] {
        assert_eq!(failure(&module("", handle), &input), FailureKind::NoAnswer, "{handle}");
    }
}

#[test]
fn steps_give_json_and_requests_go_on() {
    let data = r#"(data (i32.const 0) "{\22status\22:422}") (data (i32.const 20) "[1,2]")
        (data (i32.const 40) "{\22headers\22:[[\22a\22,\22b\22]]}")"#;
    let output = |handle: &str, input: &Input| match ended(&module(data, handle), input, &[]) {
        Ended::Done(output) => output.outcome,
        ended => panic!("{ended:?}"),
    };
    let write = "(call $write (i32.const 20) (i32.const 5))";
    assert_eq!(output(write, &step()), Outcome::Step { status: 200, output: json!([1, 2]) });
    let failed = format!("(call $respond (i32.const 0) (i32.const 14)) {write}");
    assert_eq!(output(&failed, &step()), Outcome::Step { status: 422, output: json!([1, 2]) });
    assert_eq!(output("(call $pass)", &request()), Outcome::Pass { headers: vec![], body: None });
    let headers = format!("(call $respond (i32.const 40) (i32.const 23)) {write} (call $pass)");
    let body = Some(Bytes(b"[1,2]".to_vec()));
    assert_eq!(output(&headers, &request()), Outcome::Pass { headers: vec![("a".to_owned(), "b".to_owned())], body });
    // What the events look like: a step gives back what it is told.
    let echo =
        "(local.set 0 (call $request)) (call $result (i32.const 100)) (call $write (i32.const 100) (local.get 0))";
    let told = json!({ "kind": "step", "input": { "n": 1 } });
    assert_eq!(output(echo, &step()), Outcome::Step { status: 200, output: told });
    let respond = format!("(call $respond (i32.const 40) (i32.const 23)) {echo}");
    let Outcome::Answer { body, .. } = output(&respond, &request()) else {
        panic!("no answer");
    };
    let told: serde_json::Value = serde_json::from_slice(&body.0).unwrap();
    let wanted = json!({
        "kind": "request", "method": "POST", "path": "/a", "query": "?b=1",
        "headers": [["x", "y"]], "params": { "id": "7" }
    });
    assert_eq!(told, wanted);
    let caller =
        "(local.set 0 (call $caller)) (call $result (i32.const 100)) (call $write (i32.const 100) (local.get 0))";
    let told = json!({ "tenant": "t", "key": null });
    assert_eq!(output(caller, &step()), Outcome::Step { status: 200, output: told });
}

#[test]
fn nan_is_the_same_everywhere() {
    let module = module(
        "",
        "(f32.store (i32.const 0) (f32.div (f32.const 0) (f32.const 0)))
         (f32.store (i32.const 4) (f32.add (f32.const nan:0x200001) (f32.const -nan)))
         (if (i32.ne (i32.load (i32.const 0)) (i32.const 0x7fc00000)) (then unreachable))
         (if (i32.ne (i32.load (i32.const 4)) (i32.const 0x7fc00000)) (then unreachable)) (call $pass)",
    );
    assert!(matches!(ended(&module, &request(), &[]), Ended::Done(_)));
}

#[test]
fn ends_travel_as_json() {
    let ask = Ask::Resolve { did: "did:key:z".to_owned() };
    for (ended, text) in [
        (Ended::Needs(ask.clone()), json!({ "needs": { "kind": "resolve", "did": "did:key:z" } })),
        (
            Ended::Done(Output {
                outcome: Outcome::Pass { headers: vec![], body: Some(Bytes(vec![255])) },
                log: vec![],
                fuel: 1,
            }),
            json!({ "done": { "outcome": { "pass": { "headers": [], "body": "_w" } }, "log": [], "fuel": 1 } }),
        ),
    ] {
        assert_eq!(serde_json::to_value(&ended).unwrap(), text);
        assert_eq!(serde_json::from_value::<Ended>(text).unwrap(), ended);
    }
    let answer = Answer { ask, told: Told::Problem { code: "limit.reached".to_owned(), detail: "d".to_owned() } };
    let text = serde_json::to_string(&answer).unwrap();
    assert_eq!(serde_json::from_str::<Answer>(&text).unwrap(), answer);
    assert_eq!(answer.told.text(), r#"{"error":{"code":"limit.reached","detail":"d"}}"#);
}
