//! The word that was probably meant.

/// The candidate that is written most like a word, if it is like it at all: a third of its letters may differ.
pub fn nearest<'a>(word: &str, candidates: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let near = candidates.map(|candidate| (distance(word, candidate), candidate));
    let (distance, candidate) = near.min_by_key(|(distance, _)| *distance)?;
    (distance <= word.chars().count().max(3) / 3).then_some(candidate)
}

/// What to do about a word that is none of the candidates.
pub fn hint<'a>(word: &str, candidates: impl Iterator<Item = &'a str> + Clone) -> String {
    match nearest(word, candidates.clone()) {
        Some(meant) => format!("did you mean {meant}?"),
        None => format!("one of {}", candidates.collect::<Vec<_>>().join(", ")),
    }
}

/// How many letters have to be put in, taken out, replaced, or swapped with their neighbour (optimal string alignment).
fn distance(one: &str, other: &str) -> usize {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    let (mut before, mut last) = (Vec::new(), (0..=other.len()).collect::<Vec<usize>>());
    for (row, letter) in one.iter().enumerate() {
        let mut next = vec![row + 1];
        for (column, with) in other.iter().enumerate() {
            let replaced = last[column] + usize::from(letter != with);
            let mut least = replaced.min(last[column + 1] + 1).min(next[column] + 1);
            if row > 0 && column > 0 && one[row - 1] == *with && *letter == other[column - 1] {
                let swapped: &Vec<usize> = &before;
                least = least.min(swapped[column - 1] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut last, next);
    }
    last[other.len()]
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{hint, nearest};

    #[test]
    fn what_is_nearly_right_is_found_and_what_is_not_is_listed() {
        let kinds = ["sleep", "set", "token.mint", "http.request"];
        let near = |word: &str| nearest(word, kinds.into_iter());
        assert_eq!(
            (near("slep"), near("tokn.mint"), near("htpt.request")),
            (Some("sleep"), Some("token.mint"), Some("http.request"))
        );
        assert_eq!((near("launch"), near("")), (None, None));
        assert_eq!(hint("stt", kinds.into_iter()), "did you mean set?");
        assert_eq!(hint("zzz", ["a", "b"].into_iter()), "one of a, b");
    }
}
