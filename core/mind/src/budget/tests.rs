//! Caps hold, whatever happens to callers, stores and keys.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Cap, DAY_MS, Denial, EXPIRES_MS, End, Ledger, Payer, Purpose, Scope, Settled, periods, tokens_cost};

/// 2026-12-31, the last day of a month.
const NOW: u64 = 20_818 * DAY_MS;

fn payer(key: &str) -> Payer {
    Payer { key: Some(key.to_owned()), did: Some("did:a".to_owned()), agent: Some("bot".to_owned()) }
}

fn ledger(scope: Scope, cap: u64) -> Ledger {
    let mut ledger = Ledger::default();
    ledger.set_cap(scope, Cap { day: Some(cap), ..Cap::default() });
    ledger
}

fn reserve(ledger: &mut Ledger, id: &str, key: &str, worst: u64, now_ms: u64) -> Result<(), Denial> {
    ledger.reserve(id, payer(key), Purpose::Model, worst, now_ms).map(|_| ())
}

#[test]
fn the_worst_case_is_reserved_and_use_is_settled() {
    let mut ledger = ledger(Scope::Tenant, 100);
    assert_eq!(reserve(&mut ledger, "a", "k", 60, NOW), Ok(()));
    let denied = reserve(&mut ledger, "b", "k", 41, NOW).unwrap_err();
    let text = "Tenant may spend 100 micro-USD in 2026-12-31, of which 40 are left";
    assert_eq!(denied.to_string(), text);
    assert_eq!(ledger.end("a", End::Used(10), NOW), Settled::Counted);
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 10);
    assert_eq!(reserve(&mut ledger, "b", "k", 90, NOW), Ok(()));
    assert_eq!(ledger.end("b", End::Never, NOW), Settled::Counted);
    assert_eq!(ledger.counted(&Scope::Did("did:a".to_owned()), "2026-12"), 10);
    assert_eq!(ledger.end("b", End::Used(90), NOW), Settled::Nothing, "an end counts once");
    assert_eq!(reserve(&mut ledger, "b", "k", 1, NOW), Err(Denial::Used));
    assert_eq!(reserve(&mut ledger, "c", "k", 5, NOW), Ok(()));
    assert_eq!(ledger.end("c", End::Used(7), NOW), Settled::Over(2));
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 17);
}

#[test]
fn days_and_months_are_those_of_utc() {
    assert_eq!(periods(NOW / DAY_MS), ["2026-12-31", "2026-12"]);
    let mut ledger = Ledger::default();
    ledger.set_cap(Scope::Tenant, Cap { day: Some(50), month: Some(60), stopped: false });
    assert_eq!(reserve(&mut ledger, "a", "k", 50, NOW - DAY_MS), Ok(()));
    let denied = reserve(&mut ledger, "b", "k", 11, NOW);
    assert!(matches!(denied, Err(Denial::Cap { period, left: 10, .. }) if period == "2026-12"));
    assert_eq!(reserve(&mut ledger, "c", "k", 50, NOW + DAY_MS), Ok(()), "a new month");
    assert!(reserve(&mut ledger, "d", "k", 1, NOW - DAY_MS).is_err(), "a clock that goes back opens nothing");
}

#[test]
fn nobody_reports_and_it_counts_as_the_worst() {
    let mut ledger = ledger(Scope::Tenant, 100);
    assert_eq!(reserve(&mut ledger, "a", "k", 100, NOW), Ok(()));
    assert!(reserve(&mut ledger, "b", "k", 1, NOW + EXPIRES_MS).is_err());
    assert!(ledger.open().is_empty());
    assert_eq!(ledger.end("a", End::Never, NOW + EXPIRES_MS), Settled::Nothing, "too late to say so");
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 100);
}

#[test]
fn the_kill_switch_stops_everything_below_it() {
    for scope in
        [Scope::Tenant, Scope::Key("k".to_owned()), Scope::Did("did:a".to_owned()), Scope::Agent("bot".to_owned())]
    {
        let mut ledger = Ledger::default();
        ledger.stop(&scope, true);
        assert_eq!(reserve(&mut ledger, "a", "k", 0, NOW), Err(Denial::Stopped(scope.clone())));
        ledger.stop(&scope, false);
        assert_eq!(reserve(&mut ledger, "a", "k", 0, NOW), Ok(()));
    }
}

/// What was spent of calls that were let through, each at its worst case.
fn spend(ledger: &mut Ledger, calls: impl Iterator<Item = (String, String)>) -> u64 {
    let mut spent = 0;
    for (id, key) in calls {
        if reserve(ledger, &id, &key, 7, NOW).is_ok() {
            assert_eq!(ledger.end(&id, End::Used(7), NOW), Settled::Counted);
            spent += 7;
        }
    }
    spent
}

#[test]
fn first_event_a_restart_forgets_nothing() {
    let mut before = ledger(Scope::Tenant, 100);
    for call in 0..10 {
        assert_eq!(reserve(&mut before, &format!("c{call}"), "k", 7, NOW), Ok(()));
    }
    // The object dies after the calls went out, before any end was reported.
    let mut after: Ledger = serde_json::from_str(&serde_json::to_string(&before).unwrap()).unwrap();
    assert_eq!(after, before);
    let again: u64 =
        (0..100).filter(|call| reserve(&mut after, &format!("c{call}"), "k", 7, NOW).is_ok()).map(|_| 7).sum();
    assert_eq!((again, after.counted(&Scope::Tenant, "2026-12-31")), (98, 98), "the ten of before are among them");
}

#[test]
fn second_event_ten_replicas_share_one_cap() {
    let mut ledger = ledger(Scope::Tenant, 100);
    let calls = (0..64).flat_map(|call| (0..10).map(move |replica| (format!("r{replica}c{call}"), "k".to_owned())));
    assert_eq!(spend(&mut ledger, calls), 98);
}

