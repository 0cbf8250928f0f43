//! What the console says, in every language. A text that lacks a language, or whose languages do not have the same
//! holes, does not compile.

use crate::lang::Lang;

#[macro_use]
mod holes;
#[macro_use]
mod first;
#[macro_use]
mod second;
#[macro_use]
mod third;
mod table;

pub use table::Text;

/// A text in the language that is spoken.
#[must_use]
pub fn t(text: Text) -> &'static str {
    text.in_language(Lang::spoken())
}

/// A text with its holes `{0}`, `{1}`, `{2}` filled.
#[must_use]
pub fn fill(text: Text, values: &[&str]) -> String {
    filled(t(text), values)
}

/// What stands in a hole is never looked at again, whatever it looks like.
fn filled(text: &str, values: &[&str]) -> String {
    let (mut out, mut rest) = (String::new(), text);
    while let Some((before, after)) = rest.split_once('{') {
        let (hole, behind) = after.split_once('}').unwrap_or((after, ""));
        out.push_str(before);
        out.push_str(hole.parse::<usize>().ok().and_then(|place| values.get(place)).copied().unwrap_or_default());
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::{Text, filled};
    use crate::lang::Lang;

    #[test]
    fn holes_take_their_values_and_nothing_else() {
        assert_eq!(filled("{1} of {0}", &["a", "{0}"]), "{0} of a");
        assert_eq!(filled("nothing", &["a"]), "nothing");
        assert_eq!(filled("{2}", &["a"]), "");
    }

    #[test]
    fn every_text_says_something_in_every_language() {
        for text in Text::ALL {
            for (lang, _) in Lang::ALL {
                let said = text.in_language(lang);
                assert!(!said.is_empty() && said.trim() == said, "{text:?} in {}", lang.tag());
            }
        }
    }
}
