//! A large answer through the platform, read slowly, and the memory of its process meanwhile.

use std::io::Read;
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Context, Outcome};
use crate::{http, usage};

/// How much is read between two looks at the memory.
const PART_BYTES: usize = 2 * 1024 * 1024;
/// How long the reader rests after each part, so that whoever does not wait for him has to keep it.
const PAUSE: Duration = Duration::from_millis(20);

/// Reads an answer to its end; the length, and the memory of workerd in a group before and at most, in kilobytes.
pub fn measure(url: &str, group: i32) -> Outcome<Value> {
    let before_kb = usage::of("workerd", group)?.resident_kb;
    let mut response = http::agent(Duration::from_mins(2)).get(url).call().context(url)?;
    let (mut reader, mut part) = (response.body_mut().as_reader(), vec![0; PART_BYTES]);
    let (mut bytes, mut most_kb) = (0, before_kb);
    loop {
        let mut filled = 0;
        while filled < part.len() {
            match reader.read(&mut part[filled..])? {
                0 => break,
                read => filled += read,
            }
        }
        bytes += filled;
        most_kb = most_kb.max(usage::of("workerd", group)?.resident_kb);
        if filled < part.len() {
            return Ok(json!({ "bytes": bytes, "beforeKb": before_kb, "mostKb": most_kb }));
        }
        std::thread::sleep(PAUSE);
    }
}
