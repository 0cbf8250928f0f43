//! The harness's control endpoint.

use aion_client::api::operations::Method;
use aion_client::{Client, FetchTransport, Request, Transport};
use serde::{Deserialize, Serialize};
use wasm_bindgen::JsValue;

/// The environment variable that names the endpoint's URL.
const VARIABLE: &str = "AION_CONTROL";

/// The harness, as a test reaches it.
pub struct Control {
    client: Client<FetchTransport>,
}

/// Where the platform is.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Info {
    /// The edge.
    pub base_url: String,
    /// The host that identities are named by.
    pub public_host: String,
    /// The operator's token of this run.
    pub operator_token: String,
    /// The chain, without the fault proxy.
    pub chain_url: String,
    /// A system that remembers every request, and answers as its path says.
    pub recorder_url: String,
    /// A system behind the gateway: `/{name}/…` answers as the query says, or as `set` has said.
    pub origin_url: String,
}

/// SQL for the files of a class of objects.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Sql<'a> {
    /// The class, or `:memory:` for an empty database of its own.
    pub objects: &'a str,
    /// A query that gives a row in the files that are meant; without one, all of them.
    pub only: Option<&'a str>,
    /// Statements.
    pub script: Option<&'a str>,
    /// What is asked at the end.
    pub query: Option<&'a str>,
}

/// What was said over a WebSocket, and the code that it was closed with.
#[derive(Deserialize)]
struct Closed {
    texts: Vec<String>,
    code: u16,
}

impl Control {
    /// The harness that runs this test.
    #[must_use]
    pub fn connect() -> Self {
        let url = variable(VARIABLE).unwrap_or_else(|| panic!("{VARIABLE} is not set: run `cargo xtask test e2e`"));
        Self { client: Client::new(&url, FetchTransport) }
    }

    /// Where the platform is.
    pub async fn info(&self) -> Info {
        let response = self.client.send(Request::new(Method::Get, "/info")).await.expect("the harness answers");
        response.json().expect("the harness says where the platform is")
    }

    /// Ends workerd of the platform with SIGKILL.
    pub async fn kill_platform(&self) {
        self.act("/platform/kill").await;
    }

    /// Starts the platform again on the same storage and waits until it answers.
    pub async fn start_platform(&self) {
        self.act("/platform/start").await;
    }

    /// Stops the guardian.
    pub async fn stop_guardian(&self) {
        self.act("/guardian/stop").await;
    }

    /// Starts the guardian again and waits until it answers.
    pub async fn start_guardian(&self) {
        self.act("/guardian/start").await;
    }

    /// Has the chain refuse every request.
    pub async fn refuse_chain(&self) {
        self.act("/chain/refuse").await;
    }

    /// Has the chain answer again.
    pub async fn pass_chain(&self) {
        self.act("/chain/pass").await;
    }

    /// Has the chain accept transactions and lose its answers.
    pub async fn drop_chain_answers(&self) {
        self.act("/chain/drop-answers").await;
    }

    /// Has the chain answer blanks without end.
    pub async fn flood_chain(&self) {
        self.act("/chain/flood").await;
    }

    /// How many bytes of such an answer the platform has taken, at most.
    pub async fn flooded_bytes(&self) -> u64 {
        let response =
            self.client.send(Request::new(Method::Get, "/chain/flooded")).await.expect("the harness answers");
        response.json().expect("a number")
    }

    /// The requests that the recorder got under keys that begin so.
    pub async fn recorded(&self, recorder_url: &str, key: &str) -> Vec<serde_json::Value> {
        let mut request = Request::new(Method::Get, "/seen");
        request.url = format!("{recorder_url}/seen");
        let response = FetchTransport.send(request).await.expect("the recorder answers");
        let all: Vec<serde_json::Value> = response.json().expect("a list");
        all.into_iter().filter(|seen| seen["key"].as_str().is_some_and(|own| own.starts_with(key))).collect()
    }

    /// Has the system behind the gateway answer for a name as a query says.
    pub async fn set_origin(&self, origin_url: &str, name: &str, query: &str) {
        let mut request = Request::new(Method::Post, "/set");
        request.url = format!("{origin_url}/set/{name}?{query}");
        FetchTransport.send(request).await.expect("the origin answers");
    }

