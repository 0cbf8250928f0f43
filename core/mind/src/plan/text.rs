//! Texts within plans: each with its alphabet and its length, from the first character to the last.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::schema::Schema;

/// Ids of steps and handles have so many characters at most.
pub const NAME_MAX_CHARS: usize = 32;
/// A free text has so many characters at most: a question to an approver.
pub const TEXT_MAX_CHARS: usize = 500;
/// A literal in a money position has so many characters at most: a DID, which is the longest.
pub const LITERAL_MAX_CHARS: usize = 512;

/// Why a text is not what it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NotThis(&'static str);

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $fits:expr, $rule:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads it.
            pub fn parse(text: impl Into<String>) -> Result<Self, NotThis> {
                let text = text.into();
                if $fits(text.as_str()) { Ok(Self(text)) } else { Err(NotThis($rule)) }
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = NotThis;

            fn try_from(text: String) -> Result<Self, NotThis> {
                Self::parse(text)
            }
        }

        impl Schema for $name {
            fn schema() -> Value {
                json!({ "type": "string", "description": $rule })
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// The id of a step, or the handle of an input: part of a CEL identifier, so no hyphen.
    Name,
    is_name,
    "1 to 32 of a-z, 0-9 and _, beginning with a letter"
);
text!(
    /// The output of an earlier step.
    Output,
    |text: &str| text.split_once('.').is_some_and(|(step, output)| is_name(step) && is_name(output)),
    "the id of an earlier step, a dot, and the name of its output"
);
text!(
    /// A literal in a money position.
    Literal,
    |text: &str| bounded(text, LITERAL_MAX_CHARS) && text.bytes().all(|byte| byte.is_ascii_graphic()),
    "1 to 512 visible characters of ASCII"
);
text!(
    /// A text for people.
    Text,
    |text: &str| bounded(text, TEXT_MAX_CHARS) && !text.chars().any(is_hidden),
    "1 to 500 characters, none of them invisible"
);

impl Output {
    /// The step, and the name of its output.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.0.split_once('.').unwrap_or((&self.0, ""))
    }
}

/// Whether a text can name a step or an input.
#[must_use]
pub fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.len() <= NAME_MAX_CHARS
        && text.as_bytes().first().is_some_and(u8::is_ascii_lowercase)
        && text.bytes().all(inner)
}

fn bounded(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count())
}

/// Characters that a reader does not see, or that change what is seen around them: controls, and the format characters
/// (Unicode general category Cf) and fillers that are abused for it.
#[must_use]
pub fn is_hidden(char: char) -> bool {
    char.is_control()
        || matches!(
            char,
            '\u{ad}'
                | '\u{34f}'
                | '\u{600}'..='\u{605}'
                | '\u{61c}'
                | '\u{6dd}'
                | '\u{70f}'
                | '\u{115f}'
                | '\u{1160}'
                | '\u{17b4}'
                | '\u{17b5}'
                | '\u{180b}'..='\u{180f}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{3164}'
                | '\u{fe00}'..='\u{fe0f}'
                | '\u{feff}'
                | '\u{ffa0}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{1bca0}'..='\u{1bca3}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}
