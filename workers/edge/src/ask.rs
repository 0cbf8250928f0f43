//! A request that passed the gate, as handlers see it.

use std::collections::HashMap;
use std::rc::Rc;

use aion_api::cursor::{List, Page};
use aion_api::idempotency::{self, Idempotency};
use aion_api::object::Request;
use aion_api::object::tenant::Snapshot;
use aion_api::operations::Operation;
use aion_api::problem::{Code, Problem};
use aion_api::shards::Shards;
use aion_api::trace::Trace;
use aion_api::v1::egress::Hosts;
use aion_api::{Address, Scope, limits};
use aion_shell::call;
use axum::body::Bytes;
use http::HeaderMap;

use crate::app::App;
use crate::limit::source::Source;
use crate::wire::Unread;

/// Who asks, by an API key.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The tenant.
    pub tenant: String,
    /// The id of the key.
    pub key: String,
    /// What the key may do.
    pub scopes: Vec<Scope>,
    /// The tenant's kernel shards.
    pub shards: Shards,
    /// The tenant as this isolate knows it.
    pub snapshot: Rc<Snapshot>,
}

/// In whose name something is done: a tenant's, and that of its key if a caller has shown one.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// The deployment.
    pub app: &'a App,
    /// The request that it belongs to.
    pub trace: &'a Trace,
    /// The tenant.
    pub tenant: &'a str,
    /// The id of the key.
    pub key: Option<&'a str>,
    /// The tenant's kernel shards.
    pub shards: &'a Shards,
    /// The hosts that the tenant allows.
    pub hosts: &'a Hosts,
}

/// A request that passed the gate.
pub struct Ask {
    /// The deployment.
    pub app: App,
    /// What is asked.
    pub operation: &'static Operation,
    /// Request id and trace.
    pub trace: Trace,
    /// Who asks; `None` for public operations and the operator.
    pub caller: Option<Caller>,
    /// Where it comes from.
    pub source: Source,
    /// Parameters of the path, decoded.
    pub path: HashMap<String, String>,
    /// Parameters of the query, decoded.
    pub query: HashMap<String, String>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body, bounded; empty if it is unread.
    pub body: Bytes,
    /// The body of a conversation with a model that says how long it is.
    pub unread: Option<Unread>,
}

impl Ask {
    /// The caller; the gate has made sure that there is one where the operation's table says so.
    pub fn caller(&self) -> Result<&Caller, Problem> {
        self.caller.as_ref().ok_or_else(|| Problem::new(Code::CredentialMissing, "send an API key"))
    }

    /// In whose name the caller's work is done.
    pub fn party(&self) -> Result<Party<'_>, Problem> {
        let Caller { tenant, key, shards, snapshot, .. } = self.caller()?;
        Ok(Party { app: &self.app, trace: &self.trace, tenant, key: Some(key), shards, hosts: &snapshot.hosts })
    }

    /// A parameter of the path.
    pub fn param(&self, name: &str) -> &str {
        self.path.get(name).map_or("", String::as_str)
    }

    /// A header, if it is there and readable.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The body as JSON.
    pub fn json<T: serde::de::DeserializeOwned>(&self) -> Result<T, Problem> {
        limits::read_json(&self.body)
    }

    /// The caller's idempotency key with the hash of this request.
    pub fn idempotency(&self, route: &str) -> Result<Idempotency, Problem> {
        Idempotency::read(self.header(idempotency::HEADER), route, &self.body)
    }

    /// The page that the query asks for.
    pub fn page(&self, list: &str) -> Result<Page, Problem> {
        let caller = self.caller()?;
        let list = List { key: &self.app.namespace, tenant: &caller.tenant, name: list };
        list.page(self.query.get("limit").map(String::as_str), self.query.get("cursor").map(String::as_str))
    }

    /// The cursor for what follows a position.
    pub fn cursor(&self, list: &str, position: &str) -> Result<String, Problem> {
        let caller = self.caller()?;
        Ok(List { key: &self.app.namespace, tenant: &caller.tenant, name: list }.cursor(position))
    }

    /// Asks an object.
    pub async fn object<R: Request>(&self, address: Address, request: R) -> Result<R::Reply, Problem> {
        let key = self.caller.as_ref().map(|caller| caller.key.as_str());
        call::ask_for(&self.app.env, address, key, &self.trace, request).await
    }
}
