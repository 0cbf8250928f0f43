//! Random histories with the numbers of real rules: whatever happens in them, no window has more than the limit.
#![cfg(not(target_arch = "wasm32"))]

#[path = "properties/world.rs"]
mod world;

use aion_limit::{Ask, Limiter, Terms};
use proptest::prelude::{ProptestConfig, Strategy, any, prop, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::test_runner::{Config, TestRunner};
use world::{Event, Flaw, ISOLATES, World};

/// 2026, in Unix milliseconds.
const START_MS: u64 = 1_795_000_000_000;

fn terms() -> impl Strategy<Value = Terms> {
    (1_u32..=400, 1_000_u64..=20_000, 1_u32..=200)
        .prop_map(|(limit, window_ms, burst)| Terms::new(limit, window_ms, burst))
}

fn event() -> impl Strategy<Value = Event> {
    let isolate = 0..ISOLATES;
    let error = -5_i64..=5;
    prop_oneof![
        8 => (isolate.clone(), 1_u32..=3, 1_u32..=80).prop_map(|(isolate, cost, times)| Event::Requests {
            isolate,
            cost,
            times
        }),
        6 => any::<prop::sample::Index>().prop_map(Event::Reach),
        6 => any::<prop::sample::Index>().prop_map(Event::Arrive),
        1 => any::<prop::sample::Index>().prop_map(Event::Lose),
        6 => (0_u64..=300).prop_map(Event::Pass),
        1 => isolate.clone().prop_map(Event::EndIsolate),
        1 => error.clone().prop_map(Event::RestartLimiter),
        1 => (isolate, error).prop_map(|(isolate, error)| Event::Clock { isolate, error }),
    ]
}

/// The most units that a window has in a history.
fn most_in_a_window(terms: Terms, events: &[Event], flaw: Option<Flaw>) -> u32 {
    let mut world = World::new(terms, START_MS, flaw);
    for event in events {
        world.happen(event);
    }
    world.most_in_a_window()
}

#[test]
fn histories_with_a_flaw_are_found() {
    for flaw in [Flaw::NoDebit, Flaw::Forgets] {
        let config = Config { cases: 2_000, failure_persistence: None, ..Config::default() };
        let found =
            TestRunner::new(config).run(&(terms(), prop::collection::vec(event(), 0..600)), |(terms, events)| {
                prop_assert!(most_in_a_window(terms, &events, Some(flaw)) <= terms.limit);
                Ok(())
            });
        assert!(found.is_err(), "no history shows {flaw:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_window_has_more_than_the_limit(terms in terms(), events in prop::collection::vec(event(), 0..600)) {
        let most = most_in_a_window(terms, &events, None);
        prop_assert!(most <= terms.limit, "{most} in a window with {terms:?}");
    }

    #[test]
    fn grants_are_whole_and_no_more_than_there_is(
        terms in terms(),
        asks in prop::collection::vec((0_u64..=2_000, 1_u32..=10, 0_u32..=100, 0_u32..=100), 1..100),
    ) {
        let (mut now_ms, mut limiter) = (START_MS, Limiter::begin(&terms, None, START_MS));
        for (pause_ms, needed, waiting, wanted) in asks {
            now_ms += pause_ms;
            let level = limiter.level(&terms, now_ms);
            let (answer, mark) = limiter.lease(&terms, &Ask { needed, waiting, wanted }, now_ms);
            prop_assert!(level <= terms.burst);
            prop_assert_eq!(answer.granted == 0, needed > level, "all that is needed, or nothing");
            prop_assert!(answer.granted == 0 || (answer.granted >= needed && answer.granted <= level));
            prop_assert_eq!(answer.remaining, level - answer.granted);
            prop_assert!(mark.is_none_or(|mark_ms| u128::from(mark_ms) * 1_000_000 >= u128::from(limiter.full_ns)));
            if answer.granted == 0 && needed <= terms.burst {
                let later_ms = now_ms + answer.retry_ms;
                prop_assert!(limiter.level(&terms, later_ms) >= needed, "it is there when it is said to be");
                prop_assert!(answer.retry_ms > 0 && limiter.level(&terms, later_ms - 1) < needed, "and not before");
            }
        }
    }

    /// Wherever a limiter ends: what begins again has no more left than it had.
    #[test]
    fn nothing_is_won_by_a_restart(
        terms in terms(),
        asks in prop::collection::vec((0_u64..=2_000, 1_u32..=10), 1..60),
        away_ms in 0_u64..=3_000,
    ) {
        let (mut now_ms, mut limiter, mut stored) = (START_MS, Limiter::begin(&terms, None, START_MS), None);
        for (pause_ms, needed) in asks {
            now_ms += pause_ms;
            let (_, mark) = limiter.lease(&terms, &Ask { needed, waiting: 40, wanted: 64 }, now_ms);
            stored = mark.or(stored);
        }
        let again = Limiter::begin(&terms, stored, now_ms + away_ms);
        prop_assert!(again.level(&terms, now_ms + away_ms) <= limiter.level(&terms, now_ms + away_ms));
    }
}
