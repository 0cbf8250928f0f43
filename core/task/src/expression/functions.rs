//! Our own functions: amounts, which are decimal texts of any size up to 2^256 - 1, and times.

use std::sync::Arc;

use alloy_primitives::U256;
use cel::{Context, ExecutionError, Value};

use crate::time;

/// Their names.
pub(super) const NAMES: [&str; 7] =
    ["amount.add", "amount.sub", "amount.mul", "amount.div", "amount.sum", "amount.compare", "time.after"];

type Result<T> = std::result::Result<T, ExecutionError>;

/// Adds the functions; fails only if one of them exists already.
pub(super) fn add_to(context: &mut Context<'_, '_>) -> std::result::Result<(), cel::DeclarationError> {
    let over = "the result is above 2^256 - 1";
    context.add_function("amount.add", move |a: Value, b: Value| -> Result<Value> {
        text("amount.add", amount(&a)?.checked_add(amount(&b)?), over)
    })?;
    context.add_function("amount.sub", |a: Value, b: Value| -> Result<Value> {
        text("amount.sub", amount(&a)?.checked_sub(amount(&b)?), "the result is below zero")
    })?;
    context.add_function("amount.mul", move |a: Value, b: Value| -> Result<Value> {
        text("amount.mul", amount(&a)?.checked_mul(amount(&b)?), over)
    })?;
    context.add_function("amount.div", |a: Value, b: Value| -> Result<Value> {
        text("amount.div", amount(&a)?.checked_div(amount(&b)?), "division by zero")
    })?;
    context.add_function("amount.sum", move |all: Value| -> Result<Value> {
        let Value::List(all) = all else {
            return Err(error("amount.sum", "it takes a list of amounts"));
        };
        let sum = all.iter().try_fold(Some(U256::ZERO), |sum, next| {
            let next = amount(next)?;
            Ok::<_, ExecutionError>(sum.and_then(|sum| sum.checked_add(next)))
        })?;
        text("amount.sum", sum, over)
    })?;
    context.add_function("amount.compare", |a: Value, b: Value| -> Result<Value> {
        Ok(Value::Int(amount(&a)?.cmp(&amount(&b)?) as i64))
    })?;
    context.add_function("time.after", |at: Value, wait: Value| -> Result<Value> {
        let rule = "it takes a time of RFC 3339 and a duration like PT5M, and ends before the year 10000";
        let (Value::String(at), Value::String(wait)) = (at, wait) else {
            return Err(error("time.after", rule));
        };
        let after = time::parse_rfc3339(&at).zip(time::duration_ms(&wait)).map(|(at, wait)| at + wait);
        let after = after.filter(|after| *after <= time::TIME_MAX_MS).ok_or_else(|| error("time.after", rule))?;
        Ok(Value::String(Arc::new(time::rfc3339(after))))
    })
}

/// A decimal text, or a number that is none below zero.
fn amount(value: &Value) -> Result<U256> {
    let rule = "an amount is a decimal text of base units like \"1000\"";
    match value {
        Value::Int(number) => u64::try_from(*number).map(U256::from).map_err(|_| error("amount", rule)),
        Value::UInt(number) => Ok(U256::from(*number)),
        Value::String(text) if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) => {
            U256::from_str_radix(text, 10).map_err(|_| error("amount", "an amount is at most 2^256 - 1"))
        }
        _ => Err(error("amount", rule)),
    }
}

fn text(function: &str, result: Option<U256>, otherwise: &str) -> Result<Value> {
    let result = result.ok_or_else(|| error(function, otherwise))?;
    Ok(Value::String(Arc::new(result.to_string())))
}

fn error(function: &str, message: &str) -> ExecutionError {
    ExecutionError::FunctionError { function: function.to_owned(), message: message.to_owned() }
}
