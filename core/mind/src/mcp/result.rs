//! What becomes of the platform's answer: the result of a tool, of a resource, of a list, of a completion.

use serde_json::{Map, Value, json};

use super::ask::Reply;
use super::cursor::Cursor;
use super::rpc::{Fault, INTERNAL_ERROR, INVALID_REQUEST, RESOURCE_NOT_FOUND};
use super::surface::Step;
use super::tool::{Output, Tool};

/// Most suggestions of one completion (both revisions, completion).
pub(super) const SUGGESTIONS_MAX: usize = 100;

/// What an answer is for.
#[derive(Debug, Clone, PartialEq)]
pub enum Then {
    /// The result of a tool.
    Tool(&'static Tool),
    /// Something that may wait for people.
    Approval {
        /// What.
        of: Awaited,
        /// Where they decide.
        url: String,
        /// Whether the user was sent there already, or cannot be.
        asked: bool,
    },
    /// The contents of a resource.
    Resource {
        /// Its URI.
        uri: String,
    },
    /// The rest of `resources/list`.
    Definitions {
        /// The entries before.
        known: Vec<Value>,
        /// What their URIs begin with.
        prefix: &'static str,
    },
    /// Suggestions: a member of every item that begins with what was typed.
    Completion {
        /// The member.
        member: &'static str,
        /// What was typed.
        typed: String,
    },
}

/// What people decide on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Awaited {
    /// A task.
    Task,
    /// A plan.
    Plan,
}

impl Awaited {
    /// Its pages in the console; the id follows.
    pub(super) const fn page(self) -> &'static str {
        match self {
            Self::Task => "tasks/",
            Self::Plan => "mind/plans/",
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Task => "task",
            Self::Plan => "plan",
        }
    }

    /// Whether it waits for people; nothing where the value is none.
    fn waits(self, value: &Value) -> Option<bool> {
        let state = value["state"].as_str()?;
        match self {
            Self::Task => Some(value["steps"].as_object()?.values().any(|step| step["state"] == "approval")),
            Self::Plan => Some(state == "awaiting"),
        }
    }
}

impl Then {
    /// Puts entries before those that are asked for.
    pub(super) fn after(self, entries: Vec<Value>) -> Self {
        match self {
            Self::Definitions { prefix, .. } => Self::Definitions { known: entries, prefix },
            other => other,
        }
    }

    /// What an answer comes to.
    pub(super) fn settle(self, reply: &Reply) -> Result<Step, Fault> {
        match self {
            Self::Tool(tool) => Ok(Step::Done(tool_result(tool, reply))),
            Self::Approval { of, url, asked } => Ok(approval(of, &url, asked, reply)),
            Self::Resource { uri } => resource(&uri, reply),
            Self::Definitions { known, prefix } => definitions(known, prefix, reply),
            Self::Completion { member, typed } => Ok(Step::Done(suggestions(member, &typed, reply))),
        }
    }
}

/// A result that a model reads as a failure of the tool.
pub(super) fn tool_failure(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }], "isError": true })
}

/// The words of a problem (RFC 9457); of an answer that is none, its status.
fn problem(reply: &Reply) -> String {
    let problem = reply.json().unwrap_or_default();
    let member = |name: &str| problem[name].as_str().unwrap_or_default().to_owned();
    let (code, detail) = (member("code"), member("detail"));
    let said = if code.is_empty() { format!("status {}", reply.status) } else { format!("{code}: {detail}") };
    match problem.get("errors") {
        Some(errors) => format!("{said} {errors}"),
        None => said,
    }
}

fn tool_result(tool: &Tool, reply: &Reply) -> Value {
    if !reply.succeeded() {
        return tool_failure(&problem(reply));
    }
    if tool.output == Output::Text {
        return json!({ "content": [{ "type": "text", "text": String::from_utf8_lossy(&reply.body) }] });
    }
    let fits = |value: &Value| match tool.output {
        Output::Object(members) => members.iter().all(|(name, kind)| of_type(&value[*name], kind)),
        Output::Text => false,
    };
    match reply.json().filter(|value| value.is_object() && fits(value)) {
        Some(value) => {
            json!({ "content": [{ "type": "text", "text": value.to_string() }], "structuredContent": value })
        }
        None => tool_failure("the platform's answer has another form than this tool promises"),
    }
}

