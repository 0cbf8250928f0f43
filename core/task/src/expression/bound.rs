//! What an expression can cost at most, known before it is evaluated.
//!
//! The interpreter has no meter, and a short expression can make a huge value: `[x].map(a, a + a).map(b, b + b)…`. So
//! sizes are calculated first, from the real sizes of what it reads. The language has no recursion, and the variable
//! in which a macro collects is out of an expression's reach and taken once in each of the macro's own steps; so the
//! sum over the steps bounds what is collected.

use std::collections::BTreeMap;

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue};
use serde_json::Value;

use super::program;

/// An intermediate value has at most so many bytes: a few of them fit an isolate beside everything else.
const BYTES_MAX: u64 = 2 * 1024 * 1024;
/// An evaluation takes at most so many units, each some 100 ns: 50 ms at worst, and far less in all that is of use.
const COST_MAX: u64 = 500_000;
/// What a value takes besides its content.
const OVERHEAD_BYTES: u64 = 16;
/// So many bytes that a function looks at cost a unit.
const BYTES_A_UNIT: u64 = 64;

/// Functions and operators that give a truth value or a number, whatever they are given.
const SCALARS: [&str; 20] = [
    "_==_",
    "_!=_",
    "_<_",
    "_<=_",
    "_>_",
    "_>=_",
    "_&&_",
    "_||_",
    "!_",
    "@in",
    "_%_",
    "_/_",
    "size",
    "contains",
    "startsWith",
    "endsWith",
    "int",
    "uint",
    "double",
    "bool",
];

/// What a value can be at most.
#[derive(Debug, Clone, Copy, Default)]
struct Size {
    /// Bytes in all.
    bytes: u64,
    /// Elements, if it is a list or a map.
    len: u64,
    /// Bytes of the largest element or key.
    item: u64,
}

impl Size {
    const fn of_bytes(bytes: u64) -> Self {
        Self { bytes, len: bytes, item: bytes }
    }

    fn of(value: &Value) -> Self {
        let bytes = bytes(value);
        match value {
            Value::Array(items) => Self { bytes, len: items.len() as u64, item: largest(items.iter()) },
            Value::Object(fields) => {
                let keys = fields.keys().map(|key| key.len() as u64 + OVERHEAD_BYTES).max().unwrap_or(0);
                Self { bytes, len: fields.len() as u64, item: largest(fields.values()).max(keys) }
            }
            _ => Self::of_bytes(bytes),
        }
    }

    /// What either can be.
    fn or(self, other: Self) -> Self {
        let (bytes, len) = (self.bytes.max(other.bytes), self.len.max(other.len));
        Self { bytes, len, item: self.item.max(other.item) }
    }

    /// What holds both.
    fn with(self, other: Self) -> Self {
        Self {
            bytes: self.bytes.saturating_add(other.bytes),
            len: self.len.saturating_add(other.len),
            item: self.item.max(other.item),
        }
    }

    /// As often as a loop runs.
    const fn times(self, times: u64) -> Self {
        Self { bytes: self.bytes.saturating_mul(times), len: self.len.saturating_mul(times), item: self.item }
    }
}

fn largest<'a>(values: impl Iterator<Item = &'a Value>) -> u64 {
    values.map(bytes).max().unwrap_or(0)
}

fn bytes(value: &Value) -> u64 {
    OVERHEAD_BYTES
        + match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.len() as u64,
            Value::Array(items) => items.iter().map(bytes).sum(),
            Value::Object(fields) => {
                fields.iter().map(|(name, field)| OVERHEAD_BYTES + name.len() as u64 + bytes(field)).sum()
            }
        }
}

/// Refuses an expression that could take more than it may, given what it reads.
pub(super) fn check(expr: &IdedExpr, values: &BTreeMap<String, &Value>) -> Result<(), String> {
    let mut meter = Meter { values, bound: Vec::new(), cost: 0, largest: 0 };
    meter.size(expr, 1);
    if meter.cost > COST_MAX {
        return Err(format!("it could take {} units of work; at most {COST_MAX}", meter.cost));
    }
    if meter.largest > BYTES_MAX {
        return Err(format!("it could make a value of {} bytes; at most {BYTES_MAX}", meter.largest));
    }
    Ok(())
}

struct Meter<'a> {
    values: &'a BTreeMap<String, &'a Value>,
    /// What the variables of macros are.
    bound: Vec<(String, Size)>,
    cost: u64,
    largest: u64,
}

