//! The macro that makes the table of texts, and the check of their holes at compile time.

/// Which holes a text has, as bits; a brace that is none of them fails the build.
#[allow(clippy::panic, reason = "it runs at compile time alone, where a panic is an error of the build")]
pub const fn holes(text: &str) -> u8 {
    let bytes = text.as_bytes();
    let (mut place, mut found) = (0, 0);
    while place < bytes.len() {
        if bytes[place] == b'{' {
            assert!(place + 2 < bytes.len() && bytes[place + 2] == b'}', "a hole is a digit from 0 to 7 in braces");
            assert!(bytes[place + 1] >= b'0' && bytes[place + 1] <= b'7', "a hole is a digit from 0 to 7 in braces");
            found |= 1 << (bytes[place + 1] - b'0');
        }
        place += 1;
    }
    found
}

/// Makes the table: each line a name, Spanish, English.
macro_rules! texts {
    ($($name:ident $es:literal $en:literal;)*) => {
        /// Everything that the console says.
        #[allow(clippy::doc_markdown, reason = "the documents of texts are the texts")]
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Text { $(#[doc = $en] $name,)* }

        impl Text {
            /// Every text.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The text in a language.
            #[must_use]
            pub const fn in_language(self, lang: $crate::lang::Lang) -> &'static str {
                match lang {
                    $crate::lang::Lang::Es => match self { $(Self::$name => $es,)* },
                    $crate::lang::Lang::En => match self { $(Self::$name => $en,)* },
                }
            }
        }

        $(const _: () = assert!(
            $crate::text::holes::holes($es) == $crate::text::holes::holes($en),
            concat!(stringify!($name), ": its languages have different holes"),
        );)*
    };
}
