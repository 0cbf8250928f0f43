//! The shell of a kernel shard as it has to be: commit, then send. It crashes before and after commits.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::rc::Rc;

use aion_task::audit::{Head, Link};
use aion_task::machine::Submission;
use aion_task::task::Stored;
use aion_task::turn::{Finished, Held, Outgoing, Shelf, Turn};
use aion_task::{Command, Definition, Task, ids};
use serde_json::{Value, json};

use crate::random::Random;
use crate::world::World;

/// A crash happens in so many of a hundred turns, and in a bad time in so many.
const CRASH_PERCENT: [u64; 2] = [4, 60];
/// So many calls may be under way at once.
const ROOM: usize = 6;

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
    /// After a crash the alarm is armed for nothing that was due before.
    ForgetsToArmAtBoot,
    /// An alarm that fails is tried six times, and never again.
    AlarmsRunOut,
    /// A commit holds the tasks that were asked, and not those that hear of it.
    StoresOneTaskATurn,
}

impl Mutant {
    pub const ALL: [Self; 7] = [
        Self::SendsBeforeTheCommit,
        Self::AcknowledgesBeforeTheCommit,
        Self::ForgetsEpochs,
        Self::ForgetsLeases,
        Self::ForgetsToArmAtBoot,
        Self::AlarmsRunOut,
        Self::StoresOneTaskATurn,
    ];
}

/// What is on disk, and nothing else: every turn starts from here, so a crash loses what was not stored.
pub struct Kernel {
    tasks: BTreeMap<String, Stored>,
    definitions: RefCell<BTreeMap<String, Rc<Definition>>>,
    log: Vec<Link>,
    head: Head,
    mutant: Option<Mutant>,
    crash_percent: u64,
    /// Mutants alone: since when due times do not count, and how many alarms failed.
    blind_until_ms: u64,
    failed_alarms: u32,
}

impl Shelf for Kernel {
    type Error = Infallible;

    fn task(&self, id: &str) -> Result<Option<(Task, Rc<Definition>)>, Infallible> {
        Ok(self.tasks.contains_key(id).then(|| self.load(id)))
    }
}

impl Kernel {
    pub fn new(mutant: Option<Mutant>, random: &mut Random) -> Self {
        let crash_percent = CRASH_PERCENT[usize::from(random.chance(10))];
        Self {
            crash_percent,
            tasks: BTreeMap::new(),
            definitions: RefCell::default(),
            log: Vec::new(),
            head: Head::genesis(),
            mutant,
            blind_until_ms: 0,
            failed_alarms: 0,
        }
    }

    /// The id of the accepted task, unless the answer is lost in a crash.
    pub fn submit(&mut self, key: &str, definition: &Value, now_ms: u64, random: &mut Random) -> Option<String> {
        let id = ids::task_id("tenant", key, 0);
        if self.tasks.contains_key(&id) {
            return Some(id);
        }
        let definition = Rc::new(Definition::parse(definition).unwrap());
        let new = Submission {
            id: id.clone(),
            tenant: "tenant".to_owned(),
            definition,
            input: json!({ "list": [1, 2, 3] }),
            parent: None,
            trace: String::new(),
        };
        let mut turn = Turn::new(&*self, now_ms);
        assert!(turn.submit(new, &mut || random.next()).is_ok(), "the definition is a good one");
        let finished = turn.finish().unwrap();
        let stored = self.store(finished, now_ms, random);
        (stored.is_some() || self.is(Mutant::AcknowledgesBeforeTheCommit)).then_some(id)
    }

    /// A command from outside, for example a reply. Whoever is answered in error sends it again.
    pub fn command(&mut self, id: &str, command: Command, now_ms: u64, random: &mut Random) {
        let command = match command {
            Command::Reply { step, outcome, .. } if self.is(Mutant::ForgetsEpochs) => {
                let epoch = self.load(id).0.steps.get(&step).map_or(0, |record| record.epoch);
                Command::Reply { epoch, step, outcome }
            }
            other => other,
        };
        let mut turn = Turn::new(&*self, now_ms);
        _ = turn.apply(id, command, &mut || random.next());
        let finished = turn.finish().unwrap();
        _ = self.store(finished, now_ms, random);
    }

