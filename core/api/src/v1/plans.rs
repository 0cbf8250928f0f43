//! Plans: what is asked for in words, what a model proposes, who approves it, what became of it. The languages of plans
//! and rules stand in core/mind (docs/MIND.md); members that hold them are as wide as that here.

#[cfg(feature = "mind")]
use std::collections::BTreeMap;

#[cfg(feature = "mind")]
use aion_mind::agent::Agent;
#[cfg(feature = "mind")]
pub use aion_mind::agent::Memory;
#[cfg(feature = "mind")]
use aion_mind::plan::literal::Language;
#[cfg(feature = "mind")]
use aion_mind::plan::quarantine::Answer;
#[cfg(feature = "mind")]
use aion_mind::plan::request::{Mandate, Typed};
#[cfg(feature = "mind")]
pub use aion_mind::plan::rules::Rules;
#[cfg(feature = "mind")]
use aion_mind::plan::text::Name;
#[cfg(feature = "mind")]
use aion_mind::plan::{Kind, Schedule};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// So many plans of a tenant can be open at once: each is read and written whole.
pub const OPEN_MAX: usize = 1_000;
/// So many agents a tenant has at most: a list of them is read whole.
pub const AGENTS_MAX: usize = 256;
/// A reason has so many characters at most.
pub const REASON_MAX_CHARS: usize = 500;

/// `POST /v1/mind/plans`, and what a step `mind.plan` takes.
#[cfg(feature = "mind")]
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProposePlan {
    /// What is wanted, in words.
    pub goal: String,
    /// The language of its numbers.
    #[serde(default)]
    pub language: Option<Language>,
    /// Values by their handles. Whoever sends them vouches for them.
    #[serde(default)]
    pub inputs: BTreeMap<Name, Typed>,
    /// Answers about untrusted text by their handles.
    #[serde(default)]
    pub answers: BTreeMap<Name, Answer>,
    /// What is authorised beforehand.
    #[serde(default)]
    pub mandates: Vec<Mandate>,
    /// The model, by the tenant's name for it; the agent's, or any.
    #[serde(default)]
    pub model: Option<String>,
    /// The agent whose run it is.
    #[serde(default)]
    pub agent: Option<String>,
}

/// Something of a plan has begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanStarted {
    /// The plan.
    pub plan: String,
    /// The task that does it.
    pub task: String,
}

/// `POST /v1/mind/plans/{id}/approve`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ApprovePlan {
    /// As for a step of a task, with the plan's id as `task`. `step` is `plan` for the whole; for steps alone it is
    /// `steps`, and the claim `steps` is a list of their ids, each once, of steps that change something.
    pub proof: String,
}

/// `POST /v1/mind/plans/{id}/stop`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StopPlan {
    /// Why, 1 to 500 characters.
    pub reason: String,
}

/// A plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Plan {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: String,
    /// What was asked for.
    pub goal: String,
    /// What consent is given to, once it is asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// Everything else: docs/MIND.md.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: serde_json::Map<String, Value>,
}

/// What a replay came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct PlanReplay {
    /// Whether state, digest, stages and task are what was recorded.
    pub same: bool,
    /// Where it differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub differs: Option<String>,
    /// The digest of the replay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// How a plan would go now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanRehearsal {
    /// The plan.
    pub plan: Plan,
    /// How it would go; nothing where it went on towards its approval instead.
    #[serde(default)]
    pub now: Option<Value>,
}

/// `PUT /v1/mind/agents/{id}`
#[cfg(feature = "mind")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PutAgent {
    /// Its identity.
    pub did: String,
    /// Its wallet; without one it can only plan what needs none.
    #[serde(default)]
    pub wallet: Option<String>,
    /// The model that it asks.
    pub model: String,
    /// What it is for.
    #[serde(default)]
    pub instructions: String,
    /// The kinds of steps that its plans may have.
    pub tools: Vec<Kind>,
    /// When it begins a run by itself.
    #[serde(default)]
    pub schedule: Option<Schedule>,
    /// What such a run asks for, as a plan is proposed; needed with a schedule.
    #[serde(default)]
    pub run: Option<Value>,
}

/// An agent as its tenant sees it.
#[cfg(feature = "mind")]
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentView {
    /// Its id.
    pub id: String,
    /// Its identity.
    pub did: String,
    /// Its wallet.
    pub wallet: Option<String>,
    /// The model that it asks.
    pub model: String,
    /// What it is for.
    pub instructions: String,
    /// The kinds of steps that its plans may have.
    pub tools: Vec<Kind>,
    /// When it begins a run by itself.
    pub schedule: Option<Schedule>,
    /// Whether somebody has stopped it.
    pub stopped: bool,
    /// How many notes it remembers.
    pub notes: usize,
}

#[cfg(feature = "mind")]
impl AgentView {
    /// What is shown of an agent.
    #[must_use]
    pub fn of(id: &str, agent: &Agent) -> Self {
        let Agent { did, wallet, model, instructions, tools, memory, schedule, stopped } = agent.clone();
        let notes = memory.notes().len();
        Self { id: id.to_owned(), did, wallet, model, instructions, tools, schedule, stopped, notes }
    }
}

#[cfg(feature = "mind")]
impl PutAgent {
    /// The agent that it makes of the one before.
    #[must_use]
    pub fn agent(self, memory: Memory, stopped: bool) -> Agent {
        let Self { did, wallet, model, instructions, tools, schedule, .. } = self;
        Agent { did, wallet, model, instructions, tools, memory, schedule, stopped }
    }
}
