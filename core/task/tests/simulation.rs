//! Whole histories under bad luck: a clock that jumps, a store that crashes before and after a commit, and a world that
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
use aion_task::task::{Slot, State, StepRecord, StepState};
use aion_task::{Command, Definition, Task};
use kernel::{Kernel, Mutant};
use random::Random;
use serde_json::{Value, json};
use world::World;

/// Histories that every run goes through.
const SEEDS: u64 = 3_000;
/// No history needs more turns than this: a task with the worst luck gives up after a day.
const TURNS_MAX: u32 = 20_000;

/// When a history begins: late enough for a clock that goes back.
const START_MS: u64 = 60 * 60 * 1_000;
/// A clock goes forward by so much at most, at once.
const JUMP_MAX_MS: u64 = 2 * 24 * 60 * 60 * 1_000;

#[test]
fn every_history_keeps_the_promises() {
    let number = |name| std::env::var(name).ok().and_then(|text: String| text.parse::<u64>().ok());
    if let Some(seed) = number("SIM_SEED") {
        return history(seed, None);
    }
    let seeds = number("SIM_SEEDS").unwrap_or(SEEDS);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    std::thread::scope(|scope| {
        for first in (0..).take(threads) {
            scope.spawn(move || (first..seeds).step_by(threads).for_each(|seed| history(seed, None)));
        }
    });
}

#[test]
fn every_mutant_is_found() {
    for mutant in Mutant::ALL {
        let dies = |seed| std::panic::catch_unwind(|| history(seed, Some(mutant))).is_err();
        let found = (0..SEEDS).find(|seed| dies(*seed));
        assert!(found.is_some(), "no history of {SEEDS} finds {mutant:?}");
        println!("{mutant:?} is found by seed {}", found.unwrap_or_default());
    }
}

/// One history: some tasks are submitted, twice now and then, and the shard runs until nothing is due.
fn history(seed: u64, mutant: Option<Mutant>) {
    let mut random = Random::new(seed);
    let (mut kernel, mut world) = (Kernel::new(mutant, &mut random), World::new(&mut random));
    let mut submits = (0..=random.below(3)).map(|n| (format!("key{n}"), definition(&mut random))).collect::<Vec<_>>();
    let doubled: Vec<_> = submits.iter().filter(|_| random.chance(30)).cloned().collect();
    submits.extend(doubled);
    let mut acknowledged = BTreeSet::new();
    let (mut now_ms, mut jumps) = (START_MS, random.below(3));
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
            let command = match random.below(3) {
                0 => Command::Cancel,
                1 => Command::Signal { name: "go".to_owned(), payload: json!(1), key: random.below(3).to_string() },
                _ => Command::Redrive { reason: "try again".to_owned(), from: None },
            };
            kernel.command(id, command, now_ms, &mut random);
        }
        if jumps > 0 && random.chance(2) {
            // Nobody promises that a clock only goes on.
            jumps -= 1;
            now_ms = if random.chance(50) {
                now_ms + random.below(JUMP_MAX_MS)
            } else {
                now_ms.saturating_sub(random.below(START_MS))
            };
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
    for (id, (task, definition)) in kernel.tasks() {
        assert!(task.state.is_terminal(), "seed {seed}: {id} is stuck in {:?}", task.state);
        assert_eq!(task.due_ms(), None, "seed {seed}: {id} is at its end and still due");
        if let Some(parent) = &task.parent {
            assert!(stored.contains(&parent.task), "seed {seed}: {id} is nobody's child");
        }
        for (step, record) in &task.steps {
            check_step(seed, world, &task, &definition, step, record);
        }
        check_undoing(seed, world, &task);
    }
    assert_eq!(verify(Head::genesis(), kernel.log()), Ok(kernel.head()), "seed {seed}");
    let submitted = kernel.log().iter().flat_map(|link| {
        let events: Vec<Value> = serde_json::from_str(&link.events).unwrap();
        events.into_iter().filter(|event| event["type"] == "task.submitted")
    });
    assert_eq!(submitted.count(), kernel.tasks().len(), "seed {seed}: each task is accepted once");
}

