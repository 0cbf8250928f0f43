//! The shell of a kernel shard as it has to be: commit, then send. It crashes before and after commits.

use std::collections::BTreeMap;

use aion_task::audit::{Head, Link};
use aion_task::machine::{Commit, Effect};
use aion_task::{Command, Task, apply, ids, submit};
use serde_json::{Value, json};

use crate::random::Random;
use crate::world::World;

/// A crash happens in so many of a hundred turns.
const CRASH_PERCENT: u64 = 4;

/// A fault that a shell could have. The simulation has to find each, or an invariant is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mutant {
    /// Calls leave before the commit that leases them.
    SendsBeforeTheCommit,
    /// A submit is acknowledged before it is stored.
    AcknowledgesBeforeTheCommit,
    /// Answers to former leases count.
    ForgetsEpochs,
    /// The alarm is not armed for what is under way.
    ForgetsLeases,
}

impl Mutant {
    pub const ALL: [Self; 4] =
        [Self::SendsBeforeTheCommit, Self::AcknowledgesBeforeTheCommit, Self::ForgetsEpochs, Self::ForgetsLeases];
}

/// What is on disk, and nothing else: every turn starts from here, so a crash loses what was not stored.
pub struct Kernel {
    tasks: BTreeMap<String, String>,
    log: Vec<Link>,
    head: Head,
    mutant: Option<Mutant>,
}

impl Kernel {
    pub fn new(mutant: Option<Mutant>) -> Self {
        Self { tasks: BTreeMap::new(), log: Vec::new(), head: Head::genesis(), mutant }
    }

    /// The id of the accepted task, unless the answer is lost in a crash.
    pub fn submit(&mut self, key: &str, definition: &Value, now_ms: u64, random: &mut Random) -> Option<String> {
        let id = ids::task_id("tenant", key, 0);
        if self.tasks.contains_key(&id) {
            return Some(id);
        }
        let (task, commit) = submit(&id, "tenant", definition, json!({}), now_ms).unwrap();
        let stored = self.store(&task, commit, now_ms, random);
        (stored.is_some() || self.is(Mutant::AcknowledgesBeforeTheCommit)).then_some(id)
    }

    pub fn cancel(&mut self, id: &str, now_ms: u64, random: &mut Random) {
        self.command(id, Command::Cancel, now_ms, random);
    }

    /// A command from outside, for example a reply.
    pub fn command(&mut self, id: &str, command: Command, now_ms: u64, random: &mut Random) {
        let mut task = self.load(id);
        let command = match command {
            Command::Reply { step, outcome, .. } if self.is(Mutant::ForgetsEpochs) => {
                Command::Reply { epoch: task.steps[&step].epoch, step, outcome }
            }
            other => other,
        };
        let commit = apply(&mut task, command, now_ms, random.next());
        _ = self.store(&task, commit, now_ms, random);
    }

    /// The alarm: what is due is leased in one commit, and leaves after it.
    pub fn alarm(&mut self, now_ms: u64, world: &mut World, random: &mut Random) {
        for id in self.tasks.keys().cloned().collect::<Vec<_>>() {
            let mut task = self.load(&id);
            if task.due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                let commit = apply(&mut task, Command::Due, now_ms, random.next());
                let early = self.is(Mutant::SendsBeforeTheCommit).then(|| commit.dispatch.clone());
                let leaving = self.store(&task, commit, now_ms, random);
                for effect in early.or(leaving).unwrap_or_default() {
                    world.send(&id, &effect, now_ms, random);
                }
            }
        }
    }

    /// What may leave, if the turn outlives its commit.
    fn store(&mut self, task: &Task, commit: Commit, now_ms: u64, random: &mut Random) -> Option<Vec<Effect>> {
        if random.chance(CRASH_PERCENT) {
            return None;
        }
        assert_eq!(commit.is_empty(), commit == Commit::default(), "nothing leaves without a trace in the log");
        if !commit.is_empty() {
            self.log.push(self.head.append(now_ms, &json!(commit.events)).unwrap());
            self.tasks.insert(task.id.clone(), serde_json::to_string(task).unwrap());
        }
        if random.chance(CRASH_PERCENT) { None } else { Some(commit.dispatch) }
    }

    pub fn due_ms(&self) -> Option<u64> {
        let sees =
            |task: &Task| !self.is(Mutant::ForgetsLeases) || !task.steps.values().any(|step| step.state.is_in_flight());
        self.tasks.keys().map(|id| self.load(id)).filter(sees).filter_map(|task| task.due_ms()).min()
    }

    fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn tasks(&self) -> BTreeMap<String, Task> {
        self.tasks.keys().map(|id| (id.clone(), self.load(id))).collect()
    }

    pub fn log(&self) -> &[Link] {
        &self.log
    }

    pub fn head(&self) -> Head {
        self.head
    }

    fn load(&self, id: &str) -> Task {
        serde_json::from_str(&self.tasks[id]).unwrap()
    }
}
