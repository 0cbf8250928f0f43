//! Server-sent events (HTML Living Standard section 9.2.6), out of bytes that are split anywhere.

/// An event may have so many bytes; ours have some hundred, an answer of a model a few thousand.
const EVENT_MAX_BYTES: usize = 4 << 20;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its name; empty where it has none.
    pub name: String,
    /// Its data; lines are parted by line feeds.
    pub data: String,
}

/// An event has more than 4 MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLarge;

/// A decoder.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// A line whose end has not come.
    line: Vec<u8>,
    /// The last line ended with CR: an LF that comes next belongs to it.
    after_cr: bool,
    name: String,
    data: Option<String>,
    id: String,
    last_id: String,
}

impl Events {
    /// Takes bytes, and gives the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<Event>, TooLarge> {
        let mut found = Vec::new();
        for byte in bytes {
            let skipped = std::mem::replace(&mut self.after_cr, *byte == b'\r') && *byte == b'\n';
            if skipped {
                continue;
            }
            if matches!(byte, b'\n' | b'\r') {
                let line = std::mem::take(&mut self.line);
                found.extend(self.line_of(&String::from_utf8_lossy(&line)));
            } else if self.line.len() + self.data.as_ref().map_or(0, String::len) < EVENT_MAX_BYTES {
                self.line.push(*byte);
            } else {
                return Err(TooLarge);
            }
        }
        Ok(found)
    }

    /// The id of the last event that came whole: a client that comes back with it as `Last-Event-ID` misses nothing.
    #[must_use]
    pub fn last_id(&self) -> &str {
        &self.last_id
    }

    /// A decoder for the stream that goes on after that event.
    #[must_use]
    pub fn taken_up(self) -> Self {
        Self { id: self.last_id.clone(), last_id: self.last_id, ..Self::default() }
    }

    fn line_of(&mut self, line: &str) -> Option<Event> {
        if line.is_empty() {
            self.last_id.clone_from(&self.id);
            let name = std::mem::take(&mut self.name);
            return self.data.take().map(|data| Event { name, data });
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "data" => match &mut self.data {
                Some(data) => {
                    data.push('\n');
                    data.push_str(value);
                }
                None => self.data = Some(value.to_owned()),
            },
            "event" => value.clone_into(&mut self.name),
            "id" => value.clone_into(&mut self.id),
            // A comment has no name; when to come back is the caller's.
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{EVENT_MAX_BYTES, Event, Events, TooLarge};

    fn event(name: &str, data: &str) -> Event {
        Event { name: name.to_owned(), data: data.to_owned() }
    }

    #[test]
    fn any_split_gives_the_same_events() {
        for end in ["\n", "\r", "\r\n"] {
            let lines =
                ["retry: 2000", "", ":", "", "event: text", "data: ñ漢", "data:b", "", "id: 7", "data: c", "", ""];
            let stream = lines.join(end);
            for size in 1..=stream.len() {
                let (mut events, mut found) = (Events::default(), Vec::new());
                for piece in stream.as_bytes().chunks(size) {
                    found.extend(events.push(piece).unwrap());
                }
                assert_eq!(found, [event("text", "ñ漢\nb"), event("", "c")], "{end:?} in pieces of {size}");
                assert_eq!(events.last_id(), "7");
            }
        }
    }

    #[test]
    fn an_id_counts_when_its_event_is_whole() {
        let mut events = Events::default();
        assert_eq!(events.push(b"id: 7\ndata: a\n\nid: 8\ndata: b\n").unwrap(), [event("", "a")]);
        assert_eq!(events.last_id(), "7");
        let mut events = events.taken_up();
        assert_eq!(events.push(b"data: c\n\n").unwrap(), [event("", "c")], "what came by half comes again");
        assert_eq!(events.last_id(), "7");
    }

    #[test]
    fn an_event_has_a_limit() {
        let line = vec![b'x'; EVENT_MAX_BYTES];
        let mut events = Events::default();
        assert_eq!(events.push(&line), Ok(Vec::new()));
        assert_eq!(events.push(b"x"), Err(TooLarge));
    }
}
