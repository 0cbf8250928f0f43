//! What is kept, for how long, and who gets it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{
    Answered, Asked, Control, Credentials, Forward, Freshness, KEEP_MAX_S, Rule, Status, Times, bypass, keep, key,
};

fn rule() -> Rule {
    let (vary, tags) = (vec!["accept".to_owned()], vec!["shop".to_owned()]);
    Rule { ttl_s: 60, stale_s: 30, stale_on_error_s: 300, vary, tags, credentials: Credentials::Bypass }
}

const OK: Answered<'static> = Answered { status: 200, control: "", vary: "", age_s: 0, sets_cookie: false };
const GET: Asked<'static> = Asked { method: "GET", credential: None, control: "", special: false };

#[test]
fn an_entry_grows_old() {
    let times = keep(&rule(), &OK, 1_000).unwrap();
    for (now_ms, freshness, ttl_s) in [
        (0, Freshness::Fresh, 60),
        (1_000, Freshness::Fresh, 60),
        (60_999, Freshness::Fresh, 0),
        (61_000, Freshness::Stale, 0),
        (61_001, Freshness::Stale, -1),
        (90_999, Freshness::Stale, -30),
        (91_000, Freshness::OnError, -30),
        (360_999, Freshness::OnError, -300),
        (361_000, Freshness::Expired, -300),
    ] {
        assert_eq!((times.freshness(now_ms), times.ttl_s(now_ms)), (freshness, ttl_s), "{now_ms}");
    }
    assert_eq!((times.keep_ms(), Times::from_text(&times.to_text())), (360_000, Some(times)));
    assert!(["", "1 2 3", "1 2 3 4 5", "a 2 3 4"].into_iter().all(|text| Times::from_text(text).is_none()));
}

#[test]
fn the_origin_decides_how_long() {
    let fresh_s =
        |control, age_s| keep(&rule(), &Answered { control, age_s, ..OK }, 0).map(|times| times.fresh_ms / 1_000);
    assert_eq!(fresh_s("max-age=5", 0), Some(5));
    assert_eq!(fresh_s("max-age=5, s-maxage=9", 2), Some(7));
    assert_eq!(fresh_s("max-age=5, max-age=3", 0), Some(3));
    assert_eq!(fresh_s("max-age=99999999999999", 0), Some(KEEP_MAX_S.into()));
    assert_eq!(fresh_s("max-age=x", 0), Some(0), "stale from the start, and asked again");
    assert_eq!(fresh_s("max-age=5, must-revalidate", 9), None);
    let times = keep(&rule(), &Answered { control: "stale-while-revalidate=1, stale-if-error=2", ..OK }, 0).unwrap();
    assert_eq!((times.stale_ms, times.error_ms), (1_000, 2_000));
}

#[test]
fn what_is_private_is_not_kept() {
    for answered in [
        Answered { control: "no-store", ..OK },
        Answered { control: "Private, max-age=60", ..OK },
        Answered { control: "no-cache", ..OK },
        Answered { vary: "*", ..OK },
        Answered { vary: "Accept, Origin", ..OK },
        Answered { sets_cookie: true, ..OK },
        Answered { status: 500, ..OK },
        Answered { status: 206, ..OK },
        Answered { status: 302, ..OK },
        Answered { status: 204, ..OK },
    ] {
        assert_eq!(keep(&rule(), &answered, 0), None, "{answered:?}");
    }
    assert!(keep(&rule(), &Answered { vary: "Accept-Encoding, accept", ..OK }, 0).is_some());
    assert!(keep(&rule(), &Answered { status: 404, ..OK }, 0).is_some());
    assert_eq!(keep(&Rule { ttl_s: 0, stale_s: 0, stale_on_error_s: 0, ..rule() }, &OK, 0), None);
}

#[test]
fn some_requests_pass_by() {
    assert_eq!(bypass(&rule(), &GET), None);
    assert_eq!(bypass(&rule(), &Asked { method: "HEAD", ..GET }), None);
    assert_eq!(bypass(&rule(), &Asked { method: "POST", ..GET }), Some(Forward::Method));
    let with = Asked { credential: Some("Bearer x"), ..GET };
    assert_eq!(bypass(&rule(), &with), Some(Forward::Bypass));
    assert_eq!(bypass(&Rule { credentials: Credentials::Apart, ..rule() }, &with), None);
    assert_eq!(bypass(&rule(), &Asked { control: "no-store", ..GET }), Some(Forward::Bypass));
    assert_eq!(bypass(&rule(), &Asked { special: true, ..GET }), Some(Forward::Bypass));
    assert_eq!(bypass(&rule(), &Asked { control: "no-cache", ..GET }), None, "callers do not empty the cache");
}

#[test]
fn keys_do_not_meet() {
    assert_ne!(key(["ab", "c"]), key(["a", "bc"]));
    assert_ne!(key(["a", ""]), key(["a"]));
    assert_eq!(key(["a", "b"]), key(["a", "b"]));
    assert_eq!(key([]), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

#[test]
fn rules_are_checked() {
    assert_eq!(rule().faults(), []);
    let fields = |rule: Rule| rule.faults().into_iter().map(|fault| fault.0).collect::<Vec<_>>();
    assert_eq!(fields(Rule { ttl_s: KEEP_MAX_S + 1, ..rule() }), ["ttlS"]);
    assert_eq!(fields(Rule { vary: vec!["cookie".to_owned()], ..rule() }), ["vary"]);
    assert_eq!(fields(Rule { vary: vec!["Accept".to_owned()], ..rule() }), ["vary"]);
    assert_eq!(fields(Rule { tags: vec![String::new(); 9], ..rule() }), ["tags"]);
}

#[test]
fn headers_say_what_was_done() {
    let forwarded = |why, stored, collapsed| Status::Forwarded { why, status: Some(200), stored, collapsed }.to_text();
    assert_eq!(forwarded(Forward::Miss, true, false), "aion; fwd=uri-miss; fwd-status=200; stored");
    assert_eq!(forwarded(Forward::Stale, true, true), "aion; fwd=stale; fwd-status=200; stored; collapsed");
    assert_eq!(Status::Hit { ttl_s: 7, for_error: false }.to_text(), "aion; hit; ttl=7");
    assert_eq!(Status::Hit { ttl_s: -7, for_error: true }.to_text(), "aion; hit; ttl=-7; detail=ORIGIN_FAILED");
    assert!(Control::parse("NO-STORE").no_store && !Control::parse("").forbids());
}
