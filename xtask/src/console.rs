//! Builds the console: the crate `ui` as wasm for browsers, its style sheet, and the page that loads them.

mod page;
pub mod quick;

use std::fs;
use std::path::{Path, PathBuf};

use crate::build::{FEATURES, OPTIMISE};
use crate::report::{Outcome, fail, say, step};
use crate::workspace::{self, at, scratch};
use crate::{files, process, setup};

/// Where the platform looks for the files (wrangler.toml).
const DIST: &str = "ui/dist";
/// The profile of what is deployed.
const PROFILE: &str = "console";
/// What a browser has to load before the console stands, compressed.
const BUDGET_BR_BYTES: usize = 400_000;
/// What the console is made of, besides the crates that it uses.
const INPUTS: [&str; 13] = [
    "ui/src",
    "ui/style",
    "ui/page",
    "ui/Cargo.toml",
    "client/src",
    "client/Cargo.toml",
    "core",
    "Cargo.toml",
    "Cargo.lock",
    "package-lock.json",
    "xtask/src/console.rs",
    "xtask/src/console",
    ".cargo",
];

/// Builds it, unless nothing changed, and holds its size against the budget.
pub fn build() -> Outcome<()> {
    // `dev` serves another folder, and may have none here.
    if std::env::var_os(crate::build::FROZEN).is_some() {
        return Ok(());
    }
    setup::for_workers()?;
    let stamp = scratch("console/inputs");
    if !at(DIST).join("index.html").exists() && stamp.exists() {
        fs::remove_file(&stamp)?;
    }
    files::unless_fresh(&stamp, &INPUTS.map(at), || step("build of the console", make))?;
    check_size()
}

fn make() -> Outcome<()> {
    let work = scratch("console");
    let (bound, style) = (work.join("bound"), work.join("console.css"));
    let mut cargo = compiler(&at("."), PROFILE, &at("target/console"))?;
    process::run(&mut cargo)?;
    process::run(&mut binder(&compiled(PROFILE, &at("target/console")), &bound)?)?;
    let (wasm, script) = (bound.join("console_bg.wasm"), bound.join("console.min.js"));
    optimise(&wasm)?;
    let mut esbuild = process::command(at("node_modules/.bin/esbuild"))?;
    esbuild.arg(bound.join("console.js")).args(["--minify", "--format=esm", "--log-level=warning"]);
    process::run(esbuild.arg(format!("--outfile={}", script.display())))?;
    process::run(&mut page::stylist(&at("ui/style"), &style)?)?;
    page::assemble(&at("ui/page"), &page::Parts { wasm: &wasm, script: &script, style: &style }, &at(DIST))
}

/// Cargo for the crate as wasm, in a folder of its own: its flags would make everything else be built anew.
fn compiler(sources: &Path, profile: &str, target: &Path) -> Outcome<std::process::Command> {
    let mut cargo = process::command("cargo")?;
    cargo.current_dir(sources).args(["build", "--package", "aion-ui", "--lib", "--profile", profile]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]).arg(target);
    // Views without their types: half the size, and built in a third of the time.
    let flags = format!("--cfg erase_components {}", without_folders());
    cargo.env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS");
    Ok(cargo)
}

/// Where cargo leaves it.
fn compiled(profile: &str, target: &Path) -> PathBuf {
    target.join("wasm32-unknown-unknown").join(profile).join("aion_ui.wasm")
}

/// What a panic names is where a crate's source stands, without the folders of this machine: a build is the same on
/// all of them.
pub fn without_folders() -> String {
    format!("--remap-path-prefix={}=crates", registry().display())
}

/// Where cargo keeps the sources of crates.
fn registry() -> PathBuf {
    let own = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cargo"));
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from).or_else(own).unwrap_or_default();
    home.join("registry/src")
}

/// Makes of a compiled console what JavaScript needs to load it, as a module of the web.
fn binder(wasm: &Path, out: &Path) -> Outcome<std::process::Command> {
    let mut bindgen = process::command(workspace::tool("wasm-bindgen")?)?;
    bindgen.args(["--target=web", "--no-typescript", "--omit-default-module-path", "--out-name=console", "--out-dir"]);
    bindgen.arg(out).arg(wasm);
    Ok(bindgen)
}

/// Without what the compiler left over.
fn optimise(wasm: &Path) -> Outcome<()> {
    let mut optimise = process::command(at("node_modules/.bin/wasm-opt"))?;
    optimise.args(OPTIMISE).args(FEATURES.map(|feature| format!("--enable-{feature}"))).arg(wasm).arg("-o").arg(wasm);
    process::run(&mut optimise)
}

/// Sizes as a browser receives them, by Node's own brotli.
fn check_size() -> Outcome<()> {
    const MEASURE: &str = "const fs=require('fs'),z=require('zlib'),d=process.argv[1];\
        for(const f of fs.readdirSync(d)){const b=fs.readFileSync(d+'/'+f);\
        console.log(f,b.length,z.brotliCompressSync(b).length)}";
    let mut node = process::command("node")?;
    let listed = process::output(node.args(["-e", MEASURE]).arg(at(DIST).join(page::MOUNT)))?;
    let mut total = 0;
    for line in listed.lines() {
        let mut words = line.split(' ');
        let (name, raw) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let br: usize = words.next().unwrap_or_default().parse()?;
        say(format_args!("  {name}: {raw} bytes, {br} br"));
        total += br;
    }
    say(format_args!("  console: {total} br of {BUDGET_BR_BYTES}"));
    if total > 0 && total <= BUDGET_BR_BYTES {
        return Ok(());
    }
    fail(format!("the console is {total} bytes br, its budget {BUDGET_BR_BYTES}: make it smaller"))
}
