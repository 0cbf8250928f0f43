//! From one request below an agent's URL to what follows it (section 11).

use serde_json::{Map, Value, json};

use super::error::{Error, VERSION};
use super::request::{self, Wanted};
use super::task::{rests, state, view};
use crate::mcp::{BODY_MAX_BYTES, Operation, Reply, strictly};

/// How long until a task is looked at again that a client waits for, in milliseconds.
const LOOK_AGAIN_MS: u64 = 500;
/// How often it is looked at: a client is answered after 25 seconds at the latest, with the task as it is then.
const LOOKS_MAX: u32 = 50;

/// One request.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The HTTP method.
    pub method: &'a str,
    /// The path below the agent's URL, its escapes taken out: `/tasks/tsk_…:cancel`.
    pub path: &'a str,
    /// The query, its escapes taken out.
    pub query: &'a [(&'a str, &'a str)],
    /// The header `A2A-Version`.
    pub version: Option<&'a str>,
    /// The scopes of the caller's credential; none where there is no valid credential.
    pub scopes: Option<&'a [&'a str]>,
    /// Where people approve; a task's id follows.
    pub console: &'a str,
}

/// What follows.
#[derive(Debug, Clone, PartialEq)]
pub enum Outcome {
    /// This answer: `application/a2a+json`.
    Answer(u16, Value),
    /// An operation to perform as the caller, after so many milliseconds; its reply goes to [`Pending::settle`].
    Ask {
        /// How long to wait before, in milliseconds.
        after_ms: u64,
        /// What to perform.
        operation: Operation,
        /// What goes on with the reply.
        pending: Pending,
    },
}

#[derive(Debug, Clone, PartialEq)]
enum Then {
    /// Answers `SendMessage`; with so many looks left it waits until the task rests.
    Sent {
        looks: u32,
    },
    /// Answers with the task.
    Task {
        cancels: bool,
    },
    List(Wanted),
}

/// A request that waits for the platform.
#[derive(Debug, Clone, PartialEq)]
pub struct Pending {
    then: Then,
    console: String,
}

/// Reads one request and says what follows.
#[must_use]
pub fn dispatch(facts: &Facts, body: &[u8]) -> Outcome {
    route(facts, body).unwrap_or_else(|error| failed(&error))
}

fn failed(error: &Error) -> Outcome {
    Outcome::Answer(error.status(), error.json())
}

fn route(facts: &Facts, body: &[u8]) -> Result<Outcome, Error> {
    let named = facts.query.iter().find(|(name, _)| *name == "A2A-Version").map(|(_, value)| *value);
    if facts.version.or(named).map(str::trim) != Some(VERSION) {
        return Err(Error::VersionNotSupported);
    }
    let scopes = facts.scopes.ok_or(Error::Unauthenticated)?;
    let needs = |scope: &'static str| if scopes.contains(&scope) { Ok(()) } else { Err(Error::ScopeMissing(scope)) };
    let ask = |operation, then| {
        let pending = Pending { then, console: facts.console.to_owned() };
        Outcome::Ask { after_ms: 0, operation, pending }
    };
    match (facts.method, facts.path) {
        ("POST", "/message:send") => {
            needs("task:write")?;
            let (operation, immediately) = request::send(&object(body)?)?;
            if !immediately {
                // The task is looked at again.
                needs("task:read")?;
            }
            Ok(ask(operation, Then::Sent { looks: if immediately { 0 } else { LOOKS_MAX } }))
        }
        ("POST", "/message:stream") => Err(Error::UnsupportedOperation("streams are not offered")),
        ("GET", "/extendedAgentCard") => Err(Error::UnsupportedOperation("there is no extended card")),
        ("GET", "/tasks") => {
            needs("task:read")?;
            let (operation, wanted) = request::list(facts.query)?;
            Ok(match operation {
                Some(operation) => ask(operation, Then::List(wanted)),
                None => Outcome::Answer(200, request::page(&[], None, wanted.entries)),
            })
        }
        (method, path) => {
            let task = path.strip_prefix("/tasks/").filter(|task| !task.is_empty()).ok_or(Error::NotFound)?;
            if task.contains("/pushNotificationConfigs") {
                return Err(Error::PushNotificationNotSupported);
            }
            match (method, task.rsplit_once(':')) {
                (_, Some((_, "subscribe"))) => Err(Error::UnsupportedOperation("streams are not offered")),
                ("POST", Some((id, "cancel"))) => {
                    needs("task:write")?;
                    let operation = request::one("cancelTask", "POST", "/v1/tasks/{id}/cancel", id)?;
                    Ok(ask(operation, Then::Task { cancels: true }))
                }
                ("GET", _) => {
                    needs("task:read")?;
                    let operation = request::one("readTask", "GET", "/v1/tasks/{id}", task)?;
                    Ok(ask(operation, Then::Task { cancels: false }))
                }
                _ => Err(Error::NotFound),
            }
        }
    }
}

