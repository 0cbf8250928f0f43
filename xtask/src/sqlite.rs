//! SQL on the files of Durable Objects, while the platform stands still.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::files;
use crate::process;
use crate::report::{Context, Outcome, fail, failure};

/// What runs it: Node's own SQLite.
const SCRIPT: &str = include_str!("sqlite.mjs");
/// The files of an order that wants an empty database in memory.
const MEMORY: &str = ":memory:";

/// Carries out orders, each `{"objects", "only", "script", "query"}`: on the files of a class of objects, as far as
/// `only` gives a row there. The answer has for each order the rows that `query` gave in each file.
pub fn run(storage: &Path, orders: &Value) -> Outcome<Value> {
    let orders = orders.as_array().ok_or_else(|| failure("a list of orders"))?;
    let orders = orders.iter().map(|order| with_files(storage, order)).collect::<Outcome<Vec<_>>>()?;
    let mut node = process::command("node")?;
    node.args(["--no-warnings", "--input-type=module", "--eval", SCRIPT, "--"]).arg(json!(orders).to_string());
    Ok(serde_json::from_str(&process::output(&mut node).context("SQL")?)?)
}

fn with_files(storage: &Path, order: &Value) -> Outcome<Value> {
    let objects = order["objects"].as_str().unwrap_or_default();
    let found = if objects == MEMORY { vec![PathBuf::from(MEMORY)] } else { of_class(storage, objects)? };
    let mut order = order.clone();
    order["files"] = json!(found);
    Ok(order)
}

/// The files of a class of objects, as wrangler keeps them.
fn of_class(storage: &Path, class: &str) -> Outcome<Vec<PathBuf>> {
    let folder = storage.join("v3/do").join(format!("aion-{class}"));
    // One file is miniflare's own: it says which object has which name.
    let is_object = |file: &PathBuf| {
        file.extension().is_some_and(|kind| kind == "sqlite") && file.file_stem().is_some_and(|name| name.len() == 64)
    };
    let found: Vec<PathBuf> = files::below(&[folder])?.into_iter().filter(is_object).collect();
    if found.is_empty() { fail(format!("no objects of the class {class:?} are stored")) } else { Ok(found) }
}
