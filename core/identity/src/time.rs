//! RFC 3339 times as logs and documents carry them: UTC, whole seconds.

use std::fmt::Write;

const DAY_S: u64 = 86_400;

/// Unix milliseconds as RFC 3339 in UTC; what is below a second is cut off.
#[must_use]
pub fn rfc3339(unix_ms: u64) -> String {
    let seconds = unix_ms / 1_000;
    let (days, rest) = (seconds / DAY_S, seconds % DAY_S);
    let (year, month, day) = civil(days);
    let mut text = String::with_capacity(20);
    // Writing to a string cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", rest / 3_600, rest / 60 % 60, rest % 60);
    text
}

/// Reads an RFC 3339 time since 1970 into Unix milliseconds; digits below a millisecond are cut off.
#[must_use]
pub fn parse(text: &str) -> Option<u64> {
    let bytes = text.as_bytes();
    let punctuation = [(4, b'-'), (7, b'-'), (13, b':'), (16, b':')];
    if !text.is_ascii() || bytes.len() < 20 || punctuation.iter().any(|&(at, byte)| bytes[at] != byte) {
        return None;
    }
    if !matches!(bytes[10], b'T' | b't') {
        return None;
    }
    let (year, month, day) = (number(&text[..4])?, number(&text[5..7])?, number(&text[8..10])?);
    let (hour, minute, second) = (number(&text[11..13])?, number(&text[14..16])?, number(&text[17..19])?);
    let in_range = year >= 1970 && (1..=12).contains(&month) && hour < 24 && minute < 60 && second < 60;
    if !in_range || day < 1 || day > days_of(year, month) {
        return None;
    }
    let (ms, zone) = fraction(&text[19..])?;
    let local_s = days_from_civil(year, month, day) * DAY_S + hour * 3_600 + minute * 60 + second;
    let utc_s = local_s.checked_add_signed(-offset_s(zone)?)?;
    Some(utc_s * 1_000 + ms)
}

fn fraction(rest: &str) -> Option<(u64, &str)> {
    let Some(after) = rest.strip_prefix('.') else {
        return Some((0, rest));
    };
    let digits = after.bytes().take_while(u8::is_ascii_digit).count();
    let (fraction, zone) = after.split_at(digits);
    let ms = fraction.bytes().chain([b'0'; 2]).take(3).fold(0, |sum, byte| sum * 10 + u64::from(byte - b'0'));
    (digits > 0).then_some((ms, zone))
}

fn offset_s(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let (sign, rest) = match zone.as_bytes().first()? {
        b'+' => (1, &zone[1..]),
        b'-' => (-1, &zone[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':').filter(|_| rest.len() == 5)?;
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    let seconds = i64::try_from(hours * 3_600 + minutes * 60).ok()?;
    (hours < 24 && minutes < 60).then_some(sign * seconds)
}

fn number(text: &str) -> Option<u64> {
    if text.bytes().all(|byte| byte.is_ascii_digit()) { text.parse().ok() } else { None }
}

const fn is_leap(year: u64) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days_of(year: u64, month: u64) -> u64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The civil date of a day since 1970-01-01, by counting from the March of year 0 in eras of 400 years.
const fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, day_of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + (month <= 2) as u64, month, day)
}

/// The inverse of [`civil`].
const fn days_from_civil(year: u64, month: u64, day: u64) -> u64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month_from_march = if month > 2 { month - 3 } else { month + 9 };
    let (era, year_of_era) = (year / 400, year % 400);
    let day_of_year = (153 * month_from_march + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{parse, rfc3339};

    #[test]
    fn times_are_written_in_whole_seconds_and_read_back() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399_000, "2000-02-28T23:59:59Z"),
            (951_868_800_000, "2000-03-01T00:00:00Z"),
            (1_795_478_400_000, "2026-11-24T00:00:00Z"),
        ] {
            assert_eq!(rfc3339(ms), text);
            assert_eq!(rfc3339(ms + 999), text);
            assert_eq!(parse(text), Some(ms));
        }
        for day in 0..40_000 {
            let ms = day * 86_400_000 + 12_345_000;
            assert_eq!(parse(&rfc3339(ms)), Some(ms));
        }
    }

    #[test]
    fn fractions_and_offsets_are_read() {
        assert_eq!(parse("1970-01-01T00:00:01.5Z"), Some(1_500));
        assert_eq!(parse("1970-01-01T00:00:01.123456+00:00"), Some(1_123));
        assert_eq!(parse("1970-01-01T01:00:00+01:00"), Some(0));
        assert_eq!(parse("1970-01-01T00:00:00-00:30"), Some(1_800_000));
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in [
            "",
            "2026",
            "2026-02-29T00:00:00Z",
            "2026-13-01T00:00:00Z",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00",
            "2026-01-01 00:00:00Z",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00+1:00",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+00:01",
            "+026-01-01T00:00:00Z",
            "2026-01-01T00:00:00é",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
