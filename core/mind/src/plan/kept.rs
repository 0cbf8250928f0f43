//! A plan as it is stored: its record, what has to be asked next, and its runs. Whoever performs what it asks for tells
//! it here; each change is stored, with what was given and the entries of its audit, before anything that follows.

use std::collections::BTreeMap;

use aion_task::schedule::{Spec, Zones, next_after};
use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::REPLY_MAX_BYTES;
use super::effects::Observed;
use super::propose::Prompt;
use super::record::{Charter, Command, Effect, Entry, PlanRecord, Refusal, State, apply, begin};
use super::simulate::EthCall;
use crate::approval::{self, Decision};
use crate::budget::Payer;
use crate::replay::{self, Broken, Given, Outcome, Recorded, replay};
use crate::wire::Wire;

#[cfg(test)]
mod tests;
mod view;

/// A raw answer has so many bytes at most to be recorded as it is: it stands in one row as hex digits, and a row has
/// 2 MB. Of a longer one the text alone is recorded, as far as a plan can be as long.
pub const RAW_MAX_BYTES: usize = 512 * 1024;

/// A run that is waited for by another clock may come so much too early, milliseconds.
const EARLY_MS: u64 = 5_000;

/// A plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kept {
    /// Its record.
    pub record: PlanRecord,
    /// Who pays for its calls of models.
    pub payer: Payer,
    /// The model that is asked.
    pub model: String,
    /// When it began, Unix milliseconds.
    pub begun_ms: u64,
    /// When it changed last, Unix milliseconds.
    pub updated_ms: u64,
    /// So much was given so far.
    pub given: u32,
    /// What has to be asked next: [`Effect::Ask`], [`Effect::Read`] or [`Effect::Simulate`].
    next: Option<Effect>,
    /// What each run starts, once it runs: an [`Effect::Start`].
    start: Option<Effect>,
    /// The tasks of its runs.
    pub tasks: Vec<String>,
    /// Whether the last of them is not known to be over.
    open: bool,
    /// When the next run of a recurring plan begins, Unix milliseconds.
    next_run_ms: Option<u64>,
    /// Whether no run begins any more.
    stopping: bool,
}

/// What is stored beside a changed plan.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Change {
    /// What was given, to be replayed.
    pub given: Option<Given>,
    /// Entries of its audit.
    pub entries: Vec<Entry>,
}

/// What has to be asked on the way to an approval.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Todo {
    /// A model.
    Model {
        /// What it is told.
        prompt: Box<Prompt>,
        /// The number of the stage that asks it.
        seq: u32,
    },
    /// The world.
    Read {
        /// Wallets by their ids.
        wallets: Vec<String>,
        /// Tokens by their addresses.
        tokens: Vec<Address>,
    },
    /// A node.
    Simulate {
        /// The calls.
        calls: Vec<EthCall>,
    },
    /// Nothing, or people.
    Rest,
}

/// What has to be done for its runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum RunTodo {
    /// The world is to be read anew.
    Read {
        /// Wallets by their ids.
        wallets: Vec<String>,
        /// Tokens by their addresses.
        tokens: Vec<Address>,
    },
    /// A run is to be started under the plan's key.
    Start {
        /// The run, from 1.
        run: u16,
        /// The definition.
        definition: Value,
        /// Its input.
        input: Value,
    },
    /// The next run begins later.
    Later {
        /// The run, from 1.
        run: u16,
        /// When, Unix milliseconds.
        at_ms: u64,
    },
    /// A task is to be looked at.
    Watch {
        /// The run, from 1.
        run: u16,
        /// Its task.
        task: String,
        /// Whether it is to be cancelled first.
        cancel: bool,
    },
    /// It does not run, or no more.
    Over,
}

/// The key of a run of a plan, from 1.
#[must_use]
pub fn run_key(plan: &str, run: u16) -> String {
    format!("plan/{plan}/{run}")
}

