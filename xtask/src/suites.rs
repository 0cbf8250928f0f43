//! `cargo xtask test`: every suite, with one closing line each.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::harness::{self, Harness};
use crate::llama::{self, Llama};
use crate::report::{Context, Failure, Outcome, fail, now, say};
use crate::workspace::{self, at, scratch};
use crate::{browser, build, ci, cut, documented, http, lanes, modules, process, secrets, setup, spans, wire};

/// Pure crates, tested natively and as wasm.
pub const CORES: [&str; 12] = [
    "aion-api",
    "aion-chain",
    "aion-circuit",
    "aion-function",
    "aion-gateway",
    "aion-identity",
    "aion-limit",
    "aion-mind",
    "aion-mpc",
    "aion-task",
    "aion-telemetry",
    "aion-wallet",
];
/// The rules of what stands in front,
const EDGE: [&str; 5] = ["aion-circuit", "aion-function", "aion-gateway", "aion-limit", "aion-telemetry"];
/// and its end-to-end tests.
const EDGE_FILES: [&str; 5] = ["eyes", "functions", "gateway", "limits", "own_cache"];
/// Models: the rules of providers, plans and budgets, and end-to-end tests.
const MIND: [&str; 1] = ["aion-mind"];
const MIND_FILES: [&str; 4] = ["agents", "mind", "own_agents", "plans"];
/// Native only.
const NATIVE: [&str; 3] = ["aion-client", "aion-ui", "xtask"];
/// What runs tests in wasm,
const RUNNER: &str = "wasm-bindgen-test-runner";
/// and how. A test may take ten minutes: the whole threshold protocol, unoptimised, on a slow machine.
const RUNNER_SETTINGS: [(&str, &str); 2] = [("WASM_BINDGEN_TEST_TIMEOUT", "600"), ("WASM_BINDGEN_TEST_ONLY_NODE", "1")];

/// A suite's name and what runs it.
type Suite = (&'static str, fn(&mut Count) -> Outcome<()>);

const SUITES: [Suite; 10] = [
    ("tidy", tidy),
    ("native", native),
    ("wasm", wasm),
    ("wire", models),
    ("contracts", contracts),
    ("spans", traced),
    ("cut", cut_short),
    ("e2e", end_to_end),
    ("ui", console),
    ("llama", llama),
];

/// Tests that passed and failed.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Count {
    passed: u32,
    failed: u32,
    /// Suites that something is missing for here.
    skipped: u32,
}

impl Count {
    /// A suite that this machine lacks something for.
    fn skip(&mut self, name: &str, reason: &Failure) {
        say(format_args!("{name}: skipped: {reason}"));
        self.skipped += 1;
    }

    /// Reads a closing line of cargo, wasm-bindgen-test-runner or forge: `…result: ok. 3 passed; 0 failed; …`.
    fn add_line(&mut self, line: &str) {
        let Some((_, rest)) = line.split_once("result: ") else {
            return;
        };
        let before = |word: &str| {
            let number = rest.split(word).next()?.rsplit(|c: char| !c.is_ascii_digit()).next()?;
            number.parse::<u32>().ok()
        };
        if let (Some(passed), Some(failed)) = (before(" passed"), before(" failed")) {
            self.passed += passed;
            self.failed += failed;
        }
    }
}

/// Runs every suite and stops at the first that fails.
pub fn all() -> Outcome<()> {
    setup::for_platform()?;
    let mut summary = Vec::new();
    let mut total = Count::default();
    for suite in SUITES {
        let result = run(suite);
        let (line, count) = match &result {
            Ok((line, count)) => (line.clone(), *count),
            Err(failure) => (format!("{}: failed: {failure}", suite.0), Count::default()),
        };
        total.passed += count.passed;
        summary.push(line);
        if result.is_err() {
            break;
        }
    }
    say(format_args!("\n{}\ntotal: {} passed", summary.join("\n"), total.passed));
    if summary.len() == SUITES.len() && !summary.iter().any(|line| line.contains(": failed: ")) {
        return Ok(());
    }
    let free = workspace::free_bytes()? >> 20;
    fail(format!("the suite named last failed; its output stands above, and {free} MB are free on the disk"))
}

