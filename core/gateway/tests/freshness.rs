//! Rules of freshness that hold for every entry.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use aion_gateway::cache::{Answered, Control, Credentials, Freshness, KEEP_MAX_S, Rule, keep};
use proptest::prelude::{ProptestConfig, any, prop_assert, prop_assert_eq, proptest};

fn rank(freshness: Freshness) -> u8 {
    match freshness {
        Freshness::Fresh => 0,
        Freshness::Stale => 1,
        Freshness::OnError => 2,
        Freshness::Expired => 3,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, ..ProptestConfig::default() })]

    #[test]
    fn an_entry_only_grows_older_and_is_never_kept_past_its_end(
        (ttl_s, stale_s, stale_on_error_s) in (0..2_000_u32, 0..2_000_u32, 0..2_000_u32),
        max_age_s in any::<Option<u32>>(), age_s in 0..3_000_u32, stored_ms in 0..u64::from(u32::MAX),
        (first, second) in (0..9_000_000_u64, 0..9_000_000_u64), revalidates in any::<bool>(),
    ) {
        let rule = Rule {
            ttl_s, stale_s, stale_on_error_s, vary: Vec::new(), tags: Vec::new(), credentials: Credentials::Bypass,
        };
        let mut control = max_age_s.map_or(String::new(), |seconds| format!("max-age={seconds}"));
        if revalidates {
            control.push_str(", must-revalidate");
        }
        let answered = Answered { status: 200, control: &control, vary: "", age_s, sets_cookie: false };
        let said_s = max_age_s.map_or(ttl_s, |seconds| seconds.saturating_sub(age_s)).min(KEEP_MAX_S);
        let Some(times) = keep(&rule, &answered, stored_ms) else {
            prop_assert!(said_s == 0 && (revalidates || stale_s.max(stale_on_error_s) == 0));
            return Ok(());
        };
        let (early, late) = (first.min(second), first.max(second));
        let at = |after_ms| times.freshness(stored_ms + after_ms);
        prop_assert!(rank(at(early)) <= rank(at(late)));
        prop_assert_eq!(at(early) == Freshness::Fresh, early < u64::from(said_s) * 1_000);
        prop_assert_eq!(at(times.keep_ms()), Freshness::Expired);
        prop_assert!(!revalidates || at(u64::from(said_s) * 1_000) == Freshness::Expired);
        prop_assert!(times.ttl_s(stored_ms + late) <= times.ttl_s(stored_ms + early));
    }

    #[test]
    fn any_text_is_read(text in "\\PC{0,80}", words in "(no-store|private|max-age|=|,| |[0-9]{0,12}|\"){0,20}") {
        for text in [text, words] {
            let control = Control::parse(&text);
            prop_assert!(!text.to_lowercase().split(',').any(|word| word.trim() == "no-store") || control.no_store);
        }
    }
}
