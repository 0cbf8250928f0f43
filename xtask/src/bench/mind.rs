//! `cargo xtask bench mind`: what the gateway of models costs, a call and a piece of a stream, before a provider on
//! loopback that answers at once, next to `LiteLLM`. Nothing but a gateway is in its figures.

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

use litellm::Duty;
use pieces::Apart;
use stub::{PIECES, SLOWLY, TEXT};

/// How long each load lasts, after a second to warm up.
const SECONDS: u64 = 5;
/// How long each kind of answer is asked for by most clients before anything is measured: what runs for long has been
/// compiled, and what compiling costs is in the CPU of whoever compiles while it runs.
const COMPILING_SECONDS: u64 = 30;
/// Clients at once.
const CLIENTS: [usize; 2] = [1, 16];
/// About the least that the runtime costs a gateway: one script that reads what it passes on and writes it again, piece
/// by piece, and knows no keys, limits, budgets or other words.
const PLAIN: &str = "export default {
  async fetch(request, _, context) {
    if (request.method !== 'POST') return new Response('ok');
    const [question, headers] = [await request.json(), { 'content-type': 'application/json' }];
    const answer = await fetch('UPSTREAM', { method: 'POST', headers, body: JSON.stringify(question) });
    if (!question.stream) return Response.json(await answer.json());
    const { readable, writable } = new IdentityTransformStream();
    const [reader, writer] = [answer.body.getReader(), writable.getWriter()];
    const carry = async () => {
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        writer.write(value);
      }
      await writer.close();
    };
    context.waitUntil(carry());
    return new Response(readable, { headers: { 'content-type': 'text/event-stream' } });
  },
};
";
/// The most of `LiteLLM`'s CPU a call that ours may cost.
const TARGET: f64 = 0.1;
/// The one that does as nearly as possible what ours does.
const LIKE: Duty = Duty::Shared;

/// Something that can be asked for completions.
pub struct Gateway {
    name: &'static str,
    port: u16,
    key: String,
    /// The groups of its processes; the stub has none of its own.
    groups: Vec<i32>,
}

/// Everybody who was measured.
struct All {
    provider: Seen,
    plain: Seen,
    own: Seen,
    peers: Vec<Seen>,
}

/// What was seen of a gateway.
struct Seen {
    name: &'static str,
    /// Whole answers, then streams, each for every number of clients.
    loads: Vec<(String, Measured)>,
    apart: Apart,
}

/// Measures and prints a table, or JSON.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut as_json, mut peers, mut seconds) = (false, true, SECONDS);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--json" => as_json = true,
            "--alone" => peers = false,
            "--seconds" => seconds = words.next().unwrap_or(&"").parse().context("--seconds wants a number")?,
            other => return fail(format!("`bench mind` does not know {other}")),
        }
    }
    setup::for_workers()?;
    secrets::ensure()?;
    build::all()?;
    let stub = stub::start()?;
    let direct = Gateway { name: "the provider itself", port: stub, key: "none".to_owned(), groups: Vec::new() };
    let provider = direct.measure(seconds)?;
    let plain = measure_plain(stub, seconds)?;
    // Both stand idle beside each other: what a process uses is counted by itself.
    let running = step("edge and mind in workerd", || workerd::edge_with_mind(&scratch("bench/mind")))?;
    let key = tenant(running.port, stub)?;
    let own = Gateway { name: "AION-Ω", port: running.port, key, groups: vec![running.server.group()] };
    let mut all = All { provider, plain, own: own.measure(seconds)?, peers: Vec::new() };
    for duty in Duty::ALL.into_iter().filter(|_| peers) {
        match litellm::start(stub, duty) {
            Ok(peer) => all.peers.push(peer.gateway().measure(seconds)?),
            Err(failure) => say(format_args!("{} is missing: {failure}", duty.name())),
        }
    }
    all.print(seconds, as_json);
    Ok(())
}

/// Measures the plain script before the stub, and ends it.
fn measure_plain(stub: u16, seconds: u64) -> Outcome<Seen> {
    let script = PLAIN.replace("UPSTREAM", &format!("http://127.0.0.1:{stub}/v1/chat/completions"));
    let running = workerd::bare(&script, &scratch("bench/plain-gateway"))?;
    let (key, groups) = ("none".to_owned(), vec![running.server.group()]);
    Gateway { name: "a plain script in workerd", port: running.port, key, groups }.measure(seconds)
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
        for stream in [false, true] {
            let shown = format!("{}, warming up", self.name);
            step(&shown, || self.load(stream, CLIENTS[CLIENTS.len() - 1], COMPILING_SECONDS))?;
        }
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
        let request = self.request(true, SLOWLY);
        let apart = step(&shown, || pieces::measure(self.port, &request, length, &self.groups))?;
        Ok(Seen { name: self.name, loads, apart })
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
        let processes: Vec<(&str, i32)> = self.groups.iter().map(|group| ("", *group)).collect();
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

    /// The same of pieces that come apart, to one client.
    fn lone_piece_cpu_us(&self) -> f64 {
        let whole = self.loads.first().map_or(0.0, |(_, load)| load.cpu_us_each());
        (self.apart.cpu_us_a_stream() - whole) / f64::from(PIECES)
    }
}

