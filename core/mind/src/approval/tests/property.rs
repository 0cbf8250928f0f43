//! The order of decisions does not matter beyond what each approver has said last.

use std::collections::BTreeMap;

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};

use super::steps::{STEPS, about, steps};
use super::{Ballot, Consent, consent};

const PEOPLE: [&str; 3] = ["did:a", "did:b", "did:c"];

/// Who decides, what, and about which steps.
type Said = (usize, bool, Vec<&'static str>);

/// Somebody's decisions, about the whole or some steps, in an order.
fn history() -> impl Strategy<Value = Vec<Said>> {
    let named = prop::sample::subsequence(STEPS.to_vec(), 0..=3);
    prop::collection::vec((0..PEOPLE.len(), any::<bool>(), named), 0..12)
}

fn said(history: &[Said], count: usize) -> Consent {
    let mut asked = consent(count);
    for (by, approve, named) in history {
        asked.put(about(PEOPLE[*by], *approve, named), &steps());
    }
    asked
}

/// The last word of each about each, as a map.
fn last(history: &[Said]) -> BTreeMap<(usize, &'static str), bool> {
    let mut words = BTreeMap::new();
    for (by, approve, named) in history {
        let of = STEPS.into_iter().filter(|step| named.is_empty() || named.contains(step));
        words.extend(of.map(|step| ((*by, step), *approve)));
    }
    words
}

fn expected(words: &BTreeMap<(usize, &str), bool>, count: usize) -> Ballot {
    let so_many = |step: &str, word: bool| words.iter().filter(|((_, of), is)| *of == step && **is == word).count();
    if STEPS.iter().any(|step| PEOPLE.len() - so_many(step, false) < count) {
        Ballot::Rejected
    } else if STEPS.iter().all(|step| so_many(step, true) >= count) {
        Ballot::Approved
    } else {
        Ballot::Open
    }
}

proptest! {
    /// Any order of decisions that leaves the same in force gives the same ballot, and keeps no more than that.
    #[test]
    fn the_ballot_follows_from_what_is_in_force(
        (history, count, shuffled) in (history(), 1_usize..=3).prop_flat_map(|(history, count)| {
            let single: Vec<_> = last(&history).into_iter().collect();
            (Just(history), Just(count), Just(single).prop_shuffle())
        })
    ) {
        let words = last(&history);
        let asked = said(&history, count);
        prop_assert_eq!(asked.ballot(&steps()), expected(&words, count));
        prop_assert!(asked.decisions.len() <= words.len());
        // What was kept says the same, in any order that leaves each approver's own.
        let mut grouped = asked.clone();
        grouped.decisions.sort_by(|one, other| one.by.cmp(&other.by));
        prop_assert_eq!(grouped.ballot(&steps()), asked.ballot(&steps()));
        // The same words one by one, in any order at all.
        let single: Vec<_> = shuffled.iter().map(|((by, step), approve)| (*by, *approve, vec![*step])).collect();
        let other = said(&single, count);
        prop_assert_eq!(other.ballot(&steps()), asked.ballot(&steps()));
        for step in STEPS {
            prop_assert_eq!(other.ballot_about(step), asked.ballot_about(step));
        }
    }
}
