//! Fixture contents: texts, a picture of one pixel, a sound of two samples, resources and prompts.

use serde_json::{Map, Value, json};

use super::super::rpc::Fault;
use super::super::surface::{Call, Step};
use super::ask::form;

/// A PNG of one red pixel.
pub(super) const PNG: &str =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR42mP4z8AAAAMBAQD3A0FDAAAAAElFTkSuQmCC";
/// A WAV of two silent samples.
pub(super) const WAV: &str = "UklGRigAAABXQVZFZm10IBAAAAABAAEAQB8AAIA+AAACABAAZGF0YQQAAAAAAAAA";

/// A tool's result of one text.
pub(super) fn text(text: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": text }] })
}

pub(super) fn image() -> Value {
    json!({ "type": "image", "data": PNG, "mimeType": "image/png" })
}

pub(super) fn resources() -> Vec<Value> {
    let all = [("static-text", "text/plain"), ("static-binary", "image/png"), ("watched-resource", "text/plain")];
    let entry = |(name, kind): (&str, &str)| {
        let uri = format!("test://{name}");
        json!({ "uri": uri, "name": name, "mimeType": kind, "description": "A fixture." })
    };
    all.map(entry).to_vec()
}

/// The contents behind a URI.
pub(super) fn read(uri: &str) -> Option<Value> {
    Some(match uri {
        "test://static-text" => {
            json!({ "uri": uri, "mimeType": "text/plain", "text": "This is the content of the static text resource." })
        }
        "test://static-binary" => json!({ "uri": uri, "mimeType": "image/png", "blob": PNG }),
        "test://watched-resource" => {
            json!({ "uri": uri, "mimeType": "text/plain", "text": "Watched resource content" })
        }
        _ => {
            let id = uri.strip_prefix("test://template/")?.strip_suffix("/data")?;
            let data = json!({ "id": id, "templateTest": true, "data": format!("Data for ID: {id}") });
            json!({ "uri": uri, "mimeType": "application/json", "text": data.to_string() })
        }
    })
}

pub(super) fn prompts() -> Vec<Value> {
    let all: [(&str, &[&str]); 5] = [
        ("test_simple_prompt", &[]),
        ("test_prompt_with_arguments", &["arg1", "arg2"]),
        ("test_prompt_with_embedded_resource", &["resourceUri"]),
        ("test_prompt_with_image", &[]),
        ("test_input_required_result_prompt", &[]),
    ];
    let argument = |name: &&str| json!({ "name": name, "description": "An argument.", "required": true });
    all.iter()
        .map(|(name, arguments)| {
            let arguments: Vec<Value> = arguments.iter().map(argument).collect();
            json!({ "name": name, "description": "A fixture.", "arguments": arguments })
        })
        .collect()
}

/// The messages of a prompt.
pub(super) fn prompt(call: &Call) -> Result<Step, Fault> {
    let arguments = call.arguments()?;
    let argument = |name: &str| {
        let value = arguments.get(name).and_then(Value::as_str);
        value.ok_or_else(|| Fault::params(format!("{name} is missing")))
    };
    let said = |text: &str| json!({ "type": "text", "text": text });
    let contents = match call.text("name")? {
        "test_simple_prompt" => vec![said("This is a simple prompt for testing.")],
        "test_prompt_with_arguments" => {
            let (one, two) = (argument("arg1")?, argument("arg2")?);
            vec![said(&format!("Prompt with arguments: arg1='{one}', arg2='{two}'"))]
        }
        "test_prompt_with_embedded_resource" => {
            let resource = json!({
                "uri": argument("resourceUri")?, "mimeType": "text/plain",
                "text": "Embedded resource content for testing."
            });
            let embedded = json!({ "type": "resource", "resource": resource });
            vec![embedded, said("Please process the embedded resource above.")]
        }
        "test_prompt_with_image" => vec![image(), said("Please analyze the image above.")],
        "test_input_required_result_prompt" => {
            let Some(answer) = call.inputs.get("user_context") else {
                let context = json!({ "context": { "type": "string" } });
                let request = form("What context should the prompt use?", &context, &["context"]);
                return Ok(Step::Input(Map::from_iter([("user_context".to_owned(), request)]), None));
            };
            vec![said(&format!("Context: {}", answer["content"]))]
        }
        _ => return Err(Fault::params("there is no such prompt")),
    };
    let messages: Vec<Value> =
        contents.into_iter().map(|content| json!({ "role": "user", "content": content })).collect();
    Ok(Step::Done(json!({ "messages": messages })))
}
