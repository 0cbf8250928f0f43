//! Parsed expressions: what they may contain, and what they read.

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

use cel::common::ast::{CallExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr};
use cel::parser::PrattParser;

/// An expression has at most so many bytes: longer ones belong into steps of their own.
const TEXT_MAX_BYTES: usize = 2_048;
/// Expressions nest at most this deep, so that recursion over them stays within the stack of a Worker.
const DEPTH_MAX: u16 = 24;
/// An expression has at most so many nodes.
const NODES_MAX: usize = 512;
/// So many parsed expressions are remembered by an isolate, some kilobytes each.
const REMEMBERED_MAX: usize = 512;

/// Where values come from.
pub(super) const ROOTS: [&str; 6] = ["input", "steps", "task", "now", "item", "index"];
/// Names of types, for `type(x) == string`.
const TYPES: [&str; 10] = ["bool", "int", "uint", "double", "string", "bytes", "list", "map", "null_type", "type"];
/// Functions of CEL that there are.
const FUNCTIONS: [&str; 11] =
    ["size", "contains", "startsWith", "endsWith", "string", "int", "uint", "double", "bool", "bytes", "type"];

/// A checked expression.
pub(super) struct Program {
    pub(super) expr: IdedExpr,
    /// The values that it reads, each from a root on; never one within another that is read whole.
    pub(super) paths: BTreeSet<Vec<String>>,
}

impl Program {
    /// Reads and checks an expression.
    pub(super) fn parse(text: &str) -> Result<Rc<Self>, String> {
        thread_local! {
            // A memory of work that was done, not of anything that is true.
            static REMEMBERED: RefCell<HashMap<String, Rc<Program>>> = RefCell::default();
        }
        if let Some(known) = REMEMBERED.with_borrow(|all| all.get(text).cloned()) {
            return Ok(known);
        }
        let program = Rc::new(Self::read(text)?);
        REMEMBERED.with_borrow_mut(|all| {
            if all.len() >= REMEMBERED_MAX {
                all.clear();
            }
            all.insert(text.to_owned(), Rc::clone(&program));
        });
        Ok(program)
    }

    fn read(text: &str) -> Result<Self, String> {
        if text.len() > TEXT_MAX_BYTES {
            return Err(format!("an expression has at most {TEXT_MAX_BYTES} bytes"));
        }
        if text.is_empty() {
            return Err("an expression is missing".to_owned());
        }
        let parser = PrattParser::new()
            .max_recursion_depth(DEPTH_MAX)
            .max_expression_node_count(NODES_MAX)
            .error_reporting_limit(1);
        let mut expr = parser.parse(text).map_err(|errors| {
            let first = errors.errors.first();
            let (reason, column) = first.map_or(("it cannot be read", 1), |error| (&error.msg, error.pos.1));
            format!("not an expression: {reason} (column {column})")
        })?;
        name_by_dots(&mut expr);
        let mut check = Check { bound: Vec::new(), paths: BTreeSet::new() };
        check.walk(&expr)?;
        Ok(Self { expr, paths: check.paths })
    }

    /// The path that it is, if it is nothing but one.
    pub(super) fn path(&self) -> Option<Vec<&str>> {
        path(&self.expr)
    }

    /// The steps that it reads.
    pub(super) fn steps(&self) -> impl Iterator<Item = &str> {
        self.paths.iter().filter(|path| path[0] == "steps").map(|path| path[1].as_str())
    }

    /// Whether it reads a root.
    pub(super) fn reads(&self, root: &str) -> bool {
        self.paths.iter().any(|path| path[0] == root)
    }
}

/// The names of a chain of fields from a name on; none if it is something else.
pub(super) fn path(expr: &IdedExpr) -> Option<Vec<&str>> {
    match &expr.expr {
        Expr::Ident(name) => Some(vec![name]),
        Expr::Select(SelectExpr { operand, field, test: false }) => {
            let mut path = path(operand)?;
            path.push(field);
            Some(path)
        }
        _ => None,
    }
}

/// Writes `a["b"]` as `a.b`: the same value, and then its path is known before it is evaluated.
fn name_by_dots(expr: &mut IdedExpr) {
    for_each_child_mut(expr, &mut name_by_dots);
    let Expr::Call(CallExpr { func_name, args, .. }) = &mut expr.expr else {
        return;
    };
    let [operand, key] = args.as_mut_slice() else {
        return;
    };
    if func_name != "_[_]" || path(operand).is_none() {
        return;
    }
    if let Expr::Literal(LiteralValue::String(key)) = &key.expr
        && !key.inner().contains('.')
    {
        let (operand, field) = (Box::new(std::mem::take(operand)), key.inner().to_owned());
        expr.expr = Expr::Select(SelectExpr { operand, field, test: false });
    }
}

