//! Every reachable state of a small world, explored to its end: isolates and a limiter whose clocks are wrong as far as
//! they may be, asks and answers that are late or lost, leases that are never spent, restarts at any time. In none of
//! them are more units admitted in a window than the limit; and in worlds with a flaw the exploration finds where.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "model/world.rs"]
mod world;

use std::collections::HashMap;

use aion_limit::Terms;
use world::{Flaw, State, World};

/// Worlds: small enough to be explored whole, each with something that the others lack.
const WORLDS: [(&str, World); 4] = [
    ("one a window", world(2, terms(1, 4, 1, 3, 0))),
    ("three a window, two of them at once", world(2, terms(3, 4, 2, 3, 0))),
    ("three a window, one of two at once without a mark", world(2, terms(3, 3, 2, 2, 1))),
    ("three isolates", world(3, terms(2, 3, 1, 2, 0))),
];

const fn world(isolates: usize, terms: Terms) -> World {
    World { terms, isolates, flaw: None }
}

const fn terms(limit: u32, window_ms: u64, burst: u32, life_ms: u64, free_units: u32) -> Terms {
    Terms { limit, window_ms, burst, life_ms, clock_error_ms: 1, free_units, mark_ahead_ms: 1 }
}

/// Each state with the one before it and what happened in between.
type Seen = HashMap<State, Option<(State, &'static str)>>;

/// Explores a world until so many units were admitted in a window: the number of states, or what led there.
fn explore(world: &World, units: u32) -> Result<usize, Vec<&'static str>> {
    let mut seen: Seen = HashMap::from([(world.start(), None)]);
    let mut open = vec![world.start()];
    while !open.is_empty() {
        let mut next = Vec::new();
        for state in open {
            for (event, following) in world.after(&state) {
                if seen.contains_key(&following) {
                    continue;
                }
                seen.insert(following.clone(), Some((state.clone(), event)));
                if following.admitted() >= units {
                    return Err(history(&seen, following));
                }
                next.push(following);
            }
        }
        open = next;
    }
    Ok(seen.len())
}

fn history(seen: &Seen, end: State) -> Vec<&'static str> {
    let (mut events, mut state) = (Vec::new(), end);
    while let Some(Some((before, event))) = seen.get(&state) {
        events.push(*event);
        state = before.clone();
    }
    events.reverse();
    events
}

#[test]
fn no_reachable_state_admits_more_than_the_limit() {
    for (name, world) in WORLDS {
        match explore(&world, world.terms.limit + 1) {
            Ok(states) => println!("{name}: {states} states, none of them over the limit"),
            Err(events) => panic!("{name}: over the limit by {events:?}"),
        }
    }
}

/// The limit is not kept by refusing more than has to be.
#[test]
fn the_limit_is_reached() {
    for (name, world) in WORLDS {
        assert!(explore(&world, world.terms.limit).is_err(), "{name}: never {} in a window", world.terms.limit);
    }
}

#[test]
fn every_flaw_is_found() {
    for flaw in Flaw::ALL {
        let over = |(name, world): &(&'static str, World)| {
            let flawed = World { flaw: Some(flaw), ..*world };
            explore(&flawed, world.terms.limit + 1).err().map(|events| (*name, events))
        };
        match WORLDS.iter().find_map(over) {
            Some((name, events)) => println!("{flaw:?} is found in {name}: {}", events.join(", ")),
            None => panic!("no world shows {flaw:?}"),
        }
    }
}
