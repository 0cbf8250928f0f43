//! Fixture tools.

use serde_json::{Value, json};

use super::super::result::tool_failure;
use super::super::rpc::Fault;
use super::super::surface::{Call, Step};
use super::Fixtures;
use super::ask::{choices, defaults, for_all, form, rounds, sampling};
use super::content::{WAV, image, text};

/// What the tools that ask more than once are called before the end of their names.
const ROUNDS: &str = "test_input_required_result_";

/// Tools without arguments.
const PLAIN: &[&str] = &[
    "test_simple_text",
    "test_image_content",
    "test_audio_content",
    "test_embedded_resource",
    "test_multiple_content_types",
    "test_tool_with_logging",
    "test_tool_with_progress",
    "test_error_handling",
    "test_elicitation_sep1034_defaults",
    "test_elicitation_sep1330_enums",
    "test_missing_capability",
    "test_streaming_elicitation",
    "test_logging_tool",
    "test_input_required_result_elicitation",
    "test_input_required_result_sampling",
    "test_input_required_result_list_roots",
    "test_input_required_result_request_state",
    "test_input_required_result_multiple_inputs",
    "test_input_required_result_multi_round",
    "test_input_required_result_tampered_state",
    "test_input_required_result_capabilities",
];

pub(super) fn entries() -> Vec<Value> {
    let entry = |name: &str, schema: Value| json!({ "name": name, "description": "A fixture.", "inputSchema": schema });
    let one = |argument: &str| {
        let properties = json!({ argument: { "type": "string" } });
        json!({ "type": "object", "properties": properties, "required": [argument] })
    };
    let mut all: Vec<Value> = PLAIN.iter().map(|name| entry(name, json!({ "type": "object" }))).collect();
    all.push(entry("test_sampling", one("prompt")));
    all.push(entry("test_elicitation", one("message")));
    all.push(entry("json_schema_2020_12_tool", whole_vocabulary()));
    all
}

/// A schema with keywords that a server must not lose.
fn whole_vocabulary() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "$defs": { "address": {
            "$anchor": "addressDef", "type": "object",
            "properties": { "street": { "type": "string" }, "city": { "type": "string" } }
        } },
        "properties": {
            "name": { "type": "string" }, "address": { "$ref": "#/$defs/address" },
            "contactMethod": { "type": "string", "enum": ["phone", "email"] },
            "phone": { "type": "string" }, "email": { "type": "string" }
        },
        "allOf": [{ "anyOf": [{ "required": ["phone"] }, { "required": ["email"] }] }],
        "if": { "properties": { "contactMethod": { "const": "phone" } }, "required": ["contactMethod"] },
        "then": { "required": ["phone"] },
        "else": { "required": ["email"] },
        "additionalProperties": false
    })
}

pub(super) fn call(fixtures: &Fixtures, call: &Call) -> Result<Step, Fault> {
    let name = call.text("name")?;
    if let Some(which) = name.strip_prefix(ROUNDS) {
        return rounds(fixtures, which, call);
    }
    let arguments = call.arguments()?;
    let argument = |name: &str| arguments.get(name).and_then(Value::as_str).unwrap_or_default();
    let username = json!({ "username": { "type": "string" }, "email": { "type": "string" } });
    Ok(match name {
        "test_simple_text" => Step::Done(text("This is a simple text response for testing.")),
        "test_image_content" => Step::Done(json!({ "content": [image()] })),
        "test_audio_content" => {
            Step::Done(json!({ "content": [{ "type": "audio", "data": WAV, "mimeType": "audio/wav" }] }))
        }
        "test_embedded_resource" => Step::Done(json!({ "content": [embedded(
            "test://embedded-resource", "text/plain", "This is an embedded resource content."
        )] })),
        "test_multiple_content_types" => Step::Done(json!({ "content": [
            { "type": "text", "text": "Multiple content types test:" },
            image(),
            embedded("test://mixed-content-resource", "application/json", r#"{"test":"data","value":123}"#)
        ] })),
        "test_error_handling" => Step::Done(tool_failure("This tool intentionally returns an error for testing")),
        "test_tool_with_logging" => Step::Told(
            ["Tool execution started", "Tool processing data", "Tool execution completed"].map(log).to_vec(),
            text("Logged."),
        ),
        "test_logging_tool" => Step::Told(vec![log("Logging")], text("Logging evaluated.")),
        "test_tool_with_progress" | "test_streaming_elicitation" => Step::Told(progress(call), text("Done.")),
        "test_sampling" => for_all(call, vec![("answer", sampling(argument("prompt")))], None, "LLM response: "),
        "test_missing_capability" => for_all(call, vec![("answer", sampling("x"))], None, "LLM response: "),
        "test_elicitation" => {
            let asked = form(argument("message"), &username, &["username", "email"]);
            for_all(call, vec![("answer", asked)], None, "User response: ")
        }
        "test_elicitation_sep1034_defaults" => {
            for_all(call, vec![("answer", defaults())], None, "Elicitation completed: ")
        }
        "test_elicitation_sep1330_enums" => for_all(call, vec![("answer", choices())], None, "Elicitation completed: "),
        "json_schema_2020_12_tool" => Step::Done(text(&Value::Object(arguments).to_string())),
        _ => return Err(Fault::params("there is no such tool")),
    })
}

fn embedded(uri: &str, kind: &str, text: &str) -> Value {
    json!({ "type": "resource", "resource": { "uri": uri, "mimeType": kind, "text": text } })
}

fn log(says: &str) -> (&'static str, Value) {
    ("notifications/message", json!({ "level": "info", "data": says }))
}

/// Progress, to whoever wants to hear of it.
fn progress(call: &Call) -> Vec<(&'static str, Value)> {
    let Some(token) = call.meta("progressToken") else { return Vec::new() };
    let told =
        |done: u32| ("notifications/progress", json!({ "progressToken": token, "progress": done, "total": 100 }));
    [0, 50, 100].map(told).to_vec()
}