impl Meter<'_> {
    /// The size of what an expression gives, if it is evaluated so many times; adds what that costs.
    fn size(&mut self, expr: &IdedExpr, times: u64) -> Size {
        let size = match &expr.expr {
            Expr::Literal(LiteralValue::String(text)) => Size::of_bytes(OVERHEAD_BYTES + text.inner().len() as u64),
            Expr::Literal(LiteralValue::Bytes(text)) => Size::of_bytes(OVERHEAD_BYTES + text.inner().len() as u64),
            Expr::Literal(_) | Expr::Unspecified | Expr::Struct(_) => Size::of_bytes(OVERHEAD_BYTES),
            Expr::Ident(_) => self.named(&[expr]),
            Expr::Select(select) => match program::path(expr).and_then(|path| self.values.get(&path.join("."))) {
                Some(value) => Size::of(value),
                None => element(self.size(&select.operand, times)),
            },
            Expr::Call(call) => {
                let parts = call.target.as_deref().into_iter().chain(&call.args);
                let parts: Vec<Size> = parts.map(|part| self.size(part, times)).collect();
                let all = parts.iter().copied().fold(Size::default(), Size::with);
                self.spend(times, all.bytes / BYTES_A_UNIT);
                match call.func_name.as_str() {
                    "_[_]" => element(all),
                    // One of the two, whatever the condition is made of.
                    "_?_:_" => parts.iter().skip(1).copied().fold(Size::default(), Size::or),
                    name if SCALARS.contains(&name) => Size::of_bytes(OVERHEAD_BYTES),
                    _ => all.with(Size { bytes: 5 * OVERHEAD_BYTES, len: 0, item: 5 * OVERHEAD_BYTES }),
                }
            }
            Expr::List(list) => {
                let sizes = list.elements.iter().map(|element| self.size(element, times));
                collected(&sizes.collect::<Vec<_>>())
            }
            Expr::Map(map) => {
                let mut sizes = Vec::new();
                for entry in &map.entries {
                    if let EntryExpr::MapEntry(entry) = &entry.expr {
                        sizes.extend([self.size(&entry.key, times), self.size(&entry.value, times)]);
                    }
                }
                collected(&sizes)
            }
            Expr::Comprehension(all) => {
                let range = self.size(&all.iter_range, times);
                let init = self.size(&all.accu_init, times);
                let turns = times.saturating_mul(range.len);
                let names = [Some(&all.iter_var), all.iter_var2.as_ref()];
                let depth = self.bound.len();
                self.bound.extend(names.into_iter().flatten().map(|name| (name.clone(), Size::of_bytes(range.item))));
                // Empty while its steps are measured: each of them adds to what was collected before.
                self.bound.push((all.accu_var.clone(), Size::default()));
                self.size(&all.loop_cond, turns);
                let step = self.size(&all.loop_step, turns);
                let collected = init.with(step.times(range.len));
                // Adding to a list moves what it holds.
                self.spend(turns, range.len / BYTES_A_UNIT);
                self.bound.push((all.accu_var.clone(), collected));
                self.size(&all.result, times);
                self.bound.truncate(depth);
                collected
            }
        };
        self.spend(times, 1);
        self.largest = self.largest.max(size.bytes);
        size
    }

    fn named(&self, path: &[&IdedExpr]) -> Size {
        let Some(name) = path.first().and_then(|expr| program::path(expr)) else {
            return Size::default();
        };
        let name = name.join(".");
        match self.bound.iter().rev().find(|(bound, _)| *bound == name) {
            Some((_, size)) => *size,
            None => self.values.get(&name).map_or(Size::of_bytes(OVERHEAD_BYTES), |value| Size::of(value)),
        }
    }

    fn spend(&mut self, times: u64, units: u64) {
        self.cost = self.cost.saturating_add(times.saturating_mul(units));
    }
}

/// What an element of a value can be.
const fn element(of: Size) -> Size {
    Size::of_bytes(of.item)
}

/// A list or a map of values.
fn collected(sizes: &[Size]) -> Size {
    let (len, item) = (sizes.len() as u64, sizes.iter().map(|size| size.bytes).max().unwrap_or(0));
    let bytes = sizes.iter().fold(OVERHEAD_BYTES, |sum, size| sum.saturating_add(size.bytes + OVERHEAD_BYTES));
    Size { bytes, len, item }
}
