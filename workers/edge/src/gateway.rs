//! The door to the gateway: requests below `/g/{tenant}`, and those of hosts that the deployment gives to a tenant, are
//! handed over to the script `aion-gateway`, which knows the tenant's routes.
//!
//! The edge says who calls, counts the request, and carries out what its own API is the target of. Bodies pass as
//! streams, in both directions, and so does a WebSocket.

use std::rc::Rc;

use aion_api::object::gateway::{HANDED_HEADER, Handed, OWN_HEADER, Own, SERVICE};
use aion_api::object::header::{PROBLEM_HEADER, header_text};
use aion_api::object::tenant::Snapshot;
use aion_api::problem::{Code, Problem};
use aion_api::trace::{REQUEST_ID_HEADER, TRACEPARENT_HEADER, Trace};
use aion_api::v1::gateway::{OPERATION, PATH};
use aion_limit::Facts;
use aion_shell::call;
use http::{HeaderName, HeaderValue, Method};
use serde_json::json;
use wasm_bindgen::JsValue;
use worker::js_sys::Uint8Array;
use worker::worker_sys::ext::RequestExt;
use worker::{Headers, Response, web_sys};

use crate::answer;
use crate::app::App;
use crate::ask::Party;
use crate::credential;
use crate::function::{self, Decision, Sent};
use crate::limit::source::Source;
use crate::limit::{self, Outcome, flood};
use crate::{numbers, script, wire};

/// Where the gateway begins in paths of the deployment's own host.
const MOUNT: &str = "/g/";

/// A request of a tenant's gateway.
pub struct Mounted {
    tenant: String,
    host: String,
    path: String,
    query: String,
}

/// Whether a URL is one of a tenant's gateway.
pub fn mounted(app: &App, url: &str) -> Option<Mounted> {
    let rest = url.split_once("://")?.1;
    let (authority, rest) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.split(':').next().unwrap_or_default();
    let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let (tenant, path) = if let Some(tenant) = app.gateway_hosts.get(host) {
        (tenant.as_str(), path)
    } else {
        let below = path.strip_prefix(MOUNT)?;
        below.split_at(below.find('/').unwrap_or(below.len()))
    };
    let path = if path.is_empty() { "/" } else { path };
    let (tenant, host) = (tenant.to_owned(), host.to_owned());
    Some(Mounted { tenant, host, path: path.to_owned(), query: query.to_owned() })
}

/// What is learned of a request on its way, for its line in the log.
#[derive(Default)]
struct Seen {
    key: Option<String>,
    limit: Outcome,
    own: bool,
    function: Option<String>,
}

/// Serves a request of a tenant's gateway.
pub async fn serve(app: &App, mounted: Mounted, request: web_sys::Request) -> worker::Result<web_sys::Response> {
    let (started_ms, tenant) = (call::now_ms(), mounted.tenant.clone());
    let headers = Headers(request.headers());
    let header = |name: &str| headers.get(name).ok().flatten();
    let trace = Trace::accept(header(REQUEST_ID_HEADER).as_deref(), header(TRACEPARENT_HEADER).as_deref(), &random());
    let mut seen = Seen::default();
    let result = answered(app, mounted, request, &trace, &mut seen).await;
    let (status, problem) = match &result {
        Ok(response) => (response.status(), None),
        Err(problem) => (problem.status(), Some(problem.code.as_str())),
    };
    let line = json!({
        "level": "info",
        "route": OPERATION,
        "own": seen.own,
        "function": seen.function,
        "status": status,
        "problem": problem,
        "tenant": tenant,
        "key": seen.key,
        "limit": seen.limit.word,
        "limitRule": seen.limit.rule,
        "limiterCalls": seen.limit.calls,
        "durationMs": call::now_ms().saturating_sub(started_ms),
        "requestId": trace.request_id,
        "traceId": trace.trace_id(),
        "version": env!("CARGO_PKG_VERSION"),
    });
    worker::console_log!("{line}");
    numbers::count(OPERATION, status, started_ms, &seen.limit);
    match result {
        Ok(response) => Ok(response),
        Err(problem) => wire::response(answer::finish(seen.limit.on(answer::problem(app, &trace, &problem)), &trace)),
    }
}

