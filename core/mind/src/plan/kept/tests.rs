//! What has to be asked for a plan, from its words to its last run.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::super::effects::{Movement, Observed};
use super::super::resolve::Units;
use super::super::rules::Rules;
use super::super::simulate::Answer;
use super::super::tests::fixture::{OWN, facts, launch, request};
use super::{Change, Charter, Command, Entry, Given, Kept, Payer, RAW_MAX_BYTES, RunTodo, State, Todo, Wire};
use crate::approval::Decision;

const NOW: u64 = 1_790_000_000_000;
const DAY: u64 = 86_400_000;

struct Utc;

impl aion_task::schedule::Zones for Utc {
    fn offset_s(&self, _: &str, _: u64) -> Option<i32> {
        Some(0)
    }
}

/// A plan with what is stored of it; each change goes through text, as the store has it.
struct Run {
    kept: Kept,
    given: Vec<(u64, Given)>,
    entries: Vec<Entry>,
}

impl Run {
    fn new() -> Self {
        Self::asking(&["did:key:z6MkA"])
    }

    fn asking(people: &[&str]) -> Self {
        let approvers = people.iter().map(|did| (*did).to_owned()).collect();
        let rules = Rules { approvers, valid_ms: 7 * DAY, ..Rules::default() };
        let (id, task) = ("pln_1".to_owned(), "tsk_00x".to_owned());
        let charter = Charter { id, task, request: request(), instructions: String::new(), rules };
        let (kept, change) = Kept::begin(charter, Payer::default(), "fast".to_owned(), NOW).unwrap();
        let mut run = Self { kept, given: Vec::new(), entries: Vec::new() };
        run.keep(change, NOW);
        run
    }

    fn keep(&mut self, change: Change, now_ms: u64) {
        self.given.extend(change.given.map(|given| (now_ms, given)));
        self.entries.extend(change.entries);
        let text = serde_json::to_string(&self.kept).unwrap();
        assert_eq!(serde_json::from_str::<Kept>(&text).unwrap(), self.kept, "it is read as it was written");
    }

    fn give(&mut self, command: Command, now_ms: u64) {
        let change = self.kept.give(command, now_ms).unwrap();
        self.keep(change, now_ms);
    }

    fn reply(&mut self, reply: &Value, now_ms: u64) {
        let Todo::Model { seq, .. } = self.kept.todo() else { panic!("{:?}", self.kept.todo()) };
        let change = self.kept.reply(seq, Wire::OpenaiChat, &raw(&reply.to_string()), now_ms).unwrap().unwrap();
        self.keep(change, now_ms);
        assert_eq!(self.kept.reply(seq, Wire::OpenaiChat, b"{}", now_ms), Ok(None), "it was answered already");
    }

    fn until_asked(plan: &Value, people: &[&str]) -> Self {
        let mut run = Self::asking(people);
        run.reply(plan, NOW + 1);
        assert!(matches!(run.kept.todo(), Todo::Read { .. }));
        run.give(Command::Facts(Box::new(facts())), NOW + 2);
        let Todo::Simulate { calls } = run.kept.todo() else { panic!("{:?}", run.kept.todo()) };
        run.give(Command::Simulated(calls.into_iter().map(|call| (call.step, Answer::Works)).collect()), NOW + 3);
        assert_eq!((run.kept.state(), run.kept.todo()), (State::Awaiting, Todo::Rest));
        assert_eq!(run.kept.run_todo(NOW + 3), RunTodo::Over);
        run
    }

    fn until_approved(plan: &Value) -> Self {
        let mut run = Self::until_asked(plan, &["did:key:z6MkA"]);
        let digest = run.kept.record.consent.as_ref().unwrap().digest.clone();
        let by = "did:key:z6MkA".to_owned();
        let decision = Decision { by, approve: true, steps: None, digest, proof: "p".to_owned(), at_ms: 0 };
        run.give(Command::Decide(decision.clone()), NOW + 4);
        let other = Decision { approve: false, ..decision.clone() };
        assert!(run.kept.has_decided(&decision) && !run.kept.has_decided(&other));
        run
    }

    fn start(&mut self, now_ms: u64) -> u16 {
        let RunTodo::Start { run, definition, .. } = self.kept.run_todo(now_ms) else {
            panic!("{:?}", self.kept.run_todo(now_ms))
        };
        assert!(aion_task::Definition::parse(&definition).is_ok());
        self.kept.started(run, format!("tsk_{run}"));
        self.kept.started(run, "tsk_other".to_owned());
        assert_eq!(self.kept.tasks.len(), usize::from(run), "it is started once");
        run
    }

    fn end(&mut self, run: u16, done: bool, observed: &BTreeMap<String, Observed>, now_ms: u64) {
        for change in self.kept.ended(run, done, observed.clone(), now_ms).unwrap() {
            self.keep(change, now_ms);
        }
        assert_eq!(self.kept.ended(run, done, observed.clone(), now_ms), Ok(Vec::new()), "it ends once");
    }

