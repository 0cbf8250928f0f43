//! What clients send, as operations of the platform's API.

use serde_json::{Map, Value, json};

use super::error::Error;
use super::task::STATES;
use crate::mcp::{Operation, segments};

/// Longest id of a message: it is the key that keeps a task from being submitted twice.
const MESSAGE_ID_MAX_CHARS: usize = 124;
/// Entries a page, unless a client says otherwise.
const PAGE_ENTRIES: u64 = 50;

/// `SendMessage`: the operation, and whether its answer is not waited for.
pub(super) fn send(body: &Map<String, Value>) -> Result<(Operation, bool), Error> {
    let message = body.get("message").and_then(Value::as_object).ok_or_else(|| invalid("message", "is missing"))?;
    if message.get("role").and_then(Value::as_str) != Some("ROLE_USER") {
        return Err(invalid("message.role", "is ROLE_USER"));
    }
    let id = message.get("messageId").and_then(Value::as_str).unwrap_or_default();
    let visible = id.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\');
    if id.is_empty() || id.len() > MESSAGE_ID_MAX_CHARS || !visible {
        return Err(invalid("message.messageId", "is 1 to 124 visible ASCII characters"));
    }
    if given(message, "taskId") {
        return Err(Error::UnsupportedOperation("a task takes no further messages: send a new one"));
    }
    if given(message, "contextId") {
        return Err(Error::UnsupportedOperation("contexts are not kept: send no contextId"));
    }
    let empty = Map::new();
    let configuration = match body.get("configuration") {
        None | Some(Value::Null) => &empty,
        Some(Value::Object(configuration)) => configuration,
        Some(_) => return Err(invalid("configuration", "is an object")),
    };
    if configuration.get("taskPushNotificationConfig").is_some_and(|it| !it.is_null()) {
        return Err(Error::PushNotificationNotSupported);
    }
    let operation = Operation {
        id: "submitTask",
        method: "POST",
        path: "/v1/tasks".to_owned(),
        query: Vec::new(),
        idempotency_key: Some(format!("a2a:{id}")),
        body: Some(task(message)?),
    };
    Ok((operation, configuration.get("returnImmediately") == Some(&Value::Bool(true))))
}

fn given(message: &Map<String, Value>, name: &str) -> bool {
    message.get(name).is_some_and(|value| !value.is_null() && value != "")
}

/// The task that a message carries: one part, data, with a definition and an input.
fn task(message: &Map<String, Value>) -> Result<Value, Error> {
    let parts = message.get("parts").and_then(Value::as_array).filter(|parts| !parts.is_empty());
    let parts = parts.ok_or_else(|| invalid("message.parts", "has at least one part"))?;
    let [part] = parts.as_slice() else { return Err(Error::ContentTypeNotSupported) };
    let data = part.get("data").and_then(Value::as_object).ok_or(Error::ContentTypeNotSupported)?;
    let known = data.keys().all(|name| name == "definition" || name == "input");
    let definition = data.get("definition").filter(|it| it.is_object() || it.is_string());
    match definition {
        Some(_) if known && data.get("input").is_none_or(Value::is_object) => Ok(Value::Object(data.clone())),
        _ => Err(Error::ContentTypeNotSupported),
    }
}

/// An operation over one task.
pub(super) fn one(id: &'static str, method: &'static str, template: &str, task: &str) -> Result<Operation, Error> {
    let path = segments(template, &[("id", task)]).ok_or(Error::TaskNotFound)?;
    Ok(Operation { id, method, path, query: Vec::new(), idempotency_key: None, body: None })
}

/// What `ListTasks` is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub(super) status: Option<String>,
    pub(super) artifacts: bool,
    pub(super) entries: u64,
}

/// `ListTasks`; none where nothing can match.
pub(super) fn list(query: &[(&str, &str)]) -> Result<(Option<Operation>, Wanted), Error> {
    let value =
        |name: &str| query.iter().find(|(it, _)| *it == name).map(|(_, value)| *value).filter(|it| !it.is_empty());
    let entries = match value("pageSize") {
        None => PAGE_ENTRIES,
        Some(text) => {
            let number = text.parse().ok().filter(|number| (1..=100).contains(number));
            number.ok_or_else(|| invalid("pageSize", "is a number from 1 to 100"))?
        }
    };
    let status = value("status").map(str::to_owned);
    let other = ["TASK_STATE_UNSPECIFIED", "TASK_STATE_INPUT_REQUIRED", "TASK_STATE_REJECTED"];
    let status = status.filter(|status| status != other[0]);
    if status.as_deref().is_some_and(|status| !STATES.contains(&status) && !other.contains(&status)) {
        return Err(invalid("status", "is no state"));
    }
    if value("statusTimestampAfter").is_some() {
        return Err(Error::UnsupportedOperation("tasks are not listed by time"));
    }
    let artifacts = match value("includeArtifacts") {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(invalid("includeArtifacts", "is true or false")),
    };
    let never = value("contextId").is_some() || status.as_deref().is_some_and(|status| other.contains(&status));
    let mut parameters = vec![("limit", entries.to_string())];
    parameters.extend(value("pageToken").map(|token| ("cursor", token.to_owned())));
    // States that the kernel knows as one are filtered there; the others are filtered after.
    let exact =
        [("TASK_STATE_SUBMITTED", "queued"), ("TASK_STATE_COMPLETED", "done"), ("TASK_STATE_AUTH_REQUIRED", "waiting")];
    let state = exact.iter().find(|(name, _)| status.as_deref() == Some(*name));
    parameters.extend(state.map(|(_, state)| ("state", (*state).to_owned())));
    let operation = Operation {
        id: "listTasks",
        method: "GET",
        path: "/v1/tasks".to_owned(),
        query: parameters,
        idempotency_key: None,
        body: None,
    };
    Ok(((!never).then_some(operation), Wanted { status, artifacts, entries }))
}

/// The answer of `ListTasks`.
pub(super) fn page(tasks: &[Value], next: Option<&str>, entries: u64) -> Value {
    json!({ "tasks": tasks, "nextPageToken": next.unwrap_or_default(), "pageSize": entries, "totalSize": tasks.len() })
}

fn invalid(field: &'static str, why: &str) -> Error {
    Error::Invalid(field, why.to_owned())
}
