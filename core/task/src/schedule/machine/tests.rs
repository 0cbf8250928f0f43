//! Each rule for overlaps with each rule for missed times, and what happens when messages are lost.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::super::{Schedule, Slot, Source, Spec, Zones};
use super::{Command, Effect, apply};
use crate::time::{parse_rfc3339, rfc3339};

/// A platform without time zones: UTC needs none.
struct Nowhere;

impl Zones for Nowhere {
    fn offset_s(&self, _zone: &str, _unix_ms: u64) -> Option<i32> {
        None
    }
}

fn at(text: &str) -> u64 {
    parse_rfc3339(&format!("2026-11-24T{text}Z")).unwrap()
}

fn source() -> Source {
    Source::Definition(json!({ "steps": { "a": { "do": "sleep", "with": { "duration": "1s" } } } }))
}

/// An hourly schedule with more rules, made at 00:30.
fn hourly(mut rules: Value) -> Schedule {
    let mut document = json!({ "every": "1h" });
    document.as_object_mut().unwrap().append(rules.as_object_mut().unwrap());
    let spec = Spec::parse(&document, &Nowhere).unwrap();
    Schedule::new("backup", spec, source(), json!({}), at("00:30:00"), &Nowhere, 0).unwrap()
}

fn now(schedule: &mut Schedule, time: &str, command: Command) -> Vec<String> {
    let effects = apply(schedule, command, at(time), &Nowhere, 0);
    let stored = serde_json::to_string(schedule).unwrap();
    assert_eq!(serde_json::from_str::<Schedule>(&stored).unwrap(), *schedule);
    effects.iter().map(short).collect()
}

/// An effect in short: what, and the hour and minute or the task.
fn short(effect: &Effect) -> String {
    match effect {
        Effect::Start { scheduled_ms, .. } => format!("start {}", &rfc3339(*scheduled_ms)[11..16]),
        Effect::Cancel { task } => format!("cancel {task}"),
        Effect::Ask { task } => format!("ask {task}"),
    }
}

fn due(schedule: &mut Schedule, time: &str) -> Vec<String> {
    now(schedule, time, Command::Due)
}

fn ended(schedule: &mut Schedule, time: &str, task: &str) -> Vec<String> {
    now(schedule, time, Command::Ended { task: task.to_owned() })
}

fn busy(schedule: &mut Schedule, time: &str, task: &str) -> Vec<String> {
    now(schedule, time, Command::Busy { task: task.to_owned() })
}

/// Confirms the start of an hour; its task is called like the hour.
fn confirm(schedule: &mut Schedule, time: &str, hour: &str) -> Vec<String> {
    let key = Slot { scheduled_ms: at(&format!("{hour}:00")), trigger: None }.key("backup");
    now(schedule, time, Command::Started { key, task: hour.to_owned() })
}

/// The run of 01:00 is under way.
fn under_way(rules: Value) -> Schedule {
    let mut schedule = hourly(rules);
    assert_eq!(due(&mut schedule, "01:00:00"), ["start 01:00"]);
    assert_eq!(confirm(&mut schedule, "01:00:01", "01:00"), [""; 0]);
    schedule
}

#[test]
fn a_time_is_started_once_it_has_come() {
    let mut schedule = hourly(json!({}));
    assert_eq!(schedule.wake_ms(), Some(at("01:00:00")));
    assert_eq!(due(&mut schedule, "00:59:59"), [""; 0]);
    let effects = apply(&mut schedule, Command::Due, at("01:00:02"), &Nowhere, 0);
    let idempotency_key = format!("schedule/backup/{}", at("01:00:00"));
    assert_eq!(effects, [Effect::Start { run: 1, scheduled_ms: at("01:00:00"), idempotency_key }]);
    assert_eq!((schedule.run, schedule.next_ms), (1, Some(at("02:00:00"))));
    assert_eq!(confirm(&mut schedule, "01:00:03", "01:00"), [""; 0]);
    assert_eq!(schedule.wake_ms(), Some(at("02:00:00")));
    assert_eq!(schedule.last.as_ref().unwrap().task.as_deref(), Some("01:00"));
    assert_eq!(ended(&mut schedule, "01:10:00", "01:00"), [""; 0]);
    assert_eq!(due(&mut schedule, "02:00:00"), ["start 02:00"]);
}

