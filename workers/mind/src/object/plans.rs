//! What the object is asked about plans: each order reads what is stored, judges, and writes, without an await in
//! between: one commit.

use std::collections::BTreeMap;

use aion_api::idempotency::Idempotency;
use aion_api::problem::{Code, Fault as Place, Problem};
use aion_api::v1::plans::{AGENTS_MAX, ProposePlan, PutAgent};
use aion_mind::agent::{self, Agent, Memory};
use aion_mind::approval::{self, Decision};
use aion_mind::budget::Payer;
use aion_mind::inquiry::{Inquiry, Stand};
use aion_mind::plan::Fault;
use aion_mind::plan::effects::Observed;
use aion_mind::plan::kept::{Kept, RunTodo, Todo};
use aion_mind::plan::propose::Prompt;
use aion_mind::plan::record::{Charter, Command, Refusal};
use aion_mind::plan::request::{Input, Request, Source};
use aion_mind::plan::rules::Rules;
use aion_mind::wire::Wire;
use aion_shell::call::{fault, now_ms};
use aion_shell::zones::Platform;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::shelf::{Shelf, Stored};

/// The model of a plan that names none: any.
const ANY_MODEL: &str = "auto";

/// What it is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Order {
    /// Takes a plan on, once by its id.
    Begin {
        id: String,
        /// The task that its first run will be.
        task: String,
        new: Box<ProposePlan>,
        key: Option<String>,
        hash: Option<String>,
    },
    /// What has to be asked on the way to an approval.
    Todo { id: String },
    /// A model has replied.
    Reply {
        id: String,
        seq: u32,
        kind: Wire,
        /// Hex.
        raw: String,
    },
    /// What was asked for; what comes too late changes nothing.
    Give { id: String, command: Box<Command> },
    /// Somebody decides.
    Decide { id: String, decision: Box<Decision> },
    /// Somebody stops it.
    Stop { id: String, reason: String },
    /// Somebody has it run.
    MayRun { id: String, idempotency: Idempotency },
    /// What has to be done for its runs.
    RunTodo { id: String },
    /// A run was started.
    Started { id: String, run: u16, task: String },
    /// A run is over.
    Ended { id: String, run: u16, done: bool, observed: BTreeMap<String, Observed> },
    /// A plan as its tenant sees it.
    Read { id: String },
    /// A plan as it is stored.
    Kept { id: String },
    /// Replays what was recorded.
    Replay { id: String },
    /// Plans, newest first.
    List { before: Option<u64>, limit: u32 },
    /// The tenant's rules.
    Rules,
    /// Puts the tenant's rules, which were checked.
    PutRules { rules: Rules },
    /// A question of a task, once by the key of its step.
    Ask { key: String, kind: String, input: Box<Value> },
    /// A model has answered it, the so manieth time.
    Replied {
        key: String,
        place: usize,
        kind: Wire,
        /// Hex.
        raw: String,
    },
    /// All agents.
    Agents,
    /// An agent.
    Agent { id: String },
    /// Makes or changes an agent, which was checked; its memory and its stop button stay.
    PutAgent { id: String, put: Box<PutAgent> },
    /// Forgets an agent.
    ForgetAgent { id: String },
    /// The stop button.
    SwitchAgent { id: String, stopped: bool },
    /// Puts an agent's memory, which was checked.
    PutMemory { id: String, memory: Memory },
}

/// What it tells.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Told {
    /// It is taken on; whether it was before.
    Begun {
        replayed: bool,
    },
    Todo {
        todo: Todo,
        model: String,
        payer: Payer,
    },
    Run {
        todo: RunTodo,
    },
    Plan {
        view: Value,
    },
    Kept {
        kept: Box<Kept>,
    },
    Listed {
        items: Vec<Value>,
        last: Option<u64>,
    },
    Replayed {
        digest: Option<String>,
        differs: Option<String>,
    },
    Rules {
        rules: Rules,
    },
    /// A model is to be asked.
    Asks {
        prompt: Box<Prompt>,
        place: usize,
        model: String,
        payer: Payer,
        tokens: u32,
    },
    Answered {
        output: Value,
    },
    Unanswered {
        reason: String,
    },
    Agents {
        agents: Vec<(String, Agent)>,
    },
    Agent {
        agent: Box<Agent>,
    },
    Done,
}