/// CPU a call of one against that of another, for each load, and a piece's.
fn ratios(one: &Seen, other: &Seen) -> Vec<(String, f64)> {
    let both = one.loads.iter().zip(&other.loads);
    let each = both.map(|((name, one), (_, other))| (name.clone(), one.cpu_us_each() / other.cpu_us_each().max(1.0)));
    let piece = ("a piece".to_owned(), one.piece_cpu_us() / other.piece_cpu_us().max(1.0));
    let lone = ("a piece apart".to_owned(), one.lone_piece_cpu_us() / other.lone_piece_cpu_us().max(1.0));
    each.chain([piece, lone]).collect()
}

impl All {
    fn each(&self) -> impl Iterator<Item = &Seen> {
        [&self.provider, &self.plain, &self.own].into_iter().chain(&self.peers)
    }

    /// Who is held against each peer: ours, and the least that the runtime costs.
    fn held(&self) -> impl Iterator<Item = (&Seen, &Seen)> {
        self.peers.iter().flat_map(|peer| [(&self.own, peer), (&self.plain, peer)])
    }

    fn print(&self, seconds: u64, as_json: bool) {
        if as_json {
            println!("{}", self.to_json(seconds));
            return;
        }
        println!("{}", Measured::head("calls/s"));
        for seen in self.each() {
            for (name, load) in &seen.loads {
                println!("{}", load.row(&format!("{}, {name}", seen.name)));
            }
        }
        let (cpu, lone) = ("CPU µs each", "CPU µs apart");
        println!("\n{:<34}{:>12}{:>10}{:>10}{cpu:>14}{lone:>14}", "a piece of a stream", "seen", "p50 ms", "p99 ms");
        for one in self.each() {
            let (name, apart) = (one.name, &one.apart);
            let (p50, p99, count) = (apart.percentile_ms(50), apart.percentile_ms(99), apart.count());
            let (cpu, lone) = (one.piece_cpu_us(), one.lone_piece_cpu_us());
            println!("{name:<34}{count:>12}{p50:>10.2}{p99:>10.2}{cpu:>14.0}{lone:>14.0}");
        }
        for (one, peer) in self.held() {
            let parts: Vec<String> = ratios(one, peer).iter().map(|(name, part)| format!("{name} {part:.3}")).collect();
            say(format_args!("CPU of {} against that of {}: {}", one.name, peer.name, parts.join("; ")));
        }
        // Nothing is judged if that peer is missing.
        for peer in self.peers.iter().filter(|peer| peer.name == LIKE.name()) {
            for ((name, part), (_, least)) in ratios(&self.own, peer).iter().zip(ratios(&self.plain, peer)) {
                let met = match *part <= TARGET {
                    true => "met",
                    false if least > TARGET => "missed, as it is by a plain script of the runtime",
                    false => "missed",
                };
                say(format_args!("{name}: {part:.3} of the CPU of {}; the target of {TARGET} is {met}", peer.name));
            }
        }
        say(format_args!("A stream has {PIECES} pieces. The provider's own CPU is in no row."));
    }

    fn to_json(&self, seconds: u64) -> Value {
        let gateway = |seen: &Seen| {
            let loads: Vec<Value> = seen.loads.iter().map(|(name, load)| load.to_json(name)).collect();
            let apart = &seen.apart;
            let piece = json!({ "cpuMicros": seen.piece_cpu_us(), "cpuMicrosApart": seen.lone_piece_cpu_us(),
                "p50Ms": apart.percentile_ms(50), "p99Ms": apart.percentile_ms(99), "seen": apart.count() });
            json!({ "gateway": seen.name, "loads": loads, "piece": piece })
        };
        let gateways: Vec<Value> = self.each().map(gateway).collect();
        let part = |(name, part): &(String, f64)| json!({ "load": name, "part": part });
        let against = |(one, peer): (&Seen, &Seen)| {
            let parts: Vec<Value> = ratios(one, peer).iter().map(part).collect();
            json!({ "gateway": one.name, "peer": peer.name, "parts": parts })
        };
        let against: Vec<Value> = self.held().map(against).collect();
        json!({ "seconds": seconds, "pieces": PIECES, "gateways": gateways, "cpuAgainst": against, "target": TARGET,
            "targetAgainst": LIKE.name() })
    }
}
