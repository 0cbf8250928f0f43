//! One wrong request, made from random numbers.

use std::fmt::Write;

use super::{Credential, OPERATIONS};

/// Texts that stand where ids, numbers and names belong.
const JUNK: [&str; 26] = [
    "",
    "%00",
    "%ff%fe",
    "..%2f..%2fetc",
    "%2e%2e",
    ".",
    "a%20b",
    "%F0%9F%92%A5",
    "0",
    "-1",
    "1e999",
    "NaN",
    "null",
    "{}",
    "18446744073709551616",
    "0x0",
    "0xZZ",
    "did:web:%3A",
    "did:key:z6Mk",
    "did:webvh:Qm:localhost:u:a",
    "tsk_00000000000000000000",
    "wal_ZTN0WyLS65cbcaHmNwYM",
    "'%20OR%201=1",
    "%7B%7B7*7%7D%7D",
    "*",
    "u:%25252f",
];
/// JSON that stands where other JSON belongs.
const VALUES: [&str; 16] = [
    "null",
    "true",
    "-0",
    "1e400",
    "18446744073709551616",
    "3.14",
    "\"\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "[]",
    "{}",
    "[[[[]]]]",
    "{\"a\":1,\"a\":2}",
    "\"${{ 1 / 0 }}\"",
    "\"${{ input.a.b.c }}\"",
    "\"P99999999999Y\"",
];
/// Media types that are not ours, and ours in odd clothes.
const TYPES: [&str; 6] =
    ["application/json", "application/json; charset=utf-16", "text/plain", "application/xml", "", "application/json;;"];
/// Methods, most of which an operation does not have.
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND", "TRACE"];
/// Names of queries that some operations know.
const QUERIES: [&str; 8] = ["limit", "cursor", "version", "state", "label", "dryRun", "versionTime", "from"];
/// A wallet costs seconds of both parties, and rate limits would refuse the rest: what asks for them is never well
/// formed.
const SPOILED: [&str; 2] = ["createWallet", "putLimits"];

/// What shows who asks.
pub struct Credentials {
    pub key: String,
    pub operator: String,
}

/// Whether a request is HTTP at all: what is not never reaches us, and the runtime answers it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Http,
    NoHttp,
}

/// A wrong request as it is sent.
pub struct Wrong {
    pub kind: Kind,
    pub bytes: Vec<u8>,
    /// Whether its connection is of no use any more.
    pub last: bool,
}

/// Random numbers of a seed (`SplitMix64`).
pub struct Random(u64);

impl Random {
    /// Those of one request.
    pub const fn of(seed: u64, number: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ number.wrapping_mul(0xD1B5_4A32_D192_ED03))
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound.max(1) as u64).unwrap_or_default()
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn pick<'a>(&mut self, all: &[&'a str]) -> &'a str {
        all[self.below(all.len())]
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        (0..self.below(most)).map(|_| self.next().to_le_bytes()[0]).collect()
    }
}

/// Makes one.
pub fn wrong(random: &mut Random, port: u16, credentials: &Credentials) -> Wrong {
    match random.below(16) {
        0 => Wrong { kind: Kind::NoHttp, bytes: no_http(random, port), last: true },
        1 => Wrong { kind: Kind::Http, bytes: odd_headers(random, port), last: true },
        _ => Wrong { kind: Kind::Http, bytes: operation(random, port, credentials), last: false },
    }
}

/// Bytes that are no request, or hardly one. Each ends so that the server need not wait for more.
fn no_http(random: &mut Random, port: u16) -> Vec<u8> {
    let mut bytes = match random.below(4) {
        0 => random.bytes(400),
        1 => b"GET".to_vec(),
        2 => format!("GET /{} HTTP/9.9\r\nhost: 127.0.0.1:{port}", "x".repeat(random.below(20_000))).into_bytes(),
        _ => format!("{} / HTTP/1.1\r\nhost 127.0.0.1:{port}", "Q".repeat(random.below(300))).into_bytes(),
    };
    bytes.extend(b"\r\n\r\n");
    bytes
}

fn odd_headers(random: &mut Random, port: u16) -> Vec<u8> {
    let header = match random.below(6) {
        0 => format!("x-long: {}", "y".repeat(random.below(100_000))),
        1 => "content-length: -5".to_owned(),
        2 => "transfer-encoding: gzip, chunked, chunked".to_owned(),
        3 => "authorization".to_owned(),
        4 => "x-again: 1\r\n".repeat(200) + "x-end: 1",
        _ => "authorization: Bearer \u{1}\u{2}".to_owned(),
    };
    format!("GET /v1/tasks HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{header}\r\n\r\n").into_bytes()
}

