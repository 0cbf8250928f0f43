//! The gate: everything that happens to a request before and after its handler.

use std::collections::HashMap;
use std::sync::Arc;

use aion_api::limits;
use aion_api::operations::{Credential, Operation};
use aion_api::problem::{Code, Problem};
use aion_api::trace::{REQUEST_ID_HEADER, TRACEPARENT_HEADER, Trace};
use aion_shell::call;
use aion_shell::span::{self, Span};
use axum::body::{Body, Bytes};
use axum::extract::{FromRequestParts, Path, Query, Request};
use futures_util::future::LocalBoxFuture;
use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::request::Parts;
use http_body_util::LengthLimitError;
use serde_json::json;

use crate::answer::{self, Answer};
use crate::app::App;
use crate::ask::{Ask, Caller};
use crate::credential;
use crate::limit::source::{Source, facts};
use crate::limit::{self, Outcome, flood};
use crate::numbers;
use crate::wire::Unread;

/// What answers an operation. Its type is erased, so that what surrounds it stands in the script once and not sixty
/// times.
pub type Handler = Arc<dyn Fn(Ask) -> LocalBoxFuture<'static, Result<Answer, Problem>> + Send + Sync>;

/// What is learned of a request on its way to its handler, for its answer and its line in the log.
#[derive(Default)]
struct Seen {
    caller: Option<Caller>,
    limit: Outcome,
}

