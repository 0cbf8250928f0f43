//! `cargo xtask faults edge`: rate limits on the real runtime. A known limit under 64 connections is used up and never
//! passed in any window, while workerd is killed too; below the limit the limiter is asked rarely; strangers and floods
//! are held at the door.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aion_client::api::v1::limits::Rule;
use aion_client::{Client, NativeTransport};
use serde_json::json;

mod flood;
mod seen;

use crate::bench::load::Connection;
use crate::bench::workerd::{self, LOG, Running};
use crate::first_light::wait;
use crate::report::{Context, Failure, Outcome, fail, failure, now, say, step};
use crate::workspace::{at, scratch};
use crate::{build, secrets, setup};
use seen::{Seen, percent};

/// Requests above the limit, if the command line does not say: half of them undisturbed, half while workerd is killed.
const REQUESTS: u64 = 20_000;
/// Connections at once.
const CONNECTIONS: usize = 64;
/// The known limit is this part of what the runtime can answer, so that there is always too much.
const LIMIT_PART: u64 = 3;
const WINDOW_S: u32 = 10;
/// As much of the limit may come at once as a rule allows that does not say.
const BURST_PART: u32 = 50;
/// A part lasts two windows at least, and no longer than this.
const LENGTH_MIN: Duration = Duration::from_secs(2 * WINDOW_S as u64);
const LENGTH_MAX: Duration = Duration::from_mins(5);
/// So much of the limit must be used while nothing is disturbed, in percent.
const USED_MIN_PERCENT: u64 = 95;
/// So many requests there must be for one ask of a limiter, below the limit.
const REQUESTS_PER_ASK_MIN: u64 = 30;
/// workerd is killed after this time, and again after as much.
const KILL_EVERY: Duration = Duration::from_millis(3_500);
/// A route that asks no other object, so that what is measured is the limit.
const ROUTE: &str = "POST /v1/definitions:check";
const BODY: &str = r#"{"definition":{"steps":{"a":{"do":"set","with":{"value":1}}}}}"#;
/// An address of a stranger (RFC 5737).
const STRANGER: &str = "198.51.100.7";

/// Runs it and fails unless every promise holds.
pub fn run(words: &[&str]) -> Outcome<()> {
    let mut requests = REQUESTS;
    match words {
        [] => {}
        ["--requests", number] => requests = number.parse().context("--requests wants a number")?,
        _ => return fail("`faults edge` takes --requests N"),
    }
    setup::for_workers()?;
    secrets::ensure()?;
    build::one("edge")?;
    let folder = scratch("faults/edge");
    let running = step("the edge in workerd", || workerd::edge(&at("workers/edge/build"), &folder))?;
    let mut run = Run { key: tenant(running.port)?, folder, limit: 0, broken: Vec::new() };
    let rate = step("below the limit", || run.common(&running, requests / 10))?;
    run.set_limit(running.port, rate)?;
    step("above the limit", || run.undisturbed(&running, requests / 2))?;
    let running = step("above the limit, and killed", || run.killed(running, requests / 2))?;
    step("an address without a key", || run.strangers(&running))?;
    drop(running);
    run.broken.extend(step("a flood of one address, under wrangler", flood::run)?);
    if run.broken.is_empty() { Ok(()) } else { fail(run.broken.join("; ")) }
}

/// What one run knows.
struct Run {
    key: String,
    folder: PathBuf,
    /// Units in a window.
    limit: u32,
    /// Promises that did not hold.
    broken: Vec<String>,
}

fn tenant(port: u16) -> Outcome<String> {
    let operator = client(port, &secrets::operator_token()?);
    Ok(wait(operator.create_tenant("limits"))?.context("POST /v1/tenants")?.key.api_key)
}

fn client(port: u16, credential: &str) -> Client<NativeTransport> {
    Client::new(&format!("http://127.0.0.1:{port}"), NativeTransport::new()).with_key(credential)
}

impl Run {
    /// Sets a limit that is a part of so many requests a second, on the route of the load.
    fn set_limit(&mut self, port: u16, rate: u64) -> Outcome<()> {
        self.limit = u32::try_from(rate * u64::from(WINDOW_S) / LIMIT_PART)?.max(BURST_PART);
        let rule = json!({
            "name": "known", "match": { "routes": ["checkDefinition"] },
            "limit": self.limit, "windowSeconds": WINDOW_S, "burst": self.limit / BURST_PART
        });
        let rule: Rule = serde_json::from_value(rule)?;
        wait(client(port, &self.key).put_limits(&[rule]))?.context("PUT /v1/limits").map(|_| ())
    }

    /// Below every limit the isolate has what it needs nearly always. Gives how many are answered in a second.
    fn common(&mut self, running: &Running, requests: u64) -> Outcome<u64> {
        let before = self.asks()?;
        let seen = Load::new(running.port, &self.credential(), requests, Duration::ZERO).run()?;
        let asked = self.asks()? - before;
        let each = seen.answered() / asked.max(1);
        let rate = seen.answered() * 1_000 / seen.milliseconds().max(1);
        say(format_args!(
            "  {} requests, {rate} a second, {} refused; limiters were asked {asked} times, once for {each} requests",
            seen.answered(),
            seen.refused()
        ));
        if seen.refused() > 0 || seen.others() > 0 {
            self.broken.push(format!("{} refused below the limit, {} failed", seen.refused(), seen.others()));
        }
        if each < REQUESTS_PER_ASK_MIN {
            self.broken.push(format!("a limiter is asked once for {each} requests, not {REQUESTS_PER_ASK_MIN}"));
        }
        Ok(rate)
    }

