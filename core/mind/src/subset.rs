//! JSON Schemas of answers, in the subset that every provider documents (see [`plan::schema`](crate::plan::schema)),
//! and the check of an answer against one: whatever a model says that it does, its answer is checked again.

use aion_task::definition::Fault;
use serde_json::{Map, Value};

/// A schema has so many parts at most, and so has an answer for each of them: what one answer can fill.
const PARTS_MAX: usize = 256;
/// A schema nests so deep at most.
const DEPTH_MAX: usize = 8;
/// The words of the subset.
const WORDS: [&str; 8] =
    ["type", "properties", "required", "additionalProperties", "enum", "items", "anyOf", "description"];

/// Everything about a schema that is not of the subset, or does not say what it means.
#[must_use]
pub fn check(schema: &Value) -> Vec<Fault> {
    let mut faults = Vec::new();
    if schema.get("type") != Some(&Value::from("object")) {
        faults.push(Fault::new("/type", "the answer is an object"));
    }
    let mut parts = 0;
    part(schema, "", 0, &mut parts, &mut faults);
    if parts > PARTS_MAX {
        faults.push(Fault::new("", format!("at most {PARTS_MAX} parts")));
    }
    faults
}

fn part(schema: &Value, at: &str, depth: usize, parts: &mut usize, faults: &mut Vec<Fault>) {
    *parts += 1;
    let Some(members) = schema.as_object().filter(|_| depth <= DEPTH_MAX) else {
        faults.push(Fault::new(at, format!("an object, at most {DEPTH_MAX} deep")));
        return;
    };
    if *parts > PARTS_MAX {
        return;
    }
    for word in members.keys().filter(|word| !WORDS.contains(&word.as_str())) {
        faults.push(Fault::new(format!("{at}/{word}"), format!("one of {}", WORDS.join(", "))));
    }
    if let Some(any) = members.get("anyOf") {
        match any.as_array().filter(|any| !any.is_empty() && !members.contains_key("type")) {
            Some(any) => {
                for (place, one) in any.iter().enumerate() {
                    part(one, &format!("{at}/anyOf/{place}"), depth + 1, parts, faults);
                }
            }
            None => faults.push(Fault::new(format!("{at}/anyOf"), "one or more schemas, and no type beside them")),
        }
        return;
    }
    match members.get("type").and_then(Value::as_str) {
        Some("object") => object(members, at, depth, parts, faults),
        Some("array") => match members.get("items") {
            Some(items) => part(items, &format!("{at}/items"), depth + 1, parts, faults),
            None => faults.push(Fault::new(format!("{at}/items"), "what the items are")),
        },
        Some("string") => {
            let texts = members.get("enum").map(|texts| texts.as_array().map(Vec::as_slice).unwrap_or_default());
            if texts.is_some_and(|texts| texts.is_empty() || !texts.iter().all(Value::is_string)) {
                faults.push(Fault::new(format!("{at}/enum"), "one or more texts"));
            }
        }
        Some("integer" | "number" | "boolean" | "null") => {}
        _ => faults
            .push(Fault::new(format!("{at}/type"), "one of object, array, string, integer, number, boolean, null")),
    }
}

fn object(members: &Map<String, Value>, at: &str, depth: usize, parts: &mut usize, faults: &mut Vec<Fault>) {
    let Some(properties) = members.get("properties").and_then(Value::as_object) else {
        faults.push(Fault::new(format!("{at}/properties"), "an object of schemas"));
        return;
    };
    if members.get("additionalProperties") != Some(&Value::Bool(false)) {
        faults.push(Fault::new(format!("{at}/additionalProperties"), "false: strict schemas are closed"));
    }
    let required = members.get("required").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let named = |name: &String| required.iter().any(|one| one.as_str() == Some(name));
    if required.len() != properties.len() || !properties.keys().all(named) {
        faults.push(Fault::new(format!("{at}/required"), "every property: strict schemas have no optional ones"));
    }
    for (name, property) in properties {
        part(property, &format!("{at}/properties/{}", escaped(name)), depth + 1, parts, faults);
    }
}

/// Everything about an answer that does not fit a schema which was checked.
#[must_use]
pub fn faults(schema: &Value, answer: &Value) -> Vec<Fault> {
    let mut found = Vec::new();
    fits(schema, answer, "", &mut found);
    found
}

