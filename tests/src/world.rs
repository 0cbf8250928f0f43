//! A tenant of one's own on the running platform.

use aion_client::api::operations::Method;
use aion_client::api::v1::tasks::SubmitTask;
use aion_client::{Client, FetchTransport, Request, Response, Transport};
use js_sys::Promise;
use js_sys::futures::JsFuture;
use serde_json::{Value, json};
use wasm_bindgen::{JsCast, JsValue};

use crate::control::{Control, Info};

/// The platform with a fresh tenant.
pub struct World {
    /// The harness.
    pub control: Control,
    /// Where the platform is.
    pub info: Info,
    /// A client with the tenant's first key.
    pub client: Client<FetchTransport>,
    /// That key.
    pub api_key: String,
    /// The tenant's id.
    pub tenant: String,
}

impl World {
    /// Makes a tenant for one test.
    pub async fn new(name: &str) -> Self {
        let control = Control::connect();
        let info = control.info().await;
        let operator = Client::new(&info.base_url, FetchTransport).with_key(&info.operator_token);
        let tenant = operator.create_tenant(name).await.expect("a tenant");
        let (tenant, api_key) = (tenant.id, tenant.key.api_key);
        let client = Client::new(&info.base_url, FetchTransport).with_key(&api_key);
        Self { control, info, client, api_key, tenant }
    }

    /// A query that gives a row in the files of this tenant's kernel.
    #[must_use]
    pub fn own_kernel(&self) -> String {
        format!("SELECT 1 FROM meta WHERE json_extract(owner, '$.tenant') = '{}'", self.tenant)
    }

    /// What `/metrics` says under a name with its labels.
    pub async fn metric(&self, name: &str) -> u64 {
        let response = self.client.send(Request::new(Method::Get, "/metrics")).await.expect("an answer");
        assert!(response.header("content-type").is_some_and(|media_type| media_type.starts_with("text/plain")));
        let text = response.text();
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect(name);
        line.trim().parse().expect("a number")
    }

    /// What counts against the tenant's budget of models today, micro-USD.
    pub async fn used_today(&self) -> u64 {
        let budgets = self.client.budgets().await.expect("budgets").budgets;
        budgets[0].used_today.parse().expect("digits")
    }

    /// Waits until what is used is so much: a stream is settled after its last piece.
    pub async fn uses(&self, used: u64) {
        for _ in 0..100 {
            if self.used_today().await == used {
                return;
            }
            sleep_ms(50).await;
        }
        assert_eq!(self.used_today().await, used);
    }

    /// A client without a credential.
    #[must_use]
    pub fn anonymous(&self) -> Client<FetchTransport> {
        Client::new(&self.info.base_url, FetchTransport)
    }

    /// Reads JSON from a path.
    pub async fn read(&self, path: &str) -> Value {
        self.client.send(Request::new(Method::Get, path)).await.expect("an answer").json().expect("JSON")
    }

    /// Has JavaScript do something with `api`, the address of the platform's API, and `key`, the tenant's; what it says
    /// in the end.
    pub async fn javascript(&self, source: &str) -> String {
        let function = js_sys::Function::new_with_args("api, key", source);
        let text = |text: &str| JsValue::from_str(text);
        let api = format!("{}/v1", self.info.base_url);
        let called = function.call2(&text(""), &text(&api), &text(&self.api_key)).expect("a promise");
        let told = JsFuture::from(called.unchecked_into::<Promise>()).await.expect("it does it");
        told.as_string().unwrap_or_default()
    }

    /// What the chain itself says that a holder has.
    pub async fn balance_on_chain(&self, token: &str, holder: &str) -> u128 {
        // balanceOf(address)
        let data = format!("0x70a08231{:0>64}", holder.trim_start_matches("0x").to_lowercase());
        let call = json!([{ "to": token, "data": data }, "latest"]);
        let word = self.control.chain(&self.info.chain_url, "eth_call", call).await;
        u128::from_str_radix(word.as_str().expect("a word").trim_start_matches("0x"), 16).expect("a balance")
    }

    /// How often a token says that something was minted to a holder.
    pub async fn mints_on_chain(&self, token: &str, holder: &str) -> usize {
        // Transfer(address,address,uint256) from the zero address
        let transfer = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
        let to = format!("0x{:0>64}", holder.trim_start_matches("0x").to_lowercase());
        let zero = format!("0x{:0>64}", "");
        let filter = json!([{ "address": token, "fromBlock": "0x0", "topics": [transfer, zero, to] }]);
        let logs = self.control.chain(&self.info.chain_url, "eth_getLogs", filter).await;
        logs.as_array().expect("logs").len()
    }
}

/// A fresh idempotency key.
#[must_use]
pub fn fresh(what: &str) -> String {
    format!("{what}-{}", (js_sys::Math::random() * 1e15).trunc())
}

/// Waits.
pub async fn sleep_ms(ms: u64) {
    FetchTransport.sleep(ms).await;
}

/// Posts bytes as JSON, with an idempotency key if there is one.
pub async fn json_post(client: &Client<FetchTransport>, path: &str, key: Option<&str>, body: &[u8]) -> Response {
    let mut request = Request::new(Method::Post, path).with_header("content-type", "application/json");
    request.body = Some(body.to_vec());
    if let Some(key) = key {
        request = request.with_header("idempotency-key", key);
    }
    client.send(request).await.expect("an answer")
}

/// The task of first light: an identity, its wallet, a token, 1,000 of it minted to a holder, and the supply read back.
#[must_use]
pub fn launch(name: &str, holder: &str) -> SubmitTask {
    let definition = json!({ "steps": {
        "who": { "do": "identity.create", "with": { "name": "${{ input.name }}", "kind": "service" } },
        "purse": { "do": "wallet.create", "needs": ["who"], "with": {
            "label": "treasury", "identity": "${{ steps.who.output.did }}" } },
        "token": { "do": "token.create", "needs": ["purse"], "with": {
            "wallet": "${{ steps.purse.output.wallet }}", "standard": "erc20", "name": "First Light",
            "symbol": "LUX", "cap": "1000000", "issuer": "${{ steps.who.output.did }}" } },
        "mint": { "do": "token.mint", "needs": ["token"], "with": {
            "wallet": "${{ steps.purse.output.wallet }}", "token": "${{ steps.token.output.token }}",
            "to": "${{ input.holder }}", "amount": "1000" } },
        "supply": { "do": "contract.read", "needs": ["mint"], "with": {
            "to": "${{ steps.token.output.token }}", "function": "totalSupply()", "returns": ["uint256"] } }
    } });
    SubmitTask { definition, input: json!({ "name": name, "holder": holder }) }
}

/// Token and wallet of a launch that is done.
#[must_use]
pub fn launched(task: &aion_client::api::v1::tasks::Task) -> (String, String) {
    assert_eq!(task.state, "done", "{}", task.steps);
    let text = |step: &str, field: &str| {
        let output: &Value = task.output(step).expect("an output");
        output[field].as_str().unwrap_or_else(|| panic!("{step}.{field} in {output}")).to_owned()
    };
    (text("token", "token"), text("purse", "wallet"))
}
