//! The audit chain: one link a commit, `h = SHA-256(previous ‖ seq ‖ at ‖ canonical events)`.
//!
//! Each acknowledgement carries `(seq, hash)`, which makes its receiver a witness: a history that is rewritten later
//! no longer fits what was answered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash before the first link.
pub const GENESIS: [u8; 32] = [0; 32];

/// One link.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Link {
    /// Its number, from 1 without gaps.
    pub seq: u64,
    /// When it was made, Unix milliseconds.
    pub at_ms: u64,
    /// What happened, in canonical JSON (RFC 8785).
    pub events: String,
    /// Its hash, hex.
    pub hash: String,
}

/// The newest link's number and hash: all that is needed to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of the newest link; 0 before the first.
    pub seq: u64,
    /// Its hash.
    pub hash: [u8; 32],
}

/// Why a chain does not hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A link is missing or out of order.
    #[error("link {0} does not follow the one before")]
    Gap(u64),
    /// A link's content does not fit its hash.
    #[error("link {0} does not fit its hash")]
    Hash(u64),
}

impl Head {
    /// The head of an empty chain.
    #[must_use]
    pub const fn genesis() -> Self {
        Self { seq: 0, hash: GENESIS }
    }

    /// Adds a link; the head moves to it.
    pub fn append(&mut self, at_ms: u64, events: &Value) -> Result<Link, serde_json::Error> {
        let events = serde_json_canonicalizer::to_string(events)?;
        let (seq, hash) = (self.seq + 1, link_hash(&self.hash, self.seq + 1, at_ms, &events));
        *self = Self { seq, hash };
        Ok(Link { seq, at_ms, events, hash: hex::encode(hash) })
    }

    /// The head of a chain whose newest link is this one.
    #[must_use]
    pub fn at(link: &Link) -> Option<Self> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&link.hash, &mut hash).ok()?;
        Some(Self { seq: link.seq, hash })
    }
}

/// Checks links that follow `head`, and gives the head behind them.
pub fn verify(head: Head, links: &[Link]) -> Result<Head, Broken> {
    let mut head = head;
    for link in links {
        if link.seq != head.seq + 1 {
            return Err(Broken::Gap(link.seq));
        }
        let hash = link_hash(&head.hash, link.seq, link.at_ms, &link.events);
        if hex::encode(hash) != link.hash {
            return Err(Broken::Hash(link.seq));
        }
        head = Head { seq: link.seq, hash };
    }
    Ok(head)
}

fn link_hash(previous: &[u8; 32], seq: u64, at_ms: u64, events: &str) -> [u8; 32] {
    let hash = Sha256::new().chain_update(previous).chain_update(seq.to_be_bytes());
    hash.chain_update(at_ms.to_be_bytes()).chain_update(events).finalize().into()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use serde_json::json;

    use super::{Broken, Head, verify};

    #[test]
    fn any_change_is_found() {
        let mut head = Head::genesis();
        let links: Vec<_> = (0..5).map(|n| head.append(n * 10, &json!([{ "b": n, "a": "x" }])).unwrap()).collect();
        assert_eq!(links[0].events, r#"[{"a":"x","b":0}]"#);
        assert_eq!(verify(Head::genesis(), &links), Ok(head));
        assert_eq!(Head::at(&links[4]), Some(head));
        for place in 0..links.len() {
            let mut changed = links.clone();
            changed[place].at_ms += 1;
            assert_eq!(verify(Head::genesis(), &changed), Err(Broken::Hash(place as u64 + 1)));
            let mut changed = links.clone();
            changed[place].events = changed[place].events.replace('x', "y");
            assert_eq!(verify(Head::genesis(), &changed), Err(Broken::Hash(place as u64 + 1)));
        }
        let mut missing = links.clone();
        missing.remove(2);
        assert_eq!(verify(Head::genesis(), &missing), Err(Broken::Gap(4)));
        let mut swapped = links;
        swapped.swap(1, 2);
        assert_eq!(verify(Head::genesis(), &swapped), Err(Broken::Gap(3)));
    }
}
