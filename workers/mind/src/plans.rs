//! Plans: from words to an approval, to a task, and to what was seen of it.
//!
//! The rules stand in `aion_mind::plan`, what is stored in the object. This asks: models by itself, everything else by
//! way of whoever has handed the request over. Each stage is stored before what follows it is asked, so that whoever
//! comes again, after whatever has died, goes on.

use aion_api::idempotency::{self, Idempotency};
use aion_api::ids;
use aion_api::limits::read_json;
use aion_api::object::Outcome;
use aion_api::object::mind::{Ask, Handed, Step, Told as Given};
use aion_api::problem::{Code, Problem};
use aion_api::v1::plans::{ApprovePlan, PlanReplay, PlanStarted, ProposePlan, REASON_MAX_CHARS, StopPlan};
use aion_mind::plan::kept::run_key;
use aion_mind::plan::record::State;
use aion_mind::plan::rules::Rules;
use aion_shell::call::{fault, now_ms};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use worker::{Env, Response};

use crate::front::{self, json, json_text, needs};
use crate::object;
use crate::object::plans::{Order, Told};
use crate::question::{self, Asking, To, asked, patience_ms};

mod approve;
mod drive;
mod list;
mod rehearse;
mod run;
mod world;

use drive::Work;
pub use list::Pages;

/// A proof has so many characters at most: twenty of them stand in one row.
const PROOF_MAX_CHARS: usize = 8_192;

/// A request, and what answers it.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub env: &'a Env,
    pub handed: &'a Handed,
}

impl At<'_> {
    /// Asks the tenant's object about plans.
    pub async fn object(&self, order: Order) -> Result<Told, Problem> {
        match object::ask(self.env, self.handed, object::Order::Plans(Box::new(order))).await? {
            object::Told::Plans(told) => Ok(*told),
            _ => Err(Problem::internal()),
        }
    }

    /// A plan as its tenant sees it.
    async fn view(&self, plan: &str) -> Result<Value, Problem> {
        match self.object(Order::Read { id: plan.to_owned() }).await? {
            Told::Plan { view } => Ok(view),
            _ => Err(Problem::internal()),
        }
    }
}

/// What waits for something that was asked: for whom, and what the answer is to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Ticket {
    then: Then,
    stage: Stage,
}

/// Who waits.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Then {
    /// A step `mind.plan`.
    Plan { plan: String },
    /// A step `mind.run`.
    Run { plan: String },
    /// Whoever has proposed it, or has it run.
    Started { plan: String, replayed: bool },
    /// Whoever wants to know how it would go.
    Rehearse { plan: String },
    /// Whoever decides or stops it.
    Shown { plan: String },
}

/// What the answer is to.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Stage {
    /// Where its first run will be.
    Place { new: Box<ProposePlan>, hash: Option<String> },
    /// Something that was started or cancelled.
    Done,
    /// The world.
    World(world::Wanted),
    /// What a node has said to the calls of these steps.
    Simulated { steps: Vec<String> },
    /// The world, or a node's answers, for a rehearsal.
    Rehearsal(rehearse::Rehearsing),
    /// Whose signature it is.
    Signed { proof: String },
    /// A run that was started, looked at, or over.
    Run(run::Stage),
}

impl Then {
    const fn is_step(&self) -> bool {
        matches!(self, Self::Plan { .. } | Self::Run { .. })
    }
}

/// What comes of a request.
enum Next {
    Ask(Vec<Ask>, Then, Stage),
    Outcome(Outcome),
    Answer(Response),
}

