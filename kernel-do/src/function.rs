//! What a function asks of the world, behind a route or as a step: judged by the grants of its version, and performed.

use std::time::Duration;

use aion_api::idempotency::Idempotency;
use aion_api::problem::{Code, Problem};
use aion_api::trace::Trace;
use aion_api::v1::egress::Hosts;
use aion_api::v1::functions::{check_fetch, start_key};
use aion_api::v1::tasks::SubmitTask;
use aion_function::limits::ASK_MAX_BYTES;
use aion_function::{Ask, Bytes, Fetch, Fetched, Grant, Grants, Start, Told, Verify};
use aion_shell::call::bounded;
use aion_shell::resolve::{self, Options};
use futures_util::future::{Either, LocalBoxFuture, select};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use worker::js_sys::Uint8Array;
use worker::{AbortController, Cache, Delay, Env, Headers, Method, RequestInit, RequestRedirect, Response};

/// What is fetched may take this long, to the end of its body.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where what was fetched stands in the location's cache; nobody asks for it from outside.
const KEPT: &str = "https://functions.aion.invalid/";
/// A name in the cache may have so many characters: what has a longer one is not kept.
const KEPT_MAX_CHARS: usize = 4_096;
/// How a request shows that it has passed here, so that one that goes round in circles is found.
const VIA: &str = "1.1 aion";
/// Methods that change nothing (RFC 9110 section 9.2.1).
const READS: [&str; 3] = ["GET", "HEAD", "OPTIONS"];
/// Headers of one connection (RFC 9110 section 7.6.1), and those that the platform sets itself.
const RESERVED: [&str; 9] =
    ["connection", "content-length", "host", "keep-alive", "te", "trailer", "transfer-encoding", "upgrade", "via"];

/// Whether a function may set a header of a request or an answer, by its name in lower case.
#[must_use]
pub fn is_free(name: &str) -> bool {
    !RESERVED.contains(&name) && !name.starts_with("x-aion-")
}

/// What depends on where a function runs.
pub trait Means {
    /// Whether what is sent may have effects: not where it would be sent again after an answer was lost.
    fn may_send(&self) -> bool;
    /// The hosts that the tenant allows.
    fn hosts(&self) -> LocalBoxFuture<'_, Result<Hosts, Problem>>;
    /// Submits a task in the tenant's name; its public view.
    fn submit(&self, idempotency: Idempotency, task: SubmitTask) -> LocalBoxFuture<'_, Result<Value, Problem>>;
}

/// Who asks.
pub struct Asks<'a> {
    /// The bindings.
    pub env: &'a Env,
    /// What the run is a part of.
    pub trace: &'a Trace,
    /// The host of this deployment.
    pub public_host: &'a str,
    /// Whose function it is.
    pub tenant: &'a str,
    /// Its name.
    pub function: &'a str,
    /// `Via` of the request that it sees; nothing for a step.
    pub via: &'a str,
    /// What depends on where it runs.
    pub means: &'a dyn Means,
}

