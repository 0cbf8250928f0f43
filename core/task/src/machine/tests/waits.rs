//! Signals, approvals, timers, conditions and children.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::super::{Decision, SIGNALS_MAX};
use super::{Command, Refusal, Run, State, kinds};

fn signal(name: &str, payload: Value) -> Command {
    let key = format!("{name}-{payload}");
    Command::Signal { name: name.to_owned(), payload, key }
}

fn waiting(more: &Value) -> Run {
    let mut with = json!({ "name": "paid" });
    if let (Some(with), Some(more)) = (with.as_object_mut(), more.as_object()) {
        with.extend(more.clone());
    }
    Run::new(&json!({ "steps": {
        "wait": { "do": "wait.signal", "with": with },
        "then": { "do": "set", "needs": ["wait"], "with": { "value": "${{ steps.wait.output }}" } } } }))
}

#[test]
fn sleeping_is_a_timer() {
    let mut run = Run::new(&json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "5s" } } } }));
    assert_eq!((run.task.due_ms(), run.task.state), (Some(5_000), State::Waiting));
    assert!(run.due(4_999).is_empty());
    run.due(5_000);
    assert_eq!(run.task.state, State::Done);
}

#[test]
fn until_waits_for_a_time_that_is_not_past() {
    let until = |time: &str| Run::new(&json!({ "steps": { "u": { "do": "until", "with": { "time": time } } } })).task;
    assert_eq!(until("1970-01-01T00:01:00Z").due_ms(), Some(60_000));
    assert_eq!(until("1970-01-01T00:00:00Z").state, State::Done);
}

#[test]
fn a_signal_wakes_the_step_that_waits_for_it() {
    let mut run = waiting(&json!({}));
    assert_eq!((run.task.state, run.task.due_ms()), (State::Waiting, None));
    run.apply(signal("other", json!(1)), 1);
    assert_eq!(run.task.state, State::Waiting);
    run.apply(signal("paid", json!({ "amount": "5" })), 2);
    assert_eq!(run.task.state, State::Done);
    assert_eq!(run.view()["steps"]["then"]["output"], json!({ "received": true, "payload": { "amount": "5" } }));
    assert!(matches!(run.try_apply(signal("paid", json!(1)), 3), Err(Refusal::State { .. })));
}

#[test]
fn a_signal_may_come_before_its_step() {
    let mut run = Run::new(&json!({ "steps": {
        "nap": { "do": "sleep", "with": { "duration": "1s" } },
        "wait": { "do": "wait.signal", "needs": ["nap"], "with": { "name": "paid" } } } }));
    run.apply(signal("paid", json!(1)), 1);
    run.due(1_000);
    assert_eq!((run.task.state, run.task.signals.len()), (State::Done, 0));
    let mut run = waiting(&json!({}));
    for n in 0..SIGNALS_MAX {
        run.apply(signal("other", json!(n)), 1);
    }
    assert_eq!(run.try_apply(signal("other", json!("more")), 1), Err(Refusal::Signals));
}

#[test]
fn a_signal_that_does_not_come_fails_or_goes_on() {
    let mut run = waiting(&json!({ "within": "1m" }));
    run.due(60_000);
    assert_eq!((run.task.state, run.view()["error"]["code"].clone()), (State::Failed, json!("signal.expired")));
    let mut run = waiting(&json!({ "within": "1m", "otherwise": "continue" }));
    run.due(60_000);
    assert_eq!(
        (run.task.state, run.view()["steps"]["then"]["output"].clone()),
        (State::Done, json!({ "received": false }))
    );
}

fn approval(count: usize, otherwise: &str) -> Run {
    let by = ["did:key:a", "did:key:b", "did:key:c"];
    let with = json!({ "by": by, "count": count, "within": "1h", "otherwise": otherwise });
    Run::new(&json!({ "steps": { "ok": { "do": "wait.approval", "with": with } } }))
}

fn decide(run: &Run, by: &str, approve: bool) -> Command {
    let digest = run.view()["steps"]["ok"]["approval"]["digest"].as_str().unwrap_or_default().to_owned();
    let decision = Decision { by: format!("did:key:{by}"), approve, digest, proof: "jws".to_owned(), at_ms: 1 };
    Command::Decide { step: "ok".to_owned(), decision }
}

#[test]
fn as_many_as_asked_for_have_to_approve() {
    let mut run = approval(2, "fail");
    assert!(matches!(run.try_apply(decide(&run, "z", true), 1), Err(Refusal::Stranger(_))));
    run.apply(decide(&run, "a", true), 1);
    run.apply(decide(&run, "a", true), 2);
    assert_eq!(run.task.state, State::Waiting, "one person counts once");
    let commit = run.apply(decide(&run, "b", true), 3);
    assert_eq!((run.task.state, kinds(&commit)), (State::Done, vec!["step.decided", "step.ok", "task.done"]));
    assert_eq!(run.view()["steps"]["ok"]["output"]["decisions"].as_array().map(Vec::len), Some(2));
    assert!(run.try_apply(decide(&run, "c", true), 4).is_err());
}

