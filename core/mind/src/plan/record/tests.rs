//! The way of a plan through its stages.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use std::collections::{BTreeMap, BTreeSet};

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use super::super::effects::{Allowance, Movement, Observed};
use super::super::resolve::{Facts, Units};
use super::super::rules::Rules;
use super::super::simulate::Answer;
use super::super::tests::fixture::{ALICE, OWN, facts, launch, request};
use super::{Charter, Command, Decision, Effect, PlanRecord, Refusal, State, apply, begin};
use crate::approval;
use crate::plan::Kind;

mod wallets;

const NOW: u64 = 1_790_000_000_000;
const HOUR: u64 = 3_600_000;

fn charter() -> Charter {
    let rules = Rules {
        tools: Kind::ALL.to_vec(),
        approvers: ["did:a", "did:b"].map(str::to_owned).into_iter().collect(),
        count: 2,
        mandates: true,
        native_max_wei: Units(U256::from(10).pow(U256::from(18))),
        valid_ms: HOUR,
    };
    let (id, task, instructions) = ("pln_1".to_owned(), "tsk_00x".to_owned(), String::new());
    Charter { id, task, request: request(), instructions, rules }
}

struct Run {
    record: PlanRecord,
    seen: Vec<State>,
    effects: Vec<Effect>,
}

impl Run {
    fn new(charter: Charter) -> Self {
        let (record, effects) = begin(charter, NOW).unwrap();
        let mut run = Self { record, seen: Vec::new(), effects: Vec::new() };
        run.keep(effects);
        run
    }

    fn keep(&mut self, effects: Vec<Effect>) {
        for effect in &effects {
            if let Effect::Audit(entry) = effect {
                self.seen.push(entry.state);
                assert_eq!(entry.seq as usize, self.seen.len(), "every stage has an entry");
            }
        }
        self.effects = effects;
    }

    fn give(&mut self, command: Command) -> &mut Self {
        let effects = apply(&mut self.record, command, NOW + 1).unwrap();
        self.keep(effects);
        self
    }

    fn refuses(&mut self, command: Command, now_ms: u64) -> Refusal {
        let before = self.record.clone();
        let refusal = apply(&mut self.record, command, now_ms).unwrap_err();
        assert_eq!(self.record, before, "what is refused changes nothing");
        refusal
    }

    fn until_asked(plan: &Value) -> Self {
        let mut run = Self::new(charter());
        run.give(Command::Proposed { reply: plan.to_string() });
        run.give(Command::Facts(Box::new(facts()))).give(works(&["create", "send"]));
        run
    }

    fn decide(&self, by: &str, approve: bool) -> Command {
        let digest = self.record.consent.as_ref().unwrap().digest.clone();
        let (by, proof) = (by.to_owned(), "p".to_owned());
        Command::Decide(Decision { by, approve, steps: None, digest, proof, at_ms: NOW })
    }

    fn running() -> Self {
        let mut run = Self::until_asked(&launch());
        for by in ["did:a", "did:b"] {
            let decision = run.decide(by, true);
            run.give(decision);
        }
        run.give(Command::Run(Box::new(facts())));
        run
    }

    /// What is seen if everything goes as expected.
    fn observed(&self) -> BTreeMap<String, Observed> {
        let token =
            self.record.judged.effects.as_ref().and_then(|effects| match effects.steps[0].creates.as_ref()? {
                super::super::effects::Creation::Token { at, .. } => *at,
                _ => None,
            });
        let wallet = facts().wallets.values().next().unwrap().address;
        let moved = |token, from, to, whole: u64| Observed {
            moves: vec![Movement { token, from, to: Some(to), amount: Units(U256::from(whole) * e(17)) }],
            native_wei: Units(U256::from(1)),
            ..Observed::default()
        };
        let created =
            Observed { outputs: BTreeMap::from([("token".to_owned(), token.unwrap())]), ..Observed::default() };
        BTreeMap::from([
            ("create".to_owned(), created),
            ("mint".to_owned(), moved(token.unwrap(), None, ALICE, 100_000)),
            ("send".to_owned(), moved(OWN, Some(wallet), Address::repeat_byte(0xbb), 255)),
        ])
    }
}

