//! Cron expressions: the five fields of POSIX `crontab`, with the names, steps and macros of Vixie cron.

use crate::time::{days, days_in_month};

/// An expression may have this many bytes: each minute, hour, day and month listed once still fits.
pub const CRON_MAX_BYTES: usize = 512;
/// A day that a field allows is looked for in this many months. The rarest is 29 February on a given weekday, which
/// across the end of a century comes after 40 years; by months that is less work than two years of days.
const HORIZON_MONTHS: u32 = 41 * 12;
const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];
const WEEKDAYS: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

/// A parsed cron expression. In each set of bits, bit `n` stands for the value `n`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    last_day: bool,
    months: u64,
    weekdays: u64,
    /// Whether a day of the month or a weekday is enough; otherwise it takes both.
    either: bool,
    /// Whether the hours follow the wall clock: see [`Cron::is_wall`].
    wall: bool,
}

/// One field: its name for people, its values and their names.
struct Field {
    name: &'static str,
    min: u32,
    max: u32,
    names: &'static [&'static str],
}

const MINUTE: Field = Field { name: "minute", min: 0, max: 59, names: &[] };
const HOUR: Field = Field { name: "hour", min: 0, max: 23, names: &[] };
const DAY: Field = Field { name: "day of month", min: 1, max: 31, names: &[] };
const MONTH: Field = Field { name: "month", min: 1, max: 12, names: &MONTHS };
const WEEKDAY: Field = Field { name: "day of week", min: 0, max: 7, names: &WEEKDAYS };

impl Cron {
    /// Reads an expression: `minute hour day-of-month month day-of-week`, or a macro. The error says what is wrong.
    ///
    /// A field is a list of `*`, values, ranges `a-b` and steps `*/n` or `a-b/n`. Months and weekdays may be names of
    /// three letters; Sunday is 0 and 7. `L` as a day of the month is its last one. If neither the day of the month nor
    /// the weekday begins with `*`, either of them is enough; otherwise both have to fit, as in Vixie cron.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > CRON_MAX_BYTES {
            return Err(format!("an expression has at most {CRON_MAX_BYTES} bytes"));
        }
        let fields: Vec<&str> = expand(text.trim())?.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!("five fields, not {}: minute hour day-of-month month day-of-week", fields.len()));
        };
        let is_last = |part: &&str| part.eq_ignore_ascii_case("L");
        let plain: Vec<&str> = day.split(',').filter(|part| !is_last(part)).collect();
        let weekdays = WEEKDAY.parse(weekday)?;
        let cron = Self {
            minutes: MINUTE.parse(minute)?,
            hours: HOUR.parse(hour)?,
            days: if plain.is_empty() { 0 } else { DAY.parse(&plain.join(","))? },
            last_day: day.split(',').any(|part| is_last(&part)),
            months: MONTH.parse(month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either: !day.starts_with('*') && !weekday.starts_with('*'),
            wall: hour.contains(['*', '/']),
        };
        // Neither a weekday nor a last day is missing in any month, so that only a day beyond the month's end can be.
        let longest = |month: u32| days_in_month(2_000, i64::from(month));
        let some_day = |month: u32| cron.months >> month & 1 == 1 && cron.days & bits(1, longest(month)) != 0;
        if cron.either || cron.last_day || (1..=12).any(some_day) {
            return Ok(cron);
        }
        Err("it never matches: none of its months has such a day".to_owned())
    }

    /// Whether the hours are `*` or have a step. Such a schedule runs in each real hour whose wall clock fits; one with
    /// fixed hours runs once for each local time, whatever happens to the clock.
    #[must_use]
    pub const fn is_wall(&self) -> bool {
        self.wall
    }

    /// The first day from a month on, and from a day of it, that fits: days since 1970-01-01.
    pub(super) fn day_from(&self, mut year: i64, mut month: i64, mut from_day: i64) -> Option<i64> {
        for _ in 0..HORIZON_MONTHS {
            if self.months >> month & 1 == 1 {
                let fitting = self.days_of(year, month) & bits(from_day, 31);
                if fitting != 0 {
                    return Some(days(year, month, i64::from(fitting.trailing_zeros())));
                }
            }
            from_day = 1;
            (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
        }
        None
    }

    /// The days of a month that fit, as bits.
    fn days_of(&self, year: i64, month: i64) -> u64 {
        let length = days_in_month(year, month);
        let last = if self.last_day { 1 << length } else { 0 };
        let by_day = self.days | last;
        // Day 0 of 1970 was a Thursday.
        let weekday = |day: i64| (days(year, month, day) + 4).rem_euclid(7);
        let fits = |day: &i64| {
            let (by_day, by_weekday) = (by_day >> day & 1 == 1, self.weekdays >> weekday(*day) & 1 == 1);
            if self.either { by_day || by_weekday } else { by_day && by_weekday }
        };
        (1..=length).filter(fits).fold(0, |set, day| set | 1 << day)
    }

    /// The seconds since midnight of each minute of a day that fits.
    pub(super) fn seconds(&self) -> impl Iterator<Item = i64> {
        let hours = (0..24).filter(|hour| self.hours >> hour & 1 == 1);
        let minutes = self.minutes;
        hours.flat_map(move |hour| {
            (0..60).filter(move |minute| minutes >> minute & 1 == 1).map(move |minute| hour * 3_600 + minute * 60)
        })
    }
}

