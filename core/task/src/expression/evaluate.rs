//! Evaluation: values in, an expression's value out.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use cel::objects::{Key, Map};
use cel::{Context, Env, ExecutionError, Value as Cel};
use serde_json::Value;

use super::program::Program;
use super::{Scope, bound, functions};
use crate::time::rfc3339;

/// What an expression gives has at most so many bytes as JSON: as much as the output of a step.
pub(super) const RESULT_MAX_BYTES: usize = 64 * 1024;
/// A reason has at most so many characters: it stands in the task's history.
const REASON_MAX_CHARS: usize = 240;

/// The value of a program.
pub(super) fn evaluate(program: &Program, scope: &Scope<'_>) -> Result<Value, String> {
    if let Some(path) = program.path() {
        let found = if super::program::ROOTS.contains(&path[0]) { look_up(&path, scope) } else { None };
        return found.map(Cow::into_owned).ok_or_else(|| format!("{} leads nowhere", path.join(".")));
    }
    let mut values = BTreeMap::new();
    for path in &program.paths {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        // What leads nowhere is none of the context's names: an error if it is asked for, and only then.
        if let Some(value) = look_up(&names, scope) {
            values.insert(path.join("."), value);
        }
    }
    bound::check(&program.expr, &values.iter().map(|(name, value)| (name.clone(), value.as_ref())).collect())?;
    let mut context = context()?;
    for (name, value) in &values {
        context.add_variable_from_value(name.clone(), into_cel(value));
    }
    let value = Cel::resolve(&program.expr, &context).map_err(|error| reason(&error, program))?;
    let mut room = RESULT_MAX_BYTES;
    into_json(&value, &mut room)
}

fn context() -> Result<Context<'static, 'static>, String> {
    thread_local! {
        static ENV: Arc<Env> = Arc::new(Env::default().with_optional_support(false).with_stdlib());
    }
    let mut context = Context::with_env(ENV.with(Arc::clone));
    functions::add_to(&mut context).map_err(|error| error.to_string())?;
    Ok(context)
}

/// The value at a path from a root on.
fn look_up<'a>(path: &[&str], scope: &Scope<'a>) -> Option<Cow<'a, Value>> {
    let (root, rest) = path.split_first()?;
    match *root {
        "input" => walk(scope.input, rest),
        "task" => walk(scope.task, rest),
        "item" => walk(scope.item?.0, rest),
        "now" if rest.is_empty() => Some(Cow::Owned(Value::from(rfc3339(scope.now_ms)))),
        "index" if rest.is_empty() => Some(Cow::Owned(Value::from(scope.item?.1))),
        "steps" => match rest {
            [step, "output", rest @ ..] => walk((scope.output)(step)?, rest),
            [step, "state"] => Some(Cow::Owned(Value::from((scope.state)(step)?))),
            [step] => {
                let mut whole = serde_json::Map::new();
                whole.insert("state".to_owned(), Value::from((scope.state)(step)?));
                whole.extend((scope.output)(step).map(|output| ("output".to_owned(), output.clone())));
                Some(Cow::Owned(Value::Object(whole)))
            }
            _ => None,
        },
        _ => None,
    }
}

fn walk<'a>(value: &'a Value, path: &[&str]) -> Option<Cow<'a, Value>> {
    path.iter().try_fold(value, |value, name| value.get(*name)).map(Cow::Borrowed)
}

fn into_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(truth) => Cel::Bool(*truth),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Cel::Int(number),
            (_, Some(number)) => Cel::UInt(number),
            _ => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(into_cel).collect())),
        Value::Object(fields) => {
            let field = |(name, value): (&String, &Value)| (Key::String(Arc::new(name.clone())), into_cel(value));
            Cel::Map(Map { map: Arc::new(fields.iter().map(field).collect::<HashMap<_, _>>()) })
        }
    }
}

fn into_json(value: &Cel, room: &mut usize) -> Result<Value, String> {
    let mut take = |bytes: usize| {
        *room = room.checked_sub(bytes).ok_or_else(|| format!("its value has more than {RESULT_MAX_BYTES} bytes"))?;
        Ok::<_, String>(())
    };
    take(2)?;
    match value {
        Cel::Null => Ok(Value::Null),
        Cel::Bool(truth) => Ok(Value::Bool(*truth)),
        Cel::Int(number) => Ok(Value::from(*number)),
        Cel::UInt(number) => Ok(Value::from(*number)),
        Cel::Float(number) => {
            serde_json::Number::from_f64(*number).map(Value::Number).ok_or_else(|| format!("{number} is no number"))
        }
        Cel::String(text) => take(text.len()).map(|()| Value::String(text.to_string())),
        Cel::List(items) => items.iter().map(|item| into_json(item, room)).collect(),
        Cel::Map(map) => {
            let mut fields = serde_json::Map::new();
            for (name, value) in map.map.iter() {
                let Key::String(name) = name else {
                    return Err("the keys of a map are texts".to_owned());
                };
                *room = room.saturating_sub(name.len());
                fields.insert(name.to_string(), into_json(value, room)?);
            }
            Ok(Value::Object(fields))
        }
        _ => Err("it gives neither a text, a number, a truth value, a list nor a map".to_owned()),
    }
}

/// An error in words; the interpreter's own would show whole values.
fn reason(error: &ExecutionError, program: &Program) -> String {
    let reason = match error {
        // A path that leads nowhere looks to the interpreter like a name that nobody declared.
        ExecutionError::UndeclaredReference(_) => {
            let all: Vec<String> = program.paths.iter().map(|path| path.join(".")).collect();
            format!("a part of {} leads nowhere", all.join(", "))
        }
        ExecutionError::NoSuchKey(key) => format!("there is no {key}"),
        ExecutionError::FunctionError { function, message } => format!("{function}: {message}"),
        ExecutionError::NoSuchOverload(error) => error.to_string(),
        ExecutionError::IndexOutOfBounds(_) => "an index is out of bounds".to_owned(),
        ExecutionError::DivisionByZero(_) | ExecutionError::RemainderByZero(_) => "division by zero".to_owned(),
        ExecutionError::Overflow(..) => "a number is beyond 64 bits; amounts have functions of their own".to_owned(),
        ExecutionError::ValuesNotComparable(..) => "values of these types cannot be compared".to_owned(),
        _ => "its values do not have the types that it wants".to_owned(),
    };
    reason.chars().take(REASON_MAX_CHARS).collect()
}
