//! One request: the route that takes it, the targets that it goes to, and what its answer becomes.
//!
//! Bodies pass as streams, in both directions, and so does a WebSocket; nothing is buffered but what a cache keeps.

use std::rc::Rc;

use aion_api::object::eyes::catalogue;
use aion_api::object::gateway::{FunctionCall, Handed, OWN_HEADER, Own};
use aion_api::object::header::header_text;
use aion_api::problem::{Code, Problem};
use aion_api::trace::{REQUEST_ID_HEADER, TRACEPARENT_HEADER};
use aion_gateway::cache::{Forward, Status};
use aion_gateway::path::{Params, fill};
use aion_gateway::select::Unrouted;
use aion_gateway::table::{Credential, Rewrite, Route};
use aion_shell::{call, eyes};
use serde_json::json;
use worker::{Context, Env, Headers, Response, web_sys};

use crate::facts::{self, Sent};
use crate::forward::{self, Hop, Plan};
use crate::memory::{self, Kept};
use crate::{cached, flight};

/// What a request that has passed so many gateways is refused with: it goes round in circles.
pub const VIA: &str = "1.1 aion";
const VIA_MAX: usize = 4;

/// A body that goes back to the edge has at most so many bytes: what a function sees, and more than our own API takes.
const BACK_MAX_BYTES: usize = 1 << 20;

/// What is learned of a request on its way, for its line in the log.
#[derive(Default)]
pub struct Seen {
    route: Option<String>,
    target: Option<String>,
    tries: usize,
    pub cache: Option<Status>,
}

/// Serves a request that the edge has handed over.
pub async fn serve(
    env: Env,
    handed: Handed,
    request: web_sys::Request,
    context: &Context,
) -> worker::Result<web_sys::Response> {
    let (started_ms, sent, mut seen) = (call::now_ms(), Sent::of(&handed, request), Seen::default());
    let result = route(&env, &handed, &sent, context, &mut seen).await;
    let (status, problem) = match &result {
        Ok(response) => (response.status_code(), None),
        Err(problem) => (problem.status(), Some(problem.code.as_str())),
    };
    let trace = &handed.trace;
    let line = json!({
        "level": "info",
        "route": "gateway",
        "name": seen.route,
        "target": seen.target,
        "tries": seen.tries,
        "cache": seen.cache.map(|cache| cache.to_text()),
        "status": status,
        "problem": problem,
        "tenant": handed.tenant,
        "key": handed.key,
        "durationMs": call::now_ms().saturating_sub(started_ms),
        "requestId": trace.request_id,
        "traceId": trace.trace_id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    worker::console_log!("{line}");
    let response = match result {
        Ok(response) => response,
        Err(problem) => return call::refuse(&problem).map(Into::into),
    };
    let headers = response.headers();
    headers.set(REQUEST_ID_HEADER, &trace.request_id)?;
    headers.set(TRACEPARENT_HEADER, &trace.traceparent)?;
    for (name, value) in &handed.answer {
        headers.set(name, value)?;
    }
    if let Some(cache) = seen.cache {
        let outcome = match cache {
            Status::Hit { ttl_s, .. } if ttl_s < 0 => "stale",
            Status::Hit { .. } => "hit",
            Status::Forwarded { why: Forward::Bypass, .. } => "bypass",
            Status::Forwarded { .. } => "miss",
        };
        eyes::record(|recorder| recorder.add(catalogue::CACHE, &[("outcome", outcome)], 1));
        headers.set("cache-status", &cache.to_text())?;
    }
    Ok(response.into())
}

async fn route(
    env: &Env,
    handed: &Handed,
    sent: &Sent,
    context: &Context,
    seen: &mut Seen,
) -> Result<Response, Problem> {
    let kept = memory::snapshot(env, handed).await?;
    let (route, params) = kept.routes.select(sent).map_err(unrouted)?;
    seen.route = Some(route.name.clone());
    if sent.header("via").is_some_and(|via| via.matches(VIA).count() >= VIA_MAX) {
        return Err(Problem::new(Code::RequestMalformed, "the request has passed this gateway again and again"));
    }
    admitted(handed, sent, route)?;
    memory::deposit();
    if let Some(name) = route.function().filter(|_| handed.passed.is_none()) {
        seen.target = Some(format!("function:{name}"));
        let (headers, params) = (sent.shown(route, handed), params.into_iter().collect());
        let function = Some(FunctionCall { name: name.to_owned(), headers, params });
        let path = format!("{}{}", handed.path, handed.query);
        return give_back(sent, &Own { path, rewrite: route.rewrite.clone(), function }).await;
    }
    let path = path(route, &params, handed);
    let ticket = sent.ticket(route, handed.key.as_deref());
    let (hops, waits_ms) = memory::hops(&kept, &handed.tenant, route, ticket);
    if hops.is_empty() && route.targets.len() == 1 && route.function().is_some() && route.failover.is_empty() {
        let detail =
            format!("the function of the route {} passes the request on, and nothing is behind it", route.name);
        return Err(Problem::new(Code::UpstreamFailed, detail));
    }
    if hops.is_empty() {
        eyes::record(|recorder| recorder.add(catalogue::UPSTREAM, &[("outcome", "open")], 1));
        let problem = Problem::new(Code::UpstreamIll, format!("no target of the route {} is well", route.name));
        return Err(problem.retry_after(u32::try_from(waits_ms.div_ceil(1_000)).unwrap_or(1).max(1)));
    }
    let plan = Plan {
        method: sent.method.clone(),
        path,
        headers: sent.onward(route, handed),
        tries: if sent.may_be_repeated() { route.retry.times } else { 0 },
        statuses: route.retry.statuses.clone(),
        timeout_ms: route.timeout_ms,
        hops,
    };
    mirror(route, sent, &plan, context);
    let work = Work { env, handed, route, kept: &kept, sent, plan };
    let response = match (&route.cache, &work.plan.hops[0]) {
        (_, Hop { origin: None, service: None, .. }) => return own(&work, seen).await,
        (Some(rule), _) => cached::serve(&work, rule, context, seen).await,
        (None, _) => direct(&work, seen).await,
    }?;
    Ok(facts::homeward(route, response))
}

/// A route that wants a key of the tenant is for those who have shown one.
fn admitted(handed: &Handed, sent: &Sent, route: &Route) -> Result<(), Problem> {
    if route.credential == Credential::None || handed.key.is_some() {
        return Ok(());
    }
    Err(match sent.header("authorization") {
        None => Problem::new(Code::CredentialMissing, "send Authorization: Bearer <key>"),
        Some(_) => Problem::new(Code::CredentialInvalid, "the credential is misspelt, revoked or of another tenant"),
    })
}

/// A request with everything that is known of it.
pub struct Work<'a> {
    pub env: &'a Env,
    pub handed: &'a Handed,
    pub route: &'a Route,
    pub kept: &'a Rc<Kept>,
    pub sent: &'a Sent,
    pub plan: Plan,
}

impl Work<'_> {
    /// Why there is no answer.
    pub fn problem(&self, failure: forward::Failure) -> Problem {
        let name = &self.route.name;
        match failure {
            forward::Failure::Unreachable => {
                Problem::new(Code::UpstreamFailed, format!("no target of the route {name} can be reached"))
            }
            forward::Failure::TooSlow => {
                let waited_ms = self.route.timeout_ms;
                Problem::new(Code::UpstreamTimeout, format!("no target of the route {name} answered in {waited_ms} ms"))
            }
        }
    }

    /// Notes what became of each try.
    pub fn note(&self, tried: &[forward::Tried], seen: &mut Seen) {
        seen.tries += tried.len();
        seen.target = tried.last().map(|tried| tried.id.clone()).or_else(|| seen.target.take());
        memory::note(&self.handed.tenant, self.route, tried);
    }
}