fn e(exponent: u64) -> U256 {
    U256::from(10).pow(U256::from(exponent))
}

fn works(steps: &[&str]) -> Command {
    Command::Simulated(steps.iter().map(|step| ((*step).to_owned(), Answer::Works)).collect())
}

fn changed(change: impl Fn(&mut Facts)) -> Command {
    let mut facts = facts();
    change(&mut facts);
    Command::Run(Box::new(facts))
}

fn wallet(facts: &mut Facts) -> &mut super::super::resolve::WalletFacts {
    facts.wallets.values_mut().next().unwrap()
}

struct Utc;

impl aion_task::schedule::Zones for Utc {
    fn offset_s(&self, _: &str, _: u64) -> Option<i32> {
        Some(0)
    }
}

type Change<'a> = &'a dyn Fn(&mut BTreeMap<String, Observed>);

#[test]
fn a_plan_goes_from_words_to_a_task_and_back() {
    let mut run = Run::running();
    let start = |effect: &Effect| match effect {
        Effect::Start { definition, input, schedule } => Some((definition.clone(), input.clone(), schedule.clone())),
        _ => None,
    };
    let (definition, input, schedule) = run.effects.iter().find_map(start).unwrap();
    assert_eq!(definition["steps"]["mint"]["with"]["token"], json!("${{ steps.create.output.token }}"));
    assert_eq!(input["mint_amount"], json!("10000000000000000000000"));
    assert_eq!((schedule, input["send_amount"].clone()), (None, json!("25500000000000000000")));
    assert!(aion_task::Definition::parse(&definition).is_ok());
    let observed = run.observed();
    run.give(Command::Ended { done: true, observed });
    let all = [
        State::Proposed,
        State::Checked,
        State::Priced,
        State::Policed,
        State::Simulated,
        State::Awaiting,
        State::Awaiting,
        State::Approved,
        State::Running,
        State::Done,
    ];
    assert_eq!(run.seen, all);
    assert_eq!(run.record.judged.unsimulated, ["mint"], "its token is not there yet");
}

#[test]
fn a_model_is_told_of_faults_twice() {
    let mut run = Run::new(charter());
    for _ in 0..2 {
        run.give(Command::Proposed { reply: "nonsense".to_owned() });
        let Some(Effect::Ask(prompt)) = run.effects.last() else { panic!("{:?}", run.effects) };
        assert!(prompt.user.contains("no JSON"), "{}", prompt.user);
    }
    run.give(Command::Proposed { reply: "nonsense".to_owned() });
    assert_eq!(run.record.state, State::Refused);
}

#[test]
fn what_policy_or_simulation_denies_does_not_run() {
    let mut run = Run::new(charter());
    run.give(Command::Proposed { reply: launch().to_string() });
    let mut tight = facts();
    wallet(&mut tight).policy.units_per_token_and_day = U256::from(1);
    run.give(Command::Facts(Box::new(tight)));
    assert_eq!((run.record.state, run.seen.last()), (State::Refused, Some(&State::Refused)));

    for answers in [works(&["create"]), works(&["send"])] {
        let mut run = Run::new(charter());
        run.give(Command::Proposed { reply: launch().to_string() });
        run.give(Command::Facts(Box::new(facts()))).give(answers);
        assert_eq!(run.record.state, State::Refused, "what was not simulated counts as reverted");
    }
}

