//! Languages: which ones there are, and which one is spoken now.

use std::cell::Cell;

/// A language of the console.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Lang {
    /// Spanish.
    Es,
    /// English.
    #[default]
    En,
}

thread_local! {
    static SPOKEN: Cell<Lang> = const { Cell::new(Lang::En) };
}

impl Lang {
    /// Every language, with its name in itself.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Es, "Español"), (Self::En, "English")];

    /// The tag (RFC 5646).
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Es => "es",
            Self::En => "en",
        }
    }

    /// The language of a tag, whatever its region.
    #[must_use]
    pub fn of_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().map(|(lang, _)| lang).find(|lang| tag.split('-').next() == Some(lang.tag()))
    }

    /// The one that is spoken now.
    #[must_use]
    pub fn spoken() -> Self {
        SPOKEN.get()
    }

    /// Speaks this one from now on; what is shown already has to be shown again.
    pub fn speak(self) {
        SPOKEN.set(self);
    }
}

#[cfg(test)]
mod tests {
    use super::Lang;

    #[test]
    fn a_region_is_no_other_language() {
        assert_eq!(Lang::of_tag("es-MX"), Some(Lang::Es));
        assert_eq!(Lang::of_tag("en"), Some(Lang::En));
        assert_eq!(Lang::of_tag("esx"), None);
    }
}
