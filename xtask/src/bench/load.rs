//! A load generator: threads with a kept connection each, and the server's own accounting from /proc.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Failure, Outcome, fail, failure, now};
use crate::usage;

/// How long connections run before anything counts.
const WARM_UP: Duration = Duration::from_secs(1);

/// No answer takes longer.
const PATIENCE: Duration = Duration::from_secs(15);

/// One kept connection.
pub struct Connection {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    port: u16,
}

impl Connection {
    /// Connects on loopback.
    pub fn open(port: u16) -> Outcome<Self> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { reader: BufReader::new(stream.try_clone()?), stream, port })
    }

    /// Sends a request and reads its answer: status and body. Each header line ends with its `\r\n`.
    pub fn ask(&mut self, line: &str, headers: &str, body: &str) -> Outcome<(u16, Vec<u8>)> {
        let (port, length) = (self.port, body.len());
        let length = if body.is_empty() { String::new() } else { format!("content-length: {length}\r\n") };
        let request = format!("{line} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{headers}{length}\r\n{body}");
        self.send(request.as_bytes())
    }

    /// Sends whatever bytes and reads the answer to them.
    pub fn send(&mut self, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
        self.stream.write_all(request)?;
        read_answer(&mut self.reader)
    }

    /// The same, with nothing to come after it, whatever the request has said.
    pub fn send_last(mut self, request: &[u8]) -> Outcome<(u16, Vec<u8>)> {
        self.stream.write_all(request)?;
        self.stream.shutdown(Shutdown::Write)?;
        read_answer(&mut self.reader)
    }
}

/// What a client of a load does, again and again: it says whether that counts as done.
pub type Work<'a> = dyn Fn(&mut Connection, u64) -> Outcome<bool> + Sync + 'a;

/// What to load, and how.
pub struct Load<'a> {
    /// Port on loopback.
    pub port: u16,
    /// Clients at once.
    pub clients: usize,
    /// What each does; the number is never the same twice.
    pub work: &'a Work<'a>,
    /// What the server says that it has written so far, in rows, if it counts them.
    pub rows: Option<&'a (dyn Fn() -> Outcome<u64> + Sync)>,
}

/// What was seen.
#[derive(Debug, Default)]
pub struct Measured {
    seconds: u64,
    /// Sorted latencies of what was done, in microseconds.
    latencies_us: Vec<u64>,
    failed: u64,
    cpu_us: u64,
    written_bytes: u64,
    written_rows: Option<u64>,
}

impl Load<'_> {
    /// Loads for some seconds; CPU and writes are those of the named processes, each in its group.
    pub fn run(&self, seconds: u64, processes: &[(&str, i32)]) -> Outcome<Measured> {
        let usage = || {
            processes.iter().try_fold((0, 0), |sum, (process, group)| {
                let own = usage::of(process, *group)?;
                Ok::<_, Failure>((sum.0 + own.cpu_us, sum.1 + own.written_bytes))
            })
        };
        self.round(WARM_UP, 0)?;
        let rows = || self.rows.map(|rows| rows()).transpose();
        let (before, rows_before) = (usage()?, rows()?);
        let (mut latencies_us, failed) = self.round(Duration::from_secs(seconds), 1)?;
        let (after, rows_after) = (usage()?, rows()?);
        latencies_us.sort_unstable();
        if latencies_us.is_empty() {
            return fail(format!("nothing was done; {failed} failed"));
        }
        let (cpu_us, written_bytes) = (after.0 - before.0, after.1 - before.1);
        let written_rows = rows_after.zip(rows_before).map(|(after, before)| after - before);
        Ok(Measured { seconds, latencies_us, failed, cpu_us, written_bytes, written_rows })
    }

    fn round(&self, length: Duration, round: u64) -> Outcome<(Vec<u64>, u64)> {
        std::thread::scope(|scope| {
            // Numbers of loads with other numbers of clients differ too: a key that comes again would be no work.
            let first = (round * 4_096 + self.clients as u64) << 44;
            let client = |client: u64| scope.spawn(move || self.client(length, first + (client << 32)));
            let threads: Vec<_> = (0..self.clients as u64).map(client).collect();
            let mut sum = (Vec::new(), 0);
            for thread in threads {
                let (latencies, failed) = thread.join().map_err(|_| failure("a client's thread ended"))??;
                sum.0.extend(latencies);
                sum.1 += failed;
            }
            Ok(sum)
        })
    }

    fn client(&self, length: Duration, first: u64) -> Outcome<(Vec<u64>, u64)> {
        let mut connection = Connection::open(self.port)?;
        let (mut latencies, mut failed, mut number) = (Vec::new(), 0, first);
        let start = now();
        while start.elapsed() < length {
            let sent = now();
            number += 1;
            if (self.work)(&mut connection, number)? {
                latencies.push(u64::try_from(sent.elapsed().as_micros()).unwrap_or(u64::MAX));
            } else {
                failed += 1;
            }
        }
        Ok((latencies, failed))
    }
}

