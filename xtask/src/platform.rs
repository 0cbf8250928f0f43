//! The Workers under wrangler.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;

use crate::process::{self, Server};
use crate::report::{Outcome, fail, now};
use crate::workspace::at;
use crate::{build, http};

/// Their files.
const EDGE: &str = "wrangler.toml";
const EYES: &str = "workers/eyes/wrangler.toml";
const FUNCTIONS: &str = "workers/functions/wrangler.toml";
const GATEWAY: &str = "workers/gateway/wrangler.toml";
const MIND: &str = "workers/mind/wrangler.toml";
const GUARDIAN: &str = "workers/guardian/wrangler.toml";

/// How long a part may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(90);
/// Which parts must work before the platform counts as started.
const PARTS: [&str; 8] = ["kernel", "identity", "guardian", "gateway", "functions", "mind", "eyes", "chain"];

/// Where and on what they run.
#[derive(Clone)]
pub struct Place {
    /// The edge's port.
    pub port: u16,
    /// Storage.
    pub storage: PathBuf,
    /// Logs.
    pub logs: PathBuf,
    /// The chain's endpoint, as the Workers see it.
    pub rpc_url: String,
    /// Where the processes of one run find each other.
    pub registry: PathBuf,
    /// Static assets of the edge in place of those that are deployed.
    pub assets: Option<PathBuf>,
}

impl Place {
    /// The edge's address.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The host that identities are named by: a did:webvh takes no IP address.
    pub fn public_host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// Starts all of them in one process.
    pub fn start_all(&self) -> Outcome<Server> {
        self.start(&[EDGE, EYES, FUNCTIONS, GATEWAY, GUARDIAN, MIND], self.port, "platform")
    }

    /// Starts the edge and what stands behind it, but for the guardian.
    pub fn start_edge(&self) -> Outcome<Server> {
        self.start(&[EDGE, EYES, FUNCTIONS, GATEWAY, MIND], self.port, "edge")
    }

    /// Starts the guardian alone.
    pub fn start_guardian(&self, port: u16) -> Outcome<Server> {
        self.start(&[GUARDIAN], port, "guardian")
    }

    fn start(&self, configs: &[&str], port: u16, name: &str) -> Outcome<Server> {
        let mut wrangler = wrangler()?;
        wrangler.arg("dev");
        for config in configs {
            wrangler.arg("-c").arg(at(config));
        }
        wrangler
            .args(["--ip", "127.0.0.1", "--port", &port.to_string()])
            .args(["--inspector-port", &http::free_port()?.to_string(), "--show-interactive-dev-session=false"])
            .arg("--persist-to")
            .arg(self.storage.join(name))
            .env("WRANGLER_REGISTRY_PATH", &self.registry)
            .env(build::FROZEN, "1");
        if configs.contains(&EDGE) {
            wrangler.args(["--var", &format!("PUBLIC_HOST:{}", self.public_host())]);
            wrangler.args(["--var", &format!("RPC_URL_137:{}", self.rpc_url)]);
            if let Some(assets) = &self.assets {
                wrangler.arg("--assets").arg(assets);
            }
        }
        Server::start(&mut wrangler, &self.logs.join(format!("{name}.log")))
    }
}

/// wrangler, under our own Node.
pub fn wrangler() -> Outcome<std::process::Command> {
    let mut node = process::command("node")?;
    node.arg(at("node_modules/wrangler/bin/wrangler.js"));
    Ok(node)
}

/// What `/health/ready` says of each part.
pub fn readiness(url: &str) -> Outcome<Value> {
    let (_, body) = http::get(&format!("{url}/health/ready"))?;
    Ok(serde_json::from_str(&body)?)
}

/// Waits until the given parts work.
pub fn wait_for(url: &str, parts: &[&str], server: &mut Server) -> Outcome<()> {
    let start = now();
    let mut last = String::from("no answer");
    while start.elapsed() < PATIENCE {
        server.check()?;
        match readiness(url) {
            Ok(ready) if parts.iter().all(|part| ready["components"][*part]["state"] == "ok") => return Ok(()),
            Ok(ready) => last = ready.to_string(),
            Err(failure) => last = failure.to_string(),
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    fail(format!("{url}/health/ready says {last}. The end of the log:\n{}", server.tail()))
}

/// Waits until every part works.
pub fn wait_for_all(url: &str, server: &mut Server) -> Outcome<()> {
    wait_for(url, &PARTS, server)
}

/// Waits until the edge answers at all, whatever its parts do.
pub fn wait_for_edge(url: &str, server: &mut Server) -> Outcome<()> {
    let start = now();
    while start.elapsed() < PATIENCE {
        server.check()?;
        if http::get(&format!("{url}/health")).is_ok_and(|(status, _)| status == 200) {
            return Ok(());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    fail(format!("{url}/health does not answer. The end of the log:\n{}", server.tail()))
}

/// Waits until this process is ended, or the server ends.
pub fn stay(server: &mut Server) -> Outcome<()> {
    loop {
        server.check()?;
        std::thread::sleep(Duration::from_millis(500));
    }
}

/// A folder for one run, emptied.
pub fn fresh_folder(path: &Path) -> Outcome<()> {
    crate::files::remove(path)?;
    Ok(std::fs::create_dir_all(path)?)
}