fn for_each_child_mut(expr: &mut IdedExpr, visit: &mut dyn FnMut(&mut IdedExpr)) {
    match &mut expr.expr {
        Expr::Call(call) => call.target.as_deref_mut().into_iter().chain(&mut call.args).for_each(visit),
        Expr::Select(select) => visit(&mut select.operand),
        Expr::List(list) => list.elements.iter_mut().for_each(visit),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    visit(&mut entry.key);
                    visit(&mut entry.value);
                }
            }
        }
        Expr::Comprehension(all) => {
            let parts =
                [&mut all.iter_range, &mut all.accu_init, &mut all.loop_cond, &mut all.loop_step, &mut all.result];
            parts.into_iter().for_each(visit);
        }
        Expr::Unspecified | Expr::Ident(_) | Expr::Literal(_) | Expr::Struct(_) => {}
    }
}

struct Check {
    /// Names that macros have given.
    bound: Vec<String>,
    paths: BTreeSet<Vec<String>>,
}

impl Check {
    fn walk(&mut self, expr: &IdedExpr) -> Result<(), String> {
        if let Some(path) = path(expr) {
            return self.path(&path);
        }
        match &expr.expr {
            Expr::Call(call) => self.call(call),
            Expr::Select(select) => self.walk(&select.operand),
            Expr::List(list) => list.elements.iter().try_for_each(|element| self.walk(element)),
            Expr::Map(map) => map.entries.iter().try_for_each(|entry| match &entry.expr {
                EntryExpr::MapEntry(entry) => self.walk(&entry.key).and_then(|()| self.walk(&entry.value)),
                EntryExpr::StructField(field) => self.walk(&field.value),
            }),
            Expr::Comprehension(all) => {
                self.walk(&all.iter_range)?;
                self.walk(&all.accu_init)?;
                let names = [Some(&all.iter_var), all.iter_var2.as_ref(), Some(&all.accu_var)];
                for name in names.into_iter().flatten() {
                    if ROOTS.contains(&name.as_str()) {
                        return Err(format!("{name} has a meaning already; give the variable another name"));
                    }
                    self.bound.push(name.clone());
                }
                [&all.loop_cond, &all.loop_step, &all.result].into_iter().try_for_each(|part| self.walk(part))?;
                self.bound.truncate(self.bound.len() - names.into_iter().flatten().count());
                Ok(())
            }
            Expr::Literal(_) | Expr::Ident(_) => Ok(()),
            Expr::Struct(_) | Expr::Unspecified => Err("messages are not part of this language".to_owned()),
        }
    }

    fn path(&mut self, path: &[&str]) -> Result<(), String> {
        let root = path[0];
        if self.bound.iter().any(|name| name == root) || (path.len() == 1 && TYPES.contains(&root)) {
            return Ok(());
        }
        if !ROOTS.contains(&root) {
            return Err(format!("there is no {root}; there are {}", ROOTS.join(", ")));
        }
        if root == "steps" && path.len() < 2 {
            return Err("name the step: steps.<id>.output".to_owned());
        }
        if root == "steps" && path.len() > 2 && !["output", "state"].contains(&path[2]) {
            return Err(format!("steps.{} has output and state, no {}", path[1], path[2]));
        }
        self.paths.insert(path.iter().map(|name| (*name).to_owned()).collect());
        Ok(())
    }

    fn call(&mut self, call: &CallExpr) -> Result<(), String> {
        let name = call.func_name.as_str();
        let of = call.target.as_deref().and_then(path).map(|path| path.join("."));
        let qualified = of.map(|of| format!("{of}.{name}"));
        let is_ours = |name: &str| super::functions::NAMES.contains(&name);
        if qualified.as_deref().is_some_and(is_ours) {
            return call.args.iter().try_for_each(|argument| self.walk(argument));
        }
        let is_operator = !name.starts_with(|first: char| first.is_ascii_alphanumeric());
        if !is_operator && !FUNCTIONS.contains(&name) && !is_ours(name) {
            let known = FUNCTIONS.iter().chain(&super::functions::NAMES).copied().collect::<Vec<_>>().join(", ");
            return Err(format!("there is no function {name}; there are {known}, and the macros of CEL"));
        }
        call.target.as_deref().into_iter().chain(&call.args).try_for_each(|part| self.walk(part))
    }
}