    /// How often the system behind the gateway was asked for a name.
    pub async fn asked(&self, origin_url: &str, name: &str) -> u64 {
        let mut request = Request::new(Method::Get, "/asked");
        request.url = format!("{origin_url}/asked/{name}");
        let response = FetchTransport.send(request).await.expect("the origin answers");
        response.json::<serde_json::Value>().expect("JSON")["times"].as_u64().expect("a number")
    }

    /// Reads an answer of the platform slowly to its end; its length, and the memory of the platform's process before
    /// and at most, in kilobytes.
    pub async fn download(&self, path: &str) -> (u64, u64, u64) {
        let wish = serde_json::json!({ "path": path });
        let request = Request::new(Method::Post, "/download").with_json(&wish).expect("JSON");
        let response = self.client.send(request).await.expect("the harness answers");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let measured: serde_json::Value = response.json().expect("figures");
        let number = |name: &str| measured[name].as_u64().expect("a number");
        (number("bytes"), number("beforeKb"), number("mostKb"))
    }

    /// The module of an example of functions.
    pub async fn module(&self, name: &str) -> Vec<u8> {
        let response = self.client.send(Request::new(Method::Get, &format!("/module/{name}"))).await;
        let response = response.expect("the harness answers");
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        response.body
    }

    /// The providers of a tenant that asks llama.cpp's server.
    pub async fn llama(&self) -> serde_json::Value {
        let response = self.client.send(Request::new(Method::Get, "/llama")).await.expect("the harness answers");
        assert_eq!(response.status, 200, "run `cargo xtask test llama`");
        response.json().expect("providers")
    }

    /// What the platform says over a WebSocket until it closes it.
    pub async fn websocket(&self, path: &str, key: &str) -> Vec<serde_json::Value> {
        self.websocket_closed(path, key).await.0
    }

    /// The same, and the code that it closes it with.
    pub async fn websocket_closed(&self, path: &str, key: &str) -> (Vec<serde_json::Value>, u16) {
        let wish = serde_json::json!({ "path": path, "key": key });
        let request = Request::new(Method::Post, "/websocket").with_json(&wish).expect("JSON");
        let response = self.client.send(request).await.expect("the harness answers");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
        let Closed { texts, code } = response.json().expect("what was said");
        (texts.iter().map(|text| serde_json::from_str(text).expect("an event")).collect(), code)
    }

    /// Stops the platform, carries out orders on the files of its objects, and starts it again. For each order: the
    /// rows of each file.
    pub async fn sql(&self, orders: &[Sql<'_>]) -> Vec<Vec<Vec<serde_json::Value>>> {
        let request = Request::new(Method::Post, "/platform/sql").with_json(&orders).expect("JSON");
        let response = self.client.send(request).await.expect("the harness answers");
        assert_eq!(response.status, 200, "{}", response.text());
        response.json().expect("rows")
    }

    async fn act(&self, path: &str) {
        let response = self.client.send(Request::new(Method::Post, path)).await.expect("the harness answers");
        assert_eq!(response.status, 200, "{path}: {}", response.text());
    }

    /// Asks the chain itself, past every proxy.
    pub async fn chain(&self, chain_url: &str, method: &str, params: serde_json::Value) -> serde_json::Value {
        let body = serde_json::json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let mut request = Request::new(Method::Post, chain_url).with_json(&body).expect("JSON");
        chain_url.clone_into(&mut request.url);
        let response = FetchTransport.send(request).await.expect("the chain answers");
        response.json::<serde_json::Value>().expect("JSON-RPC")["result"].clone()
    }
}

/// A number from the environment, for tests that can do more on demand.
#[must_use]
pub fn on_demand(name: &str) -> Option<usize> {
    variable(name)?.parse().ok()
}

fn variable(name: &str) -> Option<String> {
    let step = |object: &JsValue, key: &str| js_sys::Reflect::get(object, &JsValue::from_str(key)).ok();
    step(&step(&step(&js_sys::global(), "process")?, "env")?, name)?.as_string()
}
