//! `cargo xtask bench edge`: requests a second, latency and the server's CPU, next to a bare Worker on the same runtime
//! in the same run. Figures of one machine are for comparing within one run.

use std::fmt::Write;
use std::path::Path;

use aion_client::api::v1::identities::{CreateIdentity, Kind};
use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use super::load::{Connection, Load, Measured};
use super::startup;
use super::workerd::{self, LOG, Running};
use crate::first_light::wait;
use crate::harness::Harness;
use crate::process::Server;
use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{at, scratch};
use crate::{build, files, http, modules, platform, secrets, setup, usage};

/// How long each target is loaded, after a second to warm up.
const SECONDS: u64 = 5;
/// Connections that are used at once: enough to keep one isolate busy.
const CONNECTIONS: usize = 16;

/// The bare Worker: what the runtime costs by itself. With `?origin=` it asks the system behind, as a gateway does.
const BARE: &str = "export default { fetch: (request) => {
  const origin = new URL(request.url).searchParams.get('origin');
  return origin ? fetch(origin) : new Response('{\"ok\":true}');
} }\n";
/// A definition that is checked in the edge itself.
const CHECKED: &str = r#"{"definition":{"steps":{"a":{"do":"set","with":{"value":1}}}}}"#;

/// What is loaded.
struct Target {
    name: &'static str,
    port: u16,
    path: String,
    /// Posted, if there is one.
    body: &'static str,
    credential: Option<String>,
    group: i32,
}

/// Measures and prints a table, or JSON.
pub fn run(options: &[&str]) -> Outcome<()> {
    let (mut as_json, mut seconds) = (false, SECONDS);
    let mut words = options.iter();
    while let Some(word) = words.next() {
        match *word {
            "--json" => as_json = true,
            "--seconds" => seconds = words.next().unwrap_or(&"").parse().context("--seconds wants a number")?,
            other => return fail(format!("`bench edge` does not know {other}")),
        }
    }
    setup::for_platform()?;
    build::all()?;
    modules::build()?;
    let harness = Harness::start("bench-platform")?;
    let (bare, port) = bare(&scratch("bench"))?;
    let plain = |name| Target::plain(name, port, bare.group());
    let mut targets = vec![plain("bare Worker")];
    targets.extend(ours(&harness)?);
    let path = format!("/?origin={}/bench", harness.origin());
    targets.push(Target { path, ..plain("bare Worker before the origin") });
    let mut results =
        targets.iter().map(|target| Ok((target.name, target.load(seconds)?))).collect::<Outcome<Vec<_>>>()?;
    let Alone { results: more, start_ms, limiters } = alone(seconds)?;
    results.extend(more);
    let startup = step("start-up of every script", startup::profiled)?;
    print(&results, limiters, start_ms, &startup, as_json);
    Ok(())
}

impl Target {
    fn plain(name: &'static str, port: u16, group: i32) -> Self {
        Self { name, port, path: "/".to_owned(), body: "", credential: None, group }
    }

    /// A request that the edge answers by itself, once it has looked at the credential and the limits.
    fn checked(name: &'static str, port: u16, group: i32) -> Self {
        Self { path: "/v1/definitions:check".to_owned(), body: CHECKED, ..Self::plain(name, port, group) }
    }

    fn load(&self, seconds: u64) -> Outcome<Measured> {
        let method = if self.body.is_empty() { "GET" } else { "POST" };
        let (line, mut headers) = (format!("{method} {}", self.path), String::new());
        if let Some(key) = &self.credential {
            write!(headers, "authorization: Bearer {key}\r\n")?;
        }
        if !self.body.is_empty() {
            headers.push_str("content-type: application/json\r\n");
        }
        let work = |connection: &mut Connection, _| Ok(connection.ask(&line, &headers, self.body)?.0 == 200);
        let load = Load { port: self.port, clients: CONNECTIONS, work: &work, rows: None };
        step(&format!("load on {}", self.name), || load.run(seconds, &[("workerd", self.group)]))
    }
}

