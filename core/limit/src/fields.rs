//! The header fields `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers-11 sections 3 and 4).

use std::fmt::Write;

use crate::select::Selected;

/// Says which quotas there are.
pub const POLICY_FIELD: &str = "ratelimit-policy";
/// Says what is left of them.
pub const LIMIT_FIELD: &str = "ratelimit";

/// Whole seconds, rounded up: what `Retry-After` and the parameter `t` are counted in.
#[must_use]
pub fn seconds_up(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(1_000)).unwrap_or(u32::MAX)
}

/// The policies of the rules that are shown; empty if there are none.
#[must_use]
pub fn policy<'a>(rules: impl IntoIterator<Item = &'a Selected<'a>>) -> String {
    let mut field = String::new();
    for selected in rules.into_iter().filter(|selected| selected.shown) {
        let (name, limit, window_s) = (&selected.rule.name, selected.terms.limit, selected.rule.window_seconds);
        let separator = if field.is_empty() { "" } else { ", " };
        // Names have letters, digits and dashes alone, so nothing is to be escaped; writing to a string cannot fail.
        _ = write!(field, "{separator}\"{name}\";q={limit};w={window_s}");
    }
    field
}

/// Adds what a rule has left, and the time within which no more than that may be used.
pub fn add_limit(field: &mut String, name: &str, remaining: u32, ms: u64) {
    let separator = if field.is_empty() { "" } else { ", " };
    _ = write!(field, "{separator}\"{name}\";r={remaining};t={}", seconds_up(ms));
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{add_limit, policy};
    use crate::rule::Rule;
    use crate::select::{Facts, select};

    #[test]
    fn rules_that_are_shown_are_told() {
        let hidden = Rule { shown: false, ..Rule::new("quiet", 7, 60) };
        let rules = [Rule::new("requests", 6_000, 60), hidden, Rule::new("daily", 100_000, 86_400)];
        let facts = Facts {
            operation: "x",
            path: "/x",
            scope: None,
            tenant: Some("t"),
            key: Some("k"),
            operator: false,
            did: None,
            ip: None,
            country: None,
            writes: false,
            moves_money_or_rights: false,
        };
        let selected = select(&rules, &[], &facts);
        assert_eq!(policy(&selected), "\"requests\";q=6000;w=60, \"daily\";q=100000;w=86400");
        assert_eq!(policy(&[]), "");
    }

    #[test]
    fn what_is_left_is_told_in_whole_seconds() {
        let mut field = String::new();
        add_limit(&mut field, "requests", 12, 1_001);
        add_limit(&mut field, "daily", 0, 0);
        assert_eq!(field, "\"requests\";r=12;t=2, \"daily\";r=0;t=0");
    }
}
