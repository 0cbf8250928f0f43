//! Headers between the edge and the scripts behind it.

use std::fmt::Write;

use serde::Serialize;

/// The header of an answer that is a [`Problem`](crate::problem::Problem) as JSON, for the edge to write.
pub const PROBLEM_HEADER: &str = "x-aion-problem";

/// JSON as the value of a header: what is not ASCII is escaped (RFC 8259 section 7).
pub fn header_text<T: Serialize>(value: &T) -> serde_json::Result<String> {
    let text = serde_json::to_string(value)?;
    if text.is_ascii() {
        return Ok(text);
    }
    let mut ascii = String::with_capacity(text.len());
    for unit in text.encode_utf16() {
        match u8::try_from(unit) {
            Ok(byte) if byte.is_ascii() => ascii.push(char::from(byte)),
            // Writing to a string cannot fail.
            _ => _ = write!(ascii, "\\u{unit:04x}"),
        }
    }
    Ok(ascii)
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::header_text;

    #[test]
    fn headers_are_ascii_and_say_the_same() {
        let text = "a\n\u{7f}\u{e4}\u{20ac}\u{1f600}\"";
        let header = header_text(&text).unwrap();
        assert!(header.is_ascii() && !header.contains('\n'), "{header}");
        assert_eq!(serde_json::from_str::<String>(&header).unwrap(), text);
        assert_eq!(header_text(&["a"]).unwrap(), "[\"a\"]");
    }
}
