//! What providers have to look like.

use std::collections::BTreeSet;

use super::{ModelRow, ProviderRow, Timeouts};
use crate::wire::Wire;
use crate::wire::front::Invalid;

/// A tenant has so many providers at most,
const PROVIDERS_MAX: usize = 32;
/// each with so many models.
const MODELS_MAX: usize = 64;
/// An id has so many characters at most,
const ID_MAX_CHARS: usize = 32;
/// a model's name so many,
const NAME_MAX_CHARS: usize = 128;
/// and a URL so many.
const URL_MAX_CHARS: usize = 512;
/// Nothing may take longer: half an hour, milliseconds.
const TIMEOUT_MAX_MS: u32 = 30 * 60 * 1_000;
/// A provider is asked again so often at most.
const RETRIES_MAX: u8 = 3;
/// A thousand dollars for a million tokens, in micro-USD: what costs more is a slip of units.
const PRICE_MAX: u64 = 1_000 * 1_000_000;

/// Finds all that is wrong with a tenant's providers; pointers lead into the list.
pub fn check(rows: &[ProviderRow]) -> Result<(), Vec<Invalid>> {
    let mut faults = Vec::new();
    if rows.len() > PROVIDERS_MAX {
        faults.push(Invalid::new("", format!("at most {PROVIDERS_MAX} providers")));
    }
    let mut ids = BTreeSet::new();
    for (place, row) in rows.iter().enumerate() {
        let mut at = |member: &str, detail: &str| faults.push(Invalid::new(format!("/{place}/{member}"), detail));
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if row.id.is_empty() || row.id.len() > ID_MAX_CHARS || !row.id.bytes().all(plain) {
            at("id", "1 to 32 lower-case letters, digits and dashes");
        }
        if !ids.insert(&row.id) {
            at("id", "another provider has this id");
        }
        if row.kind == Wire::WorkersAi {
            if !row.base_url.is_empty() {
                at("baseUrl", "the binding has none");
            }
        } else if let Some(detail) = wrong_url(&row.base_url) {
            at("baseUrl", detail);
        }
        if row.models.is_empty() || row.models.len() > MODELS_MAX {
            at("models", "1 to 64 models");
        }
        if row.retries > RETRIES_MAX {
            at("retries", "0 to 3");
        }
        if row.breaker.failures == 0 || !(1..=TIMEOUT_MAX_MS).contains(&row.breaker.open_ms) {
            at("breaker", "at least one failure, and 1 to 1,800,000 milliseconds");
        }
        let Timeouts { first_byte_ms, idle_ms, total_ms } = row.timeouts;
        if [first_byte_ms, idle_ms, total_ms].iter().any(|ms| !(1..=TIMEOUT_MAX_MS).contains(ms)) {
            at("timeouts", "1 to 1,800,000 milliseconds each");
        }
        let mut names = BTreeSet::new();
        for (model_place, model) in row.models.iter().enumerate() {
            if !names.insert(&model.name) {
                at(&format!("models/{model_place}/name"), "another model of this provider has this name");
            }
            if let Some((member, detail)) = wrong_model(model) {
                at(&format!("models/{model_place}/{member}"), detail);
            }
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

fn wrong_model(model: &ModelRow) -> Option<(&'static str, &'static str)> {
    // Names of providers stand in URLs: nothing that a URL reads in another way.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':' | b'/' | b'@');
    let is_name = |name: &str| {
        let fits = !name.is_empty() && name.len() <= NAME_MAX_CHARS && name.bytes().all(plain);
        fits && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
    };
    let is_price = |price: u64| price <= PRICE_MAX;
    if !is_name(&model.name) || model.name == super::route::ANY_MODEL {
        Some(("name", "1 to 128 of A-Z a-z 0-9 - _ . : / @, and not auto"))
    } else if !is_name(&model.upstream) {
        Some(("upstream", "1 to 128 of A-Z a-z 0-9 - _ . : / @"))
    } else if model.max_output_tokens == 0 || model.max_output_tokens > model.context_tokens {
        Some(("maxOutputTokens", "above zero, and not above contextTokens"))
    } else if ![model.prices.input, model.prices.cached_input, model.prices.output].into_iter().all(is_price) {
        Some(("prices", "micro-USD for a million tokens: at most 1,000,000,000 each"))
    } else {
        None
    }
}

/// Only what every URL parser reads in one way, and https unless it is this machine.
fn wrong_url(url: &str) -> Option<&'static str> {
    let Some((scheme, rest)) = url.split_once("://") else {
        return Some("a whole URL, https://host/path");
    };
    let (host, path) = rest.split_once('/').map_or((rest, None), |(host, path)| (host, Some(path)));
    let (name, port) = host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port)));
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'.' | b'-');
    if name.is_empty() || !name.bytes().all(plain) || port.is_some_and(|port| port.parse::<u16>().is_err()) {
        return Some("the host is a name in lower case, with or without a port; no user, no IPv6 address");
    }
    let in_path = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
    let is_part = |part: &str| !matches!(part, "" | "." | "..") && part.bytes().all(in_path);
    if url.len() > URL_MAX_CHARS || path.is_some_and(|path| !path.split('/').all(is_part)) {
        return Some("a path of A-Z a-z 0-9 - _ . ~, without a slash at its end, a query or a fragment");
    }
    // As URL parsers tell an address in numbers: by its last part (URL standard, "ends in a number").
    let is_name = name.rsplit('.').next().is_some_and(|last| last.starts_with(|c: char| c.is_ascii_lowercase()));
    match scheme {
        "https" if !is_name => Some("a host by its name, not an address in numbers"),
        "https" => None,
        "http" if matches!(name, "localhost" | "127.0.0.1") => None,
        _ => Some("https; http is for this machine only"),
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{check, wrong_url};
    use crate::models::ProviderRow;
    use crate::models::tests::row;
    use crate::wire::Wire;

    #[test]
    fn base_urls_are_https_unless_they_are_this_machine() {
        for url in [
            "https://api.openai.com/v1",
            "https://models.example",
            "http://127.0.0.1:8080/v1",
            "http://localhost:8080",
            "https://gateway.ai.cloudflare.com/v1/0ab/g1/compat",
        ] {
            assert_eq!(wrong_url(url), None, "{url}");
        }
        for url in [
            "",
            "api.openai.com/v1",
            "http://api.openai.com/v1",
            "http://127.0.0.1.example/v1",
            "ftp://x.example",
            "https://user:pass@x.example",
            "https://x.example/v1/",
            "https://x.example/v1?key=a",
            "https://x.example/v1#a",
            "https://x.example/a/../b",
            "https://x.example:99999",
            "https://[::1]/v1",
            "https://X.example",
            "https://10.0.0.1/v1",
            "https://0x7f.1",
            "https://2130706433",
            "https://x.example\\@y.example",
            "https:///v1",
        ] {
            assert!(wrong_url(url).is_some(), "{url}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_where_it_stands() {
        let faults = |change: fn(&mut ProviderRow)| {
            let mut rows = [row("one", 1), row("two", 2)];
            change(&mut rows[1]);
            let faults = check(&rows).err().unwrap_or_default();
            faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>()
        };
        assert!(faults(|_| {}).is_empty());
        assert_eq!(faults(|row| row.id = "one".to_owned()), ["/1/id"]);
        assert_eq!(faults(|row| row.id = "Two".to_owned()), ["/1/id"]);
        assert_eq!(faults(|row| row.base_url = "http://x.example".to_owned()), ["/1/baseUrl"]);
        assert_eq!(faults(|row| row.kind = Wire::WorkersAi), ["/1/baseUrl"]);
        assert_eq!(faults(|row| row.models.clear()), ["/1/models"]);
        assert_eq!(faults(|row| row.models.push(row.models[0].clone())), ["/1/models/1/name"]);
        assert_eq!(faults(|row| row.models[0].name = "auto".to_owned()), ["/1/models/0/name"]);
        assert_eq!(faults(|row| row.models[0].upstream = "a/../b?c".to_owned()), ["/1/models/0/upstream"]);
        assert_eq!(faults(|row| row.models[0].max_output_tokens = 9_000_000), ["/1/models/0/maxOutputTokens"]);
        assert_eq!(faults(|row| row.models[0].prices.output = u64::MAX), ["/1/models/0/prices"]);
        assert_eq!(faults(|row| row.retries = 9), ["/1/retries"]);
        assert_eq!(faults(|row| row.breaker.failures = 0), ["/1/breaker"]);
        assert_eq!(faults(|row| row.timeouts.idle_ms = 0), ["/1/timeouts"]);
    }

    #[test]
    fn rows_are_json_without_keys() {
        let text = r#"{"id":"openai","kind":"openai-chat","baseUrl":"https://api.openai.com/v1","models":[{
            "name":"fast","upstream":"gpt-x","prices":{"input":150000,"cachedInput":75000,"output":600000},
            "capabilities":{"tools":true},"contextTokens":128000,"maxOutputTokens":16384}]}"#;
        let row: ProviderRow = serde_json::from_str(text).unwrap();
        assert_eq!((row.priority, row.retries, row.timeouts.idle_ms, row.breaker.failures), (100, 1, 30_000, 5));
        let with_key = text.replacen('{', "{\"key\":\"sk-x\",", 1);
        assert!(serde_json::from_str::<ProviderRow>(&with_key).is_err());
    }
}
