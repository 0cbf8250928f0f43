//! `cargo xtask faults malformed`: requests that are wrong in every way that we can think of, made from a seed. The
//! platform stays alive, and answers none of them with a fault of its own.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aion_client::api::operations::{Credential, OPERATIONS};
use aion_client::{Client, NativeTransport};
use serde_json::Value;

use crate::bench::load::Connection;
use crate::first_light::wait;
use crate::harness::Harness;
use crate::report::{Context, Outcome, fail, now, say, step};
use crate::{build, files, platform, secrets, setup};

mod request;

use request::{Credentials, Kind, Random, Wrong};

/// Requests, if the command line does not say.
const REQUESTS: u64 = 100_000;
/// Connections at once: enough that wrong requests meet each other.
const CONNECTIONS: u8 = 16;
/// A request that was lost on its way is sent again so often,
const AGAIN_MAX: u8 = 4;
/// after this time.
const PAUSE: Duration = Duration::from_millis(50);
/// So many of the faults that were found are shown.
const SHOWN_MAX: usize = 20;

/// What came of it.
#[derive(Default)]
struct Seen {
    /// How often each status was answered.
    statuses: BTreeMap<u16, u64>,
    /// How often a connection was closed instead.
    closed: u64,
    /// Requests that were answered with a fault of ours.
    faults: Vec<String>,
}

/// Runs it and fails unless the platform kept its composure.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut requests, mut seed) = (REQUESTS, 1);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        let mut number = || words.next().copied().unwrap_or_default().parse().context(format!("{word} wants a number"));
        match *word {
            "--requests" => requests = number()?,
            "--seed" => seed = number()?,
            _ => return fail("`faults malformed` takes --requests N and --seed N"),
        }
    }
    setup::for_platform()?;
    build::all()?;
    let harness = Harness::start("faults/malformed")?;
    let operator = secrets::operator_token()?;
    let client = Client::new(&harness.url(), NativeTransport::new()).with_key(&operator);
    let key = wait(client.create_tenant("malformed"))?.context("POST /v1/tenants")?.key.api_key;
    let credentials = Credentials { key, operator };
    let (seen, start) = (Mutex::new(Seen::default()), now());
    step("malformed requests", || {
        std::thread::scope(|scope| {
            let sender = |first: u64| {
                let (seen, credentials, port) = (&seen, &credentials, harness.port());
                scope.spawn(move || send(port, seed, (first..requests).step_by(CONNECTIONS.into()), credentials, seen))
            };
            let senders: Vec<_> = (0..CONNECTIONS.into()).map(sender).collect();
            senders.into_iter().try_for_each(|sender| sender.join().unwrap_or_else(|_| fail("a sender's thread ended")))
        })
    })?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let seconds = start.elapsed().as_secs_f64();
    say(format_args!(
        "  {requests} requests of seed {seed} in {seconds:.0} s; {} connections were closed",
        seen.closed
    ));
    for (status, times) in &seen.statuses {
        say(format_args!("  {status}{times:>9}"));
    }
    for fault in seen.faults.iter().take(SHOWN_MAX) {
        say(format_args!("  {fault}"));
    }
    let log = files::read(&harness.log())?;
    let panics = log.matches("panicked at").count();
    let alive = platform::readiness(&harness.url())?;
    if seen.faults.is_empty() && panics == 0 && alive["state"] == "ok" {
        return Ok(());
    }
    fail(format!("{} faults of ours, {panics} panics, state {}", seen.faults.len(), alive["state"]))
}

fn send(
    port: u16,
    seed: u64,
    numbers: impl Iterator<Item = u64>,
    credentials: &Credentials,
    seen: &Mutex<Seen>,
) -> Outcome<()> {
    let mut connection = Connection::open(port)?;
    for number in numbers {
        let mut random = Random::of(seed, number);
        let Wrong { kind, bytes, last } = request::wrong(&mut random, port, credentials);
        let mut answer = connection.send(&bytes);
        // A server may close a connection that was kept, and wrangler's proxy loses one now and then: it is sent again,
        // on fresh ones. What is wrong with the request itself is wrong each time.
        let lost = |answer: &Outcome<(u16, Vec<u8>)>| match answer {
            Ok((status, body)) => *status >= 500 && !body.starts_with(b"{"),
            Err(_) => true,
        };
        for _ in 0..AGAIN_MAX {
            if kind != Kind::Http || !lost(&answer) {
                break;
            }
            std::thread::sleep(PAUSE);
            connection = Connection::open(port)?;
            answer = connection.send(&bytes);
        }
        // What is hardly HTTP may leave a connection in whatever state.
        if last || answer.is_err() {
            connection = Connection::open(port)?;
        }
        seen.lock().unwrap_or_else(PoisonError::into_inner).note(number, kind, last, &bytes, answer);
    }
    Ok(())
}

impl Seen {
    fn note(&mut self, number: u64, kind: Kind, last: bool, bytes: &[u8], answer: Outcome<(u16, Vec<u8>)>) {
        let head = first_line(bytes);
        match answer {
            Ok((status, body)) => {
                *self.statuses.entry(status).or_default() += 1;
                if status >= 500 && kind == Kind::Http && !is_upstreams(status, &body) {
                    let body = String::from_utf8_lossy(&body);
                    self.faults.push(format!("number {number}: {status} to {head}: {body}"));
                }
            }
            Err(failure) => {
                self.closed += 1;
                if kind == Kind::Http && !last {
                    self.faults.push(format!("number {number}: {failure} after {head}"));
                }
            }
        }
    }
}

/// Whether a fault is a provider's or an origin's: the operations that name one are asked as well, and it is not there.
fn is_upstreams(status: u16, body: &[u8]) -> bool {
    let body: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = body["code"].as_str().or_else(|| body["error"]["code"].as_str()).unwrap_or_default();
    (502..=504).contains(&status) && ["model", "upstream"].contains(&code.split('.').next().unwrap_or_default())
}

fn first_line(bytes: &[u8]) -> String {
    let line = bytes.split(|byte| *byte == b'\r').next().unwrap_or_default();
    String::from_utf8_lossy(&line[..line.len().min(160)]).into_owned()
}
