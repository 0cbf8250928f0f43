//! `cargo xtask bench mind`: what the gateway of models costs, a call and a piece of a stream, before a provider on
//! loopback that answers at once. Nothing but the gateway is in its figures.

mod litellm;
mod pieces;
mod stub;

use std::time::Duration;

use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use super::load::{Connection, Load, Measured};
use super::workerd;
use crate::first_light::wait;
use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::scratch;
use crate::{build, secrets, setup};

use pieces::Delays;
use stub::{PIECES, SLOWLY, TEXT};

/// How long each load lasts, after a second to warm up.
const SECONDS: u64 = 5;
/// Clients at once.
const CLIENTS: [usize; 2] = [1, 16];
/// The most of `LiteLLM`'s CPU a call that ours may cost.
const TARGET: f64 = 0.1;

/// Something that can be asked for completions.
pub struct Gateway {
    name: &'static str,
    port: u16,
    key: String,
    /// The group of its processes; the stub has none of its own.
    group: Option<i32>,
}

/// What was seen of a gateway.
struct Seen {
    name: &'static str,
    /// Whole answers, then streams, each for every number of clients.
    loads: Vec<(String, Measured)>,
    delays: Delays,
}

/// Measures and prints a table, or JSON.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut as_json, mut peers, mut seconds) = (false, false, SECONDS);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--json" => as_json = true,
            "--peers" => peers = true,
            "--seconds" => seconds = words.next().unwrap_or(&"").parse().context("--seconds wants a number")?,
            other => return fail(format!("`bench mind` does not know {other}")),
        }
    }
    setup::for_workers()?;
    secrets::ensure()?;
    build::all()?;
    let stub = stub::start()?;
    let direct = Gateway { name: "the provider itself", port: stub, key: "none".to_owned(), group: None };
    let mut seen = vec![direct.measure(seconds)?];
    // Both stand idle beside each other: what a process uses is counted by itself.
    let running = step("edge and mind in workerd", || workerd::edge_with_mind(&scratch("bench/mind")))?;
    let key = tenant(running.port, stub)?;
    let own = Gateway { name: "AION-Ω", port: running.port, key, group: Some(running.server.group()) };
    seen.push(own.measure(seconds)?);
    if peers {
        match litellm::start(stub) {
            Ok(peer) => seen.push(peer.gateway().measure(seconds)?),
            Err(failure) => say(format_args!("LiteLLM is missing: {failure}")),
        }
    }
    print(&seen, seconds, as_json);
    Ok(())
}

/// A tenant whose provider is the stub, with a cap, so that a call costs what it costs in earnest; its key.
fn tenant(port: u16, stub: u16) -> Outcome<String> {
    let url = format!("http://127.0.0.1:{port}");
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("bench"))?.context("POST /v1/tenants")?;
    let client = Client::new(&url, NativeTransport::new()).with_key(&tenant.key.api_key);
    let providers = json!({ "providers": [{
        "id": "stub", "kind": "openai-chat", "baseUrl": format!("http://127.0.0.1:{stub}/v1"),
        "models": [{ "name": "fast", "upstream": "up", "contextTokens": 8_000, "maxOutputTokens": 1_000,
            "prices": { "input": 1_000_000, "cachedInput": 1_000_000, "output": 1_000_000 },
            "capabilities": { "streaming": true } }]
    }] });
    wait(client.put_providers(&serde_json::from_value(providers)?))?.context("PUT /v1/mind/providers")?;
    let caps = serde_json::from_value(json!([{ "of": "tenant", "day": "1000000000000" }]))?;
    wait(client.put_budgets(caps))?.context("PUT /v1/mind/budgets")?;
    Ok(tenant.key.api_key)
}

impl Gateway {
    fn measure(&self, seconds: u64) -> Outcome<Seen> {
        let mut loads = Vec::new();
        for stream in [false, true] {
            for clients in CLIENTS {
                let what = if stream { "streams" } else { "whole" };
                let name = format!("{what}, {clients} clients");
                let shown = format!("{}, {name}", self.name);
                loads.push((name, step(&shown, || self.load(stream, clients, seconds))?));
            }
        }
        let (shown, length) = (format!("{}, pieces", self.name), Duration::from_secs(seconds));
        let delays = step(&shown, || pieces::measure(self.port, &self.request(true, SLOWLY), length))?;
        Ok(Seen { name: self.name, loads, delays })
    }

