//! The Flight object: requests for the same cache entry, from whatever isolates, go to the target as one.
//!
//! It keeps nothing. If it goes, its callers ask again, and at worst the target hears of it twice.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;

use aion_gateway::budget::Budget;
use aion_gateway::cache::BODY_MAX_BYTES;
use futures_util::future::{LocalBoxFuture, Shared};
use futures_util::{FutureExt, StreamExt};
use serde::{Deserialize, Serialize};
use worker::{DurableObject, Env, Headers, Method, Response, State, durable_object, web_sys};

use crate::facts::carried;
use crate::forward::{self, Failure, Plan, Tried};

/// The binding of the Flight objects.
pub const FLIGHT: &str = "FLIGHT";
/// The header in which a flight says what came of it.
pub const LANDED: &str = "x-aion-landed";

/// What is asked of a flight.
#[derive(Debug, Serialize, Deserialize)]
pub struct Ticket {
    /// The entry's name.
    pub key: String,
    /// What is sent where.
    pub plan: Plan,
}

/// What came of a flight.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Landed {
    pub end: End,
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub tried: Vec<Tried>,
    /// Whether it had set out before.
    pub collapsed: bool,
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum End {
    /// The answer is here.
    Here,
    /// The answer is too large to be kept: each has to ask for it.
    Large,
    /// There is none.
    Failed(Failure),
}

type Bag = Rc<(Landed, Vec<u8>)>;
type Going = Shared<LocalBoxFuture<'static, Bag>>;

/// Where flights of some entries of a tenant meet.
#[durable_object]
pub struct Flight {
    going: Rc<RefCell<HashMap<String, Going>>>,
    budget: Rc<Cell<Budget>>,
    env: Env,
}

impl DurableObject for Flight {
    fn new(_: State, env: Env) -> Self {
        Self { going: Rc::default(), budget: Rc::default(), env }
    }

    async fn fetch(&self, mut request: worker::Request) -> worker::Result<Response> {
        let Ticket { key, plan } = match aion_api::object::read(&request.bytes().await?) {
            Ok(ticket) if request.method() == Method::Post => ticket,
            _ => return Response::error("no ticket", 400),
        };
        let known = self.going.borrow().get(&key).cloned();
        let collapsed = known.is_some();
        let going = known.unwrap_or_else(|| self.set_out(&key, plan));
        let bag = going.await;
        let landed = Landed { collapsed, ..bag.0.clone() };
        let headers = Headers::new();
        headers.set(LANDED, &serde_json::to_string(&landed)?)?;
        Ok(Response::from_bytes(bag.1.clone())?.with_headers(headers))
    }
}

impl Flight {
    fn set_out(&self, key: &str, plan: Plan) -> Going {
        let (env, budget) = (self.env.clone(), Rc::clone(&self.budget));
        let (all, name) = (Rc::clone(&self.going), key.to_owned());
        let going = async move {
            let withdraw = || {
                let mut left = budget.get();
                left.deposit();
                let allowed = left.withdraw();
                budget.set(left);
                allowed
            };
            let bag = fly(&env, &plan, withdraw).await;
            all.borrow_mut().remove(&name);
            Rc::new(bag)
        };
        let going = going.boxed_local().shared();
        self.going.borrow_mut().insert(key.to_owned(), going.clone());
        going
    }
}

async fn fly(env: &Env, plan: &Plan, may_retry: impl FnMut() -> bool) -> (Landed, Vec<u8>) {
    let sent = forward::send(env, plan, None, may_retry).await;
    let mut landed = Landed { end: End::Large, status: 0, headers: Vec::new(), tried: sent.tried, collapsed: false };
    let response = match sent.result {
        Ok(response) => response,
        Err(failure) => {
            landed.end = End::Failed(failure);
            return (landed, Vec::new());
        }
    };
    // The body is read decoded, and has the length that it has.
    let plain = |name: &str| !matches!(name, "content-encoding" | "content-length");
    landed.status = response.status_code();
    landed.headers = carried(response.headers()).into_iter().filter(|(name, _)| plain(name)).collect();
    match body(response, BODY_MAX_BYTES).await {
        Ok(Some(bytes)) => {
            landed.end = End::Here;
            (landed, bytes)
        }
        Ok(None) => (landed, Vec::new()),
        Err(_) => {
            landed.end = End::Failed(Failure::Unreachable);
            (landed, Vec::new())
        }
    }
}

/// A body; nothing if it has more bytes.
pub async fn body(response: Response, max_bytes: usize) -> worker::Result<Option<Vec<u8>>> {
    let raw: web_sys::Response = response.into();
    if raw.body().is_none() {
        return Ok(Some(Vec::new()));
    }
    let (mut response, mut bytes) = (Response::from(raw), Vec::new());
    let mut stream = response.stream()?;
    while let Some(chunk) = stream.next().await {
        bytes.extend(chunk?);
        if bytes.len() > max_bytes {
            return Ok(None);
        }
    }
    Ok(Some(bytes))
}
