//! Times and durations as text.

use std::fmt::Write;

/// Milliseconds of a day.
const DAY_MS: u64 = 86_400_000;
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

/// The civil date of a day since 1970-01-01, by counting from the March of year 0 in eras of 400 years.
fn civil(days: u64) -> (u64, u64, u64) {
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

    use super::{duration_ms, rfc3339};

    #[test]
    fn times_are_rfc_3339() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(rfc3339(951_782_399_999), "2000-02-28T23:59:59.999Z");
        assert_eq!(rfc3339(951_868_800_000), "2000-03-01T00:00:00.000Z");
        assert_eq!(rfc3339(1_795_478_400_123), "2026-11-24T00:00:00.123Z");
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
