//! First light: an identity, a wallet and a token by one durable task, through the public API, read back from the
//! chain itself.

use std::pin::pin;
use std::task::{Context as Poller, Poll, Waker};
use std::time::Instant;

use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_client::{Client, NativeTransport};
use alloy_primitives::{Address, U256};
use serde_json::{Map, Value, json};

use crate::report::{Context, Outcome, fail, failure, ms_since, now, say};
use crate::{chain, secrets};

/// Who gets the first tokens: an address that is nobody's.
const HOLDER: &str = "0x52908400098527886E0F7030069857D2E4169EE7";
/// How many, in the token's smallest unit.
const AMOUNT: &str = "1000";
/// How long the task may take.
const PATIENCE_MS: u64 = 180_000;
/// How often it is looked at.
const LOOK_EVERY_MS: u64 = 200;
/// The steps in their order.
const STEPS: [&str; 4] = ["who", "purse", "token", "mint"];

/// What first light did.
pub struct Light {
    /// Everything, for programs.
    pub report: Value,
    /// The tenant's test key.
    pub api_key: String,
    /// The task.
    pub task: String,
}

impl Light {
    /// Fails unless the chain has what was asked for.
    pub fn check(&self) -> Outcome<()> {
        if self.report["ok"] == true { Ok(()) } else { fail(format!("first light failed: {}", self.report)) }
    }
}

/// Carries it out.
pub fn run(url: &str, chain_url: &str) -> Outcome<Light> {
    let start = now();
    say("… first light");
    let client = Client::new(url, NativeTransport::new());
    let operator = client.with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("first light"))?.context("POST /v1/tenants")?;
    told(start, "tenant", &tenant.id);
    let api_key = tenant.key.api_key;
    let client = Client::new(url, NativeTransport::new()).with_key(&api_key);
    let unique = format!("light-{:x}", std::process::id() ^ u32::from_be_bytes(four_random_bytes()?));
    let accepted = wait(client.submit(&unique, &definition(&unique)))?.context("POST /v1/tasks")?;
    told(start, "task", &accepted.id);
    let (task, times) = follow(&client, &accepted.id, start)?;
    let output = |step: &str| task.output(step).cloned().unwrap_or_default();
    let token: Option<Address> = output("token")["token"].as_str().and_then(|text| text.parse().ok());
    let holder: Address = HOLDER.parse().context("holder")?;
    let read = token.map(|token| chain::balance(chain_url, token, holder)).transpose()?;
    let expected: U256 = AMOUNT.parse().map_err(|_| failure("amount"))?;
    let ok = task.state == "done" && read == Some(expected);
    if let Some(read) = read {
        told(start, "balance on the chain", &format!("{read} of {HOLDER}"));
    }
    let steps: Map<String, Value> = STEPS
        .iter()
        .map(|step| {
            let entry = json!({ "doneAfterMs": times.get(*step), "step": task.steps[*step] });
            ((*step).to_owned(), entry)
        })
        .collect();
    let report = json!({
        "ok": ok,
        "baseUrl": url,
        "chainId": secrets::CHAIN_ID,
        "tenant": tenant.id,
        "task": { "id": task.id, "state": task.state },
        "identity": output("who")["did"],
        "wallet": output("purse"),
        "token": output("token"),
        "mint": output("mint"),
        "balance": { "holder": HOLDER, "expected": AMOUNT, "read": read.map(|read| read.to_string()) },
        "steps": steps,
        "durationMs": ms_since(start),
    });
    say(format_args!("{} first light ({:.1} s)", if ok { "✓" } else { "✗" }, start.elapsed().as_secs_f64()));
    Ok(Light { report, api_key, task: task.id })
}

/// Looks at the task until it is done, and tells each step once.
fn follow(client: &Client<NativeTransport>, id: &str, start: Instant) -> Outcome<(Task, Map<String, Value>)> {
    let mut times = Map::new();
    let began = now();
    loop {
        let task = wait(client.task(id))?.context("GET /v1/tasks")?;
        for step in STEPS {
            if let Some(output) = task.output(step).filter(|_| !times.contains_key(step)) {
                times.insert(step.to_owned(), json!(ms_since(began)));
                told(start, step, &summary(output));
            }
        }
        if task.is_terminal() {
            return Ok((task, times));
        }
        if ms_since(began) > PATIENCE_MS {
            return fail(format!("the task does not end: {} {}", task.state, task.steps));
        }
        std::thread::sleep(std::time::Duration::from_millis(LOOK_EVERY_MS));
    }
}

fn summary(output: &Value) -> String {
    let known = ["did", "wallet", "address", "token", "transactionHash", "blockNumber"];
    let parts = known.iter().filter_map(|name| {
        let value = output.get(*name)?;
        Some(format!("{name} {}", value.as_str().map_or_else(|| value.to_string(), str::to_owned)))
    });
    parts.collect::<Vec<_>>().join(", ")
}

fn told(start: Instant, what: &str, text: &str) {
    say(format_args!("  {:>6} ms  {what}: {text}", ms_since(start)));
}

fn definition(name: &str) -> SubmitTask {
    let definition = json!({ "steps": {
        "who": { "do": "identity.create", "with": { "name": "${{ input.name }}", "kind": "service" } },
        "purse": { "do": "wallet.create", "needs": ["who"], "with": {
            "label": "treasury", "identity": "${{ steps.who.output.did }}" } },
        "token": { "do": "token.create", "needs": ["purse"], "with": {
            "wallet": "${{ steps.purse.output.wallet }}", "standard": "erc20", "name": "First Light",
            "symbol": "LUX", "cap": "1000000", "issuer": "${{ steps.who.output.did }}" } },
        "mint": { "do": "token.mint", "needs": ["token"], "with": {
            "wallet": "${{ steps.purse.output.wallet }}", "token": "${{ steps.token.output.token }}",
            "to": "${{ input.holder }}", "amount": AMOUNT } }
    } });
    SubmitTask { definition, input: json!({ "name": name, "holder": HOLDER }) }
}

fn four_random_bytes() -> Outcome<[u8; 4]> {
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(|error| failure(error.to_string()))?;
    Ok(bytes)
}

/// The native transport blocks, so its futures are ready at their first poll.
pub fn wait<T>(future: impl Future<Output = T>) -> Outcome<T> {
    match pin!(future).poll(&mut Poller::from_waker(Waker::noop())) {
        Poll::Ready(value) => Ok(value),
        Poll::Pending => fail("the native client did not block"),
    }
}
