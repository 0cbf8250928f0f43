//! The route table: which requests go where, as data.

use std::collections::BTreeMap;

use aion_circuit::Terms;
use serde::{Deserialize, Serialize};

use crate::cache;

mod check;
#[cfg(test)]
mod tests;

pub use check::{Fault, check, host_of};

/// How long a target may take to begin its answer, if a route does not say.
const TIMEOUT_DEFAULT_MS: u32 = 10_000;

/// Routes, the first that matches takes the request.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteTable))]
pub struct Table {
    /// The routes, up to 64.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Route {
    /// Its name: 1 to 32 lower-case letters, digits and dashes.
    pub name: String,
    /// Which requests take it.
    #[serde(rename = "match")]
    pub matches: Match,
    /// Where they go: each target gets a share by its weight. A function stands first, before all others.
    pub targets: Vec<Target>,
    /// Where they go when no target is well, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failover: Vec<Target>,
    /// What keeps a caller with one target; without it each request is on its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sticky: Option<Sticky>,
    /// Who gets a copy of requests without a body, and answers to nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mirror: Option<Mirror>,
    /// What changes on the way.
    #[serde(default, skip_serializing_if = "Rewrite::is_empty")]
    pub rewrite: Rewrite,
    /// How long a target may take to begin its answer, 1 to 60,000 milliseconds.
    #[serde(default = "timeout_ms")]
    pub timeout_ms: u32,
    /// How often a request is tried again.
    #[serde(default)]
    pub retry: Retry,
    /// When a target counts as ill by what it answers.
    #[serde(default)]
    pub breaker: Breaker,
    /// How targets are asked whether they are well.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub health: Option<Health>,
    /// What is cached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<cache::Rule>,
    /// Who may call.
    #[serde(default)]
    pub credential: Credential,
}

const fn timeout_ms() -> u32 {
    TIMEOUT_DEFAULT_MS
}

/// Which requests take a route: all that is said must fit.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteMatch))]
pub struct Match {
    /// The host, or `*.` and a domain for every host below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The path: `/shops/{shop}/{rest*}`.
    pub path: String,
    /// Methods; without it all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub methods: Vec<String>,
    /// Headers with their values; `*` is any value.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub headers: BTreeMap<String, String>,
    /// Countries (ISO 3166-1 alpha-2), where the platform knows them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
}

impl Route {
    /// The function that stands before the other targets, if one does.
    #[must_use]
    pub fn function(&self) -> Option<&str> {
        self.targets.first().and_then(|target| target.function.as_deref())
    }
}

/// Where requests go: an origin, a bound service, this deployment's own API, or a function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteTarget))]
pub struct Target {
    /// Scheme, host and port of an origin that the tenant allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
    /// A service that the deployment has bound for routes, as `ROUTE_` and this name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<String>,
    /// This deployment's own API.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub api: bool,
    /// A function of the tenant. It sees each request before the other targets of its route, which get what it passes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub function: Option<String>,
    /// Its share among the others, 0 to 1,000; a target of weight 0 gets what the others cannot take.
    #[serde(default = "weight")]
    pub weight: u16,
}

const fn weight() -> u16 {
    1
}

/// Where a target is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Upstream<'a> {
    /// An origin.
    Origin(&'a str),
    /// A bound service.
    Service(&'a str),
    /// Our own API.
    Api,
    /// A function.
    Function(&'a str),
}

impl Target {
    /// Where it is; a checked target is at exactly one place.
    #[must_use]
    pub fn upstream(&self) -> Option<Upstream<'_>> {
        match (&self.origin, &self.service, self.api, &self.function) {
            (Some(origin), None, false, None) => Some(Upstream::Origin(origin)),
            (None, Some(service), false, None) => Some(Upstream::Service(service)),
            (None, None, true, None) => Some(Upstream::Api),
            (None, None, false, Some(function)) => Some(Upstream::Function(function)),
            _ => None,
        }
    }

    /// Its name in health, counters and logs.
    #[must_use]
    pub fn id(&self) -> String {
        match self.upstream() {
            Some(Upstream::Origin(origin)) => origin.to_owned(),
            Some(Upstream::Service(service)) => format!("service:{service}"),
            Some(Upstream::Function(function)) => format!("function:{function}"),
            Some(Upstream::Api) | None => "api".to_owned(),
        }
    }
}

/// What keeps a caller with one target.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Sticky {
    /// The caller's address.
    Ip,
    /// The caller's API key.
    Key,
    /// A header's value.
    Header(String),
    /// A cookie's value.
    Cookie(String),
}

/// Who gets copies of requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Mirror {
    /// The origin.
    pub origin: String,
    /// How many of a hundred requests are copied.
    pub percent: u8,
}

/// What changes on the way.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rewrite {
    /// The path that the target sees, with the names of the pattern: `/v2/{rest*}`. Without it the path as it came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// Headers that the target gets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_headers: BTreeMap<String, String>,
    /// Headers that the target does not get.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_headers: Vec<String>,
    /// Headers that the answer gets.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub set_answer_headers: BTreeMap<String, String>,
    /// Headers that the answer does not keep.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remove_answer_headers: Vec<String>,
}

impl Rewrite {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How often a request is tried again, on another target where there is one. Only requests without a body whose method
/// is idempotent (RFC 9110 section 9.2.2) are, and all of an isolate's together no more than a tenth of its requests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Retry {
    /// So often beside the first time, up to 3.
    #[serde(default = "retries")]
    pub times: u8,
    /// Statuses after which it is; a target that cannot be reached, or is too slow, always counts.
    #[serde(default = "retried")]
    pub statuses: Vec<u16>,
}

impl Default for Retry {
    fn default() -> Self {
        Self { times: retries(), statuses: retried() }
    }
}

const fn retries() -> u8 {
    1
}

fn retried() -> Vec<u16> {
    vec![502, 503, 504]
}

/// When a target counts as ill by what it answers: failures among its newest requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteBreaker))]
pub struct Breaker {
    /// So many failures in a row open it, 1 to 100.
    pub failures: u16,
    /// It stays open for so long, then lets one request try, 100 to 600,000 milliseconds.
    pub open_ms: u32,
}

impl Breaker {
    /// As a circuit takes them.
    #[must_use]
    pub const fn terms(self) -> Terms {
        Terms { failures: self.failures, open_ms: self.open_ms }
    }
}

impl Default for Breaker {
    fn default() -> Self {
        Self { failures: 5, open_ms: 5_000 }
    }
}

/// How targets are asked whether they are well.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteHealth))]
pub struct Health {
    /// The path that is asked; 200 to 299 is well.
    pub path: String,
    /// How often, 5 to 3,600 seconds.
    pub every_s: u32,
    /// So many failures in a row make it ill, 1 to 10.
    #[serde(default = "unhealthy_after")]
    pub unhealthy_after: u8,
    /// So many successes in a row make it well, 1 to 10.
    #[serde(default = "healthy_after")]
    pub healthy_after: u8,
}

const fn unhealthy_after() -> u8 {
    3
}

const fn healthy_after() -> u8 {
    2
}

/// Who may call a route.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RouteCredential))]
pub enum Credential {
    /// Anybody. What the caller sends as `Authorization` goes on to the target.
    #[default]
    None,
    /// Whoever has an API key of the tenant. The key itself never goes on; its id does, as `x-aion-key`.
    Key,
}