/// Runs one suite. `kernel`, `edge` and `mind` are parts of others: the rules of tasks, all that stands in front, and
/// all that has to do with models.
pub fn one(name: &str) -> Outcome<()> {
    let parts: [Suite; 3] = [("kernel", kernel), ("edge", edge), ("mind", mind)];
    match parts.into_iter().chain(SUITES).find(|(known, _)| *known == name) {
        Some(suite) => run(suite).map(|_| ()),
        None => fail(format!("there is no suite {name}: {}", SUITES.map(|(name, _)| name).join(", "))),
    }
}

fn run((name, suite): Suite) -> Outcome<(String, Count)> {
    say(format_args!("\n== {name}"));
    let start = now();
    let mut count = Count::default();
    let result = suite(&mut count);
    let Count { passed, failed, skipped } = count;
    say(format_args!("{name}: {passed} passed, {failed} failed ({:.1} s)", start.elapsed().as_secs_f64()));
    result.context(format!("suite {name}"))?;
    if skipped > 0 {
        return Ok((format!("{name}: skipped, for the reason above"), count));
    }
    if passed == 0 || failed > 0 {
        return fail(format!("suite {name}: {passed} passed, {failed} failed"));
    }
    Ok((format!("{name}: {passed} passed, {failed} failed"), count))
}

fn counted(command: &mut Command, count: &mut Count) -> Outcome<()> {
    process::run_each_line(command, |line| count.add_line(line))
}

fn cargo_test(packages: &[&str]) -> Outcome<Command> {
    let mut cargo = process::command("cargo")?;
    cargo.arg("test").args(packages.iter().flat_map(|package| ["-p", package]));
    Ok(cargo)
}

fn tidy(count: &mut Count) -> Outcome<()> {
    ci::openapi(true)?;
    counted(cargo_test(&["aion-tests"])?.args(["--test", "tidy"]), count)
}

fn native(count: &mut Count) -> Outcome<()> {
    let packages: Vec<&str> = CORES.into_iter().chain(NATIVE).collect();
    counted(&mut cargo_test(&packages)?, count)
}

fn wasm_test(packages: &[&str]) -> Outcome<Command> {
    let mut cargo = cargo_test(packages)?;
    cargo
        .args(["--target", "wasm32-unknown-unknown"])
        .env("CARGO_TARGET_WASM32_UNKNOWN_UNKNOWN_RUNNER", workspace::tool(RUNNER)?)
        .envs(RUNNER_SETTINGS);
    Ok(cargo)
}

fn wasm(count: &mut Count) -> Outcome<()> {
    setup::for_workers()?;
    counted(wasm_test(&CORES)?.arg("--lib"), count)
}

/// Wire formats of models, against the providers' own SDKs.
fn models(count: &mut Count) -> Outcome<()> {
    setup::npm()?;
    let (passed, failed) = wire::compare()?;
    count.passed += passed;
    count.failed += failed;
    Ok(())
}

/// What a trace of a request shows.
fn traced(count: &mut Count) -> Outcome<()> {
    setup::for_workers()?;
    secrets::ensure()?;
    count.passed += spans::check()?;
    Ok(())
}

/// What the runtime itself makes of requests that end too early.
fn cut_short(count: &mut Count) -> Outcome<()> {
    setup::for_workers()?;
    secrets::ensure()?;
    count.passed += cut::check()?;
    Ok(())
}

fn kernel(count: &mut Count) -> Outcome<()> {
    setup::for_workers()?;
    counted(&mut cargo_test(&["aion-task"])?, count)?;
    counted(wasm_test(&["aion-task"])?.arg("--lib"), count)
}

