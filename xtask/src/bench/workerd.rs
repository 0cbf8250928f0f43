//! The edge's script in bare workerd, without wrangler's proxy in front: what the platform's own runtime does.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use crate::process::{self, Server};
use crate::report::{Outcome, failure};
use crate::workspace::at;
use crate::{files, http, platform, secrets};

/// The classes of the script's objects, as wrangler.toml declares them.
const CLASSES: [&str; 7] = ["Tenant", "Kernel", "Archive", "Identity", "Wallet", "Lane", "Limiter"];

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

/// Starts a bundle of the edge, with storage in a folder of its own. The guardian is not there: nothing that runs here
/// signs.
pub fn edge(bundle: &Path, folder: &Path) -> Outcome<Running> {
    with_tail(bundle, folder, None)
}

/// The same, with what is traced in its log.
pub fn traced(bundle: &Path, folder: &Path) -> Outcome<Running> {
    with_tail(bundle, folder, Some(TAIL))
}

fn with_tail(bundle: &Path, folder: &Path, tail: Option<&str>) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    for file in ["index.js", "index_bg.wasm"] {
        std::fs::copy(bundle.join(file), folder.join(file))?;
    }
    let modules = "(name = \"index.js\", esModule = embed \"index.js\"),\n    \
                   (name = \"index_bg.wasm\", wasm = embed \"index_bg.wasm\")";
    let wrangler = files::read(&at("wrangler.toml"))?;
    let chain = wrangler.split("'''").nth(1).ok_or_else(|| failure("wrangler.toml lacks CHAIN_137"))?;
    let mut texts = secrets::aion()?;
    texts.insert("CHAIN_137".to_owned(), chain.to_owned());
    texts.insert("PUBLIC_HOST".to_owned(), "localhost".to_owned());
    texts.insert("ENVIRONMENT".to_owned(), "development".to_owned());
    let (mut bindings, mut namespaces) = (String::new(), String::new());
    for (name, text) in &texts {
        writeln!(bindings, "    (name = \"{name}\", text = {}),", serde_json::to_string(text)?)?;
    }
    for class in CLASSES {
        let name = class.to_uppercase();
        writeln!(bindings, "    (name = \"{name}\", durableObjectNamespace = (className = \"{class}\")),")?;
        writeln!(namespaces, "    (className = \"{class}\", uniqueKey = \"aion-{class}\", enableSql = true),")?;
    }
    start(folder, modules, &bindings, &namespaces, tail)
}

/// Starts a script of a few lines, for comparison.
pub fn bare(script: &str, folder: &Path) -> Outcome<Running> {
    platform::fresh_folder(folder)?;
    files::write(&folder.join("index.js"), script)?;
    start(folder, "(name = \"index.js\", esModule = embed \"index.js\")", "", "", None)
}

/// Starts a script again that was ended, on its storage and its port.
pub fn again(folder: &Path, port: u16) -> Outcome<Running> {
    let mut workerd = process::command(at("node_modules/@cloudflare/workerd-linux-64/bin/workerd"))?;
    workerd.args(["serve", "--experimental"]).arg(folder.join(CONFIG));
    let mut server = Server::start(&mut workerd, &folder.join(LOG))?;
    platform::wait_for_edge(&format!("http://127.0.0.1:{port}"), &mut server)?;
    Ok(Running { server, port })
}

fn start(folder: &Path, modules: &str, bindings: &str, namespaces: &str, tail: Option<&str>) -> Outcome<Running> {
    let (mut told, mut teller) = ("", "");
    if let Some(tail) = tail {
        files::write(&folder.join("tail.js"), tail)?;
        told = "  streamingTails = [\"tail\"],\n";
        teller = "    (name = \"tail\", worker = (modules = [(name = \"tail.js\", esModule = embed \"tail.js\")],
      compatibilityDate = \"2026-06-01\", compatibilityFlags = [\"experimental\"])),\n";
    }
    let (storage, port) = (folder.join("storage"), http::free_port()?);
    std::fs::create_dir_all(&storage)?;
    let config = format!(
        "using Workerd = import \"/workerd/workerd.capnp\";
const config :Workerd.Config = (
  services = [
{teller}    (name = \"main\", worker = .script),
    (name = \"storage\", disk = (path = \"{}\", writable = true)),
    (name = \"internet\", network = (allow = [\"public\", \"private\"]))
  ],
  sockets = [(name = \"http\", address = \"127.0.0.1:{port}\", http = (), service = \"main\")]
);
const script :Workerd.Worker = (
  modules = [{modules}],
  compatibilityDate = \"2026-06-01\",
{told}  durableObjectNamespaces = [\n{namespaces}  ],
  durableObjectStorage = (localDisk = \"storage\"),
  bindings = [\n{bindings}  ]
);
",
        storage.display()
    );
    files::write(&folder.join(CONFIG), &config)?;
    again(folder, port)
}
