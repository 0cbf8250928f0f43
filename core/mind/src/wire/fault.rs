//! What went wrong at an upstream, by who is to blame. Its words are read here and nowhere kept.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::json::{self, Members};
use super::retry_after;

/// A failure of an upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Fault {
    /// What it is.
    pub class: Class,
    /// How long the upstream wants to be left alone, milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// The HTTP status that it came with, if it was none of success.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
}

/// Kinds of failures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Class {
    /// The upstream does not accept what was asked.
    Request,
    /// The conversation is too long for the model, or the body for the upstream.
    TooLarge,
    /// A filter of the upstream refused what was asked.
    Refused,
    /// The key is missing, wrong, or may not do this.
    Key,
    /// The account behind the key has no money or no quota left.
    Payment,
    /// The upstream does not know the model.
    Model,
    /// Too many requests or tokens at once.
    Limited,
    /// The upstream has too much to do.
    Overloaded,
    /// The upstream took too long.
    Timeout,
    /// The upstream failed.
    Upstream,
    /// The connection ended before the answer did.
    Cut,
    /// What came is no answer of this kind of upstream.
    Garbage,
}

/// Who is to blame, and so who can help.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Blame {
    /// Who asks: the same request fails everywhere.
    Caller,
    /// Who has set the provider up: its key, its account, its models.
    Setup,
    /// The upstream: later, or elsewhere, the same request may work.
    Upstream,
}

impl Class {
    /// Who is to blame.
    #[must_use]
    pub const fn blame(self) -> Blame {
        match self {
            Self::Request | Self::TooLarge | Self::Refused => Blame::Caller,
            Self::Key | Self::Payment | Self::Model => Blame::Setup,
            Self::Limited | Self::Overloaded | Self::Timeout | Self::Upstream | Self::Cut | Self::Garbage => {
                Blame::Upstream
            }
        }
    }

    /// Whether another provider may be asked: one whose model is larger, whose filter is another, whose key works. A
    /// request that is wrong in itself is wrong everywhere.
    #[must_use]
    pub const fn falls_back(self) -> bool {
        !matches!(self, Self::Request)
    }

    /// Whether the same upstream may be asked again at once or after what it says.
    #[must_use]
    pub const fn is_transient(self) -> bool {
        matches!(self.blame(), Blame::Upstream)
    }

    /// What a caller is told.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Request => "the provider does not accept the request",
            Self::TooLarge => "the conversation is too long for the model",
            Self::Refused => "the provider's filter refused the request",
            Self::Key => "the provider does not accept the key that is set up for it",
            Self::Payment => "the account at the provider has no money or no quota left",
            Self::Model => "the provider does not know the model",
            Self::Limited => "the provider limits the rate of requests",
            Self::Overloaded => "the provider has too much to do",
            Self::Timeout => "the provider took too long",
            Self::Upstream => "the provider failed",
            Self::Cut => "the provider's answer ended before it was whole",
            Self::Garbage => "the provider's answer cannot be read",
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str(self.class.detail())
    }
}

impl std::error::Error for Fault {}

impl Fault {
    /// A failure without more to say.
    #[must_use]
    pub const fn of(class: Class) -> Self {
        Self { class, retry_after_ms: None, status: None }
    }

    /// Reads an answer whose status says that it failed.
    pub(super) fn of_answer(status: u16, headers: &[(String, String)], body: &[u8]) -> Self {
        let raw = std::str::from_utf8(body).ok().and_then(|text| json::raw(text).ok());
        let words = raw.map(Words::of).unwrap_or_default();
        Self {
            class: words.class(Some(status)),
            retry_after_ms: retry_after::of_headers(headers).or(words.retry_after_ms),
            status: Some(status),
        }
    }

    /// Reads an error object that came in an answer that had begun well.
    pub(super) fn of_error(error: &RawValue) -> Self {
        let words = Words::of(error);
        Self { class: words.class(None), retry_after_ms: words.retry_after_ms, status: None }
    }
}

/// What an upstream says about a failure, for as long as it takes to classify it.
#[derive(Default)]
struct Words {
    /// Names of kinds: `type`, `code`, `status`, and Google's reasons.
    names: Vec<String>,
    message: String,
    code: Option<u16>,
    retry_after_ms: Option<u64>,
}

