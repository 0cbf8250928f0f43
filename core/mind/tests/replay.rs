//! A hundred recorded runs, good and bad, give the same digests and decisions again; a changed record does not.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use aion_mind::plan::record::{Command, Effect, State};
use aion_mind::plan::resolve::Facts;
use aion_mind::plan::simulate::Answer;
use aion_mind::replay::{Broken, Given, Outcome, Recorded, Recorder, replay, text};
use aion_mind::wire::Wire;
use serde_json::json;

mod world;

use world::{NOW_MS, charter, decision, facts, from, honest, rules};

/// A small generator (Numerical Recipes' constants), so that each run is the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The reply of a provider with the plan inside, as raw bytes.
fn raw(text: &str) -> Vec<u8> {
    json!({ "choices": [{ "message": { "content": text }, "finish_reason": "stop" }] }).to_string().into_bytes()
}

/// A plan that is right, or wrong in one of some ways.
fn plan(dice: &mut Dice) -> String {
    let mut plan = honest();
    plan["summary"] = json!(format!("Plan {}", dice.roll(1_000)));
    match dice.roll(8) {
        0 => plan["steps"][1]["to"] = from("lit", "0xdddddddddddddddddddddddddddddddddddddddd"),
        1 => plan["steps"][1]["amount"] = from("quarantined", "number"),
        2 => plan["steps"][2]["needs"] = json!([]),
        3 => plan["schedule"] = json!({ "cron": "0 9 * * 5", "zone": "Europe/Madrid", "runs": 1 + dice.roll(9) }),
        4 => return "I would rather not.".to_owned(),
        _ => {}
    }
    plan.to_string()
}

fn world(dice: &mut Dice) -> Facts {
    let mut facts = facts();
    facts.fees.max_fee_wei += u128::from(dice.roll(3));
    let wallet = facts.wallets.values_mut().next().unwrap();
    wallet.ledger.operations = u32::try_from(dice.roll(5)).unwrap();
    if dice.roll(12) == 0 {
        wallet.policy.creations_per_day = 0;
    }
    facts
}

/// A run by chance; what was recorded of it, and what it came to.
fn run(seed: u64) -> (Recorded, Outcome) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    let language = if dice.roll(2) == 0 { "en" } else { "es" };
    let (mandates, approver) = (dice.roll(2) == 0, dice.roll(4) > 0);
    let (mut recorder, mut open) = Recorder::new(charter(language, rules(mandates, approver)), NOW_MS).unwrap();
    let mut now_ms = NOW_MS;
    while let Some(effect) = open.pop() {
        now_ms += dice.roll(200_000);
        let effects = match effect {
            Effect::Ask(_) => {
                let text = plan(&mut dice);
                recorder.reply(Wire::OpenaiChat, &raw(&text), now_ms)
            }
            Effect::Read { .. } => recorder.give(Command::Facts(Box::new(world(&mut dice))), now_ms),
            Effect::Simulate(calls) => {
                let answer = |dice: &mut Dice| match dice.roll(20) {
                    0 => Answer::Reverts { reason: "CapExceeded".to_owned() },
                    _ => Answer::Works,
                };
                let answers = calls.into_iter().map(|call| (call.step, answer(&mut dice))).collect();
                recorder.give(Command::Simulated(answers), now_ms)
            }
            Effect::Approve(consent) => {
                let approve = dice.roll(6) > 0;
                recorder.give(Command::Decide(decision(&consent.digest, approve, now_ms)), now_ms)
            }
            Effect::Audit(entry) if entry.state == State::Approved => {
                recorder.give(Command::Run(Box::new(world(&mut dice))), now_ms)
            }
            Effect::Start { .. } => {
                let done = dice.roll(3) == 0;
                recorder.give(Command::Ended { done, observed: BTreeMap::new() }, now_ms)
            }
            Effect::Audit(_) | Effect::Cancel => continue,
        };
        open.extend(effects.unwrap_or_default());
    }
    (recorder.recorded().clone(), recorder.outcome().clone())
}

#[test]
fn a_hundred_recorded_runs_come_to_the_same() {
    let (mut states, mut digests) = (BTreeSet::new(), BTreeSet::new());
    for seed in 1..=100 {
        let (recorded, outcome) = run(seed);
        let text = serde_json::to_string(&recorded).unwrap();
        let read: Recorded = serde_json::from_str(&text).unwrap();
        assert_eq!(read, recorded, "seed {seed}");
        assert_eq!(replay(&read), Ok(outcome.clone()), "seed {seed}");
        states.insert(outcome.state);
        digests.extend(outcome.digest);
    }
    println!("100 runs came to {states:?}, with {} different digests", digests.len());
    let wanted = [State::Failed, State::Frozen, State::Refused];
    assert!(wanted.iter().all(|state| states.contains(state)), "{states:?}");
    assert!(digests.len() > 30, "{}", digests.len());
}

#[test]
fn a_changed_record_is_found() {
    let mut found = 0;
    for seed in 1..=100 {
        let (recorded, outcome) = run(seed);
        if outcome.digest.is_none() {
            continue;
        }
        // Another reply.
        let mut other = recorded.clone();
        for (_, given) in &mut other.given {
            if let Given::Model { raw, .. } = given {
                *raw = hex_of(&text(Wire::OpenaiChat, &bytes(raw)).unwrap().replace("Plan ", "Plot "));
            }
        }
        let replayed = replay(&other);
        // A decision over the digest that was is none over the digest that is.
        assert_ne!(replayed.as_ref().ok(), Some(&outcome), "seed {seed}");
        // Another prompt.
        let mut other = recorded.clone();
        if let (_, Given::Model { asked, .. }) = &mut other.given[0] {
            asked["user"] = json!("something else");
        }
        assert_eq!(replay(&other), Err(Broken::Asked(1)), "seed {seed}");
        // Another time.
        let mut other = recorded;
        other.begun_ms += 1;
        assert_ne!(replay(&other).ok(), Some(outcome), "seed {seed}");
        found += 1;
    }
    assert!(found > 30, "{found}");
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
}

fn hex_of(text: &str) -> String {
    use std::fmt::Write;
    raw(text).iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}
