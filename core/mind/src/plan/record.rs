//! The record of a plan: a pure state machine over the stages. The shell stores the changed record and the audit
//! entries in one commit, and only then performs the other effects.
//!
//! `proposed → checked → priced → policed → simulated → awaiting → approved → running → done`, and out of the way
//! `failed`, `frozen`, `refused`, `expired`. Everything that a stage needs comes in with its command, so that the same
//! commands give the same record again.

use std::collections::BTreeMap;

use alloy_primitives::Address;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Plan;
use super::effects::{Effects, Mismatch, Observed};
use super::policy::Denied;
use super::price::Price;
use super::propose::{Prompt, propose};
use super::request::Request;
use super::resolve::{Facts, Resolved};
use super::rules::Rules;
use super::simulate::{self, EthCall};
use crate::approval::{self, Ballot, Consent, Decision};

mod stages;
#[cfg(test)]
mod tests;

/// A model is told of the faults of its plan and asked again so often: a model that cannot by then will not.
pub const REPAIRS_MAX: u8 = 2;

/// How far a plan is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum State {
    /// A model is asked for it.
    Proposed,
    /// It has no fault; the facts are read.
    Checked,
    /// Its cost is known.
    Priced,
    /// The policies allow it; it is simulated.
    Policed,
    /// Its simulation went well.
    Simulated,
    /// People are asked.
    Awaiting,
    /// It may run.
    Approved,
    /// It runs as a task, or as a schedule of tasks.
    Running,
    /// It was carried out as expected.
    Done,
    /// Its task failed.
    Failed,
    /// What happened is not what was expected: nothing goes on before a person has looked.
    Frozen,
    /// It will not run.
    Refused,
    /// Nobody approved or ran it in time.
    Expired,
}

impl State {
    /// Whether nothing follows it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Frozen | Self::Refused | Self::Expired)
    }

    pub(super) const fn is_before_run(self) -> bool {
        !self.is_terminal() && !matches!(self, Self::Running)
    }
}

/// What happens to a plan.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// A model answered, or did not.
    Proposed {
        /// The text of its reply.
        reply: String,
    },
    /// The shell read the world.
    Facts(Box<Facts>),
    /// A node answered, by step.
    Simulated(BTreeMap<String, simulate::Answer>),
    /// Somebody decided, with a signature that was verified.
    Decide(Decision),
    /// Somebody has it run; the world was read anew.
    Run(Box<Facts>),
    /// A run came to its end.
    Ended {
        /// Whether its task is done.
        done: bool,
        /// What was seen, by step.
        observed: BTreeMap<String, Observed>,
    },
    /// Somebody stops it.
    Stop {
        /// Why.
        reason: String,
    },
    /// Time has passed.
    Due,
}

/// What follows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Effect {
    /// Ask a model.
    Ask(Box<Prompt>),
    /// Read the world.
    Read {
        /// Wallets by their ids.
        wallets: Vec<String>,
        /// Tokens by their addresses.
        tokens: Vec<Address>,
    },
    /// Ask a node.
    Simulate(Vec<EthCall>),
    /// Ask people.
    Approve(Consent),
    /// Start a task under the plan's key, or a schedule of them.
    Start {
        /// The checked definition.
        definition: Value,
        /// Its input.
        input: Value,
        /// Spec of the schedule, if it recurs.
        schedule: Option<Value>,
    },
    /// Cancel its task, and its schedule.
    Cancel,
    /// An entry for the audit chain.
    Audit(Entry),
}

/// An entry of the audit chain: a stage, and the hash of what it was decided on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// The plan.
    pub plan: String,
    /// Its number, from 1.
    pub seq: u32,
    /// The state that it came to.
    pub state: State,
    /// When, Unix milliseconds.
    pub at_ms: u64,
    /// SHA-256 of the canonical form of what the stage came to.
    pub hash: String,
    /// In words, where there is more to say.
    pub reason: Option<String>,
}

/// Why a command is not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not in this state.
    #[error("the plan is {0:?}: this cannot be done now")]
    State(State),
    /// Consent refuses.
    #[error(transparent)]
    Consent(#[from] approval::Refusal),
}

/// Who a plan is for, and by what it is judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Charter {
    /// The plan's id.
    pub id: String,
    /// The id of the task that its first run will be: it follows from the key that it will be started under.
    pub task: String,
    /// What the user asked for.
    pub request: Request,
    /// The standing instructions of an agent; empty without one. No literal in them counts.
    #[serde(default)]
    pub instructions: String,
    /// The tenant's rules.
    pub rules: Rules,
}

/// What the stages have made of a plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// What each step does.
    pub resolved: Vec<Resolved>,
    /// What it costs.
    pub price: Option<Price>,
    /// What it does.
    pub effects: Option<Effects>,
    /// Hash of the rules and of the wallets' policies.
    pub policy: String,
    /// The steps that could not be simulated before it runs.
    pub unsimulated: Vec<String>,
    /// The steps that the policies of their wallets deny.
    #[serde(default)]
    pub denied: Vec<Denied>,
}

