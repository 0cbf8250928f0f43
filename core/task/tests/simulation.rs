//! Whole histories under bad luck: a mock clock, a store that crashes before and after a commit, and a world that
//! loses, delays and doubles calls and answers. A failing seed is replayed with `SIM_SEED=<n>`; more histories run with
//! `SIM_SEEDS=<n>`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "simulation/kernel.rs"]
mod kernel;
#[path = "simulation/random.rs"]
mod random;
#[path = "simulation/world.rs"]
mod world;

use std::collections::BTreeSet;

use aion_task::audit::{Head, verify};
use aion_task::task::{State, StepState};
use kernel::{Kernel, Mutant};
use random::Random;
use serde_json::{Value, json};
use world::World;

/// Histories that every run goes through.
const SEEDS: u64 = 3_000;
/// No history needs more turns than this: a task with the worst luck gives up after a day.
const TURNS_MAX: u32 = 20_000;

#[test]
fn every_history_keeps_the_promises() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    if let Some(seed) = number("SIM_SEED") {
        return history(seed, None);
    }
    for seed in 0..number("SIM_SEEDS").unwrap_or(SEEDS) {
        history(seed, None);
    }
}

#[test]
fn every_mutant_is_found() {
    for mutant in Mutant::ALL {
        let dies = |seed| std::panic::catch_unwind(|| history(seed, Some(mutant))).is_err();
        assert!((0..SEEDS).any(dies), "no history of {SEEDS} finds {mutant:?}");
    }
}

/// One history: some tasks are submitted, twice now and then, and the shard runs until nothing is due.
fn history(seed: u64, mutant: Option<Mutant>) {
    let mut random = Random::new(seed);
    let (mut kernel, mut world) = (Kernel::new(mutant), World::new(&mut random));
    let mut submits = (0..=random.below(3)).map(|n| (format!("key{n}"), definition(&mut random))).collect::<Vec<_>>();
    let doubled: Vec<_> = submits.iter().filter(|_| random.chance(30)).cloned().collect();
    submits.extend(doubled);
    let mut acknowledged = BTreeSet::new();
    let mut now_ms = 1_000;
    for turn in 0.. {
        assert!(turn < TURNS_MAX, "seed {seed}: still busy at {now_ms}");
        if let Some((key, definition)) = submits.pop() {
            // A submit whose answer is lost comes again.
            match kernel.submit(&key, &definition, now_ms, &mut random) {
                Some(id) => _ = acknowledged.insert(id),
                None => submits.push((key, definition)),
            }
        }
        if random.chance(3)
            && let Some(id) = acknowledged.first().filter(|_| random.chance(20))
        {
            kernel.cancel(id, now_ms, &mut random);
        }
        world.deliver(&mut kernel, now_ms, &mut random);
        kernel.alarm(now_ms, &mut world, &mut random);
        let next = [kernel.due_ms(), world.due_ms()].into_iter().flatten().min();
        match next {
            // An alarm may come late, never early.
            Some(next_ms) => now_ms = next_ms.max(now_ms) + if random.chance(10) { random.below(90_000) } else { 0 },
            None if submits.is_empty() => break,
            None => now_ms += 1,
        }
    }
    check(seed, &kernel, &world, &acknowledged);
}

fn check(seed: u64, kernel: &Kernel, world: &World, acknowledged: &BTreeSet<String>) {
    let stored: BTreeSet<String> = kernel.tasks().keys().cloned().collect();
    assert!(acknowledged.is_subset(&stored), "seed {seed}: an acknowledged task is lost");
    for (id, task) in kernel.tasks() {
        assert!(task.state.is_terminal(), "seed {seed}: {id} is stuck in {:?}", task.state);
        for (step, record) in &task.steps {
            let key = format!("{id}/{step}");
            let effects = world.effects(&key);
            assert!(effects <= 1, "seed {seed}: {key} happened {effects} times");
            if record.output.is_some() && record.call.is_some() {
                assert_eq!(effects, 1, "seed {seed}: {key} is done but never happened");
            }
            let gave_up = record.error.as_ref().is_some_and(|error| error.code == "attempts");
            if record.state == StepState::Skipped || gave_up {
                assert_eq!(effects, 0, "seed {seed}: {key} happened, and nobody waited for it");
            }
            if task.state == State::Done {
                assert!(record.output.is_some(), "seed {seed}: {key} is not done in a task that is");
            }
            // Order: whatever happened, what it needs happened before.
            for need in &task.definition.steps[step].needs {
                if let Some(at) = world.happened(&key) {
                    assert!(world.happened(&format!("{id}/{need}")).is_some_and(|before| before < at), "seed {seed}");
                }
            }
            if task.state == State::Cancelled {
                assert!(!record.state.is_in_flight(), "seed {seed}: {key} goes on in a cancelled task");
            }
        }
    }
    assert_eq!(verify(Head::genesis(), kernel.log()), Ok(kernel.head()), "seed {seed}");
    let submitted = kernel.log().iter().flat_map(|link| {
        let events: Vec<Value> = serde_json::from_str(&link.events).unwrap();
        events.into_iter().filter(|event| event["type"] == "task.submitted")
    });
    assert_eq!(submitted.count(), kernel.tasks().len(), "seed {seed}: each task is accepted once");
}

/// A definition of one to five steps; each may need any of those before it.
fn definition(random: &mut Random) -> Value {
    let mut steps = serde_json::Map::new();
    for n in 0..=random.below(4) {
        let needs: Vec<String> = (0..n).filter(|_| random.chance(40)).map(|before| format!("s{before}")).collect();
        let name = match needs.first() {
            Some(need) => format!("x-${{{{ steps.{need}.output.id }}}}"),
            None => "x".to_owned(),
        };
        let mut step = json!({ "do": "identity.create", "with": { "name": name }, "needs": needs });
        if random.chance(20) {
            step["retry"] = json!({ "attempts": 1 + random.below(4) });
        }
        if random.chance(10) {
            step["timeout"] = json!("PT10M");
        }
        steps.insert(format!("s{n}"), step);
    }
    json!({ "steps": steps })
}
