//! What a plan looks like, and the subset that its schema keeps to.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Kind, Plan, schema};

pub(crate) mod fixture;

fn launch() -> Value {
    let from = |from: &str, value: &str| json!({ "from": from, "value": value });
    json!({
        "version": "aion.plan/1",
        "summary": "Launch and give",
        "schedule": null,
        "steps": [
            { "do": "token.create", "id": "create", "needs": [], "wallet": from("input", "treasury"),
              "standard": "erc20", "name": from("lit", "Luna"), "symbol": from("lit", "LUN"),
              "cap": from("input", "supply") },
            { "do": "token.mint", "id": "mint", "needs": [], "wallet": from("input", "treasury"),
              "token": from("ref", "create.token"), "to": from("input", "alice"), "amount": from("lit", "10000") }
        ]
    })
}

#[test]
fn a_plan_is_read_and_written_as_the_same_text() {
    let plan = Plan::read(&launch().to_string()).unwrap();
    assert_eq!((plan.steps.len(), plan.steps[1].kind(), plan.runs()), (2, Kind::TokenMint, 1));
    assert_eq!(serde_json::to_value(&plan).unwrap(), launch());
}

#[test]
fn what_is_not_in_the_language_is_refused_by_its_place() {
    let refused = |change: &dyn Fn(&mut Value)| {
        let mut plan = launch();
        change(&mut plan);
        Plan::read(&plan.to_string()).unwrap_err().remove(0).pointer
    };
    let steps: [&dyn Fn(&mut Value); 9] = [
        &|plan| plan["steps"][1]["do"] = json!("contract.call"),
        &|plan| plan["steps"][1]["do"] = json!("http.request"),
        &|plan| plan["steps"][1]["data"] = json!("0x095ea7b3"),
        &|plan| plan["steps"][1]["to"]["from"] = json!("quarantined"),
        &|plan| plan["steps"][1]["to"]["more"] = json!("x"),
        &|plan| plan["steps"][1]["to"]["value"] = json!("${{ input.x }}"),
        &|plan| plan["steps"][1]["amount"] = json!("10000"),
        &|plan| plan["steps"][1]["amount"]["value"] = json!("１００"),
        &|plan| plan["steps"][1]["id"] = json!("Mint-1"),
    ];
    for change in steps {
        assert_eq!(refused(change), "/steps/1");
    }
    let whole: [&dyn Fn(&mut Value); 4] = [
        &|plan| plan["version"] = json!("aion.plan/2"),
        &|plan| plan["tools"] = json!([]),
        &|plan| plan["summary"] = json!("hidden\u{202e}text"),
        &|plan| *plan = json!([]),
    ];
    for change in whole {
        assert_eq!(refused(change), "");
    }
    assert!(Plan::read("```json\n{}\n```").is_err());
    let twice = launch().to_string().replace("\"id\":\"mint\"", "\"id\":\"mint\",\"extra\":1");
    assert!(Plan::read(&twice).is_err());
}

/// Every schema within a schema.
fn schemas<'a>(schema: &'a Value, found: &mut Vec<&'a Value>) {
    found.push(schema);
    for name in ["properties", "$defs"] {
        schema[name].as_object().into_iter().flatten().for_each(|(_, inner)| schemas(inner, found));
    }
    schema["anyOf"].as_array().into_iter().flatten().for_each(|inner| schemas(inner, found));
    if schema["items"].is_object() {
        schemas(&schema["items"], found);
    }
}

#[test]
fn the_schema_keeps_to_what_every_provider_takes() {
    const SUBSET: [&str; 10] = [
        "type",
        "properties",
        "required",
        "additionalProperties",
        "enum",
        "items",
        "anyOf",
        "description",
        "$defs",
        "$ref",
    ];
    let whole = schema::plan();
    let mut all = Vec::new();
    schemas(&whole, &mut all);
    assert!(all.len() > 50, "{}", all.len());
    for schema in &all {
        let words: Vec<&str> = schema.as_object().unwrap().keys().map(String::as_str).collect();
        assert!(words.iter().all(|word| SUBSET.contains(word)), "{schema}");
        if words.contains(&"$ref") {
            assert_eq!(words, ["$ref"]);
        }
        if schema["type"] == "object" {
            let properties: Vec<&String> = schema["properties"].as_object().unwrap().keys().collect();
            assert_eq!(json!(properties), schema["required"], "every property is required");
            assert_eq!(schema["additionalProperties"], json!(false));
        }
        let words = schema["enum"].as_array().into_iter().flatten();
        assert!(words.into_iter().all(Value::is_string));
        // Unions are of closed objects, or of one thing and null.
        for inner in schema["anyOf"].as_array().into_iter().flatten() {
            assert!(inner.get("anyOf").is_none());
            assert!(inner["type"] == "object" || inner["type"] == "null" || inner.get("$ref").is_some(), "{inner}");
        }
    }
    assert_eq!(whole["type"], "object");
    // Limits of providers: 16 unions (Anthropic), 100 properties and 10 levels before OpenAI's older models refuse.
    assert!(all.iter().filter(|schema| schema.get("anyOf").is_some()).count() <= 16);
    assert!(whole.to_string().len() < 15_000, "{}", whole.to_string().len());
}
