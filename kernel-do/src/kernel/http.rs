//! `http.request`: how a request leaves, and what its answer means.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use aion_api::callback::{self, Callback};
use aion_api::object::tenant;
use aion_api::problem::Problem;
use aion_api::v1::egress::Hosts;
use aion_api::vault::{self, Sealed};
use aion_api::{Address, Secret, webhook};
use aion_shell::call::{self, fault, namespace_key, now_ms};
use aion_task::Outcome;
use aion_task::kind::{HeaderValue, Http};
use serde_json::{Map, Value, json};
use worker::wasm_bindgen::JsValue;
use worker::{Env, Fetch, Headers, Method, RequestInit, RequestRedirect, Response};

use super::perform::reply;
use super::shard::Outgoing;
use crate::kek::kek;

/// An answer may have this many bytes; what is picked from it has to fit the output of a step.
const ANSWER_MAX_BYTES: usize = 256 * 1024;
/// Hosts and secrets count for this long: what a tenant takes away stops within it.
const EGRESS_FRESH_MS: u64 = 10_000;
/// An isolate keeps those of this many tenants.
const EGRESS_KEPT_MAX: usize = 100;
/// Headers of an answer that its output keeps.
const KEPT_HEADERS: [&str; 6] = ["content-type", "etag", "last-modified", "link", "location", "x-request-id"];

/// What a tenant's tasks may reach.
pub(super) struct Egress {
    pub hosts: Hosts,
    secrets: BTreeMap<String, Sealed>,
    fetched_ms: u64,
}

/// Sends a request. The error says why nothing is known of it.
pub(super) async fn perform(env: &Env, outgoing: &Outgoing, http: &Http) -> Result<Result<Outcome, String>, Problem> {
    let egress = egress(env, outgoing).await?;
    if !egress.hosts.allows(http.host()) {
        let reason = format!("{} is none of the hosts that this tenant allows: PUT /v1/hosts", http.host());
        return Ok(Ok(Outcome::Fatal { code: "http.host".to_owned(), reason }));
    }
    let mut secrets = HashMap::new();
    for name in http.secrets() {
        let Some(sealed) = egress.secrets.get(name) else {
            let reason = format!("there is no secret {name}: PUT /v1/secrets/{name}");
            return Ok(Ok(Outcome::Fatal { code: "http.secret".to_owned(), reason }));
        };
        let secret = vault::open(&kek(env)?, &outgoing.tenant, name, sealed);
        secrets.insert(name, secret.map_err(|error| fault("secret", &error))?);
    }
    let request = request(env, outgoing, http, &secrets).map_err(|error| fault("http request", &error))?;
    Ok(match Fetch::Request(request).send().await {
        Ok(response) => meaning(http, response).await,
        // The text of a network error says nothing that a retry could be judged by.
        Err(_) => Err("the connection failed".to_owned()),
    })
}

pub(super) async fn egress(env: &Env, outgoing: &Outgoing) -> Result<Rc<Egress>, Problem> {
    thread_local! {
        static KEPT: RefCell<HashMap<String, Rc<Egress>>> = RefCell::default();
    }
    let (tenant, now_ms) = (&outgoing.tenant, now_ms());
    let fresh = |egress: &Rc<Egress>| now_ms.saturating_sub(egress.fetched_ms) < EGRESS_FRESH_MS;
    if let Some(kept) = KEPT.with_borrow(|all| all.get(tenant).filter(|kept| fresh(kept)).cloned()) {
        return Ok(kept);
    }
    let reply = call::ask(env, Address::tenant(tenant), &outgoing.trace, tenant::Request::Egress).await?;
    let tenant::Reply::Egress { hosts, secrets } = reply else {
        return Err(Problem::internal());
    };
    let egress = Rc::new(Egress { hosts, secrets, fetched_ms: now_ms });
    KEPT.with_borrow_mut(|all| {
        if all.len() >= EGRESS_KEPT_MAX {
            all.clear();
        }
        all.insert(tenant.clone(), Rc::clone(&egress));
    });
    Ok(egress)
}