impl Words {
    /// Reads `{"error": {…}}`, the same in an array (Gemini), and the error object alone (vLLM, events of streams).
    fn of(raw: &RawValue) -> Self {
        let first = json::array(raw).first().copied().unwrap_or(raw);
        let outer = Members::of(first);
        let error = if outer.raw("error").is_some() { outer.object("error") } else { outer };
        let mut words = Self::default();
        for name in ["type", "code", "status"] {
            words.names.extend(error.text(name).map(|text| text.to_ascii_lowercase()));
        }
        words.message = error.text("message").map(|text| text.to_ascii_lowercase()).unwrap_or_default();
        words.code = error.number("code").and_then(|code| u16::try_from(code).ok());
        for detail in error.array("details").into_iter().map(Members::of) {
            words.names.extend(detail.text("reason").map(|text| text.to_ascii_lowercase()));
            let delay = detail.text("retryDelay").and_then(|text| retry_after::seconds(text.strip_suffix('s')?));
            words.retry_after_ms = words.retry_after_ms.or(delay);
        }
        words
    }

    fn is(&self, names: &[&str]) -> bool {
        self.names.iter().any(|name| names.contains(&name.as_str()))
    }

    fn class(&self, status: Option<u16>) -> Class {
        let too_long = ["prompt is too long", "maximum context length", "context size", "context window"];
        if self.is(&["insufficient_quota", "billing_hard_limit_reached", "billing_error", "insufficient_credits"]) {
            return Class::Payment;
        }
        if self.is(&["context_length_exceeded", "exceed_context_size_error", "request_too_large"])
            || too_long.iter().any(|text| self.message.contains(text))
        {
            return Class::TooLarge;
        }
        // Gemini answers 400 to a wrong key.
        if self.is(&["api_key_invalid", "invalid_api_key", "authentication_error", "permission_error"]) {
            return Class::Key;
        }
        if self.is(&["model_not_found", "not_found_error"]) {
            return Class::Model;
        }
        if self.is(&["content_filter", "content_policy_violation", "image_content_policy_violation", "bio_policy"]) {
            return Class::Refused;
        }
        match status.or(self.code) {
            Some(status) => of_status(status),
            None => self.class_by_name(),
        }
    }

    /// In the middle of a stream there is no status.
    fn class_by_name(&self) -> Class {
        if self.is(&["rate_limit_error", "rate_limit_exceeded", "resource_exhausted"]) {
            Class::Limited
        } else if self.is(&["overloaded_error", "unavailable", "unavailable_error"]) {
            Class::Overloaded
        } else if self.is(&["timeout_error", "deadline_exceeded", "vector_store_timeout"]) {
            Class::Timeout
        } else if self.is(&["invalid_request_error", "invalid_prompt", "invalid_argument"]) {
            Class::Request
        } else {
            Class::Upstream
        }
    }
}

const fn of_status(status: u16) -> Class {
    match status {
        401 | 403 => Class::Key,
        402 => Class::Payment,
        404 => Class::Model,
        408 | 504 | 524 => Class::Timeout,
        413 => Class::TooLarge,
        429 => Class::Limited,
        503 | 529 => Class::Overloaded,
        400..=499 => Class::Request,
        _ => Class::Upstream,
    }
}

/// Classifies what the Workers AI binding throws by the number in its message (Cloudflare's list of Workers AI errors).
#[must_use]
pub fn of_binding(message: &str) -> Fault {
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter(|digits| digits.len() == 4);
    let class = numbers.filter_map(|digits| match digits.parse().unwrap_or(0) {
        5004 | 5005 | 5019 | 3003 | 3039 => Some(Class::Request),
        3006 => Some(Class::TooLarge),
        5016 | 5018 | 3023 | 3041 => Some(Class::Key),
        5007 | 3042 => Some(Class::Model),
        3007 | 3008 => Some(Class::Timeout),
        // The day's free allocation is used up: no waiting of seconds helps.
        3036 => Some(Class::Payment),
        3040 => Some(Class::Overloaded),
        _ => None,
    });
    Fault::of(class.into_iter().next().unwrap_or(Class::Upstream))
}
