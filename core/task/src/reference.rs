//! References in the input of steps: `${{ input.a.b }}` and `${{ steps.id.output.a }}`.
//!
//! They are the dotted subset of CEL, so that definitions of today mean the same when the whole language comes. A
//! string that is one reference keeps the type of what it refers to; a reference within a text is put in as text.

use serde_json::Value;

const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A parsed reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(Vec<String>);

impl Path {
    fn parse(text: &str) -> Result<Self, String> {
        let parts: Vec<String> = text.trim().split('.').map(str::to_owned).collect();
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
        let names = parts.iter().all(|part| !part.is_empty() && part.bytes().all(fits));
        let rooted = match parts.first().map(String::as_str) {
            Some("input") => true,
            Some("steps") => parts.len() >= 3 && parts[2] == "output",
            _ => false,
        };
        if names && rooted {
            return Ok(Self(parts));
        }
        Err(format!("{text} is not a reference: input.… or steps.<id>.output.…"))
    }

    /// The step whose output it refers to.
    #[must_use]
    pub fn step(&self) -> Option<&str> {
        (self.0[0] == "steps").then(|| self.0[1].as_str())
    }

    fn resolve<'a>(&self, scope: &Scope<'a>) -> Option<&'a Value> {
        let (mut value, rest) = match self.step() {
            Some(step) => ((scope.output)(step)?, &self.0[3..]),
            None => (scope.input, &self.0[1..]),
        };
        for part in rest {
            value = match value {
                Value::Array(items) => items.get(part.parse::<usize>().ok()?)?,
                other => other.get(part)?,
            };
        }
        Some(value)
    }
}

/// What references can see.
pub struct Scope<'a> {
    /// The task's input.
    pub input: &'a Value,
    /// The output of a step that is done.
    pub output: &'a dyn Fn(&str) -> Option<&'a Value>,
}

/// Every reference of a document with its JSON pointer, or what is wrong with it.
#[must_use]
pub fn find(document: &Value) -> Vec<(String, Result<Path, String>)> {
    let mut found = Vec::new();
    walk(document, "", &mut found);
    found
}

fn walk(value: &Value, pointer: &str, found: &mut Vec<(String, Result<Path, String>)>) {
    match value {
        Value::String(text) => found.extend(parts(text).into_iter().filter_map(|part| match part {
            Part::Text(_) => None,
            Part::Reference(reference) => Some((pointer.to_owned(), reference)),
        })),
        Value::Array(items) => {
            for (place, item) in items.iter().enumerate() {
                walk(item, &format!("{pointer}/{place}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, &format!("{pointer}/{}", name.replace('~', "~0").replace('/', "~1")), found);
            }
        }
        _ => {}
    }
}

/// The document with every reference replaced by what it refers to; the error names the reference that leads nowhere.
pub fn fill(document: &Value, scope: &Scope<'_>) -> Result<Value, String> {
    Ok(match document {
        Value::String(text) => fill_text(text, scope)?,
        Value::Array(items) => items.iter().map(|item| fill(item, scope)).collect::<Result<_, _>>()?,
        Value::Object(fields) => {
            let filled = |(name, field): (&String, &Value)| Ok((name.clone(), fill(field, scope)?));
            Value::Object(fields.iter().map(filled).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, scope: &Scope<'_>) -> Result<Value, String> {
    let mut parts = parts(text);
    if let [Part::Reference(reference)] = parts.as_slice() {
        return look_up(reference, scope).cloned();
    }
    let mut out = String::new();
    for part in parts.drain(..) {
        match part {
            Part::Text(text) => out.push_str(text),
            Part::Reference(reference) => match look_up(&reference, scope)? {
                Value::String(text) => out.push_str(text),
                Value::Number(number) => out.push_str(&number.to_string()),
                Value::Bool(truth) => out.push_str(&truth.to_string()),
                _ => return Err(format!("{text}: only texts, numbers and truth values can stand within a text")),
            },
        }
    }
    Ok(Value::String(out))
}

fn look_up<'a>(reference: &Result<Path, String>, scope: &Scope<'a>) -> Result<&'a Value, String> {
    let path = reference.as_ref().map_err(Clone::clone)?;
    path.resolve(scope).ok_or_else(|| format!("{} leads nowhere", path.0.join(".")))
}

enum Part<'a> {
    Text(&'a str),
    Reference(Result<Path, String>),
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut rest, mut parts) = (text, Vec::new());
    while let Some((before, after)) = rest.split_once(OPEN) {
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let Some((inside, behind)) = after.split_once(CLOSE) else {
            parts.push(Part::Reference(Err(format!("{OPEN} without {CLOSE}"))));
            return parts;
        };
        parts.push(Part::Reference(Path::parse(inside)));
        rest = behind;
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::{Value, json};

    use super::{Scope, fill, find};

    fn filled(document: &Value) -> Result<Value, String> {
        let (input, output) = (json!({ "n": 5, "list": ["x", "y"], "o": {} }), json!({ "token": "0xabc" }));
        fill(document, &Scope { input: &input, output: &|step| (step == "a").then_some(&output) })
    }

    #[test]
    fn references_keep_types_and_fill_texts() {
        let document =
            json!({ "a": "${{ input.n }}", "b": ["n=${{input.n}}, ${{ steps.a.output.token }}"], "c": true });
        assert_eq!(filled(&document), Ok(json!({ "a": 5, "b": ["n=5, 0xabc"], "c": true })));
        assert_eq!(filled(&json!("${{ input.list.1 }}")), Ok(json!("y")));
        assert_eq!(filled(&json!("${{ steps.a.output }}")), Ok(json!({ "token": "0xabc" })));
    }

    #[test]
    fn what_leads_nowhere_is_named() {
        for text in ["${{ input.no }}", "${{ steps.b.output.x }}", "x${{ input.o }}", "${{ input.list.9 }}", "${{ x"] {
            assert!(filled(&json!(text)).is_err(), "{text}");
        }
    }

    #[test]
    fn a_filled_in_text_is_not_read_again() {
        let input = json!({ "evil": "${{ input.secret }}", "secret": "s" });
        let scope = Scope { input: &input, output: &|_| None };
        assert_eq!(fill(&json!("${{ input.evil }}"), &scope), Ok(json!("${{ input.secret }}")));
        assert_eq!(fill(&json!("a ${{ input.evil }}"), &scope), Ok(json!("a ${{ input.secret }}")));
    }

    #[test]
    fn references_are_found_with_their_place() {
        let found = find(&json!({ "a/b": ["${{ input.x }}", "${{ steps.s.output.y }}", "${{ steps.s }}"] }));
        assert_eq!(found[0].0, "/a~1b/0");
        assert_eq!(found[1].1.as_ref().unwrap().step(), Some("s"));
        assert!(found[2].1.is_err());
    }
}
