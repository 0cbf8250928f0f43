//! JSON-RPC 2.0 messages as MCP has them: ids are texts or whole numbers, and there are no batches.

use serde_json::{Map, Value, json};

use super::strict;

/// Longest id that is taken, in bytes; it is said back in every answer.
const ID_MAX_BYTES: usize = 256;

/// JSON-RPC 2.0 section 5.1.
pub(super) const PARSE_ERROR: i32 = -32_700;
pub(super) const INVALID_REQUEST: i32 = -32_600;
pub(super) const METHOD_NOT_FOUND: i32 = -32_601;
pub(super) const INVALID_PARAMS: i32 = -32_602;
pub(super) const INTERNAL_ERROR: i32 = -32_603;
/// 2025-11-25, resources: what is asked for is not there. 2026-07-28 says -32602 instead.
pub(super) const RESOURCE_NOT_FOUND: i32 = -32_002;
/// 2026-07-28, basic: headers and body say different things.
pub(super) const HEADER_MISMATCH: i32 = -32_020;
/// 2026-07-28, basic: the client did not declare what the request needs.
pub(super) const MISSING_CAPABILITY: i32 = -32_021;
/// 2026-07-28, basic: a revision that is not spoken here.
pub(super) const UNSUPPORTED_VERSION: i32 = -32_022;
/// Our own, outside of the reserved range: the caller's key lacks a scope.
pub(super) const SCOPE_MISSING: i32 = 1_403;

/// The id of a request, which its answer says back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Id {
    /// A whole number.
    Number(i64),
    /// A text of at most 256 bytes.
    Text(String),
}

impl Id {
    fn read(value: &Value) -> Option<Self> {
        match value {
            Value::Number(number) => number.as_i64().map(Self::Number),
            Value::String(text) if text.len() <= ID_MAX_BYTES => Some(Self::Text(text.clone())),
            _ => None,
        }
    }

    pub(super) fn json(&self) -> Value {
        match self {
            Self::Number(number) => json!(number),
            Self::Text(text) => json!(text),
        }
    }
}

/// An error of the protocol (not of a tool).
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Fault {
    /// The code of JSON-RPC or MCP.
    pub code: i32,
    /// What is wrong, for people.
    pub message: String,
    /// What programs read.
    pub data: Option<Value>,
}

impl Fault {
    /// An error without data.
    pub fn new(code: i32, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), data: None }
    }

    /// -32602: parameters that are none.
    pub fn params(message: impl Into<String>) -> Self {
        Self::new(INVALID_PARAMS, message)
    }

    pub(super) fn with(self, data: Value) -> Self {
        Self { data: Some(data), ..self }
    }
}

/// One message of a client.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Message {
    Request {
        id: Id,
        method: String,
        params: Map<String, Value>,
    },
    Notification {
        method: String,
    },
    /// What a client says to a request of ours on a stream (2025-11-25).
    Response {
        id: Id,
        result: Result<Value, Value>,
    },
}

/// A body that is no message, with the request's id where it could be read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Refused {
    pub(super) id: Option<Id>,
    pub(super) fault: Fault,
}

/// Reads a body.
pub(super) fn read(body: &[u8]) -> Result<Message, Refused> {
    let refuse = |id: Option<Id>, code, message: &str| Err(Refused { id, fault: Fault::new(code, message) });
    let mut object = match strict::parse(body) {
        Ok(Value::Object(object)) => object,
        Ok(Value::Array(_)) => return refuse(None, INVALID_REQUEST, "batches are not taken: send one message"),
        Ok(_) => return refuse(None, INVALID_REQUEST, "a message is an object"),
        Err(error) => return refuse(None, PARSE_ERROR, &format!("this is no JSON that is taken: {error}")),
    };
    let id = match object.get("id") {
        None => None,
        Some(value) => match Id::read(value) {
            Some(id) => Some(id),
            None => return refuse(None, INVALID_REQUEST, "an id is a whole number or a text of at most 256 bytes"),
        },
    };
    if object.get("jsonrpc").and_then(Value::as_str) != Some("2.0") {
        return refuse(id, INVALID_REQUEST, "jsonrpc is \"2.0\"");
    }
    let method = match object.remove("method") {
        Some(Value::String(method)) => method,
        Some(_) => return refuse(id, INVALID_REQUEST, "a method is a text"),
        None => return response(id, &mut object),
    };
    let params = match object.remove("params") {
        None => Map::new(),
        Some(Value::Object(params)) => params,
        Some(_) => return refuse(id, INVALID_PARAMS, "params is an object"),
    };
    Ok(match id {
        Some(id) => Message::Request { id, method, params },
        None => Message::Notification { method },
    })
}

fn response(id: Option<Id>, object: &mut Map<String, Value>) -> Result<Message, Refused> {
    match (id, object.remove("result"), object.remove("error")) {
        (Some(id), Some(result), None) => Ok(Message::Response { id, result: Ok(result) }),
        (Some(id), None, Some(error)) => Ok(Message::Response { id, result: Err(error) }),
        (id, ..) => {
            Err(Refused { id, fault: Fault::new(INVALID_REQUEST, "a message has a method, a result or an error") })
        }
    }
}

/// The text of an answer.
pub(super) fn success(id: &Id, result: &Value) -> String {
    json!({ "jsonrpc": "2.0", "id": id.json(), "result": result }).to_string()
}

/// The text of an error; without an id where none could be read.
pub(super) fn failure(id: Option<&Id>, fault: &Fault) -> String {
    let mut error = json!({ "code": fault.code, "message": fault.message });
    if let Some(data) = &fault.data {
        error["data"] = data.clone();
    }
    match id {
        Some(id) => json!({ "jsonrpc": "2.0", "id": id.json(), "error": error }),
        None => json!({ "jsonrpc": "2.0", "error": error }),
    }
    .to_string()
}

/// The text of a notification.
pub(super) fn notification(method: &str, params: &Value) -> String {
    json!({ "jsonrpc": "2.0", "method": method, "params": params }).to_string()
}
