//! A tool: one operation of the platform's API under a name, with what it takes, gives and needs.

use serde_json::{Map, Value, json};

use super::ask::{Operation, path};
use super::parameter::{Parameter, Place, faults, schema};

/// How much a tool does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// It reads.
    Read,
    /// It judges what the caller has in mind, or keeps it as a proposal; nothing moves.
    Propose,
    /// It takes effect, within the limits of keys, policies and approvals.
    Commit,
}

/// What a tool leaves behind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Leaves {
    /// Nothing.
    Nothing,
    /// A proposal, and what a model was paid for it.
    Proposal,
    /// What cannot be undone.
    Effects,
}

/// What a tool gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Output {
    /// An object with at least these members, by name and JSON type.
    Object(&'static [(&'static str, &'static str)]),
    /// Text.
    Text,
}

/// A tool.
#[derive(Debug, PartialEq, Eq)]
pub struct Tool {
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) says: &'static str,
    pub(super) kind: Kind,
    pub(super) leaves: Leaves,
    /// `operationId` of docs/openapi.json.
    pub(super) operation: &'static str,
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) scope: Option<&'static str>,
    pub(super) parameters: &'static [Parameter],
    pub(super) output: Output,
}

impl Tool {
    /// As `tools/list` shows it.
    pub(super) fn entry(&self) -> Value {
        let (reads, destroys) = (self.leaves == Leaves::Nothing, self.leaves == Leaves::Effects);
        let mut entry = json!({
            "name": self.name, "title": self.title, "description": self.says,
            "inputSchema": schema(self.parameters),
            "annotations": {
                "title": self.title, "readOnlyHint": reads, "destructiveHint": destroys,
                "idempotentHint": true, "openWorldHint": !reads
            }
        });
        if let Output::Object(members) = self.output {
            let properties: Map<String, Value> =
                members.iter().map(|(name, kind)| ((*name).to_owned(), json!({ "type": kind }))).collect();
            let required: Vec<&str> = members.iter().map(|(name, _)| *name).collect();
            entry["outputSchema"] = json!({ "type": "object", "properties": properties, "required": required });
        }
        entry
    }

    /// The operation that a call stands for, or what is wrong with its arguments.
    pub(super) fn operation(&self, arguments: &Map<String, Value>) -> Result<Operation, Vec<String>> {
        let faults = faults(self.parameters, arguments);
        if !faults.is_empty() {
            return Err(faults);
        }
        let given = |place: Place| {
            let parameters = self.parameters.iter().filter(move |one| one.place == place);
            parameters.filter_map(|one| Some((one.name, arguments.get(one.name)?)))
        };
        let texts: Vec<(&str, &str)> =
            given(Place::Path).filter_map(|(name, value)| Some((name, value.as_str()?))).collect();
        let path = path(self.path, &texts).ok_or_else(|| vec!["an argument is no name that is taken".to_owned()])?;
        let body: Map<String, Value> =
            given(Place::Body).map(|(name, value)| (name.to_owned(), value.clone())).collect();
        Ok(Operation {
            id: self.operation,
            method: self.method,
            path,
            query: given(Place::Query).map(|(name, value)| (name, plain(value))).collect(),
            idempotency_key: given(Place::Key).next().map(|(_, value)| plain(value)),
            body: self.parameters.iter().any(|one| one.place == Place::Body).then_some(Value::Object(body)),
        })
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
