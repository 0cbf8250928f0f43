//! Models and other agents: what is asked goes on to the script `aion-mind` as it is, and its answers come back as they
//! are.

use std::time::Duration;

use aion_api::Address;
use aion_api::idempotency::HEADER;
use aion_api::object::identity;
use aion_api::object::mind::{Ask as Asked, Handed, Told};
use aion_api::problem::{Code, Problem};
use aion_shell::resolve;
use axum::body::Body;
use futures_util::FutureExt;
use futures_util::future::LocalBoxFuture;
use http::Request;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use kernel_do::mind::{self, Further};
use wasm_bindgen::JsValue;
use worker::Delay;
use worker::js_sys::Uint8Array;

use super::steer;
use crate::answer::Answer;
use crate::ask::Ask;
use crate::wire::{self, Unread};

/// The headers that the script reads.
const READ: [&str; 9] = [
    HEADER,
    "accept",
    "a2a-version",
    "content-type",
    "host",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "origin",
];
/// What an operation answers may have so many bytes: a page of a hundred entries has less.
const ANSWER_MAX_BYTES: usize = 4 << 20;

impl Further for Ask {
    fn perform<'a>(&'a self, ask: &'a Asked) -> LocalBoxFuture<'a, Result<Told, Problem>> {
        async move {
            match ask {
                Asked::Verify { proof } => {
                    let (by, payload) = steer::signed(self, proof).await?;
                    let text = String::from_utf8(payload);
                    let payload = text.map_err(|_| Problem::invalid("/proof", "what is signed is no text"))?;
                    Ok(Told::Signed { by, payload })
                }
                Asked::SignCard { did, payload } => self.sign_card(did, payload).await,
                Asked::Operation { after_ms, .. } => {
                    if *after_ms > 0 {
                        Delay::from(Duration::from_millis(*after_ms)).await;
                    }
                    self.operation(ask).await
                }
                _ => Err(Problem::internal()),
            }
        }
        .boxed_local()
    }
}

impl Ask {
    /// A card is everybody's to read, so its tenant is that of its path.
    async fn sign_card(&self, did: &str, payload: &str) -> Result<Told, Problem> {
        let id = resolve::own(did, &self.app.public_host).ok_or_else(|| Problem::unknown("identity"))?;
        let address = Address::identity(self.param("tenant"), &id);
        let request = identity::Request::SignCard { did: did.to_owned(), payload: payload.to_owned() };
        match self.object(address, request).await? {
            identity::Reply::Signed { algorithm, key_id, signature } => {
                Ok(Told::CardSigned { algorithm, key_id, signature })
            }
            _ => Err(Problem::internal()),
        }
    }

    /// Has our own API perform an operation as the caller.
    async fn operation(&self, ask: &Asked) -> Result<Told, Problem> {
        let Asked::Operation { method, path, idempotency, body, .. } = ask else {
            return Err(Problem::internal());
        };
        let mut request = Request::builder().method(method.as_str()).uri(format!("{}{path}", self.app.origin()));
        if let Some(key) = self.headers.get(AUTHORIZATION) {
            request = request.header(AUTHORIZATION, key);
        }
        if let Some(key) = idempotency {
            request = request.header(HEADER, key);
        }
        let body = match body {
            Some(body) => {
                request = request.header(CONTENT_TYPE, "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        let wrong = |_| Problem::new(Code::RequestMalformed, "an argument cannot stand in a request");
        let request = request.body(body).map_err(wrong)?;
        let answer = crate::api(&self.app, request).await.map_err(|_| Problem::internal())?;
        let media_type = answer.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let (status, media_type) = (answer.status().as_u16(), media_type.unwrap_or_default().to_owned());
        let body = axum::body::to_bytes(wire::body_of(answer), ANSWER_MAX_BYTES).await;
        let body = body.ok().and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        Ok(Told::Answered { status, media_type, body: body.ok_or_else(Problem::internal)? })
    }
}

/// What a key's scope was checked for.
pub async fn pass(ask: Ask) -> Result<Answer, Problem> {
    ask.caller()?;
    on(ask, false).await
}

/// What says by itself which credential it lacks.
pub async fn offered(ask: Ask) -> Result<Answer, Problem> {
    on(ask, true).await
}

/// The path with its parameters, decoded: what has a slash in it is no name of anything.
fn filled(ask: &Ask) -> Result<String, Problem> {
    let mut path = String::new();
    for part in ask.operation.path.split('/').skip(1) {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        let value = name.map_or(part, |name| ask.param(name));
        if value.contains('/') {
            return Err(Problem::unknown("agent"));
        }
        path.push('/');
        path.push_str(value);
    }
    Ok(path)
}

async fn on(ask: Ask, offered: bool) -> Result<Answer, Problem> {
    let caller = ask.caller.as_ref();
    let path = if offered { filled(&ask)? } else { String::new() };
    let headers = READ.iter().filter_map(|name| Some(((*name).to_owned(), ask.header(name)?.to_owned())));
    let handed = Handed {
        operation: ask.operation.id.to_owned(),
        id: ask.param("id").to_owned(),
        path,
        tenant: caller.map(|caller| caller.tenant.clone()).unwrap_or_default(),
        key: caller.map(|caller| caller.key.clone()),
        scopes: caller.filter(|_| offered).map(|caller| caller.scopes.clone()),
        origin: ask.app.origin(),
        query: ask.query.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
        headers: headers.collect(),
        trace: ask.trace.clone(),
    };
    let unread = ask.unread.as_ref().and_then(Unread::stream);
    let body = unread.map_or_else(|| Uint8Array::from(&*ask.body).into(), JsValue::from);
    let response = mind::answer(&ask.app.env, &handed, &body, &ask).await?;
    wire::passing(&response).ok_or_else(Problem::internal)
}