fn path(route: &Route, params: &Params, handed: &Handed) -> String {
    let path = route.rewrite.path.as_ref().map_or_else(|| handed.path.clone(), |template| fill(template, params));
    format!("{path}{}", handed.query)
}

fn unrouted(unrouted: Unrouted) -> Problem {
    match unrouted {
        Unrouted::Unknown => Problem::new(Code::RouteUnknown, "no route of this gateway takes the request"),
        Unrouted::Method => Problem::new(Code::MethodUnsupported, "no route of this gateway takes this method here"),
    }
}

/// Passes a request on and its answer back, as streams.
pub async fn direct(work: &Work<'_>, seen: &mut Seen) -> Result<Response, Problem> {
    let sent = forward::send(work.env, &work.plan, work.sent.body(), memory::withdraw).await;
    work.note(&sent.tried, seen);
    sent.result.map_err(|failure| work.problem(failure))
}

/// Gives the request back to the edge: what our own API answers is the edge's to carry out.
async fn own(work: &Work<'_>, seen: &mut Seen) -> Result<Response, Problem> {
    seen.target = Some("api".to_owned());
    let mut rewrite = Rewrite { path: None, ..work.route.rewrite.clone() };
    for (name, value) in work.handed.passed.iter().flatten().filter(|(name, _)| facts::is_free(name)) {
        rewrite.set_headers.entry(name.clone()).or_insert_with(|| value.clone());
    }
    let own = Own { path: work.plan.path.clone(), rewrite, function: None };
    give_back(work.sent, &own).await
}

async fn give_back(sent: &Sent, own: &Own) -> Result<Response, Problem> {
    let text = header_text(own).map_err(|error| call::fault("own", &error))?;
    let headers = Headers::new();
    headers.set(OWN_HEADER, &text).map_err(|error| call::fault("own", &error))?;
    let unreadable = || Problem::new(Code::RequestMalformed, "the request cannot be read");
    let body = web_sys::Response::new_with_opt_readable_stream(sent.body().as_ref()).map_err(|_| unreadable())?;
    // Neither our own API nor a function takes more, and a body that goes back as a stream has been sent once already.
    let bytes = flight::body(Response::from(body), BACK_MAX_BYTES).await.map_err(|_| unreadable())?;
    let large = || Problem::new(Code::RequestTooLarge, format!("at most {BACK_MAX_BYTES} bytes"));
    let response = Response::from_bytes(bytes.ok_or_else(large)?).map_err(|_| unreadable())?;
    Ok(response.with_headers(headers))
}

/// Sends a copy to whoever mirrors the route; nobody waits for it.
fn mirror(route: &Route, sent: &Sent, plan: &Plan, context: &Context) {
    let Some(mirror) = &route.mirror else {
        return;
    };
    let dice = worker::js_sys::Math::random() * 100.0;
    if !sent.may_be_repeated() || dice >= f64::from(mirror.percent) {
        return;
    }
    let mut plan = plan.clone();
    plan.hops = vec![Hop { id: mirror.origin.clone(), origin: Some(mirror.origin.clone()), service: None }];
    plan.tries = 0;
    context.wait_until(async move {
        forward::send_to_origin(&plan).await;
    });
}
