//! Conversations whose callers take an answer that was given before: from the tenant's object, or from a model.

use aion_api::object::mind::Handed;
use aion_api::problem::Problem;
use aion_mind::budget::Payer;
use aion_mind::cache::{self, Status};
use aion_mind::wire::ChatRequest;
use aion_shell::call::fault;
use worker::{Context, Env, Response};

use crate::chat::{self, Caller, Keep, Refusal};
use crate::object::{self, Order, Told};
use crate::stream::{self, Words};

/// Answers a caller, in these words. What is given again costs nothing, and goes to nobody who is stopped.
pub async fn answer(
    env: &Env,
    context: &Context,
    handed: &Handed,
    request: &ChatRequest,
    words: &Words,
) -> Result<Response, Refusal> {
    let payer = Payer { key: handed.key.clone(), ..Payer::default() };
    let caller = Caller { env, handed, payer: &payer, keep: Keep::Nothing, context: None };
    let Some(caching) = request.cache else {
        return chat::answer(context, caller, request, words).await;
    };
    let (key, max_age_s) = (cache::key(request), u64::from(caching.max_age_s));
    let order = Order::Known { key: key.clone(), payer: payer.clone() };
    let Told::Known { known } = object::ask(env, handed, order).await? else {
        return Err(Problem::internal().into());
    };
    let (response, status) = match known {
        Some((reply, age_s)) if age_s < max_age_s => {
            let response = if request.stream { stream::known(&reply, words) } else { chat::written(&reply, words) };
            (response?, Status::Hit { ttl_s: max_age_s - age_s })
        }
        known => {
            let caller = Caller { keep: Keep::Again(&key), ..caller };
            let status = if known.is_some() { Status::Old } else { Status::Miss };
            (chat::answer(context, caller, request, words).await?, status)
        }
    };
    let set = response.headers().set("cache-status", &status.to_string());
    set.map_err(|error| fault("answer", &error))?;
    Ok(response)
}
