//! The schema and the types mean the same: what one takes, the other takes, apart from alphabets, lengths and bounds.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_mind::plan::{Plan, schema};
use proptest::prelude::{BoxedStrategy, Just, Strategy, any, prop, prop_assert, prop_assert_eq};
use proptest::{prop_oneof, proptest};
use serde_json::{Map, Value, json};

/// Whether a document fits a schema of the subset.
fn fits(root: &Value, schema: &Value, value: &Value) -> bool {
    if let Some(name) = schema["$ref"].as_str() {
        return fits(root, root.pointer(&name[1..]).expect("a definition"), value);
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        return choices.iter().any(|choice| fits(root, choice, value));
    }
    match schema["type"].as_str().expect("a type") {
        "null" => value.is_null(),
        "integer" => value.is_i64() || value.is_u64(),
        "string" => value.is_string() && schema["enum"].as_array().is_none_or(|words| words.contains(value)),
        "array" => value.as_array().is_some_and(|items| items.iter().all(|item| fits(root, &schema["items"], item))),
        "object" => value.as_object().is_some_and(|fields| {
            let known = schema["properties"].as_object().expect("properties");
            known.keys().all(|name| fields.contains_key(name))
                && fields.iter().all(|(name, field)| known.get(name).is_some_and(|inner| fits(root, inner, field)))
        }),
        other => panic!("{other} is not in the subset"),
    }
}

/// Any document that fits a schema. Texts are such that every alphabet of the types takes them.
fn document(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    if let Some(name) = schema["$ref"].as_str() {
        return sourced(root.pointer(&name[1..]).expect("a definition"));
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let all: Vec<_> = choices.iter().map(|choice| document(root, choice)).collect();
        return prop::strategy::Union::new(all).boxed();
    }
    match schema["type"].as_str().expect("a type") {
        "null" => Just(Value::Null).boxed(),
        "integer" => (0_u8..=255).prop_map(|number| json!(number)).boxed(),
        "string" => match schema["enum"].as_array() {
            Some(words) => prop::sample::select(words.clone()).boxed(),
            None => "[a-z][a-z0-9_]{0,31}".prop_map(Value::from).boxed(),
        },
        "array" => prop::collection::vec(document(root, &schema["items"]), 0..4).prop_map(Value::from).boxed(),
        _ => object(root, schema),
    }
}

fn object(root: &Value, schema: &Value) -> BoxedStrategy<Value> {
    let fields = schema["properties"].as_object().expect("properties").clone();
    let names: Vec<String> = fields.keys().cloned().collect();
    let values: Vec<_> = fields.values().map(|schema| document(root, schema)).collect();
    values.prop_map(move |values| Value::Object(names.iter().cloned().zip(values).collect::<Map<_, _>>())).boxed()
}

/// A value with its origin: the text follows from it.
fn sourced(schema: &Value) -> BoxedStrategy<Value> {
    let words = schema["properties"]["from"]["enum"].as_array().expect("origins").clone();
    let text = ("[a-z][a-z0-9_]{0,9}", "[a-z][a-z0-9_]{0,9}");
    (prop::sample::select(words), text)
        .prop_map(|(from, (one, two))| {
            let value = if from == "ref" { format!("{one}.{two}") } else { one };
            json!({ "from": from, "value": value })
        })
        .boxed()
}

/// All places of a document.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    match value {
        Value::Array(items) => items.iter().enumerate().for_each(|(n, v)| pointers(v, &format!("{at}/{n}"), found)),
        Value::Object(fields) => fields.iter().for_each(|(n, v)| pointers(v, &format!("{at}/{n}"), found)),
        _ => {}
    }
}

/// One thing that is changed somewhere.
#[derive(Debug, Clone)]
enum Change {
    Set(Value),
    Remove,
    Add,
}

fn change() -> impl Strategy<Value = Change> {
    let values = [json!(null), json!(7), json!(-1), json!("x"), json!(true), json!([]), json!({}), json!("token.mint")];
    prop_oneof![prop::sample::select(values.to_vec()).prop_map(Change::Set), Just(Change::Remove), Just(Change::Add)]
}

fn changed(plan: &Value, place: usize, change: Change) -> Value {
    let (mut plan, mut all) = (plan.clone(), Vec::new());
    pointers(&plan, "", &mut all);
    let pointer = all[place % all.len()].clone();
    match change {
        Change::Set(value) => *plan.pointer_mut(&pointer).unwrap() = value,
        Change::Add => {
            if let Some(fields) = plan.pointer_mut(&pointer).and_then(Value::as_object_mut) {
                fields.insert("more".to_owned(), json!("x"));
            }
        }
        Change::Remove => {
            if let Some((parent, name)) = pointer.rsplit_once('/')
                && let Some(fields) = plan.pointer_mut(parent).and_then(Value::as_object_mut)
            {
                fields.remove(name);
            }
        }
    }
    plan
}

/// Whether the types refuse a document for what a schema cannot say: an alphabet, a length, a bound.
fn beyond_schema(plan: &Value) -> bool {
    let faults = Plan::read(&plan.to_string()).unwrap_err();
    let words = ["1 to ", "the id of an earlier step", "invalid value: integer", "expected u8", "expected u16"];
    faults.iter().all(|fault| words.iter().any(|word| fault.detail.contains(word)))
}

proptest! {
    #[test]
    fn what_fits_the_schema_is_read(plan in document(&schema::plan(), &schema::plan())) {
        let read = Plan::read(&plan.to_string());
        prop_assert!(read.is_ok(), "{plan} {read:?}");
        prop_assert_eq!(serde_json::to_value(read.unwrap()).unwrap(), plan);
    }

    #[test]
    fn the_schema_and_the_types_refuse_the_same(
        plan in document(&schema::plan(), &schema::plan()), place in any::<usize>(), change in change(),
    ) {
        let (root, plan) = (schema::plan(), changed(&plan, place, change));
        let (fits, read) = (fits(&root, &root, &plan), Plan::read(&plan.to_string()).is_ok());
        prop_assert!(fits == read || (fits && beyond_schema(&plan)), "schema {fits}, types {read}: {plan}");
    }
}
