//! Replay: what was recorded of a plan gives the same digest and the same decisions again, without a model, a node or a
//! clock. What differs is a changed record, or a changed program.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::approval;
use crate::plan::propose::Prompt;
use crate::plan::record::{Charter, Command, Effect, Entry, PlanRecord, State, apply, begin};
use crate::wire::{Wire, decode};

/// One thing that came in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Given {
    /// A model's reply: what it was asked, and the raw bytes of its answer, hex.
    Model {
        /// The prompt, as JSON.
        asked: Value,
        /// How its provider speaks.
        kind: Wire,
        /// The bytes.
        raw: String,
    },
    /// Anything else, as it came in.
    Command(Box<Command>),
}

/// What was recorded of a plan, from its request to its end.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// Who it was for.
    pub charter: Charter,
    /// When it began, Unix milliseconds.
    pub begun_ms: u64,
    /// What came in, and when.
    pub given: Vec<(u64, Given)>,
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How far it came.
    pub state: State,
    /// What consent was asked for, if it was.
    pub digest: Option<String>,
    /// Every stage, with the hash of what it came to.
    pub entries: Vec<Entry>,
    /// The hash of the task that it started, if it did.
    pub started: Option<String>,
}

/// Why a record cannot be replayed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Its request has faults.
    #[error("the request would not be taken on")]
    Request,
    /// The model would be asked something else.
    #[error("entry {0}: the model would be asked something else")]
    Asked(usize),
    /// The raw bytes are no reply.
    #[error("entry {0}: {1}")]
    Reply(usize, String),
    /// A command would not be taken.
    #[error("entry {0}: {1}")]
    Refused(usize, String),
}

/// Records a plan while it goes its way.
#[derive(Debug, Clone)]
pub struct Recorder {
    recorded: Recorded,
    record: PlanRecord,
    asked: Option<Prompt>,
    outcome: Outcome,
}

impl Recorder {
    /// A plan that begins.
    pub fn new(charter: Charter, now_ms: u64) -> Result<(Self, Vec<Effect>), Broken> {
        let (record, effects) = begin(charter.clone(), now_ms).map_err(|_| Broken::Request)?;
        let recorded = Recorded { charter, begun_ms: now_ms, given: Vec::new() };
        let outcome = Outcome { state: record.state, digest: None, entries: Vec::new(), started: None };
        let mut new = Self { recorded, record, asked: None, outcome };
        new.keep(&effects);
        Ok((new, effects))
    }

    /// A model's reply, raw.
    pub fn reply(&mut self, kind: Wire, raw: &[u8], now_ms: u64) -> Result<Vec<Effect>, Broken> {
        let place = self.recorded.given.len() + 1;
        let reply = text(kind, raw).map_err(|reason| Broken::Reply(place, reason))?;
        let given = Given::Model { asked: json!(self.asked), kind, raw: hex::encode(raw) };
        self.recorded.given.push((now_ms, given));
        self.perform(Command::Proposed { reply }, now_ms)
    }

    /// Anything else.
    pub fn give(&mut self, command: Command, now_ms: u64) -> Result<Vec<Effect>, Broken> {
        self.recorded.given.push((now_ms, Given::Command(Box::new(command.clone()))));
        self.perform(command, now_ms)
    }

    /// What was recorded so far.
    #[must_use]
    pub const fn recorded(&self) -> &Recorded {
        &self.recorded
    }

    /// What it came to so far.
    #[must_use]
    pub const fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    fn perform(&mut self, command: Command, now_ms: u64) -> Result<Vec<Effect>, Broken> {
        let place = self.recorded.given.len();
        let refused = |refusal: crate::plan::record::Refusal| Broken::Refused(place, refusal.to_string());
        let effects = match apply(&mut self.record, command, now_ms) {
            Ok(effects) => effects,
            Err(refusal) => {
                // What was not taken has no part in what comes.
                self.recorded.given.pop();
                return Err(refused(refusal));
            }
        };
        self.keep(&effects);
        Ok(effects)
    }

    fn keep(&mut self, effects: &[Effect]) {
        for effect in effects {
            match effect {
                Effect::Ask(prompt) => self.asked = Some((**prompt).clone()),
                Effect::Audit(entry) => self.outcome.entries.push(entry.clone()),
                Effect::Start { .. } => self.outcome.started = Some(approval::hash(&json!(effect))),
                _ => {}
            }
        }
        self.outcome.state = self.record.state;
        self.outcome.digest = self.record.consent.as_ref().map(|consent| consent.digest.clone());
    }
}

/// The text of a raw reply, as the adapter of its provider reads it.
pub fn text(kind: Wire, raw: &[u8]) -> Result<String, String> {
    let reply = decode(kind, 200, &[], raw).map_err(|fault| fault.class.detail().to_owned())?;
    Ok(reply.text())
}

/// Replays a record.
pub fn replay(recorded: &Recorded) -> Result<Outcome, Broken> {
    let (mut run, _) = Recorder::new(recorded.charter.clone(), recorded.begun_ms)?;
    for (place, (at_ms, given)) in recorded.given.iter().enumerate() {
        match given {
            Given::Model { asked, kind, raw } => {
                if *asked != json!(run.asked) {
                    return Err(Broken::Asked(place + 1));
                }
                let raw = hex::decode(raw).map_err(|error| Broken::Reply(place + 1, error.to_string()))?;
                run.reply(*kind, &raw, *at_ms)?;
            }
            Given::Command(command) => {
                run.give((**command).clone(), *at_ms)?;
            }
        }
    }
    Ok(run.outcome)
}
