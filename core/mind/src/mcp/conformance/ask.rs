//! Fixtures that ask the client for something: what they ask, and what follows.

use serde_json::{Map, Value, json};

use super::super::rpc::Fault;
use super::super::surface::{Call, Step};
use super::Fixtures;
use super::content::text;
use super::state;

/// Asks by form.
pub(super) fn form(message: &str, properties: &Value, required: &[&str]) -> Value {
    json!({ "method": "elicitation/create", "params": {
        "message": message, "requestedSchema": { "type": "object", "properties": properties, "required": required }
    } })
}

/// Asks the client's model.
pub(super) fn sampling(prompt: &str) -> Value {
    json!({ "method": "sampling/createMessage", "params": {
        "messages": [{ "role": "user", "content": { "type": "text", "text": prompt } }], "maxTokens": 100
    } })
}

pub(super) fn roots() -> Value {
    json!({ "method": "roots/list", "params": {} })
}

fn confirm() -> Value {
    form("Please confirm", &json!({ "ok": { "type": "boolean" } }), &["ok"])
}

fn name() -> Value {
    form("What is your name?", &json!({ "name": { "type": "string" } }), &["name"])
}

/// Asks for what is not answered yet; with all answers, says them.
pub(super) fn for_all(call: &Call, wanted: Vec<(&str, Value)>, sealed: Option<String>, says: &str) -> Step {
    let (mut missing, mut answers) = (Map::new(), Vec::new());
    for (key, request) in wanted {
        match call.inputs.get(key) {
            Some(answer) => answers.push(said(answer)),
            None => {
                missing.insert(key.to_owned(), request);
            }
        }
    }
    if !missing.is_empty() {
        return Step::Input(missing, sealed);
    }
    Step::Done(text(&format!("{says}{}", answers.join(", "))))
}

/// An answer in words.
fn said(answer: &Value) -> String {
    if let Some(text) = answer["content"]["text"].as_str() {
        return text.to_owned();
    }
    match answer["action"].as_str() {
        Some(action) => format!("action={action}, content={}", answer["content"]),
        None => answer.to_string(),
    }
}

/// The tools `test_input_required_result_…` by the end of their names.
pub(super) fn rounds(fixtures: &Fixtures, which: &str, call: &Call) -> Result<Step, Fault> {
    let opened = match call.state {
        None => None,
        Some(sealed) => {
            let opened =
                state::open(&fixtures.key, sealed).and_then(|text| text.strip_prefix(which)?.strip_prefix(':'));
            Some(opened.ok_or_else(|| Fault::params("requestState is not what this server gave"))?)
        }
    };
    let sealed = |round: &str| Some(state::seal(&fixtures.key, &format!("{which}:{round}")));
    Ok(match which {
        "elicitation" => for_all(call, vec![("user_name", name())], None, "Hello: "),
        "sampling" => {
            for_all(call, vec![("capital_question", sampling("What is the capital of France?"))], None, "Answer: ")
        }
        "list_roots" => for_all(call, vec![("client_roots", roots())], None, "Roots: "),
        "request_state" | "tampered_state" if opened.is_none() => {
            Step::Input(Map::from_iter([("confirm".to_owned(), confirm())]), sealed("1"))
        }
        "request_state" | "tampered_state" => for_all(call, vec![("confirm", confirm())], sealed("1"), "state-ok: "),
        "multiple_inputs" => {
            let wanted =
                vec![("user_name", name()), ("greeting", sampling("Generate a greeting")), ("client_roots", roots())];
            for_all(call, wanted, sealed("1"), "All: ")
        }
        "multi_round" if opened == Some("2") => {
            let color =
                form("Step 2: What is your favorite color?", &json!({ "color": { "type": "string" } }), &["color"]);
            for_all(call, vec![("step2", color)], sealed("2"), "Done: ")
        }
        "multi_round" if opened == Some("1") && call.inputs.contains_key("step1") => {
            let color =
                form("Step 2: What is your favorite color?", &json!({ "color": { "type": "string" } }), &["color"]);
            Step::Input(Map::from_iter([("step2".to_owned(), color)]), sealed("2"))
        }
        "multi_round" => {
            let first = form("Step 1: What is your name?", &json!({ "name": { "type": "string" } }), &["name"]);
            Step::Input(Map::from_iter([("step1".to_owned(), first)]), sealed("1"))
        }
        "capabilities" => {
            let mut wanted = Vec::new();
            if call.declares("elicitation") {
                wanted.push(("elicit_input", name()));
            }
            if call.declares("sampling") {
                wanted.push(("sample_input", sampling("Sample request")));
            }
            for_all(call, wanted, None, "Answers: ")
        }
        _ => return Err(Fault::params("there is no such tool")),
    })
}

/// A form with a default for every primitive type.
pub(super) fn defaults() -> Value {
    let properties = json!({
        "name": { "type": "string", "default": "John Doe" },
        "age": { "type": "integer", "default": 30 },
        "score": { "type": "number", "default": 95.5 },
        "status": { "type": "string", "enum": ["active", "inactive", "pending"], "default": "active" },
        "verified": { "type": "boolean", "default": true }
    });
    form("Please look at the defaults", &properties, &[])
}

/// A form with every kind of choice.
pub(super) fn choices() -> Value {
    let titled = |names: [&str; 3]| -> Value {
        ["value1", "value2", "value3"]
            .iter()
            .zip(names)
            .map(|(it, name)| json!({ "const": it, "title": name }))
            .collect()
    };
    let options = ["option1", "option2", "option3"];
    let properties = json!({
        "untitledSingle": { "type": "string", "enum": options },
        "titledSingle": { "type": "string", "oneOf": titled(["First Option", "Second Option", "Third Option"]) },
        "legacyEnum": {
            "type": "string", "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"]
        },
        "untitledMulti": { "type": "array", "items": { "type": "string", "enum": options } },
        "titledMulti": {
            "type": "array", "items": { "anyOf": titled(["First Choice", "Second Choice", "Third Choice"]) }
        }
    });
    form("Please choose", &properties, &[])
}