fn fits(schema: &Value, answer: &Value, at: &str, found: &mut Vec<Fault>) {
    if let Some(any) = schema["anyOf"].as_array() {
        if !any.iter().any(|one| faults(one, answer).is_empty()) {
            found.push(Fault::new(at, "fits none of what it may be"));
        }
        return;
    }
    let kind = schema["type"].as_str().unwrap_or_default();
    let right = match kind {
        "object" => answer.is_object(),
        "array" => answer.is_array(),
        "string" => answer.is_string(),
        "integer" => answer.is_i64() || answer.is_u64(),
        "number" => answer.is_number(),
        "boolean" => answer.is_boolean(),
        "null" => answer.is_null(),
        _ => false,
    };
    if !right {
        found.push(Fault::new(at, format!("is no {kind}")));
        return;
    }
    match answer {
        Value::Object(members) => {
            let properties = schema["properties"].as_object();
            let known = |name: &String| properties.is_some_and(|properties| properties.contains_key(name));
            for name in members.keys().filter(|name| !known(name)) {
                found.push(Fault::new(format!("{at}/{}", escaped(name)), "is not asked for"));
            }
            for (name, property) in properties.into_iter().flatten() {
                let at = format!("{at}/{}", escaped(name));
                match members.get(name) {
                    Some(member) => fits(property, member, &at, found),
                    None => found.push(Fault::new(at, "is missing")),
                }
            }
        }
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                fits(&schema["items"], item, &format!("{at}/{place}"), found);
            }
        }
        Value::String(_) => {
            let texts = schema["enum"].as_array();
            if texts.is_some_and(|texts| !texts.contains(answer)) {
                found.push(Fault::new(at, "is none of the texts that it may be"));
            }
        }
        _ => {}
    }
}

/// A name within a pointer (RFC 6901).
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{check, faults};

    fn closed(properties: &Value) -> Value {
        let names: Vec<&String> = properties.as_object().unwrap().keys().collect();
        json!({ "type": "object", "additionalProperties": false, "required": names, "properties": properties })
    }

    fn schema() -> Value {
        closed(&json!({
            "colour": { "type": "string", "enum": ["red", "blue"] },
            "counts": { "type": "array", "items": { "type": "integer", "description": "how many" } },
            "who/what": { "anyOf": [closed(&json!({ "name": { "type": "string" } })), { "type": "null" }] }
        }))
    }

    fn places(faults: &[super::Fault]) -> Vec<&str> {
        faults.iter().map(|fault| fault.pointer.as_str()).collect()
    }

    #[test]
    fn an_answer_fits_its_schema_or_its_faults_have_places() {
        assert!(check(&schema()).is_empty());
        let good = json!({ "colour": "red", "counts": [1, 2], "who/what": { "name": "Ana" } });
        assert!(faults(&schema(), &good).is_empty());
        let bad = json!({ "colour": "green", "counts": [1, 2.5, "3"], "who/what": { "name": 1 }, "more": 1 });
        let found = faults(&schema(), &bad);
        assert_eq!(places(&found), ["/more", "/colour", "/counts/1", "/counts/2", "/who~1what"]);
        assert_eq!(places(&faults(&schema(), &json!({}))), ["/colour", "/counts", "/who~1what"]);
        assert_eq!(places(&faults(&schema(), &json!([]))), [""]);
    }

    #[test]
    fn what_some_provider_does_not_take_is_refused_by_its_place() {
        let mut schema = schema();
        schema["properties"]["colour"]["pattern"] = json!("^r");
        schema["properties"]["counts"]["items"] = json!({ "type": "float" });
        schema["required"] = json!(["colour"]);
        schema["additionalProperties"] = json!(true);
        let found = check(&schema);
        assert_eq!(
            places(&found),
            ["/additionalProperties", "/required", "/properties/colour/pattern", "/properties/counts/items/type"]
        );
        assert_eq!(places(&check(&json!({ "type": "string" }))), ["/type"]);
        let mut deep = json!({ "type": "null" });
        for _ in 0..9 {
            deep = json!({ "type": "array", "items": deep });
        }
        assert!(!check(&closed(&json!({ "deep": deep }))).is_empty());
        let wide = json!({ "anyOf": vec![json!({ "type": "null" }); 300] });
        assert!(!check(&closed(&json!({ "wide": wide }))).is_empty());
    }
}
