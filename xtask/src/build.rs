//! Builds the Workers and the console, unless nothing changed, and holds their sizes against budgets.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{self, at, scratch};
use crate::{console, files, process, setup};

/// Set by our own servers: the bundle that stands is served, whatever the sources say by now.
pub const FROZEN: &str = "AION_BUILD_FROZEN";

/// What workerd takes beyond the first version of WebAssembly.
pub const FEATURES: [&str; 7] = [
    "mutable-globals",
    "sign-ext",
    "nontrapping-float-to-int",
    "bulk-memory",
    "multivalue",
    "reference-types",
    "exception-handling",
];

/// What is done to what the compiler made: what it left over goes, and no more than that. With `-Oz` a script is up to
/// a tenth smaller, and larger once it is compressed, since code that is the same no longer looks the same; and that
/// takes twice as long. Functions are ordered by their names, so that those which a generic one became for several
/// types stand beside each other: a compressor that looks back 32 kB makes one twentieth less of them.
pub const OPTIMISE: [&str; 6] = [
    "-O1",
    "--rse",
    "--vacuum",
    // Whatever is the same once what it calls is known to be the same goes too.
    "--shrink-level=1",
    "--duplicate-function-elimination",
    "--reorder-functions-by-name",
];

/// The static assets of the edge, as wrangler.toml names them.
const ASSETS: &str = "ui/dist";

/// What a bundle with fault points has in it (kernel-do/src/kernel/fault/injected.rs).
const FAULT_POINT: &[u8] = b"aionFaultHits";

/// A Worker.
pub struct Worker {
    /// Its name at the command line.
    pub name: &'static str,
    /// Its crate's folder.
    pub folder: &'static str,
    /// Its wrangler file, which declares its classes.
    pub config: &'static str,
    /// What its bundle is made of, besides core and the lock file.
    inputs: &'static [&'static str],
    /// Its budget in bytes, compressed: half of what the platform's free plan takes for the edge, a script that can be
    /// audited for the guardian, and scripts that start at once for the others.
    budget_gz_bytes: usize,
}

/// The edge.
const EDGE: Worker = Worker {
    name: "edge",
    folder: "workers/edge",
    config: "wrangler.toml",
    inputs: &["workers/edge", "workers/entry.mjs", "workers/shell", "kernel-do", "identity-do"],
    budget_gz_bytes: 1_500_000,
};
/// The guardian.
const GUARDIAN: Worker = Worker {
    name: "guardian",
    folder: "workers/guardian",
    config: "workers/guardian/wrangler.toml",
    inputs: &["workers/entry.mjs", "workers/guardian/src", "workers/guardian/Cargo.toml"],
    budget_gz_bytes: 600_000,
};
/// The gateway.
const GATEWAY: Worker = Worker {
    name: "gateway",
    folder: "workers/gateway",
    config: "workers/gateway/wrangler.toml",
    inputs: &["workers/entry.mjs", "workers/shell", "workers/gateway/src", "workers/gateway/Cargo.toml"],
    budget_gz_bytes: 500_000,
};
/// The eyes.
const EYES: Worker = Worker {
    name: "eyes",
    folder: "workers/eyes",
    config: "workers/eyes/wrangler.toml",
    inputs: &["workers/entry.mjs", "workers/shell", "workers/eyes/src", "workers/eyes/Cargo.toml"],
    budget_gz_bytes: 400_000,
};
/// What runs tenants' functions.
const FUNCTIONS: Worker = Worker {
    name: "functions",
    folder: "workers/functions",
    config: "workers/functions/wrangler.toml",
    inputs: &["workers/entry.mjs", "workers/shell", "workers/functions/src", "workers/functions/Cargo.toml"],
    budget_gz_bytes: 600_000,
};
/// What asks models and keeps plans. It has six wire formats, the ledger, and the language of tasks, whose expressions
/// are a third of it: a plan's task is checked as the kernel does before anybody is asked to approve it.
const MIND: Worker = Worker {
    name: "mind",
    folder: "workers/mind",
    config: "workers/mind/wrangler.toml",
    inputs: &["workers/entry.mjs", "workers/shell", "workers/mind/src", "workers/mind/Cargo.toml"],
    budget_gz_bytes: 1_000_000,
};
/// The console's name at the command line.
const CONSOLE: &str = "ui";
/// Every Worker, in the order in which they are deployed: what others are bound to comes first.
pub const WORKERS: [Worker; 6] = [GUARDIAN, EYES, GATEWAY, FUNCTIONS, MIND, EDGE];

/// Builds all of them, and beside them the console that the edge serves: its folder of targets is its own, and linking
/// keeps one core busy.
pub fn all() -> Outcome<()> {
    all_with(console::build)
}

/// The same with another console.
pub fn all_with(console: impl FnOnce() -> Outcome<()> + Send) -> Outcome<()> {
    setup::for_workers()?;
    thread::scope(|scope| {
        let console = scope.spawn(console);
        let workers = WORKERS.iter().try_for_each(Worker::ready);
        let console = console.join().unwrap_or_else(|_| fail("the build of the console panicked"));
        console.and(workers)
    })
}

