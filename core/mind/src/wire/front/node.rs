//! A value of a body that knows where it stands.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Invalid;
use crate::wire::Json;
use crate::wire::json::{self, Text};

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    raw: &'a RawValue,
    pub(super) pointer: String,
}

/// The members of an object and its place.
#[derive(Debug)]
pub(super) struct Fields<'a> {
    members: BTreeMap<Cow<'a, str>, &'a RawValue>,
    pub(super) pointer: String,
}

impl<'a> Node<'a> {
    /// The value that a body is.
    pub(super) fn of_body(body: &'a str) -> Result<Self, Invalid> {
        let raw = json::raw(body).map_err(|_| Invalid::new("", "the body is JSON"))?;
        Ok(Self { raw, pointer: String::new() })
    }

    pub(super) fn wrong<T>(&self, detail: impl Into<String>) -> Result<T, Invalid> {
        Err(Invalid::new(self.pointer.clone(), detail))
    }

    fn read<T: serde::Deserialize<'a>>(&self, detail: &str) -> Result<T, Invalid> {
        serde_json::from_str(self.raw.get()).or_else(|_| self.wrong(detail))
    }

    pub(super) fn object(&self) -> Result<Fields<'a>, Invalid> {
        Ok(Fields { members: self.read("an object")?, pointer: self.pointer.clone() })
    }

    /// The items, at most so many.
    pub(super) fn array(&self, max: usize) -> Result<Vec<Self>, Invalid> {
        let items: Vec<&'a RawValue> = self.read("an array")?;
        if items.len() > max {
            return self.wrong(format!("at most {max} items"));
        }
        let at = |(place, raw)| Self { raw, pointer: format!("{}/{place}", self.pointer) };
        Ok(items.into_iter().enumerate().map(at).collect())
    }

    pub(super) fn is_text(&self) -> bool {
        self.raw.get().starts_with('"')
    }

    pub(super) fn text(&self) -> Result<Cow<'a, str>, Invalid> {
        self.read::<Text>("a text").map(|text| text.0)
    }

    pub(super) fn flag(&self) -> Result<bool, Invalid> {
        self.read("true or false")
    }

    pub(super) fn number(&self) -> Result<f64, Invalid> {
        self.read("a number")
    }

    pub(super) fn count(&self) -> Result<u32, Invalid> {
        match self.read("a whole number above zero")? {
            0 => self.wrong("a whole number above zero"),
            count => Ok(count),
        }
    }

    /// An object as it stands.
    pub(super) fn json(&self) -> Result<Json, Invalid> {
        if self.raw.get().starts_with('{') { Ok(Json::of(self.raw)) } else { self.wrong("an object") }
    }

    /// The text of the value as JSON.
    pub(super) fn as_json(&self) -> &'a str {
        self.raw.get()
    }
}

impl<'a> Fields<'a> {
    /// A member; `null` counts as absent.
    pub(super) fn of(&self, name: &str) -> Option<Node<'a>> {
        let raw = self.members.get(name).copied().filter(|raw| raw.get() != "null")?;
        Some(Node { raw, pointer: self.at(name) })
    }

    /// A member that has to be there.
    pub(super) fn need(&self, name: &str) -> Result<Node<'a>, Invalid> {
        self.of(name).ok_or_else(|| Invalid::new(self.at(name), "is missing"))
    }

    fn at(&self, name: &str) -> String {
        format!("{}/{name}", self.pointer)
    }
}
