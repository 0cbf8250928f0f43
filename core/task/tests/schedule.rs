//! Schedules under whatever happens: no time starts two tasks, and none is stuck.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use aion_task::schedule::{Command, Effect, Schedule, Source, Spec, Zones, apply};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_oneof};
use proptest::{collection, proptest, sample};
use serde_json::json;

const START_MS: u64 = 1_795_478_400_000;
const MINUTE_MS: u64 = 60_000;

/// UTC needs no zones.
struct Nowhere;

impl Zones for Nowhere {
    fn offset_s(&self, _zone: &str, _unix_ms: u64) -> Option<i32> {
        None
    }
}

/// What happens in a history.
#[derive(Debug, Clone)]
enum Event {
    /// Time passes, and the alarm goes off.
    Alarm(u64),
    /// A task ends; whether that is reported.
    End(sample::Index, bool),
    Pause,
    Resume,
    Trigger(u8),
    Replace,
    /// A message comes a second time, or one that makes no sense.
    Stray(sample::Index),
}

/// How a commit and its effects fare.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Luck {
    Good,
    /// The state is reverted although the effects were performed.
    Reverted,
    /// The effects are lost.
    Lost,
    /// They are performed, and their answers are lost.
    Unanswered,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => prop_oneof![0..3 * MINUTE_MS, 0..5_000 * MINUTE_MS].prop_map(Event::Alarm),
        4 => (any::<sample::Index>(), any::<bool>()).prop_map(|(place, told)| Event::End(place, told)),
        1 => Just(Event::Pause),
        1 => Just(Event::Resume),
        1 => any::<u8>().prop_map(Event::Trigger),
        1 => Just(Event::Replace),
        1 => any::<sample::Index>().prop_map(Event::Stray),
    ]
}

fn luck() -> impl Strategy<Value = Luck> {
    prop_oneof![5 => Just(Luck::Good), 1 => Just(Luck::Reverted), 1 => Just(Luck::Lost), 1 => Just(Luck::Unanswered)]
}

/// A schedule and the kernel that it starts tasks in.
struct World {
    schedule: Schedule,
    now_ms: u64,
    /// Tasks by key: the time that each was started for.
    tasks: BTreeMap<String, u64>,
    running: BTreeSet<String>,
    random: u64,
}

impl World {
    fn new(overlap: &str, catch_up: &str, jitter: &str, cron: bool) -> Self {
        let mut document = json!({ "overlap": overlap, "catchUp": catch_up, "jitter": jitter });
        document[if cron { "cron" } else { "every" }] = json!(if cron { "*/10 * * * *" } else { "7m" });
        let spec = Spec::parse(&document, &Nowhere).unwrap();
        let source = Source::Named { name: "d".to_owned(), version: 1 };
        let schedule = Schedule::new("s", spec, source, json!({}), START_MS, &Nowhere, 3).unwrap();
        Self { schedule, now_ms: START_MS, tasks: BTreeMap::new(), running: BTreeSet::new(), random: 7 }
    }

    fn happen(&mut self, event: &Event, luck: Luck) {
        let command = match event {
            Event::Alarm(wait_ms) => {
                self.now_ms += *wait_ms;
                Command::Due
            }
            Event::End(place, told) => {
                let Some(task) = pick(self.running.iter(), *place) else { return };
                self.running.remove(&task);
                if !*told {
                    return;
                }
                Command::Ended { task }
            }
            Event::Pause => Command::Pause,
            Event::Resume => Command::Resume,
            Event::Trigger(id) => Command::Trigger { id: id.to_string() },
            Event::Replace => Command::Replace {
                spec: Box::new(Spec { paused: false, ..self.schedule.spec.clone() }),
                source: self.schedule.source.clone(),
                input: json!({}),
            },
            Event::Stray(place) => {
                let Some(key) = pick(self.tasks.keys(), *place) else { return };
                Command::Started { task: key.clone(), key }
            }
        };
        self.step(command, luck);
    }

    fn step(&mut self, command: Command, luck: Luck) {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let before = self.schedule.clone();
        let is_due = command == Command::Due;
        let effects = apply(&mut self.schedule, command, self.now_ms, &Nowhere, self.random >> 16);
        self.check(&effects);
        let late = self.schedule.wake_ms().filter(|wake_ms| is_due && *wake_ms <= self.now_ms);
        assert_eq!(late, None, "an alarm would go off again at once");
        if luck == Luck::Reverted {
            self.schedule = before;
        }
        if luck != Luck::Lost {
            for effect in effects {
                self.perform(effect, luck == Luck::Good);
            }
        }
    }

    fn check(&self, effects: &[Effect]) {
        let running: Vec<String> = self.schedule.running.iter().map(|running| running.slot.key("s")).collect();
        assert_eq!(running.iter().collect::<BTreeSet<_>>().len(), running.len(), "a time runs twice");
        for effect in effects {
            if let Effect::Start { idempotency_key, .. } = effect {
                assert!(running.contains(idempotency_key), "a start that nobody remembers");
            }
        }
    }

    /// The kernel accepts each key once; a repeated start is answered with the task of the first.
    fn perform(&mut self, effect: Effect, answered: bool) {
        let command = match effect {
            Effect::Start { idempotency_key: key, scheduled_ms, .. } => {
                if !self.tasks.contains_key(&key) {
                    let is_time = !key.contains("trigger");
                    let again =
                        is_time && self.tasks.iter().any(|(key, ms)| !key.contains("trigger") && *ms == scheduled_ms);
                    assert!(!again, "{scheduled_ms} was started under another key");
                    self.tasks.insert(key.clone(), scheduled_ms);
                    self.running.insert(key.clone());
                }
                assert!(key.contains("trigger") || self.tasks[&key] == scheduled_ms, "two times share {key}");
                Command::Started { task: key.clone(), key }
            }
            Effect::Cancel { task } => {
                self.running.remove(&task);
                Command::Ended { task }
            }
            Effect::Ask { task } if self.running.contains(&task) => Command::Busy { task },
            Effect::Ask { task } => Command::Ended { task },
        };
        if answered {
            self.step(command, Luck::Good);
        }
    }

    /// Lets the schedule run on under good luck: once all tasks have ended, a new time is started again.
    fn recovers(&mut self) {
        self.step(Command::Resume, Luck::Good);
        let before = self.tasks.len();
        for _ in 0..3_000 {
            self.running.clear();
            let Some(wake_ms) = self.schedule.wake_ms() else { break };
            self.now_ms = self.now_ms.max(wake_ms);
            self.step(Command::Due, Luck::Good);
            if self.tasks.len() > before + 3 {
                return;
            }
        }
        panic!("stuck: {:?}", self.schedule);
    }
}

fn pick<'a>(mut from: impl ExactSizeIterator<Item = &'a String>, place: sample::Index) -> Option<String> {
    let length = from.len();
    if length == 0 { None } else { from.nth(place.index(length)).cloned() }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn no_time_starts_two_tasks_and_none_is_stuck(
        overlap in sample::select(&["skip", "queue", "cancelPrevious", "allow"][..]),
        catch_up in sample::select(&["none", "last", "all"][..]),
        jitter in sample::select(&["0s", "90s", "1h"][..]),
        cron: bool,
        history in collection::vec((event(), luck()), 0..80),
    ) {
        let mut world = World::new(overlap, catch_up, jitter, cron);
        for (event, luck) in history {
            world.happen(&event, luck);
        }
        world.recovers();
    }
}
