//! Expressions in definitions: the Common Expression Language (CEL, cel.dev) between `${{` and `}}`.
//!
//! An expression sees `input`, `steps.<id>.output` and `.state` of earlier steps, `task`, `now`, and `item` and `index`
//! in a fan-out. A string that is one expression becomes its value, whatever its type; an expression within a text is
//! put in as text. An expression cannot loop, call out or see time pass, and what it may take is known before it runs.

use std::collections::BTreeSet;
use std::rc::Rc;

use serde_json::Value;

mod bound;
mod evaluate;
mod functions;
mod program;
mod template;
#[cfg(test)]
mod tests;

use evaluate::evaluate;
use program::Program;
use template::Part;

/// What expressions can see.
pub struct Scope<'a> {
    /// The task's input.
    pub input: &'a Value,
    /// The output of a step that is done.
    pub output: &'a dyn Fn(&str) -> Option<&'a Value>,
    /// The state of a step.
    pub state: &'a dyn Fn(&str) -> Option<&'a str>,
    /// The task: `id`, `labels`, `createdAt`.
    pub task: &'a Value,
    /// The time, Unix milliseconds; expressions see it as RFC 3339 in UTC.
    pub now_ms: u64,
    /// The item and its place, in a fan-out.
    pub item: Option<(&'a Value, u64)>,
}

/// What an expression reads.
#[derive(Debug, Default)]
pub struct Reads {
    /// Steps.
    pub steps: BTreeSet<String>,
    /// The item or its place.
    pub item: bool,
}

/// Every expression of a document: its JSON pointer, and what it reads or what is wrong with it.
#[must_use]
pub fn references(document: &Value) -> Vec<(String, Result<Reads, String>)> {
    let mut found = Vec::new();
    walk(document, "", &mut found);
    found
}

fn walk(value: &Value, pointer: &str, found: &mut Vec<(String, Result<Reads, String>)>) {
    match value {
        Value::String(text) => found.extend(template::parts(text).into_iter().filter_map(|part| match part {
            Part::Text(_) => None,
            part => Some((pointer.to_owned(), program(&part).map(|program| reads(&program)))),
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

fn reads(program: &Program) -> Reads {
    let item = program.reads("item") || program.reads("index");
    Reads { steps: program.steps().map(str::to_owned).collect(), item }
}

fn program(part: &Part<'_>) -> Result<Rc<Program>, String> {
    match part {
        Part::Expression(text) => Program::parse(text),
        Part::Text(_) | Part::Open => Err(format!("{} without its }}}}", template::OPEN)),
    }
}

/// Evaluates a condition, with or without its marks.
pub fn condition(text: &str, scope: &Scope<'_>) -> Result<bool, String> {
    match evaluate(&*Program::parse(template::unwrapped(text))?, scope)? {
        Value::Bool(truth) => Ok(truth),
        _ => Err("a condition is true or false".to_owned()),
    }
}

/// Evaluates a list, with or without its marks.
pub fn list(text: &str, scope: &Scope<'_>) -> Result<Vec<Value>, String> {
    match evaluate(&*Program::parse(template::unwrapped(text))?, scope)? {
        Value::Array(items) => Ok(items),
        _ => Err("a fan-out wants a list".to_owned()),
    }
}

/// The document with every expression replaced by its value.
pub fn fill(document: &Value, scope: &Scope<'_>) -> Result<Value, String> {
    Ok(match document {
        Value::String(text) if text.contains(template::OPEN) => fill_text(text, scope)?,
        Value::Array(items) => items.iter().map(|item| fill(item, scope)).collect::<Result<_, _>>()?,
        Value::Object(fields) => {
            let filled = |(name, field): (&String, &Value)| Ok((name.clone(), fill(field, scope)?));
            Value::Object(fields.iter().map(filled).collect::<Result<_, String>>()?)
        }
        other => other.clone(),
    })
}

fn fill_text(text: &str, scope: &Scope<'_>) -> Result<Value, String> {
    let parts = template::parts(text);
    if let [part @ Part::Expression(_)] = parts.as_slice() {
        return evaluate(&*program(part)?, scope);
    }
    let mut filled = String::new();
    for part in &parts {
        match part {
            Part::Text(text) => filled.push_str(text),
            part => match evaluate(&*program(part)?, scope)? {
                Value::String(text) => filled.push_str(&text),
                Value::Number(number) => filled.push_str(&number.to_string()),
                Value::Bool(truth) => filled.push_str(&truth.to_string()),
                _ => return Err("only texts, numbers and truth values can stand within a text".to_owned()),
            },
        }
    }
    Ok(Value::String(filled))
}
