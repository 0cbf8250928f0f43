//! Tools and resources stand for operations that the platform has, with what these take, give and need.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::super::parameter::Place;
use super::super::resources::{DOCUMENTS, TEMPLATES};
use super::super::tool::{Kind, Output, Tool};
use aion_task::task::State;

use super::super::tools::TOOLS;

const OPENAPI: &str = include_str!("../../../../../docs/openapi.json");

/// Every operation by method and path.
fn operations(document: &Value) -> BTreeMap<(String, String), Value> {
    let paths = document["paths"].as_object().unwrap().iter();
    let all = paths.flat_map(|(path, methods)| {
        let methods = methods.as_object().unwrap().iter();
        methods.map(move |(method, it)| ((method.to_uppercase(), path.clone()), it.clone()))
    });
    all.collect()
}

/// The members that a schema promises, by name.
fn members(document: &Value, schema: &Value) -> (BTreeMap<String, Value>, BTreeSet<String>) {
    if let Some(name) = schema["$ref"].as_str() {
        return members(document, &document["components"]["schemas"][name.rsplit('/').next().unwrap()]);
    }
    let (mut all, mut required) = (BTreeMap::new(), BTreeSet::new());
    for part in schema["allOf"].as_array().into_iter().flatten() {
        let (more, needed) = members(document, part);
        all.extend(more);
        required.extend(needed);
    }
    all.extend(schema["properties"].as_object().into_iter().flatten().map(|(name, it)| (name.clone(), it.clone())));
    required.extend(schema["required"].as_array().into_iter().flatten().filter_map(|it| Some(it.as_str()?.to_owned())));
    (all, required)
}

fn check_input(document: &Value, tool: &Tool, operation: &Value) {
    let parameters = operation["parameters"].as_array().cloned().unwrap_or_default();
    let (body, needed) = members(document, &operation["requestBody"]["content"]["application/json"]["schema"]);
    for one in tool.parameters {
        let known = |place: &str, name: &str| parameters.iter().any(|it| it["in"] == place && it["name"] == name);
        let there = match one.place {
            Place::Path => known("path", one.name),
            Place::Query => known("query", one.name),
            Place::Key => known("header", "Idempotency-Key"),
            Place::Body => body.contains_key(one.name),
        };
        assert!(there, "{} has no parameter {}", tool.operation, one.name);
    }
    let has = |name: &str| tool.parameters.iter().any(|one| one.required && one.name == name);
    assert!(needed.iter().all(|name| has(name)), "{}: {needed:?}", tool.name);
    for one in parameters.iter().filter(|one| one["required"] == true) {
        let name = one["name"].as_str().unwrap();
        assert!(has(if name == "Idempotency-Key" { "idempotency_key" } else { name }), "{}: {name}", tool.name);
    }
}

#[test]
fn every_tool_is_an_operation_of_the_platform() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let operations = operations(&document);
    for tool in TOOLS {
        let operation = &operations[&(tool.method.to_owned(), tool.path.to_owned())];
        assert_eq!(operation["operationId"], tool.operation);
        assert_eq!(operation["x-scope"].as_str(), tool.scope, "{}", tool.name);
        check_input(&document, tool, operation);
        let success = ["200", "201", "202"].iter().find_map(|status| operation["responses"].get(*status)).unwrap();
        let content = success["content"].as_object().unwrap();
        let Output::Object(promised) = tool.output else {
            assert!(content.keys().all(|kind| kind.starts_with("text/")), "{}", tool.name);
            continue;
        };
        let (all, required) = members(&document, &content.values().next().unwrap()["schema"]);
        for (name, kind) in promised {
            assert!(required.contains(*name), "{} does not promise {name}", tool.operation);
            assert_eq!(all[*name]["type"], json!(kind), "{}: {name}", tool.name);
        }
    }
}

#[test]
fn every_resource_is_an_operation_of_the_platform() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let operations = operations(&document);
    let of = |path: &str| &operations[&("GET".to_owned(), path.to_owned())];
    for (.., operation, path) in DOCUMENTS {
        assert_eq!(of(path)["operationId"], *operation);
    }
    for template in TEMPLATES {
        assert_eq!(of(template.path)["operationId"], template.operation);
        assert_eq!(of(template.path)["x-scope"].as_str(), template.scope);
        if let Some((operation, path, _)) = template.suggested {
            assert_eq!(of(path)["operationId"], operation);
        }
    }
    let task = document["components"]["schemas"]["Task"].to_string();
    assert!(State::NAMES.iter().all(|state| task.contains(&format!("`{state}`"))));
}

#[test]
fn no_tool_signs_exports_approves_or_changes_rights() {
    for tool in TOOLS {
        let entry = tool.entry();
        let hint = |name: &str| entry["annotations"][name] == true;
        assert_eq!(hint("destructiveHint"), tool.kind == Kind::Commit, "{}", tool.name);
        assert!(hint("readOnlyHint") || tool.kind != Kind::Read, "{}", tool.name);
        assert_eq!(entry["inputSchema"]["additionalProperties"], false);
        let writes = tool.scope.is_some_and(|scope| !scope.ends_with(":read"));
        assert!(!writes || matches!(tool.scope, Some("task:write" | "mind:use")), "{}", tool.name);
        // Who may propose may also approve by the API, with a signature: no tool passes one on, and no mandate.
        let said = ["mandates", "proof", "approve", "approval"];
        assert!(tool.parameters.iter().all(|one| !said.contains(&one.name)), "{}", tool.name);
        let forbidden = [
            "approveTask",
            "approvePlan",
            "putRules",
            "createKey",
            "listKeys",
            "createWallet",
            "readRecovery",
            "signalTask",
        ];
        assert!(!forbidden.contains(&tool.operation) && !tool.path.contains(":sign"), "{}", tool.name);
    }
}
