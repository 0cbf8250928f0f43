//! The machine under good and bad luck.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Command, Commit, LEASE_MS, PATIENCE_MS, apply, submit};
use crate::call::{Call, Outcome};
use crate::task::{State, Task};

fn two_steps() -> Task {
    let definition = json!({ "steps": {
        "who": { "do": "identity.create", "with": { "name": "${{ input.name }}" } },
        "purse": { "do": "wallet.create", "needs": ["who"], "with": {
            "label": "x", "identity": "${{ steps.who.output.did }}" } }
    } });
    submit("tsk_1", "t", &definition, json!({ "name": "alice" }), 0).unwrap().0
}

fn due(task: &mut Task, now_ms: u64) -> Commit {
    apply(task, Command::Due, now_ms, 0)
}

fn reply(task: &mut Task, step: &str, epoch: u64, outcome: Outcome, now_ms: u64) -> Commit {
    apply(task, Command::Reply { step: step.to_owned(), epoch, outcome }, now_ms, 0)
}

fn done(output: Value) -> Outcome {
    Outcome::Done { output }
}

#[test]
fn a_task_goes_from_step_to_step() {
    let mut task = two_steps();
    let commit = due(&mut task, 1);
    assert_eq!(commit.dispatch[0].call, Call::IdentityCreate { id: "u:alice".to_owned() });
    assert_eq!((commit.dispatch[0].key.as_str(), task.state), ("tsk_1/who", State::Running));
    reply(&mut task, "who", 1, done(json!({ "did": "did:x:1" })), 2);
    let commit = due(&mut task, 3);
    let Call::WalletCreate { identity, .. } = &commit.dispatch[0].call else { panic!() };
    assert_eq!(identity.as_deref(), Some("did:x:1"));
    reply(&mut task, "purse", 1, Outcome::Pending, 4);
    assert_eq!(task.state, State::Waiting);
    let commit = reply(&mut task, "purse", 1, done(json!({})), 5);
    assert_eq!((task.state, task.due_ms()), (State::Done, None));
    assert_eq!(commit.events.last().unwrap().kind, "task.done");
}

#[test]
fn only_the_current_epoch_counts() {
    let mut task = two_steps();
    due(&mut task, 0);
    let again = due(&mut task, LEASE_MS);
    assert_eq!((again.dispatch[0].epoch, again.dispatch[0].key.as_str()), (2, "tsk_1/who"));
    assert_eq!(again.events[0].kind, "step.unknown");
    let before = task.clone();
    assert_eq!(reply(&mut task, "who", 1, done(json!({})), LEASE_MS), Commit::default());
    assert_eq!(task, before);
    reply(&mut task, "who", 2, done(json!({ "did": "did:x:1" })), LEASE_MS);
    let before = task.clone();
    assert_eq!(reply(&mut task, "who", 2, done(json!({ "did": "did:x:2" })), LEASE_MS), Commit::default());
    assert_eq!(task, before, "a second answer changes nothing");
}

#[test]
fn a_lost_answer_is_asked_for_soon_and_may_still_come() {
    let lost = |task: &mut Task, epoch| {
        apply(task, Command::Unknown { step: "who".to_owned(), epoch, reason: "away".to_owned() }, 10, 0)
    };
    let mut task = two_steps();
    due(&mut task, 0);
    assert_eq!(lost(&mut task, 1).events[0].kind, "step.unknown");
    assert_eq!((task.due_ms(), task.view()["steps"]["who"]["state"].clone()), (Some(210), json!("unknown")));
    assert!(lost(&mut task, 1).is_empty(), "it is lost already");
    let mut late = task.clone();
    reply(&mut late, "who", 1, done(json!({})), 11);
    assert_eq!(late.view()["steps"]["who"]["state"], "ok");
    apply(&mut task, Command::Cancel, 11, 0);
    assert_eq!(task.state, State::Cancelling, "it may have happened: cancelling waits for it");
    assert_eq!(due(&mut task, 210).dispatch[0].epoch, 2);
}

