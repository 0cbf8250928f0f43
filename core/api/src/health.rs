//! What `/health/ready` answers.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum State {
    /// It answers.
    Ok,
    /// It answers and says that something is wrong, or a part that others can do without is away.
    Degraded,
    /// It does not answer.
    Down,
}

/// One component's health.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Component {
    /// How it is.
    pub state: State,
    /// How long it took to say so, in milliseconds.
    pub latency_ms: u64,
    /// What is wrong, or what is worth to know, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// The health of the deployment: the worst of its components decides, and `down` of one part is `degraded` of the
/// whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Readiness {
    /// `ok`, or `degraded` if any component is not.
    pub state: State,
    /// The version that runs.
    pub version: String,
    /// Each component: `kernel`, `identity`, `guardian`, `gateway`, `functions`, `mind`, `eyes`, `chain`.
    pub components: BTreeMap<String, Component>,
}

impl Readiness {
    /// Sums the components up.
    #[must_use]
    pub fn of(version: &str, components: BTreeMap<String, Component>) -> Self {
        let ok = components.values().all(|component| component.state == State::Ok);
        let state = if ok { State::Ok } else { State::Degraded };
        Self { state, version: version.to_owned(), components }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Component, Readiness, State};

    #[test]
    fn one_part_that_is_down_degrades_the_whole() {
        let part = |state| Component { state, latency_ms: 1, detail: None };
        let of = |parts: [State; 2]| {
            Readiness::of("1", [("a".to_owned(), part(parts[0])), ("b".to_owned(), part(parts[1]))].into()).state
        };
        assert_eq!(of([State::Ok, State::Ok]), State::Ok);
        assert_eq!(of([State::Ok, State::Down]), State::Degraded);
    }
}