/// Answers a caller.
pub async fn operation(at: At<'_>, body: &[u8]) -> Result<Response, Problem> {
    let id = at.handed.id.clone();
    let next = match at.handed.operation.as_str() {
        "proposePlan" => {
            let (new, idempotency) = (read_json::<ProposePlan>(body)?, idempotency(at.handed, body)?);
            let plan = ids::plan_id(&at.handed.tenant, &format!("key {}", idempotency.key));
            let stage = Stage::Place { new: Box::new(new), hash: Some(idempotency.body_hash) };
            Next::Ask(vec![place(&plan)], Then::Started { plan, replayed: false }, stage)
        }
        "listPlans" => return list::plans(at).await,
        "readPlan" => return json(&at.view(&id).await?),
        "simulatePlan" => rehearse::begin(at, id).await?,
        "approvePlan" => {
            let ApprovePlan { proof } = read_json(body)?;
            if proof.len() > PROOF_MAX_CHARS {
                return Err(Problem::invalid("/proof", format!("at most {PROOF_MAX_CHARS} characters")));
            }
            at.view(&id).await?;
            let asks = vec![Ask::Verify { proof: proof.clone() }];
            Next::Ask(asks, Then::Shown { plan: id }, Stage::Signed { proof })
        }
        "runPlan" => {
            let idempotency = idempotency(at.handed, body)?;
            let Told::Begun { replayed } = at.object(Order::MayRun { id: id.clone(), idempotency }).await? else {
                return Err(Problem::internal());
            };
            run::begin(id, replayed)
        }
        "stopPlan" => stop(at, id, read_json(body)?).await?,
        "replayPlan" => {
            let Told::Replayed { digest, differs } = at.object(Order::Replay { id }).await? else {
                return Err(Problem::internal());
            };
            return json(&PlanReplay { same: differs.is_none(), differs, digest });
        }
        "readRules" => return rules(at, Order::Rules).await,
        "putRules" => {
            let put = read_json::<Rules>(body)?;
            let place = |fault: &aion_mind::plan::Fault| aion_api::problem::Fault::under("", fault);
            let faults: Vec<_> = put.check().iter().map(place).collect();
            if !faults.is_empty() {
                return Err(Problem::faults(Code::RequestInvalid, faults));
            }
            return rules(at, Order::PutRules { rules: put }).await;
        }
        other => return Err(fault("operation", &other)),
    };
    written(next)
}

async fn rules(at: At<'_>, order: Order) -> Result<Response, Problem> {
    match at.object(order).await? {
        Told::Rules { rules } => json(&rules),
        _ => Err(Problem::internal()),
    }
}

/// Does a step of a task, or goes on with it.
pub async fn step(at: At<'_>, step: Step) -> Result<Response, Problem> {
    let next = match step.kind.as_str() {
        "mind.plan" => plan_step(at, &step).await,
        "mind.run" => match step.input["plan"].as_str() {
            Some(plan) => run::go_on(at, plan.to_owned()).await,
            None => Err(Problem::invalid("/plan", "the id of a plan")),
        },
        kind @ ("mind.ask" | "mind.decide") => inquire(at, kind, &step).await,
        other => Err(fault("step", &other)),
    };
    written(next.unwrap_or_else(|problem| Next::Outcome(outcome(&problem))))
}

/// Has a model answer a question of a task.
async fn inquire(at: At<'_>, kind: &str, step: &Step) -> Result<Next, Problem> {
    let (began_ms, key) = (now_ms(), &step.key);
    loop {
        let begin = Order::Ask { key: key.clone(), kind: kind.to_owned(), input: Box::new(step.input.clone()) };
        let (prompt, place, model, payer, tokens) = match at.object(begin).await? {
            Told::Answered { output } => return Ok(Next::Outcome(Outcome::Done { output })),
            Told::Unanswered { reason } => {
                return Ok(Next::Outcome(Outcome::Fatal { code: "mind.unanswered".to_owned(), reason }));
            }
            Told::Asks { prompt, place, model, payer, tokens } => (prompt, place, model, payer, tokens),
            _ => return Err(Problem::internal()),
        };
        let request = asked(&prompt, model, "answer", tokens)?;
        let asking = Asking { request, payer, to: To::Inquiry { key: key.clone(), place } };
        if !question::ask(at.env, at.handed, asking, patience_ms(began_ms)).await? {
            return Ok(Next::Outcome(Outcome::Pending));
        }
    }
}

