//! What tests of models share.

use super::{Breaker, ModelRow, Prices, ProviderRow, Timeouts};
use crate::wire::{Capabilities, Wire};

/// A provider with one model, `fast`, at a price for what it writes.
pub(super) fn row(id: &str, output: u64) -> ProviderRow {
    ProviderRow {
        id: id.to_owned(),
        kind: Wire::OpenaiChat,
        base_url: format!("https://{id}.example/v1"),
        models: vec![ModelRow {
            name: "fast".to_owned(),
            upstream: "theirs".to_owned(),
            prices: Prices { input: 0, cached_input: 0, output: output * 1_000_000 },
            capabilities: Capabilities { streaming: true, ..Capabilities::default() },
            context_tokens: 1_000,
            max_output_tokens: 100,
        }],
        priority: 100,
        timeouts: Timeouts::default(),
        retries: 1,
        breaker: Breaker::default(),
    }
}