impl Kept {
    /// Takes a request on.
    pub fn begin(
        charter: Charter,
        payer: Payer,
        model: String,
        now_ms: u64,
    ) -> Result<(Self, Change), Vec<aion_task::Fault>> {
        let (record, effects) = begin(charter, now_ms)?;
        let mut kept = Self {
            record,
            payer,
            model,
            begun_ms: now_ms,
            updated_ms: now_ms,
            given: 0,
            next: None,
            start: None,
            tasks: Vec::new(),
            open: false,
            next_run_ms: None,
            stopping: false,
        };
        let entries = kept.keep(effects);
        Ok((kept, Change { given: None, entries }))
    }

    /// How far it is.
    #[must_use]
    pub const fn state(&self) -> State {
        self.record.state
    }

    /// What has to be asked on the way to an approval.
    #[must_use]
    pub fn todo(&self) -> Todo {
        match &self.next {
            Some(Effect::Ask(prompt)) => Todo::Model { prompt: prompt.clone(), seq: self.record.seq },
            Some(Effect::Read { wallets, tokens }) => Todo::Read { wallets: wallets.clone(), tokens: tokens.clone() },
            Some(Effect::Simulate(calls)) => Todo::Simulate { calls: calls.clone() },
            _ => Todo::Rest,
        }
    }

    /// Time has passed.
    pub fn due(&mut self, now_ms: u64) -> Option<Change> {
        let late = self.record.state.is_before_run() && now_ms >= self.record.expires_ms;
        if late { self.give(Command::Due, now_ms).ok() } else { None }
    }

    /// A model has replied to what it was asked at this stage. A reply that comes late changes nothing.
    pub fn reply(&mut self, seq: u32, kind: Wire, raw: &[u8], now_ms: u64) -> Result<Option<Change>, Refusal> {
        let Some(Effect::Ask(prompt)) = self.next.as_ref().filter(|_| seq == self.record.seq) else {
            return Ok(None);
        };
        let asked = json!(prompt);
        // It was read before it came here.
        let mut reply = replay::text(kind, raw).unwrap_or_default();
        if raw.len() > RAW_MAX_BYTES {
            let most = REPLY_MAX_BYTES + 1;
            let end = (0..=most.min(reply.len())).rev().find(|end| reply.is_char_boundary(*end)).unwrap_or_default();
            reply.truncate(end);
            return self.give(Command::Proposed { reply }, now_ms).map(Some);
        }
        let entries = self.perform(Command::Proposed { reply }, now_ms)?;
        let given = Given::Model { asked, kind, raw: hex::encode(raw) };
        Ok(Some(Change { given: Some(given), entries }))
    }

    /// Something else happens.
    pub fn give(&mut self, command: Command, now_ms: u64) -> Result<Change, Refusal> {
        let given = Given::Command(Box::new(command.clone()));
        let entries = self.perform(command, now_ms)?;
        Ok(Change { given: Some(given), entries })
    }

    /// Whether somebody has decided just this already.
    #[must_use]
    pub fn has_decided(&self, decision: &Decision) -> bool {
        self.record.consent.as_ref().is_some_and(|consent| consent.has(decision, &self.record.changing()))
    }

    /// What has to be done for its runs.
    #[must_use]
    pub fn run_todo(&self, now_ms: u64) -> RunTodo {
        let run = self.record.runs + 1;
        match (self.record.state, &self.start, self.tasks.last()) {
            (State::Approved, ..) => {
                let (wallets, tokens) = self.record.needed();
                RunTodo::Read { wallets, tokens }
            }
            (State::Running, _, Some(task)) if self.open => {
                RunTodo::Watch { run, task: task.clone(), cancel: self.stopping }
            }
            (State::Running, Some(Effect::Start { definition, input, .. }), _) => match self.next_run_ms {
                Some(at_ms) if at_ms > now_ms + EARLY_MS => RunTodo::Later { run, at_ms },
                _ => RunTodo::Start { run, definition: definition.clone(), input: input.clone() },
            },
            _ => RunTodo::Over,
        }
    }

    /// Calculates when the next run begins, if one is left and it recurs. One whose times are over is stopped.
    pub fn schedule(&mut self, zones: &dyn Zones, now_ms: u64) -> Result<Vec<Change>, Refusal> {
        let Some(Effect::Start { schedule: Some(schedule), .. }) = &self.start else {
            return Ok(Vec::new());
        };
        if self.record.state != State::Running || self.open || self.next_run_ms.is_some() {
            return Ok(Vec::new());
        }
        let spec = Spec::parse(schedule, zones).ok();
        self.next_run_ms = spec.and_then(|spec| next_after(&spec, zones, now_ms));
        if self.next_run_ms.is_none() {
            return self.stop("its schedule has no more times".to_owned(), now_ms);
        }
        Ok(Vec::new())
    }

