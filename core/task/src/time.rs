//! Times and durations as text.

use std::fmt::Write;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
/// The last millisecond that [`rfc3339`] writes with a year of four digits: 9999-12-31T23:59:59.999Z.
pub const TIME_MAX_MS: u64 = 253_402_300_799_999;
/// A duration may have at most this many milliseconds: a year. Longer waits belong to schedules.
pub const DURATION_MAX_MS: u64 = 366 * DAY_MS;

/// Unix milliseconds as RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn rfc3339(unix_ms: u64) -> String {
    let (days, rest) = (unix_ms / DAY_MS, unix_ms % DAY_MS);
    let (year, month, day) = civil(days);
    let (hour, minute) = (rest / 3_600_000, rest / 60_000 % 60);
    let (second, milli) = (rest / 1_000 % 60, rest % 1_000);
    let mut text = String::with_capacity(24);
    // Writing to a string cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}Z");
    text
}

/// Reads a date and time of RFC 3339 section 5.6 as Unix milliseconds: any offset, any number of digits of a second,
/// of which three count. `None` if it is none, before 1970 or after 9999 in UTC; so is a leap second, which Unix time
/// does not have.
#[must_use]
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let (date_time, rest) = text.as_bytes().split_at_checked(19)?;
    let number = |from: usize, to: usize| digits(date_time.get(from..to)?);
    let fits = |at: usize, byte: u8| date_time.get(at).is_some_and(|found| found.eq_ignore_ascii_case(&byte));
    if ![(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')].into_iter().all(|(at, byte)| fits(at, byte)) {
        return None;
    }
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let in_range = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    if !in_range || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let (fraction, offset) = match rest.split_first()? {
        (b'.', rest) => {
            let length = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
            rest.split_at_checked(length).filter(|(fraction, _)| !fraction.is_empty())?
        }
        _ => (&[][..], rest),
    };
    let milli: i64 = [100, 10, 1].into_iter().zip(fraction).map(|(worth, digit)| worth * i64::from(digit - b'0')).sum();
    let seconds = days(year, month, day) * 86_400 + hour * 3_600 + minute * 60 + second - offset_s(offset)?;
    let ms = u64::try_from(seconds * 1_000 + milli).ok()?;
    (ms <= TIME_MAX_MS).then_some(ms)
}

/// Seconds east of UTC of `Z`, `+hh:mm` or `-hh:mm`.
fn offset_s(text: &[u8]) -> Option<i64> {
    let (sign, hour, minute) = match text {
        b"Z" | b"z" => return Some(0),
        [b'+', h1, h2, b':', m1, m2] => (1, digits(&[*h1, *h2])?, digits(&[*m1, *m2])?),
        [b'-', h1, h2, b':', m1, m2] => (-1, digits(&[*h1, *h2])?, digits(&[*m1, *m2])?),
        _ => return None,
    };
    (hour <= 23 && minute <= 59).then_some(sign * (hour * 3_600 + minute * 60))
}

/// The number that a few decimal digits write.
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

/// The days of a month of the Gregorian calendar.
pub(crate) const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The day since 1970-01-01 of a civil date from year 0 on: the way back of [`civil`].
pub(crate) const fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, year_of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let month_from_march = (month + 9) % 12;
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// The civil date of a day since 1970-01-01, by counting from the March of year 0 in eras of 400 years.
pub(crate) fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + u64::from(month <= 2), month, day)
}

/// Reads a duration: `PT1H30M5S` (ISO 8601 without years and months) or a number with `ms`, `s`, `m`, `h` or `d`.
/// `None` if it is neither, or longer than [`DURATION_MAX_MS`].
#[must_use]
pub fn duration_ms(text: &str) -> Option<u64> {
    let ms = match text.strip_prefix('P') {
        Some(rest) => iso_ms(rest)?,
        None => simple_ms(text)?,
    };
    (ms <= DURATION_MAX_MS).then_some(ms)
}

fn simple_ms(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => DAY_MS,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(unit_ms)
}

