//! A tenant's own agents. What an agent begins by its schedule is begun by one of the tenant's schedules, which asks
//! for a plan in its name.

use aion_api::limits::{NAME_MAX_CHARS, read_json};
use aion_api::object::mind::{Ask, Told as Given};
use aion_api::problem::{Code, Fault as Place, Problem};
use aion_api::v1;
use aion_api::v1::plans::{AgentView, ProposePlan, PutAgent};
use aion_mind::agent::{Agent, Memory};
use aion_mind::plan::Fault;
use aion_shell::call::fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::Response;

use crate::front::{self, json, needs};
use crate::object::plans::{Order, Told};
use crate::plans::{At, Pages};

/// What waits for a schedule.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Ticket {
    /// It was put: then the agent is.
    Put { put: Box<PutAgent> },
    /// It was deleted: then the agent is, or it is put without one.
    Forget { put: Option<Box<PutAgent>> },
}

/// Answers a caller.
pub async fn operation(at: At<'_>, body: &[u8]) -> Result<Response, Problem> {
    let id = at.handed.id.clone();
    match at.handed.operation.as_str() {
        "listAgents" => list(at).await,
        "readAgent" => shown(at, Order::Agent { id }).await,
        "putAgent" => put(at, read_json(body)?).await,
        "deleteAgent" => {
            if agent(at, Order::Agent { id: id.clone() }).await?.schedule.is_some() {
                return needs(&front::Ticket::Agent(Ticket::Forget { put: None }), vec![schedule(&id, "DELETE", None)]);
            }
            agent(at, Order::ForgetAgent { id }).await?;
            front::empty(204)
        }
        "stopAgent" => shown(at, Order::SwitchAgent { id, stopped: true }).await,
        "resumeAgent" => shown(at, Order::SwitchAgent { id, stopped: false }).await,
        "readMemory" => json(&agent(at, Order::Agent { id }).await?.memory),
        "putMemory" => {
            let memory: Memory = read_json(body)?;
            let now = agent(at, Order::Agent { id: id.clone() }).await?;
            check(&Agent { memory: memory.clone(), ..now })?;
            json(&agent(at, Order::PutMemory { id, memory }).await?.memory)
        }
        other => Err(fault("operation", &other)),
    }
}

async fn put(at: At<'_>, put: PutAgent) -> Result<Response, Problem> {
    let id = &at.handed.id;
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    if id.is_empty() || id.len() > NAME_MAX_CHARS / 2 || !id.bytes().all(plain) {
        let rule = "the id of an agent has 1 to 32 lower-case letters, digits and dashes";
        return Err(Problem::new(Code::RequestMalformed, rule));
    }
    check(&put.clone().agent(Memory::default(), false))?;
    let before = match at.object(Order::Agent { id: id.clone() }).await {
        Ok(Told::Agent { agent }) => agent.schedule,
        _ => None,
    };
    match (&put.schedule, before) {
        (Some(wanted), _) => {
            let run = run(id, &put)?;
            let body = json!({
                "spec": { "cron": wanted.cron, "timeZone": wanted.zone, "runs": wanted.runs, "overlap": "skip" },
                "definition": { "steps": { "plan": { "do": "mind.plan", "with": run } }, "labels": { "agent": id } },
                "input": {},
            });
            let asks = vec![schedule(id, "PUT", Some(body))];
            needs(&front::Ticket::Agent(Ticket::Put { put: Box::new(put) }), asks)
        }
        (None, Some(_)) => {
            let ticket = Ticket::Forget { put: Some(Box::new(put)) };
            needs(&front::Ticket::Agent(ticket), vec![schedule(id, "DELETE", None)])
        }
        (None, None) => shown(at, Order::PutAgent { id: id.clone(), put: Box::new(put) }).await,
    }
}

/// What a run by the schedule asks for.
fn run(id: &str, put: &PutAgent) -> Result<Value, Problem> {
    let mut run = put.run.clone().ok_or_else(|| Problem::invalid("/run", "a schedule needs what a run asks for"))?;
    serde_json::from_value::<ProposePlan>(run.clone()).map_err(|error| Problem::invalid("/run", error.to_string()))?;
    run["agent"] = json!(id);
    Ok(run)
}

/// Goes on once the schedule is what it is to be.
pub async fn given(at: At<'_>, ticket: Ticket, told: Vec<Given>) -> Result<Response, Problem> {
    let id = at.handed.id.clone();
    let gone = matches!(ticket, Ticket::Forget { .. });
    match told.into_iter().next() {
        Some(Given::Answered { status: 200..300, .. }) => {}
        Some(Given::Answered { status: 404, .. }) if gone => {}
        Some(Given::Answered { body, .. }) => return Err(refused(&body)),
        Some(Given::Problem(problem)) => return Err(problem),
        _ => return Err(fault("schedule", &"told of what was not asked")),
    }
    match ticket {
        Ticket::Put { put } | Ticket::Forget { put: Some(put) } => shown(at, Order::PutAgent { id, put }).await,
        Ticket::Forget { put: None } => {
            agent(at, Order::ForgetAgent { id }).await?;
            front::empty(204)
        }
    }
}

/// Why the schedule was refused, in the words of its own operation.
fn refused(body: &str) -> Problem {
    let document: Value = serde_json::from_str(body).unwrap_or_default();
    let code = document["code"].as_str().and_then(Code::parse).unwrap_or(Code::Internal);
    let detail = document["detail"].as_str().unwrap_or_default();
    Problem::new(code, format!("the agent's schedule: {detail}"))
}

fn schedule(agent: &str, method: &str, body: Option<Value>) -> Ask {
    let path = format!("/v1/schedules/agent-{agent}");
    Ask::Operation { after_ms: 0, method: method.to_owned(), path, idempotency: None, body }
}

fn check(agent: &Agent) -> Result<(), Problem> {
    let place = |fault: &Fault| Place::under("", fault);
    let faults: Vec<Place> = agent.check().iter().map(place).collect();
    if faults.is_empty() { Ok(()) } else { Err(Problem::faults(Code::RequestInvalid, faults)) }
}

async fn agent(at: At<'_>, order: Order) -> Result<Agent, Problem> {
    match at.object(order).await? {
        Told::Agent { agent } => Ok(*agent),
        _ => Err(Problem::internal()),
    }
}

async fn shown(at: At<'_>, order: Order) -> Result<Response, Problem> {
    json(&AgentView::of(&at.handed.id, &agent(at, order).await?))
}

async fn list(at: At<'_>) -> Result<Response, Problem> {
    let pages = Pages::new(at, "agents")?;
    let page = pages.page(at)?;
    let Told::Agents { agents } = at.object(Order::Agents).await? else {
        return Err(Problem::internal());
    };
    let rest = agents.into_iter().filter(|(id, _)| page.after.as_ref().is_none_or(|after| id > after));
    let mut listed: Vec<(String, Agent)> = rest.take(page.limit as usize + 1).collect();
    let more = listed.len() > page.limit as usize;
    listed.truncate(page.limit as usize);
    let next_cursor = listed.last().filter(|_| more).map(|(id, _)| pages.cursor(id));
    let items: Vec<AgentView> = listed.iter().map(|(id, agent)| AgentView::of(id, agent)).collect();
    json(&v1::List { items, next_cursor })
}