fn random() -> [u8; 24] {
    let mut random = [0; 24];
    // Ids of log lines alone: if the platform had no randomness, the request would still be served.
    _ = getrandom::fill(&mut random);
    random
}

async fn answered(
    app: &App,
    mounted: Mounted,
    request: web_sys::Request,
    trace: &Trace,
    seen: &mut Seen,
) -> Result<web_sys::Response, Problem> {
    let (mut handed, snapshot) = admitted(app, mounted, &request, trace, seen).await?;
    let (response, own) = handed_over(app, &request, &handed, None).await?;
    let Some(mut own) = own else {
        return Ok(response);
    };
    let Some(call) = own.function.take() else {
        seen.own = true;
        return carried_out(app, &request, own, response).await;
    };
    seen.function = Some(call.name.clone());
    let body = function::read(response).await?;
    let sent = Sent { method: request.method(), path: handed.path.clone(), query: handed.query.clone(), body };
    let key = handed.key.as_deref();
    let (tenant, shards, hosts) = (&*handed.tenant, &snapshot.shards, &snapshot.hosts);
    match function::decide(&Party { app, trace, tenant, key, shards, hosts }, call, sent).await? {
        Decision::Answer(answer) => {
            let mut answer = seen.limit.on(answer);
            change(answer.headers_mut(), &own.rewrite.remove_answer_headers, own.rewrite.set_answer_headers.iter());
            let answer = answer::with(answer, HeaderName::from_static(REQUEST_ID_HEADER), &trace.request_id);
            let answer = answer::with(answer, HeaderName::from_static(TRACEPARENT_HEADER), &trace.traceparent);
            wire::response(answer).map_err(|error| call::fault("function", &error))
        }
        Decision::Pass { headers, body } => {
            handed.passed = Some(headers);
            match handed_over(app, &request, &handed, Some(&body)).await? {
                (response, None) => Ok(response),
                (response, Some(own)) if own.function.is_none() => {
                    seen.own = true;
                    carried_out(app, &request, own, response).await
                }
                _ => Err(Problem::internal()),
            }
        }
    }
}

/// Hands a request over to the gateway. With its answer comes what is ours to carry out, if something is; that answer's
/// body is then the request's.
async fn handed_over(
    app: &App,
    request: &web_sys::Request,
    handed: &Handed,
    body: Option<&[u8]>,
) -> Result<(web_sys::Response, Option<Own>), Problem> {
    let onward = onward(request, handed, body).map_err(|error| script::away(SERVICE, &error))?;
    let response = call::send_script(&app.env, SERVICE, &onward).await?;
    let headers = Headers(response.headers());
    let header = |name: &str| headers.get(name).ok().flatten();
    if header(PROBLEM_HEADER).is_some() {
        return Err(Response::from(response).json().await.unwrap_or_else(|_| Problem::internal()));
    }
    let own = header(OWN_HEADER).map(|own| serde_json::from_str(&own)).transpose();
    Ok((response, own.map_err(|error| call::fault("own", &error))?))
}

