//! Times of schedules against an oracle: jiff with its own time zone database, asked minute by minute.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;

use aion_task::schedule::cron::Cron;
use aion_task::schedule::{Spec, Zones, next_after, times_after};
use aion_task::time::{parse_rfc3339, rfc3339};
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof};
use proptest::{collection, proptest, sample};

const ZONES: [&str; 8] = [
    "America/New_York",
    "Europe/Berlin",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "America/Havana",
    "America/Asuncion",
    "UTC",
];

/// The zones of jiff.
struct Jiff;

impl Zones for Jiff {
    fn offset_s(&self, zone: &str, unix_ms: u64) -> Option<i32> {
        let at = Timestamp::from_millisecond(i64::try_from(unix_ms).ok()?).ok()?;
        Some(TimeZone::get(zone).ok()?.to_offset(at).seconds())
    }
}

/// The values of a field as the oracle sees them, and how they are written.
#[derive(Debug, Clone)]
struct Field {
    text: String,
    values: Vec<i8>,
}

impl Field {
    fn has(&self, value: i8) -> bool {
        self.values.contains(&value)
    }
    fn is_star(&self) -> bool {
        self.text.starts_with('*')
    }
}

fn field(min: i8, max: i8) -> impl Strategy<Value = Field> {
    let star = Just(Field { text: "*".to_owned(), values: (min..=max).collect() });
    let values = collection::vec(min..=max, 1..4).prop_map(|values| Field {
        text: values.iter().map(ToString::to_string).collect::<Vec<_>>().join(","),
        values,
    });
    let step = (1..=max).prop_map(move |step| Field {
        text: format!("*/{step}"),
        values: (min..=max).step_by(usize::try_from(step).unwrap()).collect(),
    });
    let range = (min..=max, min..=max).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let range = range.prop_map(|(from, to)| Field { text: format!("{from}-{to}"), values: (from..=to).collect() });
    prop_oneof![3 => star, 4 => values, 2 => step, 1 => range]
}

/// A day field that is mostly not restricted, so that schedules run often enough.
fn mostly_star(min: i8, max: i8) -> impl Strategy<Value = Field> {
    let star = Just(Field { text: "*".to_owned(), values: (min..=max).collect() });
    prop_oneof![3 => star, 1 => field(min, max)]
}

/// Minute, hour, day of month, month, day of week.
type Fields = (Field, Field, Field, Field, Field);

fn fields() -> impl Strategy<Value = Fields> {
    (field(0, 59), field(0, 23), mostly_star(1, 31), mostly_star(1, 12), mostly_star(0, 6))
}

fn expression((minute, hour, day, month, weekday): &Fields) -> String {
    [minute, hour, day, month, weekday].map(|field| field.text.as_str()).join(" ")
}

fn fits((minute, hour, day, month, weekday): &Fields, at: DateTime) -> bool {
    let (by_day, by_weekday) = (day.has(at.day()), weekday.has(at.weekday().to_sunday_zero_offset()));
    let on_day = if day.is_star() || weekday.is_star() { by_day && by_weekday } else { by_day || by_weekday };
    minute.has(at.minute()) && hour.has(at.hour()) && month.has(at.month()) && on_day
}

/// The instant of a local time: its first one, or the first one after the gap that it is in.
fn instant(zone: &TimeZone, local: DateTime) -> Timestamp {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let is_gap = matches!(ambiguous.offset(), AmbiguousOffset::Gap { .. });
    let earlier = ambiguous.earlier().unwrap();
    if is_gap { zone.following(earlier).next().unwrap().timestamp() } else { earlier }
}

/// All times of a schedule after a moment and for some days, found by asking for each minute.
fn oracle(fields: &Fields, zone: &TimeZone, after: Timestamp, end: Timestamp) -> BTreeSet<Timestamp> {
    let minute = SignedDuration::from_mins(1);
    let mut times = BTreeSet::new();
    if fields.1.text.contains('*') {
        let mut at = Timestamp::from_second(after.as_second().div_euclid(60) * 60).unwrap();
        while at <= end {
            if at > after && fits(fields, zone.to_datetime(at)) {
                times.insert(at);
            }
            at += minute;
        }
        return times;
    }
    let day = SignedDuration::from_hours(48);
    let mut local = zone.to_datetime(after - day).with().second(0).subsec_nanosecond(0).build().unwrap();
    let last = zone.to_datetime(end + day);
    while local < last {
        if fits(fields, local) {
            times.insert(instant(zone, local));
        }
        local = local.checked_add(minute).unwrap();
    }
    times.into_iter().filter(|at| *at > after && *at <= end).collect()
}

fn cron_spec(cron: &str, zone: &str) -> Spec {
    Spec { cron: Some(cron.to_owned()), time_zone: Some(zone.to_owned()), ..Spec::default() }
}

