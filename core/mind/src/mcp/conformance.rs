//! The fixtures that the official conformance package asks a server for (npm `@modelcontextprotocol/conformance`,
//! 0.2.0-alpha.12): tools, resources and prompts without a meaning, behind the dispatcher that the platform has.

mod ask;
mod content;
mod state;
#[cfg(test)]
mod tests;
mod tools;

use serde_json::{Value, json};

use super::http::Version;
use super::result::{completion, not_found};
use super::rpc::Fault;
use super::surface::{Call, Identity, List, Step, Surface};

/// The fixtures.
#[derive(Debug, Clone, Copy)]
pub struct Fixtures {
    /// What `requestState` is protected by; drawn anew for each run.
    pub key: [u8; 32],
}

impl Surface for Fixtures {
    fn identity(&self) -> Identity {
        Identity {
            name: "aion-conformance",
            title: "Conformance fixtures",
            version: env!("CARGO_PKG_VERSION"),
            instructions: "Fixtures of the conformance package.",
        }
    }

    fn capabilities(&self, version: Version) -> Value {
        let subscribe = if version == Version::V2025_11_25 { json!({ "subscribe": true }) } else { json!({}) };
        json!({ "tools": {}, "resources": subscribe, "prompts": {}, "completions": {}, "logging": {} })
    }

    fn entries(&self, list: List) -> Vec<Value> {
        match list {
            List::Tools => tools::entries(),
            List::Resources => content::resources(),
            List::Templates => vec![json!({
                "uriTemplate": "test://template/{id}/data", "name": "Template", "mimeType": "application/json",
                "description": "A resource with a parameter."
            })],
            List::Prompts => content::prompts(),
        }
    }

    fn tool(&self, call: &Call) -> Result<Step, Fault> {
        tools::call(self, call)
    }

    fn resource(&self, call: &Call) -> Result<Step, Fault> {
        let uri = call.text("uri")?;
        let contents = content::read(uri).ok_or_else(|| not_found(uri))?;
        Ok(Step::Done(json!({ "contents": [contents] })))
    }

    fn prompt(&self, call: &Call) -> Result<Step, Fault> {
        content::prompt(call)
    }

    fn complete(&self, call: &Call) -> Result<Step, Fault> {
        let typed = call.params.get("argument").and_then(|it| it.get("value")?.as_str());
        let typed = typed.ok_or_else(|| Fault::params("argument has a name and a value"))?;
        let values: Vec<&str> = ["paris", "park", "party"].into_iter().filter(|it| it.starts_with(typed)).collect();
        Ok(Step::Done(completion(&values, false)))
    }

    fn further(&self, method: &str, call: &Call) -> Option<Result<Step, Fault>> {
        let known = matches!(method, "logging/setLevel" | "resources/subscribe" | "resources/unsubscribe");
        (known && call.version == Version::V2025_11_25).then(|| Ok(Step::Done(json!({}))))
    }
}