/// Who calls; refuses a request that has no tenant, or is one too many.
async fn admitted(
    app: &App,
    mounted: Mounted,
    request: &web_sys::Request,
    trace: &Trace,
    seen: &mut Seen,
) -> Result<(Handed, Rc<Snapshot>), Problem> {
    let headers = Headers(request.headers());
    let country = request.cf().and_then(|cf| cf.country().ok().flatten());
    let source = Source::new(headers.get(Source::ADDRESS_HEADER).ok().flatten().as_deref(), country);
    flood::check(app, &source).await.inspect_err(|_| seen.limit.word = Some("flood"))?;
    let Mounted { tenant, host, path, query } = mounted;
    let (snapshot, key) = {
        let authorization = headers.get("authorization").ok().flatten();
        let unknown = || Problem::new(Code::RouteUnknown, "there is no gateway here");
        credential::of_gateway(app, trace, &tenant, authorization.as_deref()).await?.ok_or_else(unknown)?
    };
    seen.key.clone_from(&key);
    let facts = Facts {
        operation: OPERATION,
        path: PATH,
        scope: None,
        tenant: Some(&tenant),
        key: key.as_deref(),
        operator: false,
        did: None,
        ip: source.ip,
        country: source.country.as_deref(),
        writes: !matches!(request.method().as_str(), "GET" | "HEAD" | "OPTIONS"),
        moves_money_or_rights: false,
    };
    limit::check(app, trace, &facts, &snapshot.limits, &mut seen.limit).await?;
    let (ip, country) = (source.ip.map(|ip| ip.to_string()), source.country);
    let (hosts, trace, answer) = (snapshot.hosts.clone(), trace.clone(), owned(seen.limit.fields()));
    let handed = Handed { tenant, host, path, query, key, ip, country, trace, hosts, answer, passed: None };
    Ok((handed, snapshot))
}

fn owned(fields: Vec<(&str, String)>) -> Vec<(String, String)> {
    fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The same request with what is handed over, and nothing that pretends to be it; with the body that a function has let
/// pass, if it was one's to see.
fn onward(request: &web_sys::Request, handed: &Handed, body: Option<&[u8]>) -> Result<web_sys::Request, JsValue> {
    let headers = Headers(web_sys::Headers::new_with_headers(&request.headers())?);
    let text = header_text(handed).map_err(|error| JsValue::from_str(&error.to_string()))?;
    headers.0.set(HANDED_HEADER, &text)?;
    let init = web_sys::RequestInit::new();
    init.set_headers(headers.as_ref());
    init.set_redirect(web_sys::RequestRedirect::Manual);
    let Some(body) = body else {
        return web_sys::Request::new_with_request_and_init(request, &init);
    };
    for name in ["content-length", "transfer-encoding"] {
        headers.0.delete(name)?;
    }
    init.set_headers(headers.as_ref());
    let method = request.method();
    if !body.is_empty() && !matches!(method.as_str(), "GET" | "HEAD") {
        init.set_body(&Uint8Array::from(body));
    }
    init.set_method(&method);
    web_sys::Request::new_with_str_and_init(&request.url(), &init)
}

/// Has our own API answer, as if it had been asked itself. It cannot lead back here: its paths begin elsewhere.
async fn carried_out(
    app: &App,
    request: &web_sys::Request,
    own: Own,
    response: web_sys::Response,
) -> Result<web_sys::Response, Problem> {
    let unreadable = |_| Problem::new(Code::RequestMalformed, "the request cannot be read");
    let Own { path, rewrite, .. } = own;
    if path.starts_with(MOUNT) {
        return Err(Problem::new(Code::RouteUnknown, "a gateway does not lead into a gateway"));
    }
    let body = wire::body(response.body());
    let mut inner = http::Request::builder().uri(format!("{}{path}", app.origin()));
    inner = inner.method(Method::from_bytes(request.method().as_bytes()).unwrap_or_default());
    for (name, value) in Headers(request.headers()).entries() {
        inner = inner.header(name, value);
    }
    let mut inner = inner.body(body).map_err(unreadable)?;
    change(inner.headers_mut(), &rewrite.remove_headers, rewrite.set_headers.iter());
    let mut answer = crate::api(app, inner).await.map_err(|error| call::fault("own", &error))?;
    change(answer.headers_mut(), &rewrite.remove_answer_headers, rewrite.set_answer_headers.iter());
    wire::response(answer).map_err(|error| call::fault("own", &error))
}

fn change<'a>(headers: &mut http::HeaderMap, removed: &[String], set: impl Iterator<Item = (&'a String, &'a String)>) {
    for name in removed {
        headers.remove(name.as_str());
    }
    for (name, value) in set {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name.as_bytes()), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}
