//! `Cache-Status` (RFC 9211): what the cache did with a request.

use std::fmt::Write;

/// The name of our cache.
const NAME: &str = "aion";

/// Why a request went on (section 2.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forward {
    /// The cache is not to be used.
    Bypass,
    /// Its method is not cached.
    Method,
    /// Nothing was kept for it.
    Miss,
    /// What was kept is too old.
    Stale,
}

/// What the cache did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It answered.
    Hit {
        /// How long the answer is fresh still, seconds; below zero if it is stale.
        ttl_s: i64,
        /// Whether it answered for an origin that failed.
        for_error: bool,
    },
    /// The request went on.
    Forwarded {
        /// Why.
        why: Forward,
        /// The status of the origin's answer, if there was one.
        status: Option<u16>,
        /// Whether the answer was kept.
        stored: bool,
        /// Whether it went on with others as one.
        collapsed: bool,
    },
}

impl Status {
    /// The header's value.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = NAME.to_owned();
        // Writing to a string cannot fail.
        match self {
            Self::Hit { ttl_s, for_error } => {
                _ = write!(text, "; hit; ttl={ttl_s}");
                text.push_str(if *for_error { "; detail=ORIGIN_FAILED" } else { "" });
            }
            Self::Forwarded { why, status, stored, collapsed } => {
                let why = match why {
                    Forward::Bypass => "bypass",
                    Forward::Method => "method",
                    Forward::Miss => "uri-miss",
                    Forward::Stale => "stale",
                };
                _ = write!(text, "; fwd={why}");
                if let Some(status) = status {
                    _ = write!(text, "; fwd-status={status}");
                }
                text.push_str(if *stored { "; stored" } else { "" });
                text.push_str(if *collapsed { "; collapsed" } else { "" });
            }
        }
        text
    }
}
