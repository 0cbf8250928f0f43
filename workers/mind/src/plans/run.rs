//! Runs of an approved plan: the world is read anew, a task starts, is waited for, and what was seen of it is held
//! against what was expected. A recurring plan's next run is begun by a task of its own, which waits for its time.

use std::collections::BTreeMap;

use aion_api::object::Outcome;
use aion_api::object::mind::{Ask, Told as Given};
use aion_api::problem::{Code, Problem};
use aion_api::time::rfc3339;
use aion_api::v1::tasks::Task;
use aion_mind::plan::kept::{RunTodo, run_key};
use aion_mind::plan::observe::{Ran, observed, ran};
use aion_shell::call::fault;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::world::Wanted;
use super::{At, Next, Then, first};
use crate::object::plans::{Order, Told};

/// What is waited for.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// The task of a run, which was started.
    Started { run: u16 },
    /// The task of a run.
    Watched { run: u16 },
    /// The receipts of its steps that have sent a transaction.
    Receipts { run: u16, done: bool, ran: Vec<Ran> },
}

/// Starts the task that has a plan run.
pub fn begin(plan: String, replayed: bool) -> Next {
    let definition = json!({ "steps": { "run": { "do": "mind.run", "with": { "plan": plan } } } });
    let ask = Ask::Start { key: format!("plan/{plan}/run"), definition, input: json!({}) };
    Next::Ask(vec![ask], Then::Started { plan, replayed }, super::Stage::Done)
}

/// Goes on with the runs of a plan.
pub async fn go_on(at: At<'_>, plan: String) -> Result<Next, Problem> {
    let Told::Run { todo } = at.object(Order::RunTodo { id: plan.clone() }).await? else {
        return Err(Problem::internal());
    };
    let ask = |asks: Vec<Ask>, stage: super::Stage| Next::Ask(asks, Then::Run { plan: plan.clone() }, stage);
    Ok(match todo {
        RunTodo::Read { wallets, tokens } => {
            let wanted = Wanted::new(wallets, tokens, true);
            ask(wanted.asks(), super::Stage::World(wanted))
        }
        RunTodo::Start { run, definition, input } => {
            let start = Ask::Start { key: run_key(&plan, run), definition, input };
            ask(vec![start], super::Stage::Run(Stage::Started { run }))
        }
        RunTodo::Later { run, at_ms } => ask(vec![later(&plan, run, at_ms)], super::Stage::Done),
        RunTodo::Watch { run, task, cancel } => {
            let mut asks = vec![Ask::Task { task: task.clone() }];
            if cancel {
                asks.push(Ask::Cancel { task });
            }
            ask(asks, super::Stage::Run(Stage::Watched { run }))
        }
        RunTodo::Over => Next::Outcome(over(&at.view(&plan).await?)),
    })
}

/// The task that waits for a run's time, and then begins it.
fn later(plan: &str, run: u16, at_ms: u64) -> Ask {
    let definition = json!({ "steps": {
        "at": { "do": "until", "with": { "time": rfc3339(at_ms) } },
        "run": { "do": "mind.run", "needs": ["at"], "with": { "plan": plan } } } });
    Ask::Start { key: format!("{}/at", run_key(plan, run)), definition, input: json!({}) }
}

/// What a step says of a plan whose next run is another task's.
pub async fn rests(at: At<'_>, plan: &str) -> Result<Next, Problem> {
    Ok(Next::Outcome(super::rests(&at.view(plan).await?)))
}

/// What a step says of a plan that does not run any more, or not yet.
fn over(view: &Value) -> Outcome {
    match view["state"].as_str().unwrap_or_default() {
        "done" | "refused" | "expired" | "failed" | "frozen" => super::rests(view),
        state => Outcome::Fatal { code: "plan.unapproved".to_owned(), reason: format!("the plan is {state}") },
    }
}

/// Goes on with what was asked for.
pub async fn take(at: At<'_>, plan: String, stage: Stage, told: Vec<Given>) -> Result<Next, Problem> {
    match stage {
        Stage::Started { run } => {
            let task = task(first(told)?)?;
            at.object(Order::Started { id: plan.clone(), run, task: task.id }).await?;
            Ok(Next::Outcome(Outcome::Pending))
        }
        Stage::Watched { run } => {
            let task = task(first(told)?)?;
            if !task.is_terminal() {
                return Ok(Next::Outcome(Outcome::Pending));
            }
            let (done, ran) = (task.state == "done", ran(&task.steps));
            let hashes = ran.iter().filter_map(|one| one.transaction.as_ref());
            let receipt = |hash: &String| {
                let method = "eth_getTransactionReceipt".to_owned();
                Ask::Chain { method, params: json!([hash]) }
            };
            let asks: Vec<Ask> = hashes.map(receipt).collect();
            let stage = Stage::Receipts { run, done, ran };
            if asks.is_empty() {
                return ended(at, plan, stage, Vec::new()).await;
            }
            Ok(Next::Ask(asks, Then::Run { plan }, super::Stage::Run(stage)))
        }
        Stage::Receipts { .. } => ended(at, plan, stage, told).await,
    }
}

async fn ended(at: At<'_>, plan: String, stage: Stage, told: Vec<Given>) -> Result<Next, Problem> {
    let Stage::Receipts { run, done, ran } = stage else {
        return Err(Problem::internal());
    };
    let (mut told, mut seen) = (told.into_iter(), BTreeMap::new());
    for one in &ran {
        let receipt = match one.transaction.as_ref().map(|_| told.next()) {
            None => None,
            // It was final; a node that lags behind says so later.
            Some(Some(Given::Chain(Value::Null))) => {
                return Err(Problem::new(Code::ChainUnavailable, "the node does not know a final transaction yet"));
            }
            Some(Some(Given::Chain(receipt))) => Some(receipt),
            Some(Some(Given::Problem(problem))) => return Err(problem),
            Some(_) => return Err(fault("receipts", &"told of what was not asked")),
        };
        if let Some(observed) = observed(one, receipt.as_ref()) {
            seen.insert(one.step.clone(), observed);
        }
    }
    at.object(Order::Ended { id: plan.clone(), run, done, observed: seen }).await?;
    Box::pin(go_on(at, plan)).await
}

fn task(told: Given) -> Result<Task, Problem> {
    let Given::Task { task } = told else {
        return Err(fault("task", &"told of what was not asked"));
    };
    serde_json::from_value(task).map_err(|error| fault("task", &error))
}
