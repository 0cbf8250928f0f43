//! What a clean machine lacks. Each part is skipped when it stands already.

use std::process::Command;

use serde_json::Value;

use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{self, WASM_BINDGEN, WORKER_BUILD, at};
use crate::{files, process};

/// Everything that building the Workers needs.
pub fn for_workers() -> Outcome<()> {
    wasm_target()?;
    npm()?;
    tools()
}

/// Everything that running the platform needs.
pub fn for_platform() -> Outcome<()> {
    for_workers()?;
    contracts()?;
    crate::secrets::ensure()
}

/// Whether the wasm32 target is installed.
pub fn has_wasm_target() -> bool {
    process::output(Command::new("rustc").args(["--print", "target-libdir", "--target", "wasm32-unknown-unknown"]))
        .is_ok_and(|folder| std::path::Path::new(folder.trim()).is_dir())
}

/// The wasm32 target of the compiler.
pub fn wasm_target() -> Outcome<()> {
    if has_wasm_target() {
        return Ok(());
    }
    step("rustup target add wasm32-unknown-unknown", || {
        process::run(process::command("rustup")?.args(["target", "add", "wasm32-unknown-unknown"]))
            .context("install rustup (https://rustup.rs), then run this again")
    })
}

/// Whether `node_modules` is what package-lock.json says.
pub fn has_npm_packages() -> bool {
    let read = |path: &str| files::read_json(&at(path)).ok();
    let (Some(wanted), Some(there)) = (read("package-lock.json"), read("node_modules/.package-lock.json")) else {
        return false;
    };
    let Some(packages) = wanted["packages"].as_object() else {
        return false;
    };
    let stands = |(path, wanted): (&String, &Value)| {
        let version = &there["packages"][path]["version"];
        path.is_empty() || wanted["optional"] == true || *version == wanted["version"]
    };
    packages.iter().all(stands) && workspace::node_folder().join("node").exists()
}

/// The packages that package-lock.json pins.
pub fn npm() -> Outcome<()> {
    if has_npm_packages() {
        return Ok(());
    }
    step("npm ci", || {
        let mut npm = Command::new("npm");
        npm.current_dir(workspace::root()).args(["ci", "--no-audit", "--no-fund", "--include=optional"]);
        process::run(&mut npm).context("install Node 20 or newer with npm, then run this again")?;
        if workspace::node_folder().join("node").exists() {
            return Ok(());
        }
        fail(format!("npm did not bring {}: run `npm ci --include=optional`", workspace::node_folder().display()))
    })
}

/// The tools with their versions, and the command that each installs.
const TOOLS: [(&str, &str, &str); 2] =
    [("worker-build", WORKER_BUILD, "worker-build"), ("wasm-bindgen-cli", WASM_BINDGEN, "wasm-bindgen-test-runner")];

/// Whether a tool is installed.
pub fn has_tool(program: &str) -> bool {
    workspace::tool(program).is_ok_and(|path| path.exists())
}

/// What the first run of every test writes: 7 GB below `target`, the rest what cargo, npm and apt bring.
const FIRST_RUN_BYTES: u64 = 13 << 30;

/// worker-build and wasm-bindgen's command line, in a folder that all clones share.
pub fn tools() -> Outcome<()> {
    let (first, free) = (!TOOLS.iter().all(|(_, _, program)| has_tool(program)), workspace::free_bytes()?);
    if first && free < FIRST_RUN_BYTES {
        say(format_args!(
            "the first run of every test writes {} GB; {} GB are free",
            FIRST_RUN_BYTES >> 30,
            free >> 30
        ));
    }
    for (package, version, program) in TOOLS {
        if has_tool(program) {
            continue;
        }
        step(&format!("cargo install {package} {version} (once a machine, some minutes)"), || {
            if install(package, version, true).is_ok() {
                return Ok(());
            }
            // The lock file of a release may name a crate that was withdrawn since.
            say("its own lock file does not install; trying with the newest fitting dependencies");
            install(package, version, false)
        })?;
    }
    Ok(())
}

fn install(package: &str, version: &str, locked: bool) -> Outcome<()> {
    let mut cargo = process::command("cargo")?;
    cargo.args(["install", package, "--version", &format!("={version}"), "--root"]).arg(workspace::tools()?);
    // They are built longer than they run: half optimised they stand in half the time.
    cargo.env_remove("CARGO_TARGET_DIR").env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1");
    cargo.env("CARGO_TERM_PROGRESS_WHEN", "auto");
    if locked {
        cargo.arg("--locked");
    }
    process::run(&mut cargo)
}

/// The contracts, compiled, and their addresses compared with deployment.json.
pub fn contracts() -> Outcome<()> {
    npm()?;
    let inputs = ["src", "tools", "foundry.toml", "deployment.json"].map(|path| at("contracts").join(path));
    let built = at("contracts/out/TokenFactory.sol/TokenFactory.json").exists();
    let stamp = at("contracts/cache/built");
    if !built && stamp.exists() {
        std::fs::remove_file(&stamp)?;
    }
    files::unless_fresh(&stamp, &inputs, || {
        step("forge build", || {
            let folder = at("contracts");
            process::run(process::command("forge")?.arg("build").current_dir(&folder))?;
            process::run(process::command("node")?.args(["tools/addresses.mjs", "--check"]).current_dir(&folder))
                .context("run `node tools/addresses.mjs` in contracts, and copy the addresses to both wrangler.toml")
        })
    })
}
