//! From one POST to what follows it.

use serde_json::{Map, Value, json};

use super::ask::{Operation, Reply};
use super::auth::Resource;
use super::cursor::{Cursor, page};
use super::http::{self, BODY_MAX_BYTES, Facts, META_CAPABILITIES, Version};
pub use super::result::Then;
use super::rpc::{self, Fault, Id, Message};
use super::surface::{Call, List, Step, Surface};

/// Member of `_meta` without which no log message is sent (2026-07-28).
const META_LOG_LEVEL: &str = "io.modelcontextprotocol/logLevel";
/// Member of `_meta` that names the subscription that a notification belongs to (2026-07-28).
const META_SUBSCRIPTION: &str = "io.modelcontextprotocol/subscriptionId";
/// Member of `_meta` that names the server (2026-07-28).
const META_SERVER: &str = "io.modelcontextprotocol/serverInfo";
/// How long lists that change with a deployment alone may be kept, in milliseconds.
const LIST_TTL_MS: u64 = 300_000;

/// A server: what it offers, and where.
#[derive(Clone, Copy)]
pub struct Server<'a> {
    /// What it offers.
    pub surface: &'a dyn Surface,
    /// What it is for OAuth.
    pub resource: &'a Resource,
    /// The hosts that requests and their origins may name, lower case and without ports. A page of another origin
    /// must not reach a server that only listens at home (DNS rebinding).
    pub hosts: &'a [&'a str],
}

/// An answer that is complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// Headers besides `Content-Type`.
    pub headers: Vec<(&'static str, String)>,
    /// The body: JSON, or nothing.
    pub body: Option<String>,
}

/// A request of ours to a client, on the stream of the request that it belongs to (2025-11-25).
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRequest {
    /// What its answer is given back as.
    pub key: String,
    /// `method`
    pub method: String,
    /// `params`
    pub params: Value,
}

/// What follows a POST.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This answer.
    Answer(Answer),
    /// 202 without a body: a notification was taken.
    Accepted,
    /// An event stream of these messages, the response last.
    Stream(Vec<String>),
    /// An operation to perform as the caller; its reply goes to [`Pending::settle`].
    Ask(Operation, Box<Pending>),
    /// An event stream whose client is asked these things first; its answers go to [`Pending::resume`]. (2025-11-25;
    /// the shell gives each request an id that nobody guesses and writes it out.)
    Client(Vec<ClientRequest>, Box<Pending>),
    /// What a client says to a request that stands on another stream (2025-11-25): 202, and to whoever waits.
    Reply(Id, Result<Value, Value>),
}

/// A request that waits for something.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    id: Id,
    version: Version,
    method: String,
    params: Map<String, Value>,
    scopes: Vec<String>,
    inputs: Map<String, Value>,
    state: Option<String>,
    then: Option<Then>,
}

impl Pending {
    /// Goes on with what the platform's API answered.
    #[must_use]
    pub fn settle(mut self, reply: &Reply) -> Outcome {
        let step = match self.then.take() {
            Some(then) => then.settle(reply),
            None => Err(Fault::new(rpc::INTERNAL_ERROR, "nothing was asked")),
        };
        self.outcome(step)
    }

    /// Goes on with what the client answered, by key.
    #[must_use]
    pub fn resume(mut self, server: &Server, answers: Map<String, Value>) -> Outcome {
        self.inputs.extend(answers);
        let step = self.route(server);
        self.outcome(step)
    }

    fn route(&self, server: &Server) -> Result<Step, Fault> {
        let scopes: Vec<&str> = self.scopes.iter().map(String::as_str).collect();
        let call = Call {
            version: self.version,
            params: &self.params,
            scopes: &scopes,
            inputs: &self.inputs,
            state: self.state.as_deref(),
        };
        route(server, &self.id, &self.method, &call)
    }

    fn outcome(mut self, step: Result<Step, Fault>) -> Outcome {
        match step {
            Ok(Step::Done(result)) => {
                let result = self.decorated(result);
                Outcome::Answer(Answer::json(200, rpc::success(&self.id, &result)))
            }
            Ok(Step::Told(told, result)) => {
                let messages = told.iter().filter(|(method, _)| self.may_tell(method));
                let mut messages: Vec<String> = messages.map(|(method, say)| rpc::notification(method, say)).collect();
                messages.push(rpc::success(&self.id, &self.decorated(result)));
                Outcome::Stream(messages)
            }
            Ok(Step::Ask(operation, then)) => {
                self.then = Some(then);
                Outcome::Ask(operation, Box::new(self))
            }
            Ok(Step::Input(requests, state)) => self.ask_client(requests, state),
            Err(fault) => self.failed(fault),
        }
    }

