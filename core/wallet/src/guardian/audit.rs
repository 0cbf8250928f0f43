//! The audit chain of G: every event that concerns rights, each hashed over the one before it.
//!
//! `h = SHA-256(prev ‖ seq (be u64) ‖ at_ms (be u64) ‖ event)`, with the event's text as it is stored, from 32 zero
//! bytes on. Whoever holds a later hash can tell whether anything before it was changed.

use alloy_primitives::{Address, B256};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Record;
use crate::document::Named;
use crate::policy::Denial;

/// What the first entry is hashed over.
pub const START: B256 = B256::ZERO;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "camelCase")]
pub enum Event {
    /// A key was generated.
    Key {
        /// Its address.
        address: Address,
    },
    /// An operation number was given to an operation, and its amounts were reserved.
    Operation {
        /// The number.
        op: u64,
        /// What is signed.
        digest: B256,
    },
    /// An effect that people have approved was used up.
    Approval {
        /// The document that they have signed.
        digest: B256,
        /// The place of the effect among its steps.
        effect: u32,
    },
    /// A document was let pass and counted.
    Document {
        /// What it is.
        #[serde(flatten)]
        named: Named,
        /// What is signed.
        digest: B256,
    },
    /// The policy denied.
    Denied {
        /// Counter of the session.
        counter: u64,
        /// The rule and the reason.
        denial: Denial,
    },
    /// A run failed.
    Abort {
        /// How many today.
        today: u32,
    },
    /// The peer's storage was rolled back.
    Rollback {
        /// The counter that it used again.
        counter: u64,
    },
    /// The peer cheated and is banned for good.
    Ban,
}

/// What one message changed, in the order of the rules.
#[must_use]
pub fn events(before: &Record, after: &Record) -> Vec<Event> {
    let mut events = Vec::new();
    if before.public_key != after.public_key {
        events.push(Event::Key { address: after.address });
    }
    for (op, signed) in after.signed.iter().filter(|(op, signed)| before.signed.get(op) != Some(*signed)) {
        events.push(Event::Operation { op: *op, digest: signed.digest });
    }
    for used in &after.ledger.approvals {
        let before = before.ledger.approvals.iter().find(|before| before.digest == used.digest);
        let new = used.effects & !before.map_or(0, |before| before.effects);
        let places = (0..u32::BITS).filter(|place| new & (1 << place) != 0);
        events.extend(places.map(|effect| Event::Approval { digest: used.digest, effect }));
    }
    let known = |digest| before.ledger.day == after.ledger.day && before.ledger.documents.contains_key(digest);
    for (digest, named) in after.ledger.documents.iter().filter(|(digest, _)| !known(*digest)) {
        events.push(Event::Document { named: named.clone(), digest: *digest });
    }
    if before.denied != after.denied
        && let Some((counter, denial)) = after.denied.clone()
    {
        events.push(Event::Denied { counter, denial });
    }
    if before.aborts != after.aborts {
        events.push(Event::Abort { today: after.aborts.1 });
    }
    if before.rolled_back != after.rolled_back
        && let Some((_, counter)) = after.rolled_back
    {
        events.push(Event::Rollback { counter });
    }
    if after.banned && !before.banned {
        events.push(Event::Ban);
    }
    events
}

/// The hash of an entry.
#[must_use]
pub fn link(previous: B256, seq: u64, at_ms: u64, event: &str) -> B256 {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(seq.to_be_bytes());
    hash.update(at_ms.to_be_bytes());
    hash.update(event.as_bytes());
    B256::from_slice(&hash.finalize())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use alloy_primitives::{Address, B256, hex};

    use super::{Event, events, link};
    use crate::approval::Used;
    use crate::document::Named;
    use crate::guardian::{Record, Signed};
    use crate::policy::Denial;

    #[test]
    fn a_hash_covers_all_before_it() {
        let first = link(B256::ZERO, 1, 2, "a");
        // SHA-256 of 32 zero bytes, 00…01, 00…02 and "a".
        let mut input = [0_u8; 49];
        (input[39], input[47], input[48]) = (1, 2, b'a');
        assert_eq!(hex::encode(first), hex::encode(<sha2::Sha256 as sha2::Digest>::digest(input)));
        for other in [link(B256::ZERO, 1, 2, "b"), link(B256::ZERO, 1, 3, "a"), link(B256::ZERO, 2, 2, "a")] {
            assert_ne!(link(first, 2, 3, "c"), link(other, 2, 3, "c"));
        }
    }

    #[test]
    fn what_concerns_rights_is_told() {
        let before = Record::default();
        assert_eq!(events(&before, &Record { counter: 1, ..before.clone() }), []);
        let denial = Denial::new("unnamed", "no");
        let mut after = Record { banned: true, aborts: (1, 2), denied: Some((7, denial.clone())), ..before.clone() };
        after.rolled_back = Some((1, 4));
        after.signed.insert(3, Signed { digest: B256::ZERO, deadline_s: 9 });
        after.ledger.approvals.push(Used { digest: B256::ZERO, expires_ms: 1, effects: 0b100 });
        let named = Named { contract: Address::ZERO, primary_type: "Vote".to_owned() };
        after.ledger.documents.insert(B256::ZERO, named.clone());
        let told = [
            Event::Operation { op: 3, digest: B256::ZERO },
            Event::Approval { digest: B256::ZERO, effect: 2 },
            Event::Document { named, digest: B256::ZERO },
            Event::Denied { counter: 7, denial },
            Event::Abort { today: 2 },
            Event::Rollback { counter: 4 },
            Event::Ban,
        ];
        assert_eq!(events(&before, &after), told);
        assert_eq!(events(&after, &after), []);
    }
}
