//! `cargo xtask sim kernel`: the simulator of the kernel on as many histories as wanted, in release. `cargo xtask sim
//! limit`: a million requests over eight isolates, and every state of a small world.

use crate::process;
use crate::report::{Context, Outcome, fail, now, say};

/// Histories, if the command line does not say.
const SEEDS: &str = "100000";

/// Runs what the rate limits are held against, and shows its figures.
pub fn limit() -> Outcome<()> {
    let mut cargo = process::command("cargo")?;
    cargo.args(["test", "--release", "-p", "aion-limit", "--test", "simulation", "--test", "model"]);
    process::run(cargo.args(["--", "--nocapture"]))
}

/// Runs histories and the mutants, or replays one history.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut seeds, mut seed) = (SEEDS, None);
    let mut rest = words.iter();
    while let Some(word) = rest.next() {
        let number = rest.next().copied().unwrap_or_default();
        number.parse::<u64>().context(format!("{word} wants a number"))?;
        match *word {
            "--seeds" => seeds = number,
            "--seed" => seed = Some(number),
            other => return fail(format!("`sim kernel` does not know {other}")),
        }
    }
    let mut cargo = process::command("cargo")?;
    cargo.args(["test", "--release", "-p", "aion-task", "--test", "simulation", "--", "--nocapture"]);
    match seed {
        Some(seed) => cargo.arg("every_history").env("SIM_SEED", seed),
        None => cargo.env("SIM_SEEDS", seeds),
    };
    let start = now();
    process::run(&mut cargo)?;
    let seconds = start.elapsed().as_secs_f64();
    match seed {
        Some(seed) => say(format_args!("seed {seed} keeps the promises ({seconds:.1} s)")),
        None => say(format_args!("{seeds} histories keep the promises, and every mutant is found ({seconds:.1} s)")),
    }
    Ok(())
}