    fn ask_client(mut self, requests: Map<String, Value>, state: Option<String>) -> Outcome {
        if self.version == Version::V2026_07_28 {
            if let Some(missing) = requests.values().find_map(|request| undeclared(&self.params, request)) {
                let fault = Fault::new(rpc::MISSING_CAPABILITY, "the client did not declare what this needs");
                return self.failed(fault.with(json!({ "requiredCapabilities": missing })));
            }
            let mut result = json!({ "resultType": "input_required", "inputRequests": requests });
            if let Some(state) = state {
                result["requestState"] = Value::String(state);
            }
            return Outcome::Answer(Answer::json(200, rpc::success(&self.id, &result)));
        }
        self.state = state;
        let requests = requests.into_iter().map(|(key, mut request)| ClientRequest {
            key,
            method: request["method"].as_str().unwrap_or_default().to_owned(),
            params: request["params"].take(),
        });
        Outcome::Client(requests.collect(), Box::new(self))
    }

    fn may_tell(&self, method: &str) -> bool {
        let asked = self.params.get("_meta").is_some_and(|meta| meta.get(META_LOG_LEVEL).is_some());
        self.version == Version::V2025_11_25 || method != "notifications/message" || asked
    }

    /// Adds what every result of a revision has.
    fn decorated(&self, mut result: Value) -> Value {
        if self.version == Version::V2025_11_25 {
            return result;
        }
        result["resultType"] = json!("complete");
        let (ttl_ms, scope) = match self.method.as_str() {
            "server/discover" | "tools/list" | "prompts/list" | "resources/templates/list" => (LIST_TTL_MS, "public"),
            "resources/list" | "resources/read" => (0, "private"),
            _ => return result,
        };
        result["ttlMs"] = json!(ttl_ms);
        result["cacheScope"] = json!(scope);
        result
    }

    fn failed(self, mut fault: Fault) -> Outcome {
        let stateless = self.version == Version::V2026_07_28;
        if stateless && fault.code == rpc::RESOURCE_NOT_FOUND {
            fault.code = rpc::INVALID_PARAMS;
        }
        let status = match fault.code {
            rpc::METHOD_NOT_FOUND if stateless => 404,
            rpc::MISSING_CAPABILITY => 400,
            _ => 200,
        };
        Outcome::Answer(Answer::json(status, rpc::failure(Some(&self.id), &fault)))
    }
}

impl Answer {
    const fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: None }
    }

    const fn json(status: u16, body: String) -> Self {
        Self { status, headers: Vec::new(), body: Some(body) }
    }

    fn with(mut self, header: &'static str, value: String) -> Self {
        self.headers.push((header, value));
        self
    }
}

/// Reads one request to the MCP endpoint and says what follows. The body is at most [`BODY_MAX_BYTES`].
#[must_use]
pub fn dispatch(server: &Server, facts: &Facts, body: &[u8]) -> Outcome {
    let known = |name: &str| {
        facts
            .header(name)
            .is_none_or(|value| server.hosts.iter().any(|host| http::host(value).eq_ignore_ascii_case(host)))
    };
    if !known("origin") || !known("host") {
        return Outcome::Answer(Answer::empty(403));
    }
    if facts.method != "POST" {
        return Outcome::Answer(Answer::empty(405).with("Allow", "POST".to_owned()));
    }
    let Some(scopes) = facts.scopes else {
        let challenge = server.resource.challenge(None);
        return Outcome::Answer(Answer::empty(401).with("WWW-Authenticate", challenge));
    };
    if let Err(status) = facts.media_types() {
        return Outcome::Answer(Answer::empty(status));
    }
    if body.len() > BODY_MAX_BYTES {
        return Outcome::Answer(Answer::empty(413));
    }
    match rpc::read(body) {
        Err(refused) => Outcome::Answer(Answer::json(400, rpc::failure(refused.id.as_ref(), &refused.fault))),
        Ok(Message::Notification { .. }) => Outcome::Accepted,
        Ok(Message::Response { id, result }) => {
            if facts.header("mcp-protocol-version") == Some(Version::V2025_11_25.as_str()) {
                return Outcome::Reply(id, result);
            }
            let fault = Fault::new(rpc::INVALID_REQUEST, "a client sends no responses in this revision");
            Outcome::Answer(Answer::json(400, rpc::failure(Some(&id), &fault)))
        }
        Ok(Message::Request { id, method, params }) => request(server, facts, scopes, (id, method, params)),
    }
}

fn request(
    server: &Server,
    facts: &Facts,
    scopes: &[&str],
    (id, method, params): (Id, String, Map<String, Value>),
) -> Outcome {
    let version = match http::version(facts, &method, &params) {
        Ok(version) => version,
        Err(fault) => return Outcome::Answer(Answer::json(400, rpc::failure(Some(&id), &fault))),
    };
    let name = ["name", "uri"].iter().find_map(|member| params.get(*member)?.as_str()).unwrap_or_default();
    if let Some(scope) = server.surface.scope(&method, name).filter(|scope| !scopes.contains(scope)) {
        let fault = Fault::new(rpc::SCOPE_MISSING, format!("this needs the scope {scope}"));
        let body = rpc::failure(Some(&id), &fault.with(json!({ "scope": scope })));
        let challenge = server.resource.challenge(Some(scope));
        return Outcome::Answer(Answer::json(403, body).with("WWW-Authenticate", challenge));
    }
    let inputs = match params.get("inputResponses") {
        None => Ok(Map::new()),
        Some(Value::Object(inputs)) if inputs.values().all(Value::is_object) => Ok(inputs.clone()),
        Some(_) => Err(Fault::params("inputResponses is an object of objects")),
    };
    let state = params.get("requestState").and_then(Value::as_str).map(str::to_owned);
    let scopes = scopes.iter().map(|scope| (*scope).to_owned()).collect();
    let mut pending = Pending { id, version, method, params, scopes, inputs: Map::new(), state, then: None };
    let step = inputs.and_then(|inputs| {
        pending.inputs = inputs;
        pending.route(server)
    });
    pending.outcome(step)
}

