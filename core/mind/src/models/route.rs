//! Which models a request goes to, in which order.

use std::collections::BTreeMap;

use aion_circuit::State;
use serde::{Deserialize, Serialize};

use super::{ModelRow, Observed, ProviderRow, input_tokens_max};
use crate::wire::{ChatRequest, Part};

/// So many models are tried at most: a caller waits for all of them.
pub const CHAIN_MAX: usize = 4;
/// The name by which a caller leaves the choice to us.
pub const ANY_MODEL: &str = "auto";

/// What comes first in the choice among models that can do it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelPreference))]
pub enum Prefer {
    /// The provider's priority.
    #[default]
    Priority,
    /// The lowest price that it can come to.
    Price,
    /// The soonest first byte. Who was never asked is asked first.
    Latency,
}

/// What a request needs.
#[allow(clippy::struct_excessive_bools, reason = "each is a need of its own")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// The model by our name, or any.
    model: Option<String>,
    input_tokens: u64,
    max_output_tokens: Option<u32>,
    schema: bool,
    tools: bool,
    images: bool,
    streaming: bool,
}

impl Need {
    /// What a request needs. The model `auto` is any.
    #[must_use]
    pub fn of(request: &ChatRequest) -> Self {
        let mut parts = request.messages.iter().flat_map(|message| &message.parts);
        Self {
            model: Some(request.model.clone()).filter(|model| model != ANY_MODEL),
            input_tokens: input_tokens_max(request),
            max_output_tokens: request.max_output_tokens,
            schema: request.output.is_some(),
            tools: !request.tools.is_empty(),
            images: parts.any(|part| matches!(part, Part::Image(_))),
            streaming: request.stream,
        }
    }

    fn is_met_by(&self, model: &ModelRow) -> bool {
        let can = model.capabilities;
        self.model.as_ref().is_none_or(|name| *name == model.name)
            && (can.schema || !self.schema)
            && (can.tools || !self.tools)
            && (can.images || !self.images)
            && (can.streaming || !self.streaming)
    }

    /// What the request costs at most with a model, micro-USD. A conversation beyond its context is refused, and no
    /// more than the context is ever paid for.
    fn at_most(&self, model: &ModelRow) -> Option<u64> {
        let output = self.max_output_tokens.unwrap_or(u32::MAX).min(model.max_output_tokens);
        model.prices.at_most(self.input_tokens.min(model.context_tokens.into()), output.into())
    }
}

/// A model that a request may go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice<'a> {
    /// Its provider.
    pub provider: &'a ProviderRow,
    /// The model.
    pub model: &'a ModelRow,
    /// What the request costs at most there, micro-USD.
    pub at_most: u64,
}