/// Runs one operation: trace, floods, credential, limits, bounds, handler, common headers, one line in the log.
pub async fn run(app: App, operation: &'static Operation, request: Request, handler: Handler) -> Answer {
    let started_ms = call::now_ms();
    let (parts, body) = request.into_parts();
    let trace = trace(&parts.headers);
    let mut seen = Seen::default();
    let result = match admit(&app, operation, &trace, parts, body, &mut seen).await {
        Ok(ask) => {
            let _span = Span::begin(operation.id);
            handler(ask).await
        }
        Err(problem) => Err(problem),
    };
    let code = result.as_ref().err().map(|problem| problem.code.as_str());
    let answer = result.unwrap_or_else(|problem| {
        let answer = answer::problem(&app, &trace, &problem);
        if operation.speaks_openai() { answer::in_their_words(answer, &problem) } else { answer }
    });
    let Seen { caller, limit } = &seen;
    let line = json!({
        "level": "info",
        "route": operation.id,
        "status": answer.status().as_u16(),
        "problem": code,
        "tenant": caller.as_ref().map(|caller| caller.tenant.as_str()),
        "key": caller.as_ref().map(|caller| caller.key.as_str()),
        "limit": limit.word,
        "limitRule": limit.rule,
        "limiterCalls": limit.calls,
        "durationMs": call::now_ms().saturating_sub(started_ms),
        "requestId": trace.request_id,
        "traceId": trace.trace_id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    worker::console_log!("{line}");
    let tenant = caller.as_ref().map_or("", |caller| caller.tenant.as_str());
    span::attributes(&[
        ("aion.operation", operation.id),
        ("aion.tenant", tenant),
        ("aion.request_id", trace.request_id.as_str()),
    ]);
    numbers::count(operation.id, answer.status().as_u16(), started_ms, limit);
    answer::finish(limit.on(answer), &trace)
}

/// Answers what no operation takes.
pub async fn refuse(app: &App, request: Request, problem: Problem) -> Answer {
    let (parts, _) = request.into_parts();
    let trace = trace(&parts.headers);
    let problem = flood::check(app, &Source::of(&parts)).await.err().unwrap_or(problem);
    let line = json!({
        "level": "info",
        "problem": problem.code.as_str(),
        "status": problem.status(),
        "requestId": trace.request_id,
        "traceId": trace.trace_id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    worker::console_log!("{line}");
    answer::finish(answer::problem(app, &trace, &problem), &trace)
}

/// Answers a request that cannot even be read.
pub fn refuse_unreadable(app: &App) -> Answer {
    let trace = trace(&HeaderMap::new());
    let problem = Problem::new(Code::RequestMalformed, "the request or one of its headers cannot be read");
    answer::finish(answer::problem(app, &trace, &problem), &trace)
}

async fn admit(
    app: &App,
    operation: &'static Operation,
    trace: &Trace,
    mut parts: Parts,
    body: Body,
    seen: &mut Seen,
) -> Result<Ask, Problem> {
    let source = Source::of(&parts);
    flood::check(app, &source).await.inspect_err(|_| seen.limit.word = Some("flood"))?;
    let authorization = parts.headers.get(AUTHORIZATION).map(|value| value.to_str().unwrap_or("unreadable"));
    let span = Span::begin("credential");
    let (caller, refused) = match credential::check(app, trace, operation, authorization).await {
        Ok(caller) => (caller, None),
        Err(problem) => (None, Some(problem)),
    };
    drop(span);
    seen.caller = caller;
    let unreadable = |_| Problem::new(Code::RequestMalformed, "the path cannot be read");
    let path = Path::<HashMap<String, String>>::from_request_parts(&mut parts, &()).await.map_err(unreadable);
    // Whoever shows nothing valid is limited as a stranger, so that nobody tries credentials without an end.
    let Seen { caller, limit } = seen;
    let operator = operation.credential == Credential::Operator && refused.is_none();
    let did = path.as_ref().ok().and_then(|path| path.0.get("did")).map(String::as_str);
    let facts = facts(operation, caller.as_ref(), operator, did, &source);
    let own = caller.as_ref().map_or(&[][..], |caller| &caller.snapshot.limits);
    let span = Span::begin("limits");
    limit::check(app, trace, &facts, own, limit).await?;
    drop(span);
    refused.map_or(Ok(()), Err)?;
    debug_assert!(caller.is_some() || !matches!(operation.credential, Credential::Key(_)));
    let Path(path) = path?;
    let Query(query) = Query::from_request_parts(&mut parts, &()).await.map_err(|_| unreadable_query())?;
    let (body, unread) = content(operation, &mut parts, body).await?;
    let ask = Ask {
        app: app.clone(),
        operation,
        trace: trace.clone(),
        caller: caller.clone(),
        source,
        path,
        query,
        headers: parts.headers,
        body,
        unread,
    };
    if operation.idempotent {
        ask.idempotency(operation.path)?;
    }
    Ok(ask)
}

fn unreadable_query() -> Problem {
    Problem::new(Code::RequestMalformed, "the query cannot be read, or names a parameter twice")
}

/// The body, bounded: read, or as it is if it says how long it is and nobody here reads it. What is said to a model is
/// long where it has images, and would stand in the memory of two scripts.
async fn content(operation: &Operation, parts: &mut Parts, body: Body) -> Result<(Bytes, Option<Unread>), Problem> {
    if operation.request.is_empty() {
        return Ok((Bytes::new(), None));
    }
    let media_type = parts.headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = media_type.split(';').next().unwrap_or_default().trim();
    let (wanted, max_bytes) = (operation.media_type(), operation.body_max_bytes());
    if !operation.takes(essence) {
        return Err(Problem::new(Code::RequestMediaType, format!("send the body as {wanted}")));
    }
    let unread = parts.extensions.remove::<Unread>().filter(|_| operation.asks_a_model());
    if let Some(unread) = unread.filter(|unread| unread.length <= max_bytes as u64) {
        return Ok((Bytes::new(), Some(unread)));
    }
    let read = axum::body::to_bytes(body, max_bytes).await;
    read.map(|bytes| (bytes, None)).map_err(|error| {
        if error.into_inner().is::<LengthLimitError>() { limits::too_large(max_bytes) } else { limits::cut_short() }
    })
}

fn trace(headers: &HeaderMap) -> Trace {
    let mut random = [0; 24];
    // Ids of log lines alone: if the platform had no randomness, the request would still be served.
    let _ = getrandom::fill(&mut random);
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    Trace::accept(header(REQUEST_ID_HEADER), header(TRACEPARENT_HEADER), &random)
}