fn request(
    env: &Env,
    outgoing: &Outgoing,
    http: &Http,
    secrets: &HashMap<&str, Secret<String>>,
) -> worker::Result<worker::Request> {
    let headers = Headers::new();
    for (name, value) in &http.headers {
        match value {
            HeaderValue::Text(text) => headers.set(name, text)?,
            HeaderValue::Secret { secret, prefix } => {
                let value = secrets.get(secret.as_str()).map_or("", |secret| secret.expose().as_str());
                headers.set(name, &format!("{prefix}{value}"))?;
            }
        }
    }
    let key = &outgoing.effect.key;
    headers.set("idempotency-key", key)?;
    headers.set("traceparent", &outgoing.trace.traceparent)?;
    if let Some(secret) = http.sign.as_deref().and_then(|name| secrets.get(name)) {
        for (name, value) in webhook::headers(secret, key, now_ms(), http.body.as_deref().unwrap_or_default()) {
            headers.set(name, &value)?;
        }
    }
    if http.callback {
        let callback = Callback { tenant: outgoing.tenant.clone(), step: reply(outgoing) };
        let token = callback.token(&namespace_key(env).map_err(|problem| worker::Error::RustError(problem.detail))?);
        headers.set(callback::HEADER, &format!("{}/callbacks/{token}", origin(env)?))?;
    }
    let mut init = RequestInit::new();
    init.with_method(method(&http.method)).with_headers(headers).with_redirect(RequestRedirect::Manual);
    init.with_body(http.body.as_deref().map(JsValue::from_str));
    worker::Request::new_with_init(&http.url, &init)
}

/// Where this deployment is reached: plain HTTP on loopback only.
fn origin(env: &Env) -> worker::Result<String> {
    let host = env.var("PUBLIC_HOST")?.to_string();
    let local = ["localhost", "127.0.0.1"].contains(&host.split(':').next().unwrap_or_default());
    Ok(format!("{}://{host}", if local { "http" } else { "https" }))
}

fn method(name: &str) -> Method {
    match name {
        "HEAD" => Method::Head,
        "POST" => Method::Post,
        "PUT" => Method::Put,
        "PATCH" => Method::Patch,
        "DELETE" => Method::Delete,
        _ => Method::Get,
    }
}

async fn meaning(http: &Http, mut response: Response) -> Result<Outcome, String> {
    let status = response.status_code();
    let code = format!("http.{status}");
    if http.accepts(status) {
        if http.callback {
            return Ok(Outcome::Callback);
        }
        let Some(body) = body(&mut response).await? else {
            let reason = format!("the answer has more than {ANSWER_MAX_BYTES} bytes");
            return Ok(Outcome::Fatal { code: "http.size".to_owned(), reason });
        };
        let output = json!({ "status": status, "headers": headers(&response), "body": body });
        return Ok(Outcome::Done { output });
    }
    let reason = format!("the answer was {status}");
    match status {
        // Not worked on, by what these say (RFC 9110 sections 15.5.9 and 15.6.4, RFC 6585, RFC 8470).
        408 | 425 | 429 | 503 => Ok(Outcome::Retry { code, reason, after_ms: retry_after_ms(&response) }),
        500..600 if http.idempotent => Ok(Outcome::Retry { code, reason, after_ms: retry_after_ms(&response) }),
        // It may have happened.
        500..600 => Err(reason),
        _ => Ok(Outcome::Fatal { code, reason }),
    }
}

fn retry_after_ms(response: &Response) -> u64 {
    let header = response.headers().get("retry-after").ok().flatten();
    header.and_then(|text| text.trim().parse::<u64>().ok()).unwrap_or(0).saturating_mul(1_000)
}

fn headers(response: &Response) -> Value {
    let kept = KEPT_HEADERS.into_iter().filter_map(|name| {
        let value = response.headers().get(name).ok().flatten()?;
        Some((name.to_owned(), Value::from(value)))
    });
    Value::Object(kept.collect::<Map<_, _>>())
}

/// The body as JSON or text; nothing if it is too large.
async fn body(response: &mut Response) -> Result<Option<Value>, String> {
    let bytes = call::bounded(response, ANSWER_MAX_BYTES).await;
    let Some(bytes) = bytes.map_err(|_| "the connection broke within the answer".to_owned())? else {
        return Ok(None);
    };
    if bytes.is_empty() {
        return Ok(Some(Value::Null));
    }
    let text = String::from_utf8_lossy(&bytes);
    Ok(Some(serde_json::from_str(&text).unwrap_or_else(|_| Value::from(text.as_ref()))))
}