#[test]
fn what_fails_for_good_ends_the_task_and_skips_the_rest() {
    let mut task = two_steps();
    due(&mut task, 0);
    let fatal = Outcome::Fatal { code: "name.taken".to_owned(), reason: "taken".to_owned() };
    reply(&mut task, "who", 1, fatal, 1);
    assert_eq!((task.state, task.due_ms()), (State::Failed, None));
    let view = task.view();
    assert_eq!(view["steps"]["who"]["error"]["code"], "name.taken");
    assert_eq!(view["steps"]["purse"]["state"], "skipped");
}

#[test]
fn a_reference_that_leads_nowhere_fails_its_step() {
    let mut task = two_steps();
    due(&mut task, 0);
    reply(&mut task, "who", 1, done(json!({})), 1);
    due(&mut task, 2);
    assert_eq!(
        (task.state, task.view()["steps"]["purse"]["error"]["code"].clone()),
        (State::Failed, json!("reference"))
    );
}

#[test]
fn an_output_that_fits_no_row_fails_its_step() {
    let mut task = two_steps();
    due(&mut task, 0);
    reply(&mut task, "who", 1, done(json!("x".repeat(40_000))), 1);
    let view = task.view();
    assert_eq!(
        (view["state"].clone(), view["steps"]["who"]["error"]["code"].clone()),
        (json!("failed"), json!("output"))
    );
}

#[test]
fn retries_back_off_and_give_up_after_a_day() {
    let mut task = two_steps();
    let (mut now_ms, mut waits) = (0, Vec::new());
    while !task.state.is_terminal() {
        let commit = due(&mut task, now_ms);
        if let Some(effect) = commit.dispatch.first() {
            let epoch = effect.epoch;
            apply(
                &mut task,
                Command::Reply { step: "who".to_owned(), epoch, outcome: Outcome::Retry { reason: "away".to_owned() } },
                now_ms,
                u64::MAX,
            );
        }
        if let Some(due_ms) = task.due_ms() {
            waits.push(due_ms - now_ms);
            now_ms = due_ms;
        }
    }
    assert_eq!(task.state, State::Dead);
    assert!(now_ms > PATIENCE_MS && now_ms < PATIENCE_MS + 400_000, "{now_ms}");
    assert!(waits.iter().all(|wait| (200..=300_200).contains(wait)));
}

#[test]
fn attempts_can_be_limited() {
    let definition = json!({ "steps": { "a": { "do": "identity.create", "with": { "name": "a" },
        "retry": { "attempts": 2 } } } });
    let mut task = submit("tsk_1", "t", &definition, json!({}), 0).unwrap().0;
    for (epoch, state) in [(1, State::Waiting), (2, State::Dead)] {
        let now_ms = task.due_ms().unwrap();
        due(&mut task, now_ms);
        reply(&mut task, "a", epoch, Outcome::Retry { reason: "x".to_owned() }, now_ms);
        assert_eq!(task.state, state);
    }
}

#[test]
fn cancelling_waits_for_what_is_under_way() {
    let mut task = two_steps();
    due(&mut task, 0);
    apply(&mut task, Command::Cancel, 1, 0);
    assert_eq!(task.state, State::Cancelling);
    reply(&mut task, "who", 1, done(json!({})), 2);
    assert_eq!((task.state, task.due_ms()), (State::Cancelled, None));
    assert_eq!(apply(&mut task, Command::Cancel, 3, 0), Commit::default());

    let mut idle = two_steps();
    apply(&mut idle, Command::Cancel, 1, 0);
    assert_eq!(idle.state, State::Cancelled);
}

#[test]
fn sleeping_is_a_timer() {
    let definition = json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "5s" } } } });
    let mut task = submit("tsk_1", "t", &definition, json!({}), 100).unwrap().0;
    assert!(due(&mut task, 100).dispatch.is_empty());
    assert_eq!((task.due_ms(), task.state), (Some(5_100), State::Waiting));
    assert_eq!(due(&mut task, 5_099), Commit::default());
    due(&mut task, 5_100);
    assert_eq!(task.state, State::Done);
}
