//! Builds the console: the crate `ui` as wasm for browsers, its style sheet, and the page that loads them.
//!
//! Names carry a hash of the content, so that browsers keep files for ever and never mix two versions.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use crate::build::{FEATURES, OPTIMISE};
use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{at, scratch};
use crate::{files, process, setup};

/// Where the platform looks for the files (wrangler.toml).
const DIST: &str = "ui/dist";
/// Below this path stand all files but the page itself, and all addresses of the console.
const MOUNT: &str = "console";
/// What a browser has to load before the console stands, compressed.
const BUDGET_BR_BYTES: usize = 400_000;
/// What the console is made of, besides the crates that it uses.
const INPUTS: [&str; 12] = [
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
    ".cargo",
];

/// Builds it, unless nothing changed, and holds its size against the budget.
pub fn build() -> Outcome<()> {
    if std::env::var_os(crate::build::FROZEN).is_some() && at(DIST).join("index.html").exists() {
        return Ok(());
    }
    setup::wasm_target()?;
    setup::npm()?;
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
    compile()?;
    bind(&bound)?;
    optimise(&bound.join("console_bg.wasm"))?;
    let (glue, minified) = (bound.join("console.js"), bound.join("console.min.js"));
    let mut esbuild = process::command(at("node_modules/.bin/esbuild"))?;
    esbuild.arg(&glue).args(["--minify", "--format=esm", "--log-level=warning"]);
    process::run(esbuild.arg(format!("--outfile={}", minified.display())))?;
    let mut tailwind = process::command(at("node_modules/.bin/tailwindcss"))?;
    tailwind.arg("--input").arg(at("ui/style/console.css")).arg("--output").arg(&style).arg("--minify");
    process::run(&mut tailwind)?;
    let before = files::below(&[at(DIST).join(MOUNT)])?;
    let wasm = place(&fs::read(bound.join("console_bg.wasm"))?, "console", "wasm")?;
    let script = place(&fs::read(minified)?, "console", "js")?;
    let boot = files::read(&at("ui/page/boot.js"))?.replace("{{script}}", &script).replace("{{wasm}}", &wasm);
    let boot = place(boot.as_bytes(), "boot", "js")?;
    let early = place(&fs::read(at("ui/page/early.js"))?, "early", "js")?;
    let style = place(&fs::read(&style)?, "console", "css")?;
    let icon = place(&fs::read(at("ui/page/icon.svg"))?, "icon", "svg")?;
    let mut page = files::read(&at("ui/page/index.html"))?;
    for (name, file) in
        [("wasm", wasm), ("script", script), ("boot", boot), ("early", early), ("style", style), ("icon", icon)]
    {
        page = page.replace(&format!("{{{{{name}}}}}"), &file);
    }
    files::write(&at(DIST).join("index.html"), &page)?;
    files::write(&at(DIST).join("_headers"), &files::read(&at("ui/page/_headers"))?)?;
    // What nobody names any more goes last, one by one: a server that watches the folder would lose it.
    let named = |file: &Path| file.file_name().is_some_and(|name| page.contains(&*name.to_string_lossy()));
    before.iter().filter(|file| !named(file)).try_for_each(|file| Ok(fs::remove_file(file)?))
}

/// The crate as wasm, in a folder of its own: its flags would make everything else be built anew.
fn compile() -> Outcome<()> {
    let mut cargo = process::command("cargo")?;
    cargo.args(["build", "--package", "aion-ui", "--lib", "--profile", "console"]);
    cargo.args(["--target", "wasm32-unknown-unknown", "--target-dir"]).arg(target());
    // Views without their types: half the size, and built in a third of the time.
    let flags = format!("--cfg erase_components {}", without_folders());
    process::run(cargo.env("RUSTFLAGS", flags).env_remove("CARGO_ENCODED_RUSTFLAGS"))
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

fn target() -> PathBuf {
    at("target/console")
}

/// What JavaScript needs to load it, as a module of the web.
fn bind(out: &Path) -> Outcome<()> {
    let wasm = target().join("wasm32-unknown-unknown/console/aion_ui.wasm");
    let mut bindgen = wasm_bindgen_cli_support::Bindgen::new();
    let generated = bindgen
        .input_path(&wasm)
        .web(true)
        .and_then(|bindgen| bindgen.typescript(false).out_name("console").generate(out));
    generated.map_err(|error| crate::report::failure(format!("{}: {error:#}", wasm.display())))
}

/// Without what the compiler left over.
fn optimise(wasm: &Path) -> Outcome<()> {
    let mut optimise = process::command(at("node_modules/.bin/wasm-opt"))?;
    optimise.args(OPTIMISE).args(FEATURES.map(|feature| format!("--enable-{feature}"))).arg(wasm).arg("-o").arg(wasm);
    process::run(&mut optimise)
}

/// Writes a file under a name with its hash, and gives that name.
fn place(bytes: &[u8], name: &str, extension: &str) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let file = format!("{name}-{:016x}.{extension}", hasher.finish());
    let folder = at(DIST).join(MOUNT);
    fs::create_dir_all(&folder).context(folder.display())?;
    fs::write(folder.join(&file), bytes).context(&file)?;
    Ok(file)
}

/// Sizes as a browser receives them, by Node's own brotli.
fn check_size() -> Outcome<()> {
    const MEASURE: &str = "const fs=require('fs'),z=require('zlib'),d=process.argv[1];\
        for(const f of fs.readdirSync(d)){const b=fs.readFileSync(d+'/'+f);\
        console.log(f,b.length,z.brotliCompressSync(b).length)}";
    let mut node = process::command("node")?;
    let listed = process::output(node.args(["-e", MEASURE]).arg(at(DIST).join(MOUNT)))?;
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
