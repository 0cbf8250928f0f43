//! Server-sent events (WHATWG HTML, section 9.2.6), out of bytes that are split anywhere.
//!
//! Lines end with LF, CR or CRLF; a character may be split; comments and fields that mean nothing are passed over. Two
//! deviations, for what is met: an event without its blank line is given at the end of the stream, since providers
//! leave the last one out, and a field `error`, which older llama.cpp servers write, is an event `error` with its data.

/// One event may have so many bytes. The largest is the last one of `OpenAI` Responses, which repeats the request's
/// instructions and tools (our requests have at most 1 MiB) and the whole answer, each with escapes.
pub const FRAME_MAX_BYTES: usize = 4 * 1024 * 1024;
/// A byte order mark in UTF-8, which may stand at the beginning.
const BOM: [u8; 3] = [0xef, 0xbb, 0xbf];

/// An event has more than [`FRAME_MAX_BYTES`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event of a stream is too large")]
pub struct TooLarge;

/// A decoder.
#[derive(Debug, Clone, Default)]
pub struct Sse {
    /// A line whose end has not come.
    line: Vec<u8>,
    data: Vec<u8>,
    has_data: bool,
    event: Vec<u8>,
    /// The last line ended with CR: an LF that comes next belongs to it.
    after_cr: bool,
    /// The first line is over: no byte order mark any more.
    begun: bool,
}

impl Sse {
    /// Takes bytes, and gives each event that they complete by its name and its data.
    pub fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&[u8], &[u8])) -> Result<(), TooLarge> {
        let mut rest = bytes;
        if self.after_cr && !rest.is_empty() {
            self.after_cr = false;
            rest = rest.strip_prefix(b"\n").unwrap_or(rest);
        }
        while let Some(end) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let (line, ending) = rest.split_at(end);
            rest = if ending.starts_with(b"\r\n") { &ending[2..] } else { &ending[1..] };
            self.after_cr = ending == b"\r";
            if self.line.is_empty() {
                self.line_of(line, &mut each)?;
            } else {
                self.hold(line)?;
                let whole = std::mem::take(&mut self.line);
                self.line_of(&whole, &mut each)?;
                // Its room serves the next one.
                self.line = whole;
                self.line.clear();
            }
        }
        self.hold(rest)
    }

    /// The stream is over: gives the event that lacks its blank line, if one does.
    pub fn finish(&mut self, mut each: impl FnMut(&[u8], &[u8])) -> Result<(), TooLarge> {
        let line = std::mem::take(&mut self.line);
        if !line.is_empty() {
            self.line_of(&line, &mut each)?;
        }
        self.line_of(b"", &mut each)
    }

    fn hold(&mut self, bytes: &[u8]) -> Result<(), TooLarge> {
        if self.line.len() + self.data.len() + bytes.len() > FRAME_MAX_BYTES {
            return Err(TooLarge);
        }
        self.line.extend_from_slice(bytes);
        Ok(())
    }

    fn line_of(&mut self, line: &[u8], each: &mut impl FnMut(&[u8], &[u8])) -> Result<(), TooLarge> {
        let line = if self.begun { line } else { line.strip_prefix(&BOM).unwrap_or(line) };
        self.begun = true;
        if line.is_empty() {
            if self.has_data {
                each(&self.event, &self.data);
            }
            self.data.clear();
            self.event.clear();
            self.has_data = false;
            return Ok(());
        }
        let (name, value) = match line.iter().position(|byte| *byte == b':') {
            Some(place) => (&line[..place], &line[place + 1..]),
            None => (line, &b""[..]),
        };
        let value = value.strip_prefix(b" ").unwrap_or(value);
        match name {
            b"data" | b"error" => {
                if self.data.len() + value.len() > FRAME_MAX_BYTES {
                    return Err(TooLarge);
                }
                if self.has_data {
                    self.data.push(b'\n');
                }
                self.has_data = true;
                self.data.extend_from_slice(value);
                if name == b"error" {
                    self.event.clear();
                    self.event.extend_from_slice(b"error");
                }
            }
            b"event" => {
                self.event.clear();
                self.event.extend_from_slice(value);
            }
            // A comment has no name; `id` and `retry` mean nothing to us.
            _ => {}
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{FRAME_MAX_BYTES, Sse};

    /// What a stream holds, whole and with each byte on its own.
    fn events(stream: &[u8]) -> Vec<(String, String)> {
        let read = |size: usize| {
            let (mut sse, mut found) = (Sse::default(), Vec::new());
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
            for piece in stream.chunks(size) {
                sse.push(piece, |event, data| found.push((text(event), text(data)))).unwrap();
            }
            sse.finish(|event, data| found.push((text(event), text(data)))).unwrap();
            found
        };
        let whole = read(stream.len().max(1));
        for size in 1..=5 {
            assert_eq!(read(size), whole, "in pieces of {size}");
        }
        whole
    }

    fn data(stream: &str) -> Vec<String> {
        events(stream.as_bytes()).into_iter().map(|(_, data)| data).collect()
    }

    #[test]
    fn lines_end_with_lf_cr_or_crlf() {
        for end in ["\n", "\r", "\r\n"] {
            let stream = ["event: x", "data: a", "data: b", "", "data: c", "", ""].join(end);
            let expected = [("x".to_owned(), "a\nb".to_owned()), (String::new(), "c".to_owned())];
            assert_eq!(events(stream.as_bytes()), expected, "{end:?}");
        }
        assert_eq!(data("data: a\r\n\rdata: b\n\r\ndata: c\r\r"), ["a", "b", "c"]);
    }

    #[test]
    fn characters_are_split_anywhere() {
        assert_eq!(data("data: ñ漢😀\n\n"), ["ñ漢😀"]);
    }

    #[test]
    fn comments_and_unknown_fields_are_passed_over() {
        assert_eq!(data(": OPENROUTER PROCESSING\n\nid: 7\nretry: 1\ndata: a\n:\n\n"), ["a"]);
    }

    #[test]
    fn the_last_blank_line_may_be_missing() {
        assert_eq!(data("data: a\n\ndata: b\n"), ["a", "b"]);
        assert_eq!(data("data: a\n\ndata: b"), ["a", "b"]);
    }

    #[test]
    fn a_byte_order_mark_stands_at_the_beginning_alone() {
        assert_eq!(data("\u{feff}data: a\n\n\u{feff}data: b\n\n"), ["a"]);
    }

    #[test]
    fn one_blank_after_the_colon_is_not_data() {
        assert_eq!(data("data:a\n\ndata:  b\n\ndata\n\ndata:\ndata:\n\n"), ["a", " b", "", "\n"]);
    }

    #[test]
    fn an_event_without_data_is_none() {
        assert_eq!(events(b"event: ping\n\ndata: a\n\n"), [(String::new(), "a".to_owned())]);
    }

    #[test]
    fn an_error_field_is_an_event() {
        assert_eq!(events(b"error: {}\n\n"), [("error".to_owned(), "{}".to_owned())]);
    }

    #[test]
    fn an_event_has_a_limit() {
        let line = vec![b'x'; 1024 * 1024];
        let pushed = |stream: &[u8]| {
            let mut sse = Sse::default();
            (0..=FRAME_MAX_BYTES / line.len()).try_for_each(|_| sse.push(stream, |_, _| {})).is_err()
        };
        assert!(pushed(&line), "one line");
        assert!(pushed(&[b"data: ", line.as_slice(), b"\n"].concat()), "many lines");
        assert!(!pushed(&[b"data: ", line.as_slice(), b"\n\n"].concat()), "many events");
    }
}