/// Carries an order out.
pub fn answer(shelf: &Shelf, order: Order) -> Result<Told, Problem> {
    match order {
        Order::Begin { id, task, new, key, hash } => begin(shelf, id, task, *new, key, hash),
        Order::Todo { id } => {
            let Stored { kept, .. } = shelf.plan(&id)?;
            let (todo, Kept { model, payer, .. }) = (kept.todo(), kept);
            Ok(Told::Todo { todo, model, payer })
        }
        Order::Reply { id, seq, kind, raw } => {
            let mut stored = shelf.plan(&id)?;
            let raw = hex::decode(raw).map_err(|error| fault("reply", &error))?;
            let change = stored.kept.reply(seq, kind, &raw, now_ms()).map_err(|refusal| refused(&refusal))?;
            keep(shelf, &stored, change)
        }
        Order::Give { id, command } => {
            let mut stored = shelf.plan(&id)?;
            match stored.kept.give(*command, now_ms()) {
                Ok(change) => keep(shelf, &stored, Some(change)),
                Err(Refusal::State(_)) => Ok(Told::Done),
                Err(refusal) => Err(refused(&refusal)),
            }
        }
        Order::Decide { id, decision } => decide(shelf, &id, *decision),
        Order::Stop { id, reason } => {
            let mut stored = shelf.plan(&id)?;
            let changes = stored.kept.stop(reason, now_ms()).map_err(|refusal| refused(&refusal))?;
            shelf.put(&stored, &changes)?;
            Ok(Told::Kept { kept: Box::new(stored.kept) })
        }
        Order::MayRun { id, idempotency } => may_run(shelf, &id, idempotency),
        Order::RunTodo { .. } | Order::Started { .. } | Order::Ended { .. } => run(shelf, order),
        Order::Ask { key, kind, input } => ask(shelf, &key, &kind, &input),
        Order::Replied { key, place, kind, raw } => {
            let raw = hex::decode(raw).map_err(|error| fault("reply", &error))?;
            if let Some(mut inquiry) = shelf.inquiry(&key)? {
                inquiry.reply(place, kind, &raw);
                shelf.put_inquiry(&key, &inquiry, now_ms())?;
            }
            Ok(Told::Done)
        }
        read => look(shelf, read),
    }
}

fn look(shelf: &Shelf, order: Order) -> Result<Told, Problem> {
    match order {
        Order::Read { id } => view(shelf, &shelf.plan(&id)?),
        Order::Kept { id } => Ok(Told::Kept { kept: Box::new(shelf.plan(&id)?.kept) }),
        Order::Replay { id } => {
            let stored = shelf.plan(&id)?;
            let replayed = stored.kept.replayed(shelf.given(&id)?, shelf.entries(&id)?);
            Ok(match replayed {
                Ok(again) => Told::Replayed { digest: again.digest, differs: None },
                Err(differs) => Told::Replayed { digest: None, differs: Some(differs) },
            })
        }
        Order::List { before, limit } => {
            let (items, last) = shelf.list(before, limit)?;
            Ok(Told::Listed { items, last })
        }
        Order::PutRules { rules } => {
            shelf.put_rules(&rules)?;
            Ok(Told::Rules { rules })
        }
        Order::Rules => Ok(Told::Rules { rules: shelf.rules()? }),
        agents => of_agents(shelf, agents),
    }
}