fn object(body: &[u8]) -> Result<Map<String, Value>, Error> {
    if body.len() > BODY_MAX_BYTES {
        return Err(Error::Refused(413, "the body is too large".to_owned()));
    }
    match strictly(body) {
        Ok(Value::Object(object)) => Ok(object),
        Ok(_) => Err(Error::Invalid("body", "is an object".to_owned())),
        Err(error) => Err(Error::Invalid("body", format!("is no JSON that is taken: {error}"))),
    }
}

impl Pending {
    /// Goes on with what the platform's API answered.
    #[must_use]
    pub fn settle(self, reply: &Reply) -> Outcome {
        self.next(reply).unwrap_or_else(|error| failed(&error))
    }

    fn next(self, reply: &Reply) -> Result<Outcome, Error> {
        if !(200..300).contains(&reply.status) {
            return Err(self.refused(reply));
        }
        let answer = reply.json().ok_or(Error::InvalidAgentResponse)?;
        match self.then {
            Then::Sent { looks } => sent(&answer, self.console, looks),
            Then::Task { .. } => {
                let task = view(&answer, &self.console, true).ok_or(Error::InvalidAgentResponse)?;
                Ok(Outcome::Answer(200, task))
            }
            Then::List(ref wanted) => {
                let items = answer["items"].as_array().ok_or(Error::InvalidAgentResponse)?;
                let matching =
                    items.iter().filter(|task| wanted.status.is_none() || state(task) == wanted.status.as_deref());
                let tasks: Vec<Value> =
                    matching.filter_map(|task| view(task, &self.console, wanted.artifacts)).collect();
                Ok(Outcome::Answer(200, request::page(&tasks, answer["nextCursor"].as_str(), wanted.entries)))
            }
        }
    }

    /// What a problem of the platform (RFC 9457) is in A2A.
    fn refused(&self, reply: &Reply) -> Error {
        match (reply.status, &self.then) {
            (404 | 410, Then::Task { .. }) => Error::TaskNotFound,
            (409, Then::Task { cancels: true }) => Error::TaskNotCancelable,
            (status, _) => {
                let problem = reply.json().unwrap_or_default();
                let detail = problem["detail"].as_str().unwrap_or("the platform refused");
                // A definition that is refused is a request that is wrong (section 3.3.2).
                Error::Refused(if status == 422 { 400 } else { status }, detail.to_owned())
            }
        }
    }
}

/// Answers with the task, or looks at it again until it rests.
fn sent(answer: &Value, console: String, looks: u32) -> Result<Outcome, Error> {
    let task = view(answer, &console, true).ok_or(Error::InvalidAgentResponse)?;
    let resting = state(answer).is_none_or(rests);
    let id = answer["id"].as_str().unwrap_or_default();
    if resting || looks == 0 {
        return Ok(Outcome::Answer(200, json!({ "task": task })));
    }
    let operation = request::one("readTask", "GET", "/v1/tasks/{id}", id)?;
    let pending = Pending { then: Then::Sent { looks: looks - 1 }, console };
    Ok(Outcome::Ask { after_ms: LOOK_AGAIN_MS, operation, pending })
}
