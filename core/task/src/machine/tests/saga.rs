//! Compensation, death and redrive.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Command, LEASE_MS, Outcome, Run, State, busy, fatal, keys, kinds};

/// Three identities in a row; each is undone by making another one.
fn saga() -> Run {
    let step = |name: &str, needs: Value| {
        let undo = format!("undo-${{{{ steps.{name}.output.id }}}}");
        json!({ "do": "identity.create", "needs": needs, "with": { "name": name },
            "compensate": { "do": "identity.create", "with": { "name": undo } } })
    };
    Run::new(&json!({ "steps": {
        "a": step("a", json!([])), "b": step("b", json!(["a"])), "c": step("c", json!(["b"])) } }))
}

fn until_c(run: &mut Run) {
    for step in ["a", "b"] {
        run.due(0);
        run.done(step, json!({ "id": step }), 0);
    }
    run.due(0);
}

#[test]
fn what_was_done_is_undone_backwards_one_after_the_other() {
    let mut run = saga();
    until_c(&mut run);
    let commit = run.reply("c", fatal(), 1);
    assert_eq!((run.task.state, kinds(&commit).last().copied()), (State::Compensating, Some("task.compensating")));
    let commit = run.due(2);
    assert_eq!(keys(&commit), ["b~undo"]);
    assert_eq!(run.task.steps["b~undo"].with, Some(json!({ "name": "undo-b" })));
    run.done("b~undo", json!({}), 3);
    assert_eq!(keys(&run.due(4)), ["a~undo"]);
    run.done("a~undo", json!({}), 5);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Compensated, None));
    assert_eq!(run.view()["error"]["step"], "c");
}

#[test]
fn a_lost_undoing_is_asked_again_under_its_key() {
    let mut run = saga();
    until_c(&mut run);
    run.reply("c", fatal(), 1);
    let first = run.due(2);
    let again = run.due(2 + LEASE_MS);
    assert_eq!(keys(&first), keys(&again));
    assert_eq!(again.dispatch[0].epoch, 2);
}

#[test]
fn a_cancelled_saga_is_undone_too_after_what_is_under_way() {
    let mut run = saga();
    until_c(&mut run);
    run.apply(Command::Cancel, 1);
    assert_eq!(run.task.state, State::Cancelling);
    assert!(run.due(1).dispatch.is_empty(), "c is under way, nothing is undone yet");
    run.done("c", json!({ "id": "c" }), 2);
    assert_eq!((run.task.state, keys(&run.due(3))), (State::Compensating, vec!["c~undo"]));
}

#[test]
fn an_undoing_that_fails_is_for_a_person_and_goes_on_after_redrive() {
    let mut run = saga();
    until_c(&mut run);
    run.reply("c", fatal(), 1);
    run.due(2);
    run.reply("b~undo", fatal(), 3);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Dead, None));
    let redrive = |from: Option<&str>| Command::Redrive { reason: "fixed".to_owned(), from: from.map(str::to_owned) };
    assert!(run.try_apply(redrive(Some("a")), 4).is_err(), "what is being undone cannot be done");
    run.apply(redrive(None), 4);
    assert_eq!(run.task.state, State::Compensating);
    assert_eq!(keys(&run.due(5)), ["b~undo:1"], "it certainly did not happen: a new key");
    run.done("b~undo", json!({}), 6);
    run.due(7);
    run.done("a~undo", json!({}), 8);
    assert_eq!(run.task.state, State::Compensated);
}

#[test]
fn the_dead_are_redriven_under_the_same_key_if_it_may_have_happened() {
    let mut run = saga();
    run.due(0);
    // Never answered: leases end and are renewed until a day is over.
    let mut now_ms = 0;
    while run.task.state != State::Dead {
        now_ms = run.task.due_ms().unwrap();
        run.due(now_ms);
    }
    assert!(run.task.steps["a"].unsettled);
    assert_eq!(run.step("b"), "blocked", "in a dead task what did not begin waits");
    run.apply(Command::Redrive { reason: "provider is back".to_owned(), from: None }, now_ms);
    let commit = run.due(now_ms);
    assert_eq!((keys(&commit), run.task.state), (vec!["a"], State::Running));
    assert!(commit.dispatch[0].epoch > 2, "answers to former leases do not count");
}

#[test]
fn the_dead_are_redriven_from_a_chosen_step_under_new_keys() {
    let step = json!({ "do": "identity.create", "with": { "name": "x" }, "retry": { "attempts": 1 } });
    let mut second = step.clone();
    second["needs"] = json!(["a"]);
    let mut run = Run::new(&json!({ "steps": { "a": step, "b": second } }));
    run.due(0);
    run.done("a", json!({}), 1);
    run.due(1);
    run.reply("b", busy(), 2);
    assert_eq!((run.task.state, run.view()["error"]["code"].clone()), (State::Dead, json!("attempts")));
    let mut whole = run.clone();
    run.apply(Command::Redrive { reason: "r".to_owned(), from: None }, 3);
    assert_eq!(keys(&run.due(3)), ["b:1"]);
    whole.apply(Command::Redrive { reason: "r".to_owned(), from: Some("a".to_owned()) }, 3);
    assert_eq!(keys(&whole.due(3)), ["a:1"]);
    whole.done("a", json!({}), 4);
    assert_eq!(keys(&whole.due(4)), ["b:1"]);
    assert!(whole.try_apply(Command::Redrive { reason: "r".to_owned(), from: None }, 4).is_err(), "it runs");
}

#[test]
fn the_dead_can_be_cancelled_and_are_undone() {
    let mut run = saga();
    run.due(0);
    run.done("a", json!({ "id": "a" }), 0);
    run.due(0);
    run.reply("b", Outcome::Pending, 0);
    let mut now_ms = 0;
    while run.task.state != State::Dead {
        now_ms = run.task.due_ms().unwrap();
        run.due(now_ms);
    }
    run.apply(Command::Cancel, now_ms);
    assert_eq!((run.task.state, keys(&run.due(now_ms))), (State::Compensating, vec!["a~undo"]));
    run.done("a~undo", json!({}), now_ms);
    assert_eq!(run.task.state, State::Compensated);
}
