//! `function.run`: a step's function, run in the script `aion-functions`.

use aion_api::object;
use aion_api::object::function::{RUN_URL, Ran, Run, SERVICE};
use aion_api::problem::Problem;
use aion_function::{Answer, Caller, Ended, Event, Failure, Input, Limits, Outcome as Given, Step, Told};
use aion_shell::call;
use aion_task::Outcome;
use serde_json::{Value, json};
use worker::Env;

use super::shard::Outgoing;

/// What a step's function is told about whatever it asks.
const NOT_OFFERED: &str = "notOffered";
/// An error's reason has so many characters of what the function wrote.
const REASON_MAX_CHARS: usize = 500;

/// Runs a function to its end. Nothing that it asks is performed: its step does so by steps of its own.
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
    for _ in 0..=Limits::default().asks {
        let text = serde_json::to_string(&run).map_err(|_| Problem::internal())?;
        let (status, body) = call::script(env, SERVICE, RUN_URL, text).await?;
        let Ran { pin, ended, .. } = object::read_answer(status, &body)?;
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
                let detail = "a step's function asks nothing: let steps do it, and give it their outputs".to_owned();
                run.answers.push(Answer { ask, told: Told::Problem { code: NOT_OFFERED.to_owned(), detail } });
            }
        }
    }
    Err(Problem::internal())
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
