//! What must hold before a change goes in, and deployment.

use crate::report::{Outcome, fail, step};
use crate::workspace::{at, scratch};
use crate::{build, faults, files, platform, process, setup, suites};

/// Beside the cores, crates that run in a Worker or in a test in wasm,
const WASM: [&str; 12] = [
    "kernel-do",
    "identity-do",
    "aion-edge",
    "aion-eyes",
    "aion-functions-worker",
    "aion-gateway-worker",
    "aion-guardian",
    "aion-mind-worker",
    "aion-shell",
    "aion-client",
    "aion-tests",
    "aion-ui",
];
/// and crates that run natively: not the scripts.
const NATIVE: [&str; 4] = ["aion-client", "aion-tests", "aion-ui", "xtask"];

/// Tasks of the bounded run under SIGKILL: half a minute, some four kills.
const FAULT_TASKS: &str = "200";
/// Tasks of the bounded run under panics: a minute, some thirty panics.
const PANIC_TASKS: &str = "120";
/// Malformed requests of the bounded run: half a minute.
const MALFORMED: &str = "4000";

/// Everything, the cheapest first.
pub fn run() -> Outcome<()> {
    format()?;
    setup::for_workers()?;
    lint()?;
    build::all()?;
    suites::all()?;
    faults::run(&["--tasks", FAULT_TASKS])?;
    faults::run(&["--panics", "--tasks", PANIC_TASKS])?;
    faults::limiter::run()?;
    faults::malformed::run(&["--requests", MALFORMED])?;
    deploy(&["--dry-run"])
}

/// Formatting of our own crates.
pub fn format() -> Outcome<()> {
    step("cargo fmt --check", || process::run(process::command("cargo")?.args(["fmt", "--all", "--check"])))
}

/// Clippy, natively and as wasm; warnings are errors.
pub fn lint() -> Outcome<()> {
    setup::wasm_target()?;
    step("clippy, native", || clippy(&[&suites::CORES[..], &NATIVE].concat(), &["--all-targets"]))?;
    let (wasm, library) = ([&suites::CORES[..], &WASM].concat(), ["--target", "wasm32-unknown-unknown", "--lib"]);
    step("clippy, wasm", || clippy(&wasm, &library))?;
    // The same crates: of fewer, what they share would have other features and be checked once more.
    let faults = [&library[..], &["--features", "kernel-do/fault-points"]].concat();
    step("clippy, fault points", || clippy(&wasm, &faults))?;
    step("clippy, tests in wasm", || {
        clippy(&["aion-tests"], &["--target", "wasm32-unknown-unknown", "--tests", "--features", "llama"])
    })
}

fn clippy(packages: &[&str], options: &[&str]) -> Outcome<()> {
    let mut cargo = process::command("cargo")?;
    cargo.arg("clippy").args(packages.iter().flat_map(|package| ["-p", package]));
    process::run(cargo.args(options).args(["--", "-D", "warnings"]))
}

/// Writes docs/openapi.json and the JSON Schema of definitions, or only compares them.
pub fn openapi(check: bool) -> Outcome<()> {
    written("docs/openapi.json", &aion_api::openapi::document(), check)?;
    written("docs/definition.schema.json", &aion_api::definition_schema(), check)
}

fn written(name: &str, document: &serde_json::Value, check: bool) -> Outcome<()> {
    let (path, text) = (at(name), format!("{}\n", serde_json::to_string_pretty(document)?));
    if !check {
        return files::write(&path, &text);
    }
    step(name, || {
        if files::read(&path).is_ok_and(|known| known == text) {
            return Ok(());
        }
        fail("it differs from the code: run `cargo xtask openapi` and commit it")
    })
}

/// Deploys the edge after what it is bound to; a dry run builds the uploads without an account.
pub fn deploy(options: &[&str]) -> Outcome<()> {
    setup::for_workers()?;
    build::all()?;
    for build::Worker { name, config, .. } in build::WORKERS {
        step(&format!("wrangler deploy of {name}"), || {
            let mut wrangler = platform::wrangler()?;
            wrangler.arg("deploy").arg("-c").arg(at(config)).args(options).env(build::FROZEN, "1");
            if options.contains(&"--dry-run") {
                wrangler.arg("--outdir").arg(scratch("upload").join(name));
            }
            process::run(&mut wrangler)
        })?;
    }
    Ok(())
}
