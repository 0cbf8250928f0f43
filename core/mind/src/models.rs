//! Providers and their models as data: which of them a request goes to, what it may cost, and what follows a failure.
//! Keys are no part of it.

mod attempts;
mod check;
mod observed;
mod price;
mod route;
#[cfg(test)]
mod tests;

pub use attempts::{Attempts, Next};
pub use check::check;
pub use observed::Observed;
pub use price::{Prices, input_tokens_max};
pub use route::{ANY_MODEL, CHAIN_MAX, Choice, Need, Prefer, route};

use aion_circuit::Terms;
use serde::{Deserialize, Serialize};

use crate::wire::{Capabilities, Endpoint, Key, Wire};

/// A provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelProvider))]
pub struct ProviderRow {
    /// Its id: 1 to 32 lower-case letters, digits and dashes.
    pub id: String,
    /// How it speaks.
    pub kind: Wire,
    /// Where it is, `https://host/path` without a slash at its end. The Workers AI binding has none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub base_url: String,
    /// Its models.
    pub models: Vec<ModelRow>,
    /// Its place among the others: the lowest is asked first.
    #[serde(default = "priority")]
    pub priority: u16,
    /// How long it may take.
    #[serde(default)]
    pub timeouts: Timeouts,
    /// How often it is asked again before another one is, 0 to 3.
    #[serde(default = "retries")]
    pub retries: u8,
    /// When it is left alone.
    #[serde(default)]
    pub breaker: Breaker,
}

const fn priority() -> u16 {
    100
}

const fn retries() -> u8 {
    1
}

/// A model of a provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = Model))]
pub struct ModelRow {
    /// Our name for it. Models of several providers may share one: each can stand in for the others.
    pub name: String,
    /// The provider's name for it.
    pub upstream: String,
    /// What it costs.
    pub prices: Prices,
    /// What it can do.
    #[serde(default)]
    pub capabilities: Capabilities,
    /// How many tokens a conversation and its answer have at most.
    pub context_tokens: u32,
    /// How many tokens an answer has at most.
    pub max_output_tokens: u32,
}

/// How long a provider may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelTimeouts))]
pub struct Timeouts {
    /// Until the first byte of its answer, milliseconds.
    pub first_byte_ms: u32,
    /// Between two pieces of it, milliseconds.
    pub idle_ms: u32,
    /// For all of it, milliseconds.
    pub total_ms: u32,
}

impl Default for Timeouts {
    /// What thinks first may be silent for a minute; what has begun to speak is not.
    fn default() -> Self {
        Self { first_byte_ms: 60_000, idle_ms: 30_000, total_ms: 300_000 }
    }
}

/// When a provider is left alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields, default)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelBreaker))]
pub struct Breaker {
    /// After so many failures in a row,
    pub failures: u16,
    /// for so long, milliseconds.
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
        Self { failures: 5, open_ms: 30_000 }
    }
}

impl ProviderRow {
    /// One of its models as it is asked.
    #[must_use]
    pub fn endpoint(&self, model: &ModelRow, key: Option<Key>) -> Endpoint {
        Endpoint {
            wire: self.kind,
            base_url: self.base_url.clone(),
            model: model.upstream.clone(),
            key,
            capabilities: model.capabilities,
            max_output_tokens: model.max_output_tokens,
        }
    }
}
