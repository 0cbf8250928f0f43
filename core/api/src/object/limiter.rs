//! The Limiter object: what one subject of one rule has left, in memory.
//!
//! On the wire requests and answers are lists of numbers: they are the most frequent ones that there are.

use aion_limit::{Answer, Ask, Terms};
use serde::{Deserialize, Serialize};

/// What a Limiter object is asked. The terms come along: an object is named by its rule's numbers, so they are the same
/// each time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 10]", into = "[u64; 10]")]
pub enum Request {
    /// Units, which are debited at once.
    Lease {
        /// The terms of the rule.
        terms: Terms,
        /// How many.
        ask: Ask,
    },
    /// What there is, without taking any of it.
    Look {
        /// The terms of the rule.
        terms: Terms,
        /// Units that a request would need.
        needed: u32,
    },
}

/// What it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 4]", into = "[u64; 4]")]
pub struct Reply(pub Answer);

impl super::Request for Request {
    type Reply = Reply;
}

/// Numbers beyond the types' are those of nobody who speaks this.
fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

impl From<[u64; 10]> for Request {
    fn from(numbers: [u64; 10]) -> Self {
        let [limit, window_ms, burst, life_ms, clock_error_ms, free_units, mark_ahead_ms, needed, waiting, wanted] =
            numbers;
        let (limit, burst, free_units, needed) = (small(limit), small(burst), small(free_units), small(needed));
        let terms = Terms { limit, window_ms, burst, life_ms, clock_error_ms, free_units, mark_ahead_ms };
        // Nobody leases without a wish.
        match small(wanted) {
            0 => Self::Look { terms, needed },
            wanted => Self::Lease { terms, ask: Ask { needed, waiting: small(waiting), wanted } },
        }
    }
}

impl From<Request> for [u64; 10] {
    fn from(request: Request) -> Self {
        let (terms, Ask { needed, waiting, wanted }) = match request {
            Request::Lease { terms, ask } => (terms, Ask { wanted: ask.wanted.max(1), ..ask }),
            Request::Look { terms, needed } => (terms, Ask { needed, waiting: 0, wanted: 0 }),
        };
        let Terms { limit, window_ms, burst, life_ms, clock_error_ms, free_units, mark_ahead_ms } = terms;
        let [limit, burst, free_units] = [limit, burst, free_units].map(u64::from);
        let [needed, waiting, wanted] = [needed, waiting, wanted].map(u64::from);
        [limit, window_ms, burst, life_ms, clock_error_ms, free_units, mark_ahead_ms, needed, waiting, wanted]
    }
}

impl From<[u64; 4]> for Reply {
    fn from([granted, remaining, retry_ms, full_ms]: [u64; 4]) -> Self {
        Self(Answer { granted: small(granted), remaining: small(remaining), retry_ms, full_ms })
    }
}

impl From<Reply> for [u64; 4] {
    fn from(Reply(answer): Reply) -> Self {
        [answer.granted.into(), answer.remaining.into(), answer.retry_ms, answer.full_ms]
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{Answer, Ask, Reply, Request, Terms};

    #[test]
    fn numbers_read_back() {
        let terms = Terms::new(1_000, 60_000, 64);
        let lease = Request::Lease { terms, ask: Ask { needed: 1, waiting: 7, wanted: 64 } };
        let text = serde_json::to_string(&lease).unwrap();
        assert_eq!(text, "[1000,60000,64,600,5,2,1200,1,7,64]");
        for request in [lease, Request::Look { terms, needed: 3 }] {
            let text = serde_json::to_string(&request).unwrap();
            assert_eq!(serde_json::from_str::<Request>(&text).unwrap(), request);
        }
        let reply = Reply(Answer { granted: 0, remaining: 3, retry_ms: 250, full_ms: 9_000 });
        let text = serde_json::to_string(&reply).unwrap();
        assert_eq!((text.as_str(), serde_json::from_str::<Reply>(&text).unwrap()), ("[0,3,250,9000]", reply));
    }
}