/// What bare workerd tells, without wrangler's proxy in front.
struct Alone {
    /// The same two requests as with the proxy: one line of script, and a key with its limits.
    results: Vec<(&'static str, Measured)>,
    /// CPU until the first answer, milliseconds: of the edge, and of a script of one line.
    start_ms: [u64; 2],
    /// Requests that were counted, and how often a limiter was asked for them.
    limiters: [u64; 2],
}

fn alone(seconds: u64) -> Outcome<Alone> {
    let folder = scratch("bench/edge");
    let own = workerd::edge(&at("workers/edge/build"), &folder)?;
    let plain = workerd::bare(BARE, &scratch("bench/plain"))?;
    let ms = |running: &Running| usage::of("workerd", running.server.group()).map(|used| used.cpu_us / 1_000);
    let start_ms = [ms(&own)?, ms(&plain)?];
    let url = format!("http://127.0.0.1:{}", own.port);
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let key = wait(operator.create_tenant("bench"))?.context("POST /v1/tenants")?.key.api_key;
    let targets = [
        Target::plain("one line, no proxy", plain.port, plain.server.group()),
        Target { credential: Some(key), ..Target::checked("key and limits, no proxy", own.port, own.server.group()) },
    ];
    let results = targets.iter().map(|target| Ok((target.name, target.load(seconds)?))).collect::<Outcome<_>>()?;
    Ok(Alone { results, start_ms, limiters: workerd::limiter_asks(&folder.join(LOG))? })
}

/// The edge's targets: alive, an authenticated read, the resolution of a DID, and routes of a tenant.
fn ours(harness: &Harness) -> Outcome<Vec<Target>> {
    let url = harness.url();
    let group = harness.edge_group();
    let port = harness.port();
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("bench"))?.context("POST /v1/tenants")?;
    let client = Client::new(&url, NativeTransport::new()).with_key(&tenant.key.api_key);
    let identity = CreateIdentity { name: "bench".to_owned(), kind: Kind::Service };
    let did = wait(client.create_identity("bench", &identity))?.context("POST /v1/identities")?.did;
    routes(&client, harness.origin())?;
    let target = |name, path: String, credential| Target { name, port, path, body: "", credential, group };
    let (resolution, key) = (format!("/1.0/identifiers/{}", did.replace('%', "%25")), tenant.key.api_key);
    let route = |name| format!("/g/{}/{name}", tenant.id);
    Ok(vec![
        target("GET /health", "/health".to_owned(), None),
        Target { credential: Some(key.clone()), ..Target::checked("key and limits: POST …:check", port, group) },
        target("and an object: GET /v1/identities/{id}", "/v1/identities/s:bench".to_owned(), Some(key.clone())),
        target("GET /1.0/identifiers/{did}", resolution, None),
        target("a route, cached", route("cached"), None),
        target("key, limits, route, cached", route("own"), Some(key)),
        target("a route to the origin", route("origin"), None),
        target("and a function before it", route("function"), None),
    ])
}

/// A route that is cached, one that wants a key besides, one that asks the origin each time, and one whose requests a
/// function reads and changes before.
fn routes(client: &Client<NativeTransport>, origin: &str) -> Outcome<()> {
    let route = |name: &str, more: Value| {
        let mut route = json!({
            "name": name, "match": { "path": format!("/{name}") }, "rewrite": { "path": "/bench" },
            "targets": [{ "origin": origin }]
        });
        more.as_object().into_iter().flatten().for_each(|(field, value)| route[field] = value.clone());
        route
    };
    let cache = json!({ "ttlS": 3_600, "credentials": "apart" });
    let table = json!({ "routes": [
        route("cached", json!({ "cache": cache })),
        route("own", json!({ "cache": cache, "credential": "key" })),
        route("origin", json!({})),
        route("function", json!({ "targets": [{ "function": "transformer" }, { "origin": origin }] }))
    ] });
    wait(client.put_function("transformer", "", &modules::read("transformer")?))?.context("PUT /v1/functions")?;
    wait(client.put_hosts(&[origin.trim_start_matches("http://")]))?.context("PUT /v1/hosts")?;
    wait(client.put_routes(&serde_json::from_value(table)?, None))?.context("PUT /v1/routes").map(|_| ())
}

/// Starts the bare Worker.
fn bare(folder: &Path) -> Outcome<(Server, u16)> {
    step("bare Worker", || {
        platform::fresh_folder(folder)?;
        files::write(&folder.join("bare.mjs"), BARE)?;
        let config = "name = \"bare\"\nmain = \"bare.mjs\"\ncompatibility_date = \"2026-06-01\"\n";
        files::write(&folder.join("wrangler.toml"), config)?;
        let port = http::free_port()?;
        let mut wrangler = platform::wrangler()?;
        wrangler.args(["dev", "-c"]).arg(folder.join("wrangler.toml")).args(["--port", &port.to_string()]);
        wrangler.args(["--ip", "127.0.0.1", "--inspector-port", &http::free_port()?.to_string(), "--log-level=warn"]);
        wrangler.arg("--show-interactive-dev-session=false").env("WRANGLER_REGISTRY_PATH", folder.join("registry"));
        let mut server = Server::start(&mut wrangler, &folder.join("bare.log"))?;
        platform::wait_for_edge(&format!("http://127.0.0.1:{port}"), &mut server)?;
        Ok((server, port))
    })
}

fn print(results: &[(&str, Measured)], limiters: [u64; 2], start_ms: [u64; 2], startup: &[(&str, f64)], as_json: bool) {
    let ([requests, asks], [own_ms, plain_ms]) = (limiters, start_ms);
    if as_json {
        let targets: Vec<Value> = results.iter().map(|(name, measured)| measured.to_json(name)).collect();
        let start = json!({ "edgeCpuMs": own_ms, "bareCpuMs": plain_ms, "profiledMs": startup });
        let limiters = json!({ "requests": requests, "asked": asks });
        let all = json!({ "connections": CONNECTIONS, "targets": targets, "limiters": limiters, "start": start });
        println!("{all}");
        return;
    }
    println!("{}", Measured::head("requests/s"));
    for (name, measured) in results {
        println!("{}", measured.row(name));
    }
    say("Requests pass wrangler's development proxy where nothing else is said.");
    say(format_args!("Without the proxy, limiters were asked {asks} times for {requests} requests."));
    say(format_args!("CPU of workerd until the first answer: {own_ms} ms with the edge, {plain_ms} ms with one line"));
    let each: Vec<String> = startup.iter().map(|(name, ms)| format!("{name} {ms} ms")).collect();
    say(format_args!("Start-up as `wrangler check startup` profiles it: {}", each.join(", ")));
}
