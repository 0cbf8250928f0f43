//! The examples of docs/examples/functions, built as their authors would, for tests that put them.

use std::path::PathBuf;

use crate::process;
use crate::report::{Context, Outcome, fail, step};
use crate::workspace::{at, scratch};

/// The examples.
const NAMES: [&str; 2] = ["transformer", "did-gate"];
/// Whose requests the gate lets pass: the did:key whose Ed25519 key is 32 times the byte 11, which the tests sign with.
const ALLOWED_DIDS: &str = "did:key:z6MkmNL6xksdEJENGk9Z1qqGsY5njKQdjU1UhnUEUvWyQUVX";

/// Builds every example, offline: they use no crate.
pub fn build() -> Outcome<()> {
    step("the examples of functions", || NAMES.into_iter().try_for_each(build_one))
}

fn build_one(name: &str) -> Outcome<()> {
    let mut cargo = process::command("cargo")?;
    cargo.args(["build", "--quiet", "--release", "--offline", "--locked", "--target", "wasm32-unknown-unknown"]);
    cargo.arg("--manifest-path").arg(at(&format!("docs/examples/functions/{name}/Cargo.toml")));
    cargo.arg("--target-dir").arg(target(name)).env("ALLOWED_DIDS", ALLOWED_DIDS);
    cargo.env_remove("RUSTFLAGS").env_remove("CARGO_ENCODED_RUSTFLAGS");
    process::run(&mut cargo)
}

/// The module of an example.
pub fn read(name: &str) -> Outcome<Vec<u8>> {
    if !NAMES.contains(&name) {
        return fail(format!("there is no example {name}"));
    }
    let file = format!("wasm32-unknown-unknown/release/{}.wasm", name.replace('-', "_"));
    let file = target(name).join(file);
    std::fs::read(&file).context(file.display())
}

fn target(name: &str) -> PathBuf {
    scratch("examples").join(name)
}
