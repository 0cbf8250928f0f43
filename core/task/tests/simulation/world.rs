//! What is outside: a target that accepts by key, and a network that loses, delays and doubles.

use std::collections::BTreeMap;

use aion_task::machine::Effect;
use aion_task::{Command, Outcome};
use serde_json::json;

use crate::kernel::Kernel;
use crate::random::Random;

/// How long an answer takes at worst: longer than a lease.
const DELAY_MAX_MS: u64 = 70_000;

struct Answer {
    at_ms: u64,
    task: String,
    command: Command,
}

/// What a target knows of a key.
struct Work {
    /// How often its effect happened.
    effects: u32,
    /// Its place among all effects.
    order: u64,
    /// Until when the target says that it goes on.
    until_ms: u64,
    /// The refusal that it answers for good.
    refused: bool,
}

/// The world.
pub struct World {
    work: BTreeMap<String, Work>,
    answers: Vec<Answer>,
    order: u64,
    /// Percentages of this history.
    lost: u64,
    retry: u64,
    fatal: u64,
    pending: u64,
}

impl World {
    pub fn new(random: &mut Random) -> Self {
        let (lost, retry, pending) = (random.below(50), random.below(40), random.below(60));
        let fatal = if random.chance(20) { 10 } else { 0 };
        Self { work: BTreeMap::new(), answers: Vec::new(), order: 0, lost, retry, fatal, pending }
    }

    /// A call leaves the kernel. It may be lost, and its answer may be lost, come late or twice.
    pub fn send(&mut self, task: &str, effect: &Effect, now_ms: u64, random: &mut Random) {
        let outcome = if random.chance(self.lost / 2) { None } else { Some(self.accept(effect, now_ms, random)) };
        let copies = if random.chance(10) { 2 } else { 1 };
        for _ in 0..copies {
            let (step, epoch) = (effect.step.clone(), effect.epoch);
            let answered = outcome.clone().filter(|_| !random.chance(self.lost / 2));
            let command = match answered {
                Some(outcome) => Command::Reply { step, epoch, outcome },
                // Now and then the kernel learns that its call failed, otherwise the lease runs out.
                None if random.chance(50) => Command::Unknown { step, epoch, reason: "away".to_owned() },
                None => continue,
            };
            let delay_ms = if random.chance(10) { random.below(DELAY_MAX_MS) } else { random.below(50) };
            self.answers.push(Answer { at_ms: now_ms + delay_ms, task: task.to_owned(), command });
        }
    }

    /// The target: a known key is answered from what is known, and never worked on again.
    fn accept(&mut self, effect: &Effect, now_ms: u64, random: &mut Random) -> Outcome {
        if !self.work.contains_key(&effect.key) {
            if random.chance(self.retry) {
                return Outcome::Retry {
                    code: "busy".to_owned(),
                    reason: "away".to_owned(),
                    after_ms: random.below(3_000),
                };
            }
            let refused = random.chance(self.fatal);
            let until_ms = now_ms + if random.chance(self.pending) { random.below(200_000) } else { 0 };
            self.order += 1;
            let work = Work { effects: u32::from(!refused), order: self.order, until_ms, refused };
            self.work.insert(effect.key.clone(), work);
        }
        let work = &self.work[&effect.key];
        match work.until_ms > now_ms {
            _ if work.refused => Outcome::Fatal { code: "refused".to_owned(), reason: "no".to_owned() },
            true => Outcome::Pending,
            false => Outcome::Done { output: json!({ "id": "y" }) },
        }
    }

    /// Answers that are due reach the kernel.
    pub fn deliver(&mut self, kernel: &mut Kernel, now_ms: u64, random: &mut Random) {
        let (due, later) = std::mem::take(&mut self.answers).into_iter().partition(|answer| answer.at_ms <= now_ms);
        self.answers = later;
        let due: Vec<Answer> = due;
        for answer in due {
            kernel.command(&answer.task, answer.command, now_ms, random);
        }
    }

    pub fn due_ms(&self) -> Option<u64> {
        self.answers.iter().map(|answer| answer.at_ms).min()
    }

    /// How often the effect of a step happened, under whichever of its keys.
    pub fn effects(&self, key: &str) -> u32 {
        self.of(key).map(|work| work.effects).sum()
    }

    /// The place of a step's effect among all effects.
    pub fn happened(&self, key: &str) -> Option<u64> {
        self.of(key).find(|work| work.effects > 0).map(|work| work.order)
    }

    /// What was asked for under a step's key, and under those of its further generations.
    fn of<'a>(&'a self, key: &'a str) -> impl Iterator<Item = &'a Work> {
        let later = format!("{key}:");
        self.work.iter().filter(move |(own, _)| *own == key || own.starts_with(&later)).map(|(_, work)| work)
    }
}