/// A request to an operation, wrong in one place or in several.
fn operation(random: &mut Random, port: u16, credentials: &Credentials) -> Vec<u8> {
    let operation = &OPERATIONS[random.below(OPERATIONS.len())];
    let own = operation.method.as_str();
    let method = if random.one_in(12) { random.pick(&METHODS) } else { own };
    let mut path = path(random, operation.path);
    if random.one_in(3) {
        let name = random.pick(&QUERIES);
        let _ = write!(path, "?{name}={}&{name}={}", random.pick(&JUNK), random.pick(&JUNK));
    } else if random.one_in(2) {
        let _ = write!(path, "?{}={}", random.pick(&QUERIES), random.pick(&JUNK));
    }
    let has_body = !operation.request.is_empty() || random.one_in(20);
    let body = if has_body { body(random, operation.example, SPOILED.contains(&operation.id)) } else { Vec::new() };
    let token = match (random.below(10), operation.credential) {
        (0, _) => random.pick(&JUNK),
        (_, Credential::Operator) => &credentials.operator,
        _ => &credentials.key,
    };
    let mut head = format!("{method} {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\nauthorization: Bearer {token}\r\n");
    if has_body {
        let media_type = if random.one_in(8) { random.pick(&TYPES) } else { TYPES[0] };
        let _ = write!(head, "content-type: {media_type}\r\ncontent-length: {}\r\n", body.len());
    }
    if operation.idempotent && !random.one_in(8) {
        let key = if random.one_in(6) { random.pick(&JUNK).to_owned() } else { format!("m{}", random.next()) };
        let _ = write!(head, "idempotency-key: {key}\r\n");
    }
    for name in ["traceparent", "x-request-id", "if-none-match", "if-match", "accept", "last-event-id"] {
        if random.one_in(10) {
            let _ = write!(head, "{name}: {}\r\n", random.pick(&JUNK));
        }
    }
    let mut bytes = head.into_bytes();
    bytes.extend(b"\r\n");
    bytes.extend(body);
    bytes
}

/// The path of an operation with junk in the place of its parameters.
fn path(random: &mut Random, template: &str) -> String {
    let mut path = String::new();
    for (place, part) in template.split('{').enumerate() {
        let (name, rest) = if place == 0 { ("", part) } else { part.split_once('}').unwrap_or((part, "")) };
        if !name.is_empty() {
            let junk = random.pick(&JUNK);
            path.push_str(if junk.is_empty() { "x" } else { junk });
        }
        path.push_str(rest);
    }
    match random.below(40) {
        0 => format!("/{}{path}", random.pick(&JUNK)),
        // A gateway takes whatever path there is.
        1 => format!("/g/{}{path}", random.pick(&JUNK)),
        _ => path,
    }
}

/// The example of an operation, spoiled.
fn body(random: &mut Random, example: &str, spoiled: bool) -> Vec<u8> {
    let mut bytes = example.as_bytes().to_vec();
    match random.below(if spoiled { 5 } else { 8 }) {
        0 => bytes.truncate(random.below(bytes.len())),
        1 => bytes = random.bytes(2_000),
        2 => bytes = "[".repeat(random.below(100_000)).into_bytes(),
        3 => bytes = random.pick(&VALUES).as_bytes().to_vec(),
        4 => bytes.extend(random.bytes(40).into_iter().chain(*b"\xff")),
        5 => {
            for _ in 0..=random.below(4) {
                let place = random.below(bytes.len());
                if let Some(byte) = bytes.get_mut(place) {
                    *byte = random.next().to_le_bytes()[0];
                }
            }
        }
        _ => bytes = replaced(random, example).into_bytes(),
    }
    bytes
}

/// A document with another value in the place of one of its own.
fn replaced(random: &mut Random, example: &str) -> String {
    let starts: Vec<usize> = example.match_indices(':').map(|(place, _)| place + 1).collect();
    let Some(start) = starts.get(random.below(starts.len())).copied() else {
        return random.pick(&VALUES).to_owned();
    };
    let rest = &example[start..];
    let end = rest.find([',', '}']).unwrap_or(rest.len());
    format!("{}{}{}", &example[..start], random.pick(&VALUES), &rest[end..])
}
