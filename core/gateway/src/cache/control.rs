//! `Cache-Control` (RFC 9111 section 5.2, RFC 5861).

/// What a `Cache-Control` says that matters to a shared cache.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Control {
    /// `no-store`
    pub no_store: bool,
    /// `private` or `no-cache`: only who asked may have the answer, or only after asking again.
    pub restricted: bool,
    /// `must-revalidate` or `proxy-revalidate`
    pub must_revalidate: bool,
    /// `max-age`, seconds.
    pub max_age_s: Option<u32>,
    /// `s-maxage`, seconds.
    pub s_maxage_s: Option<u32>,
    /// `stale-while-revalidate`, seconds.
    pub stale_s: Option<u32>,
    /// `stale-if-error`, seconds.
    pub error_s: Option<u32>,
}

impl Control {
    /// Reads a header. A directive that comes twice counts as its shortest time; one that cannot be read as no time.
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut control = Self::default();
        for directive in text.split(',') {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim().trim_matches('"'));
            let seconds = || {
                let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
                // Times that no number holds are as good as for ever (RFC 9111 section 1.2.2).
                if digits { value.parse().unwrap_or(u32::MAX) } else { 0 }
            };
            let shorter = |known: Option<u32>| Some(known.map_or_else(seconds, |known| known.min(seconds())));
            match name.as_str() {
                "no-store" => control.no_store = true,
                "private" | "no-cache" => control.restricted = true,
                "must-revalidate" | "proxy-revalidate" => control.must_revalidate = true,
                "max-age" => control.max_age_s = shorter(control.max_age_s),
                "s-maxage" => control.s_maxage_s = shorter(control.s_maxage_s),
                "stale-while-revalidate" => control.stale_s = shorter(control.stale_s),
                "stale-if-error" => control.error_s = shorter(control.error_s),
                _ => {}
            }
        }
        control
    }

    /// Whether an answer with it is not kept.
    #[must_use]
    pub const fn forbids(&self) -> bool {
        self.no_store || self.restricted
    }

    /// How long it says that an answer is fresh, seconds.
    #[must_use]
    pub fn fresh_s(&self) -> Option<u32> {
        self.s_maxage_s.or(self.max_age_s)
    }
}
