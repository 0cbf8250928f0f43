//! How long a piece of a stream takes from the provider to the client, one by one, and what it costs so.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use super::stub::{PIECES, clock_us};
use crate::report::{Failure, Outcome, fail, now};
use crate::usage;

/// How long a stream may be silent.
const PATIENCE: Duration = Duration::from_secs(15);
/// A piece's time begins so.
const BEFORE: &[u8] = b"\"t";

/// Pieces that came one by one.
pub struct Apart {
    /// Their delays, sorted, microseconds.
    delays_us: Vec<u64>,
    /// CPU of whoever passed them on, microseconds.
    cpu_us: u64,
}

impl Apart {
    /// How many pieces were seen.
    pub const fn count(&self) -> usize {
        self.delays_us.len()
    }

    /// A percentile in milliseconds.
    pub fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.count() * percent / 100).min(self.count().saturating_sub(1));
        Duration::from_micros(self.delays_us.get(place).copied().unwrap_or(0)).as_secs_f64() * 1000.0
    }

    /// CPU of a stream of them, microseconds.
    pub fn cpu_us_a_stream(&self) -> f64 {
        let pieces = u32::try_from(self.count().max(1)).unwrap_or(u32::MAX);
        Duration::from_micros(self.cpu_us).as_secs_f64() * 1e6 * f64::from(PIECES) / f64::from(pieces)
    }
}

/// Reads one stream after the other, for so long; CPU is that of the groups of processes.
pub fn measure(port: u16, request: &str, length: Duration, groups: &[i32]) -> Outcome<Apart> {
    let used = || groups.iter().try_fold(0, |sum, group| Ok::<_, Failure>(sum + usage::of("", *group)?.cpu_us));
    // The first one opens connections.
    read(port, request)?;
    let (mut delays_us, before, start) = (Vec::new(), used()?, now());
    while start.elapsed() < length {
        delays_us.extend(read(port, request)?);
    }
    let cpu_us = used()? - before;
    delays_us.sort_unstable();
    Ok(Apart { delays_us, cpu_us })
}

/// The delay of each piece of a stream.
fn read(port: u16, request: &str) -> Outcome<Vec<u64>> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(request.as_bytes())?;
    let (mut all, mut part, mut seen, mut delays) = (Vec::new(), vec![0; 64 * 1024], 0, Vec::new());
    // The last piece is followed by more, so it is never the end of what was read.
    while !all.ends_with(b"\r\n0\r\n\r\n") {
        let length = stream.read(&mut part)?;
        let arrived_us = clock_us();
        if length == 0 {
            break;
        }
        all.extend_from_slice(&part[..length]);
        while let Some((sent_us, after)) = next(&all, seen) {
            delays.push(arrived_us.saturating_sub(sent_us));
            seen = after;
        }
    }
    if delays.len() == usize::try_from(PIECES)? {
        return Ok(delays);
    }
    let said = String::from_utf8_lossy(&all[..all.len().min(500)]).into_owned();
    fail(format!("a stream had {} pieces, not {PIECES}: {said}", delays.len()))
}

/// The next time in a text after a place, if all of it is there, and where it ends.
fn next(text: &[u8], from: usize) -> Option<(u64, usize)> {
    let begin = from + text[from..].windows(BEFORE.len()).position(|window| window == BEFORE)? + BEFORE.len();
    let end = begin + text[begin..].iter().position(|byte| !byte.is_ascii_digit())?;
    match std::str::from_utf8(&text[begin..end]).ok()?.parse() {
        Ok(sent_us) => Some((sent_us, end)),
        // Another word that begins so.
        Err(_) => next(text, end),
    }
}

#[cfg(test)]
mod tests {
    use super::next;

    #[test]
    fn times_are_found_as_soon_as_they_are_whole() {
        let text = br#"{"type":"x","content":"t12 "}{"content":"t3"#;
        let (first, after) = next(text, 0).unwrap();
        assert_eq!(first, 12);
        assert_eq!(next(text, after), None);
    }
}