impl Asks<'_> {
    /// Performs an ask. Whatever keeps it from being done is told to the function.
    pub async fn perform(&self, grants: &Grants, ask: &Ask) -> Told {
        let told = match ask {
            Ask::Fetch(fetch) if grants.has(Grant::Fetch) => self.fetch(fetch).await,
            Ask::Resolve { did } if grants.has(Grant::Resolve) => self.resolve(did).await,
            Ask::Verify(verify) if grants.has(Grant::Verify) => self.verify(verify).await,
            Ask::Start(start) if grants.has(Grant::Start) => self.start(start).await,
            _ => Err(Problem::new(Code::PolicyDenied, "it was not granted to this version of the function")),
        };
        told.unwrap_or_else(|Problem { code, detail, .. }| Told::Problem { code: code.as_str().to_owned(), detail })
    }

    async fn resolve(&self, did: &str) -> Result<Told, Problem> {
        let resolved = resolve::resolve(self.env, self.trace, self.public_host, did, &Options::default()).await?;
        Ok(Told::Resolved(resolved.result))
    }

    async fn verify(&self, Verify { did, payload, signature }: &Verify) -> Result<Told, Problem> {
        let (env, host) = (self.env, self.public_host);
        let valid = resolve::verified(env, self.trace, host, did, &payload.0, &signature.0).await?;
        Ok(Told::Verified { valid })
    }

    /// Starts a task in the tenant's name. The function's name and its key make it one, however often it is asked for.
    async fn start(&self, start: &Start) -> Result<Told, Problem> {
        let idempotency = start_key(self.function, start)?;
        let definition = match (&start.definition, &start.name) {
            (Some(definition), None) => definition.clone(),
            (None, Some(name)) => Value::from(name.as_str()),
            _ => return Err(Problem::invalid("", "either definition or name")),
        };
        let input = if start.input.is_null() { json!({}) } else { start.input.clone() };
        let task = self.means.submit(idempotency, SubmitTask { definition, input }).await?;
        let id = task["id"].as_str().ok_or_else(Problem::internal)?;
        Ok(Told::Started { id: id.to_owned() })
    }

    async fn fetch(&self, fetch: &Fetch) -> Result<Told, Problem> {
        check_fetch(fetch, &self.means.hosts().await?)?;
        if !self.means.may_send() && !READS.contains(&fetch.method.as_str()) {
            let detail = "a step may be tried again, and would send it again: http.request sends once by its key";
            return Err(Problem::invalid("/method", format!("one of {}: {detail}", READS.join(", "))));
        }
        let name = self.kept_name(fetch);
        if let Some(name) = &name
            && let Ok(Some(mut kept)) = Cache::default().get(name.as_str(), false).await
            && let Ok(fetched) = kept.json::<Fetched>().await
        {
            return Ok(Told::Fetched(fetched));
        }
        let request = self.request(fetch).map_err(|_| Problem::invalid("", "it cannot be sent as it stands"))?;
        let controller = AbortController::default();
        let signal = controller.signal();
        let answered = std::pin::pin!(async {
            let failed = |_| Problem::new(Code::UpstreamFailed, "the connection failed");
            let mut response = worker::Fetch::Request(request).send_with_signal(&signal).await.map_err(failed)?;
            let body = bounded(&mut response, ASK_MAX_BYTES).await.map_err(failed)?;
            let large =
                || Problem::new(Code::UpstreamFailed, format!("the answer has more than {ASK_MAX_BYTES} bytes"));
            let body = Bytes(body.ok_or_else(large)?);
            Ok(Fetched { status: response.status_code(), headers: response.headers().entries().collect(), body })
        });
        let fetched = match select(answered, Delay::from(PATIENCE)).await {
            Either::Left((fetched, _)) => fetched?,
            Either::Right(_) => {
                controller.abort();
                return Err(Problem::new(Code::UpstreamTimeout, "the answer did not come in time"));
            }
        };
        if let Some(name) = name.filter(|_| fetched.status < 500) {
            keep(&name, &fetched, fetch.ttl_s).await;
        }
        Ok(Told::Fetched(fetched))
    }

    /// The name of what may be used again: tenant, URL and headers.
    fn kept_name(&self, fetch: &Fetch) -> Option<String> {
        if fetch.ttl_s == 0 || fetch.method != "GET" || fetch.body.is_some() {
            return None;
        }
        let what = json!([fetch.url, fetch.headers]).to_string();
        let what = serde_json::to_value(Bytes(what.into_bytes())).ok()?;
        let name = format!("{KEPT}{}/{}", self.tenant, what.as_str()?);
        (name.len() <= KEPT_MAX_CHARS).then_some(name)
    }

    fn request(&self, fetch: &Fetch) -> worker::Result<worker::Request> {
        let headers = Headers::new();
        for (name, value) in &fetch.headers {
            if is_free(&name.to_ascii_lowercase()) {
                headers.append(name, value)?;
            }
        }
        headers.set("via", &if self.via.is_empty() { VIA.to_owned() } else { format!("{}, {VIA}", self.via) })?;
        let mut init = RequestInit::new();
        init.with_method(Method::from(fetch.method.clone())).with_headers(headers);
        init.with_redirect(RequestRedirect::Manual);
        init.with_body(fetch.body.as_ref().map(|body| JsValue::from(Uint8Array::from(body.0.as_slice()))));
        worker::Request::new_with_init(&fetch.url, &init)
    }
}

/// Keeps what was fetched. A cache that does not take it is one that has less.
async fn keep(name: &str, fetched: &Fetched, ttl_s: u32) {
    if let Ok(response) = Response::from_json(fetched)
        && response.headers().set("cache-control", &format!("public, max-age={ttl_s}")).is_ok()
    {
        _ = Cache::default().put(name, response).await;
    }
}
