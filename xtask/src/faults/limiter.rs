//! `cargo xtask faults limiter`: the edge while its limiters are away. Reads pass uncounted and say so in the log; what
//! writes, or moves money or rights, is refused until they are back, and nothing is lost.

use std::path::Path;

use aion_client::{Client, NativeTransport};

use crate::bench::load::Connection;
use crate::bench::workerd::{self, CONFIG, LOG, Running};
use crate::first_light::wait;
use crate::report::{Context, Outcome, fail, step};
use crate::workspace::{at, scratch};
use crate::{build, files, secrets, setup};

/// A read, a write, and a change of rights.
const READ: (&str, &str) = ("GET /v1/tasks", "");
const WRITE: (&str, &str) =
    ("POST /v1/tasks", r#"{"definition":{"steps":{"a":{"do":"set","with":{"value":1}}}},"input":{}}"#);
const RIGHTS: (&str, &str) = ("POST /v1/keys", r#"{"name":"more","scopes":["task:read"]}"#);
/// Where the runtime finds the limiters.
const BINDING: &str = "(name = \"LIMITER\"";

/// Runs it and fails unless every promise holds.
pub fn run() -> Outcome<()> {
    setup::for_workers()?;
    secrets::ensure()?;
    build::one("edge")?;
    let folder = scratch("faults/limiter");
    let running = step("the edge in workerd", || workerd::edge(&at("workers/edge/build"), &folder))?;
    let key = tenant(&running)?;
    step("with limiters", || expect(&running, &key, "before", [200, 202, 201]))?;
    let config = files::read(&folder.join(CONFIG))?;
    let without: String = config.split_inclusive('\n').filter(|line| !line.contains(BINDING)).collect();
    let running = restart(running, &folder, &without)?;
    step("without limiters", || expect(&running, &key, "away", [200, 503, 503]))?;
    if !files::read(&folder.join(LOG))?.contains("limiter.away") {
        return fail("nothing in the log says that a limiter is away");
    }
    let running = restart(running, &folder, &config)?;
    step("with limiters again", || expect(&running, &key, "away", [200, 202, 201]))
}

fn tenant(running: &Running) -> Outcome<String> {
    let url = format!("http://127.0.0.1:{}", running.port);
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    Ok(wait(operator.create_tenant("limiter"))?.context("POST /v1/tenants")?.key.api_key)
}

/// Ends the runtime and starts it with another configuration on the same storage and port.
fn restart(running: Running, folder: &Path, config: &str) -> Outcome<Running> {
    let port = running.port;
    drop(running);
    files::write(&folder.join(CONFIG), config)?;
    workerd::again(folder, port)
}

/// Asks for each and compares the statuses; `round` is in the idempotency keys.
fn expect(running: &Running, key: &str, round: &str, statuses: [u16; 3]) -> Outcome<()> {
    let mut connection = Connection::open(running.port)?;
    for (place, ((line, body), status)) in [READ, WRITE, RIGHTS].into_iter().zip(statuses).enumerate() {
        let headers = format!(
            "authorization: Bearer {key}\r\ncontent-type: application/json\r\nidempotency-key: {round}-{place}\r\n"
        );
        let (got, answer) = connection.ask(line, &headers, body)?;
        if got != status {
            return fail(format!("{line}: {got}, not {status}: {}", String::from_utf8_lossy(&answer)));
        }
    }
    Ok(())
}