fn check_step(seed: u64, world: &World, task: &Task, definition: &Definition, step: &str, record: &StepRecord) {
    let key = format!("{}/{step}", task.id);
    let effects = world.effects(&key);
    assert!(effects <= 1, "seed {seed}: {key} happened {effects} times");
    let slot = Slot::of(step);
    let is_call = definition.steps[slot.step].kind == "identity.create" && (slot.undo || is_leaf(definition, slot));
    if record.state == StepState::Ok && is_call {
        assert_eq!(effects, 1, "seed {seed}: {key} is done but never happened");
    }
    let gave_up = record.error.as_ref().is_some_and(|error| error.code == "attempts");
    if matches!(record.state, StepState::Skipped | StepState::Dropped | StepState::Blocked) || gave_up {
        assert_eq!(effects, 0, "seed {seed}: {key} happened, and nobody waited for it");
    }
    if task.state == State::Done {
        assert!(record.state.is_passed(), "seed {seed}: {key} is not done in a task that is");
    }
    // Order: whatever happened, what it needs happened before.
    for need in &definition.steps[slot.step].needs {
        if let Some(at) = world.happened(&key).filter(|_| !slot.undo) {
            let needed = world.happened(&format!("{}/{need}", task.id));
            let is_call = definition.steps[need].kind == "identity.create" && definition.steps[need].each.is_none();
            assert!(!is_call || needed.is_some_and(|before| before < at), "seed {seed}: {key} came before {need}");
        }
    }
    if matches!(task.state, State::Cancelled | State::Compensated) {
        assert!(!record.state.is_in_flight(), "seed {seed}: {key} goes on in a task that has ended");
    }
}

/// Whether a record is one that calls by itself: a fan-out leaves that to its items.
fn is_leaf(definition: &Definition, slot: Slot<'_>) -> bool {
    definition.steps[slot.step].each.is_some() == slot.item.is_some()
}

/// What was undone was done before, and everything was undone in reverse, after the last thing that was done.
fn check_undoing(seed: u64, world: &World, task: &Task) {
    let place = |step: &str| world.happened(&format!("{}/{step}", task.id));
    let undone = task.steps.keys().filter_map(|id| id.strip_suffix("~undo")).filter_map(|id| {
        let undone = place(&format!("{id}~undo"))?;
        let done = place(id);
        assert!(done.is_some(), "seed {seed}: {id} was undone and never done");
        Some((done?, undone))
    });
    let undone: Vec<(u64, u64)> = undone.collect();
    for (done, undone) in &undone {
        assert!(done < undone, "seed {seed}: undone before it was done");
    }
    if let Some(first) = undone.iter().map(|(_, undone)| *undone).min() {
        let last = task.steps.keys().filter(|id| !id.ends_with("~undo")).filter_map(|id| place(id)).max();
        assert!(last.is_none_or(|last| last < first), "seed {seed}: something happened while it was being undone");
    }
    if task.state == State::Compensated {
        for (id, record) in &task.steps {
            let undoable = !id.ends_with("~undo") && record.state == StepState::Ok;
            let undo = task.steps.get(&format!("{id}~undo"));
            assert!(
                !undoable || undo.is_none_or(|undo| undo.state == StepState::Ok),
                "seed {seed}: {id} is not undone"
            );
        }
    }
}

/// A definition of one to five steps; each may need any of those before it, fan out, be undone, wait, or start a task.
fn definition(random: &mut Random) -> Value {
    steps(random, 2)
}

fn steps(random: &mut Random, depth: u64) -> Value {
    let mut steps = serde_json::Map::new();
    for n in 0..=random.below(4) {
        let needs: Vec<String> = (0..n).filter(|_| random.chance(40)).map(|before| format!("s{before}")).collect();
        let mut step = match random.below(10) {
            0 => json!({ "do": "set", "with": { "value": { "id": "z" } } }),
            1 => json!({ "do": "sleep", "with": { "duration": "30s" } }),
            2 => json!({ "do": "wait.signal", "with": { "name": "go", "within": "5m", "otherwise":
                if random.chance(50) { "continue" } else { "fail" } } }),
            3 if depth > 0 => json!({ "do": "task.start", "with": { "definition": self::steps(random, depth - 1) } }),
            _ => call(random),
        };
        step["needs"] = json!(needs);
        steps.insert(format!("s{n}"), step);
    }
    json!({ "steps": steps })
}

fn call(random: &mut Random) -> Value {
    let mut step = json!({ "do": "identity.create", "with": { "name": "x" } });
    if random.chance(20) {
        step["retry"] = json!({ "attempts": 1 + random.below(4) });
    }
    if random.chance(10) {
        step["timeout"] = json!("PT10M");
    }
    if random.chance(40) {
        step["compensate"] = json!({ "do": "identity.create", "with": { "name": "y" } });
    }
    if random.chance(20) {
        step["each"] = json!({ "in": "${{ input.list }}", "parallel": 1 + random.below(3) });
    }
    step
}
