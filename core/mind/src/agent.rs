//! Agents: an identity with a wallet, a model, instructions, tools, a memory, a schedule and a stop button. An agent
//! has no rights of its own: each of its runs is a plan of its tenant, judged like any other and by narrower rules.

use std::collections::BTreeMap;

use aion_task::definition::Fault;
use aion_task::ids;
use aion_task::schedule::cron::Cron;
use serde::{Deserialize, Serialize};

use crate::plan::literal::is_did;
use crate::plan::quarantine::Answer;
use crate::plan::record::Charter;
use crate::plan::request::{ENTRIES_MAX, Request, Typed};
use crate::plan::rules::Rules;
use crate::plan::text::{Name, is_hidden};
use crate::plan::{Kind, RUNS_MAX, Schedule};

#[cfg(test)]
mod tests;

/// Instructions have so many characters at most.
pub const INSTRUCTIONS_MAX_CHARS: usize = 4_000;
/// A memory has so many notes at most: half of the answers that a request may have.
pub const NOTES_MAX: usize = ENTRIES_MAX / 2;
/// The name of a model has so many characters at most.
const MODEL_MAX_CHARS: usize = 128;

/// What an agent remembers: notes of the forms of quarantined answers, which cannot carry instructions. Whoever wrote
/// the text that a note comes from may have written it for the agent, so a note is as tainted as on the first day: it
/// can decide a name or a time of a later plan, and no recipient, token or amount.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Memory {
    notes: BTreeMap<Name, Note>,
}

/// A note.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Note {
    /// What it says.
    pub says: Answer,
    /// The run that it was made in.
    pub plan: String,
    /// When, Unix milliseconds.
    pub at_ms: u64,
}

/// An agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Agent {
    /// Its identity.
    pub did: String,
    /// Its wallet; without one it can only plan what needs none.
    pub wallet: Option<String>,
    /// The model that it asks, by the tenant's own name for it.
    pub model: String,
    /// What it is for, written by whoever set it up.
    pub instructions: String,
    /// The kinds of steps that its plans may have.
    pub tools: Vec<Kind>,
    /// What it remembers.
    #[serde(default)]
    pub memory: Memory,
    /// When it begins a run by itself.
    pub schedule: Option<Schedule>,
    /// The stop button.
    pub stopped: bool,
}

/// Why an agent does not begin a run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Somebody stopped it.
    #[error("the agent is stopped")]
    Stopped,
    /// The request names a wallet of somebody else.
    #[error("{0} is not the agent's wallet")]
    Wallet(Name),
    /// The request and the agent's memory use one handle twice, or together too many.
    #[error("{0} is a note of the agent and a handle of the request, or there are too many")]
    Handle(Name),
}

impl Memory {
    /// Its notes.
    #[must_use]
    pub const fn notes(&self) -> &BTreeMap<Name, Note> {
        &self.notes
    }

    /// Writes a note down. If there are too many, the oldest goes.
    pub fn note(&mut self, name: Name, note: Note) {
        self.notes.insert(name, note);
        while self.notes.len() > NOTES_MAX {
            let oldest = self.notes.iter().min_by_key(|(_, note)| note.at_ms).map(|(name, _)| name.clone());
            oldest.map(|name| self.notes.remove(&name));
        }
    }

    /// Forgets a note.
    pub fn forget(&mut self, name: &Name) -> Option<Note> {
        self.notes.remove(name)
    }
}

impl Agent {
    /// Everything that is wrong with it.
    #[must_use]
    pub fn check(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        let mut fault = |wrong: bool, pointer: &str, detail: &str| {
            if wrong {
                faults.push(Fault::new(pointer, detail));
            }
        };
        fault(!is_did(&self.did), "/did", "a DID");
        fault(
            self.wallet.as_deref().is_some_and(|wallet| !ids::is_wallet(wallet)),
            "/wallet",
            "the id of a wallet, wal_…",
        );
        let model = self.model.chars().count();
        fault(
            model == 0 || model > MODEL_MAX_CHARS || self.model.chars().any(is_hidden),
            "/model",
            "the name of a model",
        );
        let hidden = self.instructions.chars().any(|char| is_hidden(char) && char != '\n');
        let long = self.instructions.chars().count() > INSTRUCTIONS_MAX_CHARS;
        fault(hidden || long, "/instructions", "at most 4000 characters, none of them invisible");
        let twice = self.tools.iter().enumerate().any(|(place, tool)| self.tools[..place].contains(tool));
        fault(twice, "/tools", "a tool stands here twice");
        fault(self.memory.notes.len() > NOTES_MAX, "/memory", "at most 32 notes");
        if let Some(schedule) = &self.schedule {
            fault(schedule.runs == 0 || schedule.runs > RUNS_MAX, "/schedule/runs", "1 to 104 runs");
            fault(Cron::parse(schedule.cron.as_str()).is_err(), "/schedule/cron", "a cron expression of five fields");
        }
        faults
    }

    /// What a run of it is asked for and judged by: the request with its memory among the answers, its instructions,
    /// and the tenant's rules with no more tools than its own.
    pub fn charter(&self, id: String, task: String, request: Request, rules: Rules) -> Result<Charter, Refusal> {
        if self.stopped {
            return Err(Refusal::Stopped);
        }
        let mut request = request;
        for (handle, input) in &request.inputs {
            if matches!(&input.value, Typed::Wallet { wallet } if self.wallet.as_ref() != Some(wallet)) {
                return Err(Refusal::Wallet(handle.clone()));
            }
        }
        for (name, note) in &self.memory.notes {
            let taken = request.inputs.contains_key(name) || request.answers.contains_key(name);
            if taken || request.answers.len() >= ENTRIES_MAX {
                return Err(Refusal::Handle(name.clone()));
            }
            request.answers.insert(name.clone(), note.says.clone());
        }
        let tools = rules.tools.iter().copied().filter(|tool| self.tools.contains(tool)).collect();
        let instructions = self.instructions.clone();
        Ok(Charter { id, task, request, instructions, rules: Rules { tools, ..rules } })
    }
}