/// What a macro stands for; everything else stands for itself.
fn expand(text: &str) -> Result<&str, String> {
    if !text.starts_with('@') {
        return Ok(text);
    }
    let macros = [
        ("@hourly", "0 * * * *"),
        ("@daily", "0 0 * * *"),
        ("@weekly", "0 0 * * 0"),
        ("@monthly", "0 0 1 * *"),
        ("@yearly", "0 0 1 1 *"),
    ];
    let known = macros.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    known.map(|(_, meaning)| *meaning).ok_or_else(|| "@hourly, @daily, @weekly, @monthly or @yearly".to_owned())
}

/// The bits of a range of values below 64.
fn bits(from: i64, to: i64) -> u64 {
    (from..=to).fold(0, |set, value| set | 1 << value)
}

/// A number of at most two digits: `parse` alone would take a sign.
fn number(text: &str) -> Option<u32> {
    let fits = (1..=2).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |set, part| Ok(set | self.part(part)?))
    }

    fn part(&self, text: &str) -> Result<u64, String> {
        let (range, step) = match text.split_once('/') {
            Some((range, step)) => (range, Some(self.step(step)?)),
            None => (text, None),
        };
        let (from, to) = match range.split_once('-') {
            _ if range == "*" => (self.min, self.max),
            Some((from, to)) => {
                let (from, to) = (self.value(from)?, self.value(to)?);
                // Sunday also ends a week.
                (from, if self.max == 7 && to == 0 && from > 0 { 7 } else { to })
            }
            None if step.is_some() => return Err(self.fault("a step follows * or a range", text)),
            None => (self.value(range)?, self.value(range)?),
        };
        if from > to {
            return Err(self.fault("a range goes from low to high", text));
        }
        Ok((from..=to).step_by(step.unwrap_or(1)).fold(0, |set, value| set | 1 << value))
    }

    fn step(&self, text: &str) -> Result<usize, String> {
        let step = number(text).filter(|step| (1..=self.max).contains(step));
        let rule = || self.fault(&format!("a step is 1 to {}", self.max), text);
        step.and_then(|step| usize::try_from(step).ok()).ok_or_else(rule)
    }

    fn value(&self, text: &str) -> Result<u32, String> {
        let place = self.names.iter().position(|name| name.eq_ignore_ascii_case(text));
        let named = place.and_then(|place| u32::try_from(place).ok()).map(|place| place + self.min);
        let value = named.or_else(|| number(text)).filter(|value| (self.min..=self.max).contains(value));
        value.ok_or_else(|| self.fault(&format!("a value is {} to {}", self.min, self.max), text))
    }

    fn fault(&self, rule: &str, text: &str) -> String {
        format!("{}: {rule}, not {text}", self.name)
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{CRON_MAX_BYTES, Cron};

    #[test]
    fn the_same_is_written_in_several_ways() {
        for (text, plain) in [
            ("@hourly", "0 * * * *"),
            ("@daily", "0 0 * * *"),
            ("@Weekly", "0 0 * * SUN"),
            ("@monthly", "0 0 1 * *"),
            ("@yearly", "0 0 1 1 *"),
            ("  0\t0 1  1 * ", "@yearly"),
            ("*/15 9-17 * * mon-fri", "0,15,30,45 9,10,11,12,13,14,15,16,17 * * 1-5"),
            ("05 00 * JAN,mar *", "5 0 * 1,3 *"),
            ("0 0 * * 7", "0 0 * * 0"),
            ("0 0 * * FRI-SUN", "0 0 * * 5,6,0"),
            ("0 0 * * 6-7", "0 0 * * SAT,SUN"),
            ("0 0 1-31/10 * *", "0 0 1,11,21,31 * *"),
            ("0 0 15,l * *", "0 0 L,15 * *"),
            ("0,0,0 5-5 * * *", "0 5 * * *"),
        ] {
            assert_eq!(Cron::parse(text).unwrap(), Cron::parse(plain).unwrap(), "{text}");
        }
        assert_ne!(Cron::parse("0 */2 * * *"), Cron::parse("0 0,2,4,6,8,10,12,14,16,18,20,22 * * *"));
        assert!(Cron::parse("0 0-23/2 * * *").unwrap().is_wall() && !Cron::parse("* 0-23 * * *").unwrap().is_wall());
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in [
            "",
            " ",
            "* * * *",
            "* * * * * *",
            "@reboot",
            "@",
            "60 * * * *",
            "* 24 * * *",
            "* * 0 * *",
            "* * 32 * *",
            "* * * 0 *",
            "* * * 13 *",
            "* * * * 8",
            "-1 * * * *",
            "+1 * * * *",
            "1- * * * *",
            "5-1 * * * *",
            "1-2-3 * * * *",
            "*/0 * * * *",
            "*/60 * * * *",
            "5/15 * * * *",
            "*/ * * * *",
            "*/5/5 * * * *",
            "1,,2 * * * *",
            ", * * * *",
            "001 * * * *",
            "** * * * *",
            "*-5 * * * *",
            "? * * * *",
            "L * * * *",
            "* * L-3 * *",
            "* * * * L",
            "* * MON * *",
            "* * * MON *",
            "* * * * JAN",
            "* * * * MONDAY",
            "* * * * FRI-MON",
            "\u{661} * * * *",
            // Days that no month has.
            "0 0 30 2 *",
            "0 0 31 4,6,9,11 *",
            "0 0 31 FEB,APR */2",
        ] {
            assert!(Cron::parse(text).is_err(), "{text}");
        }
        assert!(Cron::parse(&format!("{} * * * *", "0,".repeat(CRON_MAX_BYTES))).is_err());
        // Either rule is enough, so that a weekday saves a day that never comes.
        assert!(Cron::parse("0 0 30 2 MON").is_ok() && Cron::parse("0 0 29 2 *").is_ok());
    }
}