fn compare(
    fields: &Fields,
    zone: &str,
    after: Timestamp,
    days: i64,
) -> Result<(), proptest::test_runner::TestCaseError> {
    let cron = expression(fields);
    if Cron::parse(&cron).is_err() {
        return Ok(());
    }
    let end = after + SignedDuration::from_hours(24 * days);
    let spec = cron_spec(&cron, zone);
    let (after_ms, end_ms) = (ms(after), ms(end));
    let found: Vec<String> =
        times_after(&spec, &Jiff, after_ms).take_while(|at_ms| *at_ms <= end_ms).map(rfc3339).collect();
    let times = oracle(fields, &TimeZone::get(zone).unwrap(), after, end);
    let expected: Vec<String> = times.into_iter().map(|at| rfc3339(ms(at))).collect();
    prop_assert_eq!(found.first().cloned(), next_after(&spec, &Jiff, after_ms).filter(|ms| *ms <= end_ms).map(rfc3339));
    prop_assert_eq!(found, expected, "{} in {} after {}", cron, zone, after);
    Ok(())
}

fn ms(at: Timestamp) -> u64 {
    u64::try_from(at.as_millisecond()).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn times_are_those_of_the_oracle(
        fields in fields(),
        zone in sample::select(&ZONES[..]),
        after_ms in 1_000_000_000_000_i64..4_000_000_000_000,
    ) {
        compare(&fields, zone, Timestamp::from_millisecond(after_ms).unwrap(), 20)?;
    }

    #[test]
    fn so_they_are_where_clocks_change(
        fields in fields(),
        zone in sample::select(&ZONES[..]),
        from_s in 900_000_000_i64..4_000_000_000,
        before_s in 0_i64..200_000,
    ) {
        let from = Timestamp::from_second(from_s).unwrap();
        let change = TimeZone::get(zone).unwrap().following(from).next().map_or(from, |change| change.timestamp());
        compare(&fields, zone, change - SignedDuration::from_secs(before_s), 4)?;
    }

    #[test]
    fn samoa_left_out_a_day(fields in fields(), before_s in 0_i64..300_000) {
        let change: Timestamp = "2011-12-30T10:00:00Z".parse().unwrap();
        compare(&fields, "Pacific/Apia", change - SignedDuration::from_secs(before_s), 5)?;
    }

    /// Its clock went back at a minute past midnight, so that the times of two days mix.
    #[test]
    fn newfoundland_went_back_a_day(
        fields in fields(),
        from_s in 900_000_000_i64..1_250_000_000,
        before_s in prop_oneof![0_i64..90, 0_i64..9_000],
    ) {
        let zone = TimeZone::get("America/St_Johns").unwrap();
        let is_back = |at: Timestamp| zone.to_offset(at) < zone.to_offset(at - SignedDuration::from_secs(1));
        let mut changes = zone.following(Timestamp::from_second(from_s).unwrap()).map(|change| change.timestamp());
        let change = changes.find(|at| is_back(*at)).unwrap();
        compare(&fields, "America/St_Johns", change - SignedDuration::from_secs(before_s), 2)?;
    }

    #[test]
    fn nothing_hostile_panics(text in ".{0,40}", zone in ".{0,10}", after_ms: u64) {
        let _ = Cron::parse(&text);
        let spec = Spec { every: Some(text.clone()), from: Some(text.clone()), ..Spec::default() };
        let _ = next_after(&spec, &Jiff, after_ms);
        let _ = next_after(&cron_spec(&text, &zone), &Jiff, after_ms);
        let _ = next_after(&cron_spec("0 0 29 2 *", "Europe/Berlin"), &Jiff, after_ms);
        let _ = parse_rfc3339(&text);
    }

    #[test]
    fn nothing_like_an_expression_panics(text in "[0-9*/,LMONJAN@ -]{0,30}", after_ms: u64) {
        if Cron::parse(&text).is_ok() {
            let next_ms = next_after(&cron_spec(&text, "UTC"), &Jiff, after_ms % 100_000_000_000_000);
            prop_assert!(next_ms.is_some(), "{} never comes", text);
        }
    }

    #[test]
    fn a_platform_that_answers_at_random_is_survived(offsets: Vec<Option<i32>>, after_ms: u64, wall: bool) {
        let spec = cron_spec(if wall { "*/7 * * * *" } else { "0 3 * * *" }, "Europe/Berlin");
        let mut last_ms = after_ms;
        for next_ms in times_after(&spec, &Erratic(offsets), after_ms).take(100) {
            prop_assert!(next_ms > last_ms);
            last_ms = next_ms;
        }
    }

    #[test]
    fn rfc_3339_is_what_jiff_reads(at_ms in 0..253_000_000_000_000_i64, offset_min in -1_439_i64..1_440, junk: bool) {
        let sign = if offset_min < 0 { '-' } else { '+' };
        let local = Timestamp::from_millisecond(at_ms).unwrap() + SignedDuration::from_mins(offset_min);
        let local = TimeZone::UTC.to_datetime(local);
        let text = format!("{local:.6}{sign}{:02}:{:02}", offset_min.abs() / 60, offset_min.abs() % 60);
        let text = if junk { text.replacen('1', "x", 1) } else { text };
        let jiffs = text.parse::<Timestamp>().ok().map(ms);
        prop_assert_eq!(parse_rfc3339(&text), jiffs, "{}", text);
    }
}

