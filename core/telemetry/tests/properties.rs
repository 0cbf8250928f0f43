//! Properties of meters, quantiles, alerts and the text, over random batches, orders and values.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};

use aion_telemetry::alert::{EventKind, GaugeLevel, Phase, Rule, Selector, Severity, States, View, What, step};
use aion_telemetry::batch::LIFE_MS;
use aion_telemetry::histogram::{BOUNDS_MS, Histogram};
use aion_telemetry::meter::Merged;
use aion_telemetry::numbers::GAUGE_LIFE_MS;
use aion_telemetry::{Batch, Meter, Numbers, Recorder, text};
use proptest::collection::vec;
use proptest::prelude::{Strategy, any, prop_assert, prop_assert_eq, proptest};
use proptest::sample::Index;

const NOW_MS: u64 = 1_700_000_000_000;

/// What a sender does between two batches: to which of a few series, how much.
type Work = Vec<(u8, u16)>;

/// The batches of a sender, in order.
fn batches(sender: usize, works: &[Work]) -> Vec<Batch> {
    let mut recorder = Recorder::new(format!("s{sender}"));
    let batches = works.iter().enumerate().map(|(place, work)| {
        for (which, amount) in work {
            let label = (which / 3).to_string();
            match which % 3 {
                0 => recorder.add("a_total", &[("n", &label)], u64::from(*amount)),
                1 => recorder.observe("b_ms", &[("n", &label)], u64::from(*amount)),
                _ => recorder.set("c_bytes", &[("n", &label)], i64::from(*amount) - 30_000),
            }
        }
        let batch = recorder.take(NOW_MS + place as u64 * 10_000).clone();
        recorder.acknowledge(batch.number);
        batch
    });
    batches.collect()
}

fn works() -> impl Strategy<Value = Vec<Vec<Work>>> {
    vec(vec(vec((0..12_u8, 0..u16::MAX), 0..8), 1..6), 1..5)
}

/// All batches, those of each sender in order, the senders mixed as the choices say.
fn mixed(mut senders: Vec<Vec<Batch>>, choices: &[Index]) -> Vec<Batch> {
    let mut all = Vec::new();
    let mut choices = choices.iter().cycle();
    while senders.iter().any(|batches| !batches.is_empty()) {
        senders.retain(|batches| !batches.is_empty());
        let place = choices.next().map_or(0, |choice| choice.index(senders.len()));
        all.push(senders[place].remove(0));
    }
    all
}

fn merged(batches: &[Batch]) -> Numbers {
    let mut meter = Meter::default();
    for batch in batches {
        meter.merge(batch, NOW_MS + 100_000);
    }
    meter.numbers
}

/// A reader of the text format: families with their types, and samples with their values.
fn parse(text: &str) -> (BTreeMap<String, String>, BTreeMap<String, i64>) {
    let (mut types, mut samples) = (BTreeMap::new(), BTreeMap::new());
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').unwrap();
            assert_eq!(types.insert(name.to_owned(), kind.to_owned()), None, "{name} is described twice");
        } else if !line.starts_with("# HELP ") {
            let (series, value) = line.rsplit_once(' ').unwrap();
            let family = series.split('{').next().unwrap();
            let stem = ["_bucket", "_sum", "_count"].iter().find_map(|end| family.strip_suffix(end)).unwrap_or(family);
            let last = types.keys().find(|name| *name == stem || *name == family);
            assert!(last.is_some(), "{series} comes before its type");
            assert_eq!(samples.insert(series.to_owned(), value.parse().unwrap()), None, "{series} stands twice");
        }
    }
    (types, samples)
}

fn rule(for_seconds: u32, clear_seconds: u32) -> Rule {
    let of = Selector { metric: "c_bytes".to_owned(), labels: BTreeMap::new() };
    let what = What::Gauge(GaugeLevel { of, above: Some(10), below: None, clear: Some(5) });
    let (name, summary, silenced_until) = ("r".to_owned(), String::new(), None);
    Rule { name, severity: Severity::Info, summary, what, for_seconds, clear_seconds, silenced_until }
}

