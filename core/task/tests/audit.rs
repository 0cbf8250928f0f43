//! The log is never rewritten: whichever byte of a stored chain is flipped, verification finds it.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use aion_task::audit::{Head, Link, verify};
use proptest::prelude::{any, prop_assert, prop_assert_eq};
use proptest::{collection, proptest};
use serde_json::json;

fn chain(events: &[(u32, String)]) -> (Vec<Link>, Head) {
    let mut head = Head::genesis();
    let link = |(wait_ms, text): &(u32, String)| head.append(u64::from(*wait_ms), &json!([{ "data": text }])).unwrap();
    let links = events.iter().map(link).collect();
    (links, head)
}

proptest! {
    #[test]
    fn a_flipped_byte_is_found(
        events in collection::vec((any::<u32>(), ".{0,20}"), 1..8),
        place in any::<proptest::sample::Index>(),
        bit in 0_u8..8,
    ) {
        let (links, head) = chain(&events);
        prop_assert_eq!(verify(Head::genesis(), &links), Ok(head));
        let mut stored = serde_json::to_vec(&links).unwrap();
        let place = place.index(stored.len());
        stored[place] ^= 1 << bit;
        // A flip may leave no JSON, or JSON of another shape: then nobody takes it for a chain. It may also change how
        // the same content is written; what is read is what counts.
        if let Ok(changed) = serde_json::from_slice::<Vec<Link>>(&stored) && changed != links {
            let found = verify(Head::genesis(), &changed) != Ok(head);
            prop_assert!(found, "byte {} bit {} passed", place, bit);
        }
    }

    #[test]
    fn what_was_acknowledged_witnesses_the_past(
        events in collection::vec((any::<u32>(), ".{0,20}"), 2..8),
        cut in any::<proptest::sample::Index>(),
    ) {
        let (links, head) = chain(&events);
        let cut = cut.index(links.len() - 1);
        let witness = Head::at(&links[cut]).unwrap();
        prop_assert_eq!(verify(witness, &links[cut + 1..]), Ok(head));
        let mut other = Head::genesis();
        let rewritten: Vec<Link> =
            links.iter().map(|link| other.append(link.at_ms + 1, &json!([])).unwrap()).collect();
        prop_assert!(verify(witness, &rewritten[cut + 1..]).is_err());
    }
}