    /// A run was started.
    pub fn started(&mut self, run: u16, task: String) {
        if !self.open && self.record.state == State::Running && run == self.record.runs + 1 {
            self.tasks.push(task);
            (self.open, self.next_run_ms) = (true, None);
        }
    }

    /// The task of a run is over. What is told again changes nothing.
    pub fn ended(
        &mut self,
        run: u16,
        done: bool,
        observed: BTreeMap<String, Observed>,
        now_ms: u64,
    ) -> Result<Vec<Change>, Refusal> {
        if !self.open || run != self.record.runs + 1 {
            return Ok(Vec::new());
        }
        self.open = false;
        let mut changes = vec![self.give(Command::Ended { done, observed }, now_ms)?];
        changes.extend(self.give_up(now_ms)?);
        Ok(changes)
    }

    /// Somebody stops it. What waits for its next run is over at once.
    pub fn stop(&mut self, reason: String, now_ms: u64) -> Result<Vec<Change>, Refusal> {
        let mut changes = vec![self.give(Command::Stop { reason }, now_ms)?];
        changes.extend(self.give_up(now_ms)?);
        Ok(changes)
    }

    /// Between two runs, what is stopped has failed.
    fn give_up(&mut self, now_ms: u64) -> Result<Option<Change>, Refusal> {
        let waits = self.record.state == State::Running && !self.open && self.stopping;
        waits.then(|| self.give(Command::Ended { done: false, observed: BTreeMap::new() }, now_ms)).transpose()
    }

    /// What it came to, as a replay has to come to it.
    #[must_use]
    pub fn outcome(&self, entries: Vec<Entry>) -> Outcome {
        Outcome {
            state: self.record.state,
            digest: self.record.consent.as_ref().map(|consent| consent.digest.clone()),
            entries,
            started: self.start.as_ref().map(|start| approval::hash(&json!(start))),
        }
    }

    /// Replays what was recorded, and says where it differs.
    pub fn replayed(&self, given: Vec<(u64, Given)>, entries: Vec<Entry>) -> Result<Outcome, String> {
        let recorded = Recorded { charter: self.record.charter.clone(), begun_ms: self.begun_ms, given };
        let again = replay(&recorded).map_err(|broken: Broken| broken.to_string())?;
        let before = self.outcome(entries);
        let stage = before.entries.iter().zip(&again.entries).find(|(one, other)| one != other);
        if let Some((one, _)) = stage {
            return Err(format!("stage {} is another one", one.seq));
        }
        let same = [
            (before.entries.len() == again.entries.len(), "there are more or fewer stages"),
            (before.digest == again.digest, "the digest is another one"),
            (before.started == again.started, "the task is another one"),
            (before.state == again.state, "the state is another one"),
        ];
        match same.iter().find(|(same, _)| !same) {
            Some((_, what)) => Err((*what).to_owned()),
            None => Ok(again),
        }
    }

    fn perform(&mut self, command: Command, now_ms: u64) -> Result<Vec<Entry>, Refusal> {
        let effects = apply(&mut self.record, command, now_ms)?;
        self.updated_ms = now_ms;
        self.given += 1;
        Ok(self.keep(effects))
    }

    fn keep(&mut self, effects: Vec<Effect>) -> Vec<Entry> {
        let (mut entries, mut next) = (Vec::new(), None);
        for effect in effects {
            match effect {
                Effect::Audit(entry) => entries.push(entry),
                Effect::Ask(_) | Effect::Read { .. } | Effect::Simulate(_) => next = Some(effect),
                Effect::Start { .. } => self.start = Some(effect),
                Effect::Cancel => self.stopping = true,
                Effect::Approve(_) => {}
            }
        }
        // A decision that leaves it as it is asks nothing anew.
        self.next = next;
        entries
    }
}
