//! The JSON Schema of what a model is to write, made of the same words as the types.
//!
//! All providers take this subset, and a test holds the schema to it: `type`, `properties`, `required` with every
//! property, `additionalProperties: false`, `enum` of strings, `items`, `anyOf`, `description`, `$defs`, and `$ref` by
//! itself. Why not more, each after the provider's own documentation:
//! - Of `OpenAI`, guide "Structured Outputs": every property is required, every object is closed, the root is an object
//!   and no `anyOf`, no `oneOf`.
//! - Of Anthropic, guide "Structured outputs", section on limits of schemas: no bounds of numbers or of the lengths of
//!   texts, `minItems` 0 or 1 alone, no recursion, at most 16 properties with a union.
//! - Of Google, `GenerationConfig.responseJsonSchema`: `$ref` by itself; neither `pattern` nor `const` nor lengths.
//! - Of llama.cpp, `grammars/README.md`: all of the above as a grammar; a text without bound is any text.
//!
//! So a schema says the shape alone. Alphabets, lengths and numbers are the types' own, checked when a reply is read.

use std::sync::LazyLock;

use serde_json::{Map, Value, json};

/// A type that a model can be asked for.
pub trait Schema {
    /// Its schema. Types that stand in several places are named by `$ref` into [`definitions`].
    fn schema() -> Value;
}

/// A closed object, whose properties are all required.
#[must_use]
pub fn object(properties: &Map<String, Value>) -> Value {
    let names: Vec<String> = properties.keys().cloned().collect();
    json!({ "type": "object", "additionalProperties": false, "required": names, "properties": properties })
}

/// A choice of words.
#[must_use]
pub fn words(words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words })
}

/// A type that stands in `$defs`.
#[must_use]
pub fn named(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

impl<T: Schema> Schema for Vec<T> {
    fn schema() -> Value {
        json!({ "type": "array", "items": T::schema() })
    }
}

/// What may be null, and must be written all the same: strict schemas have no optional properties.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Nullable<T>(pub Option<T>);

impl<T: Schema> Schema for Nullable<T> {
    fn schema() -> Value {
        json!({ "anyOf": [T::schema(), { "type": "null" }] })
    }
}

impl<T> Nullable<T> {
    /// What is there.
    pub const fn as_ref(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

/// Defines a closed object and its schema with the same words, so that neither can drift.
macro_rules! closed {
    ($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name { $($(#[$field_doc])* pub $field: $type,)* }

        impl $crate::plan::schema::Schema for $name {
            fn schema() -> serde_json::Value {
                let mut properties = serde_json::Map::new();
                $(properties.insert(stringify!($field).to_owned(), <$type as $crate::plan::schema::Schema>::schema());)*
                $crate::plan::schema::object(&properties)
            }
        }
    };
}

/// Defines a choice of words and its schema with the same words.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$word_doc])* #[serde(rename = $word)] $variant,)* }

        impl $name {
            /// Every word of the choice.
            pub const ALL: &[Self] = &[$(Self::$variant),*];

            /// The word.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl $crate::plan::schema::Schema for $name {
            fn schema() -> serde_json::Value {
                $crate::plan::schema::words(&[$($word),*])
            }
        }
    };
}

/// Defines a value whose origin is named beside it, and its schema with the same words.
macro_rules! origin {
    ($(#[$doc:meta])* $name:ident { $($(#[$from_doc:meta])* $variant:ident($type:ty) = $word:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(tag = "from", content = "value", deny_unknown_fields)]
        pub enum $name { $($(#[$from_doc])* #[serde(rename = $word)] $variant($type),)* }

        impl $crate::plan::schema::Schema for $name {
            fn schema() -> serde_json::Value {
                $crate::plan::schema::named(stringify!($name))
            }
        }

        impl $name {
            /// What stands in `$defs`: one flat object, without a union that providers would count.
            #[must_use]
            pub fn definition() -> serde_json::Value {
                let value = serde_json::json!({ "type": "string" });
                let properties = [("from", $crate::plan::schema::words(&[$($word),*])), ("value", value)];
                let named = properties.into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
                $crate::plan::schema::object(&named)
            }
        }
    };
}

pub(crate) use {choice, closed, origin};

/// The schema of a whole plan, made once: it takes a millisecond.
#[must_use]
pub fn plan() -> Value {
    static PLAN: LazyLock<Value> = LazyLock::new(|| {
        use super::{Money, Plain, Plan};
        let mut schema = Plan::schema();
        schema["$defs"] = json!({ "Money": Money::definition(), "Plain": Plain::definition() });
        schema
    });
    PLAN.clone()
}