/// The models that a request may go to, the best first, at most [`CHAIN_MAX`]. What an open circuit keeps away is left
/// out; one that is half open has its place again, so that it is tried, and who wants no requests now stands behind the
/// others.
#[must_use]
pub fn route<'a>(
    rows: &'a [ProviderRow],
    need: &Need,
    prefer: Prefer,
    observed: &BTreeMap<String, Observed>,
    now_ms: u64,
) -> Vec<Choice<'a>> {
    let mut found = Vec::new();
    for provider in rows {
        let known = observed.get(&provider.id).copied().unwrap_or_default();
        if known.circuit.state(now_ms) == State::Open {
            continue;
        }
        let behind = known.is_limited(now_ms);
        for model in provider.models.iter().filter(|model| need.is_met_by(model)) {
            let Some(at_most) = need.at_most(model) else { continue };
            let (priority, latency) = (u64::from(provider.priority), known.first_byte_ms.unwrap_or(0));
            let order = match prefer {
                Prefer::Priority => [priority, at_most, latency],
                Prefer::Price => [at_most, priority, latency],
                Prefer::Latency => [latency, priority, at_most],
            };
            found.push((behind, order, Choice { provider, model, at_most }));
        }
    }
    // Stable: the order of the rows decides the rest.
    found.sort_by_key(|(behind, order, _)| (*behind, *order));
    found.into_iter().map(|(_, _, choice)| choice).take(CHAIN_MAX).collect()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use std::collections::BTreeMap;

    use super::{CHAIN_MAX, Need, Prefer, route};
    use crate::models::tests::row;
    use aion_circuit::Terms;

    use crate::models::{Breaker, Observed, ProviderRow};
    use crate::wire::{ChatRequest, Class, Fault, Json, Output};

    fn ask() -> ChatRequest {
        ChatRequest { model: "fast".to_owned(), ..ChatRequest::default() }
    }

    fn ids(rows: &[ProviderRow], request: &ChatRequest, prefer: Prefer, seen: &[(&str, Observed)]) -> Vec<String> {
        let seen: BTreeMap<_, _> = seen.iter().map(|(id, observed)| ((*id).to_owned(), *observed)).collect();
        route(rows, &Need::of(request), prefer, &seen, 1_000).iter().map(|choice| choice.provider.id.clone()).collect()
    }

    #[test]
    fn priority_price_and_latency_choose() {
        let mut rows = [row("a", 3), row("b", 2), row("c", 1)];
        rows[1].priority = 1;
        let answered = |first_byte_ms| Observed { first_byte_ms: Some(first_byte_ms), ..Observed::default() };
        let seen = [("a", answered(10)), ("b", answered(30)), ("c", answered(20))];
        assert_eq!(ids(&rows, &ask(), Prefer::Priority, &seen), ["b", "c", "a"]);
        assert_eq!(ids(&rows, &ask(), Prefer::Price, &seen), ["c", "b", "a"]);
        assert_eq!(ids(&rows, &ask(), Prefer::Latency, &seen), ["a", "c", "b"]);
        assert_eq!(ids(&rows, &ask(), Prefer::Latency, &seen[..2]), ["c", "a", "b"], "who was never asked");
    }

    #[test]
    fn only_who_can_do_it_is_asked() {
        let mut rows = [row("a", 1), row("b", 2)];
        rows[1].models[0].capabilities.schema = true;
        let schema = Json::parse("{}").unwrap();
        let planned = ChatRequest { output: Some(Output { name: "p".to_owned(), schema, strict: true }), ..ask() };
        assert_eq!(ids(&rows, &planned, Prefer::Price, &[]), ["b"]);
        rows[1].models[0].capabilities.streaming = false;
        assert_eq!(ids(&rows, &ChatRequest { stream: true, ..ask() }, Prefer::Price, &[]), ["a"]);
        let other = |model: &str| ChatRequest { model: model.to_owned(), ..ask() };
        assert!(ids(&rows, &other("slow"), Prefer::Price, &[]).is_empty());
        assert_eq!(ids(&rows, &other("auto"), Prefer::Price, &[]), ["a", "b"]);
    }

    #[test]
    fn who_is_ill_is_left_out_and_who_is_limited_stands_behind() {
        let rows = [row("a", 1), row("b", 2), row("c", 3)];
        let (mut ill, mut limited) = (Observed::default(), Observed::default());
        (0..5).for_each(|_| ill.failed(&Fault::of(Class::Upstream), Breaker::default().terms(), 1_000));
        limited.failed(
            &Fault { retry_after_ms: Some(9_000), ..Fault::of(Class::Limited) },
            Breaker::default().terms(),
            1_000,
        );
        assert_eq!(ids(&rows, &ask(), Prefer::Price, &[("a", limited), ("b", ill)]), ["c", "a"]);
    }

    #[test]
    fn who_was_ill_gets_its_place_again() {
        let (rows, mut ill) = ([row("a", 1), row("b", 2)], Observed::default());
        let settings = Terms { failures: 1, open_ms: 500 };
        ill.failed(&Fault::of(Class::Upstream), settings, 501);
        assert_eq!(ids(&rows, &ask(), Prefer::Price, &[("a", ill)]), ["b"]);
        let mut ill = Observed::default();
        ill.failed(&Fault::of(Class::Upstream), settings, 500);
        assert_eq!(ids(&rows, &ask(), Prefer::Price, &[("a", ill)]), ["a", "b"]);
    }

    #[test]
    fn a_chain_has_an_end() {
        let rows: Vec<_> = (0..9).map(|place| row(&format!("p{place}"), place)).collect();
        assert_eq!(ids(&rows, &ask(), Prefer::Price, &[]).len(), CHAIN_MAX);
    }

    #[test]
    fn the_worst_case_stands_with_each_choice() {
        let rows = [row("a", 3)];
        let of = |limit| {
            let request = ChatRequest { max_output_tokens: limit, ..ask() };
            route(&rows, &Need::of(&request), Prefer::Price, &BTreeMap::new(), 0)[0].at_most
        };
        assert_eq!((of(None), of(Some(7)), of(Some(9_999))), (300, 21, 300));
    }
}