    fn schedule(&mut self, now_ms: u64) {
        for change in self.kept.schedule(&Utc, now_ms).unwrap() {
            self.keep(change, now_ms);
        }
    }

    fn is_replayed(&self) {
        let again = self.kept.replayed(self.given.clone(), self.entries.clone()).unwrap();
        assert_eq!(again.state, self.kept.state());
        let mut other = self.entries.clone();
        other[1].hash = String::new();
        assert_eq!(self.kept.replayed(self.given.clone(), other), Err("stage 2 is another one".to_owned()));
    }
}

fn raw(text: &str) -> Vec<u8> {
    let choice = json!({ "message": { "role": "assistant", "content": text }, "finish_reason": "stop" });
    json!({ "choices": [choice] }).to_string().into_bytes()
}

/// The last step of the fixture's plan alone, every Friday.
fn weekly(runs: u16) -> Value {
    let mut weekly = launch();
    weekly["steps"] = json!([launch()["steps"][2]]);
    weekly["steps"][0]["needs"] = json!([]);
    weekly["schedule"] = json!({ "cron": "0 9 * * 5", "zone": "Europe/Madrid", "runs": runs });
    weekly
}

fn sent() -> BTreeMap<String, Observed> {
    let wallet = facts().wallets.values().next().unwrap().address;
    let to = alloy_primitives::Address::repeat_byte(0xbb);
    let amount = Units("25500000000000000000".parse().unwrap());
    let moves = vec![Movement { token: OWN, from: Some(wallet), to: Some(to), amount }];
    BTreeMap::from([("send".to_owned(), Observed { moves, ..Observed::default() })])
}

#[test]
fn a_plan_is_asked_for_approved_run_and_replayed() {
    let mut plan = launch();
    plan["steps"] = json!([launch()["steps"][2]]);
    plan["steps"][0]["needs"] = json!([]);
    let mut run = Run::until_approved(&plan);
    assert_eq!(
        run.kept.run_todo(NOW + 5),
        RunTodo::Read {
            wallets: facts().wallets.keys().cloned().collect(),
            tokens: vec![OWN, alloy_primitives::Address::repeat_byte(0xbb)]
        }
    );
    run.give(Command::Run(Box::new(facts())), NOW + 6);
    run.schedule(NOW + 6);
    let number = run.start(NOW + 7);
    let watch = RunTodo::Watch { run: 1, task: "tsk_1".to_owned(), cancel: false };
    assert_eq!(run.kept.run_todo(NOW + 8), watch);
    run.end(number, true, &sent(), NOW + 9);
    assert_eq!((run.kept.state(), run.kept.run_todo(NOW + 10)), (State::Done, RunTodo::Over));
    run.is_replayed();
    let view = run.kept.view(&run.entries);
    assert_eq!((&view["state"], &view["tasks"]), (&json!("done"), &json!(["tsk_1"])));
    assert_eq!(view["stages"].as_array().unwrap().len(), run.entries.len());
    assert!(view["steps"][0]["effect"].as_str().unwrap().starts_with("sends 25.5 of"), "{view}");
}

/// Decisions about steps are shown with their steps, and replayed.
#[test]
fn a_plan_is_approved_step_by_step_shown_and_replayed() {
    let mut run = Run::until_asked(&launch(), &["did:key:z6MkA", "did:key:z6MkB"]);
    let digest = run.kept.record.consent.as_ref().unwrap().digest.clone();
    let decision = |by: &str, approve: bool, steps: &[&str]| {
        let (by, digest, proof) = (by.to_owned(), digest.clone(), "p".to_owned());
        let steps = Some(steps.iter().map(|step| (*step).to_owned()).collect());
        Decision { by, approve, steps, digest, proof, at_ms: 0 }
    };
    let first = decision("did:key:z6MkA", true, &["create", "send"]);
    run.give(Command::Decide(first.clone()), NOW + 4);
    run.give(Command::Decide(decision("did:key:z6MkB", false, &["mint"])), NOW + 5);
    assert!(run.kept.has_decided(&first) && !run.kept.has_decided(&decision("did:key:z6MkA", true, &["create"])));
    let view = run.kept.view(&run.entries);
    let tally = |yes: Value, no: Value, wanted: usize| json!({ "approved": yes, "rejected": no, "wanted": wanted });
    let (one, other) = (json!(["did:key:z6MkA"]), json!(["did:key:z6MkB"]));
    let open = [tally(one.clone(), json!([]), 0), tally(json!([]), other, 1), tally(one.clone(), json!([]), 0)];
    for (place, open) in open.iter().enumerate() {
        assert_eq!(view["steps"][place]["approval"], *open, "{view}");
    }
    assert_eq!(view["approval"]["decisions"][0]["steps"], json!(["create", "send"]));
    assert_eq!((&view["state"], &view["approval"]["approved"]), (&json!("awaiting"), &json!(false)));
    run.give(Command::Decide(decision("did:key:z6MkB", true, &["mint"])), NOW + 6);
    assert_eq!(run.kept.state(), State::Approved);
    let view = run.kept.view(&run.entries);
    assert_eq!((&view["approval"]["approved"], &view["steps"][1]["approval"]["wanted"]), (&json!(true), &json!(0)));
    run.give(Command::Run(Box::new(facts())), NOW + 7);
    run.is_replayed();
    let mut changed = run.given.clone();
    for (_, given) in &mut changed {
        if let Given::Command(command) = given
            && let Command::Decide(decision) = &mut **command
        {
            decision.steps = None;
        }
    }
    assert!(run.kept.replayed(changed, run.entries.clone()).is_err(), "its steps are a part of what was decided");
}

