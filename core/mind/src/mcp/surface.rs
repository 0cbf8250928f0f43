//! What a server offers behind the protocol: the platform, or the fixtures of the conformance package.

use serde_json::{Map, Value};

use super::ask::Operation;
use super::dispatch::Then;
use super::http::Version;
use super::rpc::Fault;

/// Who a server is.
#[derive(Debug, Clone, Copy)]
pub struct Identity {
    /// Its name for programs.
    pub name: &'static str,
    /// Its name for people.
    pub title: &'static str,
    /// Its version.
    pub version: &'static str,
    /// How a model should use it.
    pub instructions: &'static str,
}

/// The lists of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `tools/list`
    Tools,
    /// `resources/list`
    Resources,
    /// `resources/templates/list`
    Templates,
    /// `prompts/list`
    Prompts,
}

/// One request as a surface sees it.
#[derive(Debug, Clone, Copy)]
pub struct Call<'a> {
    /// The revision that is spoken.
    pub version: Version,
    /// `params`.
    pub params: &'a Map<String, Value>,
    /// The scopes of the caller.
    pub scopes: &'a [&'a str],
    /// What the client said to what it was asked for (`inputResponses`).
    pub inputs: &'a Map<String, Value>,
    /// What the server gave along with what it asked for (`requestState`).
    pub state: Option<&'a str>,
}

impl<'a> Call<'a> {
    /// A member of `params` that is a text.
    pub fn text(&self, name: &str) -> Result<&'a str, Fault> {
        self.params.get(name).and_then(Value::as_str).ok_or_else(|| Fault::params(format!("params has no text {name}")))
    }

    /// `params.arguments`; without them there are none.
    pub fn arguments(&self) -> Result<Map<String, Value>, Fault> {
        match self.params.get("arguments") {
            None => Ok(Map::new()),
            Some(Value::Object(arguments)) => Ok(arguments.clone()),
            Some(_) => Err(Fault::params("arguments is an object")),
        }
    }

    /// A member of `params._meta`.
    #[must_use]
    pub fn meta(&self, name: &str) -> Option<&'a Value> {
        self.params.get("_meta")?.get(name)
    }

    /// Whether the client declared a capability, such as `elicitation/url`. Of a client of 2025-11-25 nothing is known,
    /// since no session is kept.
    #[must_use]
    pub fn declares(&self, pointer: &str) -> bool {
        self.meta(super::http::META_CAPABILITIES).is_some_and(|all| all.pointer(&format!("/{pointer}")).is_some())
    }

    /// Whether the caller has a scope.
    #[must_use]
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.contains(&scope)
    }
}

/// What a surface says to a request.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The result.
    Done(Value),
    /// Notifications (method and params), then the result.
    Told(Vec<(&'static str, Value)>, Value),
    /// An operation has to be performed first.
    Ask(Operation, Then),
    /// The client has to be asked first: requests by key, and what comes back with the answers.
    Input(Map<String, Value>, Option<String>),
}

/// What a server offers.
pub trait Surface {
    /// Who it is.
    fn identity(&self) -> Identity;
    /// Its capabilities, as `initialize` and `server/discover` say them.
    fn capabilities(&self, version: Version) -> Value;
    /// The entries of a list that are known without asking.
    fn entries(&self, list: List) -> Vec<Value>;
    /// How entries of a list go on that have to be asked for, after those that are known.
    fn more(&self, _list: List, _call: &Call, _upstream: Option<&str>) -> Option<(Operation, Then)> {
        None
    }
    /// The scope that a request needs, by its method and its name or URI.
    fn scope(&self, _method: &str, _name: &str) -> Option<&'static str> {
        None
    }
    /// `tools/call`
    fn tool(&self, call: &Call) -> Result<Step, Fault>;
    /// `resources/read`
    fn resource(&self, call: &Call) -> Result<Step, Fault>;
    /// `prompts/get`
    fn prompt(&self, call: &Call) -> Result<Step, Fault>;
    /// `completion/complete`
    fn complete(&self, call: &Call) -> Result<Step, Fault>;
    /// A method that only this surface has; none where it has not.
    fn further(&self, _method: &str, _call: &Call) -> Option<Result<Step, Fault>> {
        None
    }
}
