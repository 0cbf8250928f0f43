//! The check of a task's history: each link of the audit chain is computed anew here, from what it says.

use aion_api::audit::Head;
use serde_json::Value;

/// What a check of links found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// Each link fits its hash, and so many of them follow one another directly.
    Holds {
        /// How many links there are.
        links: usize,
        /// How many of them follow the one before in this list; between the others stand links of other tasks.
        adjacent: usize,
    },
    /// A link does not fit, or does not follow.
    Broken {
        /// Its number.
        seq: u64,
    },
    /// A link lacks what is needed to check it.
    Unreadable,
}

/// Checks links as the API gives them, oldest first.
#[must_use]
pub fn verify(entries: &[Value]) -> Verdict {
    let (mut adjacent, mut newest): (usize, Option<(u64, String)>) = (0, None);
    for entry in entries {
        let Some((seq, hash, previous, computed)) = computed(entry) else {
            return Verdict::Unreadable;
        };
        if computed != hash || newest.as_ref().is_some_and(|(before, _)| *before >= seq) {
            return Verdict::Broken { seq };
        }
        if let Some((before, known)) = &newest
            && before + 1 == seq
        {
            if *known != previous {
                return Verdict::Broken { seq };
            }
            adjacent += 1;
        }
        newest = Some((seq, hash));
    }
    Verdict::Holds { links: entries.len(), adjacent }
}

/// Number, hash, the hash before, and the hash as it has to be.
fn computed(entry: &Value) -> Option<(u64, String, String, String)> {
    let (seq, at_ms) = (entry["seq"].as_u64()?, entry["atMs"].as_u64()?);
    let (hash, previous) = (entry["hash"].as_str()?.to_owned(), entry["previous"].as_str()?.to_owned());
    let mut head = Head { seq: seq.checked_sub(1)?, hash: bytes(&previous)? };
    let link = head.append(at_ms, &entry["events"]).ok()?;
    Some((seq, hash, previous, link.hash))
}

fn bytes(hex: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    alloy_primitives::hex::decode_to_slice(hex, &mut bytes).ok()?;
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use aion_api::audit::Head;
    use serde_json::{Value, json};

    use super::{Verdict, verify};

    fn chain() -> Vec<Value> {
        let mut head = Head::genesis();
        let mut before = "00".repeat(32);
        let mut entry = |at: u64| {
            let events = json!([{ "type": "step.ok", "task": "t", "data": { "b": 1, "a": "ü" } }]);
            let link = head.append(at, &events).unwrap();
            let entry = json!({ "seq": link.seq, "atMs": at, "previous": before, "events": events, "hash": link.hash });
            before = link.hash;
            entry
        };
        (1..=4).map(&mut entry).collect()
    }

    #[test]
    fn a_chain_holds_until_a_letter_of_it_changes() {
        let links = chain();
        assert_eq!(verify(&links), Verdict::Holds { links: 4, adjacent: 3 });
        let mut changed = links.clone();
        changed[2]["events"][0]["data"]["b"] = json!(2);
        assert_eq!(verify(&changed), Verdict::Broken { seq: 3 });
        let mut forged = links.clone();
        forged[1]["previous"] = json!("11".repeat(32));
        assert_eq!(verify(&forged), Verdict::Broken { seq: 2 });
        let mut apart = links.clone();
        apart.remove(1);
        assert_eq!(verify(&apart), Verdict::Holds { links: 3, adjacent: 1 });
        let mut swapped = links;
        swapped.swap(0, 1);
        assert_eq!(verify(&swapped), Verdict::Broken { seq: 1 });
        assert_eq!(verify(&[json!({})]), Verdict::Unreadable);
    }
}
