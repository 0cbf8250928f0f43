//! The harness of end-to-end tests: chain, fault proxy, edge and guardian in processes of their own, and a control
//! endpoint on loopback by which a test in wasm stops, kills and starts them.

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::chain::{self, Chain};
use crate::llama::Llama;
use crate::platform::{self, Place};
use crate::process::Server;
use crate::proxy::{Mode, Proxy};
use crate::report::{Outcome, fail, step};
use crate::workspace::scratch;
use crate::{http, modules, origin, recorder, secrets, sqlite, streaming, websocket};

/// Everything that runs for one suite.
pub struct Harness {
    place: Place,
    guardian_port: u16,
    edge: Option<Server>,
    guardian: Option<Server>,
    proxy: Proxy,
    chain: Chain,
    recorder_url: String,
    origin_url: String,
    llama: Option<Llama>,
}

impl Harness {
    /// Starts everything on free ports, with storage and logs of its own in the scratch folder of this name.
    pub fn start(name: &str) -> Outcome<Self> {
        let home = scratch(name);
        platform::fresh_folder(&home)?;
        let chain = chain::start(http::free_port()?, None, &home.join("logs/chain.log"))?;
        chain::prepare(&chain.url)?;
        let proxy = Proxy::start(&chain.url)?;
        let place = Place {
            port: http::free_port()?,
            storage: home.join("storage"),
            logs: home.join("logs"),
            rpc_url: proxy.url(),
            registry: home.join("registry"),
            assets: None,
        };
        let (guardian_port, recorder_url, origin_url) = (http::free_port()?, recorder::start()?, origin::start()?);
        let mut harness = Self {
            place,
            guardian_port,
            edge: None,
            guardian: None,
            proxy,
            chain,
            recorder_url,
            origin_url,
            llama: None,
        };
        step("the Workers", || {
            harness.start_guardian()?;
            harness.start_platform()?;
            let url = harness.place.url();
            harness.edge.as_mut().map_or(Ok(()), |edge| platform::wait_for_all(&url, edge))
        })?;
        Ok(harness)
    }

    /// Gives tests a model to ask.
    pub fn add_llama(&mut self, llama: Llama) {
        self.llama = Some(llama);
    }

    /// The edge's address.
    pub fn url(&self) -> String {
        self.place.url()
    }

    /// Where the edge and what stands behind it write their lines.
    pub fn log(&self) -> PathBuf {
        self.place.logs.join("edge.log")
    }

    /// The edge's port.
    pub const fn port(&self) -> u16 {
        self.place.port
    }

    /// The group of the edge's processes; 0 while it does not run.
    pub fn edge_group(&self) -> i32 {
        self.edge.as_ref().map_or(0, Server::group)
    }

    /// The address of the system that tasks ask.
    pub fn recorder(&self) -> &str {
        &self.recorder_url
    }

    /// The address of the system behind the gateway.
    pub fn origin(&self) -> &str {
        &self.origin_url
    }

    /// Starts the edge on the storage that it had, and waits until it answers.
    pub fn start_platform(&mut self) -> Outcome<()> {
        if self.edge.is_none() {
            self.edge = Some(self.place.start_edge()?);
        }
        let url = self.place.url();
        self.edge.as_mut().map_or(Ok(()), |edge| platform::wait_for_edge(&url, edge))
    }

    /// SIGKILL to wrangler and workerd at once: no request ends, nothing is written any more.
    pub fn kill_platform(&mut self) {
        if let Some(edge) = self.edge.take() {
            edge.kill();
        }
    }

    /// Stops the platform as a crash would, runs SQL on the files of its objects, and starts it again.
    fn sql(&mut self, orders: &Value) -> Outcome<Value> {
        self.kill_platform();
        let rows = sqlite::run(&self.place.storage.join("edge"), orders);
        self.start_platform()?;
        rows
    }

