//! `function.run`: a step's function, run in the script `aion-functions`, and what it asks in between.

use aion_api::idempotency::Idempotency;
use aion_api::object;
use aion_api::object::function::{RUN_URL, Ran, Run, SERVICE};
use aion_api::problem::Problem;
use aion_api::v1::egress::Hosts;
use aion_api::v1::tasks::SubmitTask;
use aion_function::{Answer, Caller, Ended, Event, Failure, Input, Limits, Outcome as Given, Step};
use aion_shell::call;
use aion_task::Outcome;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use serde_json::{Value, json};
use worker::Env;

use super::http;
use super::shard::Outgoing;
use crate::function::{Asks, Means};
use crate::submit::{self, Submission};

/// An error's reason has so many characters of what the function wrote.
const REASON_MAX_CHARS: usize = 500;

/// Runs a function to its end, with one answer more each time.
pub(super) async fn perform(
    env: &Env,
    outgoing: &Outgoing,
    name: &str,
    input: &Value,
) -> Result<Result<Outcome, String>, Problem> {
    let tenant = outgoing.tenant.clone();
    let mut run = Run {
        tenant: tenant.clone(),
        name: name.to_owned(),
        pin: None,
        trace: outgoing.trace.clone(),
        input: Input { caller: Caller { tenant, key: None }, event: Event::Step(Step { input: input.clone() }) },
        answers: Vec::new(),
    };
    let public_host = env.var("PUBLIC_HOST").map_err(|error| call::fault("PUBLIC_HOST", &error))?.to_string();
    let means = OfStep { env, outgoing };
    let (tenant, trace) = (&*outgoing.tenant, &outgoing.trace);
    let asks = Asks { env, trace, public_host: &public_host, tenant, function: name, via: "", means: &means };
    for _ in 0..=Limits::default().asks {
        let text = serde_json::to_string(&run).map_err(|_| Problem::internal())?;
        let (status, body) = call::script(env, SERVICE, RUN_URL, text).await?;
        let Ran { pin, grants, ended } = object::read_answer(status, &body)?;
        run.pin = Some(pin);
        match ended {
            Ended::Done(output) => {
                log(outgoing, name, None, &output.log);
                return Ok(Ok(meaning(output.outcome)));
            }
            Ended::Failed(Failure { kind, detail, log: lines }) => {
                log(outgoing, name, Some(kind.as_str()), &lines);
                return Ok(Ok(Outcome::Fatal { code: format!("function.{kind}"), reason: detail }));
            }
            Ended::Needs(ask) => {
                let told = asks.perform(&grants, &ask).await;
                run.answers.push(Answer { ask, told });
            }
        }
    }
    Err(Problem::internal())
}

/// A step, which is tried again after its answer was lost: what it starts is started once by its key, and it sends
/// nothing that would be sent twice.
struct OfStep<'a> {
    env: &'a Env,
    outgoing: &'a Outgoing,
}

impl Means for OfStep<'_> {
    fn may_send(&self) -> bool {
        false
    }

    fn hosts(&self) -> LocalBoxFuture<'_, Result<Hosts, Problem>> {
        async { http::egress(self.env, self.outgoing).await.map(|egress| egress.hosts.clone()) }.boxed_local()
    }

    fn submit(&self, idempotency: Idempotency, task: SubmitTask) -> LocalBoxFuture<'_, Result<Value, Problem>> {
        async {
            let Outgoing { tenant, trace, .. } = self.outgoing;
            let SubmitTask { definition, input } = task;
            let definition = match definition.as_str() {
                Some(reference) => submit::stored(self.env, tenant, None, trace, reference).await?.definition,
                None => definition,
            };
            let shards = submit::shards(self.env, tenant, trace).await?;
            let new = Submission { tenant, key: None, trace, idempotency, definition, input };
            Ok(submit::submit(self.env, &shards, &new).await?.task)
        }
        .boxed_local()
    }
}

fn meaning(given: Given) -> Outcome {
    match given {
        Given::Step { status: 0..400, output } => Outcome::Done { output },
        Given::Step { status, output } => {
            let reason = output.as_str().map_or_else(|| output.to_string(), str::to_owned);
            let reason = reason.chars().take(REASON_MAX_CHARS).collect();
            Outcome::Fatal { code: format!("function.{status}"), reason }
        }
        Given::Answer { .. } | Given::Pass { .. } => {
            Outcome::Fatal { code: "function.noAnswer".to_owned(), reason: "a step has an output".to_owned() }
        }
    }
}

/// What a function has logged, and how it failed if it did, is one line of the platform's log.
fn log(outgoing: &Outgoing, name: &str, failed: Option<&str>, lines: &[String]) {
    if failed.is_none() && lines.is_empty() {
        return;
    }
    let line = json!({
        "level": "info",
        "at": "function",
        "tenant": outgoing.tenant,
        "function": name,
        "task": outgoing.task,
        "failed": failed,
        "log": lines,
        "requestId": outgoing.trace.request_id,
        "traceId": outgoing.trace.trace_id(),
    });
    worker::console_log!("{line}");
}
