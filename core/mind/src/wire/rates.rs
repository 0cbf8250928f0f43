//! What an upstream says about what is left of its limits.

use super::retry_after::{days, seconds};

/// What is left of one limit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    /// How many there are in a window.
    pub limit: Option<u64>,
    /// How many are left.
    pub remaining: Option<u64>,
    /// When all are there again, Unix milliseconds.
    pub reset_at_ms: Option<u64>,
}

/// What is left of an upstream's limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RateLimits {
    /// Of requests.
    pub requests: Window,
    /// Of tokens, read and written.
    pub tokens: Window,
}

/// An upstream's way to name its headers.
type Names = fn(kind: &str, value: &str) -> String;

impl RateLimits {
    /// Reads the headers of `OpenAI` (`x-ratelimit-remaining-tokens`, with durations) and of Anthropic
    /// (`anthropic-ratelimit-tokens-remaining`, with times). `now_ms` is Unix milliseconds.
    #[must_use]
    pub fn read(headers: &[(String, String)], now_ms: u64) -> Self {
        let openai: Names = |kind, value| format!("x-ratelimit-{value}-{kind}");
        let anthropic: Names = |kind, value| format!("anthropic-ratelimit-{kind}-{value}");
        let window = |kind: &str| {
            let found = [openai, anthropic].map(|names| {
                let header = |value: &str| {
                    let name = names(kind, value);
                    let found = headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(&name));
                    found.map(|(_, value)| value.trim())
                };
                let number = |value: &str| header(value).and_then(|text| text.parse().ok());
                let reset_at_ms = header("reset")
                    .and_then(|text| duration_ms(text).map(|ms| now_ms.saturating_add(ms)).or_else(|| time_ms(text)));
                Window { limit: number("limit"), remaining: number("remaining"), reset_at_ms }
            });
            found.into_iter().find(|window| *window != Window::default()).unwrap_or_default()
        };
        Self { requests: window("requests"), tokens: window("tokens") }
    }

    /// Until when nothing should be asked of it, Unix milliseconds.
    #[must_use]
    pub fn used_up_until_ms(&self) -> Option<u64> {
        let used_up = [self.requests, self.tokens].into_iter().filter(|window| window.remaining == Some(0));
        used_up.filter_map(|window| window.reset_at_ms).max()
    }
}

/// Reads a duration like `6m0s`, `1h2m3.5s` or `20ms`, which is given in milliseconds; a bare number is seconds.
fn duration_ms(text: &str) -> Option<u64> {
    if let Some(ms) = seconds(text) {
        return Some(ms);
    }
    let (mut total, mut rest) = (0_u64, text);
    while !rest.is_empty() {
        let unit_at = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let amount_ms = seconds(&rest[..unit_at])?;
        let unit = rest[unit_at..].split(|c: char| c.is_ascii_digit()).next()?;
        total = total.saturating_add(match unit {
            "ms" => amount_ms.div_ceil(1_000),
            "s" => amount_ms,
            "m" => amount_ms.saturating_mul(60),
            "h" => amount_ms.saturating_mul(3_600),
            "d" => amount_ms.saturating_mul(86_400),
            _ => return None,
        });
        rest = &rest[unit_at + unit.len()..];
    }
    (!text.is_empty()).then_some(total)
}

/// Reads a time like `2026-01-27T12:00:30Z` (RFC 3339), of which whole seconds in UTC are sent.
fn time_ms(text: &str) -> Option<u64> {
    let (date, time) = text.strip_suffix('Z')?.split_once('T')?;
    let numbers = |text: &str, by: char| -> Option<[u64; 3]> {
        let parts: Vec<u64> = text.split(by).map(str::parse).collect::<Result<_, _>>().ok()?;
        parts.try_into().ok()
    };
    let [year, month, day] = numbers(date, '-').filter(|[y, m, d]| *y < 10_000 && (1..13).contains(m) && *d < 32)?;
    let time = time.split('.').next()?;
    let [hour, minute, second] = numbers(time, ':').filter(|[h, m, s]| *h < 24 && *m < 60 && *s < 61)?;
    Some((((days(year, month, day)? * 24 + hour) * 60 + minute) * 60 + second) * 1_000)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{RateLimits, Window, duration_ms, time_ms};

    fn headers(all: &[(&str, &str)]) -> Vec<(String, String)> {
        all.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn headers_of_openai_are_read() {
        let read = RateLimits::read(
            &headers(&[
                ("X-RateLimit-Limit-Requests", "60"),
                ("x-ratelimit-remaining-requests", "59"),
                ("x-ratelimit-reset-requests", "1s"),
                ("x-ratelimit-remaining-tokens", "0"),
                ("x-ratelimit-reset-tokens", "6m0s"),
            ]),
            1_000,
        );
        assert_eq!(read.requests, Window { limit: Some(60), remaining: Some(59), reset_at_ms: Some(2_000) });
        assert_eq!(read.used_up_until_ms(), Some(361_000));
    }

    #[test]
    fn headers_of_anthropic_are_read() {
        let read = RateLimits::read(
            &headers(&[
                ("anthropic-ratelimit-requests-limit", "50"),
                ("anthropic-ratelimit-requests-remaining", "0"),
                ("anthropic-ratelimit-requests-reset", "1970-01-02T00:00:01Z"),
            ]),
            0,
        );
        assert_eq!(read.requests, Window { limit: Some(50), remaining: Some(0), reset_at_ms: Some(86_401_000) });
        assert_eq!((read.tokens, read.used_up_until_ms()), (Window::default(), Some(86_401_000)));
        assert_eq!(RateLimits::read(&[], 0).used_up_until_ms(), None);
    }

    #[test]
    fn durations_and_times_are_read_or_left() {
        assert_eq!(duration_ms("20ms"), Some(20));
        assert_eq!(duration_ms("1h2m3.5s"), Some(3_723_500));
        assert_eq!(duration_ms("12"), Some(12_000));
        for garbage in ["", "s", "1", "1x", "1.2.3s", "-1s", "2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "é"] {
            assert!(duration_ms(garbage).is_none_or(|_| garbage == "1") && time_ms(garbage).is_none(), "{garbage}");
        }
    }
}
