//! JSON as texts: values that are passed on byte for byte, a reader that knows where it is, and a writer.
//!
//! Schemas and opaque blocks are never taken apart and put together again: models follow the order of a schema's
//! properties, and signatures cover bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use serde_json::value::RawValue;

/// A JSON value as the text that it came as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Json(String);

/// A text is no JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no JSON")]
pub struct NotJson;

impl Json {
    /// Takes a text that is JSON.
    pub fn parse(text: &str) -> Result<Self, NotJson> {
        raw(text).map(|raw| Self(raw.get().to_owned()))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(super) fn of(raw: &RawValue) -> Self {
        Self(raw.get().to_owned())
    }

    /// What a writer has written.
    pub(super) const fn written(text: String) -> Self {
        Self(text)
    }
}

impl Serialize for Json {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        raw(&self.0).map_err(serde::ser::Error::custom)?.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Json {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Box::<RawValue>::deserialize(deserializer).map(|raw| Self(String::from(Box::<str>::from(raw))))
    }
}

/// The value of a whole text.
pub(super) fn raw(text: &str) -> Result<&RawValue, NotJson> {
    serde_json::from_str(text).map_err(|_| NotJson)
}

/// Whether a text is a JSON object.
pub(super) fn is_object(text: &str) -> bool {
    raw(text).is_ok_and(|raw| raw.get().starts_with('{'))
}

/// A text that is borrowed where it holds no escapes. (serde borrows no `Cow` inside of an `Option` by itself.)
#[derive(Debug, Clone, Default)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> de::Visitor<'de> for Visitor {
            type Value = Text<'de>;

            fn expecting(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
                formatter.write_str("a text")
            }

            fn visit_borrowed_str<E: de::Error>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(text)))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Visitor)
    }
}

/// The members of an object whose values are read one by one. A member that is `null` counts as absent.
#[derive(Debug, Default)]
pub(super) struct Members<'a>(BTreeMap<Cow<'a, str>, &'a RawValue>);

impl<'a> Members<'a> {
    /// Reads an object; what is none has no members.
    pub(super) fn of(raw: &'a RawValue) -> Self {
        Self(serde_json::from_str(raw.get()).unwrap_or_default())
    }

    pub(super) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        self.0.get(name).copied().filter(|raw| raw.get() != "null")
    }

    /// A member that is a text; one of another kind counts as absent.
    pub(super) fn text(&self, name: &str) -> Option<Cow<'a, str>> {
        text(self.raw(name)?)
    }

    /// A member that is a number without fraction and sign.
    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.raw(name)?.get().parse().ok()
    }

    /// A member that is an object; one of another kind has no members.
    pub(super) fn object(&self, name: &str) -> Members<'a> {
        self.raw(name).map(Members::of).unwrap_or_default()
    }

    /// A member that is an array; one of another kind is empty.
    pub(super) fn array(&self, name: &str) -> Vec<&'a RawValue> {
        self.raw(name).map(array).unwrap_or_default()
    }

    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(Cow::as_ref)
    }
}

/// The text that a value is.
pub(super) fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    serde_json::from_str::<Text>(raw.get()).ok().map(|text| text.0)
}

/// The items of an array; what is none has no items.
pub(super) fn array(raw: &RawValue) -> Vec<&RawValue> {
    serde_json::from_str(raw.get()).unwrap_or_default()
}

/// Writes a text with its quotation marks and escapes.
pub(super) fn quote(out: &mut String, text: &str) {
    out.push('"');
    let mut rest = text;
    while let Some(place) = rest.find(|c: char| c < ' ' || c == '"' || c == '\\') {
        out.push_str(&rest[..place]);
        match rest.as_bytes()[place] {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte => {
                out.push_str("\\u00");
                for digit in [byte >> 4, byte & 15] {
                    out.push(char::from_digit(u32::from(digit), 16).unwrap_or('0'));
                }
            }
        }
        rest = &rest[place + 1..];
    }
    out.push_str(rest);
    out.push('"');
}

/// Writes one object and gives its text.
pub(super) fn object(write: impl FnOnce(&mut Object)) -> String {
    let mut out = String::new();
    write_object(&mut out, write);
    out
}

/// Writes one object behind what is there.
pub(super) fn write_object(out: &mut String, write: impl FnOnce(&mut Object)) {
    out.push('{');
    write(&mut Object { out, first: true });
    out.push('}');
}

/// An object that is being written.
pub(super) struct Object<'a> {
    out: &'a mut String,
    first: bool,
}

impl Object<'_> {
    fn name(&mut self, name: &str) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
        quote(self.out, name);
        self.out.push(':');
    }

    pub(super) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        quote(self.out, text);
    }

    pub(super) fn flag(&mut self, name: &str, flag: bool) {
        self.raw(name, if flag { "true" } else { "false" });
    }

    pub(super) fn number(&mut self, name: &str, number: u64) {
        self.raw(name, &number.to_string());
    }

    /// A member that is JSON already.
    pub(super) fn raw(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.push_str(json);
    }

    pub(super) fn object(&mut self, name: &str, write: impl FnOnce(&mut Object)) {
        self.name(name);
        write_object(self.out, write);
    }

    pub(super) fn array(&mut self, name: &str, write: impl FnOnce(&mut Array)) {
        self.name(name);
        self.out.push('[');
        write(&mut Array { out: self.out, first: true });
        self.out.push(']');
    }

    pub(super) fn texts(&mut self, name: &str, texts: &[String]) {
        self.array(name, |array| texts.iter().for_each(|text| array.text(text)));
    }
}

/// An array that is being written.
pub(super) struct Array<'a> {
    out: &'a mut String,
    first: bool,
}

impl Array<'_> {
    fn next(&mut self) {
        if !self.first {
            self.out.push(',');
        }
        self.first = false;
    }

    pub(super) fn object(&mut self, write: impl FnOnce(&mut Object)) {
        self.next();
        write_object(self.out, write);
    }

    pub(super) fn raw(&mut self, json: &str) {
        self.next();
        self.out.push_str(json);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.next();
        quote(self.out, text);
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Json, Members, object, quote, raw};

    #[test]
    fn texts_are_quoted_as_serde_quotes_them() {
        let text: String = (0..0x180_u32).filter_map(char::from_u32).chain("\u{2028}漢😀\"\\".chars()).collect();
        let mut out = String::new();
        quote(&mut out, &text);
        assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }

    #[test]
    fn a_schema_keeps_its_order_and_its_bytes() {
        let schema = r#"{"z": 1.50, "a":{"y":[ ],"b":"\u00e9"}}"#;
        let json: Json = serde_json::from_str(schema).unwrap();
        assert_eq!(json.as_str(), schema);
        assert_eq!(serde_json::to_string(&json).unwrap(), schema);
        assert_eq!(object(|o| o.raw("schema", json.as_str())), format!("{{\"schema\":{schema}}}"));
        assert!(Json::parse("{").is_err() && Json::parse("1 2").is_err());
    }

    #[test]
    fn members_of_another_kind_count_as_absent() {
        let members = Members::of(raw(r#"{"a":null,"b":5,"c":"x\n","d":-1}"#).unwrap());
        assert!(members.raw("a").is_none() && members.text("b").is_none() && members.number("d").is_none());
        assert_eq!((members.number("b"), members.text("c").as_deref()), (Some(5), Some("x\n")));
        assert!(Members::of(raw("[1]").unwrap()).names().next().is_none());
    }
}