/// A plan that was stored before anybody decided about steps, with what was given to it.
#[test]
fn what_was_stored_before_is_read_and_replayed() {
    let run = Run::until_approved(&weekly(2));
    let (stored, given) = (serde_json::to_value(&run.kept).unwrap(), serde_json::to_value(&run.given).unwrap());
    let fields = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    let consent = &stored["record"]["consent"];
    assert_eq!(fields(consent), ["by", "count", "decisions", "digest", "expiresMs", "used"]);
    assert_eq!(
        fields(&consent["decisions"][0]),
        ["approve", "at_ms", "by", "digest", "proof"].map(|name| if name == "at_ms" { "atMs" } else { name })
    );
    let given: Vec<(u64, Given)> = serde_json::from_value(given).unwrap();
    assert!(run.kept.replayed(given, run.entries.clone()).is_ok());
}

#[test]
fn a_reply_that_is_too_long_is_recorded_by_its_text_alone() {
    let mut run = Run::new();
    let mut long = launch();
    long["summary"] = json!("x".repeat(RAW_MAX_BYTES));
    run.reply(&long, NOW + 1);
    let Some((_, Given::Command(command))) = run.given.last() else { panic!() };
    assert!(matches!(&**command, Command::Proposed { reply } if reply.len() < RAW_MAX_BYTES / 2));
    assert!(matches!(run.kept.todo(), Todo::Model { .. }), "the model is told of it");
    run.is_replayed_so_far();
}

impl Run {
    fn is_replayed_so_far(&self) {
        assert!(self.kept.replayed(self.given.clone(), self.entries.clone()).is_ok());
    }
}

#[test]
fn a_recurring_plan_waits_for_each_of_its_times() {
    let mut run = Run::until_approved(&weekly(2));
    run.give(Command::Run(Box::new(facts())), NOW + 5);
    let mut now_ms = NOW + 6;
    let mut times = BTreeSet::new();
    for number in 1..=2 {
        run.schedule(now_ms);
        let RunTodo::Later { run: next, at_ms } = run.kept.run_todo(now_ms) else {
            panic!("{:?}", run.kept.run_todo(now_ms))
        };
        assert!(next == number && at_ms > now_ms && times.insert(at_ms));
        now_ms = at_ms;
        assert_eq!(run.start(now_ms), number);
        run.end(number, true, &sent(), now_ms);
    }
    assert_eq!(run.kept.state(), State::Done);
    run.is_replayed();
}

#[test]
fn what_is_stopped_between_two_runs_or_in_one_runs_no_more() {
    let started = || {
        let mut run = Run::until_approved(&weekly(3));
        run.give(Command::Run(Box::new(facts())), NOW + 5);
        run.schedule(NOW + 5);
        run
    };
    let mut between = started();
    for change in between.kept.stop("no".to_owned(), NOW + 6).unwrap() {
        between.keep(change, NOW + 6);
    }
    assert_eq!((between.kept.state(), between.kept.run_todo(NOW + 8 * DAY)), (State::Failed, RunTodo::Over));
    between.is_replayed();

    let mut within = started();
    let number = within.start(NOW + 8 * DAY);
    for change in within.kept.stop("no".to_owned(), NOW + 8 * DAY).unwrap() {
        within.keep(change, NOW + 8 * DAY);
    }
    assert!(matches!(within.kept.run_todo(NOW + 8 * DAY), RunTodo::Watch { cancel: true, .. }));
    within.end(number, true, &sent(), NOW + 8 * DAY);
    assert_eq!(within.kept.state(), State::Failed, "the run that was under way is the last");
    within.is_replayed();
}

#[test]
fn what_is_not_approved_in_time_expires() {
    let mut run = Run::new();
    assert_eq!(run.kept.due(NOW + 7 * DAY - 1), None);
    let change = run.kept.due(NOW + 7 * DAY).unwrap();
    run.keep(change, NOW + 7 * DAY);
    assert_eq!((run.kept.state(), run.kept.todo()), (State::Expired, Todo::Rest));
    assert_eq!(run.kept.due(NOW + 8 * DAY), None);
}
