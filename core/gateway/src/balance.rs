//! The order in which targets are tried.
//!
//! Weighted rendezvous hashing: a caller's ticket gives each target a score, and the best is tried first. The same
//! ticket gives the same order; a target that leaves moves only its own callers, and one whose weight changes moves no
//! more of them than the change.

use sha2::{Digest, Sha256};

/// A ticket of whatever keeps a caller with one target.
#[must_use]
pub fn ticket(value: &str) -> u64 {
    head(&Sha256::digest(value.as_bytes()))
}

/// The places of the targets, the first choice first. Those of weight 0 come last, in the order of the list.
#[must_use]
pub fn order(targets: &[(&str, u16)], ticket: u64) -> Vec<usize> {
    let mut scored: Vec<(f64, usize)> =
        targets.iter().enumerate().map(|(place, (id, weight))| (score(id, *weight, ticket), place)).collect();
    scored.sort_by(|one, other| one.0.total_cmp(&other.0));
    scored.into_iter().map(|(_, place)| place).collect()
}

/// An exponential variate of the target's weight: the smallest of several is each one's with the share of its weight.
fn score(id: &str, weight: u16, ticket: u64) -> f64 {
    const UNIT: f64 = 1.0 / 4_294_967_296.0;
    if weight == 0 {
        return f64::INFINITY;
    }
    let mut hash = Sha256::new();
    hash.update(ticket.to_be_bytes());
    hash.update(id.as_bytes());
    let upper = u32::try_from(head(&hash.finalize()) >> 32).unwrap_or(0);
    // Between zero and one, and neither.
    let uniform = (f64::from(upper) + 0.5) * UNIT;
    -uniform.ln() / f64::from(weight)
}

fn head(hash: &[u8]) -> u64 {
    hash.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{order, ticket};

    fn first(targets: &[(&str, u16)], number: u64) -> usize {
        order(targets, ticket(&number.to_string()))[0]
    }

    #[test]
    fn shares_follow_the_weights() {
        let targets = [("https://a", 9), ("https://b", 1), ("https://c", 0)];
        let mut counts = [0_i32; 3];
        for number in 0..20_000 {
            counts[first(&targets, number)] += 1;
        }
        // Five standard deviations of a binomial of 20,000 at a tenth are 212.
        assert!((counts[1] - 2_000).abs() < 212 && counts[2] == 0, "{counts:?}");
    }

    #[test]
    fn a_caller_stays() {
        let targets = [("https://a", 1), ("https://b", 1), ("https://c", 1)];
        let (mut moved, mut of_c) = (0, 0);
        for number in 0..3_000 {
            assert_eq!(first(&targets, number), first(&targets, number));
            let (before, after) = (first(&targets, number), first(&targets[..2], number));
            of_c += i32::from(before == 2);
            moved += i32::from(before != after);
        }
        assert_eq!(moved, of_c, "only the callers of the one that left have moved");
        let heavier = [("https://a", 2), ("https://b", 1), ("https://c", 1)];
        for number in 0..3_000 {
            let after = first(&heavier, number);
            assert!(after == 0 || after == first(&targets, number), "nobody moves but to what became heavier");
        }
    }

    #[test]
    fn every_target_stands_in_the_order_once() {
        let targets = [("x", 0), ("y", 5), ("z", 0)];
        assert_eq!(order(&targets, 7), [1, 0, 2]);
        assert_eq!(order(&[], 7), [0_usize; 0]);
    }
}
