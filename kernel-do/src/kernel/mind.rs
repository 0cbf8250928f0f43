//! `mind.*`: steps that the script does which asks models. It goes on with the same work under the step's key.

use aion_api::object;
use aion_api::object::mind::{Ask, Handed, STEP, Step, Told};
use aion_api::problem::{Code, Problem};
use aion_shell::call;
use aion_task::Outcome;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::Value;
use worker::js_sys::Uint8Array;
use worker::{Env, Response};

use super::shard::Outgoing;
use crate::mind::{self, Further};

/// A step asks nothing that only a caller at the edge can be asked.
struct Nothing;

impl Further for Nothing {
    fn perform<'a>(&'a self, _: &'a Ask) -> LocalBoxFuture<'a, Result<Told, Problem>> {
        async { Err(Problem::new(Code::ResourceUnknown, "a step cannot have this done")) }.boxed_local()
    }
}

/// Has a step done.
pub(super) async fn perform(env: &Env, outgoing: &Outgoing, kind: &str, input: &Value) -> Result<Outcome, Problem> {
    let (operation, tenant, trace) = (STEP.to_owned(), outgoing.tenant.clone(), outgoing.trace.clone());
    let handed = Handed { operation, tenant, trace, ..Handed::default() };
    let step = Step { kind: kind.to_owned(), key: outgoing.effect.key.clone(), input: input.clone() };
    let body = serde_json::to_vec(&step).map_err(|error| call::fault("mind step", &error))?;
    let response = mind::answer(env, &handed, &Uint8Array::from(body.as_slice()), &Nothing).await?;
    let body = Response::from(response).bytes().await.map_err(|error| call::fault("mind outcome", &error))?;
    object::read(&body).map_err(|error| call::fault("mind outcome", &error))
}
