//! The browser that tests the console: Debian's Chromium, driven by playwright-core.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::{Context, Outcome, failure, step};
use crate::workspace::{at, scratch};
use crate::{files, process, secrets};

/// Names that Chromium has on the machines that we know.
const NAMES: [&str; 3] = ["chromium", "chromium-browser", "google-chrome"];

/// The command that runs the tests of the console at an address, in this browser; `control` is the harness's endpoint,
/// `origin` the system that stands for a provider of models. Pictures go to target/ui.
pub fn command(url: &str, control: &str, origin: &str, chromium: &Path) -> Outcome<Command> {
    let out = at("target/ui");
    files::remove(&out)?;
    std::fs::create_dir_all(&out)?;
    let mut node = process::command("node")?;
    node.arg(at("tests/ui/main.mjs"));
    node.env("AION_BASE_URL", url).env("AION_OPERATOR_TOKEN", secrets::operator_token()?);
    node.env("AION_CONTROL", control).env("AION_ORIGIN", origin);
    node.env("AION_CHROMIUM", chromium).env("AION_OUT", out);
    // Profiles of the browser, which it leaves behind when it is ended.
    let profiles = scratch("browser");
    std::fs::create_dir_all(&profiles)?;
    node.env("TMPDIR", profiles);
    Ok(node)
}

fn found() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).flat_map(|folder| NAMES.map(|name| folder.join(name))).find(|file| file.is_file())
}

/// Chromium, installed by apt if it is not there. A fresh machine has no lists of packages yet.
pub fn chromium() -> Outcome<PathBuf> {
    if found().is_none() {
        step("apt-get install chromium", || {
            apt(&["update"])?;
            apt(&["install", "--yes", "--no-install-recommends", "chromium"])
        })
        .context("install Chromium, then run this again")?;
    }
    found().ok_or_else(|| failure("Chromium was installed and is not on PATH"))
}

fn apt(words: &[&str]) -> Outcome<()> {
    process::run(process::command("apt-get")?.args(words).env("DEBIAN_FRONTEND", "noninteractive"))
}
