//! Webhooks on the states of a task, and how long it stays.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::json;

use super::{Command, Outcome, Run};
use crate::definition::Definition;
use crate::machine::{NewTask, RETENTION_MS};
use crate::task::State;

fn mint() -> serde_json::Value {
    json!({ "do": "contract.read", "with": { "to": format!("0x{:040}", 1), "function": "totalSupply()",
        "returns": ["uint256"] } })
}

#[test]
fn a_notice_begins_with_the_commit_that_changes_the_state() {
    let notify = json!([{ "url": "https://ops.example/hook", "on": ["done", "dead"], "sign": "ops" }]);
    let definition = json!({ "labels": { "team": "a" }, "notify": notify, "output": "${{ steps.b.output }}",
        "steps": { "a": { "do": "sleep", "with": { "duration": "1s" } },
                   "b": { "do": "set", "needs": ["a"], "with": { "value": 7 } } } });
    let mut run = Run::new(&definition);
    assert!(run.first.start.is_empty());
    let commit = run.due(1_000);
    assert_eq!(run.task.state, State::Done);
    let [NewTask { definition, input, parent: None, .. }] = &commit.start[..] else {
        panic!("{:?}", commit.start);
    };
    assert_eq!(input["type"], "task.done");
    assert_eq!(input["timestamp"], "1970-01-01T00:00:01.000Z");
    assert_eq!(input["data"], json!({ "task": run.task.id, "state": "done", "output": 7, "labels": { "team": "a" } }));
    // What is sent is a good definition without notices of its own.
    let sent = Definition::parse(definition).unwrap();
    assert!(sent.notify.is_empty());
    assert_eq!(sent.steps["send"].with["sign"], "ops");
    assert!(commit.events.iter().any(|event| event.kind == "task.notice"));
}

#[test]
fn each_time_that_a_state_comes_is_a_notice_of_its_own() {
    let notify = json!([{ "url": "https://ops.example/hook", "on": ["failed"] }]);
    let mut run = Run::new(&json!({ "notify": notify, "steps": { "a": mint() } }));
    let mut ids = Vec::new();
    for now_ms in [0, 10] {
        run.due(now_ms);
        let fatal = Outcome::Fatal { code: "no".to_owned(), reason: "never".to_owned() };
        let commit = run.reply("a", fatal, now_ms + 1);
        assert_eq!(commit.start.len(), 1, "{:?}", run.task.state);
        assert_eq!(commit.start[0].input["data"]["error"]["code"], "no");
        ids.push(commit.start[0].id.clone());
        run.apply(Command::Redrive { reason: "again".to_owned(), from: None }, now_ms + 2);
        assert_eq!(run.task.expires_ms, None, "a task that goes on does not leave");
    }
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn faults_of_notices_are_named() {
    let faults = |notify: serde_json::Value| {
        let definition = json!({ "notify": notify, "retention": "long", "steps": { "a": mint() } });
        let faults = Definition::parse(&definition).unwrap_err();
        faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
    };
    let wrong = json!([{ "url": "ftp://x", "on": ["done"] }, { "url": "https://x.example", "on": ["queued"] },
        { "url": "https://x.example", "on": [] }, { "url": "https://x.example", "on": ["done"], "sign": "" }]);
    assert_eq!(faults(wrong), ["/notify/0/url", "/notify/1/on", "/notify/2/on", "/notify/3/sign", "/retention"]);
}

#[test]
fn a_task_leaves_some_time_after_its_end() {
    let nap = json!({ "do": "sleep", "with": { "duration": "1s" } });
    let mut run = Run::new(&json!({ "retention": "1h", "steps": { "a": nap } }));
    assert_eq!((run.task.expires_ms, run.task.wakes_ms()), (None, Some(1_000)));
    run.due(1_000);
    assert_eq!((run.task.due_ms(), run.task.wakes_ms()), (None, Some(3_601_000)));
    assert!(!run.task.is_expired(3_600_999) && run.task.is_expired(3_601_000));
    assert!(run.due(3_601_000).is_empty(), "to look at it changes nothing");
    let mut kept = Run::new(&json!({ "steps": { "a": nap } }));
    kept.due(1_000);
    assert_eq!(kept.task.expires_ms, Some(1_000 + RETENTION_MS));
}

#[test]
fn a_dead_task_stays_until_a_person_has_seen_it() {
    let mut step = mint();
    step["retry"] = json!({ "attempts": 1 });
    let mut run = Run::new(&json!({ "retention": "1s", "steps": { "a": step } }));
    run.due(0);
    run.reply("a", Outcome::Retry { code: "busy".to_owned(), reason: "later".to_owned(), after_ms: 0 }, 1);
    assert_eq!((run.task.state, run.task.wakes_ms()), (State::Dead, None));
}
