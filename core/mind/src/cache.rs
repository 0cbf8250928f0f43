//! Answers that were given before: to which requests they are given again, and what is told of it.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::wire::{ChatRequest, Reply, StopReason};

/// An answer is given again for a day at most, seconds.
pub const AGE_MAX_S: u32 = 86_400;
/// An answer that is kept has so many bytes at most, as JSON: a row of SQLite has 2 MB.
pub const ENTRY_MAX_BYTES: usize = 256 * 1024;
/// One counts as so many bytes at least, so that small ones are not without a number,
pub const ENTRY_MIN_BYTES: u64 = 1_024;
/// and a tenant has so many bytes of them; the oldest go first.
pub const TENANT_MAX_BYTES: u64 = 8 << 20;

/// What a caller allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Caching {
    /// How old an answer may be that is given again, seconds.
    pub max_age_s: u32,
}

impl Caching {
    /// Whether it is within the bound.
    #[must_use]
    pub fn is_valid(self) -> bool {
        (1..=AGE_MAX_S).contains(&self.max_age_s)
    }
}

/// What a request is known by: SHA-256 of everything that can change its answer, byte for byte, hex. How the answer is
/// sent changes nothing in it.
#[must_use]
pub fn key(request: &ChatRequest) -> String {
    let same = ChatRequest { stream: false, cache: None, ..request.clone() };
    // A request that was read from JSON can be written as JSON.
    hex::encode(Sha256::digest(serde_json::to_vec(&same).unwrap_or_default()))
}

/// Whether an answer is given again: one that is whole and was not withheld.
#[must_use]
pub fn keeps(reply: &Reply) -> bool {
    matches!(reply.stop, StopReason::End | StopReason::ToolUse) && reply.refusal.is_empty()
}

/// What became of a request that allows an older answer, as `Cache-Status` (RFC 9211 section 2) tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It was answered by an older answer.
    Hit {
        /// For how long it still would be, seconds.
        ttl_s: u64,
    },
    /// There was none.
    Miss,
    /// There was one that is older than the request allows.
    Old,
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hit { ttl_s } => write!(out, "aion-mind; hit; ttl={ttl_s}"),
            Self::Miss => write!(out, "aion-mind; fwd=miss"),
            Self::Old => write!(out, "aion-mind; fwd=request"),
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{AGE_MAX_S, Caching, Reply, Status, StopReason, keeps, key};
    use crate::wire::front::{read, read_own};
    use crate::wire::{Event, Usage, fold};

    fn asked(rest: &str) -> String {
        let body = format!(r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}]{rest}}}"#);
        key(&read(&body).unwrap().request)
    }

    #[test]
    fn a_request_is_known_by_what_can_change_its_answer() {
        let plain = asked("");
        for same in [r#","stream":true"#, r#","cache":{"max_age_s":60}"#, r#","user":"ana""#] {
            assert_eq!(asked(same), plain, "{same}");
        }
        let schema = |properties: &str| {
            let schema = format!(r#"{{"type":"object","properties":{properties}}}"#);
            format!(r#","response_format":{{"type":"json_schema","json_schema":{{"name":"a","schema":{schema}}}}}"#)
        };
        let others = [
            r#","temperature":0.5"#.to_owned(),
            r#","max_tokens":5"#.to_owned(),
            r#","stop":"x""#.to_owned(),
            schema(r#"{"a":{},"b":{}}"#),
            // Models follow the order of properties.
            schema(r#"{"b":{},"a":{}}"#),
        ];
        let mut keys: Vec<String> = others.iter().map(|rest| asked(rest)).chain([plain]).collect();
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), others.len() + 1);
    }

    #[test]
    fn both_languages_mean_the_same() {
        let own = r#"{"model":"m","messages":[{"role":"user","parts":[{"text":"Hi"}]}],"cache":{"maxAgeS":60}}"#;
        let own = read_own(own).unwrap();
        assert_eq!((key(&own), own.cache), (asked(""), Some(Caching { max_age_s: 60 })));
        for wrong in [0, AGE_MAX_S + 1] {
            let theirs = format!(
                r#"{{"model":"m","messages":[{{"role":"user","content":"Hi"}}],"cache":{{"max_age_s":{wrong}}}}}"#
            );
            assert_eq!(read(&theirs).unwrap_err().pointer, "/cache/max_age_s");
            let turns = r#"[{"role":"user","parts":[{"text":"Hi"}]}]"#;
            let own = format!(r#"{{"model":"m","messages":{turns},"cache":{{"maxAgeS":{wrong}}}}}"#);
            assert_eq!(read_own(&own).unwrap_err().pointer, "/cache/maxAgeS");
        }
    }

    fn reply(stop: StopReason) -> Reply {
        let start = Event::ToolStart { index: 1, id: "c1".to_owned(), name: "add".to_owned() };
        let arguments = Event::ToolArgs { index: 1, json: r#"{"a":1}"#.to_owned() };
        let usage = Event::Usage(Usage { input: 3, output: 5, ..Usage::default() });
        let text = |text: &str| Event::TextDelta(text.to_owned());
        let thought = Event::ReasoningDelta("hm".to_owned());
        let end = Event::Stop { reason: stop, raw: "stop".to_owned() };
        fold([thought, text("a"), start, arguments, text("b"), usage, end]).unwrap()
    }

    #[test]
    fn an_answer_is_the_same_the_second_time() {
        let first = reply(StopReason::ToolUse);
        assert_eq!(fold(first.events()).unwrap(), first);
    }

    #[test]
    fn only_what_is_whole_and_was_not_withheld_is_given_again() {
        for stop in [StopReason::End, StopReason::ToolUse] {
            assert!(keeps(&reply(stop)));
        }
        for stop in [StopReason::Length, StopReason::Refusal, StopReason::Pause, StopReason::Other] {
            assert!(!keeps(&reply(stop)), "{stop:?}");
        }
        let refused = Reply { refusal: "no".to_owned(), ..reply(StopReason::End) };
        assert!(!keeps(&refused));
    }

    #[test]
    fn what_became_of_it_is_told_in_the_words_of_rfc_9211() {
        let all = [Status::Hit { ttl_s: 7 }, Status::Miss, Status::Old].map(|status| status.to_string());
        assert_eq!(all, ["aion-mind; hit; ttl=7", "aion-mind; fwd=miss", "aion-mind; fwd=request"]);
    }
}
