//! What a request may cost at most, and what it did cost: whole micro-USD, rounded up, never more than can be counted.

use serde::{Deserialize, Serialize};

use crate::wire::{ChatRequest, Part, Usage};

/// What prices count.
const PER_TOKENS: u128 = 1_000_000;
/// What providers put around a turn, a part, a call or a tool, in tokens, with room to spare.
const FRAME_TOKENS: u64 = 16;
/// What providers say to a model that has tools, in tokens: Anthropic's is the longest that we know, some 700.
const TOOLS_TOKENS: u64 = 1_024;
/// An image counts no more tokens than this at any provider that we know: 10,000 patches, 1.6 tokens each.
const IMAGE_TOKENS: u64 = 16_384;

/// Prices of a model, micro-USD for a million tokens.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelPrices))]
pub struct Prices {
    /// Of what it reads.
    pub input: u64,
    /// Of what it reads from its cache.
    pub cached_input: u64,
    /// Of what it writes, with what it thinks.
    pub output: u64,
}

impl Prices {
    /// What was used costs so many micro-USD; `None` if that cannot be counted.
    #[must_use]
    pub fn of(self, usage: Usage) -> Option<u64> {
        let cached = usage.cached_input.min(usage.input);
        let each = [(usage.input - cached, self.input), (cached, self.cached_input), (usage.output, self.output)];
        let product = |(tokens, price): (u64, u64)| u128::from(tokens).checked_mul(price.into());
        let total = each.into_iter().try_fold(0_u128, |sum, one| sum.checked_add(product(one)?))?;
        total.div_ceil(PER_TOKENS).try_into().ok()
    }

    /// What a request costs at most, micro-USD, for a reservation; `None` if that cannot be counted. Nothing is
    /// believed to come from a cache, unless that costs more.
    #[must_use]
    pub fn at_most(self, input_tokens: u64, output_tokens: u64) -> Option<u64> {
        let input = self.input.max(self.cached_input);
        Self { input, ..self }.of(Usage { input: input_tokens, output: output_tokens, ..Usage::default() })
    }

    /// What is to be paid of a reservation, micro-USD. Without a word of the provider's it is all of it: a stream that
    /// was cut was written, and will be on the bill.
    #[must_use]
    pub fn settled(self, usage: Option<Usage>, reserved: u64) -> u64 {
        usage.and_then(|usage| self.of(usage)).unwrap_or(reserved)
    }
}

/// How many tokens a request has at most before the model answers: a token is at least one byte of text.
#[must_use]
pub fn input_tokens_max(request: &ChatRequest) -> u64 {
    let length = |text: &str| text.len() as u64;
    let parts = request.messages.iter().flat_map(|message| &message.parts).map(|part| match part {
        Part::Text(text) => length(text),
        Part::Image(_) => IMAGE_TOKENS,
        Part::ToolCall(call) => length(&call.id) + length(&call.name) + length(&call.arguments),
        Part::ToolResult(result) => length(&result.call) + length(&result.content),
        Part::Opaque(opaque) => length(opaque.value.as_str()),
    });
    let tools = request
        .tools
        .iter()
        .map(|tool| length(&tool.name) + length(&tool.description) + length(tool.parameters.as_str()));
    let output = request.output.as_ref().map_or(0, |output| length(&output.name) + length(output.schema.as_str()));
    let around_tools = if request.tools.is_empty() { 0 } else { TOOLS_TOKENS };
    let framed = parts.chain(tools).map(|tokens| tokens + FRAME_TOKENS).sum::<u64>();
    let turns = (request.messages.len() as u64 + 1) * FRAME_TOKENS;
    length(&request.system) + framed + turns + output + around_tools
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Prices, input_tokens_max};
    use crate::wire::{ChatRequest, Image, Message, Part, Role, Source, Usage};

    const PRICES: Prices = Prices { input: 150_000, cached_input: 75_000, output: 600_000 };

    #[test]
    fn usage_costs_whole_micro_dollars_rounded_up() {
        let used = Usage { input: 1_000_000, cached_input: 400_000, output: 10, reasoning: 5 };
        assert_eq!(PRICES.of(used), Some(90_000 + 30_000 + 6));
        assert_eq!(PRICES.of(Usage { output: 1, ..Usage::default() }), Some(1), "never for nothing");
        assert_eq!(PRICES.of(Usage::default()), Some(0));
        let wrong = Usage { input: 1, cached_input: 5_000_000, ..Usage::default() };
        assert_eq!(PRICES.of(wrong), Some(1), "no more from the cache than at all");
    }

    #[test]
    fn what_cannot_be_counted_is_nothing_that_can_be_reserved() {
        let dear = Prices { input: u64::MAX, cached_input: u64::MAX, output: u64::MAX };
        assert_eq!(dear.at_most(u64::MAX, u64::MAX), None);
        assert_eq!(dear.at_most(1_000_000, 1), None);
        assert_eq!(dear.at_most(0, 1), Some(u64::MAX / 1_000_000 + 1));
    }

    #[test]
    fn the_worst_case_is_never_below_what_it_becomes() {
        for (input, cached_input, output) in [(0, 0, 0), (7, 7, 1), (100, 30, 20), (100, 0, 20)] {
            let usage = Usage { input, cached_input, output, reasoning: 0 };
            for prices in [PRICES, Prices { cached_input: 900_000, ..PRICES }] {
                assert!(prices.of(usage) <= prices.at_most(100, 20), "{usage:?}");
            }
        }
    }

    #[test]
    fn without_a_word_of_the_provider_all_is_paid() {
        assert_eq!(PRICES.settled(None, 77), 77);
        assert_eq!(PRICES.settled(Some(Usage { output: 5, ..Usage::default() }), 77), 3);
    }

    #[test]
    fn tokens_are_never_more_than_bytes() {
        let image = Image { media_type: "image/png".to_owned(), source: Source::Base64("AA".to_owned()) };
        let parts = vec![Part::Text("漢字".to_owned()), Part::Image(image)];
        let mut request = ChatRequest { system: "Be brief.".to_owned(), ..ChatRequest::default() };
        assert_eq!(input_tokens_max(&request), 9 + 16);
        request.messages.push(Message { role: Role::User, parts });
        assert_eq!(input_tokens_max(&request), 9 + 16 + 16 + (6 + 16) + (16_384 + 16));
    }
}