/// Builds one by its name; the edge with the console that it serves.
pub fn one(name: &str) -> Outcome<()> {
    if [CONSOLE, EDGE.name].contains(&name) {
        console::build()?;
    }
    if name == CONSOLE {
        return Ok(());
    }
    let Some(worker) = WORKERS.iter().find(|worker| worker.name == name) else {
        let names = WORKERS.map(|worker| worker.name).join(", ");
        return fail(format!("there is no Worker {name}: {names}; and {CONSOLE}"));
    };
    worker.ready()
}

/// Builds the edge with fault points, apart from the one that is deployed, and gives its folder.
pub fn with_fault_points() -> Outcome<PathBuf> {
    let folder = scratch("faults/bundle");
    let out = folder.display().to_string();
    let options = ["--profile", "faults", "--no-opt", "--out-dir", &out, "--features", "fault-points"];
    step("build of the edge with fault points", || EDGE.compile(&options, &folder))?;
    Ok(folder)
}

impl Worker {
    fn bundle(&self) -> PathBuf {
        at(self.folder).join("build/index.js")
    }

    /// Builds it, unless what stands is to be served as it is.
    fn ready(&self) -> Outcome<()> {
        if std::env::var_os(FROZEN).is_some() && self.bundle().exists() {
            return Ok(());
        }
        setup::for_workers()?;
        if self.name == EDGE.name {
            documents(&at(ASSETS))?;
        }
        let stamp = at(self.folder).join("build/.inputs");
        if !self.bundle().exists() && stamp.exists() {
            fs::remove_file(&stamp)?;
        }
        let common = ["core", "Cargo.toml", "Cargo.lock", ".cargo", "xtask/src/build.rs"];
        let inputs: Vec<PathBuf> = common.iter().chain(self.inputs).map(|path| at(path)).collect();
        files::unless_fresh(&stamp, &inputs, || step(&format!("build of {}", self.name), || self.worker_build()))?;
        self.check_size()
    }

    fn worker_build(&self) -> Outcome<()> {
        self.compile(&["--release"], &at(self.folder).join("build"))?;
        let binaries = at("node_modules/.bin");
        // Smaller, and without names: a panic still says its file and line.
        let wasm = at(self.folder).join("build/index_bg.wasm");
        let mut optimise = process::command(binaries.join("wasm-opt"))?;
        optimise
            .args(OPTIMISE)
            .args(FEATURES.map(|feature| format!("--enable-{feature}")))
            .arg(&wasm)
            .arg("-o")
            .arg(&wasm);
        process::run(&mut optimise)
    }

    /// Compiles it, and puts our own entry before what worker-build makes.
    fn compile(&self, options: &[&str], build_folder: &Path) -> Outcome<()> {
        let mut build = process::command(workspace::tool("worker-build")?)?;
        build
            .args(options)
            .current_dir(at(self.folder))
            .env("RUSTFLAGS", console::without_folders())
            .env_remove("CARGO_ENCODED_RUSTFLAGS")
            .env("WASM_BINDGEN_BIN", workspace::tool("wasm-bindgen")?)
            .env("ESBUILD_BIN", at("node_modules/.bin/esbuild"));
        process::run(&mut build)?;
        let (script, entry) = (build_folder.join("script.js"), build_folder.join("entry.mjs"));
        let bundle = build_folder.join("index.js");
        fs::rename(&bundle, &script).context(bundle.display())?;
        let mut text = files::read(&at("workers/entry.mjs"))?;
        for class in self.classes()? {
            writeln!(text, "export const {class} = guarded(script.{class});")?;
        }
        files::write(&entry, &text)?;
        let mut esbuild = process::command(at("node_modules/.bin/esbuild"))?;
        esbuild.current_dir(build_folder).arg(&entry).arg(format!("--alias:script={}", script.display()));
        esbuild.args(["--bundle", "--format=esm", "--minify", "--log-level=warning", "--outfile=index.js"]);
        process::run(esbuild.args(["--external:./index_bg.wasm", "--external:cloudflare:*"]))?;
        fs::remove_file(&script)?;
        Ok(fs::remove_file(&entry)?)
    }

    /// The classes of its Durable Objects, as its wrangler file declares them.
    fn classes(&self) -> Outcome<Vec<String>> {
        let text = files::read(&at(self.config))?;
        let declared = text.lines().filter_map(|line| line.split_once("class_name = \"")?.1.split('"').next());
        Ok(declared.map(str::to_owned).collect())
    }

    fn check_size(&self) -> Outcome<()> {
        let folder = at(self.folder).join("build");
        let (mut raw, mut gz) = (0, 0);
        for entry in fs::read_dir(&folder).context(folder.display())? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "js" || extension == "wasm") {
                let bytes = fs::read(&path)?;
                if bytes.windows(FAULT_POINT.len()).any(|window| window == FAULT_POINT) {
                    return fail(format!("{}: fault points are in it", path.display()));
                }
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

/// Puts the documents that the edge serves among static assets.
pub fn documents(assets: &Path) -> Outcome<()> {
    for (from, to) in
        [("docs/openapi.json", "openapi.json"), ("docs/definition.schema.json", "schemas/definition.json")]
    {
        files::write(&assets.join(to), &files::read(&at(from))?)?;
    }
    Ok(())
}

fn compressed(bytes: &[u8]) -> Outcome<usize> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(bytes)?;
    Ok(encoder.finish()?.len())
}
