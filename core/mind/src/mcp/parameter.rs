//! Parameters of tools: the JSON Schema that clients get and the check of what they send are made of one table.

use serde_json::{Map, Value, json};

/// Where a parameter goes in the operation's request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    Path,
    Query,
    Body,
    /// The header `Idempotency-Key`.
    Key,
}

/// What a parameter is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// A text of 1 to so many characters.
    Text(usize),
    /// A whole number in a range.
    Whole(u64, u64),
    /// One of these.
    OneOf(&'static [&'static str]),
    /// An object.
    Object,
    /// An object, or the name of one that is stored.
    ObjectOrName,
}

/// One parameter.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Parameter {
    pub(super) name: &'static str,
    pub(super) place: Place,
    pub(super) form: Form,
    pub(super) required: bool,
    pub(super) says: &'static str,
}

/// Longest name of a stored document, in characters.
const NAME_MAX_CHARS: usize = 128;

impl Form {
    fn schema(self) -> Value {
        match self {
            Self::Text(max) => json!({ "type": "string", "minLength": 1, "maxLength": max }),
            Self::Whole(min, max) => json!({ "type": "integer", "minimum": min, "maximum": max }),
            Self::OneOf(choices) => json!({ "type": "string", "enum": choices }),
            Self::Object => json!({ "type": "object" }),
            Self::ObjectOrName => json!({
                "anyOf": [{ "type": "object" }, { "type": "string", "minLength": 1, "maxLength": NAME_MAX_CHARS }]
            }),
        }
    }

    /// What is wrong with a value.
    fn fault(self, value: &Value) -> Option<String> {
        let text = |max: usize| value.as_str().is_some_and(|text| !text.is_empty() && text.chars().count() <= max);
        let (right, rule) = match self {
            Self::Text(max) => (text(max), format!("a text of 1 to {max} characters")),
            Self::Whole(min, max) => {
                let inside = value.as_u64().is_some_and(|number| (min..=max).contains(&number));
                (inside, format!("a whole number from {min} to {max}"))
            }
            Self::OneOf(choices) => {
                (value.as_str().is_some_and(|text| choices.contains(&text)), format!("one of {}", choices.join(", ")))
            }
            Self::Object => (value.is_object(), "an object".to_owned()),
            Self::ObjectOrName => (value.is_object() || text(NAME_MAX_CHARS), "an object or a name".to_owned()),
        };
        (!right).then_some(rule)
    }
}

/// The JSON Schema (2020-12) of a tool's arguments.
pub(super) fn schema(parameters: &[Parameter]) -> Value {
    let mut properties = Map::new();
    for parameter in parameters {
        let mut schema = parameter.form.schema();
        schema["description"] = json!(parameter.says);
        properties.insert(parameter.name.to_owned(), schema);
    }
    let required: Vec<&str> = parameters.iter().filter(|one| one.required).map(|one| one.name).collect();
    json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
}

/// Every fault of what a client sent, in words that a model can act upon.
pub(super) fn faults(parameters: &[Parameter], arguments: &Map<String, Value>) -> Vec<String> {
    let missing = parameters.iter().filter(|one| one.required && !arguments.contains_key(one.name));
    let mut faults: Vec<String> = missing.map(|one| format!("{} is missing: {}", one.name, one.says)).collect();
    for (name, value) in arguments {
        match parameters.iter().find(|one| one.name == name) {
            None => faults.push(format!("there is no argument {}", name.chars().take(64).collect::<String>())),
            Some(one) => faults.extend(one.form.fault(value).map(|rule| format!("{name} is {rule}"))),
        }
    }
    faults
}
