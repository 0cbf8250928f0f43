//! What a cache may keep and answer (RFC 9111), with stale answers while it asks again or while the origin is ill
//! (RFC 5861).
//!
//! Each entry carries its own times, because caches of the platform honour neither. A purge moves the generation of a
//! tag, which is a part of the key of every entry that has the tag: what was kept before is never found again.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

mod control;
mod status;

pub use control::Control;
pub use status::{Forward, Status};

const MS_PER_S: u64 = 1_000;
/// Nothing is kept longer, a week: the clocks of purges and entries have to remember no more.
pub const KEEP_MAX_S: u32 = 7 * 86_400;
/// A body that is kept has at most so many bytes: it passes through memory once.
pub const BODY_MAX_BYTES: usize = 2 * 1024 * 1024;
/// A list of headers or tags may have so many entries.
const LIST_MAX: usize = 8;
/// Statuses that are kept (RFC 9110 section 15.1, those that need no further rule).
const STATUSES: [u16; 6] = [200, 203, 301, 308, 404, 410];

/// What a route has cached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CacheRule))]
pub struct Rule {
    /// How long an answer is fresh if the origin does not say, seconds.
    pub ttl_s: u32,
    /// How long a stale one is answered while one request asks again, seconds.
    #[serde(default)]
    pub stale_s: u32,
    /// How long a stale one is answered while the origin fails, seconds.
    #[serde(default)]
    pub stale_on_error_s: u32,
    /// Headers of requests, in lower case, by whose values answers differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vary: Vec<String>,
    /// Tags by which answers are purged, beside the route's name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// What happens to requests with credentials.
    #[serde(default)]
    pub credentials: Credentials,
}

/// What happens to requests that carry credentials: `Authorization` or `Cookie`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CacheCredentials))]
pub enum Credentials {
    /// They pass the cache by.
    #[default]
    Bypass,
    /// Each credential has answers of its own.
    Apart,
}

impl Rule {
    /// The fields that are wrong, with what is wrong.
    #[must_use]
    pub fn faults(&self) -> Vec<(String, String)> {
        let mut faults = Vec::new();
        let times = [("ttlS", self.ttl_s), ("staleS", self.stale_s), ("staleOnErrorS", self.stale_on_error_s)];
        for (field, _) in times.iter().filter(|(_, seconds)| *seconds > KEEP_MAX_S) {
            faults.push(((*field).to_owned(), format!("at most {KEEP_MAX_S} seconds")));
        }
        let header = |name: &String| !matches!(name.as_str(), "authorization" | "cookie") && is_name(name, 64);
        if self.vary.len() > LIST_MAX || !self.vary.iter().all(header) {
            faults.push(("vary".to_owned(), format!("at most {LIST_MAX} headers in lower case, no credentials")));
        }
        if self.tags.len() > LIST_MAX || !self.tags.iter().all(|tag| is_tag(tag)) {
            faults.push(("tags".to_owned(), format!("at most {LIST_MAX} tags of 1 to 32 characters")));
        }
        faults
    }
}

fn is_name(name: &str, max: usize) -> bool {
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'-' | b'_');
    (1..=max).contains(&name.len()) && name.bytes().all(fits)
}

/// Whether a text is a tag: 1 to 32 lower-case letters, digits, dashes and underscores.
#[must_use]
pub fn is_tag(tag: &str) -> bool {
    is_name(tag, 32)
}

/// What a request asks of a cache.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Its method.
    pub method: &'a str,
    /// Its `Authorization` and `Cookie`, if it has any.
    pub credential: Option<&'a str>,
    /// Its `Cache-Control`.
    pub control: &'a str,
    /// Whether it asks for a part (`Range`), or has a body or an upgrade.
    pub special: bool,
}

/// Why a request passes the cache by; `None` if it does not.
#[must_use]
pub fn bypass(rule: &Rule, asked: &Asked<'_>) -> Option<Forward> {
    if !matches!(asked.method, "GET" | "HEAD") {
        return Some(Forward::Method);
    }
    let stranger = asked.credential.is_some() && rule.credentials == Credentials::Bypass;
    (stranger || asked.special || Control::parse(asked.control).no_store).then_some(Forward::Bypass)
}