#[test]
fn consent_is_for_this_plan_these_people_and_this_time() {
    let mut run = Run::until_asked(&launch());
    assert_eq!(run.record.state, State::Awaiting);
    let stranger = run.decide("did:x", true);
    assert!(matches!(run.refuses(stranger, NOW + 2), Refusal::Consent(approval::Refusal::Stranger(_))));
    let Command::Decide(mut other) = run.decide("did:a", true) else { panic!() };
    other.digest = "0".repeat(64);
    assert_eq!(run.refuses(Command::Decide(other), NOW + 2), Refusal::Consent(approval::Refusal::Digest));
    let early = Command::Run(Box::new(facts()));
    assert_eq!(run.refuses(early, NOW + 2), Refusal::State(State::Awaiting));
    let no = run.decide("did:a", false);
    run.give(no);
    assert_eq!(run.record.state, State::Refused);

    let mut late = Run::until_asked(&launch());
    let yes = late.decide("did:a", true);
    assert!(apply(&mut late.record, yes, NOW + HOUR).is_ok());
    assert_eq!(late.record.state, State::Expired);
}

/// One may reject a step and say nothing of the others: the plan ends with the first step that cannot have enough.
#[test]
fn nothing_runs_before_every_step_is_approved_and_one_that_is_rejected_ends_it() {
    let about = |run: &Run, by: &str, approve: bool, steps: &[&str]| {
        let Command::Decide(mut decision) = run.decide(by, approve) else { panic!() };
        decision.steps = Some(steps.iter().map(|step| (*step).to_owned()).collect());
        Command::Decide(decision)
    };
    let mut run = Run::until_asked(&launch());
    for (by, steps) in [("did:a", &["create", "mint", "send"][..]), ("did:b", &["send"]), ("did:b", &["create"])] {
        let decision = about(&run, by, true, steps);
        run.give(decision);
        assert_eq!(run.record.state, State::Awaiting);
        assert_eq!(run.refuses(Command::Run(Box::new(facts())), NOW + 2), Refusal::State(State::Awaiting));
    }
    for stray in ["pay", "mint "] {
        let refusal = Refusal::Consent(approval::Refusal::Step(stray.to_owned()));
        let decision = about(&run, "did:b", true, &["mint", stray]);
        assert_eq!(run.refuses(decision, NOW + 2), refusal);
    }
    let mut other = Run { record: run.record.clone(), seen: run.seen.clone(), effects: Vec::new() };
    let no = about(&other, "did:b", false, &["mint"]);
    other.give(no);
    assert_eq!(other.record.state, State::Refused);
    let last = about(&run, "did:b", true, &["mint"]);
    run.give(last);
    assert_eq!(run.record.state, State::Approved);
    run.give(Command::Run(Box::new(facts())));
    assert_eq!(run.record.state, State::Running);
}

#[test]
fn consent_is_used_once() {
    let mut run = Run::running();
    assert_eq!(run.refuses(Command::Run(Box::new(facts())), NOW + 2), Refusal::State(State::Running));
    assert!(run.record.consent.as_ref().unwrap().used);
    // A record that is set back by hand still has no consent left.
    run.record.state = State::Approved;
    let again = apply(&mut run.record, Command::Run(Box::new(facts())), NOW + 2);
    assert_eq!(again, Err(Refusal::Consent(approval::Refusal::Used)));
}

#[test]
fn what_changed_since_the_approval_does_not_run() {
    let approved = || {
        let mut run = Run::until_asked(&launch());
        for by in ["did:a", "did:b"] {
            let decision = run.decide(by, true);
            run.give(decision);
        }
        run
    };
    for (what, command) in [
        ("policy", changed(|facts| wallet(facts).policy.creations_per_day = 3)),
        ("address", changed(|facts| wallet(facts).address = Address::repeat_byte(6))),
        ("contracts", changed(|facts| facts.deployment.factory = Address::repeat_byte(6))),
        ("price", changed(|facts| facts.fees.max_fee_wei *= 2)),
        ("used up", changed(|facts| wallet(facts).ledger.spent = BTreeMap::from([(OWN, e(27))]))),
        ("no longer its token", changed(|facts| wallet(facts).ledger.tokens.clear())),
    ] {
        let mut run = approved();
        if what == "used up" {
            // The ledger counts per day of the plan's own clock.
            let mut facts = facts();
            let ledger = &mut wallet(&mut facts).ledger;
            (ledger.day, ledger.spent) = (NOW / 86_400_000, BTreeMap::from([(OWN, e(27))]));
            run.give(Command::Run(Box::new(facts)));
        } else {
            run.give(command);
        }
        assert_eq!(run.record.state, State::Refused, "{what}");
    }
    let mut cheaper = approved();
    cheaper.give(changed(|facts| facts.fees.max_fee_wei /= 2));
    assert_eq!(cheaper.record.state, State::Running);
}

