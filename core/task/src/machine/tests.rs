//! The machine under good and bad luck.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::rc::Rc;

use serde_json::{Value, json};

use super::retry::LEASE_MS;
use super::{Command, Commit, Refusal, Submission, apply, submit};
use crate::call::{Call, Outcome};
use crate::definition::Definition;
use crate::task::{State, Task};

mod items;
mod kinds;
mod notices;
mod saga;
mod waits;

/// A task with its definition.
#[derive(Clone)]
struct Run {
    task: Task,
    definition: Rc<Definition>,
    first: Commit,
}

impl Run {
    fn new(definition: &Value) -> Self {
        Self::with_input(definition, json!({}))
    }

    fn with_input(definition: &Value, input: Value) -> Self {
        let definition = Rc::new(Definition::parse(definition).unwrap());
        let (id, tenant, trace) = ("tsk_00aaaaaaaaaaaaaaaaaaaa".to_owned(), "t".to_owned(), String::new());
        let new = Submission { id, tenant, definition: Rc::clone(&definition), input, parent: None, trace };
        let (task, first) = submit(new, 0).unwrap();
        Self { task, definition, first }
    }

    fn try_apply(&mut self, command: Command, now_ms: u64) -> Result<Commit, Refusal> {
        apply(&mut self.task, &self.definition, command, now_ms, 0)
    }

    fn apply(&mut self, command: Command, now_ms: u64) -> Commit {
        self.try_apply(command, now_ms).unwrap()
    }

    fn due(&mut self, now_ms: u64) -> Commit {
        self.apply(Command::Due { room: 6 }, now_ms)
    }

    /// Answers a step under its current epoch.
    fn reply(&mut self, step: &str, outcome: Outcome, now_ms: u64) -> Commit {
        let epoch = self.task.steps[step].epoch;
        self.apply(Command::Reply { step: step.to_owned(), epoch, outcome }, now_ms)
    }

    fn done(&mut self, step: &str, output: Value, now_ms: u64) -> Commit {
        self.reply(step, Outcome::Done { output }, now_ms)
    }

    fn view(&self) -> Value {
        self.task.view(&self.definition)
    }

    fn step(&self, step: &str) -> String {
        self.view()["steps"][step]["state"].as_str().unwrap_or("none").to_owned()
    }
}

fn kinds(commit: &Commit) -> Vec<&str> {
    commit.events.iter().map(|event| event.kind.as_str()).collect()
}

fn keys(commit: &Commit) -> Vec<&str> {
    commit.dispatch.iter().map(|effect| effect.key.rsplit_once("aaaa/").unwrap().1).collect()
}

fn busy() -> Outcome {
    Outcome::Retry { code: "busy".to_owned(), reason: "away".to_owned(), after_ms: 0 }
}

fn fatal() -> Outcome {
    Outcome::Fatal { code: "name.taken".to_owned(), reason: "taken".to_owned() }
}

fn two_steps() -> Run {
    let definition = json!({ "steps": {
        "who": { "do": "identity.create", "with": { "name": "${{ input.name }}" } },
        "purse": { "do": "wallet.create", "needs": ["who"], "with": {
            "label": "x", "identity": "${{ steps.who.output.did }}" } }
    } });
    Run::with_input(&definition, json!({ "name": "alice" }))
}

#[test]
fn a_task_goes_from_step_to_step() {
    let mut run = two_steps();
    assert_eq!((run.task.state, kinds(&run.first)), (State::Queued, vec!["task.submitted"]));
    let commit = run.due(1);
    assert_eq!(commit.dispatch[0].call, Call::IdentityCreate { id: "u:alice".to_owned() });
    assert_eq!((keys(&commit), run.task.state), (vec!["who"], State::Running));
    run.done("who", json!({ "did": "did:x:1" }), 2);
    let commit = run.due(3);
    let Call::WalletCreate { identity, .. } = &commit.dispatch[0].call else { panic!() };
    assert_eq!(identity.as_deref(), Some("did:x:1"));
    run.reply("purse", Outcome::Pending, 4);
    assert_eq!(run.task.state, State::Waiting);
    let commit = run.done("purse", json!({}), 5);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Done, None));
    assert_eq!(kinds(&commit), ["step.ok", "task.done"]);
}

#[test]
fn computations_are_one_commit() {
    let definition = json!({
        "steps": {
            "a": { "do": "set", "with": { "value": { "n": "${{ input.n }}" } } },
            "b": { "do": "set", "needs": ["a"], "with": { "value": "${{ steps.a.output.n }}" } },
            "c": { "do": "set", "needs": ["b"], "with": { "value": "n is ${{ steps.b.output }}" } }
        },
        "output": { "said": "${{ steps.c.output }}" }
    });
    let run = Run::with_input(&definition, json!({ "n": 7 }));
    assert_eq!(run.task.state, State::Done);
    assert_eq!(run.view()["output"], json!({ "said": "n is 7" }));
    assert_eq!(kinds(&run.first), ["task.submitted", "step.ok", "step.ok", "step.ok", "task.done"]);
}

#[test]
fn only_the_current_epoch_counts() {
    let mut run = two_steps();
    run.due(0);
    let again = run.due(LEASE_MS);
    assert_eq!((again.dispatch[0].epoch, keys(&again)), (2, vec!["who"]));
    assert_eq!(again.events[0].kind, "step.unknown");
    let before = run.task.clone();
    let late = |epoch, did: &str| Command::Reply {
        step: "who".to_owned(),
        epoch,
        outcome: Outcome::Done { output: json!({ "did": did }) },
    };
    assert!(run.apply(late(1, "did:x:0"), LEASE_MS).is_empty());
    assert_eq!(run.task, before);
    run.apply(late(2, "did:x:1"), LEASE_MS);
    let before = run.task.clone();
    assert!(run.apply(late(2, "did:x:2"), LEASE_MS).is_empty());
    assert_eq!(run.task, before, "a second answer changes nothing");
}

