//! Builds the Workers, unless nothing changed, and holds their sizes against budgets.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{self, at};
use crate::{files, process, setup};

/// Set by our own servers: the bundle that stands is served, whatever the sources say by now.
pub const FROZEN: &str = "AION_BUILD_FROZEN";

/// What workerd takes beyond the first version of WebAssembly.
const FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

/// A Worker.
pub struct Worker {
    /// Its name at the command line.
    pub name: &'static str,
    /// Its crate's folder.
    pub folder: &'static str,
    /// What its bundle is made of, besides core and the lock file.
    inputs: &'static [&'static str],
    /// Its budget in bytes, compressed: half of what the platform's free plan takes for the edge, and a script that can
    /// be audited for the guardian.
    budget_gz_bytes: usize,
}

/// Both Workers.
pub const WORKERS: [Worker; 2] = [
    Worker {
        name: "edge",
        folder: "workers/edge",
        inputs: &["workers/edge", "kernel-do", "identity-do", "docs/openapi.json", "docs/definition.schema.json"],
        budget_gz_bytes: 1_500_000,
    },
    Worker {
        name: "guardian",
        folder: "workers/guardian",
        inputs: &["workers/guardian/src", "workers/guardian/Cargo.toml"],
        budget_gz_bytes: 600_000,
    },
];

/// Builds both.
pub fn all() -> Outcome<()> {
    WORKERS.iter().try_for_each(|worker| one(worker.name))
}

/// Builds one by its name.
pub fn one(name: &str) -> Outcome<()> {
    let Some(worker) = WORKERS.iter().find(|worker| worker.name == name) else {
        return fail(format!("there is no Worker {name}: `edge` and `guardian`"));
    };
    if std::env::var_os(FROZEN).is_some() && worker.bundle().exists() {
        return Ok(());
    }
    setup::for_workers()?;
    worker.build()
}

impl Worker {
    fn bundle(&self) -> PathBuf {
        at(self.folder).join("build/index.js")
    }

    fn build(&self) -> Outcome<()> {
        let stamp = at(self.folder).join("build/.inputs");
        if !self.bundle().exists() && stamp.exists() {
            fs::remove_file(&stamp)?;
        }
        let common = ["core", "Cargo.toml", "Cargo.lock", ".cargo"];
        let inputs: Vec<PathBuf> = common.iter().chain(self.inputs).map(|path| at(path)).collect();
        files::unless_fresh(&stamp, &inputs, || step(&format!("build of {}", self.name), || self.worker_build()))?;
        self.check_size()
    }

    fn worker_build(&self) -> Outcome<()> {
        let binaries = at("node_modules/.bin");
        let mut build = process::command(workspace::tool("worker-build")?)?;
        build
            .arg("--release")
            .current_dir(at(self.folder))
            .env("WASM_BINDGEN_BIN", workspace::tool("wasm-bindgen")?)
            .env("ESBUILD_BIN", binaries.join("esbuild"));
        process::run(&mut build)?;
        // Smaller, and without names: a panic still says its file and line.
        let wasm = at(self.folder).join("build/index_bg.wasm");
        let mut optimise = process::command(binaries.join("wasm-opt"))?;
        optimise.arg("-Oz").args(FEATURES.map(|feature| format!("--enable-{feature}"))).arg(&wasm).arg("-o").arg(&wasm);
        process::run(&mut optimise)
    }

    fn check_size(&self) -> Outcome<()> {
        let folder = at(self.folder).join("build");
        let (mut raw, mut gz) = (0, 0);
        for entry in fs::read_dir(&folder).context(folder.display())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
                let bytes = fs::read(&path)?;
                raw += bytes.len();
                gz += compressed(&bytes)?;
            }
        }
        let (name, budget) = (self.name, self.budget_gz_bytes);
        say(format_args!("  {name}: {raw} bytes, {gz} gz of {budget}"));
        if gz <= budget {
            Ok(())
        } else {
            fail(format!("{name} is {gz} bytes gz, its budget {budget}: make it smaller"))
        }
    }
}

fn compressed(bytes: &[u8]) -> Outcome<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