async fn plan_step(at: At<'_>, step: &Step) -> Result<Next, Problem> {
    if let Some(plan) = step.input["plan"].as_str() {
        return drive_step(at, plan.to_owned()).await;
    }
    let new: ProposePlan =
        serde_json::from_value(step.input.clone()).map_err(|error| Problem::invalid("", error.to_string()))?;
    let plan = ids::plan_id(&at.handed.tenant, &format!("step {}", step.key));
    let stage = Stage::Place { new: Box::new(new), hash: None };
    Ok(Next::Ask(vec![place(&plan)], Then::Plan { plan }, stage))
}

/// Goes on with what was asked for.
pub async fn given(at: At<'_>, ticket: Ticket, told: Vec<Given>) -> Result<Response, Problem> {
    let is_step = ticket.then.is_step();
    match take(at, ticket, told).await {
        Err(problem) if is_step => written(Next::Outcome(outcome(&problem))),
        next => written(next?),
    }
}

async fn take(at: At<'_>, Ticket { then, stage }: Ticket, told: Vec<Given>) -> Result<Next, Problem> {
    let plan = match &then {
        Then::Plan { plan }
        | Then::Run { plan }
        | Then::Started { plan, .. }
        | Then::Rehearse { plan }
        | Then::Shown { plan } => plan.clone(),
    };
    match (stage, then) {
        (Stage::Place { new, hash }, then) => {
            let Some(Given::Placed { task }) = told.into_iter().next() else {
                return Err(fault("place", &"told of what was not asked"));
            };
            let key = at.handed.key.clone();
            let begin = Order::Begin { id: plan.clone(), task, new, key, hash };
            let Told::Begun { replayed } = at.object(begin).await? else {
                return Err(Problem::internal());
            };
            if then.is_step() { drive_step(at, plan).await } else { Ok(driver(plan, replayed)) }
        }
        (Stage::Done, Then::Started { plan, replayed }) => started(plan, replayed, &first(told)?).map(Next::Answer),
        (Stage::Done, Then::Run { plan }) => {
            first(told)?;
            run::rests(at, &plan).await
        }
        // What was to be cancelled may be over already.
        (Stage::Done, _) => json(&at.view(&plan).await?).map(Next::Answer),
        (Stage::World(wanted), then) => {
            let command = wanted.command(told)?;
            at.object(Order::Give { id: plan.clone(), command: Box::new(command) }).await?;
            resume(at, then, plan).await
        }
        (Stage::Simulated { steps }, then) => {
            let command = Box::new(world::simulated(steps, told)?);
            at.object(Order::Give { id: plan.clone(), command }).await?;
            resume(at, then, plan).await
        }
        (Stage::Rehearsal(rehearsing), _) => rehearse::take(at, plan, rehearsing, told).await,
        (Stage::Signed { proof }, _) => approve::decide(at, plan, proof, told).await,
        (Stage::Run(stage), _) => run::take(at, plan, stage, told).await,
    }
}

async fn resume(at: At<'_>, then: Then, plan: String) -> Result<Next, Problem> {
    match then {
        Then::Plan { .. } => drive_step(at, plan).await,
        Then::Run { .. } => run::go_on(at, plan).await,
        _ => rehearse::begin(at, plan).await,
    }
}

/// Brings a plan to where it rests, for a step.
async fn drive_step(at: At<'_>, plan: String) -> Result<Next, Problem> {
    Ok(match drive::drive(at, &plan).await? {
        Work::Asks(asks, stage) => Next::Ask(asks, Then::Plan { plan }, stage),
        Work::Busy => Next::Outcome(Outcome::Pending),
        Work::Rests => Next::Outcome(rests(&at.view(&plan).await?)),
    })
}

