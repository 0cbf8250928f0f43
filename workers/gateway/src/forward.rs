//! A request on its way to a target, and to the next one if that does not answer.

use std::time::Duration;

use aion_gateway::table::{Target, Upstream};
use futures_util::future::{Either, select};
use serde::{Deserialize, Serialize};
use wasm_bindgen::{JsCast, JsValue};
use worker::js_sys::futures::JsFuture;
use worker::web_sys::{self, ReadableStream, RequestRedirect};
use worker::{AbortController, Delay, Env, Fetch, Headers, Response, worker_sys};

/// A target to try.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Hop {
    /// Its name in health and logs.
    pub id: String,
    /// An origin;
    pub origin: Option<String>,
    /// or a service; neither is our own API.
    pub service: Option<String>,
}

impl From<&Target> for Hop {
    fn from(target: &Target) -> Self {
        let (origin, service) = match target.upstream() {
            Some(Upstream::Origin(origin)) => (Some(origin.to_owned()), None),
            Some(Upstream::Service(service)) => (None, Some(service.to_owned())),
            // A function is no hop: the edge asks it before.
            Some(Upstream::Api | Upstream::Function(_)) | None => (None, None),
        };
        Self { id: target.id(), origin, service }
    }
}

/// What is sent where.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Plan {
    pub method: String,
    /// Path and query.
    pub path: String,
    pub headers: Vec<(String, String)>,
    /// Where, the first choice first.
    pub hops: Vec<Hop>,
    /// How often again.
    pub tries: u8,
    /// Statuses after which again.
    pub statuses: Vec<u16>,
    pub timeout_ms: u32,
}

/// What became of one try.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Tried {
    pub id: String,
    pub failed: bool,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Failure {
    Unreachable,
    TooSlow,
}

/// What came of it.
pub struct Outcome {
    pub result: Result<Response, Failure>,
    pub tried: Vec<Tried>,
}

/// Sends a request to its targets, one after the other while they fail, as often as the plan and the budget allow.
pub async fn send(
    env: &Env,
    plan: &Plan,
    body: Option<ReadableStream>,
    mut may_retry: impl FnMut() -> bool,
) -> Outcome {
    let (mut tried, mut place) = (Vec::new(), 0);
    loop {
        let Some(hop) = plan.hops.get(place % plan.hops.len().max(1)) else {
            return Outcome { result: Err(Failure::Unreachable), tried };
        };
        let result = once(env, hop, plan, body.as_ref()).await;
        let failed = result.as_ref().map_or(true, |response| plan.statuses.contains(&response.status_code()));
        tried.push(Tried { id: hop.id.clone(), failed });
        place += 1;
        if !failed || place > usize::from(plan.tries) || !may_retry() {
            return Outcome { result, tried };
        }
    }
}

/// Sends a request to one origin and forgets the answer.
pub async fn send_to_origin(plan: &Plan) {
    if let Some(origin) = plan.hops.first().and_then(|hop| hop.origin.as_deref())
        && let Ok(raw) = request(&format!("{origin}{}", plan.path), plan, None)
    {
        // A mirror that does not answer is nobody's trouble.
        _ = Fetch::Request(worker::Request::from(raw)).send().await;
    }
}

async fn once(env: &Env, hop: &Hop, plan: &Plan, body: Option<&ReadableStream>) -> Result<Response, Failure> {
    let controller = AbortController::default();
    let signal = controller.signal();
    let base = hop.origin.as_deref().unwrap_or("https://service");
    let raw = request(&format!("{base}{}", plan.path), plan, body).map_err(|_| Failure::Unreachable)?;
    let fetch = std::pin::pin!(async {
        match &hop.service {
            None => Fetch::Request(worker::Request::from(raw)).send_with_signal(&signal).await,
            Some(service) => {
                let service = env.service(&format!("ROUTE_{service}"))?.into_rpc::<worker_sys::Fetcher>();
                let answer: web_sys::Response = JsFuture::from(service.fetch(&raw)?).await?.dyn_into()?;
                Ok(Response::from(answer))
            }
        }
    });
    match select(fetch, Delay::from(Duration::from_millis(plan.timeout_ms.into()))).await {
        Either::Left((result, _)) => result.map_err(|_| Failure::Unreachable),
        Either::Right(_) => {
            controller.abort();
            Err(Failure::TooSlow)
        }
    }
}

/// A request as it leaves. Redirects are the caller's to follow.
pub fn request(url: &str, plan: &Plan, body: Option<&ReadableStream>) -> Result<web_sys::Request, JsValue> {
    let headers = Headers::new();
    for (name, value) in &plan.headers {
        // What is no header any more is left away.
        _ = headers.append(name, value);
    }
    let init = web_sys::RequestInit::new();
    init.set_method(&plan.method);
    init.set_headers(headers.as_ref());
    init.set_redirect(RequestRedirect::Manual);
    if let Some(body) = body {
        init.set_body(body);
    }
    web_sys::Request::new_with_str_and_init(url, &init)
}
