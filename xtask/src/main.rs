//! The project's own tooling: `cargo xtask <command>`.

mod bench;
mod browser;
mod build;
mod chain;
mod ci;
mod conformance;
mod console;
mod cut;
mod dev;
mod doctor;
mod documented;
mod faults;
mod files;
mod first_light;
mod harness;
mod http;
mod lanes;
mod llama;
mod mind_probe;
mod modules;
mod origin;
mod platform;
mod process;
mod proxy;
mod recorder;
mod report;
mod secrets;
mod setup;
mod sim;
mod spans;
mod sqlite;
mod streaming;
mod suites;
mod usage;
mod websocket;
mod wire;
mod workspace;

use std::process::ExitCode;

use report::{Outcome, fail};

const HELP: &str = "\
cargo xtask <command>

  dev [--port N] [--reset] [--no-first-light] [--exit-after-first-light] [--json] [--with-mind [--model FILE.gguf]]
                         the whole platform on this machine, with a local chain and first light; --with-mind: and a
                         model that llama.cpp runs, a small one that is computed here if no file is named;
                         a change of the console is built again in seconds and shown when its page is loaded anew
  test [suite]           tidy, native, wasm, wire, contracts, e2e, ui, llama, kernel, edge, mind; without a name: all
  build [NAME]           edge, eyes, functions, gateway, guardian, mind, ui, with their sizes against the budgets
  ci                     fmt-check, lint, build, test, deploy --dry-run
  lint                   clippy, native and wasm, warnings are errors
  fmt-check              cargo fmt --check
  openapi [--check]      writes docs/openapi.json and docs/definition.schema.json
  bench console [--json] how soon a changed line of the console can be looked at, while `dev` runs
  bench edge [--json] [--seconds N]
                         requests a second, latency and CPU next to a bare Worker
  bench kernel [--json] [--seconds N] [--clients N] [--tasks N] [--peers | --profile]
                         tasks a second, latency, CPU and bytes written; --tasks: so many stored before;
                         --profile: where the CPU of a task goes when nothing shares its commit
  bench mind [--json] [--seconds N] [--alone]
                         what the gateway of models costs, a call and a piece of a stream, next to LiteLLM
  sim kernel [--seeds N] [--seed S]
                         the kernel's simulator: histories under bad luck and its mutants, or one history again
  sim limit              rate limits: a million requests over eight isolates, and every state of a small world
  faults kernel [--tasks N] [--panics]
                         tasks while workerd is killed again and again, or while the kernel panics at every
                         transition: nothing lost, nothing stuck
  faults edge [--requests N]
  faults limiter
                         rate limits from 64 connections, with workerd killed in between: never over, and used up
  faults malformed [--requests N] [--seed N]
                         requests that are wrong in every way: alive, and no fault of ours
  faults schema [SEED…]  schemathesis over the whole OpenAPI document (wants Python 3)
  conformance-target [--port N]
                         the MCP conformance package's fixtures behind our dispatcher, on loopback (port 4100)
  llama [--port N] [--model FILE.gguf]
                         llama.cpp's server alone, with a small model that is computed here
  mind-probe --kind K --base-url U --model M [--key-env AION_MODEL_KEY]
                         what a provider of models can do, asked from here; its key comes from the environment
  deploy [--dry-run] [--env E]
                         guardian and gateway first, then the edge
  doctor                 what is missing and how it is got; --link: public link keys of a LINK_SECRET on standard input
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    process::end_everything_on_signal();
    let outcome = run(&words);
    process::yield_to_signal();
    process::end_everything();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\nerror: {failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(words: &[&str]) -> Outcome<()> {
    match words {
        ["dev", options @ ..] => dev::run(&dev::Options::parse(options)?),
        ["test"] => suites::all(),
        ["test", suite] => suites::one(suite),
        ["test", "e2e", files @ ..] => suites::some(files),
        ["build"] => build::all(),
        ["build", name] => build::one(name),
        ["ci"] => ci::run(),
        ["lint"] => ci::lint(),
        ["fmt-check"] => ci::format(),
        ["openapi"] => ci::openapi(false),
        ["openapi", "--check"] => ci::openapi(true),
        ["bench", name, options @ ..] => bench::run(name, options),
        ["sim", "kernel", options @ ..] => sim::run(options),
        ["sim", "limit"] => sim::limit(),
        ["faults", "kernel", options @ ..] => faults::run(options),
        ["faults", "edge", options @ ..] => faults::edge::run(options),
        ["faults", "limiter"] => faults::limiter::run(),
        ["faults", "malformed", options @ ..] => faults::malformed::run(options),
        ["faults", "schema", seeds @ ..] => faults::schema::run(seeds),
        ["conformance-target", options @ ..] => conformance::target(options),
        ["llama", options @ ..] => llama::run(options),
        ["mind-probe", options @ ..] => mind_probe::run(options),
        ["deploy", options @ ..] => ci::deploy(options),
        ["doctor"] => doctor::run(),
        ["doctor", "--link"] => doctor::link(),
        [] | ["help" | "--help" | "-h"] => {
            print!("{HELP}");
            Ok(())
        }
        _ => fail(format!("`cargo xtask {}` is no command; see `cargo xtask help`", words.join(" "))),
    }
}
