//! What the edge is configured with, read once an isolate.

use std::collections::HashMap;
use std::sync::Arc;

use aion_api::Secret;
use aion_api::address::NamespaceKey;
use aion_api::key::{Mode, Pepper};
use aion_api::v1::limits::{PutLimits, Rule};
use aion_shell::call;
use worker::{Env, RateLimiter};

use crate::limit::flood;

/// The edge's configuration and bindings.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// The parts of [`App`].
pub struct Inner {
    /// Bindings.
    pub env: Env,
    /// The host of this deployment, with its port if it is not the default one.
    pub public_host: String,
    /// Whether keys are live or test ones.
    pub mode: Mode,
    /// The operator's token.
    pub operator_token: Secret<String>,
    /// Makes object names and cursors.
    pub namespace: NamespaceKey,
    /// Hashes API keys.
    pub pepper: Pepper,
    /// The chain that tokens live on.
    pub chain_id: u64,
    /// Hosts whose requests all go to a tenant's gateway.
    pub gateway_hosts: HashMap<String, String>,
    /// The deployment's rate limits.
    pub limits: Vec<Rule>,
    /// The platform's own limiter of floods, where it has one.
    pub flood: Option<RateLimiter>,
}

impl std::ops::Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Reads the configuration; a deployment that lacks a part does not start, and says which part.
    pub fn from_env(env: Env) -> worker::Result<Self> {
        let missing = |name: &str| worker::Error::RustError(format!("the secret {name} is missing or malformed"));
        let secret = |name: &str| call::secret_32(&env, name).map_err(|_| missing(name));
        let operator_token = env.secret("OPERATOR_TOKEN").map_err(|_| missing("OPERATOR_TOKEN"))?.to_string();
        let live = env.var("ENVIRONMENT").is_ok_and(|environment| environment.to_string() == "production");
        let chain: ChainVariable = serde_json::from_str(&env.var("CHAIN_137")?.to_string())?;
        let inner = Inner {
            public_host: env.var("PUBLIC_HOST")?.to_string(),
            mode: if live { Mode::Live } else { Mode::Test },
            operator_token: Secret::new(operator_token),
            namespace: NamespaceKey::new(secret("NAMESPACE_KEY")?),
            pepper: Pepper::new(1, secret("KEY_PEPPER_1")?),
            chain_id: chain.chain_id,
            gateway_hosts: gateway_hosts(&env)?,
            limits: limits(&env)?,
            flood: env.rate_limiter(flood::BINDING).ok(),
            env,
        };
        Ok(Self(Arc::new(inner)))
    }

    /// The scheme and host of this deployment: plain HTTP on loopback only.
    #[must_use]
    pub fn origin(&self) -> String {
        let local = ["localhost", "127.0.0.1"];
        let host = self.public_host.split(':').next().unwrap_or_default();
        let scheme = if local.contains(&host) { "http" } else { "https" };
        format!("{scheme}://{}", self.public_host)
    }
}

/// The variable `GATEWAY_HOSTS`: hosts with their tenants, as JSON; without it there are none.
fn gateway_hosts(env: &Env) -> worker::Result<HashMap<String, String>> {
    let Ok(text) = env.var("GATEWAY_HOSTS") else {
        return Ok(HashMap::new());
    };
    let malformed = |_| worker::Error::RustError("GATEWAY_HOSTS is no JSON object of hosts with tenants".to_owned());
    serde_json::from_str(&text.to_string()).map_err(malformed)
}

/// The rules of the variable `LIMITS`, or those of the house. Rules with faults keep a deployment from starting, as a
/// missing secret does.
fn limits(env: &Env) -> worker::Result<Vec<Rule>> {
    let Ok(text) = env.var("LIMITS") else {
        return Ok(aion_limit::defaults::rules());
    };
    let limits: PutLimits = serde_json::from_str(&text.to_string())?;
    let checked = limits.check(&[]);
    checked.map_err(|problem| worker::Error::RustError(format!("the variable LIMITS: {}", problem.detail)))?;
    Ok(limits.rules)
}

#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
struct ChainVariable {
    chain_id: u64,
}