fn of_agents(shelf: &Shelf, order: Order) -> Result<Told, Problem> {
    let found = |id: &str| shelf.agent(id)?.ok_or_else(|| Problem::unknown("agent"));
    let put = |id: &str, agent: Agent| {
        shelf.put_agent(id, &agent)?;
        Ok(Told::Agent { agent: Box::new(agent) })
    };
    match order {
        Order::Agent { id } => Ok(Told::Agent { agent: Box::new(found(&id)?) }),
        Order::PutAgent { id, put: new } => {
            let before = shelf.agent(&id)?;
            if before.is_none() && shelf.agents()?.len() >= AGENTS_MAX {
                return Err(Problem::new(Code::LimitReached, format!("a tenant has {AGENTS_MAX} agents at most")));
            }
            let (memory, stopped) = before.map(|before| (before.memory, before.stopped)).unwrap_or_default();
            put(&id, new.agent(memory, stopped))
        }
        Order::ForgetAgent { id } => {
            let agent = found(&id)?;
            shelf.forget_agent(&id)?;
            Ok(Told::Agent { agent: Box::new(agent) })
        }
        Order::SwitchAgent { id, stopped } => {
            let agent = found(&id)?;
            put(&id, Agent { stopped, ..agent })
        }
        Order::PutMemory { id, memory } => {
            let agent = found(&id)?;
            put(&id, Agent { memory, ..agent })
        }
        _ => Ok(Told::Agents { agents: shelf.agents()? }),
    }
}

fn begin(
    shelf: &Shelf,
    id: String,
    task: String,
    new: ProposePlan,
    key: Option<String>,
    hash: Option<String>,
) -> Result<Told, Problem> {
    if let Some(stored) = shelf.find(&id)? {
        if stored.hash != hash {
            return Err(Problem::new(Code::IdempotencyConflict, "this key was used before with another request"));
        }
        return Ok(Told::Begun { replayed: true });
    }
    shelf.has_room()?;
    let ProposePlan { goal, language, inputs, answers, mandates, model, agent } = new;
    // Nobody but the caller vouches for what a request brings along.
    let inputs = inputs.into_iter().map(|(name, value)| (name, Input { source: Source::Request, value })).collect();
    let request = Request { goal, language, inputs, answers, mandates };
    let rules = shelf.rules()?;
    let (charter, payer, model) = if let Some(name) = agent {
        let agent = shelf.agent(&name)?.ok_or_else(|| Problem::unknown("agent"))?;
        let charter = agent.charter(id, task, request, rules);
        let charter = charter.map_err(|refusal| Problem::new(Code::StateConflict, refusal.to_string()))?;
        (charter, Payer { key, did: Some(agent.did), agent: Some(name) }, model.unwrap_or(agent.model))
    } else {
        let charter = Charter { id, task, request, instructions: String::new(), rules };
        (charter, Payer { key, ..Payer::default() }, model.unwrap_or_else(|| ANY_MODEL.to_owned()))
    };
    let (kept, change) = Kept::begin(charter, payer, model, now_ms()).map_err(|faults| faulty(&faults))?;
    shelf.put(&Stored { kept, hash, run: None }, &[change])?;
    Ok(Told::Begun { replayed: false })
}

fn ask(shelf: &Shelf, key: &str, kind: &str, input: &Value) -> Result<Told, Problem> {
    let inquiry = if let Some(inquiry) = shelf.inquiry(key)? {
        inquiry
    } else {
        let new = Inquiry::begin(kind, input).map_err(|faults| faulty(&faults))?;
        shelf.put_inquiry(key, &new, now_ms())?;
        new
    };
    match inquiry.stand() {
        Stand::Answered(output) => Ok(Told::Answered { output }),
        Stand::Unanswered(reason) => Ok(Told::Unanswered { reason }),
        Stand::Asks(prompt, place) => {
            let (payer, own) = match inquiry.agent() {
                Some(name) => {
                    let agent = shelf.agent(name)?.ok_or_else(|| Problem::unknown("agent"))?;
                    if agent.stopped {
                        return Err(Problem::new(Code::StateConflict, agent::Refusal::Stopped.to_string()));
                    }
                    let payer = Payer { key: None, did: Some(agent.did), agent: Some(name.to_owned()) };
                    (payer, Some(agent.model))
                }
                None => (Payer::default(), None),
            };
            let model = inquiry.model().map(str::to_owned).or(own).unwrap_or_else(|| ANY_MODEL.to_owned());
            Ok(Told::Asks { prompt, place, model, payer, tokens: inquiry.tokens() })
        }
    }
}

