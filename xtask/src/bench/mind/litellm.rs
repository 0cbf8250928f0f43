//! `LiteLLM`'s proxy, of `PyPI`, before the same provider. It runs without a database: it knows one key and no budgets,
//! which is less than ours does.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use super::Gateway;
use crate::process::{self, Server};
use crate::report::{Context, Outcome, fail, now, step};
use crate::workspace::{cache, scratch};
use crate::{files, http, platform};

/// The version that the figures in docs/BENCHMARKS.md are of.
const VERSION: &str = "1.108.7";
/// Its key in this run, which is ours alone.
const KEY: &str = "sk-bench";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(2);

/// A proxy that runs.
pub struct Proxy {
    server: Server,
    port: u16,
}

/// Installs it, once a machine, and starts it.
pub fn start(stub: u16) -> Outcome<Proxy> {
    let program = installed()?;
    let folder = scratch("bench/litellm");
    platform::fresh_folder(&folder)?;
    let config = format!(
        "model_list:\n  - model_name: fast\n    litellm_params:\n      model: openai/up\n      \
         api_base: http://127.0.0.1:{stub}/v1\n      api_key: none\n\
         litellm_settings:\n  telemetry: false\ngeneral_settings:\n  master_key: {KEY}\n"
    );
    files::write(&folder.join("config.yaml"), &config)?;
    let port = http::free_port()?;
    let mut litellm = process::command(program)?;
    litellm.arg("--config").arg(folder.join("config.yaml")).args(["--host", "127.0.0.1", "--num_workers", "1"]);
    litellm.args(["--port", &port.to_string()]).current_dir(&folder);
    // The production settings of its documentation; nothing is fetched.
    litellm.env("LITELLM_LOG", "ERROR").env("LITELLM_MODE", "PRODUCTION").env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let mut server = Server::start(&mut litellm, &folder.join("litellm.log"))?;
    step("LiteLLM's proxy", || {
        let start = now();
        let url = format!("http://127.0.0.1:{port}/health/liveliness");
        while !http::get(&url).is_ok_and(|(status, _)| status == 200) {
            server.check()?;
            if start.elapsed() > PATIENCE {
                return fail(format!("it does not answer. The end of its log:\n{}", server.tail()));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        Ok(Proxy { server, port })
    })
}

impl Proxy {
    /// As it is asked. All of its processes count.
    pub fn gateway(&self) -> Gateway {
        Gateway { name: "LiteLLM", port: self.port, key: KEY.to_owned(), group: Some(self.server.group()) }
    }
}

/// Its program, in a virtual environment that all clones share.
fn installed() -> Outcome<PathBuf> {
    let folder = cache()?.join(format!("litellm-{VERSION}"));
    let (program, stamp) = (folder.join("bin/litellm"), folder.join("installed"));
    if !stamp.exists() {
        step(&format!("LiteLLM {VERSION} from PyPI (once a machine, some minutes)"), || {
            files::remove(&folder)?;
            let python = process::output(Command::new("python3").args(["-m", "venv"]).arg(&folder));
            python.context("install Python 3 with venv")?;
            let mut pip = Command::new(folder.join("bin/pip"));
            process::output(pip.args(["install", "--quiet", &format!("litellm[proxy]=={VERSION}")]))?;
            files::write(&stamp, "")
        })?;
    }
    Ok(program)
}