/// What a step says of a plan that rests.
fn rests(view: &Value) -> Outcome {
    let (state, reason) = (view["state"].as_str().unwrap_or_default(), view["reason"].as_str().unwrap_or_default());
    if matches!(state, "refused" | "expired" | "failed" | "frozen") {
        return Outcome::Fatal { code: format!("plan.{state}"), reason: reason.to_owned() };
    }
    let output = json!({
        "plan": view["id"], "state": state, "digest": view["digest"], "nativeMaxWei": view["nativeMaxWei"],
        "tasks": view["tasks"],
    });
    Outcome::Done { output }
}

/// What a problem is to a step: what may pass is tried again as its `retry` says.
fn outcome(problem: &Problem) -> Outcome {
    let (code, reason) = (problem.code.as_str().to_owned(), problem.detail.clone());
    let after_ms = u64::from(problem.retry_after_s.unwrap_or_default()) * 1_000;
    let passes = matches!(problem.code.status(), 429 | 500..) && problem.code != Code::ModelRefused;
    if passes { Outcome::Retry { code, reason, after_ms } } else { Outcome::Fatal { code, reason } }
}

async fn stop(at: At<'_>, plan: String, StopPlan { reason }: StopPlan) -> Result<Next, Problem> {
    let chars = reason.trim().chars().count();
    if chars == 0 || chars > REASON_MAX_CHARS {
        return Err(Problem::invalid("/reason", format!("1 to {REASON_MAX_CHARS} characters")));
    }
    let Told::Kept { kept } = at.object(Order::Stop { id: plan.clone(), reason }).await? else {
        return Err(Problem::internal());
    };
    match kept.tasks.last().filter(|_| kept.state() == State::Running) {
        Some(task) => Ok(Next::Ask(vec![Ask::Cancel { task: task.clone() }], Then::Shown { plan }, Stage::Done)),
        None => json(&at.view(&plan).await?).map(Next::Answer),
    }
}

/// Asks for the id of the task that the first run will be.
fn place(plan: &str) -> Ask {
    Ask::Place { key: run_key(plan, 1) }
}

/// Starts the task that brings a plan to its approval.
fn driver(plan: String, replayed: bool) -> Next {
    let definition = json!({ "steps": { "plan": { "do": "mind.plan", "with": { "plan": plan } } } });
    let ask = Ask::Start { key: format!("plan/{plan}/make"), definition, input: json!({}) };
    Next::Ask(vec![ask], Then::Started { plan, replayed }, Stage::Done)
}

/// The first thing that was told, unless it is a problem.
fn first(told: Vec<Given>) -> Result<Given, Problem> {
    match told.into_iter().next() {
        Some(Given::Problem(problem)) => Err(problem),
        Some(told) => Ok(told),
        None => Err(fault("told", &"nothing")),
    }
}

/// What a caller is told of something that has begun: the same each time.
fn started(plan: String, replayed: bool, told: &Given) -> Result<Response, Problem> {
    let Given::Task { task } = told else {
        return Err(fault("started", &"told of what was not asked"));
    };
    let location = format!("/v1/mind/plans/{plan}");
    let task = task["id"].as_str().unwrap_or_default().to_owned();
    let text = serde_json::to_string(&PlanStarted { plan, task }).map_err(|error| fault("answer", &error))?;
    let response = json_text(202, text)?;
    let set = |name: &str, value: &str| response.headers().set(name, value).map_err(|error| fault("answer", &error));
    set("location", &location)?;
    if replayed {
        set(idempotency::REPLAYED_HEADER, "true")?;
    }
    Ok(response)
}

fn idempotency(handed: &Handed, body: &[u8]) -> Result<Idempotency, Problem> {
    let header = handed.headers.iter().find(|(name, _)| name == idempotency::HEADER);
    let route = format!("{} {}", handed.operation, handed.id);
    Idempotency::read(header.map(|(_, value)| value.as_str()), &route, body)
}

fn written(next: Next) -> Result<Response, Problem> {
    match next {
        Next::Ask(asks, then, stage) => needs(&front::Ticket::Plan(Box::new(Ticket { then, stage })), asks),
        Next::Outcome(outcome) => json(&outcome),
        Next::Answer(response) => Ok(response),
    }
}
