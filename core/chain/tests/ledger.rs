//! The ledger of a lane against a chain that loses, reverts, reorganises and has other carriers.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "this is how a test fails")]

mod ledger {
    pub mod world;
}

use ledger::world::{OPERATIONS, World};
use proptest::prelude::{ProptestConfig, any, proptest};

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// After every step: a nonce belongs to one operation and nonces have no gap; a settled outcome never changes and
    /// is what the final chain says. In the end, with good luck, everything is settled.
    #[test]
    fn an_operation_is_settled_once_and_truly(steps: Vec<(u8, u8)>, extra in any::<[(u8, u8); 60]>()) {
        let mut world = World::new();
        for (step, argument) in steps.into_iter().chain(extra) {
            world.step(step, argument);
            world.check();
        }
        for op in 0..OPERATIONS {
            world.accept(op);
        }
        for _ in 0..400 {
            world.good_luck();
            world.check();
        }
        assert_eq!(world.lane.pending(), 0, "{:?}", world.lane);
    }
}

/// Handed over twice, offered, reorganised away, dropped, mined again: one nonce, one execution.
#[test]
fn a_reorganisation_takes_nothing_and_doubles_nothing() {
    let mut world = World::new();
    world.accept(0);
    world.quote(0);
    world.mine();
    world.accept(0);
    world.reorganise(2, true);
    world.check();
    for _ in 0..40 {
        world.good_luck();
        world.check();
    }
    assert_eq!((world.lane.pending(), world.nonces.len()), (0, 1));
}
