//! The JSON Schema (draft 2020-12) of definitions, made of the kinds themselves: for editors, and for those who write
//! definitions by program. What it cannot say — needs, expressions, sizes — a check says.

use serde_json::{Map, Value, json};

use crate::definition::{
    ATTEMPTS_MAX, LABEL_MAX_CHARS, LABELS_MAX, NOTIFY_MAX, PARALLEL_MAX, STEP_ID_MAX_CHARS, STEPS_MAX,
};
use crate::kind;
use crate::machine::notice;

/// The schema.
#[must_use]
pub fn definition() -> Value {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Definition of a durable task",
        "type": "object",
        "additionalProperties": false,
        "required": ["steps"],
        "properties": {
            "steps": {
                "type": "object",
                "minProperties": 1,
                "maxProperties": STEPS_MAX,
                "propertyNames": { "pattern": format!("^[A-Za-z0-9_-]{{1,{STEP_ID_MAX_CHARS}}}$") },
                "additionalProperties": { "$ref": "#/$defs/step" }
            },
            "labels": {
                "type": "object",
                "maxProperties": LABELS_MAX,
                "additionalProperties": { "type": "string", "minLength": 1, "maxLength": LABEL_MAX_CHARS }
            },
            "priority": { "enum": ["low", "normal", "high"], "default": "normal" },
            "timeout": { "$ref": "#/$defs/duration" },
            "retention": { "$ref": "#/$defs/duration" },
            "notify": {
                "type": "array",
                "maxItems": NOTIFY_MAX,
                "items": {
                    "type": "object",
                    "additionalProperties": false,
                    "required": ["url", "on"],
                    "properties": {
                        "url": { "type": "string", "format": "uri" },
                        "on": { "type": "array", "minItems": 1, "items": { "enum": notice::STATES } },
                        "sign": { "type": "string", "description": "The name of a secret." }
                    }
                }
            },
            "output": { "description": "What comes of the task; it may read every step." }
        },
        "$defs": {
            "step": step(),
            "undo": undo(),
            "retry": retry(true),
            "rule": retry(false),
            "duration": { "type": "string", "examples": ["PT5M", "300s", "1d"] },
            "expression": { "type": "string", "description": "CEL, with or without ${{ and }}." }
        }
    })
}

/// A step of a definition: what undoes one has some of its fields.
fn step() -> Value {
    let mut step = undo();
    step["properties"]["needs"] = json!({ "type": "array", "items": { "type": "string" }, "uniqueItems": true });
    step["properties"]["when"] = json!({ "$ref": "#/$defs/expression" });
    step["properties"]["each"] = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["in"],
        "properties": {
            "in": { "$ref": "#/$defs/expression" },
            "parallel": { "type": "integer", "minimum": 1, "maximum": PARALLEL_MAX }
        }
    });
    step["properties"]["compensate"] = json!({ "$ref": "#/$defs/undo" });
    step
}

fn undo() -> Value {
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["do"],
        "properties": {
            "do": { "enum": kind::names().collect::<Vec<_>>() },
            "with": { "type": "object", "description": "Its input; texts may hold ${{ expressions }}." },
            "retry": { "$ref": "#/$defs/retry" },
            "timeout": { "$ref": "#/$defs/duration" }
        },
        "allOf": inputs()
    })
}

fn retry(classes: bool) -> Value {
    let mut properties = json!({
        "attempts": { "type": "integer", "minimum": 1, "maximum": ATTEMPTS_MAX },
        "first": { "$ref": "#/$defs/duration" },
        "max": { "$ref": "#/$defs/duration" }
    });
    if classes {
        let about = "Other rules for a class of errors, by its code.";
        properties["per"] =
            json!({ "type": "object", "description": about, "additionalProperties": { "$ref": "#/$defs/rule" } });
    }
    json!({ "type": "object", "additionalProperties": false, "properties": properties })
}

/// For each kind, which fields its input has.
fn inputs() -> Vec<Value> {
    let input = |(kind, (required, optional)): (&str, kind::Fields)| {
        let fields: Map<String, Value> =
            required.iter().chain(optional).map(|field| ((*field).to_owned(), json!(true))).collect();
        let with = json!({
            "type": "object", "additionalProperties": false, "required": required, "properties": fields
        });
        let needed: &[&str] = if required.is_empty() { &["do"] } else { &["do", "with"] };
        json!({
            "if": { "properties": { "do": { "const": kind } } },
            "then": { "required": needed, "properties": { "with": with } }
        })
    };
    kind::all().map(input).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::definition;
    use crate::kind;

    #[test]
    fn every_kind_has_its_input() {
        let schema = definition();
        let inputs = schema["$defs"]["step"]["allOf"].as_array().unwrap();
        assert_eq!(inputs.len(), kind::names().count());
        let of = |kind: &str| {
            let found = inputs.iter().find(|input| input["if"]["properties"]["do"]["const"] == kind);
            found.unwrap()["then"]["properties"]["with"].clone()
        };
        assert_eq!(of("sleep")["required"], serde_json::json!(["duration"]));
        assert_eq!(of("http.request")["properties"]["callback"], true);
    }

    #[test]
    fn every_reference_is_defined() {
        let text = definition().to_string();
        for part in text.split("#/$defs/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(definition()["$defs"].get(name).is_some(), "{name}");
        }
    }
}