fn faulty(faults: &[Fault]) -> Problem {
    let place = |fault: &Fault| {
        let pointer = fault.pointer.strip_suffix("/value").unwrap_or(&fault.pointer).to_owned();
        Place { pointer, detail: fault.detail.clone(), hint: fault.hint.clone() }
    };
    Problem::faults(Code::RequestInvalid, faults.iter().map(place).collect())
}

fn decide(shelf: &Shelf, id: &str, decision: Decision) -> Result<Told, Problem> {
    let mut stored = shelf.plan(id)?;
    if !stored.kept.has_decided(&decision) {
        let change = stored.kept.give(Command::Decide(decision), now_ms()).map_err(|refusal| refused(&refusal))?;
        shelf.put(&stored, &[change])?;
    }
    view(shelf, &stored)
}

fn may_run(shelf: &Shelf, id: &str, idempotency: Idempotency) -> Result<Told, Problem> {
    let mut stored = shelf.plan(id)?;
    match &stored.run {
        Some(first) if first.key == idempotency.key => {
            idempotency.check_replay(&first.body_hash)?;
            return Ok(Told::Begun { replayed: true });
        }
        Some(_) => return Err(Problem::new(Code::StateConflict, "the plan was told to run already")),
        None => {}
    }
    let state = stored.kept.state();
    if state != aion_mind::plan::record::State::Approved {
        return Err(refused(&Refusal::State(state)));
    }
    stored.run = Some(idempotency);
    shelf.put(&stored, &[])?;
    Ok(Told::Begun { replayed: false })
}

fn run(shelf: &Shelf, order: Order) -> Result<Told, Problem> {
    match order {
        Order::Started { id, run, task } => {
            let mut stored = shelf.plan(&id)?;
            stored.kept.started(run, task);
            shelf.put(&stored, &[])?;
            Ok(Told::Done)
        }
        Order::Ended { id, run, done, observed } => {
            let mut stored = shelf.plan(&id)?;
            let changes = stored.kept.ended(run, done, observed, now_ms()).map_err(|refusal| refused(&refusal))?;
            shelf.put(&stored, &changes)?;
            Ok(Told::Done)
        }
        Order::RunTodo { id } => {
            let (mut stored, now_ms) = (shelf.plan(&id)?, now_ms());
            let before = stored.kept.clone();
            let changes = stored.kept.schedule(&Platform, now_ms).map_err(|refusal| refused(&refusal))?;
            if stored.kept != before {
                shelf.put(&stored, &changes)?;
            }
            Ok(Told::Run { todo: stored.kept.run_todo(now_ms) })
        }
        _ => Ok(Told::Done),
    }
}

fn keep(shelf: &Shelf, stored: &Stored, change: Option<aion_mind::plan::kept::Change>) -> Result<Told, Problem> {
    if let Some(change) = change {
        shelf.put(stored, &[change])?;
    }
    Ok(Told::Done)
}

fn view(shelf: &Shelf, stored: &Stored) -> Result<Told, Problem> {
    let entries = shelf.entries(&stored.kept.record.charter.id)?;
    Ok(Told::Plan { view: stored.kept.view(&entries) })
}

fn refused(refusal: &Refusal) -> Problem {
    let detail = refusal.to_string();
    match refusal {
        Refusal::Consent(approval::Refusal::Stranger(_)) => Problem::new(Code::PolicyDenied, detail),
        Refusal::Consent(approval::Refusal::Digest | approval::Refusal::Step(_) | approval::Refusal::Long) => {
            Problem::invalid("/proof", detail)
        }
        _ => Problem::new(Code::StateConflict, detail),
    }
}
