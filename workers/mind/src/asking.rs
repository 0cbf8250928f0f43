//! Questions of plans and tasks to models: each is asked once at a time under its name, and its answer is stored
//! whatever becomes of whoever waits for it.

use std::pin::pin;

use aion_api::problem::{Code, Problem};
use aion_mind::budget::Payer;
use aion_mind::plan::propose::Prompt;
use aion_mind::wire::{ChatRequest, Json, Message, Output, Part, Role};
use aion_shell::call::{fault, now_ms};
use futures_channel::oneshot;
use futures_util::future::{Either, select};
use serde_json::Value;

use crate::chat::{self, Caller, Refusal, Whole};
use crate::object::plans::Order;
use crate::plans::At;
use crate::upstream::wait;

/// Whoever has a model asked says so often that the call goes on, milliseconds.
const STILL_MS: u64 = 15_000;
/// The kernel waits for 25 s for a step; what is stored after a call has to fit too. Milliseconds.
const PATIENCE_MS: u64 = 18_000;

/// A question, who pays for it, and its name.
pub struct Asking {
    pub name: String,
    pub request: ChatRequest,
    pub payer: Payer,
}

/// What is left of the time that a step can be waited for.
pub fn patience_ms(began_ms: u64) -> u64 {
    (began_ms + PATIENCE_MS).saturating_sub(now_ms())
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
    Asking { name, request, payer }: Asking,
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
        let mut asking = pin!(chat::reply(caller, &request));
        let replied = loop {
            match select(asking, wait(STILL_MS)).await {
                Either::Left((replied, _)) => break replied,
                Either::Right(((), rest)) => asking = rest,
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