    fn undisturbed(&mut self, running: &Running, requests: u64) -> Outcome<()> {
        let before = self.asks()?;
        let seen = Load::new(running.port, &self.credential(), requests, LENGTH_MIN).run()?;
        let asked = self.asks()? - before;
        self.hold(&seen);
        let used = percent(seen.admitted(), self.whole(&seen));
        let each = seen.answered() / asked.max(1);
        say(format_args!("  {used} of the limit is used; limiters were asked {asked} times, once for {each} requests"));
        if seen.admitted() * 100 < self.whole(&seen) * USED_MIN_PERCENT {
            self.broken.push(format!("only {used} of the limit is used"));
        }
        if seen.others() > 0 {
            self.broken.push(format!("{} failed while nothing was disturbed", seen.others()));
        }
        Ok(())
    }

    /// workerd is killed again and again; whoever is cut off connects again.
    fn killed(&mut self, running: Running, requests: u64) -> Outcome<Running> {
        let load = Load::new(running.port, &self.credential(), requests, LENGTH_MIN);
        let (running, kills, seen) = std::thread::scope(|scope| {
            let thread = scope.spawn(|| load.run());
            let (mut running, mut kills) = (running, 0_u32);
            while !thread.is_finished() {
                std::thread::sleep(KILL_EVERY);
                let port = running.port;
                running.server.kill();
                kills += 1;
                running = workerd::again(&self.folder, port)?;
            }
            let seen = thread.join().map_err(|_| failure("the load's thread ended"))??;
            Ok::<_, Failure>((running, kills, seen))
        })?;
        self.hold(&seen);
        let used = percent(seen.admitted(), self.whole(&seen));
        say(format_args!("  {kills} kills, {} cut off; {used} of the limit is used in spite of them", seen.others()));
        Ok(running)
    }

    /// What every part above the limit is held against.
    fn hold(&mut self, seen: &Seen) {
        let (limit, most) = (self.limit, seen.most_in(Duration::from_secs(WINDOW_S.into())));
        say(format_args!(
            "  {} requests from {CONNECTIONS} connections in {:.1} s: {} admitted, {} refused; at most {most} of \
             {limit} in any window of {WINDOW_S} s",
            seen.answered(),
            seen.seconds(),
            seen.admitted(),
            seen.refused()
        ));
        if most > u64::from(limit) {
            self.broken.push(format!("{most} in a window of {limit}"));
        }
    }

    /// What the limit would be in all of the time.
    fn whole(&self, seen: &Seen) -> u64 {
        u64::from(self.limit) * seen.milliseconds() / (u64::from(WINDOW_S) * 1_000)
    }

    /// Whoever shows no key is limited by the deployment's rule for addresses.
    fn strangers(&mut self, running: &Running) -> Outcome<()> {
        let rules = aion_limit::defaults::rules();
        let rule = rules.iter().find(|rule| rule.name == "addresses").ok_or_else(|| failure("no rule of addresses"))?;
        let headers = format!("cf-connecting-ip: {STRANGER}\r\nauthorization: Bearer aion_test_false\r\n");
        let seen = Load::new(running.port, &headers, u64::from(rule.burst()) * 4, Duration::ZERO).run()?;
        // A false key is answered 401 until there are too many.
        let evenly = u64::from(rule.limit) * seen.milliseconds() / u64::from(rule.window_seconds) / 1_000;
        let most = u64::from(rule.burst()) + evenly;
        let (looked_at, refused) = (seen.others(), seen.refused());
        say(format_args!("  false keys from one address: {looked_at} looked at, of at most {most}; {refused} refused"));
        if looked_at > most || refused == 0 || seen.admitted() > 0 {
            self.broken.push(format!("{looked_at} false keys were looked at, {most} may be"));
        }
        Ok(())
    }

    fn credential(&self) -> String {
        format!("authorization: Bearer {}\r\n", self.key)
    }

    /// How often limiters were asked so far, as the edge's own log says.
    fn asks(&self) -> Outcome<u64> {
        workerd::limiter_asks(&self.folder.join(LOG)).map(|[_, asks]| asks)
    }
}

/// Requests from every connection, until there were enough and the time is over.
struct Load {
    port: u16,
    headers: String,
    requests: u64,
    length: Duration,
    start: Instant,
    answered: AtomicU64,
}

impl Load {
    fn new(port: u16, headers: &str, requests: u64, length: Duration) -> Self {
        let headers = format!("content-type: application/json\r\n{headers}");
        Self { port, headers, requests, length, start: now(), answered: AtomicU64::new(0) }
    }

    fn run(&self) -> Outcome<Seen> {
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..CONNECTIONS).map(|_| scope.spawn(|| self.connection())).collect();
            let mut seen = Seen::default();
            for thread in threads {
                seen.add(thread.join().map_err(|_| failure("a connection's thread ended"))?);
            }
            Ok(seen)
        })
    }

    fn is_over(&self) -> bool {
        let time = self.start.elapsed();
        time >= LENGTH_MAX || (time >= self.length && self.answered.load(Ordering::SeqCst) >= self.requests)
    }

    fn connection(&self) -> Seen {
        let (mut seen, mut kept) = (Seen::default(), None);
        while !self.is_over() {
            let Some(mut connection) = kept.take().or_else(|| Connection::open(self.port).ok()) else {
                std::thread::sleep(Duration::from_millis(20));
                continue;
            };
            let sent = self.start.elapsed();
            let status = connection.ask(ROUTE, &self.headers, BODY).map_or(0, |(status, _)| status);
            seen.note(sent, self.start.elapsed(), status);
            if status != 0 {
                self.answered.fetch_add(1, Ordering::SeqCst);
                kept = Some(connection);
            }
        }
        seen
    }
}
