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
            Some("input" | "item" | "!input") => true,
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
            None if self.0[0] == "item" => (scope.item?.0, &self.0[1..]),
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

/// What expressions can see.
pub struct Scope<'a> {
    /// The task's input.
    pub input: &'a Value,
    /// The output of a step that is done.
    pub output: &'a dyn Fn(&str) -> Option<&'a Value>,
    /// The state of a step.
    pub state: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The task.
    pub task: &'a Value,
    /// The time, Unix milliseconds.
    pub now_ms: u64,
    /// The item and its place.
    pub item: Option<(&'a Value, u64)>,
}

/// What an expression reads.
#[derive(Debug, Default)]
pub struct Reads {
    /// Steps.
    pub steps: std::collections::BTreeSet<String>,
    /// The item.
    pub item: bool,
}

/// Every expression with what it reads.
#[must_use]
pub fn references(document: &Value) -> Vec<(String, Result<Reads, String>)> {
    let reads =
        |path: Path| Reads { steps: path.step().map(str::to_owned).into_iter().collect(), item: path.0[0] == "item" };
    find(document).into_iter().map(|(pointer, found)| (pointer, found.map(reads))).collect()
}

/// A condition.
pub fn condition(text: &str, scope: &Scope<'_>) -> Result<bool, String> {
    let (wrapped, want) = text.strip_prefix('!').map_or((text, true), |rest| (rest, false));
    let value = fill(&Value::String(format!("${{{{ {wrapped} }}}}")), scope)?;
    Ok(value.as_bool().ok_or("no truth value")? == want)
}

/// A list.
pub fn list(text: &str, scope: &Scope<'_>) -> Result<Vec<Value>, String> {
    match fill(&Value::String(text.to_owned()), scope)? {
        Value::Array(items) => Ok(items),
        _ => Err("no list".to_owned()),
    }
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