    fn start_guardian(&mut self) -> Outcome<()> {
        if self.guardian.is_none() {
            self.guardian = Some(self.place.start_guardian(self.guardian_port)?);
        }
        let url = format!("http://127.0.0.1:{}", self.guardian_port);
        self.guardian.as_mut().map_or(Ok(()), |guardian| platform::wait_for_edge(&url, guardian))?;
        let url = self.place.url();
        self.edge.as_mut().map_or(Ok(()), |edge| platform::wait_for(&url, &["guardian"], edge))
    }

    fn control(&mut self, line: &str) -> Outcome<()> {
        match line {
            "POST /platform/kill" => self.kill_platform(),
            "POST /platform/start" => self.start_platform()?,
            "POST /guardian/stop" => self.guardian = None,
            "POST /guardian/start" => self.start_guardian()?,
            "POST /chain/refuse" => self.proxy.set(Mode::Refuse),
            "POST /chain/pass" => self.proxy.set(Mode::Pass),
            "POST /chain/drop-answers" => self.proxy.set(Mode::DropAnswers),
            "POST /chain/flood" => self.proxy.set(Mode::Flood),
            _ => return fail(format!("the harness does not know {line}")),
        }
        Ok(())
    }

    fn answer(&mut self, stream: &TcpStream) -> Outcome<()> {
        let request = http::receive(stream)?;
        if let Some(name) = request.line.strip_prefix("GET /module/") {
            return match modules::read(name) {
                Ok(module) => http::answer(stream, 200, &module),
                Err(failure) => http::answer(stream, 500, failure.to_string().as_bytes()),
            };
        }
        let (status, body) = if request.line == "GET /chain/flooded" {
            (200, json!(self.proxy.flooded()))
        } else if request.line == "GET /llama" {
            self.llama.as_ref().map_or((404, Value::Null), |llama| (200, llama.providers()))
        } else if request.line == "POST /websocket" {
            let wish: Value = serde_json::from_slice(&request.body)?;
            let text = |name: &str| wish[name].as_str().unwrap_or_default();
            match websocket::read(self.port(), text("path"), text("key")) {
                Ok((texts, code)) => (200, json!({ "texts": texts, "code": code })),
                Err(failure) => (500, json!({ "error": failure.to_string() })),
            }
        } else if request.line == "POST /download" {
            let wish: Value = serde_json::from_slice(&request.body)?;
            let url = format!("{}{}", self.url(), wish["path"].as_str().unwrap_or_default());
            match streaming::measure(&url, self.edge_group()) {
                Ok(measured) => (200, measured),
                Err(failure) => (500, json!({ "error": failure.to_string() })),
            }
        } else if request.line == "POST /platform/sql" {
            match self.sql(&serde_json::from_slice(&request.body)?) {
                Ok(rows) => (200, rows),
                Err(failure) => (500, json!({ "error": failure.to_string() })),
            }
        } else if request.line == "GET /info" {
            let (base, host, chain) = (self.place.url(), self.place.public_host(), &self.chain.url);
            let token = secrets::operator_token()?;
            let (recorder, origin) = (&self.recorder_url, &self.origin_url);
            let info = json!({
                "baseUrl": base, "publicHost": host, "operatorToken": token,
                "chainUrl": chain, "recorderUrl": recorder, "originUrl": origin
            });
            (200, info)
        } else {
            match self.control(&request.line) {
                Ok(()) => (200, json!({ "ok": true })),
                Err(failure) => (500, json!({ "error": failure.to_string() })),
            }
        };
        http::answer(stream, status, body.to_string().as_bytes())
    }
}

/// Serves the control endpoint, one request after the other, and gives its address.
pub fn serve(harness: &Arc<Mutex<Harness>>) -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    let harness = Arc::clone(harness);
    http::serve(listener, move |stream| {
        // The test that hangs up has ended already.
        let _ = harness.lock().unwrap_or_else(PoisonError::into_inner).answer(stream);
    });
    Ok(url)
}
