//! End-to-end tests on several platforms at once: a test mostly waits for a chain, an alarm or a clock. Each platform
//! has one file at a time, so that a test may still take away from it whatever it likes.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use crate::harness::{self, Harness};
use crate::llama::Llama;
use crate::report::{Outcome, fail, now, say};
use crate::workspace::scratch;
use crate::{documented, files, platform, process};

/// So many platforms at once: with one, two cores were idle for three quarters of the time. Each takes 1 GB of memory.
const LANES: usize = 3;
/// Files that run longest, a minute or two. They begin first, so that none of them is left alone at the end.
const LONGEST: [&str; 5] = ["plans", "own_agents", "holders", "faults", "examples"];

/// Where what they write stands until they end.
const OUTPUT: &str = "e2e-output";

/// A file of tests, built.
struct Built {
    name: String,
    module: PathBuf,
}

/// Builds what this `cargo test` would run, runs each file by `runner`, and gives what each of them wrote to `told`.
/// All of them run, whichever fails.
pub fn run(
    cargo: &mut Command,
    runner: &(dyn Fn(&Path) -> Outcome<Command> + Sync),
    llama: Option<Llama>,
    told: impl FnMut(&str) + Send,
) -> Outcome<()> {
    let mut waiting = built(cargo)?;
    let lanes = 1..=LANES.min(waiting.len());
    // The next one is taken from the end.
    waiting.sort_by_key(|file| weight(&file.name));
    platform::fresh_folder(&scratch(OUTPUT))?;
    let (waiting, told, llama) = (Mutex::new(waiting), Mutex::new(told), Mutex::new(llama));
    let one = |lane: usize| {
        let mut harness = Harness::start(&format!("e2e-{lane}"))?;
        if let Some(llama) = llama.lock().unwrap_or_else(PoisonError::into_inner).take() {
            harness.add_llama(llama);
        }
        run_on(harness, &waiting, runner, &told)
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let one = &one;
        let running: Vec<_> = lanes.map(|lane| scope.spawn(move || one(lane))).collect();
        running.into_iter().map(|lane| lane.join().unwrap_or_else(|_| fail("a lane panicked"))).collect()
    });
    process::end_everything();
    let logs: Vec<PathBuf> = results.into_iter().collect::<Outcome<_>>()?;
    logs.iter().try_for_each(|log| documented::check(log))
}

/// A number that is the greater the longer a file runs, as far as we know of it.
fn weight(name: &str) -> usize {
    LONGEST.iter().rev().position(|long| *long == name).map_or(0, |place| place + 1)
}

/// Runs file after file on one platform, and gives the platform's log.
fn run_on(
    harness: Harness,
    waiting: &Mutex<Vec<Built>>,
    runner: &(dyn Fn(&Path) -> Outcome<Command> + Sync),
    told: &Mutex<impl FnMut(&str)>,
) -> Outcome<PathBuf> {
    let log = harness.log();
    let control = harness::serve(&Arc::new(Mutex::new(harness)))?;
    let mut failed = Vec::new();
    loop {
        let next = waiting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let Some(file) = next else {
            return if failed.is_empty() { Ok(log) } else { fail(format!("failed: {}", failed.join(", "))) };
        };
        let (start, out) = (now(), scratch(OUTPUT).join(format!("{}.log", file.name)));
        let passed = process::run_into(runner(&file.module)?.env("AION_CONTROL", &control), &out)?;
        let (text, seconds) = (files::read(&out)?, start.elapsed().as_secs_f64());
        let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
        say(format_args!("\n{} ({seconds:.1} s)\n{text}", file.name));
        told(&text);
        drop(told);
        if !passed {
            failed.push(file.name);
        }
    }
}

/// Builds the files, and says where they are.
fn built(cargo: &mut Command) -> Outcome<Vec<Built>> {
    let mut all = Vec::new();
    let cargo = cargo.args(["--no-run", "--message-format", "json-render-diagnostics"]);
    process::read_each_line(cargo, |line| all.extend(executable(line)))?;
    if all.is_empty() { fail("cargo built no tests") } else { Ok(all) }
}

/// The file of tests that a message of cargo's is about.
fn executable(message: &str) -> Option<Built> {
    let message: Value = serde_json::from_str(message).ok()?;
    let module = PathBuf::from(message["executable"].as_str()?);
    let is_test = message["profile"]["test"] == true;
    is_test.then(|| message["target"]["name"].as_str().map(str::to_owned))?.map(|name| Built { name, module })
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, executable, weight};

    #[test]
    fn modules_of_tests_are_found_among_what_cargo_says() {
        let artifact = |is_test: bool, executable: &str| {
            format!(
                r#"{{"reason":"compiler-artifact","target":{{"name":"plans"}},"profile":{{"test":{is_test}}},
                "executable":{executable}}}"#
            )
        };
        let found = executable(&artifact(true, r#""/t/plans-1.wasm""#)).unwrap();
        assert_eq!((found.name.as_str(), found.module.to_str()), ("plans", Some("/t/plans-1.wasm")));
        assert!(executable(&artifact(false, r#""/t/plans-1.wasm""#)).is_none(), "no test");
        assert!(executable(&artifact(true, "null")).is_none(), "a library");
        assert!(executable("   Compiling plans").is_none());
    }

    #[test]
    fn the_longest_file_begins_first() {
        let mut names = vec!["tasks", LONGEST[1], "limits", LONGEST[0]];
        names.sort_by_key(|name| weight(name));
        assert_eq!((names.pop(), names.pop()), (Some(LONGEST[0]), Some(LONGEST[1])));
    }
}