#[test]
fn a_start_without_an_answer_is_repeated_under_its_key() {
    let mut schedule = hourly(json!({}));
    let first = apply(&mut schedule, Command::Due, at("01:00:00"), &Nowhere, 0);
    assert_eq!(schedule.wake_ms(), Some(at("01:00:30")));
    assert_eq!(apply(&mut schedule, Command::Due, at("01:00:30"), &Nowhere, 0), first);
    assert_eq!(schedule.wake_ms(), Some(at("01:01:00")));
    let Effect::Start { idempotency_key: key, .. } = first[0].clone() else { unreachable!() };
    assert_eq!(now(&mut schedule, "01:00:40", Command::Refused { key }), [""; 0]);
    assert_eq!((schedule.refused, schedule.wake_ms()), (1, Some(at("02:00:00"))));
}

#[test]
fn skip_leaves_a_time_out_if_the_task_really_goes_on() {
    let mut schedule = under_way(json!({}));
    assert_eq!(due(&mut schedule, "02:00:00"), ["ask 01:00"]);
    assert_eq!(busy(&mut schedule, "02:00:01", "01:00"), [""; 0]);
    assert_eq!((schedule.skipped, schedule.waiting.len(), schedule.wake_ms()), (1, 0, Some(at("03:00:00"))));
    // The end was lost: asking finds out, and the time is run.
    assert_eq!(due(&mut schedule, "03:00:00"), ["ask 01:00"]);
    assert_eq!(ended(&mut schedule, "03:00:01", "01:00"), ["start 03:00"]);
    assert_eq!(schedule.skipped, 1);
}

#[test]
fn an_unanswered_question_is_asked_again_and_holds_one_time_only() {
    let mut schedule = under_way(json!({}));
    assert_eq!(due(&mut schedule, "02:00:00"), ["ask 01:00"]);
    assert_eq!(schedule.wake_ms(), Some(at("02:10:00")));
    assert_eq!(due(&mut schedule, "02:10:00"), ["ask 01:00"]);
    assert_eq!(due(&mut schedule, "03:00:00"), ["ask 01:00"]);
    assert_eq!((schedule.skipped, schedule.waiting.len()), (1, 1));
    assert_eq!(ended(&mut schedule, "03:00:01", "01:00"), ["start 03:00"]);
}

#[test]
fn queue_runs_every_time_after_the_other() {
    let mut schedule = under_way(json!({ "overlap": "queue" }));
    assert_eq!(due(&mut schedule, "02:00:00"), ["ask 01:00"]);
    assert_eq!(busy(&mut schedule, "02:00:01", "01:00"), [""; 0]);
    assert_eq!(due(&mut schedule, "03:00:00"), ["ask 01:00"]);
    assert_eq!(ended(&mut schedule, "03:00:01", "01:00"), ["start 02:00"]);
    assert_eq!(confirm(&mut schedule, "03:00:02", "02:00"), [""; 0]);
    assert_eq!(ended(&mut schedule, "03:00:20", "02:00"), ["start 03:00"]);
    assert_eq!((schedule.skipped, schedule.waiting.len()), (0, 0));
}

#[test]
fn cancel_previous_waits_for_the_end() {
    let mut schedule = under_way(json!({ "overlap": "cancelPrevious" }));
    assert_eq!(due(&mut schedule, "02:00:00"), ["cancel 01:00"]);
    assert_eq!(due(&mut schedule, "02:10:00"), ["cancel 01:00"]);
    assert_eq!(ended(&mut schedule, "02:10:01", "01:00"), ["start 02:00"]);
    // A run whose start is not confirmed is cancelled as soon as it is.
    assert_eq!(due(&mut schedule, "03:00:00"), ["start 02:00"]);
    assert_eq!(confirm(&mut schedule, "03:00:01", "02:00"), ["cancel 02:00"]);
    assert_eq!(ended(&mut schedule, "03:00:02", "02:00"), ["start 03:00"]);
}