/// A platform whose answers make no sense.
struct Erratic(Vec<Option<i32>>);

impl Zones for Erratic {
    fn offset_s(&self, _zone: &str, unix_ms: u64) -> Option<i32> {
        let place = usize::try_from(unix_ms / 1_000 % 1_009).unwrap();
        self.0.get(place % self.0.len().max(1)).copied()?.map(|offset_s| offset_s % 60_000)
    }
}

#[test]
fn berlin_changes_its_clock() {
    let times = |cron: &str, after: &str, count: usize| -> Vec<String> {
        let spec = cron_spec(cron, "Europe/Berlin");
        times_after(&spec, &Jiff, parse_rfc3339(after).unwrap()).take(count).map(rfc3339).collect()
    };
    let at = |text: &[&str]| -> Vec<String> { text.iter().map(|text| format!("2026-{text}:00.000Z")).collect() };
    // Spring: 02:00 to 03:00 does not exist on 29 March; 01:00Z is 03:00.
    let spring = "2026-03-28T12:00:00Z";
    assert_eq!(times("30 2 * * *", spring, 2), at(&["03-29T01:00", "03-30T00:30"]));
    assert_eq!(times("*/10 2 * * *", spring, 2), at(&["03-29T01:00", "03-30T00:00"]));
    assert_eq!(times("0,30 2,3 * * *", spring, 3), at(&["03-29T01:00", "03-29T01:30", "03-30T00:00"]));
    assert_eq!(times("0 3 * * *", spring, 2), at(&["03-29T01:00", "03-30T01:00"]));
    let spring = "2026-03-28T23:45:00Z";
    assert_eq!(times("30 * * * *", spring, 3), at(&["03-29T00:30", "03-29T01:30", "03-29T02:30"]));
    assert_eq!(times("0 */2 * * *", spring, 2), at(&["03-29T02:00", "03-29T04:00"]));
    // Autumn: 02:00 to 03:00 comes twice on 25 October, from 00:00Z and from 01:00Z.
    let autumn = "2026-10-24T22:45:00Z";
    assert_eq!(times("30 2 * * *", autumn, 2), at(&["10-25T00:30", "10-26T01:30"]));
    assert_eq!(times("0,30 2 * * *", autumn, 3), at(&["10-25T00:00", "10-25T00:30", "10-26T01:00"]));
    assert_eq!(times("30 2 * * *", "2026-10-25T00:45:00Z", 1), at(&["10-26T01:30"]));
    assert_eq!(times("30 2 * * *", "2026-10-25T01:15:00Z", 1), at(&["10-26T01:30"]));
    assert_eq!(times("0 3 * * *", autumn, 1), at(&["10-25T02:00"]));
    assert_eq!(times("30 * * * *", autumn, 4), at(&["10-24T23:30", "10-25T00:30", "10-25T01:30", "10-25T02:30"]));
    assert_eq!(times("0 */2 * * *", autumn, 3), at(&["10-25T00:00", "10-25T01:00", "10-25T03:00"]));
}

#[test]
fn rare_days_are_found_without_counting_days() {
    let next = |cron: &str, after: &str| {
        next_after(&cron_spec(cron, "UTC"), &Jiff, parse_rfc3339(after).unwrap()).map(rfc3339).unwrap()
    };
    assert_eq!(next("0 0 29 2 *", "2026-03-01T00:00:00Z"), "2028-02-29T00:00:00.000Z");
    assert_eq!(next("0 0 29 2 *", "2096-02-29T00:00:00Z"), "2104-02-29T00:00:00.000Z");
    // The 29th and, because a field begins with `*`, a Sunday.
    assert_eq!(next("0 0 29 2 */7", "2088-02-29T00:00:00Z"), "2128-02-29T00:00:00.000Z");
    assert_eq!(next("0 12 L * *", "2026-02-03T00:00:00Z"), "2026-02-28T12:00:00.000Z");
    assert_eq!(next("0 12 15,L 4 *", "2026-04-15T12:00:00Z"), "2026-04-30T12:00:00.000Z");
    // The 13th or a Friday.
    assert_eq!(next("0 0 13 * FRI", "2026-11-24T00:00:00Z"), "2026-11-27T00:00:00.000Z");
    assert_eq!(next("0 0 13 * FRI", "2026-12-11T00:00:00Z"), "2026-12-13T00:00:00.000Z");
}

proptest! {
    #[test]
    fn intervals_count_from_their_first_time(every_min in 1_u64..10_000, from: Option<u32>, after_ms in any::<u32>()) {
        let from_ms = u64::from(from.unwrap_or_default());
        let from = from.map(|_| rfc3339(from_ms));
        let spec = Spec { every: Some(format!("{every_min}m")), from, ..Spec::default() };
        let after_ms = u64::from(after_ms);
        let next_ms = next_after(&spec, &Jiff, after_ms).unwrap();
        let every_ms = every_min * 60_000;
        prop_assert!(next_ms > after_ms && next_ms >= from_ms && (next_ms - from_ms).is_multiple_of(every_ms));
        prop_assert!(next_ms == from_ms || next_ms - every_ms <= after_ms);
    }
}
