//! What is known of a request, and the headers that go on with it and come back with its answer.

use aion_api::object::gateway::Handed;
use aion_api::trace::{REQUEST_ID_HEADER, TRACEPARENT_HEADER};
use aion_gateway::balance;
use aion_gateway::select::Facts;
use aion_gateway::table::{Credential, Route, Sticky};
use worker::web_sys::{self, ReadableStream};
use worker::{Headers, Response};

use crate::route::VIA;

/// Headers that belong to one connection (RFC 9110 section 7.6.1).
const HOP_BY_HOP: [&str; 9] = [
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// What every API key begins with.
const KEY_PREFIX: &str = "aion_";

/// A request as it was sent.
pub struct Sent {
    pub method: String,
    host: String,
    path: String,
    headers: Headers,
    request: web_sys::Request,
    country: Option<String>,
    ip: Option<String>,
    is_upgrade: bool,
}

impl Facts for Sent {
    fn host(&self) -> &str {
        &self.host
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn method(&self) -> &str {
        &self.method
    }

    fn header(&self, name: &str) -> Option<String> {
        Self::header(self, name)
    }

    fn country(&self) -> Option<&str> {
        self.country.as_deref()
    }
}

impl Sent {
    pub fn of(handed: &Handed, request: web_sys::Request) -> Self {
        let headers = Headers(request.headers());
        let upgrade = headers.get("upgrade").ok().flatten();
        Self {
            method: request.method(),
            host: handed.host.clone(),
            path: handed.path.clone(),
            country: handed.country.clone(),
            ip: handed.ip.clone(),
            is_upgrade: upgrade.is_some_and(|upgrade| upgrade.eq_ignore_ascii_case("websocket")),
            headers,
            request,
        }
    }

    pub fn header(&self, name: &str) -> Option<String> {
        self.headers.get(name).ok().flatten()
    }

    /// The body, if there is one.
    pub fn body(&self) -> Option<ReadableStream> {
        self.request.body()
    }

    /// Whether it can be sent twice: an idempotent method (RFC 9110 section 9.2.2), nothing that is read only once.
    pub fn may_be_repeated(&self) -> bool {
        let idempotent = matches!(self.method.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE");
        idempotent && !self.is_upgrade && self.request.body().is_none()
    }

    /// Whether a cache has nothing to do with it.
    pub fn is_special(&self) -> bool {
        self.is_upgrade || self.header("range").is_some() || self.request.body().is_some()
    }

    /// What it shows of its sender.
    pub fn credential(&self) -> Option<String> {
        let parts = [self.header("authorization"), self.header("cookie")];
        parts.iter().any(Option::is_some).then(|| parts.map(Option::unwrap_or_default).join("\n"))
    }

    /// What keeps the caller with a target: a hash of what the route says, or chance.
    pub fn ticket(&self, route: &Route, key: Option<&str>) -> u64 {
        let value = match &route.sticky {
            None => None,
            Some(Sticky::Ip) => self.ip.clone(),
            Some(Sticky::Key) => key.map(str::to_owned),
            Some(Sticky::Header(name)) => self.header(&name.to_ascii_lowercase()),
            Some(Sticky::Cookie(name)) => self.header("cookie").and_then(|cookies| cookie(&cookies, name)),
        };
        value.map_or_else(|| worker::js_sys::Math::random().to_bits(), |value| balance::ticket(&value))
    }

    /// The headers that go on to the target.
    pub fn onward(&self, route: &Route, handed: &Handed) -> Vec<(String, String)> {
        let Handed { tenant, key, trace, .. } = handed;
        let nominated = self.header("connection").unwrap_or_default().to_ascii_lowercase();
        let nominated: Vec<&str> = nominated.split(',').map(str::trim).collect();
        let goes = |name: &str| {
            // A key of ours is nobody else's business, whether the route wants one or not.
            let secret = name == "authorization" && (key.is_some() || route.credential == Credential::Key);
            let removed = route.rewrite.remove_headers.iter().any(|removed| removed == name);
            is_free(name) && !secret && !removed && !nominated.contains(&name)
        };
        let mut headers: Vec<(String, String)> = self.headers.entries().filter(|(name, _)| goes(name)).collect();
        let mut set = |name: &str, value: String| {
            headers.retain(|(known, _)| known != name);
            headers.push((name.to_owned(), value));
        };
        set("via", self.header("via").map_or_else(|| VIA.to_owned(), |via| format!("{via}, {VIA}")));
        set("x-forwarded-host", self.host.clone());
        if let Some(ip) = &self.ip {
            set("x-forwarded-for", ip.clone());
        }
        set(REQUEST_ID_HEADER, trace.request_id.clone());
        set(TRACEPARENT_HEADER, trace.traceparent.clone());
        if let Some(key) = key {
            set("x-aion-tenant", tenant.clone());
            set("x-aion-key", key.clone());
        }
        if self.is_upgrade {
            set("upgrade", "websocket".to_owned());
        }
        for (name, value) in handed.passed.iter().flatten() {
            if is_free(name) {
                set(name, value.clone());
            }
        }
        for (name, value) in &route.rewrite.set_headers {
            set(name, value.clone());
        }
        headers
    }

    /// The headers that a function sees: those of a target, without what only the grant `caller` tells. A key of this
    /// platform is never one of them, whosever it is.
    pub fn shown(&self, route: &Route, handed: &Handed) -> Vec<(String, String)> {
        let is_key = |value: &str| value.split_once(' ').is_some_and(|(_, token)| token.trim().starts_with(KEY_PREFIX));
        let mut headers = self.onward(route, handed);
        headers.retain(|(name, value)| !(name.starts_with("x-aion-") || name == "authorization" && is_key(value)));
        headers
    }
}

/// Whether a function may give a request this header: none of one connection, and none that the gateway sets itself.
pub fn is_free(name: &str) -> bool {
    let own = matches!(name, "host" | "content-length" | "via") || name.starts_with("x-aion-");
    !own && !HOP_BY_HOP.contains(&name)
}

/// A cookie's value.
fn cookie(cookies: &str, name: &str) -> Option<String> {
    let mut pairs = cookies.split(';').filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
}

/// The headers of an answer that may go on to whoever asked. What begins with `x-aion-` is what scripts of the platform
/// say to each other, and no target's to say.
pub fn carried(headers: &Headers) -> Vec<(String, String)> {
    let goes = |name: &str| !HOP_BY_HOP.contains(&name) && !name.starts_with("x-aion-");
    headers.entries().filter(|(name, _)| goes(name)).collect()
}

/// An answer with the headers that the route gives it. What comes from a target cannot be changed itself.
pub fn homeward(route: &Route, response: Response) -> Response {
    let headers = Headers::new();
    for (name, value) in carried(response.headers()) {
        if !route.rewrite.remove_answer_headers.contains(&name) {
            // What is no header any more is left away.
            _ = headers.append(&name, &value);
        }
    }
    for (name, value) in &route.rewrite.set_answer_headers {
        _ = headers.set(name, value);
    }
    response.with_headers(headers)
}
