//! Benchmarks: programs whose figures are for comparing within one run, never timed tests.

mod console;
mod edge;
mod kernel;
pub mod load;
mod mind;
mod peers;
mod startup;
pub mod workerd;

use crate::report::{Outcome, fail};

/// Runs a benchmark by its name.
pub fn run(name: &str, options: &[&str]) -> Outcome<()> {
    match name {
        "console" => console::run(options),
        "edge" => edge::run(options),
        "kernel" => kernel::run(options),
        "mind" => mind::run(options),
        other => fail(format!("there is no benchmark {other}: console, edge, kernel, mind")),
    }
}