proptest! {
    #[test]
    fn a_batch_counts_once(works in works(), again in vec(any::<Index>(), 0..9)) {
        let senders: Vec<_> = works.iter().enumerate().map(|(sender, works)| batches(sender, works)).collect();
        let all = mixed(senders, &again);
        let once = merged(&all);
        // Sent again at any time after: the newest again, and old ones late.
        let mut meter = Meter::default();
        for (place, batch) in all.iter().enumerate() {
            prop_assert_eq!(meter.merge(batch, NOW_MS + 100_000), Merged::New);
            for index in &again {
                prop_assert_eq!(meter.merge(&all[index.index(place + 1)], NOW_MS + 100_000), Merged::Known);
            }
        }
        prop_assert_eq!(&meter.numbers, &once);
        // Whoever is forgotten by then is too late.
        for batch in &all {
            let mut later = meter.clone();
            prop_assert_eq!(later.merge(batch, batch.at_ms + LIFE_MS), Merged::Known);
            prop_assert_eq!(&later.numbers.counters, &once.counters);
        }
    }

    #[test]
    fn the_order_of_senders_does_not_matter(
        works in works(), one in vec(any::<Index>(), 9), two in vec(any::<Index>(), 9)) {
        let senders: Vec<_> = works.iter().enumerate().map(|(sender, works)| batches(sender, works)).collect();
        let numbers = merged(&mixed(senders.clone(), &one));
        prop_assert_eq!(&merged(&mixed(senders.clone(), &two)), &numbers);
        // Nor does it matter which meter a sender has.
        let mut sum = Numbers::default();
        for batches in &senders {
            sum.add(&merged(batches));
        }
        prop_assert_eq!(&sum, &numbers);
    }

    #[test]
    fn totals_never_fall(works in works(), order in vec(any::<Index>(), 9)) {
        let senders: Vec<_> = works.iter().enumerate().map(|(sender, works)| batches(sender, works)).collect();
        let (mut meter, mut last) = (Meter::default(), BTreeMap::new());
        for (place, batch) in mixed(senders, &order).iter().enumerate() {
            let now_ms = NOW_MS + place as u64 * 40_000;
            meter.merge(batch, now_ms);
            // Gauges may, or vanish.
            let (types, samples) = parse(&text::write(&meter.numbers.totals(now_ms), now_ms));
            prop_assert!(types.keys().all(|name| ["a_total", "b_ms", "c_bytes"].contains(&name.as_str())));
            let totals = samples.into_iter().filter(|(name, _)| !name.starts_with('c'));
            let totals: BTreeMap<String, i64> = totals.collect();
            for (name, before) in &last {
                prop_assert!(totals.get(name) >= Some(before), "{} fell", name);
            }
            last = totals;
        }
    }

    #[test]
    fn a_quantile_lies_in_the_bucket_of_the_exact_one(
        values in vec(0..20_000_u64, 1..200), per_mille in 1..=1_000_u16,
    ) {
        let mut histogram = Histogram::default();
        for ms in &values {
            histogram.observe(*ms);
        }
        let mut sorted = values.clone();
        sorted.sort_unstable();
        let rank = (sorted.len() * usize::from(per_mille)).div_ceil(1_000).max(1);
        let exact = sorted[rank - 1];
        let found = histogram.quantile_ms(per_mille).unwrap();
        let upper = BOUNDS_MS.iter().map(|bound| u64::from(*bound)).find(|bound| exact <= *bound);
        let lower = BOUNDS_MS.iter().rev().map(|bound| u64::from(*bound)).find(|bound| exact > *bound).unwrap_or(0);
        // Above the last bound it is that bound.
        let upper = upper.unwrap_or(10_000);
        prop_assert!((lower..=upper).contains(&found), "{found} for {exact}");
    }

    #[test]
    fn no_state_changes_faster_than_its_times_say(
        values in vec((proptest::option::of(0..20_i64), 1..200_u64, any::<bool>()), 1..200),
        for_seconds in 0..300_u32, clear_seconds in 0..300_u32,
    ) {
        let (rules, mut states, mut now_ms) = ([rule(for_seconds, clear_seconds)], States::new(), NOW_MS);
        let (mut meter, mut recorder) = (Meter::default(), Recorder::new("s".to_owned()));
        let (mut told, mut fires) = (false, false);
        // When it last began to be bad, or to be well, without a break.
        let (mut bad_since, mut well_since): (Option<u64>, Option<u64>) = (None, None);
        for (value, seconds, silent) in values {
            now_ms += seconds * 1_000;
            if let Some(value) = value {
                recorder.set("c_bytes", &[], value);
                let batch = recorder.take(now_ms).clone();
                meter.merge(&batch, now_ms);
                recorder.acknowledge(batch.number);
            }
            let live = meter.numbers.gauges.values().next().filter(|gauge| gauge.is_live(now_ms));
            let seen = live.map(|gauge| gauge.value);
            bad_since = seen.filter(|value| *value > 10).map(|_| bad_since.unwrap_or(now_ms));
            well_since = seen.is_none_or(|value| value <= 5).then(|| well_since.unwrap_or(now_ms));
            let silenced: BTreeSet<String> = silent.then(|| "r".to_owned()).into_iter().collect();
            let view = View { numbers: &meter.numbers, silenced: &silenced };
            let (next, events) = step(&rules, &states, &view, now_ms);
            let phase = next["r"].values().next().map_or(Phase::Inactive, |state| state.phase);
            let firing = matches!(phase, Phase::Firing | Phase::Resolving);
            if firing && !fires {
                prop_assert!(now_ms - bad_since.unwrap() >= u64::from(for_seconds) * 1_000);
            }
            if !firing && fires {
                prop_assert!(now_ms - well_since.unwrap() >= u64::from(clear_seconds) * 1_000);
            }
            let said = events.iter().any(|event| (event.kind == EventKind::Firing) == firing);
            prop_assert!(firing == fires || said, "each change is in the history");
            // What is delivered alternates.
            for event in events {
                prop_assert!(!silent || event.silenced, "silence delivers nothing");
                if !event.silenced {
                    prop_assert_eq!(event.kind == EventKind::Firing, !told);
                    told = event.kind == EventKind::Firing;
                } else if event.kind == EventKind::Resolved {
                    // It is over, whoever was told that it fires.
                    told = false;
                }
            }
            (states, fires) = (next, firing);
        }
    }

    #[test]
    fn the_text_reads_back_and_cumulates(works in works(), value in "[ -~é\n]{0,20}") {
        let senders: Vec<_> = works.iter().enumerate().map(|(sender, works)| batches(sender, works)).collect();
        let mut all: Vec<Batch> = senders.concat();
        let mut odd = Recorder::new("odd".to_owned());
        odd.add("a_b_total", &[("odd", &value)], 1);
        odd.add("a_total", &[], 2);
        all.push(odd.take(NOW_MS).clone());
        let numbers = merged(&all);
        let now_ms = NOW_MS + 100_000;
        let (types, samples) = parse(&text::write(&numbers, now_ms));
        for (series, counter) in &numbers.counters {
            prop_assert_eq!(samples[series.as_str()], i64::try_from(counter.total).unwrap());
            prop_assert_eq!(&types[series.name()], "counter");
        }
        for (series, times) in &numbers.histograms {
            prop_assert_eq!(&types[series.name()], "histogram");
            let (labels, mut last) = (series.written_labels(), 0);
            for bound in BOUNDS_MS.iter().map(u32::to_string).chain(["+Inf".to_owned()]) {
                let count = samples[&format!("b_ms_bucket{{{labels},le=\"{bound}\"}}")];
                prop_assert!(count >= last);
                last = count;
            }
            prop_assert_eq!(last, i64::try_from(times.total.count()).unwrap());
            prop_assert_eq!(samples[&format!("b_ms_count{{{labels}}}")], last);
            prop_assert_eq!(samples[&format!("b_ms_sum{{{labels}}}")], i64::try_from(times.total.sum_ms).unwrap());
        }
        for series in numbers.gauges.keys() {
            prop_assert_eq!(&types[series.name()], "gauge");
        }
        let later = text::write(&numbers, now_ms + GAUGE_LIFE_MS);
        prop_assert!(!later.contains("c_bytes"), "gauges that nobody reports vanish");
        prop_assert_eq!(Batch::fault(all.last().unwrap()), None);
    }
}
