//! A real model on this machine: llama.cpp's server, with a model that is computed here or one of the user's.

mod gguf;
mod package;
mod table;
mod texts;

use std::path::{Path, PathBuf};
use std::time::Duration;

use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use crate::first_light::wait;
use crate::process::Server;
use crate::report::{Context, Outcome, fail, now, say, step};
use crate::workspace::scratch;
use crate::{http, platform};

pub use package::{Package, find};
pub use table::CONTEXT_TOKENS;

/// How long a model may take to load: those of users have gigabytes.
const PATIENCE: Duration = Duration::from_mins(5);
/// The name of our own model.
pub const TABLE: &str = "aion-table";
/// The platform's name for whatever model runs.
pub const OUR_NAME: &str = "local";
/// An answer has so many tokens at most.
const ANSWER_TOKENS: u32 = 2_048;

/// A server that runs.
pub struct Llama {
    /// The process.
    pub server: Server,
    /// Its address, with `/v1`.
    pub base_url: String,
    /// The model's name.
    pub model: String,
}

/// Starts a server with a user's model, or with ours.
pub fn start(package: &Package, model: Option<&Path>, port: u16, logs: &Path) -> Outcome<Llama> {
    let (path, name) = match model {
        Some(path) => (path.to_path_buf(), path.file_stem().unwrap_or_default().to_string_lossy().into_owned()),
        None => (written()?, TABLE.to_owned()),
    };
    if !path.is_file() {
        return fail(format!("{} is no file", path.display()));
    }
    step(&format!("llama-server {} with {name}", package.version()), || {
        let mut command = package.server()?;
        command.arg("--model").arg(&path).args(["--alias", &name, "--host", "127.0.0.1", "--offline", "--no-ui"]);
        command.args(["--port", &port.to_string(), "--ctx-size", &CONTEXT_TOKENS.to_string(), "--parallel", "2"]);
        command.args(["--kv-unified", "--jinja"]);
        let mut server = Server::start(&mut command, &logs.join("llama.log"))?;
        let start = now();
        while !http::get(&format!("http://127.0.0.1:{port}/health")).is_ok_and(|(status, _)| status == 200) {
            server.check()?;
            if start.elapsed() > PATIENCE {
                return fail(format!("it does not answer. The end of its log:\n{}", server.tail()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Llama { server, base_url: format!("http://127.0.0.1:{port}/v1"), model: name.clone() })
    })
}

/// Computes our model and writes its file.
fn written() -> Outcome<PathBuf> {
    let path = scratch("llama").join(format!("{TABLE}.gguf"));
    std::fs::create_dir_all(scratch("llama"))?;
    std::fs::write(&path, table::model(TABLE, &texts::all())).context(path.display())?;
    Ok(path)
}

impl Llama {
    /// As a tenant's provider. It costs nobody anything; prices are there so that budgets have something to count.
    pub fn providers(&self) -> Value {
        let dollar_a_million = 1_000_000;
        json!({ "providers": [{
            "id": "llama", "kind": "llama-cpp", "baseUrl": self.base_url,
            "models": [{
                "name": OUR_NAME, "upstream": self.model,
                "contextTokens": CONTEXT_TOKENS, "maxOutputTokens": ANSWER_TOKENS,
                "prices": { "input": dollar_a_million, "cachedInput": dollar_a_million, "output": dollar_a_million },
                "capabilities": { "streaming": true, "schema": true, "tools": true }
            }]
        }] })
    }

    /// Makes it a tenant's provider, by the public API.
    pub fn register(&self, url: &str, key: &str) -> Outcome<()> {
        let providers = serde_json::from_value(self.providers())?;
        let client = Client::new(url, NativeTransport::new()).with_key(key);
        wait(client.put_providers(&providers))?.context("PUT /v1/mind/providers").map(|_| ())
    }

    /// Says how it is asked.
    pub fn greet(&self, url: &str) {
        say(format_args!("\n  {} is the model `{OUR_NAME}` of first light's tenant. Two calls to try:", self.model));
        let curl = format!("curl -H \"authorization: Bearer $KEY\" -H 'content-type: application/json' {url}");
        let (own, theirs) = (
            json!({ "model": OUR_NAME, "messages": [{ "role": "user", "parts": [{ "text": "Hi" }] }] }),
            json!({ "model": OUR_NAME, "stream": true, "messages": [{ "role": "user", "content": "Hi" }] }),
        );
        say(format_args!("\n  {curl}/v1/mind/chat -d '{own}'"));
        say(format_args!("  {curl}/v1/chat/completions -N -d '{theirs}'"));
    }
}

/// `cargo xtask llama`: the server alone, until Ctrl-C.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut port, mut model) = (0, None);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match (*word, words.next()) {
            ("--port", Some(value)) => port = value.parse().context("--port wants a port")?,
            ("--model", Some(value)) => model = Some(PathBuf::from(value)),
            _ => return fail(format!("`llama` takes --port N and --model FILE, not {word}")),
        }
    }
    let port = if port == 0 { http::free_port()? } else { port };
    let mut llama = start(&find()?, model.as_deref(), port, &scratch("llama"))?;
    say(format_args!("\n{} at {} until Ctrl-C", llama.model, llama.base_url));
    platform::stay(&mut llama.server)
}