#[test]
fn allow_lets_runs_meet() {
    let mut schedule = under_way(json!({ "overlap": "allow" }));
    assert_eq!(due(&mut schedule, "02:00:00"), ["start 02:00"]);
    assert_eq!(schedule.running.len(), 2);
    assert_eq!(ended(&mut schedule, "02:00:01", "01:00"), [""; 0]);
    assert_eq!(schedule.running.len(), 1);
}

/// What is started after an absence from 01:00 to a moment, and how many times were missed and skipped.
fn after_absence(overlap: &str, catch_up: &str, time: &str) -> (Vec<String>, u64, u64) {
    let mut schedule = hourly(json!({ "overlap": overlap, "catchUp": catch_up }));
    if catch_up == "all" {
        schedule.spec.catch_up_max = Some(3);
    }
    let mut started = due(&mut schedule, time);
    // All ends come; what waited follows.
    for hour in 1..7 {
        let hour = format!("0{hour}:00");
        confirm(&mut schedule, time, &hour);
        started.extend(ended(&mut schedule, time, &hour));
    }
    (started, schedule.missed, schedule.skipped)
}

#[test]
fn missed_times_follow_both_rules() {
    let check = |overlap: &str, catch_up: &str, time: &str, started: &[&str], missed: u64, skipped: u64| {
        let started: Vec<String> = started.iter().map(|time| format!("start {time}")).collect();
        assert_eq!(after_absence(overlap, catch_up, time), (started, missed, skipped), "{overlap} {catch_up} {time}");
    };
    // 01:00 to 05:00 are all missed.
    for overlap in ["skip", "queue", "cancelPrevious", "allow"] {
        check(overlap, "none", "05:30:00", &[], 5, 0);
        check(overlap, "last", "05:30:00", &["05:00"], 4, 0);
        // The last one is on time and stands for the others.
        check(overlap, "none", "05:01:00", &["05:00"], 4, 0);
        check(overlap, "last", "05:01:00", &["05:00"], 4, 0);
    }
    check("skip", "all", "05:30:00", &["03:00"], 2, 2);
    check("queue", "all", "05:30:00", &["03:00", "04:00", "05:00"], 2, 0);
    check("cancelPrevious", "all", "05:30:00", &["05:00"], 2, 2);
    check("allow", "all", "05:30:00", &["03:00", "04:00", "05:00"], 2, 0);
    check("allow", "all", "05:01:00", &["02:00", "03:00", "04:00", "05:00"], 1, 0);
}

#[test]
fn a_pause_is_an_absence() {
    let mut schedule = hourly(json!({}));
    assert_eq!(now(&mut schedule, "00:40:00", Command::Pause), [""; 0]);
    assert_eq!((schedule.wake_ms(), due(&mut schedule, "02:00:00")), (None, vec![]));
    assert_eq!(now(&mut schedule, "03:30:00", Command::Resume), ["start 03:00"]);
    assert_eq!((schedule.missed, schedule.next_ms), (2, Some(at("04:00:00"))));
    // What has come before the pause is run, and what waits is not before its end; only a trigger is.
    assert_eq!(confirm(&mut schedule, "03:30:01", "03:00"), [""; 0]);
    assert_eq!(now(&mut schedule, "04:00:00", Command::Pause), [""; 0]);
    assert_eq!(ended(&mut schedule, "04:00:10", "03:00"), [""; 0]);
    assert_eq!(schedule.waiting.len(), 1);
    assert_eq!(now(&mut schedule, "04:10:00", Command::Trigger { id: "x".into() }), ["start 04:10"]);
    assert_eq!(now(&mut schedule, "04:20:00", Command::Refused { key: schedule_key("x") }), [""; 0]);
    assert_eq!(now(&mut schedule, "04:30:00", Command::Resume), ["start 04:00"]);
}

