//! Bounds of what we read, each with its reason.

use serde::de::DeserializeOwned;

use crate::problem::{Code, Problem};

/// A body may have this many bytes: the largest definition of a task with room to spare; ten of them fit the memory
/// that one isolate can give a burst.
pub const BODY_MAX_BYTES: usize = 256 * 1024;
/// Objects and arrays may nest this deep: no document of ours needs more than ten, and recursion stays shallow.
pub const DEPTH_MAX: usize = 32;
/// A page of a list has at most this many entries.
pub const PAGE_MAX: u32 = 100;
/// A page of a list has this many entries if the caller does not say.
pub const PAGE_DEFAULT: u32 = 25;
/// A name for people may have this many characters.
pub const NAME_MAX_CHARS: usize = 64;

/// Reads a JSON body: bounded in size and depth, unknown fields refused by the types.
pub fn read_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    if body.len() > BODY_MAX_BYTES {
        return Err(too_large(BODY_MAX_BYTES));
    }
    check_depth(body, DEPTH_MAX)?;
    let text = std::str::from_utf8(body);
    let text = text.map_err(|_| Problem::new(Code::RequestMalformed, "the body is not UTF-8 text"))?;
    serde_json::from_str(text).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => {
            let text = error.to_string();
            let reason = text.split(" at line ").next().unwrap_or(&text);
            Problem::invalid("", format!("{reason} (line {}, column {})", error.line(), error.column()))
        }
        _ => Problem::new(
            Code::RequestMalformed,
            format!("the body is not JSON: line {}, column {}", error.line(), error.column()),
        ),
    })
}

/// The problem of a body that has more bytes than it may.
#[must_use]
pub fn too_large(max_bytes: usize) -> Problem {
    Problem::new(Code::RequestTooLarge, format!("the body has more than {max_bytes} bytes"))
}

/// A body that ends before the length that its request has said.
#[must_use]
pub fn cut_short() -> Problem {
    Problem::new(Code::RequestMalformed, "the body ends before the length that it has said")
}

/// Refuses JSON that nests deeper than `max`, before a parser sees it.
pub fn check_depth(body: &[u8], max: usize) -> Result<(), Problem> {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in body {
        match (in_string, *byte) {
            (true, _) if escaped => escaped = false,
            (true, b'\\') => escaped = true,
            (_, b'"') => in_string = !in_string,
            (false, b'{' | b'[') => depth += 1,
            (false, b'}' | b']') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > max {
            return Err(Problem::new(Code::RequestMalformed, format!("the body nests deeper than {max}")));
        }
    }
    Ok(())
}

/// Checks a name for people: 1 to [`NAME_MAX_CHARS`] characters, none of them a control character.
pub fn check_name(pointer: &str, name: &str) -> Result<(), Problem> {
    let chars = name.chars().count();
    if chars == 0 || chars > NAME_MAX_CHARS || name.chars().any(char::is_control) {
        let rule = format!("1 to {NAME_MAX_CHARS} characters, no control characters");
        return Err(Problem::invalid(pointer, rule));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{BODY_MAX_BYTES, Code, DEPTH_MAX, check_name, read_json};

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Named {
        name: String,
    }

    fn code(body: &[u8]) -> Code {
        read_json::<Named>(body).unwrap_err().code
    }

    #[test]
    fn bodies_are_read_strictly() {
        assert_eq!(read_json::<Named>(br#"{"name":"x"}"#).unwrap().name, "x");
        assert_eq!(code(b"{"), Code::RequestMalformed);
        assert_eq!(code(b"\xff\xfe"), Code::RequestMalformed);
        assert_eq!(code(br#"{"name":1}"#), Code::RequestInvalid);
        assert_eq!(code(br#"{"name":"x","more":1}"#), Code::RequestInvalid);
        assert_eq!(code(&vec![b' '; BODY_MAX_BYTES + 1]), Code::RequestTooLarge);
    }

    #[test]
    fn depth_counts_brackets_outside_of_strings_only() {
        let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        assert!(read_json::<serde_json::Value>(nested(DEPTH_MAX).as_bytes()).is_ok());
        assert!(read_json::<serde_json::Value>(nested(DEPTH_MAX + 1).as_bytes()).is_err());
        let text = format!("[\"\\\"{}\"]", "[".repeat(100));
        assert!(read_json::<serde_json::Value>(text.as_bytes()).is_ok());
    }

    #[test]
    fn names_are_bounded() {
        assert!(check_name("/name", "Ana María").is_ok());
        for name in ["", "a\u{7}", &"x".repeat(65)] {
            assert_eq!(check_name("/name", name).unwrap_err().errors[0].pointer, "/name");
        }
    }
}
