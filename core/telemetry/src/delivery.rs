//! How often, and when, a message that did not arrive is sent again.

/// Seconds between a try and the next one: from one that lost a packet to one that waits for somebody to wake up.
const RETRY_AFTER_S: [u32; 12] = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1_200, 2_400, 3_600];

/// How long to wait after so many tries that failed, milliseconds; `None` if that was the last.
#[must_use]
pub fn retry_after_ms(tries: u32) -> Option<u64> {
    let wait_s = RETRY_AFTER_S.get(usize::try_from(tries.checked_sub(1)?).ok()?)?;
    Some(u64::from(*wait_s) * 1_000)
}

/// The URL of a webhook: over https, or over http on this machine alone; at most 2,048 printable characters, without a
/// name or password.
#[must_use]
pub fn is_webhook_url(url: &str) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let (host, port) = authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port)));
    let local = matches!(host, "localhost" | "127.0.0.1");
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'.';
    let last = host.rsplit('.').next().unwrap_or_default();
    // An address in numbers could be one of a private network.
    let numeric = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    let port = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|number| number > 0));
    let printable = url.len() <= 2_048 && url.bytes().all(|byte| byte.is_ascii_graphic());
    let named = !host.is_empty() && host.bytes().all(fits) && (local || !numeric);
    printable && port && named && (scheme == "https" || (scheme == "http" && local))
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{is_webhook_url, retry_after_ms};

    #[test]
    fn twelve_retries_from_a_second_to_an_hour() {
        let waits: Vec<u64> = (1..).map_while(retry_after_ms).collect();
        assert_eq!((waits.len(), waits[0], waits[11]), (12, 1_000, 3_600_000));
        assert!(waits.is_sorted());
        assert_eq!(retry_after_ms(0), None);
    }

    #[test]
    fn webhooks_are_safe_or_local() {
        for url in ["https://hooks.example.com/a?b=c", "http://127.0.0.1:9000/", "http://localhost", "https://a.b:8443"]
        {
            assert!(is_webhook_url(url), "{url}");
        }
        for url in [
            "http://hooks.example.com/",
            "https://10.0.0.1/",
            "https://0x7f.1",
            "https://[::1]/",
            "https://user@example.com/",
            "https:///a",
            "https://a.b:0",
            "https://a b/",
            "http://127.0.0.1.evil.example/",
            "ftp://a.b",
            "",
        ] {
            assert!(!is_webhook_url(url), "{url}");
        }
    }
}