fn schedule_key(id: &str) -> String {
    Slot { scheduled_ms: 0, trigger: Some(id.to_owned()) }.key("backup")
}

#[test]
fn a_trigger_runs_once_per_id_and_does_not_count() {
    let mut schedule = hourly(json!({ "runs": 1, "overlap": "allow" }));
    let trigger = |id: &str| Command::Trigger { id: id.to_owned() };
    assert_eq!(now(&mut schedule, "00:40:00", trigger("a")), ["start 00:40"]);
    assert_eq!(now(&mut schedule, "00:40:05", trigger("a")), [""; 0]);
    assert_eq!(now(&mut schedule, "00:40:06", trigger("b")), ["start 00:40"]);
    assert_eq!((schedule.run, schedule.counted), (2, 0));
    assert!(schedule_key("a").len() < 128 && schedule_key("a") != schedule_key("b"));
}

#[test]
fn limits_end_a_schedule() {
    let mut schedule = hourly(json!({ "runs": 2, "catchUp": "all", "overlap": "allow" }));
    assert_eq!(due(&mut schedule, "04:30:00"), ["start 01:00", "start 02:00"]);
    assert_eq!((schedule.next_ms, schedule.due_ms), (None, None));
    let mut schedule = under_way(json!({ "until": "2026-11-24T01:59:59Z" }));
    assert_eq!(ended(&mut schedule, "01:10:00", "01:00"), [""; 0]);
    assert!(schedule.is_finished() && schedule.wake_ms().is_none());
    let again = Command::Replace {
        spec: Box::new(Spec::parse(&json!({ "cron": "15 * * * *" }), &Nowhere).unwrap()),
        source: source(),
        input: json!({ "at": "${{ input.scheduledAt }}" }),
    };
    assert_eq!(now(&mut schedule, "03:00:00", again), [""; 0]);
    assert_eq!(due(&mut schedule, "03:15:00"), ["start 03:15"]);
    assert_eq!(schedule.run, 2);
    assert_eq!(schedule.input_at(at("03:15:00")).unwrap(), json!({ "at": "2026-11-24T03:15:00.000Z" }));
}

#[test]
fn jitter_delays_within_its_bound_and_the_interval() {
    let spec = |jitter: &str| Spec::parse(&json!({ "every": "1h", "jitter": jitter }), &Nowhere).unwrap();
    let armed = |jitter: &str, random: u64| {
        let made = Schedule::new("s", spec(jitter), source(), json!({}), at("00:30:00"), &Nowhere, random);
        made.unwrap().wake_ms().unwrap()
    };
    assert_eq!(armed("10m", 0), at("01:00:00"));
    assert_eq!(armed("10m", 600_000), at("01:10:00"));
    assert_eq!(armed("10m", 600_001), at("01:00:00"));
    assert!((0..1_000).all(|part| armed("1d", u64::MAX / 1_000 * part) < at("02:00:00")));
    let mut schedule = hourly(json!({ "jitter": "10m", "catchUp": "none" }));
    assert_eq!(due(&mut schedule, "01:11:00"), ["start 01:00"]);
    assert_eq!(confirm(&mut schedule, "01:11:01", "01:00"), [""; 0]);
    assert_eq!(due(&mut schedule, "02:11:01"), [""; 0]);
    assert_eq!(schedule.missed, 1);
}

#[test]
fn a_long_absence_is_bounded() {
    let mut schedule = hourly(json!({ "catchUp": "all", "overlap": "allow" }));
    let years_later = at("00:30:00") + 3 * 366 * 86_400_000;
    assert_eq!(apply(&mut schedule, Command::Due, years_later, &Nowhere, 0).len(), 100);
    assert_eq!(schedule.missed, 366 * 24 - 100);
    // At so many runs at once, the next has to wait for the end of one.
    assert_eq!(apply(&mut schedule, Command::Due, years_later + 1_800_000, &Nowhere, 0).len(), 100);
    assert_eq!((schedule.running.len(), schedule.waiting.len()), (100, 1));
}
