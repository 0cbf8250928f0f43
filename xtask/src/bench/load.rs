//! A load generator: threads with a kept connection each, and the server's CPU time from the kernel's accounting.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Outcome, fail, failure, now};

/// How long connections run before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);
/// Length of the kernel's tick in /proc/*/stat: `USER_HZ` is 100 on every Linux that we know.
const TICK_US: u64 = 10_000;

/// What to load, and how.
pub struct Load<'a> {
    /// Port on loopback.
    pub port: u16,
    /// Path and query.
    pub path: &'a str,
    /// A bearer.
    pub credential: Option<&'a str>,
    /// Connections at once.
    pub connections: usize,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Measured {
    seconds: u64,
    /// Sorted latencies of answers with status 200, in microseconds.
    latencies_us: Vec<u64>,
    failed: u64,
    cpu_us: u64,
}

impl Load<'_> {
    /// Loads for some seconds; CPU is that of workerd in the group.
    pub fn run(&self, seconds: u64, group: i32) -> Outcome<Measured> {
        self.round(WARM_UP)?;
        let before = workerd_cpu_us(group)?;
        let (mut latencies_us, failed) = self.round(Duration::from_secs(seconds))?;
        let cpu_us = workerd_cpu_us(group)? - before;
        latencies_us.sort_unstable();
        if latencies_us.is_empty() {
            return fail(format!("{}: no answer with status 200, {failed} others", self.path));
        }
        Ok(Measured { seconds, latencies_us, failed, cpu_us })
    }

    fn round(&self, length: Duration) -> Outcome<(Vec<u64>, u64)> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..self.connections).map(|_| scope.spawn(|| self.connection(length))).collect();
            let mut sum = (Vec::new(), 0);
            for thread in threads {
                let (latencies, failed) = thread.join().map_err(|_| failure("a connection's thread ended"))??;
                sum.0.extend(latencies);
                sum.1 += failed;
            }
            Ok(sum)
        })
    }

    fn connection(&self, length: Duration) -> Outcome<(Vec<u64>, u64)> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
        stream.set_nodelay(true)?;
        let mut reader = BufReader::new(stream.try_clone()?);
        let credential = self.credential.map(|key| format!("authorization: Bearer {key}\r\n")).unwrap_or_default();
        let request = format!("GET {} HTTP/1.1\r\nhost: 127.0.0.1:{}\r\n{credential}\r\n", self.path, self.port);
        let (mut latencies, mut failed) = (Vec::new(), 0);
        let start = now();
        while start.elapsed() < length {
            let sent = now();
            stream.write_all(request.as_bytes())?;
            if read_status(&mut reader)? == 200 {
                latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            } else {
                failed += 1;
            }
        }
        Ok((latencies, failed))
    }
}

/// Reads one answer to its end and gives its status.
fn read_status(reader: &mut impl BufRead) -> Outcome<u16> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().parse()?;
    let (mut length, mut chunked) = (0_u64, false);
    loop {
        line.clear();
        if reader.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        let header = line.to_ascii_lowercase();
        if let Some(value) = header.strip_prefix("content-length:") {
            length = value.trim().parse()?;
        }
        chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
    }
    while chunked {
        line.clear();
        reader.read_line(&mut line)?;
        length = u64::from_str_radix(line.trim(), 16)?;
        skip(reader, length + 2)?;
        chunked = length > 0;
        length = 0;
    }
    skip(reader, length)?;
    Ok(status)
}

fn skip(reader: &mut impl Read, length: u64) -> Outcome<()> {
    std::io::copy(&mut reader.take(length), &mut std::io::sink())?;
    Ok(())
}

/// CPU time of every workerd in a group so far: user and system.
fn workerd_cpu_us(group: i32) -> Outcome<u64> {
    let mut ticks = 0;
    for entry in fs::read_dir("/proc")?.flatten() {
        // A process may end while it is looked at.
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        let Some((head, rest)) = stat.rsplit_once(')') else {
            continue;
        };
        // After the name: state, parent, group, …; user and system time are fields 14 and 15 of the line.
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |place: usize| fields.get(place).and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
        if head.ends_with("(workerd") && number(2) == i64::from(group) {
            ticks += u64::try_from(number(11) + number(12)).unwrap_or(0);
        }
    }
    if ticks == 0 { fail("no workerd is found in /proc") } else { Ok(ticks * TICK_US) }
}

impl Measured {
    fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.latencies_us.len() * percent / 100).min(self.latencies_us.len().saturating_sub(1));
        let latency = self.latencies_us.get(place).copied().unwrap_or(0);
        Duration::from_micros(latency).as_secs_f64() * 1000.0
    }

    fn answers(&self) -> u64 {
        u64::try_from(self.latencies_us.len()).unwrap_or(u64::MAX)
    }

    fn per_second(&self) -> u64 {
        self.answers() / self.seconds.max(1)
    }

    fn cpu_us_each(&self) -> u64 {
        self.cpu_us / (self.answers() + self.failed).max(1)
    }

    /// A line of the table.
    pub fn row(&self, name: &str) -> String {
        let (p50, p99) = (self.percentile_ms(50), self.percentile_ms(99));
        let (rate, cpu, failed) = (self.per_second(), self.cpu_us_each(), self.failed);
        format!("{name:<28}{rate:>12}{p50:>10.2}{p99:>10.2}{cpu:>14}{failed:>9}")
    }

    /// For programs.
    pub fn to_json(&self, name: &str) -> Value {
        json!({
            "target": name,
            "requestsPerSecond": self.per_second(),
            "p50Ms": self.percentile_ms(50),
            "p99Ms": self.percentile_ms(99),
            "cpuMicrosPerRequest": self.cpu_us_each(),
            "failed": self.failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::read_status;

    #[test]
    fn answers_are_read_to_their_end() {
        let text =
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n0\r\n\r\nHTTP/1.1 304 Same\r\n\r\n";
        let mut reader = &text[..];
        let statuses: Vec<u16> = (0..3).map(|_| read_status(&mut reader).unwrap()).collect();
        assert_eq!((statuses, reader.len()), (vec![200, 404, 304], 0));
    }
}
