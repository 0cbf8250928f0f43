//! The times of a schedule, one after the other.

use std::collections::BTreeSet;

use super::cron::Cron;
use super::spec::{Spec, Timing};
use super::zone::{DAY_S, Day, Zones, offset_s};
use crate::time::{TIME_MAX_MS, civil};

/// So many days may fit the fields of an expression without a single time. A wall-clock hour can be left out on each of
/// them, because some zones change their clocks on the same date every year; then it has no times to wait for.
const EMPTY_DAYS_MAX: u32 = 50;

/// The first time of a spec after a moment, in Unix milliseconds. `None` if there is none, or the spec cannot be read.
///
/// It looks at months, then at one to three days, and asks the zone for its offset twice for each of these days; about
/// twenty times if a clock changes near it.
#[must_use]
pub fn next_after(spec: &Spec, zones: &dyn Zones, after_ms: u64) -> Option<u64> {
    times_after(spec, zones, after_ms).next()
}

/// All times of a spec after a moment, in Unix milliseconds and ascending, whether it is paused or not.
#[must_use]
pub fn times_after<'a>(spec: &'a Spec, zones: &'a dyn Zones, after_ms: u64) -> Times<'a> {
    let timing = spec.timing().and_then(|timing| match timing {
        Timing::Cron(cron) => CronTimes::new(cron, zones, spec.zone(), after_ms).map(Source::Cron),
        Timing::Every { every_ms, from_ms } => Some(Source::Every { every_ms, from_ms }),
    });
    Times { source: timing.unwrap_or(Source::Nothing), last_ms: after_ms, until_ms: spec.until_ms().min(TIME_MAX_MS) }
}

/// The times of a schedule: see [`times_after`].
pub struct Times<'a> {
    source: Source<'a>,
    last_ms: u64,
    until_ms: u64,
}

enum Source<'a> {
    Nothing,
    Cron(CronTimes<'a>),
    Every { every_ms: u64, from_ms: u64 },
}

impl Iterator for Times<'_> {
    type Item = u64;

    fn next(&mut self) -> Option<u64> {
        let next_ms = match &mut self.source {
            Source::Nothing => None,
            Source::Cron(times) => times.after(self.last_ms, self.until_ms),
            Source::Every { every_ms, from_ms } => match self.last_ms.checked_sub(*from_ms) {
                Some(since_ms) => self.last_ms.checked_add(*every_ms - since_ms % *every_ms),
                None => Some(*from_ms),
            },
        };
        self.last_ms = next_ms.filter(|next_ms| *next_ms <= self.until_ms)?;
        next_ms
    }
}

/// The times of a cron expression, read day by day.
struct CronTimes<'a> {
    cron: Cron,
    zones: &'a dyn Zones,
    zone: &'a str,
    /// The next day to read, since 1970-01-01.
    day: i64,
    /// The times of the days that were read, in Unix seconds.
    ready: BTreeSet<i64>,
}

impl<'a> CronTimes<'a> {
    fn new(cron: Cron, zones: &'a dyn Zones, zone: &'a str, after_ms: u64) -> Option<Self> {
        let after_s = i64::try_from(after_ms.min(TIME_MAX_MS) / 1_000).ok()?;
        // A clock that goes back may lead into the day before once more.
        let day = (after_s + offset_s(zones, zone, after_s)?).div_euclid(DAY_S) - 1;
        Some(Self { cron, zones, zone, day, ready: BTreeSet::new() })
    }

    fn after(&mut self, after_ms: u64, until_ms: u64) -> Option<u64> {
        let mut empty_days = 0;
        loop {
            while let Some(at_s) = self.ready.pop_first() {
                if let Some(at_ms) = u64::try_from(at_s).ok().map(|at_s| at_s * 1_000).filter(|ms| *ms > after_ms) {
                    return Some(at_ms);
                }
            }
            // A day begins at most one day before midnight of UTC.
            let past_end = u64::try_from(self.day - 1).is_ok_and(|day| day > until_ms / 86_400_000);
            if past_end || empty_days > EMPTY_DAYS_MAX {
                return None;
            }
            empty_days += 1;
            self.read()?;
        }
    }

    /// Reads the next day that fits, and the one after it too if the times of the two may mix.
    fn read(&mut self) -> Option<()> {
        let day = self.fitting()?;
        let found = Day::find(self.zones, self.zone, day)?;
        found.add_times(&self.cron, &mut self.ready);
        self.day = day + 1;
        if found.goes_back() && self.fitting() == Some(self.day) {
            Day::find(self.zones, self.zone, self.day)?.add_times(&self.cron, &mut self.ready);
            self.day += 1;
        }
        Some(())
    }

    /// The first day from the next one on that fits; days before 1970 do not count.
    fn fitting(&self) -> Option<i64> {
        let (year, month, day) = civil(u64::try_from(self.day).unwrap_or_default());
        self.cron.day_from(i64::try_from(year).ok()?, i64::try_from(month).ok()?, i64::try_from(day).ok()?)
    }
}
