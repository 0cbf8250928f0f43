//! The edge's script in bare workerd, without wrangler's proxy in front: what the platform's own runtime does.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::process::{self, Server};
use crate::report::{Outcome, failure};
use crate::workspace::at;
use crate::{files, http, platform, secrets};

/// The classes of the script's objects, as wrangler.toml declares them.
const CLASSES: [&str; 8] = ["Tenant", "Kernel", "Archive", "Identity", "Wallet", "Lane", "Holders", "Limiter"];

/// The configuration in a script's folder,
pub const CONFIG: &str = "config.capnp";
/// and what it writes: a line for each request, among others.
pub const LOG: &str = "workerd.log";

/// Of the requests in a log, how many asked for limits, and how often limiters were asked for them.
pub fn limiter_asks(log: &Path) -> Outcome<[u64; 2]> {
    let text = files::read(log)?;
    let lines = text.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let asks = lines.filter_map(|line| line["limiterCalls"].as_u64());
    Ok(asks.fold([0, 0], |[requests, sum], calls| [requests + 1, sum + calls]))
}

/// A script that runs.
pub struct Running {
    /// The process.
    pub server: Server,
    /// Its port on loopback.
    pub port: u16,
}

/// A streaming tail that writes what it is told, a line each.
const TAIL: &str = "const say = ({ event }) => console.log(JSON.stringify(event));
export default { tailStream(first) { say(first); return say; } };
";

/// A script as workerd's configuration has it.
#[derive(Default)]
struct Script {
    /// Its name as a service.
    name: &'static str,
    modules: String,
    bindings: String,
    /// Its classes.
    namespaces: String,
    /// Lines of its own.
    more: &'static str,
}

/// Starts a bundle of the edge, with storage in a folder of its own. The guardian is not there: nothing that runs here
/// signs.
pub fn edge(bundle: &Path, folder: &Path) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    start(folder, &[edge_script(bundle, folder)?])
}

/// The same, with what is traced in its log.
pub fn traced(bundle: &Path, folder: &Path) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    files::write(&folder.join("tail.js"), TAIL)?;
    let modules = "(name = \"tail.js\", esModule = embed \"tail.js\")".to_owned();
    let more = "  compatibilityFlags = [\"experimental\"],\n";
    let tail = Script { name: "tail", modules, more, ..Script::default() };
    let edge = Script { more: "  streamingTails = [\"tail\"],\n", ..edge_script(bundle, folder)? };
    start(folder, &[edge, tail])
}

/// Starts the edge with the mind behind it.
pub fn edge_with_mind(folder: &Path) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    let mut edge = edge_script(&at("workers/edge/build"), folder)?;
    writeln!(edge.bindings, "    (name = \"MIND\", service = \"mind\"),")?;
    let mut texts = secrets::mind()?;
    texts.insert("ENVIRONMENT".to_owned(), "development".to_owned());
    let modules = bundled(&at("workers/mind/build"), folder, "mind-")?;
    let mut mind = Script { name: "mind", modules, bindings: variables(&texts)?, ..Script::default() };
    mind.add_class("Mind")?;
    mind.add_class("Question")?;
    start(folder, &[edge, mind])
}

fn edge_script(bundle: &Path, folder: &Path) -> Outcome<Script> {
    let wrangler = files::read(&at("wrangler.toml"))?;
    let chain = wrangler.split("'''").nth(1).ok_or_else(|| failure("wrangler.toml lacks CHAIN_137"))?;
    let mut texts = secrets::aion()?;
    texts.insert("CHAIN_137".to_owned(), chain.to_owned());
    texts.insert("PUBLIC_HOST".to_owned(), "localhost".to_owned());
    texts.insert("ENVIRONMENT".to_owned(), "development".to_owned());
    let modules = bundled(bundle, folder, "")?;
    let mut script = Script { name: "main", modules, bindings: variables(&texts)?, ..Script::default() };
    CLASSES.iter().try_for_each(|class| script.add_class(class))?;
    Ok(script)
}

impl Script {
    fn add_class(&mut self, class: &str) -> Outcome<()> {
        let name = class.to_uppercase();
        writeln!(self.bindings, "    (name = \"{name}\", durableObjectNamespace = (className = \"{class}\")),")?;
        let key = format!("uniqueKey = \"aion-{class}\", enableSql = true");
        Ok(writeln!(self.namespaces, "    (className = \"{class}\", {key}),")?)
    }
}

/// Copies a bundle; its modules keep their names whatever their files are called.
fn bundled(bundle: &Path, folder: &Path, prefix: &str) -> Outcome<String> {
    for file in ["index.js", "index_bg.wasm"] {
        std::fs::copy(bundle.join(file), folder.join(format!("{prefix}{file}")))?;
    }
    Ok(format!(
        "(name = \"index.js\", esModule = embed \"{prefix}index.js\"),\n    \
         (name = \"index_bg.wasm\", wasm = embed \"{prefix}index_bg.wasm\")"
    ))
}

fn variables(texts: &BTreeMap<String, String>) -> Outcome<String> {
    let mut bindings = String::new();
    for (name, text) in texts {
        writeln!(bindings, "    (name = \"{name}\", text = {}),", serde_json::to_string(text)?)?;
    }
    Ok(bindings)
}

/// Starts a script of a few lines, for comparison.
pub fn bare(script: &str, folder: &Path) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    files::write(&folder.join("index.js"), script)?;
    let modules = "(name = \"index.js\", esModule = embed \"index.js\")".to_owned();
    start(folder, &[Script { name: "main", modules, ..Script::default() }])
}

/// Starts a script again that was ended, on its storage and its port.
pub fn again(folder: &Path, port: u16) -> Outcome<Running> {
    let mut workerd = process::command(at("node_modules/@cloudflare/workerd-linux-64/bin/workerd"))?;
    workerd.args(["serve", "--experimental"]).arg(folder.join(CONFIG));
    let mut server = Server::start(&mut workerd, &folder.join(LOG))?;
    platform::wait_for_edge(&format!("http://127.0.0.1:{port}"), &mut server)?;
    Ok(Running { server, port })
}

/// Starts scripts in one process; the first has the port.
fn start(folder: &Path, scripts: &[Script]) -> Outcome<Running> {
    let (storage, port) = (folder.join("storage"), http::free_port()?);
    std::fs::create_dir_all(&storage)?;
    let (mut services, mut constants) = (String::new(), String::new());
    for Script { name, modules, bindings, namespaces, more } in scripts {
        writeln!(services, "    (name = \"{name}\", worker = .{name}),")?;
        writeln!(
            constants,
            "const {name} :Workerd.Worker = (
  modules = [{modules}],
  compatibilityDate = \"2026-06-01\",
{more}  durableObjectNamespaces = [\n{namespaces}  ],
  durableObjectStorage = (localDisk = \"storage\"),
  bindings = [\n{bindings}  ]
);"
        )?;
    }
    let config = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
{services}    (name = \"storage\", disk = (path = \"{}\", writable = true)),
    (name = \"internet\", network = (allow = [\"public\", \"private\"]))
  ],
  sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"main\")]
);
{constants}",
        storage.display()
    );
    files::write(&folder.join(CONFIG), &config)?;
    again(folder, port)
}