    /// A whole request, as it is written to the connection.
    fn request(&self, stream: bool, how: &str) -> String {
        let messages = [json!({ "role": "user", "content": format!("Say something {how}.") })];
        let body = json!({ "model": "fast", "stream": stream, "messages": messages }).to_string();
        format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: 127.0.0.1:{}\r\ncontent-type: application/json\r\n\
             authorization: Bearer {}\r\ncontent-length: {}\r\n\r\n{body}",
            self.port,
            self.key,
            body.len()
        )
    }

    fn load(&self, stream: bool, clients: usize, seconds: u64) -> Outcome<Measured> {
        let request = self.request(stream, "at once");
        // Every answer is looked at: a refusal is no call.
        let last = if stream { "data: [DONE]" } else { TEXT };
        let work = |connection: &mut Connection, _| {
            let (status, body) = connection.send(request.as_bytes())?;
            Ok(status == 200 && String::from_utf8_lossy(&body).contains(last))
        };
        let processes: Vec<(&str, i32)> = self.group.iter().map(|group| ("", *group)).collect();
        Load { port: self.port, clients, work: &work, rows: None }.run(seconds, &processes)
    }
}

impl Seen {
    /// CPU of a piece, microseconds: what a stream costs more than a whole answer, of those with most clients.
    fn piece_cpu_us(&self) -> f64 {
        let each = |place: usize| self.loads.get(place).map_or(0.0, |(_, load)| load.cpu_us_each());
        let (whole, stream) = (each(CLIENTS.len() - 1), each(2 * CLIENTS.len() - 1));
        (stream - whole) / f64::from(PIECES)
    }
}

/// CPU a call of the one against that of the other, for each load.
fn ratios(own: &Seen, peer: &Seen) -> Vec<(String, f64)> {
    let both = own.loads.iter().zip(&peer.loads);
    both.map(|((name, own), (_, peer))| (name.clone(), own.cpu_us_each() / peer.cpu_us_each().max(1.0))).collect()
}

fn print(seen: &[Seen], seconds: u64, as_json: bool) {
    let ratios = seen.get(1).zip(seen.get(2)).map(|(own, peer)| ratios(own, peer)).unwrap_or_default();
    if as_json {
        let gateway = |seen: &Seen| {
            let loads: Vec<Value> = seen.loads.iter().map(|(name, load)| load.to_json(name)).collect();
            let piece = json!({ "cpuMicros": seen.piece_cpu_us(), "p50Ms": seen.delays.percentile_ms(50),
                "p99Ms": seen.delays.percentile_ms(99), "seen": seen.delays.count() });
            json!({ "gateway": seen.name, "loads": loads, "piece": piece })
        };
        let gateways: Vec<Value> = seen.iter().map(gateway).collect();
        let against: Vec<Value> = ratios.iter().map(|(name, part)| json!({ "load": name, "part": part })).collect();
        let all = json!({ "seconds": seconds, "pieces": PIECES, "gateways": gateways,
            "cpuAgainstLiteLlm": against, "target": TARGET });
        println!("{all}");
        return;
    }
    println!("{}", Measured::head("calls/s"));
    for seen in seen {
        for (name, load) in &seen.loads {
            println!("{}", load.row(&format!("{}, {name}", seen.name)));
        }
    }
    println!("\n{:<34}{:>12}{:>10}{:>10}{:>14}", "a piece of a stream", "seen", "p50 ms", "p99 ms", "CPU µs each");
    for Seen { name, delays, .. } in seen {
        let (p50, p99, count) = (delays.percentile_ms(50), delays.percentile_ms(99), delays.count());
        let cpu = seen.iter().find(|seen| seen.name == *name).map_or(0.0, Seen::piece_cpu_us);
        println!("{name:<34}{count:>12}{p50:>10.2}{p99:>10.2}{cpu:>14.0}");
    }
    for (name, part) in &ratios {
        let met = if *part <= TARGET { "met" } else { "missed" };
        say(format_args!("{name}: {part:.3} of LiteLLM's CPU a call; the target of {TARGET} is {met}"));
    }
    say(format_args!("A stream has {PIECES} pieces. The provider's own CPU is in no row."));
}
