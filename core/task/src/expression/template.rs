//! Templates: texts with expressions between `${{` and `}}`.

pub(super) const OPEN: &str = "${{";
const CLOSE: &str = "}}";

/// A part of a template.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text that stands for itself.
    Text(&'a str),
    /// The text of an expression.
    Expression(&'a str),
    /// An opening without its end.
    Open,
}

/// The parts of a text, in their order.
pub(super) fn parts(text: &str) -> Vec<Part<'_>> {
    let (mut rest, mut parts) = (text, Vec::new());
    while let Some((before, after)) = rest.split_once(OPEN) {
        if !before.is_empty() {
            parts.push(Part::Text(before));
        }
        let Some(end) = end(after) else {
            parts.push(Part::Open);
            return parts;
        };
        parts.push(Part::Expression(after[..end].trim()));
        rest = &after[end + CLOSE.len()..];
    }
    if !rest.is_empty() {
        parts.push(Part::Text(rest));
    }
    parts
}

/// The expression of a text that is one expression, with or without its marks.
pub(super) fn unwrapped(text: &str) -> &str {
    match parts(text.trim()).as_slice() {
        [Part::Expression(inside)] => inside,
        _ => text,
    }
}

/// Where an expression ends: at the first `}}` that is neither in a text of its own nor closes a map of its own.
fn end(text: &str) -> Option<usize> {
    let (mut quote, mut escaped, mut depth) = (None, false, 0_u32);
    for (place, char) in text.char_indices() {
        match (quote, char) {
            (Some(_), _) if escaped => escaped = false,
            (Some(_), '\\') => escaped = true,
            (Some(open), _) if open == char => quote = None,
            (None, '"' | '\'') => quote = Some(char),
            (None, '{') => depth += 1,
            (None, '}') if depth > 0 => depth -= 1,
            (None, '}') if text[place..].starts_with(CLOSE) => return Some(place),
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::Part::{Expression, Open, Text};
    use super::{parts, unwrapped};

    #[test]
    fn texts_and_expressions_are_told_apart() {
        assert_eq!(parts("plain"), [Text("plain")]);
        assert_eq!(parts("${{ a }}"), [Expression("a")]);
        assert_eq!(parts("x ${{ a }} y${{b}}"), [Text("x "), Expression("a"), Text(" y"), Expression("b")]);
        assert_eq!(parts("${{ {'a': {'b': 1}} }}"), [Expression("{'a': {'b': 1}}")]);
        assert_eq!(parts(r#"${{ "}}" + '\'}}' }}!"#), [Expression(r#""}}" + '\'}}'"#), Text("!")]);
        assert_eq!(parts("${{ a }"), [Open]);
        assert_eq!(parts("${{ 'a }}"), [Open]);
        assert_eq!(parts(""), []);
    }

    #[test]
    fn one_expression_may_stand_without_marks() {
        assert_eq!(unwrapped(" ${{ a > 1 }} "), "a > 1");
        assert_eq!(unwrapped("a > 1"), "a > 1");
    }
}
