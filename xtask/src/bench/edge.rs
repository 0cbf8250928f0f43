//! `cargo xtask bench edge`: requests a second, latency and the server's CPU, next to a bare Worker on the same runtime
//! in the same run. Figures of one machine are for comparing within one run.

use std::fmt::Write;
use std::path::Path;

use aion_client::api::v1::identities::{CreateIdentity, Kind};
use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use super::load::{Connection, Load, Measured};
use super::workerd::{self, Running};
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
    let harness = Harness::start()?;
    let (bare, port) = bare(&scratch("bench"))?;
    let plain = |name, path| Target { name, port, path, body: "", credential: None, group: bare.group() };
    let mut targets = vec![plain("bare Worker", "/".to_owned())];
    targets.extend(ours(&harness)?);
    targets.push(plain("bare Worker before the origin", format!("/?origin={}/bench", harness.origin())));
    let mut results = Vec::new();
    for target in &targets {
        let method = if target.body.is_empty() { "GET" } else { "POST" };
        let (line, mut headers) = (format!("{method} {}", target.path), String::new());
        if let Some(key) = &target.credential {
            write!(headers, "authorization: Bearer {key}\r\n")?;
        }
        if !target.body.is_empty() {
            headers.push_str("content-type: application/json\r\n");
        }
        let work = |connection: &mut Connection, _| Ok(connection.ask(&line, &headers, target.body)?.0 == 200);
        let load = Load { port: target.port, clients: CONNECTIONS, work: &work, rows: None };
        let measured = step(&format!("load on {}", target.name), || load.run(seconds, &[("workerd", target.group)]))?;
        results.push((target.name, measured));
    }
    let asks = workerd::limiter_asks(&harness.edge_log())?;
    let starts = starts()?;
    print(&results, asks, starts, as_json);
    Ok(())
}

/// CPU of bare workerd until the first answer, in milliseconds: of the edge, and of a script of one line.
fn starts() -> Outcome<[u64; 2]> {
    let own = workerd::edge(&at("workers/edge/build"), &scratch("bench/edge"))?;
    let plain = workerd::bare(BARE, &scratch("bench/plain"))?;
    let ms = |running: &Running| usage::of("workerd", running.server.group()).map(|used| used.cpu_us / 1_000);
    Ok([ms(&own)?, ms(&plain)?])
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
        Target {
            body: CHECKED,
            ..target("key and limits: POST …:check", "/v1/definitions:check".to_owned(), Some(key.clone()))
        },
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

fn print(results: &[(&str, Measured)], asks: [u64; 2], starts: [u64; 2], as_json: bool) {
    let ([requests, asks], [own_ms, plain_ms]) = (asks, starts);
    if as_json {
        let targets: Vec<Value> = results.iter().map(|(name, measured)| measured.to_json(name)).collect();
        let start = json!({ "edgeCpuMs": own_ms, "bareCpuMs": plain_ms });
        let limiters = json!({ "requests": requests, "asked": asks });
        let all = json!({ "connections": CONNECTIONS, "targets": targets, "limiters": limiters, "start": start });
        println!("{all}");
        return;
    }
    println!("{}", Measured::head("requests/s"));
    for (name, measured) in results {
        println!("{}", measured.row(name));
    }
    say("Requests pass wrangler's development proxy, in all cases; its CPU is in no column.");
    say(format_args!("Limiters were asked {asks} times for {requests} requests of the API."));
    say(format_args!("CPU of workerd until the first answer: {own_ms} ms with the edge, {plain_ms} ms with one line"));
}