#[test]
fn a_lost_answer_is_asked_for_soon_and_may_still_come() {
    let lost =
        |run: &mut Run| run.apply(Command::Unknown { step: "who".to_owned(), epoch: 1, reason: "away".to_owned() }, 10);
    let mut run = two_steps();
    run.due(0);
    assert_eq!(lost(&mut run).events[0].kind, "step.unknown");
    assert_eq!((run.task.due_ms(), run.step("who")), (Some(210), "unknown".to_owned()));
    assert!(lost(&mut run).is_empty(), "it is lost already");
    let mut late = run.clone();
    late.done("who", json!({}), 11);
    assert_eq!(late.step("who"), "ok");
    run.apply(Command::Cancel, 11);
    assert_eq!(run.task.state, State::Cancelling, "it may have happened: cancelling waits for it");
    assert_eq!(run.due(210).dispatch[0].epoch, 2);
}

#[test]
fn what_fails_for_good_ends_the_task_and_skips_the_rest() {
    let mut run = two_steps();
    run.due(0);
    let commit = run.reply("who", fatal(), 1);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Failed, None));
    assert_eq!(kinds(&commit), ["step.failed", "task.failed"]);
    let view = run.view();
    assert_eq!(view["steps"]["who"]["error"]["code"], "name.taken");
    assert_eq!(view["error"], json!({ "step": "who", "code": "name.taken", "reason": "taken" }));
    assert_eq!(run.step("purse"), "skipped");
}

#[test]
fn an_expression_that_leads_nowhere_fails_its_step() {
    let mut run = two_steps();
    run.due(0);
    run.done("who", json!({}), 1);
    run.due(2);
    assert_eq!(run.task.state, State::Failed);
    assert_eq!(run.view()["steps"]["purse"]["error"]["code"], "expression");
}

#[test]
fn an_output_that_fits_no_row_fails_its_step() {
    let mut run = two_steps();
    run.due(0);
    run.done("who", json!("x".repeat(crate::definition::OUTPUT_MAX_BYTES)), 1);
    assert_eq!((run.task.state, run.view()["steps"]["who"]["error"]["code"].clone()), (State::Failed, json!("output")));
}

#[test]
fn retries_back_off_and_give_up_after_a_day() {
    let mut run = two_steps();
    let (mut now_ms, mut waits) = (0, Vec::new());
    while !run.task.state.is_terminal() {
        if !run.due(now_ms).dispatch.is_empty() {
            let epoch = run.task.steps["who"].epoch;
            let command = Command::Reply { step: "who".to_owned(), epoch, outcome: busy() };
            apply(&mut run.task, &run.definition, command, now_ms, u64::MAX).unwrap();
        }
        if let Some(due_ms) = run.task.due_ms() {
            waits.push(due_ms - now_ms);
            now_ms = due_ms;
        }
    }
    assert_eq!(run.task.state, State::Dead);
    assert!(now_ms > 86_400_000 && now_ms < 86_800_000, "{now_ms}");
    assert!(waits.iter().all(|wait| (200..=300_200).contains(wait)));
}

#[test]
fn retries_have_rules_for_each_class_of_errors() {
    let retry = json!({ "attempts": 5, "first": "1ms", "per": { "busy": { "attempts": 2 } } });
    let step = json!({ "do": "identity.create", "with": { "name": "a" }, "retry": retry });
    let mut run = Run::new(&json!({ "steps": { "a": step } }));
    for state in [State::Waiting, State::Dead] {
        let now_ms = run.task.due_ms().unwrap();
        run.due(now_ms);
        run.reply("a", busy(), now_ms);
        assert_eq!(run.task.state, state);
    }
    let mut run = Run::new(&json!({ "steps": { "a": step } }));
    run.due(0);
    let later = Outcome::Retry { code: "other".to_owned(), reason: "x".to_owned(), after_ms: 9_000 };
    run.reply("a", later, 0);
    assert_eq!(run.task.due_ms(), Some(9_000), "no sooner than its target asked for");
}

#[test]
fn cancelling_waits_for_what_is_under_way() {
    let mut run = two_steps();
    run.due(0);
    run.apply(Command::Cancel, 1);
    assert_eq!(run.task.state, State::Cancelling);
    run.done("who", json!({}), 2);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Cancelled, None));
    assert!(run.apply(Command::Cancel, 3).is_empty());

    let mut idle = two_steps();
    assert_eq!(kinds(&idle.apply(Command::Cancel, 1)), ["task.cancelling", "task.cancelled"]);
}

#[test]
fn a_task_has_a_time_of_its_own() {
    let mut run = Run::new(&json!({
        "timeout": "1m", "steps": { "nap": { "do": "sleep", "with": { "duration": "1h" } } } }));
    assert_eq!(run.task.due_ms(), Some(60_000));
    let commit = run.due(60_000);
    assert_eq!(kinds(&commit), ["task.timeout", "task.failed"]);
    assert_eq!((run.task.state, run.task.due_ms()), (State::Failed, None));
}

#[test]
fn without_room_a_step_keeps_its_turn() {
    let mut run = two_steps();
    assert!(run.apply(Command::Due { room: 0 }, 5).is_empty());
    assert_eq!((run.task.due_ms(), run.task.state), (Some(0), State::Queued));
    assert_eq!(keys(&run.due(6)), ["who"]);
}