/// The times of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Times {
    /// When it was kept, Unix milliseconds.
    pub stored_ms: u64,
    /// For so long it is fresh, milliseconds.
    pub fresh_ms: u64,
    /// For so long after that it is answered while one request asks again.
    pub stale_ms: u64,
    /// For so long after its freshness it is answered while the origin fails.
    pub error_ms: u64,
}

/// How an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It answers.
    Fresh,
    /// It answers while one request asks again.
    Stale,
    /// It answers only if the origin fails.
    OnError,
    /// It does not answer.
    Expired,
}

/// What an answer says about itself.
#[derive(Debug, Clone, Copy)]
pub struct Answered<'a> {
    /// Its status.
    pub status: u16,
    /// Its `Cache-Control`.
    pub control: &'a str,
    /// Its `Vary`.
    pub vary: &'a str,
    /// Its `Age`, seconds.
    pub age_s: u32,
    /// Whether it sets a cookie.
    pub sets_cookie: bool,
}

/// For how long an answer is kept; `None` if it is not.
#[must_use]
pub fn keep(rule: &Rule, answered: &Answered<'_>, now_ms: u64) -> Option<Times> {
    let control = Control::parse(answered.control);
    let known = |name: &str| name.is_empty() || name == "accept-encoding" || rule.vary.iter().any(|vary| vary == name);
    let varies = !answered.vary.split(',').all(|name| known(&name.trim().to_ascii_lowercase()));
    if !STATUSES.contains(&answered.status) || control.forbids() || answered.sets_cookie || varies {
        return None;
    }
    let fresh_s = control.fresh_s().map_or(rule.ttl_s, |said_s| said_s.saturating_sub(answered.age_s));
    let (stale_s, error_s) = if control.must_revalidate {
        (0, 0)
    } else {
        (control.stale_s.unwrap_or(rule.stale_s), control.error_s.unwrap_or(rule.stale_on_error_s))
    };
    let ms = |seconds: u32| u64::from(seconds.min(KEEP_MAX_S)) * MS_PER_S;
    let times = Times { stored_ms: now_ms, fresh_ms: ms(fresh_s), stale_ms: ms(stale_s), error_ms: ms(error_s) };
    (times.keep_ms() > 0).then_some(times)
}

impl Times {
    /// How long the entry is of any use, milliseconds.
    #[must_use]
    pub fn keep_ms(&self) -> u64 {
        self.fresh_ms + self.stale_ms.max(self.error_ms)
    }

    /// How it is. An entry from a clock that is ahead is as if it were kept now.
    #[must_use]
    pub fn freshness(&self, now_ms: u64) -> Freshness {
        match self.age_ms(now_ms) {
            age_ms if age_ms < self.fresh_ms => Freshness::Fresh,
            age_ms if age_ms < self.fresh_ms + self.stale_ms => Freshness::Stale,
            age_ms if age_ms < self.fresh_ms + self.error_ms => Freshness::OnError,
            _ => Freshness::Expired,
        }
    }

    /// How old it is, milliseconds.
    #[must_use]
    pub const fn age_ms(&self, now_ms: u64) -> u64 {
        now_ms.saturating_sub(self.stored_ms)
    }

    /// How long it is fresh still, seconds; below zero once it is stale (RFC 9211 section 2.3).
    #[must_use]
    pub fn ttl_s(&self, now_ms: u64) -> i64 {
        let left = i64::try_from(self.fresh_ms).unwrap_or(i64::MAX) - i64::try_from(self.age_ms(now_ms)).unwrap_or(0);
        left.div_euclid(1_000)
    }

    /// As it stands in a header of the entry.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{} {} {} {}", self.stored_ms, self.fresh_ms, self.stale_ms, self.error_ms)
    }

    /// From a header of an entry.
    #[must_use]
    pub fn from_text(text: &str) -> Option<Self> {
        let numbers: Vec<u64> = text.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
        let [stored_ms, fresh_ms, stale_ms, error_ms] = numbers[..] else {
            return None;
        };
        Some(Self { stored_ms, fresh_ms, stale_ms, error_ms })
    }
}

/// The name of an entry: a hash over everything by which answers differ. Each part is led by its length, so that no two
/// lists of parts meet.
#[must_use]
pub fn key<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests;