/// Reads one answer to its end.
fn read_answer(reader: &mut impl BufRead) -> Outcome<(u16, Vec<u8>)> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).unwrap_or_default().parse()?;
    let (mut length, mut chunked, mut body) = (0_u64, false, Vec::new());
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
        reader.by_ref().take(length).read_to_end(&mut body)?;
        line.clear();
        reader.read_line(&mut line)?;
        chunked = length > 0;
        length = 0;
    }
    reader.take(length).read_to_end(&mut body)?;
    Ok((status, body))
}

impl Measured {
    fn percentile_ms(&self, percent: usize) -> f64 {
        let place = (self.latencies_us.len() * percent / 100).min(self.latencies_us.len().saturating_sub(1));
        let latency = self.latencies_us.get(place).copied().unwrap_or(0);
        Duration::from_micros(latency).as_secs_f64() * 1000.0
    }

    fn done(&self) -> u64 {
        u64::try_from(self.latencies_us.len()).unwrap_or(u64::MAX)
    }

    /// How many a second.
    pub fn per_second(&self) -> u64 {
        self.done() / self.seconds.max(1)
    }

    fn each(&self, sum: u64) -> u64 {
        sum / (self.done() + self.failed).max(1)
    }

    /// CPU of each, microseconds.
    pub fn cpu_us_each(&self) -> f64 {
        Duration::from_micros(self.cpu_us).as_secs_f64() * 1e6
            / Duration::from_secs(self.done() + self.failed).as_secs_f64()
    }

    /// The head of the table.
    pub fn head(what: &str) -> String {
        let (cpu, bytes, rows) = ("CPU µs each", "bytes each", "rows each");
        format!("{:<34}{what:>12}{:>10}{:>10}{cpu:>14}{bytes:>12}{rows:>11}{:>8}", "", "p50 ms", "p99 ms", "failed")
    }

    /// A line of the table.
    pub fn row(&self, name: &str) -> String {
        let (p50, p99) = (self.percentile_ms(50), self.percentile_ms(99));
        let (rate, failed) = (self.per_second(), self.failed);
        let (cpu, bytes) = (self.each(self.cpu_us), self.each(self.written_bytes));
        let rows = self.rows_each().map_or_else(String::new, |(whole, tenths)| format!("{whole}.{tenths}"));
        format!("{name:<34}{rate:>12}{p50:>10.2}{p99:>10.2}{cpu:>14}{bytes:>12}{rows:>11}{failed:>8}")
    }

    /// Rows, and tenths of one.
    fn rows_each(&self) -> Option<(u64, u64)> {
        let tenths = self.each(self.written_rows? * 10);
        Some((tenths / 10, tenths % 10))
    }

    /// For programs.
    pub fn to_json(&self, name: &str) -> Value {
        json!({
            "target": name,
            "perSecond": self.per_second(),
            "p50Ms": self.percentile_ms(50),
            "p99Ms": self.percentile_ms(99),
            "cpuMicrosEach": self.each(self.cpu_us),
            "bytesWrittenEach": self.each(self.written_bytes),
            "rowsWrittenEach": self.rows_each().map(|(whole, tenths)| format!("{whole}.{tenths}")),
            "failed": self.failed,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::read_answer;

    #[test]
    fn answers_are_read_to_their_end() {
        let text =
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 404 No\r\nTransfer-Encoding: chunked\r\n\r\n\
            3\r\nabc\r\n0\r\n\r\nHTTP/1.1 304 Same\r\n\r\n";
        let mut reader = &text[..];
        let answers: Vec<_> = (0..3).map(|_| read_answer(&mut reader).unwrap()).collect();
        assert_eq!(answers, [(200, b"ok".to_vec()), (404, b"abc".to_vec()), (304, vec![])]);
        assert!(reader.is_empty());
    }
}
