//! A request that a function sees: its runs, what it asks in between, and what it decides.

use std::future::ready;

use aion_api::idempotency::Idempotency;
use aion_api::object;
use aion_api::object::function::{RUN_URL, Ran, Run, SERVICE};
use aion_api::object::gateway::FunctionCall;
use aion_api::problem::{Code, Problem};
use aion_api::v1::egress::Hosts;
use aion_api::v1::tasks::SubmitTask;
use aion_function::limits::INPUT_MAX_BYTES;
use aion_function::{Answer as Told, Bytes, Caller, Ended, Event, FailureKind, Input, Limits, Outcome, Request};
use aion_shell::call::bounded;
use axum::body::Body;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::{HeaderName, HeaderValue, StatusCode};
use kernel_do::function::{Asks, Means, is_free};
use serde_json::{Value, json};

use crate::answer::{self, Answer};
use crate::ask::Party;
use crate::routes::tasks;
use crate::script;

/// What a function decides.
pub enum Decision {
    /// It answers.
    Answer(Answer),
    /// The request goes on, with more headers, and with this body.
    Pass { headers: Vec<(String, String)>, body: Vec<u8> },
}

/// A request that a function is to see.
pub struct Sent {
    pub method: String,
    pub path: String,
    pub query: String,
    pub body: Vec<u8>,
}

/// Reads what a function is to see of a body.
pub async fn read(response: worker::web_sys::Response) -> Result<Vec<u8>, Problem> {
    let unreadable = |_| Problem::new(Code::RequestMalformed, "the request cannot be read");
    let body = bounded(&mut response.into(), INPUT_MAX_BYTES).await.map_err(unreadable)?;
    let large = || Problem::new(Code::RequestTooLarge, format!("a function sees at most {INPUT_MAX_BYTES} bytes"));
    body.ok_or_else(large)
}

/// Has a function decide about a request of its tenant's gateway.
pub async fn decide(party: &Party<'_>, call: FunctionCall, sent: Sent) -> Result<Decision, Problem> {
    let FunctionCall { name, headers, params } = call;
    let via = headers.iter().find(|(name, _)| name == "via").map(|(_, via)| via.clone()).unwrap_or_default();
    let Sent { method, path, query, body } = sent;
    let request = Request { method, path, query, headers, params, body: Bytes(body) };
    let caller = Caller { tenant: party.tenant.to_owned(), key: party.key.map(str::to_owned) };
    let mut run = Run {
        tenant: party.tenant.to_owned(),
        name,
        pin: None,
        trace: party.trace.clone(),
        input: Input { caller, event: Event::Request(request) },
        answers: Vec::new(),
    };
    match outcome(party, &mut run, &via).await? {
        Outcome::Answer { status, headers, body } => Ok(Decision::Answer(answer(status, &headers, body.0))),
        Outcome::Pass { headers, body } => {
            let Event::Request(request) = run.input.event else {
                return Err(Problem::internal());
            };
            let lower = |(name, value): (String, String)| (name.to_ascii_lowercase(), value);
            let headers = headers.into_iter().map(lower).collect();
            Ok(Decision::Pass { headers, body: body.unwrap_or(request.body).0 })
        }
        Outcome::Step { .. } => Err(Problem::internal()),
    }
}

/// Behind a route: a caller who sends a request again has sent it twice.
impl Means for Party<'_> {
    fn may_send(&self) -> bool {
        true
    }

    fn hosts(&self) -> LocalBoxFuture<'_, Result<Hosts, Problem>> {
        ready(Ok(self.hosts.clone())).boxed_local()
    }

    fn submit(&self, idempotency: Idempotency, task: SubmitTask) -> LocalBoxFuture<'_, Result<Value, Problem>> {
        // In the function's name, whoever calls it.
        let party = Party { key: None, ..*self };
        async move { tasks::submitted(&party, idempotency, task).await.map(|submitted| submitted.task) }.boxed_local()
    }
}

/// Runs a function again and again, each time with one answer more, until it ends.
async fn outcome(party: &Party<'_>, run: &mut Run, via: &str) -> Result<Outcome, Problem> {
    for _ in 0..=Limits::default().asks {
        let text = serde_json::to_string(run).map_err(|_| Problem::internal())?;
        let (status, body) = script::post(party.app, SERVICE, RUN_URL, text).await?;
        let Ran { pin, grants, ended } = object::read_answer(status, &body).map_err(|problem| unknown(run, problem))?;
        let version = pin.version;
        run.pin = Some(pin);
        match ended {
            Ended::Done(output) => {
                log(run, version, None, &output.log);
                return Ok(output.outcome);
            }
            Ended::Failed(failure) => {
                log(run, version, Some(failure.kind), &failure.log);
                return Err(failed(run, failure.kind, &failure.detail));
            }
            Ended::Needs(ask) => {
                let Party { app, trace, tenant, .. } = *party;
                let (public_host, function) = (&app.public_host, &run.name);
                let asks = Asks { env: &app.env, trace, public_host, tenant, function, via, means: party };
                let told = asks.perform(&grants, &ask).await;
                run.answers.push(Told { ask, told });
            }
        }
    }
    Err(failed(run, FailureKind::TooManyAsks, "it has asked too often"))
}

fn failed(run: &Run, kind: FailureKind, detail: &str) -> Problem {
    Problem::new(Code::FunctionFailed, format!("{}: {kind}: {detail}", run.name))
}

fn unknown(run: &Run, problem: Problem) -> Problem {
    if problem.code != Code::ResourceUnknown {
        return problem;
    }
    Problem::new(Code::FunctionUnknown, format!("the tenant has no function {}", run.name))
}

/// What a function has logged, and how it failed if it did, is one line of the platform's log.
fn log(run: &Run, version: u64, failed: Option<FailureKind>, lines: &[String]) {
    if failed.is_none() && lines.is_empty() {
        return;
    }
    let line = json!({
        "level": "info",
        "at": "function",
        "tenant": run.tenant,
        "function": run.name,
        "functionVersion": version,
        "failed": failed.map(FailureKind::as_str),
        "runs": run.answers.len() + 1,
        "log": lines,
        "requestId": run.trace.request_id,
        "traceId": run.trace.trace_id(),
    });
    worker::console_log!("{line}");
}

/// A function's answer. What belongs to the connection, or names its length, is the platform's to say.
fn answer(status: u16, headers: &[(String, String)], body: Vec<u8>) -> Answer {
    // These have no body (RFC 9110 section 6.4.1).
    let empty = matches!(status, 204 | 205 | 304);
    let mut answer = answer::empty(StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY));
    if !empty {
        *answer.body_mut() = Body::from(body);
    }
    for (name, value) in headers {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value))
            && is_free(name.as_str())
        {
            answer.headers_mut().append(name, value);
        }
    }
    answer
}
