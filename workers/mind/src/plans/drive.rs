//! A plan on its way to where it rests: what has to be asked next, until people have to decide or nothing follows.

use std::collections::BTreeMap;
use std::pin::pin;

use aion_api::object::mind::Ask;
use aion_api::problem::{Code, Problem};
use aion_mind::budget::Payer;
use aion_mind::plan::kept::Todo;
use aion_mind::plan::propose::Prompt;
use aion_mind::plan::record::Command;
use aion_mind::wire::{ChatRequest, Json, Message, Output, Part, Role};
use aion_shell::call::{fault, now_ms};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use serde_json::Value;

use super::world::{self, Wanted};
use super::{At, Stage, patience_ms};
use crate::chat::{self, Caller, Refusal, Whole};
use crate::object::plans::{Order, Told};
use crate::upstream::wait;

/// A plan has so many tokens at most: twice what its bytes allow as text, for models that think first.
const PLAN_MAX_TOKENS: u32 = 32_768;
/// Whoever has a model asked says so often that the call goes on, milliseconds.
const STILL_MS: u64 = 15_000;

/// What comes next.
pub enum Work {
    /// Something has to be asked of whoever handed the request over.
    Asks(Vec<Ask>, Stage),
    /// A model is being asked, and is not waited for any longer.
    Busy,
    /// Nothing follows by itself.
    Rests,
}

/// Goes on with a plan.
pub async fn drive(at: At<'_>, plan: &str) -> Result<Work, Problem> {
    let began_ms = now_ms();
    loop {
        let (todo, model, payer) = match at.object(Order::Todo { id: plan.to_owned() }).await? {
            Told::Busy => return Ok(Work::Busy),
            Told::Todo { todo, model, payer } => (todo, model, payer),
            _ => return Err(Problem::internal()),
        };
        match todo {
            Todo::Rest => return Ok(Work::Rests),
            Todo::Read { wallets, tokens } => {
                let wanted = Wanted::new(wallets, tokens, false);
                return Ok(Work::Asks(wanted.asks(), Stage::World(wanted)));
            }
            Todo::Simulate { calls } if calls.is_empty() => {
                let command = Box::new(Command::Simulated(BTreeMap::new()));
                at.object(Order::Give { id: plan.to_owned(), command }).await?;
            }
            Todo::Simulate { calls } => {
                let (asks, steps) = world::trials(&calls);
                return Ok(Work::Asks(asks, Stage::Simulated { steps }));
            }
            Todo::Model { prompt, seq } => {
                let request = asked(&prompt, model, "plan", PLAN_MAX_TOKENS)?;
                let id = plan.to_owned();
                let reply = move |whole: &Whole| Order::Reply {
                    id: id.clone(),
                    seq,
                    kind: whole.kind,
                    raw: hex::encode(&whole.raw),
                };
                if !call(at, plan.to_owned(), request, payer, reply, patience_ms(began_ms)).await? {
                    return Ok(Work::Busy);
                }
            }
        }
    }
}

/// A question to a model whose answer follows a schema.
pub fn asked(prompt: &Prompt, model: String, name: &str, most: u32) -> Result<ChatRequest, Problem> {
    let schema = schema(&prompt.schema)?;
    Ok(ChatRequest {
        model,
        system: prompt.system.clone(),
        messages: vec![Message { role: Role::User, parts: vec![Part::Text(prompt.user.clone())] }],
        output: Some(Output { name: name.to_owned(), schema, strict: true }),
        max_output_tokens: Some(most),
        ..ChatRequest::default()
    })
}

fn schema(schema: &Value) -> Result<Json, Problem> {
    Json::parse(&schema.to_string()).map_err(|error| fault("schema", &error))
}

/// Has a model asked, once at a time under a name, and tells the object what it says. It goes on whatever becomes of
/// whoever waits; whether it was answered in time.
pub async fn call(
    at: At<'_>,
    name: String,
    request: ChatRequest,
    payer: Payer,
    reply: impl Fn(&Whole) -> Order + 'static,
    patience_ms: u64,
) -> Result<bool, Problem> {
    let (sender, receiver) = oneshot::channel();
    let (env, handed) = (at.env.clone(), at.handed.clone());
    let tell = {
        let (env, handed) = (env.clone(), handed.clone());
        move |order: Order| {
            let (env, handed) = (env.clone(), handed.clone());
            async move {
                let order = crate::object::Order::Plans(Box::new(order));
                crate::object::ask(&env, &handed, order).await.map(|_| ())
            }
        }
    };
    at.context.wait_until(async move {
        let caller = Caller { env: &env, handed: &handed, payer: &payer };
        let asking = pin!(chat::reply(caller, &request));
        let mut asking = asking;
        let replied = loop {
            match select(asking, wait(STILL_MS)).await {
                Either::Left((replied, _)) => break replied,
                Either::Right((_, rest)) => asking = rest,
            }
            // If the object cannot be told, another one may ask too; only one reply counts.
            _ = tell(Order::Calling { id: name.clone() }).await;
        };
        let ended = match replied.map_err(Refusal::problem) {
            Ok(whole) => tell(reply(&whole)).await,
            Err(problem) => Err(problem),
        };
        if let Err(problem) = &ended {
            _ = tell(Order::Failed { id: name.clone(), problem: None }).await;
            say(&handed.tenant, &name, problem);
        }
        if let Err(Err(problem)) = sender.send(ended) {
            _ = tell(Order::Failed { id: name.clone(), problem: Some(problem) }).await;
        }
    });
    match select(receiver, wait(patience_ms)).await {
        Either::Left((Ok(ended), _)) => ended.map(|()| true),
        _ => Ok(false),
    }
}

fn say(tenant: &str, name: &str, problem: &Problem) {
    if problem.code != Code::BudgetReached {
        let line = serde_json::json!({ "level": "warn", "at": "mind", "tenant": tenant, "for": name,
            "code": problem.code });
        worker::console_warn!("{line}");
    }
}
