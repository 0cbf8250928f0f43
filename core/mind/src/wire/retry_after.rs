//! How long an upstream wants to be left alone.

/// More than this is not believed: a provider that is away for longer is looked at again after it.
const MAX_MS: u64 = 60 * 60 * 1_000;

/// Reads `retry-after-ms` (`OpenAI`), `retry-after` in seconds, or as a date (RFC 9110, section 10.2.3), which is taken
/// relative to the answer's own `date`.
pub(super) fn of_headers(headers: &[(String, String)]) -> Option<u64> {
    let header = |name: &str| {
        let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    };
    if let Some(ms) = header("retry-after-ms").and_then(|text| text.parse::<u64>().ok()) {
        return Some(ms.min(MAX_MS));
    }
    let text = header("retry-after")?;
    seconds(text).or_else(|| {
        let (until_s, now_s) = (date_s(text)?, date_s(header("date")?)?);
        Some(until_s.saturating_sub(now_s).saturating_mul(1_000).min(MAX_MS))
    })
}

/// Milliseconds of a number of seconds, which may have a fraction.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let whole: u64 = whole.parse().unwrap_or(u64::MAX);
    // Thousandths, rounded up: too early is asked in vain.
    let thousandths: u64 = format!("{fraction:0<3}")[..3].parse().unwrap_or(0);
    let rest = u64::from(fraction.bytes().skip(3).any(|byte| byte != b'0'));
    Some(whole.saturating_mul(1_000).saturating_add(thousandths + rest).min(MAX_MS))
}

/// Seconds since 1970 of a date like `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110, section 5.6.7).
fn date_s(text: &str) -> Option<u64> {
    const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let (_, rest) = text.split_once(", ")?;
    let words: Vec<&str> = rest.split([' ', ':']).collect();
    let [day, month, year, hour, minute, second, "GMT"] = words.as_slice() else {
        return None;
    };
    let month = MONTHS.iter().position(|name| name == month)? as u64 + 1;
    let number = |text: &str, max: u64| text.parse::<u64>().ok().filter(|number| *number <= max);
    let days = days(number(year, 9_999)?, month, number(day, 31)?)?;
    Some(((days * 24 + number(hour, 23)?) * 60 + number(minute, 59)?) * 60 + number(second, 60)?)
}

/// Days since 1970-01-01 of a date in the Gregorian calendar.
pub(super) fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    // Years that begin in March: the day that leap years have more is their last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year.checked_sub(1)?, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    (year * 365 + leap_days + (month * 153 + 2) / 5 + day).checked_sub(719_469)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{MAX_MS, date_s, of_headers, seconds};

    fn read(headers: &[(&str, &str)]) -> Option<u64> {
        let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        of_headers(&headers)
    }

    #[test]
    fn seconds_milliseconds_and_dates_are_read() {
        assert_eq!(read(&[("Retry-After", "20")]), Some(20_000));
        assert_eq!(read(&[("retry-after", "20"), ("retry-after-ms", "1500")]), Some(1_500));
        let dates = [("retry-after", "Sun, 06 Nov 1994 08:49:37 GMT"), ("date", "Sun, 06 Nov 1994 08:49:07 GMT")];
        assert_eq!(read(&dates), Some(30_000));
        assert_eq!(read(&dates[..1]), None, "a date without the answer's own");
        assert_eq!(read(&[("retry-after", "soon")]), None);
        assert_eq!(read(&[("retry-after", "99999999999999999999")]), Some(MAX_MS));
    }

    #[test]
    fn fractions_are_rounded_up() {
        assert_eq!(seconds("34.07"), Some(34_070));
        assert_eq!(seconds("0.0001"), Some(1));
        assert_eq!((seconds("-1"), seconds("1."), seconds("")), (None, None, None));
    }

    #[test]
    fn dates_are_days_of_the_calendar() {
        assert_eq!(date_s("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(date_s("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777));
        assert_eq!(date_s("Tue, 29 Feb 2028 12:00:00 GMT"), Some(1_835_438_400));
    }
}
