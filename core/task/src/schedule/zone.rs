//! Time zones: which instants the local times of a day are.
//!
//! There is no time zone database in here. The shell says which offset a zone has at an instant, and the days on which
//! a clock changes are found by asking. Two changes of one zone are taken to be more than 56 hours apart.

use std::collections::BTreeSet;

use super::cron::Cron;

/// No zone was ever further from UTC, in seconds: Manila had 15:56 until 1844.
const OFFSET_MAX_S: i64 = 16 * 3_600;
/// Seconds of a day.
pub(super) const DAY_S: i64 = 86_400;

/// What the platform knows about time zones.
pub trait Zones {
    /// Seconds east of UTC of an IANA zone at an instant of Unix milliseconds; `None` if there is no such zone.
    fn offset_s(&self, zone: &str, unix_ms: u64) -> Option<i32>;
}

/// The offset of a zone at Unix seconds.
pub(super) fn offset_s(zones: &dyn Zones, zone: &str, unix_s: i64) -> Option<i64> {
    if zone == "UTC" {
        return Some(0);
    }
    let unix_ms = u64::try_from(unix_s).unwrap_or_default().checked_mul(1_000)?;
    zones.offset_s(zone, unix_ms).map(i64::from).filter(|offset_s| offset_s.abs() <= OFFSET_MAX_S)
}

/// A local day, and how its clock changes on it or near it.
#[allow(clippy::struct_field_names, reason = "the unit is part of a name")]
pub(super) struct Day {
    /// The local midnight that it begins with, read as if it were UTC.
    start_s: i64,
    before_s: i64,
    after_s: i64,
    /// The first second of the later offset. Without a change all of time has the earlier one.
    change_s: i64,
}

impl Day {
    /// Looks up a day since 1970-01-01. `None` if there is no such zone.
    pub(super) fn find(zones: &dyn Zones, zone: &str, day: i64) -> Option<Self> {
        let start_s = day * DAY_S;
        // Whatever the offset, all instants of the day lie between these.
        let (mut low_s, mut high_s) = (start_s - OFFSET_MAX_S, start_s + DAY_S + OFFSET_MAX_S);
        let before_s = offset_s(zones, zone, low_s)?;
        let after_s = offset_s(zones, zone, high_s)?;
        if before_s == after_s {
            return Some(Self { start_s, before_s, after_s, change_s: i64::MAX });
        }
        while high_s - low_s > 1 {
            let middle_s = low_s.midpoint(high_s);
            if offset_s(zones, zone, middle_s)? == before_s {
                low_s = middle_s;
            } else {
                high_s = middle_s;
            }
        }
        Some(Self { start_s, before_s, after_s, change_s: high_s })
    }

    /// Whether the clock goes back near this day, so that its instants may lie between those of the next.
    pub(super) const fn goes_back(&self) -> bool {
        self.after_s < self.before_s
    }

    /// Adds the instants at which a schedule runs for this day, in Unix seconds.
    ///
    /// Fixed hours run once for each local time: at its first instant, or at the first one after the gap that it is in.
    /// Others run whenever the wall clock fits: twice in a repeated hour, and not for an hour that is left out.
    pub(super) fn add_times(&self, cron: &Cron, times: &mut BTreeSet<i64>) {
        for second in cron.seconds() {
            let local_s = self.start_s + second;
            let first_s = Some(local_s - self.before_s).filter(|at_s| *at_s < self.change_s);
            let second_s = Some(local_s - self.after_s).filter(|at_s| *at_s >= self.change_s);
            if cron.is_wall() {
                times.extend(first_s.into_iter().chain(second_s));
            } else {
                times.insert(first_s.or(second_s).unwrap_or(self.change_s));
            }
        }
    }
}