#[test]
fn whoever_waits_sees_who_has_decided_and_how() {
    let mut run = approval(2, "fail");
    let asked = |run: &Run| run.view()["steps"]["ok"]["approval"].clone();
    let digest = asked(&run)["digest"].clone();
    assert_eq!((&asked(&run)["count"], &asked(&run)["decisions"]), (&json!(2), &json!([])));
    assert_eq!(run.view()["steps"]["ok"]["dueAt"], "1970-01-01T01:00:00.000Z");
    run.apply(decide(&run, "a", false), 1);
    let vote = |approve: bool| {
        let at = "1970-01-01T00:00:00.001Z";
        json!([{ "by": "did:key:a", "approve": approve, "at": at, "digest": digest }])
    };
    assert_eq!(asked(&run)["decisions"], vote(false));
    run.apply(decide(&run, "a", true), 2);
    assert_eq!(asked(&run)["decisions"], vote(true), "the last word counts");
    let with = json!({ "by": ["did:key:a"] });
    let run = Run::new(&json!({ "steps": { "ok": { "do": "wait.approval", "with": with } } }));
    assert_eq!(asked(&run)["count"], 1, "one has to approve where nobody says");
}

#[test]
fn what_was_signed_for_another_question_does_not_count() {
    let mut run = approval(1, "fail");
    let Command::Decide { step, mut decision } = decide(&run, "a", true) else { return };
    decision.digest = "00".repeat(32);
    assert_eq!(run.try_apply(Command::Decide { step, decision }, 1), Err(Refusal::Digest));
    assert_eq!(run.task.state, State::Waiting);
}

#[test]
fn a_signal_that_comes_again_counts_once() {
    let mut run = waiting(&json!({}));
    run.apply(signal("other", json!(1)), 1);
    run.apply(signal("other", json!(1)), 2);
    assert_eq!(run.task.signals.len(), 1);
}

#[test]
fn a_rejection_counts_once_it_cannot_be_outvoted() {
    let mut run = approval(2, "fail");
    run.apply(decide(&run, "a", false), 1);
    assert_eq!(run.task.state, State::Waiting);
    run.apply(decide(&run, "b", false), 2);
    assert_eq!((run.task.state, run.view()["error"]["code"].clone()), (State::Failed, json!("approval.rejected")));
    let mut run = approval(3, "continue");
    run.apply(decide(&run, "a", false), 1);
    assert_eq!((run.task.state, run.view()["steps"]["ok"]["output"]["approved"].clone()), (State::Done, json!(false)));
    let mut run = approval(1, "continue");
    run.due(3_600_000);
    assert_eq!(run.view()["steps"]["ok"]["output"]["expired"], json!(true));
}

#[test]
fn a_step_whose_condition_does_not_hold_is_skipped_and_the_rest_goes_on() {
    let definition = json!({ "steps": {
        "a": { "do": "set", "when": "input.yes", "with": { "value": 1 } },
        "b": { "do": "set", "needs": ["a"], "with": { "value": 2 } } } });
    let run = Run::with_input(&definition, json!({ "yes": false }));
    assert_eq!((run.task.state, run.step("a"), run.step("b")), (State::Done, "skipped".to_owned(), "ok".to_owned()));
    let run = Run::with_input(&definition, json!({ "yes": "maybe" }));
    assert_eq!((run.task.state, run.view()["error"]["code"].clone()), (State::Failed, json!("condition")));
}

fn parent(wait: bool) -> Run {
    let inner = json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "1s" } } } });
    Run::new(&json!({ "steps": { "go": {
        "do": "task.start", "with": { "definition": inner, "input": { "x": 1 }, "wait": wait } } } }))
}

#[test]
fn a_step_starts_a_task_and_waits_for_its_end() {
    let mut run = parent(true);
    let child = run.first.start[0].clone();
    assert_eq!(
        (child.input.clone(), child.parent.as_ref().map(|parent| parent.step.as_str())),
        (json!({ "x": 1 }), Some("go"))
    );
    assert_eq!((run.task.state, run.task.due_ms()), (State::Waiting, None));
    let ended = |child: &str, state| Command::ChildEnded {
        step: "go".to_owned(),
        child: child.to_owned(),
        state,
        output: json!("out"),
    };
    assert!(run.apply(ended("tsk_other", State::Done), 1).is_empty());
    let mut failed = run.clone();
    run.apply(ended(&child.id, State::Done), 1);
    assert_eq!(run.task.state, State::Done);
    assert_eq!(run.view()["steps"]["go"]["output"], json!({ "task": child.id, "output": "out" }));
    failed.apply(ended(&child.id, State::Compensated), 1);
    assert_eq!(
        (failed.task.state, failed.view()["error"]["code"].clone()),
        (State::Failed, json!("child.compensated"))
    );
}

#[test]
fn a_cancelled_parent_cancels_its_child_and_waits_for_it() {
    let mut run = parent(true);
    let child = run.first.start[0].id.clone();
    let commit = run.apply(Command::Cancel, 1);
    assert_eq!((commit.cancel.first(), run.task.state), (Some(&child), State::Cancelling));
    let command = Command::ChildEnded { step: "go".to_owned(), child, state: State::Cancelled, output: Value::Null };
    run.apply(command, 2);
    assert_eq!(run.task.state, State::Cancelled);
    assert_eq!(parent(false).task.state, State::Done);
}
