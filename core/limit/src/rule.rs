//! Rules as data: what they match, what they count for, and their numbers.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::terms::Terms;

mod check;
mod matching;

pub use check::{Fault, Vocabulary, check_all};
pub use matching::{Miss, address};

/// A rule's burst is this part of its limit, if it does not say.
const BURST_PART: u32 = 50;
const MS_PER_S: u64 = 1_000;

/// One limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rule {
    /// Its name: 1 to 32 lower-case letters, digits and dashes. It stands in `RateLimit` and in refusals. A tenant's
    /// rule with the name of one of the deployment's is that rule made tighter: it says neither `match` nor `per`.
    pub name: String,
    /// Which requests it counts; without it all.
    #[serde(rename = "match", default, skip_serializing_if = "Match::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub matches: Match,
    /// What it counts apart: each tenant, key, address and so on has a limit of its own. Without it each tenant.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub per: Vec<Dimension>,
    /// How many units are admitted in any window, 1 to 10,000,000.
    pub limit: u32,
    /// How long a window is, 1 second to 31 days.
    pub window_seconds: u32,
    /// How many units are admitted at once: 1 to half of the limit; without it a fiftieth of it. What is left of the
    /// limit comes evenly, `limit - burst + 1` in a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst: Option<u32>,
    /// Units that a request costs; without it one.
    #[serde(default = "one", skip_serializing_if = "is_one")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub cost: u32,
    /// Units that requests of some operations cost, by their ids. What costs nothing is not counted.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub costs: BTreeMap<String, u32>,
    /// Whether callers are told of it by `RateLimit` and by its name; without it they are.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub shown: bool,
    /// What happens while nobody can count.
    #[serde(default, skip_serializing_if = "is_default")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub unavailable: Unavailable,
}

/// Which requests a rule counts. Each list that is there must hold one entry that fits; `*` at an end of an entry
/// stands for any rest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Match {
    /// Ids of operations, or paths as they stand in the API's document: `submitTask`, `/v1/tokens*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub routes: Vec<String>,
    /// Scopes that operations want: `task:write`, `wallet:*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub scopes: Vec<String>,
    /// How callers show who they are.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub callers: Vec<Caller>,
    /// Ids of API keys.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
    /// DIDs that requests name in their path: `did:webvh:*`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub dids: Vec<String>,
    /// Addresses that requests come from, one by one or as networks: `203.0.113.7`, `2001:db8::/32`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ips: Vec<String>,
    /// Countries that requests come from (ISO 3166-1 alpha-2), where the platform knows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub countries: Vec<String>,
}

/// How a caller shows who it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Caller {
    /// By an API key.
    Key,
    /// By the operator's token.
    Operator,
    /// By nothing that is valid.
    Anonymous,
}

/// What a rule can count apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Dimension {
    /// The caller's tenant.
    Tenant,
    /// The caller's API key.
    Key,
    /// The DID that the path names.
    Did,
    /// The caller's address; of IPv6 the first 64 bits, which one household has for itself.
    Ip,
    /// The caller's country.
    Country,
    /// The operation.
    Route,
}

/// What happens to requests while nobody can count: reads pass and leave an alert in the log, and writes are refused,
/// unless the rule says otherwise. What moves money or rights is refused whatever the rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Unavailable {
    /// What happens to reads.
    #[serde(default = "open")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub reads: Failure,
    /// What happens to everything else.
    #[serde(default = "closed")]
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub writes: Failure,
}

/// Whether a request passes that nobody could count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Failure {
    /// It passes.
    Open,
    /// It is refused, to be sent again.
    Closed,
}

impl Rule {
    /// A rule that counts every request of each tenant.
    #[must_use]
    pub fn new(name: &str, limit: u32, window_seconds: u32) -> Self {
        Self {
            name: name.to_owned(),
            matches: Match::default(),
            per: Vec::new(),
            limit,
            window_seconds,
            burst: None,
            cost: 1,
            costs: BTreeMap::new(),
            shown: true,
            unavailable: Unavailable::default(),
        }
    }

    /// How many units are admitted at once.
    #[must_use]
    pub fn burst(&self) -> u32 {
        let dearest = self.costs.values().copied().max().unwrap_or(0).max(self.cost);
        self.burst.unwrap_or_else(|| (self.limit / BURST_PART).max(dearest).max(1).min(Terms::burst_max(self.limit)))
    }

    /// Its numbers for the arithmetic.
    #[must_use]
    pub fn terms(&self) -> Terms {
        Terms::new(self.limit, u64::from(self.window_seconds) * MS_PER_S, self.burst())
    }

    /// Units that a request of an operation costs.
    #[must_use]
    pub fn cost_of(&self, operation: &str) -> u32 {
        self.costs.get(operation).copied().unwrap_or(self.cost)
    }

    /// What it counts apart.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        if self.per.is_empty() { &[Dimension::Tenant] } else { &self.per }
    }
}

impl Match {
    /// Whether it holds every request.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Default for Unavailable {
    fn default() -> Self {
        Self { reads: Failure::Open, writes: Failure::Closed }
    }
}

impl Dimension {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tenant => "tenant",
            Self::Key => "key",
            Self::Did => "did",
            Self::Ip => "ip",
            Self::Country => "country",
            Self::Route => "route",
        }
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

const fn one() -> u32 {
    1
}

const fn yes() -> bool {
    true
}

const fn open() -> Failure {
    Failure::Open
}

const fn closed() -> Failure {
    Failure::Closed
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
const fn is_one(cost: &u32) -> bool {
    *cost == 1
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "the form that serde wants")]
const fn is_yes(shown: &bool) -> bool {
    *shown
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Dimension, Failure, Rule};

    #[test]
    fn a_rule_says_little_and_reads_back() {
        let text = r#"{"name":"writes","limit":600,"windowSeconds":60}"#;
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!((rule.burst(), rule.cost, rule.shown, rule.dimensions()), (12, 1, true, &[Dimension::Tenant][..]));
        assert_eq!((rule.unavailable.reads, rule.unavailable.writes), (Failure::Open, Failure::Closed));
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
    }

    #[test]
    fn a_rule_says_much_and_reads_back() {
        let text = concat!(
            r#"{"name":"dear","match":{"routes":["createWallet"],"callers":["key"],"ips":["203.0.113.0/24"]},"#,
            r#""per":["key","country"],"limit":100,"windowSeconds":3600,"burst":30,"cost":2,"#,
            r#""costs":{"createWallet":20},"shown":false,"unavailable":{"reads":"closed","writes":"open"}}"#
        );
        let rule: Rule = serde_json::from_str(text).unwrap();
        assert_eq!((rule.cost_of("createWallet"), rule.cost_of("submitTask")), (20, 2));
        assert_eq!(serde_json::to_string(&rule).unwrap(), text);
        assert!(serde_json::from_str::<Rule>(&text.replace("\"burst\"", "\"bust\"")).is_err());
    }

    #[test]
    fn the_dearest_request_fits_a_burst_that_is_not_given() {
        let mut rule = Rule::new("dear", 100, 60);
        assert_eq!(rule.burst(), 2);
        rule.costs.insert("createWallet".to_owned(), 20);
        assert_eq!(rule.burst(), 20);
        assert_eq!(Rule::new("one", 1, 60).burst(), 1);
    }
}
