//! The local chain: anvil, the contracts on it, and money for the gas payer.

use std::path::Path;
use std::time::Duration;

use alloy_primitives::{Address, U256};
use serde_json::{Value, json};

use crate::process::{self, Server};
use crate::report::{Context, Outcome, fail, now, step};
use crate::workspace::at;
use crate::{files, http, secrets};

/// The CREATE2 deployer that stands on every chain.
const DEPLOYER: &str = "0x4e59b44847b379578588920cA78FbF26c0B4956C";
/// What the gas payer gets on the local chain: 1,000 units of its coin in wei.
const GAS_MONEY_WEI: &str = "0x3635c9adc5dea00000";
/// How long the chain may take to start, and a transaction to be mined at a block a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Artifacts in the order of their deployment, with their names in deployment.json.
const CONTRACTS: [(&str, &str); 5] = [
    ("AionERC20", "erc20Implementation"),
    ("AionERC721", "erc721Implementation"),
    ("AionAccount", "accountImplementation"),
    ("AionAnchor", "anchor"),
    ("TokenFactory", "factory"),
];

/// A running local chain.
pub struct Chain {
    /// Its JSON-RPC endpoint.
    pub url: String,
    /// Ends with it.
    _server: Server,
}

/// Starts anvil; with a state file, the chain goes on where it ended.
pub fn start(port: u16, state: Option<&Path>, log: &Path) -> Outcome<Chain> {
    let url = format!("http://127.0.0.1:{port}");
    step("local chain", || {
        if http::rpc(&url, "eth_chainId", &json!([])).is_ok() {
            return fail(format!("something answers at {url} already: end it, or choose another --chain-port"));
        }
        let mut anvil = process::command("anvil")?;
        anvil.args(["--host", "127.0.0.1", "--port", &port.to_string(), "--chain-id", "137", "--hardfork", "prague"]);
        anvil.args(["--block-time", "1", "--slots-in-an-epoch", "1", "--quiet"]);
        if let Some(state) = state {
            anvil.arg("--state").arg(state).args(["--state-interval", "5"]);
        }
        let mut server = Server::start(&mut anvil, log)?;
        let start = now();
        while http::rpc(&url, "eth_chainId", &json!([])).is_err() {
            server.check()?;
            if start.elapsed() > PATIENCE {
                return fail(format!("anvil does not answer:\n{}", server.tail()));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        Ok(Chain { url: url.clone(), _server: server })
    })
}

/// Deploys what does not stand yet, and gives the gas payer money.
pub fn prepare(url: &str) -> Outcome<()> {
    step("contracts on the local chain", || {
        let deployment = files::read_json(&at("contracts/deployment.json"))?;
        let from = http::rpc(url, "eth_accounts", &json!([]))?[0].clone();
        for (contract, name) in CONTRACTS {
            let address = deployment[name].as_str().unwrap_or_default();
            if !has_code(url, address)? {
                deploy(url, &from, contract, &deployment).context(contract)?;
                if !has_code(url, address)? {
                    return fail(format!("{contract} does not stand at {address}: run `npx forge build` in contracts"));
                }
            }
        }
        let lane = secrets::lane_address()?;
        http::rpc(url, "anvil_setBalance", &json!([lane, GAS_MONEY_WEI])).map(|_| ())
    })
}

fn has_code(url: &str, address: &str) -> Outcome<bool> {
    let code = http::rpc(url, "eth_getCode", &json!([address, "latest"]))?;
    Ok(code.as_str().is_some_and(|code| code.len() > 2))
}

fn deploy(url: &str, from: &Value, contract: &str, deployment: &Value) -> Outcome<()> {
    let artifact = files::read_json(&at(&format!("contracts/out/{contract}.sol/{contract}.json")))?;
    let mut code = artifact["bytecode"]["object"].as_str().unwrap_or_default().trim_start_matches("0x").to_owned();
    if contract == "TokenFactory" {
        for name in ["erc20Implementation", "erc721Implementation"] {
            let address = deployment[name].as_str().unwrap_or_default();
            code += &hex::encode(address.parse::<Address>().context(name)?.into_word());
        }
    }
    let data = format!("0x{:064}{code}", 0);
    let transaction = json!([{ "from": from, "to": DEPLOYER, "data": data, "gas": "0x989680" }]);
    let hash = http::rpc(url, "eth_sendTransaction", &transaction)?;
    let start = now();
    loop {
        let receipt = http::rpc(url, "eth_getTransactionReceipt", &json!([hash]))?;
        match receipt["status"].as_str() {
            Some("0x1") => return Ok(()),
            Some(_) => return fail("its creation reverted"),
            None if start.elapsed() > PATIENCE => return fail("its creation was not mined"),
            None => std::thread::sleep(Duration::from_millis(50)),
        }
    }
}

/// What the chain says that a holder has of a token.
pub fn balance(url: &str, token: Address, holder: Address) -> Outcome<U256> {
    // balanceOf(address)
    let data = format!("0x70a08231{:0>64}", hex::encode(holder));
    let word = http::rpc(url, "eth_call", &json!([{ "to": token, "data": data }, "latest"]))?;
    let digits = word.as_str().unwrap_or_default().trim_start_matches("0x");
    U256::from_str_radix(digits, 16).map_err(|error| crate::report::failure(format!("balanceOf: {error}")))
}