fn route(server: &Server, id: &Id, method: &str, call: &Call) -> Result<Step, Fault> {
    let surface = server.surface;
    let unknown = || Fault::new(rpc::METHOD_NOT_FOUND, format!("there is no method {}", shown(method)));
    match (method, call.version) {
        ("initialize", Version::V2025_11_25) => Ok(Step::Done(initialize(surface, call.version))),
        ("ping", Version::V2025_11_25) => Ok(Step::Done(json!({}))),
        ("server/discover", Version::V2026_07_28) => Ok(Step::Done(discover(surface, call.version))),
        ("subscriptions/listen", Version::V2026_07_28) => listen(id, call),
        ("tools/list", _) => list(surface, List::Tools, "tools", call),
        ("resources/list", _) => list(surface, List::Resources, "resources", call),
        ("resources/templates/list", _) => list(surface, List::Templates, "resourceTemplates", call),
        ("prompts/list", _) => list(surface, List::Prompts, "prompts", call),
        ("tools/call", _) => surface.tool(call),
        ("resources/read", _) => surface.resource(call),
        ("prompts/get", _) => surface.prompt(call),
        ("completion/complete", _) => surface.complete(call),
        _ => surface.further(method, call).unwrap_or_else(|| Err(unknown())),
    }
}

/// The beginning of a foreign name, for messages.
fn shown(name: &str) -> String {
    name.chars().take(64).collect()
}

fn initialize(surface: &dyn Surface, version: Version) -> Value {
    let identity = surface.identity();
    json!({
        "protocolVersion": version.as_str(), "capabilities": surface.capabilities(version),
        "serverInfo": { "name": identity.name, "title": identity.title, "version": identity.version },
        "instructions": identity.instructions
    })
}

fn discover(surface: &dyn Surface, version: Version) -> Value {
    let identity = surface.identity();
    json!({
        "supportedVersions": Version::ALL.map(Version::as_str), "capabilities": surface.capabilities(version),
        "instructions": identity.instructions,
        "_meta": {
            META_SERVER: { "name": identity.name, "title": identity.title, "version": identity.version }
        }
    })
}

/// No surface tells of changes: the subscription is acknowledged as an empty one and ends.
fn listen(id: &Id, call: &Call) -> Result<Step, Fault> {
    if !call.params.get("notifications").is_some_and(Value::is_object) {
        return Err(Fault::params("notifications is an object"));
    }
    let meta = json!({ META_SUBSCRIPTION: id.json() });
    let acknowledged = json!({ "_meta": meta, "notifications": {} });
    Ok(Step::Told(vec![("notifications/subscriptions/acknowledged", acknowledged)], json!({ "_meta": meta })))
}

fn list(surface: &dyn Surface, list: List, member: &'static str, call: &Call) -> Result<Step, Fault> {
    let upstream = match Cursor::read(call.params)? {
        Cursor::Upstream(cursor) => Some(cursor),
        Cursor::Entry(_) => None,
    };
    let (entries, next) = match upstream {
        Some(_) => (Vec::new(), None),
        None => page(surface.entries(list), call.params)?,
    };
    if next.is_none() {
        if let Some((operation, then)) = surface.more(list, call, upstream.as_deref()) {
            return Ok(Step::Ask(operation, then.after(entries)));
        }
        if upstream.is_some() {
            return Err(Fault::params("this cursor was not given by this list"));
        }
    }
    let mut result = json!({ member: entries });
    if let Some(next) = next {
        result["nextCursor"] = Value::String(next);
    }
    Ok(Step::Done(result))
}

/// The capability that a request of ours needs and the client did not declare.
fn undeclared(params: &Map<String, Value>, request: &Value) -> Option<Value> {
    let declared = params.get("_meta").and_then(|meta| meta.get(META_CAPABILITIES));
    let has = |pointer: &str| declared.is_some_and(|all| all.pointer(pointer).is_some());
    match request["method"].as_str() {
        Some("elicitation/create") if request["params"]["mode"] == "url" => {
            (!has("/elicitation/url")).then(|| json!({ "elicitation": { "url": {} } }))
        }
        Some("elicitation/create") => (!has("/elicitation")).then(|| json!({ "elicitation": {} })),
        Some("sampling/createMessage") => (!has("/sampling")).then(|| json!({ "sampling": {} })),
        Some("roots/list") => (!has("/roots")).then(|| json!({ "roots": {} })),
        _ => None,
    }
}