    /// The alarm: what is due is leased in one commit, and leaves after it.
    pub fn alarm(&mut self, now_ms: u64, world: &mut World, random: &mut Random) {
        if now_ms < self.blind_until_ms || (self.is(Mutant::AlarmsRunOut) && self.failed_alarms >= 6) {
            return;
        }
        let mut turn = Turn::new(&*self, now_ms);
        for id in self.tasks.keys() {
            if self.load(id).0.due_ms().is_some_and(|due_ms| due_ms <= now_ms) {
                let room = ROOM.saturating_sub(turn.calls());
                _ = turn.apply(id, Command::Due { room }, &mut || random.next());
            }
        }
        let finished = turn.finish().unwrap();
        let early = self.is(Mutant::SendsBeforeTheCommit).then(|| finished.dispatch.clone());
        let leaving = self.store(finished, now_ms, random);
        self.failed_alarms = if leaving.is_some() { 0 } else { self.failed_alarms + 1 };
        for Outgoing { task, effect } in early.or(leaving).unwrap_or_default() {
            world.send(&task, &effect, now_ms, random);
        }
    }

    /// What may leave, if the turn outlives its commit.
    fn store(&mut self, finished: Finished, now_ms: u64, random: &mut Random) -> Option<Vec<Outgoing>> {
        if random.chance(self.crash_percent) {
            return self.crash(now_ms);
        }
        let Finished { events, tasks, dispatch } = finished;
        assert_eq!(events.is_empty(), tasks.is_empty(), "a change leaves a trace in the log, and nothing else does");
        assert!(!tasks.is_empty() || dispatch.is_empty(), "nothing leaves without a change");
        if !events.is_empty() {
            self.log.push(self.head.append(now_ms, &json!(events)).unwrap());
        }
        let kept = if self.is(Mutant::StoresOneTaskATurn) { 1 } else { usize::MAX };
        for Held { task, definition, stored, .. } in tasks.into_iter().take(kept) {
            self.definitions.borrow_mut().insert(task.definition.clone(), definition);
            self.tasks.insert(task.id, stored);
        }
        if random.chance(self.crash_percent) { self.crash(now_ms) } else { Some(dispatch) }
    }

    fn crash(&mut self, now_ms: u64) -> Option<Vec<Outgoing>> {
        if self.is(Mutant::ForgetsToArmAtBoot) {
            self.blind_until_ms = now_ms + 1_000_000_000;
        }
        None
    }

    pub fn due_ms(&self) -> Option<u64> {
        if self.is(Mutant::AlarmsRunOut) && self.failed_alarms >= 6 {
            return None;
        }
        let sees =
            |task: &Task| !self.is(Mutant::ForgetsLeases) || !task.steps.values().any(|step| step.state.is_in_flight());
        let due = self.tasks.keys().map(|id| self.load(id).0).filter(sees).filter_map(|task| task.due_ms()).min();
        due.filter(|due_ms| *due_ms >= self.blind_until_ms || self.blind_until_ms == 0)
    }

    pub fn is(&self, mutant: Mutant) -> bool {
        self.mutant == Some(mutant)
    }

    pub fn tasks(&self) -> BTreeMap<String, (Task, Rc<Definition>)> {
        self.tasks.keys().map(|id| (id.clone(), self.load(id))).collect()
    }

    pub fn log(&self) -> &[Link] {
        &self.log
    }

    pub fn head(&self) -> Head {
        self.head
    }

    fn load(&self, id: &str) -> (Task, Rc<Definition>) {
        let Stored { body, blobs } = &self.tasks[id];
        let blob = |_: &str, hash: &str| Ok::<_, Infallible>(blobs.get(hash).cloned());
        let task = Task::from_stored(body, blob).unwrap();
        let definition = Rc::clone(&self.definitions.borrow()[&task.definition]);
        (task, definition)
    }
}