fn iso_ms(text: &str) -> Option<u64> {
    let (date, time) = match text.split_once('T') {
        Some((_, "")) => return None,
        Some((date, time)) => (date, time),
        None => (text, ""),
    };
    let mut total: u64 = 0;
    for (part, units) in [(date, &[('D', DAY_MS)][..]), (time, &[('H', 3_600_000), ('M', 60_000), ('S', 1_000)])] {
        let (mut rest, mut units) = (part, units.iter());
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest.get(..digits)?.parse().ok()?;
            let unit = rest[digits..].chars().next()?;
            // Units come in order, each at most once.
            let (_, unit_ms) = units.by_ref().find(|(name, _)| *name == unit)?;
            total = total.checked_add(number.checked_mul(*unit_ms)?)?;
            rest = &rest[digits + 1..];
        }
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{TIME_MAX_MS, civil, days, days_in_month, duration_ms, parse_rfc3339, rfc3339};

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339(951_868_800_000), "2000-03-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_478_400_123), "2026-11-24T00:00:00.123Z");
    }

    #[test]
    fn rfc_3339_is_read_with_any_offset() {
        for (text, ms) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01t01:00:00.5+01:00", 500),
            ("1969-12-31T19:00:00-05:00", 0),
            ("2000-02-29T23:59:59.999999Z", 951_868_799_999),
            ("2026-11-24T00:00:00.12z", 1_795_478_400_120),
            ("2026-11-24T05:45:00.123+05:45", 1_795_478_400_123),
            ("2026-11-23T12:00:00-12:00", 1_795_478_400_000),
            ("2026-11-24T00:00:00-00:00", 1_795_478_400_000),
            ("9999-12-31T23:59:59.999Z", TIME_MAX_MS),
        ] {
            assert_eq!(parse_rfc3339(text), Some(ms), "{text}");
        }
        for ms in (0..25).map(|part| part * 9_876_543_210_123) {
            assert_eq!(parse_rfc3339(&rfc3339(ms)), Some(ms));
        }
    }

    #[test]
    fn what_is_no_rfc_3339_is_refused() {
        for text in [
            "",
            "2026-11-24",
            "2026-11-24T00:00:00",
            "2026-11-24 00:00:00Z",
            "2026-11-24T00:00Z",
            "2026-11-24T00:00:00.Z",
            "2026-11-24T00:00:00,5Z",
            "2026-11-24T00:00:00+0100",
            "2026-11-24T00:00:00+24:00",
            "2026-11-24T00:00:00+01:60",
            "2026-11-24T00:00:00Zx",
            "2026-13-24T00:00:00Z",
            "2026-00-24T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2026-11-31T00:00:00Z",
            "2026-11-24T24:00:00Z",
            "2026-11-24T00:60:00Z",
            "2016-12-31T23:59:60Z",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "9999-12-31T23:59:59-00:01",
            "+026-11-24T00:00:00Z",
            "2026-11-24T00:00:0\u{e9}Z",
            "\u{661}026-11-24T00:00:00Z",
        ] {
            assert_eq!(parse_rfc3339(text), None, "{text}");
        }
    }

    #[test]
    fn dates_and_days_are_the_same() {
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for number in 0..400 * 366 {
            assert_eq!(days(year, month, day), number);
            let date = civil(number.unsigned_abs());
            assert_eq!(date, (year.unsigned_abs(), month.unsigned_abs(), day.unsigned_abs()));
            day += 1;
            if day > days_in_month(year, month) {
                (month, day) = (month + 1, 1);
            }
            if month > 12 {
                (year, month) = (year + 1, 1);
            }
        }
        assert_eq!(days(0, 3, 1), -719_468);
    }

    #[test]
    fn durations_are_iso_8601_or_simple() {
        assert_eq!(duration_ms("PT1H30M5S"), Some(5_405_000));
        assert_eq!((duration_ms("P1D"), duration_ms("P1DT1S")), (Some(86_400_000), Some(86_401_000)));
        assert_eq!((duration_ms("5s"), duration_ms("250ms"), duration_ms("0s")), (Some(5_000), Some(250), Some(0)));
        for text in
            ["", "P", "PT", "5", "s", "-1s", "1.5s", "P1Y", "PT1S1M", "PT5", "400d", "99999999999999999999d", "é"]
        {
            assert_eq!(duration_ms(text), None, "{text}");
        }
    }
}