fn of_type(value: &Value, kind: &str) -> bool {
    match kind {
        "string" => value.is_string(),
        "integer" => value.is_u64() || value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        _ => value.is_object(),
    }
}

/// What waits for people sends the user to the console once; after that, or where the client cannot, it says
/// where they decide.
fn approval(of: Awaited, url: &str, asked: bool, reply: &Reply) -> Step {
    if !reply.succeeded() {
        return Step::Done(tool_failure(&problem(reply)));
    }
    let (value, name) = (reply.json().unwrap_or_default(), of.name());
    let Some(waits) = of.waits(&value) else {
        return Step::Done(tool_failure(&format!("the platform's answer is no {name}")));
    };
    if waits && !asked {
        let params = json!({
            "mode": "url", "url": url,
            "message": format!("This {name} waits for an approval. Look at it in the console and decide there.")
        });
        let request = json!({ "method": "elicitation/create", "params": params });
        return Step::Input(Map::from_iter([("approval".to_owned(), request)]), None);
    }
    let text = if waits { format!("The {name} still waits for an approval, at {url}") } else { value.to_string() };
    Step::Done(json!({ "content": [{ "type": "text", "text": text }], "structuredContent": value }))
}

/// Error of a resource that is not there.
pub(super) fn not_found(uri: &str) -> Fault {
    Fault::new(RESOURCE_NOT_FOUND, "there is no such resource").with(json!({ "uri": uri }))
}

fn resource(uri: &str, reply: &Reply) -> Result<Step, Fault> {
    if reply.succeeded() {
        let text = String::from_utf8_lossy(&reply.body);
        let content = json!({ "uri": uri, "mimeType": "application/json", "text": text });
        return Ok(Step::Done(json!({ "contents": [content] })));
    }
    match reply.status {
        400 | 404 | 410 => Err(not_found(uri)),
        status if status < 500 => Err(Fault::new(INVALID_REQUEST, problem(reply))),
        _ => Err(Fault::new(INTERNAL_ERROR, problem(reply))),
    }
}

fn definitions(mut known: Vec<Value>, prefix: &str, reply: &Reply) -> Result<Step, Fault> {
    if !reply.succeeded() {
        let code = if reply.status < 500 { INVALID_REQUEST } else { INTERNAL_ERROR };
        return Err(Fault::new(code, problem(reply)));
    }
    let answer = reply.json().unwrap_or_default();
    let names = answer["items"].as_array().into_iter().flatten().filter_map(|item| item["name"].as_str());
    known.extend(names.map(|name| {
        json!({
            "uri": format!("{prefix}{name}"), "name": name, "mimeType": "application/json",
            "description": "A stored definition of tasks."
        })
    }));
    let mut result = json!({ "resources": known });
    if let Some(next) = answer["nextCursor"].as_str() {
        result["nextCursor"] = json!(Cursor::Upstream(next.to_owned()).text());
    }
    Ok(Step::Done(result))
}

/// A completion of these values.
pub(super) fn completion(values: &[&str], more: bool) -> Value {
    json!({ "completion": { "values": values, "hasMore": more } })
}

fn suggestions(member: &str, typed: &str, reply: &Reply) -> Value {
    let answer = if reply.succeeded() { reply.json().unwrap_or_default() } else { Value::Null };
    let items = answer["items"].as_array().into_iter().flatten();
    let values: Vec<&str> = items.filter_map(|item| item[member].as_str()).filter(|it| it.starts_with(typed)).collect();
    let shown = &values[..values.len().min(SUGGESTIONS_MAX)];
    completion(shown, values.len() > shown.len() || answer["nextCursor"].is_string())
}