#[test]
fn third_event_a_race_over_the_store_is_one_commit_after_the_other() {
    // Two isolates read the same ledger and both would write. The object's storage lets one turn end before the next
    // begins, which is what a compare-and-swap on the stored text is here.
    let mut stored = serde_json::to_string(&ledger(Scope::Tenant, 100)).unwrap();
    let mut spent = 0;
    for call in 0..64 {
        let read = stored.clone();
        for racer in 0..2 {
            let mut from = read.clone();
            loop {
                let mut mine: Ledger = serde_json::from_str(&from).unwrap();
                let granted = reserve(&mut mine, &format!("{call}-{racer}"), "k", 7, NOW).is_ok();
                if stored == from {
                    stored = serde_json::to_string(&mine).unwrap();
                    spent += if granted { 7 } else { 0 };
                    break;
                }
                from.clone_from(&stored);
            }
        }
    }
    assert_eq!(spent, 98);
}

#[test]
fn fourth_event_another_key_is_no_other_budget() {
    for scope in [Scope::Tenant, Scope::Did("did:a".to_owned()), Scope::Agent("bot".to_owned())] {
        let mut ledger = ledger(scope, 100);
        ledger.set_cap(Scope::Key("k0".to_owned()), Cap { day: Some(1_000), ..Cap::default() });
        let calls = (0..64).map(|call| (format!("c{call}"), format!("k{call}")));
        assert_eq!(spend(&mut ledger, calls), 98);
    }
}

#[test]
fn caps_are_put_and_the_switch_stays() {
    let (key, other) = (Scope::Key("k".to_owned()), Scope::Key("l".to_owned()));
    let mut ledger = ledger(Scope::Tenant, 100);
    ledger.set_cap(other.clone(), Cap { day: Some(1), ..Cap::default() });
    ledger.stop(&key, true);
    ledger.set_caps(vec![(Scope::Tenant, Cap { month: Some(7), stopped: true, ..Cap::default() })]);
    let stopped = Cap { stopped: true, ..Cap::default() };
    assert_eq!(ledger.caps(), [(key.clone(), stopped), (Scope::Tenant, Cap { month: Some(7), ..Cap::default() })]);
    ledger.set_caps(vec![(key.clone(), Cap { day: Some(5), ..Cap::default() })]);
    assert_eq!(ledger.caps(), [(key.clone(), Cap { day: Some(5), month: None, stopped: true })]);
    ledger.stop(&key, false);
    assert_eq!(
        reserve(&mut ledger, "a", "k", 6, NOW).map_err(|denial| matches!(denial, Denial::Cap { .. })),
        Err(true)
    );
}

#[test]
fn ends_that_are_kept_elsewhere_count_once() {
    let mut ledger = ledger(Scope::Tenant, 100);
    assert_eq!(reserve(&mut ledger, "a", "k", 60, NOW), Ok(()));
    assert_eq!(ledger.end("a", End::Used(10), NOW), Settled::Counted);
    let ended = ledger.take_ended();
    assert_eq!(ended, [(NOW / DAY_MS, "a".to_owned())]);
    assert_eq!(ledger.end("a", End::Used(90), NOW), Settled::Nothing);
    ledger.remember(ended[0].0, &ended[0].1);
    assert_eq!(reserve(&mut ledger, "a", "k", 1, NOW), Err(Denial::Used));
    assert_eq!((ledger.oldest_day(), ledger.today(0)), (NOW / DAY_MS - 2, periods(NOW / DAY_MS)));
}

#[test]
fn tokens_cost_is_rounded_up() {
    assert_eq!((tokens_cost(1, 1), tokens_cost(0, 9), tokens_cost(1_000_000, 15)), (1, 0, 15));
    assert_eq!(tokens_cost(u64::MAX, u64::MAX), u64::MAX);
}

#[test]
fn an_allowance_leaves_others_most_of_a_cap() {
    let mut ledger = ledger(Scope::Tenant, 3_200);
    assert_eq!(ledger.reserve_times("a", payer("k"), (10, 8), NOW), Ok(80));
    assert_eq!(ledger.reserve_times("b", payer("k"), (10, 256), NOW), Ok(195), "a part of what is left");
    assert_eq!(ledger.reserve_times("b", payer("k"), (10, 256), NOW), Ok(195), "the same again");
    assert_eq!(ledger.reserve_times("b", payer("m"), (10, 256), NOW), Err(Denial::Used));
    assert_eq!(ledger.end("a", End::Within(50), NOW), Settled::Counted);
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 245, "what it cannot come to is free again");
    assert_eq!(ledger.end("a", End::Within(60), NOW), Settled::Counted);
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 245, "and stays so");
    assert_eq!(ledger.end("a", End::Used(30), NOW), Settled::Counted);
    assert_eq!(ledger.end("a", End::Within(50), NOW), Settled::Nothing, "it is over");
    assert_eq!(ledger.counted(&Scope::Tenant, "2026-12-31"), 225);
    assert_eq!(ledger.reserve_times("c", payer("k"), (2_000, 4), NOW), Ok(2_000), "one that fits is never refused");
    assert!(matches!(ledger.reserve_times("d", payer("k"), (976, 1), NOW), Err(Denial::Cap { left: 975, .. })));
    ledger.stop(&Scope::Key("k".to_owned()), true);
    assert_eq!(ledger.reserve_times("e", payer("k"), (1, 4), NOW), Err(Denial::Stopped(Scope::Key("k".to_owned()))));
    let mut free = Ledger::default();
    assert_eq!(free.reserve_times("a", payer("k"), (10, 1_000), NOW), Ok(2_560), "no cap, and the most of all");
}
