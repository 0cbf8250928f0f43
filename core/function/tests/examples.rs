//! The examples of docs/examples/functions, built as their authors would, and run.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::path::Path;
use std::process::Command;

use aion_function::{
    Answer, Ask, Bytes, Caller, Ended, Event, FailureKind, Grant, Grants, Input, Limits, Outcome, Prepared, Request,
    Told, Verify, run,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const DID: &str = "did:web:partner.example";

/// Builds an example, offline, into a folder of its own.
fn built(name: &str) -> Prepared {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples/functions").join(name);
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples").join(name);
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--quiet", "--release", "--offline", "--locked", "--target", "wasm32-unknown-unknown"]);
    cargo.arg("--manifest-path").arg(folder.join("Cargo.toml")).arg("--target-dir").arg(&target);
    cargo.env_remove("ALLOWED_DIDS").env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    assert!(cargo.status().unwrap().success(), "{name} does not build");
    let file = format!("wasm32-unknown-unknown/release/{}.wasm", name.replace('-', "_"));
    let bytes = std::fs::read(target.join(file)).unwrap();
    println!("{name}: {} bytes", bytes.len());
    Prepared::new(&bytes).unwrap_or_else(|faults| panic!("{name}: {faults:?}"))
}

fn input(headers: &[(&str, &str)], body: &str) -> Input {
    let request = Request {
        method: "POST".to_owned(),
        path: "/orders".to_owned(),
        query: "?a=1".to_owned(),
        headers: headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
        params: [].into(),
        body: Bytes(body.as_bytes().to_vec()),
    };
    let caller = Caller { tenant: "t".to_owned(), key: Some("key_1".to_owned()) };
    Input { caller, event: Event::Request(request) }
}

fn ended(module: &Prepared, input: &Input, answers: &[Answer]) -> Ended {
    run(module, input, answers, &Grants([Grant::Verify].into()), &Limits::default())
}

fn outcome(module: &Prepared, input: &Input, answers: &[Answer]) -> Outcome {
    match ended(module, input, answers) {
        Ended::Done(output) => {
            println!("{} units of fuel", output.fuel);
            output.outcome
        }
        ended => panic!("{ended:?}"),
    }
}

/// The status of a problem that a function answers with.
fn problem(outcome: &Outcome) -> u16 {
    let Outcome::Answer { status, headers, body } = outcome else {
        panic!("{outcome:?}");
    };
    assert_eq!(headers[0], ("content-type".to_owned(), "application/problem+json".to_owned()));
    let problem: Value = serde_json::from_slice(&body.0).unwrap();
    assert_eq!(problem["status"], *status);
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    *status
}

#[test]
fn the_transformer_changes_headers_and_bodies() {
    let module = built("transformer");
    assert_eq!(module.about.imports, ["body", "pass", "request", "respond", "result", "write"]);
    let headers = vec![("x-transformed-by".to_owned(), "transformer".to_owned())];
    let json = [("Content-Type", "application/json; charset=utf-8")];
    let passed = |body: Option<&str>| Outcome::Pass {
        headers: headers.clone(),
        body: body.map(|body| Bytes(body.as_bytes().to_vec())),
    };
    let text =
        r#"{"id": 12345678901234567890, "email": " Ann@Example.COM", "more": ["\u00fc\ud83d\ude00\n", null, -1e2]}"#;
    let changed = r#"{"id":12345678901234567890,"email":"ann@example.com","more":["ü😀\u000a",null,-1e2]}"#;
    assert_eq!(outcome(&module, &input(&json, text), &[]), passed(Some(changed)));
    assert_eq!(outcome(&module, &input(&json, "{}"), &[]), passed(None));
    assert_eq!(outcome(&module, &input(&[], "plain"), &[]), passed(None));
    for body in ["", "{", "{\"email\"}", "[1,]", "01", "1.", "-", "\"\\ud800\"", &"[".repeat(100_000)] {
        assert_eq!(problem(&outcome(&module, &input(&json, body), &[])), 400, "{body:.20}");
    }
}

#[test]
fn the_gate_lets_signed_requests_of_known_dids_pass() {
    let module = built("did-gate");
    assert_eq!(module.about.imports, ["body", "log", "pass", "request", "respond", "result", "verify", "write"]);
    let signed = input(&[("x-did", DID), ("X-DID-Signature", "c2ln")], "body");
    let Ended::Needs(ask) = ended(&module, &signed, &[]) else {
        panic!("{:?}", ended(&module, &signed, &[]));
    };
    let payload = format!("POST\n/orders\n?a=1\n{}", hex::encode(Sha256::digest("body")));
    let (payload, signature) = (Bytes(payload.into_bytes()), Bytes(b"sig".to_vec()));
    assert_eq!(ask, Ask::Verify(Verify { did: DID.to_owned(), payload, signature }));
    let answered = |told: Told| [Answer { ask: ask.clone(), told }];
    let passed = Outcome::Pass { headers: vec![("x-did-verified".to_owned(), DID.to_owned())], body: None };
    assert_eq!(outcome(&module, &signed, &answered(Told::Verified { valid: true })), passed);
    let invalid = outcome(&module, &signed, &answered(Told::Verified { valid: false }));
    assert_eq!(problem(&invalid), 401);
    let away = Told::Problem { code: "component.unavailable".to_owned(), detail: "later".to_owned() };
    assert_eq!(problem(&outcome(&module, &signed, &answered(away))), 503);
    // The answer to another request's ask does not count for this one.
    let other = input(&[("x-did", DID), ("x-did-signature", "c2ln")], "another body");
    let Ended::Failed(failed) = ended(&module, &other, &answered(Told::Verified { valid: true })) else {
        panic!("it passed");
    };
    assert_eq!(failed.kind, FailureKind::DifferentReplay);
}

#[test]
fn the_gate_refuses_everybody_else() {
    let module = built("did-gate");
    for headers in [&[][..], &[("x-did", DID)], &[("x-did-signature", "c2ln")]] {
        assert_eq!(problem(&outcome(&module, &input(headers, ""), &[])), 401, "{headers:?}");
    }
    let stranger = input(&[("x-did", "did:web:stranger.example"), ("x-did-signature", "c2ln")], "");
    let Ended::Done(output) = ended(&module, &stranger, &[]) else {
        panic!("no end");
    };
    assert_eq!(problem(&output.outcome), 403);
    assert_eq!(output.log, ["refused did:web:stranger.example"]);
    // Without the grant nobody passes either.
    let signed = input(&[("x-did", DID), ("x-did-signature", "c2ln")], "");
    let Ended::Failed(failed) = run(&module, &signed, &[], &Grants::default(), &Limits::default()) else {
        panic!("it was granted");
    };
    assert_eq!((failed.kind, json!(failed.kind)), (FailureKind::NotGranted, json!("notGranted")));
}
