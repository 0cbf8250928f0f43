//! The deployment's rules where the variable `LIMITS` gives none.

use crate::rule::{Caller, Dimension, Match, Rule};

/// Operations that cost more than one unit of a tenant's: they keep a component busy for as long as so many reads.
const DEAR: [(&str, u32); 3] = [("createWallet", 100), ("createIdentity", 5), ("createToken", 5)];

/// Three thousand requests a second of a tenant's keys, which is what two kernel shards take; and a hundred a second
/// from an address without a valid credential.
#[must_use]
pub fn rules() -> Vec<Rule> {
    let mut tenants = Rule { burst: Some(6_000), ..Rule::new("requests", 180_000, 60) };
    tenants.matches.callers = vec![Caller::Key];
    tenants.costs = DEAR.map(|(operation, cost)| (operation.to_owned(), cost)).into();
    let strangers = Match { callers: vec![Caller::Anonymous, Caller::Operator], ..Match::default() };
    let addresses =
        Rule { matches: strangers, per: vec![Dimension::Ip], burst: Some(300), ..Rule::new("addresses", 6_000, 60) };
    vec![tenants, addresses]
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::rules;
    use crate::rule::{Vocabulary, check_all};

    #[test]
    fn they_are_sound() {
        let words =
            Vocabulary { operations: &["createWallet", "createIdentity", "createToken"], paths: &[], scopes: &[] };
        assert_eq!(check_all(&rules(), &[], &words), []);
    }
}