fn edge(count: &mut Count) -> Outcome<()> {
    setup::for_platform()?;
    counted(&mut cargo_test(&EDGE)?, count)?;
    counted(wasm_test(&EDGE)?.arg("--lib"), count)?;
    traced(count)?;
    on_platform(&EDGE_FILES.map(|file| ["--test", file]).concat(), count)
}

fn mind(count: &mut Count) -> Outcome<()> {
    setup::for_platform()?;
    counted(&mut cargo_test(&MIND)?, count)?;
    counted(wasm_test(&MIND)?.arg("--lib"), count)?;
    on_platform(&MIND_FILES.map(|file| ["--test", file]).concat(), count)
}

fn contracts(count: &mut Count) -> Outcome<()> {
    setup::contracts()?;
    counted(process::command("forge")?.arg("test").current_dir(at("contracts")), count)
}

/// Runs some files of the end-to-end suite, for whoever works on what they test.
pub fn some(files: &[&str]) -> Outcome<()> {
    setup::for_platform()?;
    let files: Vec<&str> = files.iter().flat_map(|file| ["--test", *file]).collect();
    let mut count = Count::default();
    on_platform(&files, &mut count)
}

/// The console in a real browser, where one can be had, against the real platform.
fn console(count: &mut Count) -> Outcome<()> {
    let chromium = match browser::chromium() {
        Ok(chromium) => chromium,
        Err(failure) => {
            count.skip("ui", &failure);
            return Ok(());
        }
    };
    setup::for_platform()?;
    build::all()?;
    let harness = Harness::start("ui")?;
    let (url, origin, log) = (harness.url(), harness.origin().to_owned(), harness.log());
    let control = harness::serve(&Arc::new(Mutex::new(harness)))?;
    let node = browser::command(&url, &control, &origin, &chromium);
    let result = node.and_then(|mut node| counted(&mut node, count));
    process::end_everything();
    result.and_then(|()| documented::check(&log))
}

fn end_to_end(count: &mut Count) -> Outcome<()> {
    setup::for_platform()?;
    on_platform(&["--tests"], count)
}

/// A real model behind the platform, where its server can be had.
fn llama(count: &mut Count) -> Outcome<()> {
    let package = match llama::find() {
        Ok(package) => package,
        Err(failure) => {
            count.skip("llama", &failure);
            return Ok(());
        }
    };
    setup::for_platform()?;
    let llama = llama::start(&package, None, http::free_port()?, &scratch("llama"))?;
    on_platform_with(&["--features", "llama", "--test", "llama"], count, Some(llama))
}

fn on_platform(files: &[&str], count: &mut Count) -> Outcome<()> {
    on_platform_with(files, count, None)
}

fn on_platform_with(files: &[&str], count: &mut Count, llama: Option<Llama>) -> Outcome<()> {
    build::all()?;
    modules::build()?;
    let told = |text: &str| text.lines().for_each(|line| count.add_line(line));
    lanes::run(wasm_test(&["aion-tests"])?.args(files), &runner, llama, told)
}

/// What runs a module of tests, as cargo would.
fn runner(module: &Path) -> Outcome<Command> {
    let mut runner = process::command(workspace::tool(RUNNER)?)?;
    runner.arg(module).current_dir(at("tests"));
    runner.envs(RUNNER_SETTINGS);
    Ok(runner)
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn closing_lines_are_counted() {
        let mut count = Count::default();
        count.add_line("test result: ok. 12 passed; 1 failed; 0 ignored; 0 measured");
        count.add_line("Suite result: FAILED. 5 passed; 2 failed; 0 skipped; finished in 5.02ms");
        count.add_line("\u{1b}[1mSuite result: \u{1b}[32mok\u{1b}[0m. \u{1b}[32m3\u{1b}[0m passed; 0 failed");
        count.add_line("running 12 tests, 12 passed");
        assert_eq!(count, Count { passed: 17, failed: 3, skipped: 0 });
    }
}