/// A plan with everything that became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanRecord {
    /// Who it is for.
    pub charter: Charter,
    /// How far it is.
    pub state: State,
    /// The plan, once one is checked.
    pub plan: Option<Plan>,
    /// What the stages made of it.
    pub judged: Judged,
    /// Consent, once it is asked for.
    pub consent: Option<Consent>,
    /// How often the model was told of faults.
    pub repairs: u8,
    /// Runs that came to their end.
    pub runs: u16,
    /// What differed from what was expected.
    pub mismatches: Vec<Mismatch>,
    /// Until when it has to have begun, Unix milliseconds.
    pub expires_ms: u64,
    /// The number of the last audit entry.
    pub seq: u32,
}

/// Takes a request on: what is wrong with it, or its record and the question to a model.
pub fn begin(charter: Charter, now_ms: u64) -> Result<(PlanRecord, Vec<Effect>), Vec<aion_task::Fault>> {
    let faults = charter.request.check();
    if !faults.is_empty() {
        return Err(faults);
    }
    let expires_ms = now_ms.saturating_add(charter.rules.valid_ms);
    let prompt = propose(&charter, &[]);
    let mut record = PlanRecord {
        charter,
        state: State::Proposed,
        plan: None,
        judged: Judged::default(),
        consent: None,
        repairs: 0,
        runs: 0,
        mismatches: Vec::new(),
        expires_ms,
        seq: 0,
    };
    // What the system says and the schema are the same for everybody.
    let asked = json!({ "user": prompt.user, "request": record.charter.request });
    let audit = record.enter(State::Proposed, &asked, None, now_ms);
    Ok((record, vec![audit, Effect::Ask(Box::new(prompt))]))
}

/// Something happens to a plan. A command that is not taken changes nothing.
pub fn apply(record: &mut PlanRecord, command: Command, now_ms: u64) -> Result<Vec<Effect>, Refusal> {
    if record.state.is_before_run() && now_ms >= record.expires_ms {
        return Ok(vec![record.enter(State::Expired, &Value::Null, None, now_ms)]);
    }
    let state = record.state;
    match (state, command) {
        (State::Proposed, Command::Proposed { reply }) => Ok(record.proposed(&reply, now_ms)),
        (State::Checked, Command::Facts(facts)) => Ok(record.judge(&facts, now_ms)),
        (State::Policed, Command::Simulated(answers)) => Ok(record.simulated(&answers, now_ms)),
        (State::Awaiting, Command::Decide(decision)) => record.decide(decision, now_ms),
        (State::Approved, Command::Run(facts)) => record.run(&facts, now_ms),
        (State::Running, Command::Ended { done, observed }) => Ok(record.ended(done, &observed, now_ms)),
        (State::Running, Command::Stop { reason }) => {
            Ok(vec![record.enter(State::Running, &json!(reason), Some(reason.clone()), now_ms), Effect::Cancel])
        }
        (state, Command::Stop { reason }) if state.is_before_run() => Ok(vec![record.refuse(reason, now_ms)]),
        (_, Command::Due) => Ok(Vec::new()),
        (state, _) => Err(Refusal::State(state)),
    }
}

impl PlanRecord {
    /// Comes to a state, with an entry for the audit chain.
    fn enter(&mut self, state: State, outcome: &Value, reason: Option<String>, now_ms: u64) -> Effect {
        self.state = state;
        self.seq += 1;
        let hash = approval::hash(outcome);
        Effect::Audit(Entry { plan: self.charter.id.clone(), seq: self.seq, state, at_ms: now_ms, hash, reason })
    }

    fn refuse(&mut self, reason: impl Into<String>, now_ms: u64) -> Effect {
        let reason = reason.into();
        self.enter(State::Refused, &json!(reason), Some(reason.clone()), now_ms)
    }

    /// The steps that people approve: those that change something.
    #[must_use]
    pub fn changing(&self) -> Vec<String> {
        let steps = self.judged.effects.iter().flat_map(|effects| &effects.steps).filter(|step| step.changes());
        steps.map(|step| step.step.clone()).collect()
    }

    fn decide(&mut self, decision: Decision, now_ms: u64) -> Result<Vec<Effect>, Refusal> {
        let steps = self.changing();
        let Some(consent) = &mut self.consent else {
            return Err(Refusal::State(self.state));
        };
        let Decision { by, approve, steps: about, digest, proof, .. } = &decision;
        let mut shown = json!({ "by": by, "approve": approve, "digest": digest, "proof": proof });
        if let Some(about) = about {
            shown["steps"] = json!(about);
        }
        let (ballot, by) = (consent.decide(decision.clone(), &steps, now_ms)?, decision.by);
        Ok(vec![match ballot {
            Ballot::Open => self.enter(State::Awaiting, &shown, Some(format!("{by} decided")), now_ms),
            Ballot::Approved => self.enter(State::Approved, &shown, Some(format!("{by} decided")), now_ms),
            Ballot::Rejected => self.refuse(format!("{by} and others rejected it"), now_ms),
        }])
    }
}