#[test]
fn a_plan_is_stopped_before_it_runs_and_while_it_does() {
    let stop = || Command::Stop { reason: "no".to_owned() };
    let mut early = Run::until_asked(&launch());
    early.give(stop());
    assert_eq!(early.record.state, State::Refused);
    let mut late = Run::running();
    late.give(stop());
    assert_eq!((late.record.state, late.effects.last()), (State::Running, Some(&Effect::Cancel)));
}

#[test]
fn what_was_not_expected_freezes() {
    let run = Run::running();
    let cases: [(&str, Change<'_>); 8] = [
        ("more", &|seen| seen.get_mut("mint").unwrap().moves[0].amount = Units(U256::MAX)),
        ("to another", &|seen| seen.get_mut("mint").unwrap().moves[0].to = Some(OWN)),
        ("twice", &|seen| {
            let again = seen["send"].moves[0].clone();
            seen.get_mut("send").unwrap().moves.push(again);
        }),
        ("nothing", &|seen| seen.get_mut("send").unwrap().moves.clear()),
        ("unseen", &|seen| drop(seen.remove("send"))),
        ("an allowance", &|seen| {
            let allowance = Allowance { token: OWN, owner: ALICE, spender: OWN, amount: Units(U256::from(1)) };
            seen.get_mut("send").unwrap().allowances.push(allowance);
        }),
        ("cost", &|seen| seen.get_mut("send").unwrap().native_wei = Units(e(18))),
        ("elsewhere", &|seen| *seen.get_mut("create").unwrap().outputs.get_mut("token").unwrap() = OWN),
    ];
    for (what, change) in cases {
        let (mut record, mut observed) = (run.record.clone(), run.observed());
        change(&mut observed);
        let effects = apply(&mut record, Command::Ended { done: true, observed }, NOW + 2).unwrap();
        assert_eq!(record.state, State::Frozen, "{what}");
        assert!(effects.contains(&Effect::Cancel) && !record.mismatches.is_empty());
    }
    // A task that failed half-way did no more than was expected.
    let (mut record, mut observed) = (run.record.clone(), run.observed());
    observed.remove("send");
    apply(&mut record, Command::Ended { done: false, observed }, NOW + 2).unwrap();
    assert_eq!(record.state, State::Failed);
}

#[test]
fn a_recurring_plan_is_approved_with_its_runs_and_never_by_mandate() {
    let mut weekly = launch();
    weekly["steps"] = json!([launch()["steps"][2]]);
    weekly["steps"][0]["needs"] = json!([]);
    weekly["schedule"] = json!({ "cron": "0 9 * * 5", "zone": "Europe/Madrid", "runs": 3 });
    let mut run = Run::new(charter());
    run.give(Command::Proposed { reply: weekly.to_string() });
    run.give(Command::Facts(Box::new(facts()))).give(works(&["send"]));
    assert_eq!(run.record.state, State::Awaiting);
    for by in ["did:a", "did:b"] {
        let decision = run.decide(by, true);
        run.give(decision);
    }
    run.give(Command::Run(Box::new(facts())));
    let Some(Effect::Start { schedule: Some(schedule), .. }) = run.effects.last() else { panic!() };
    assert!(aion_task::schedule::Spec::parse(schedule, &Utc).is_ok(), "{schedule}");
    let seen = Run::running().observed();
    let observed: BTreeMap<_, _> = seen.into_iter().filter(|(step, _)| step == "send").collect();
    let mut states = BTreeSet::new();
    for _ in 0..3 {
        run.give(Command::Ended { done: true, observed: observed.clone() });
        states.insert(run.record.state);
    }
    assert_eq!((run.record.runs, run.record.state, states.len()), (3, State::Done, 2));
}
