//! The first tier needs wrangler, which has the platform's rate limiting binding; the limit of the configuration is
//! made small, so that a flood is a small one.

use crate::process::Server;
use crate::report::{Outcome, fail, failure, say};
use crate::workspace::{at, scratch};
use crate::{build, files, http, platform, secrets};

use super::{BODY, Connection, ROUTE};

/// The limit, in its period of ten seconds.
const LIMIT: usize = 20;
/// Addresses (RFC 5737).
const FLOODING: &str = "203.0.113.1";
const QUIET: &str = "203.0.113.2";

/// Floods, and gives what is wrong.
pub fn run() -> Outcome<Vec<String>> {
    let folder = scratch("faults/flood");
    platform::fresh_folder(&folder)?;
    let port = http::free_port()?;
    let config = config()?;
    files::write(&folder.join("wrangler.toml"), &config)?;
    let secrets = secrets::aion()?.into_iter().map(|(name, value)| format!("{name}=\"{value}\"\n"));
    files::write(&folder.join(".dev.vars"), &secrets.collect::<String>())?;
    let mut wrangler = platform::wrangler()?;
    wrangler.args(["dev", "-c"]).arg(folder.join("wrangler.toml")).args(["--port", &port.to_string()]);
    wrangler.args(["--ip", "127.0.0.1", "--inspector-port", &http::free_port()?.to_string()]);
    wrangler.arg("--show-interactive-dev-session=false").arg("--persist-to").arg(folder.join("storage"));
    wrangler.env("WRANGLER_REGISTRY_PATH", folder.join("registry")).env(build::FROZEN, "1");
    let mut server = Server::start(&mut wrangler, &folder.join("wrangler.log"))?;
    platform::wait_for_edge(&format!("http://127.0.0.1:{port}"), &mut server)?;
    let mut connection = Connection::open(port)?;
    let mut ask = |address: &str| {
        let headers = format!("content-type: application/json\r\ncf-connecting-ip: {address}\r\n");
        connection.ask(ROUTE, &headers, BODY).map(|(status, _)| status)
    };
    // A period may end in between, and then it begins anew.
    let statuses = (0..3 * LIMIT).map(|_| ask(FLOODING)).collect::<Outcome<Vec<u16>>>()?;
    let refused = statuses.iter().filter(|status| **status == 429).count();
    let other = ask(QUIET)?;
    say(format_args!(
        "  {refused} of {} refused at a limit of {LIMIT}; another address is answered {other}",
        3 * LIMIT
    ));
    if refused >= LIMIT && statuses[0] == 401 && other == 401 {
        return Ok(Vec::new());
    }
    Ok(vec![format!("a flood of {} requests had {refused} refused: {statuses:?}, {other}", 3 * LIMIT)])
}

/// wrangler.toml, for a folder elsewhere, with the small limit.
fn config() -> Outcome<String> {
    let text = files::read(&at("wrangler.toml"))?;
    let main = at("workers/edge/build/worker/shim.mjs");
    let (before, rest) = text.split_once("[build]").ok_or_else(|| failure("wrangler.toml lacks [build]"))?;
    let (_, after) = rest.split_once("[durable_objects]").ok_or_else(|| failure("wrangler.toml lacks its objects"))?;
    let before = before.replace("workers/edge/build/worker/shim.mjs", &main.display().to_string());
    let small = after.replace("limit = 3000", &format!("limit = {LIMIT}"));
    if small == after {
        return fail("wrangler.toml has another limit of floods than this command looks for");
    }
    Ok(format!("{before}[durable_objects]{small}"))
}
