//! Whatever is reserved, ended, reported twice, forgotten or restarted, in any order: no cap is passed.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::BTreeMap;

use aion_mind::budget::{Cap, End, Ledger, Payer, Purpose, Scope, Settled, periods};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert};
use proptest::{prop_oneof, proptest};

const DAY_MS: u64 = 86_400_000;
const BEGIN_MS: u64 = 20_815 * DAY_MS;

#[derive(Debug, Clone)]
enum Event {
    /// A call by a key, with its worst case and the part of it that it really costs, in percent.
    Call { id: u8, key: u8, worst: u16, cost: u8 },
    /// The end of a call is reported.
    Report { id: u8 },
    /// A call never left.
    Never { id: u8 },
    /// A call that is open will cost no more than it really does.
    Within { id: u8 },
    /// Time passes, or a clock goes back.
    Pass { minutes: i16 },
    /// The object dies and is loaded again.
    Restart,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => (0_u8..40, 0_u8..4, 0_u16..400, 0_u8..=100)
            .prop_map(|(id, key, worst, cost)| Event::Call { id, key, worst, cost }),
        3 => (0_u8..40).prop_map(|id| Event::Report { id }),
        1 => (0_u8..40).prop_map(|id| Event::Never { id }),
        1 => (0_u8..40).prop_map(|id| Event::Within { id }),
        1 => any::<i16>().prop_map(|minutes| Event::Pass { minutes: minutes % 900 }),
        1 => Just(Event::Restart),
    ]
}

/// Key 0 and 1 are of one DID, 2 and 3 of another; odd keys are an agent's.
fn payer(key: u8) -> Payer {
    let did = Some(format!("did:{}", key / 2));
    Payer { key: Some(key.to_string()), did, agent: (key % 2 == 1).then(|| "bot".to_owned()) }
}

fn caps() -> Vec<(Scope, u64, u64)> {
    let of = |text: &str| text.to_owned();
    vec![
        (Scope::Tenant, 1_000, 2_000),
        (Scope::Did(of("did:0")), 600, 1_500),
        (Scope::Key(of("2")), 300, 700),
        (Scope::Agent(of("bot")), 500, 800),
    ]
}

proptest! {
    #[test]
    fn no_cap_is_ever_passed(events in prop::collection::vec(event(), 1..300)) {
        let (mut ledger, mut now_ms) = (Ledger::default(), BEGIN_MS);
        for (scope, day, month) in caps() {
            ledger.set_cap(scope, Cap { day: Some(day), month: Some(month), stopped: false });
        }
        // What calls that went out really cost, on the day that their reservation counts on; and each one's cost.
        let mut real: BTreeMap<(Scope, String), u64> = BTreeMap::new();
        let mut out: BTreeMap<u8, (u64, u64, Payer)> = BTreeMap::new();
        for event in events {
            match event {
                Event::Call { id, key, worst, cost } => {
                    let known = ledger.open().contains_key(&id.to_string());
                    let name = id.to_string();
                    let asked = ledger.reserve(&name, payer(key), Purpose::Model, worst.into(), now_ms).cloned();
                    if let (Ok(reservation), false) = (asked, known) {
                        let cost = u64::from(worst) * u64::from(cost) / 100;
                        out.insert(id, (cost, reservation.day, reservation.payer));
                    }
                }
                Event::Report { id } => if let Some((cost, day, payer)) = out.remove(&id) {
                    // It went out, whatever the ledger has made of it meanwhile.
                    for scope in payer.scopes() {
                        for period in periods(day) {
                            *real.entry((scope.clone(), period)).or_default() += cost;
                        }
                    }
                    prop_assert!(!matches!(ledger.end(&id.to_string(), End::Used(cost), now_ms), Settled::Over(_)));
                    // Reported again, it counts once.
                    prop_assert!(ledger.end(&id.to_string(), End::Used(cost), now_ms) == Settled::Nothing);
                },
                Event::Never { id } => if out.remove(&id).is_some() {
                    ledger.end(&id.to_string(), End::Never, now_ms);
                },
                Event::Within { id } => if let Some((cost, ..)) = out.get(&id) {
                    ledger.end(&id.to_string(), End::Within(*cost), now_ms);
                },
                Event::Pass { minutes } => {
                    now_ms = now_ms.saturating_add_signed(i64::from(minutes) * 60_000).max(BEGIN_MS);
                }
                Event::Restart => {
                    ledger = serde_json::from_str(&serde_json::to_string(&ledger).unwrap()).unwrap();
                }
            }
            for (scope, day_cap, month_cap) in caps() {
                for ((of, period), spent) in real.iter().filter(|((of, _), _)| *of == scope) {
                    let cap = if period.len() == 7 { month_cap } else { day_cap };
                    prop_assert!(*spent <= cap, "{of:?} spent {spent} of {cap} in {period}");
                }
            }
        }
    }
}
