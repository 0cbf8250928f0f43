//! `cargo xtask bench edge`: requests a second, latency and the server's CPU, next to a bare Worker on the same runtime
//! in the same run. Figures of one machine are for comparing within one run.

use std::path::Path;

use aion_client::api::v1::identities::{CreateIdentity, Kind};
use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use super::load::{Connection, Load, Measured};
use crate::first_light::wait;
use crate::harness::Harness;
use crate::process::Server;
use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::scratch;
use crate::{build, files, http, platform, secrets, setup};

/// How long each target is loaded, after a second to warm up.
const SECONDS: u64 = 5;
/// Connections that are used at once: enough to keep one isolate busy.
const CONNECTIONS: usize = 16;

/// The bare Worker: what the runtime costs by itself.
const BARE: &str = "export default { fetch: () => new Response('{\"ok\":true}') }\n";

/// What is loaded.
struct Target {
    name: &'static str,
    port: u16,
    path: String,
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
    let harness = Harness::start()?;
    let (bare, bare_port) = bare(&scratch("bench"))?;
    let mut targets = vec![Target {
        name: "bare Worker",
        port: bare_port,
        path: "/".to_owned(),
        credential: None,
        group: bare.group(),
    }];
    targets.extend(ours(&harness)?);
    let mut results = Vec::new();
    for target in &targets {
        let credential = target.credential.as_ref().map(|key| format!("authorization: Bearer {key}\r\n"));
        let (line, credential) = (format!("GET {}", target.path), credential.unwrap_or_default());
        let work = |connection: &mut Connection, _| Ok(connection.ask(&line, &credential, "")?.0 == 200);
        let load = Load { port: target.port, clients: CONNECTIONS, work: &work, rows: None };
        let measured = step(&format!("load on {}", target.name), || load.run(seconds, &[("workerd", target.group)]))?;
        results.push((target.name, measured));
    }
    print(&results, seconds, as_json);
    Ok(())
}

/// The edge's targets: alive, an authenticated read, and the resolution of a DID.
fn ours(harness: &Harness) -> Outcome<Vec<Target>> {
    let url = harness.url();
    let group = harness.edge_group();
    let port = harness.port();
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("bench"))?.context("POST /v1/tenants")?;
    let client = Client::new(&url, NativeTransport::new()).with_key(&tenant.key.api_key);
    let identity = CreateIdentity { name: "bench".to_owned(), kind: Kind::Service };
    let did = wait(client.create_identity("bench", &identity))?.context("POST /v1/identities")?.did;
    let target = |name, path: String, credential| Target { name, port, path, credential, group };
    let resolution = format!("/1.0/identifiers/{}", did.replace('%', "%25"));
    Ok(vec![
        target("GET /health", "/health".to_owned(), None),
        target("GET /v1/identities/{id}", "/v1/identities/s:bench".to_owned(), Some(tenant.key.api_key)),
        target("GET /1.0/identifiers/{did}", resolution, None),
    ])
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

fn print(results: &[(&str, Measured)], seconds: u64, as_json: bool) {
    if as_json {
        let targets: Vec<Value> = results.iter().map(|(name, measured)| measured.to_json(name)).collect();
        println!("{}", json!({ "seconds": seconds, "connections": CONNECTIONS, "targets": targets }));
        return;
    }
    println!("{}", Measured::head("requests/s"));
    for (name, measured) in results {
        println!("{}", measured.row(name));
    }
    say("Requests pass wrangler's development proxy, in both cases; its CPU is in no column.");
}
