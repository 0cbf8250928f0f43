//! `cargo xtask doctor`: what is there, what is missing and how it is got.

use std::process::Command;

use aion_mpc::envelope::LinkIdentity;

use crate::report::{Context, Outcome, fail};
use crate::workspace::at;
use crate::{process, setup};

/// Looks at everything and installs nothing.
pub fn run() -> Outcome<()> {
    let runs = |program: &str| process::output(Command::new(program).arg("--version")).is_ok();
    let secrets =
        ["", "workers/eyes/", "workers/guardian/"].iter().all(|folder| at(&format!("{folder}.dev.vars")).exists());
    let checks = [
        ("cargo and rustup", runs("cargo") && runs("rustup"), "install rustup: https://rustup.rs"),
        ("node and npm", runs("node") && runs("npm"), "install Node 20 or newer"),
        ("wasm32 target", setup::has_wasm_target(), "rustup target add wasm32-unknown-unknown"),
        ("npm packages", setup::has_npm_packages(), "npm ci"),
        ("worker-build", setup::has_tool("worker-build"), "cargo xtask build"),
        ("wasm-bindgen", setup::has_tool("wasm-bindgen-test-runner"), "cargo xtask build"),
        ("contracts", at("contracts/out/TokenFactory.sol").exists(), "cargo xtask dev"),
        ("local secrets", secrets, "cargo xtask dev"),
    ];
    let mut missing = 0;
    for (name, there, how) in checks {
        println!("{} {name}{}", if there { "✓" } else { "✗" }, if there { String::new() } else { format!(": {how}") });
        missing += u32::from(!there);
    }
    // `cargo xtask dev` gets all of it but the first two by itself.
    if missing == 0 {
        Ok(())
    } else {
        fail(format!("{missing} missing; `cargo xtask dev` gets all but rustup and Node"))
    }
}

/// Prints the public link keys of a `LINK_SECRET` that is given on standard input.
pub fn link() -> Outcome<()> {
    let mut text = String::new();
    std::io::stdin().read_line(&mut text)?;
    let mut secret = [0; 32];
    hex::decode_to_slice(text.trim(), &mut secret).context("give 64 hex digits on standard input")?;
    println!("{}", LinkIdentity::from_secret(&secret).public().to_text());
    Ok(())
}
