//! The same three steps in engines that people know, as far as the registries have them.

use super::kernel::Line;
use super::load::{Connection, Load};
use crate::process::Server;
use crate::report::{Outcome, step};
use crate::workspace::scratch;
use crate::{files, http, platform};

/// Three steps, and a way to start an instance and to wait for it.
const WORKFLOW: &str = r#"import { WorkflowEntrypoint } from "cloudflare:workers";
export class Three extends WorkflowEntrypoint {
  async run(event, step) {
    const a = await step.do("a", async () => event.payload.n + 1);
    const b = await step.do("b", async () => a + 1);
    return await step.do("c", async () => b + 1);
  }
}
export default {
  async fetch(request, env) {
    const id = new URL(request.url).pathname.slice(1);
    if (id === "health") return new Response("ok");
    if (request.method === "POST") {
      await env.THREE.create({ id, params: { n: 1 } });
      return new Response("started", { status: 202 });
    }
    const instance = await env.THREE.get(id);
    return Response.json(await instance.status());
  },
};
"#;

const CONFIG: &str = "name = \"three\"\nmain = \"three.mjs\"\ncompatibility_date = \"2026-06-01\"\n\
[[workflows]]\nname = \"three\"\nbinding = \"THREE\"\nclass_name = \"Three\"\n";

/// Every peer that can be had.
pub fn all(seconds: u64, clients: &[usize]) -> Outcome<Vec<Line>> {
    workflows(seconds, clients)
}

/// Cloudflare Workflows under wrangler.
fn workflows(seconds: u64, clients: &[usize]) -> Outcome<Vec<Line>> {
    let (server, port) = step("Cloudflare Workflows in wrangler", || {
        let folder = scratch("bench/workflows");
        platform::fresh_folder(&folder)?;
        files::write(&folder.join("three.mjs"), WORKFLOW)?;
        files::write(&folder.join("wrangler.toml"), CONFIG)?;
        let port = http::free_port()?;
        let mut wrangler = platform::wrangler()?;
        wrangler.args(["dev", "-c"]).arg(folder.join("wrangler.toml")).args(["--port", &port.to_string()]);
        wrangler.args(["--ip", "127.0.0.1", "--inspector-port", &http::free_port()?.to_string(), "--log-level=warn"]);
        wrangler.arg("--persist-to").arg(folder.join("storage"));
        wrangler.arg("--show-interactive-dev-session=false").env("WRANGLER_REGISTRY_PATH", folder.join("registry"));
        let mut server = Server::start(&mut wrangler, &folder.join("workflows.log"))?;
        platform::wait_for_edge(&format!("http://127.0.0.1:{port}"), &mut server)?;
        Ok((server, port))
    })?;
    let work = |connection: &mut Connection, number: u64| -> Outcome<bool> {
        let (status, _) = connection.ask(&format!("POST /i{number}"), "content-type: text/plain\r\n", "x")?;
        if status != 202 {
            return Ok(false);
        }
        loop {
            let (status, answer) = connection.ask(&format!("GET /i{number}"), "", "")?;
            let state: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
            match state["status"].as_str() {
                Some("complete") => return Ok(state["output"] == 4),
                Some("queued" | "running" | "waiting") if status == 200 => {}
                _ => return Ok(false),
            }
        }
    };
    let mut lines = Vec::new();
    for clients in clients {
        let name = format!("Cloudflare Workflows, {clients} clients");
        let load = Load { port, clients: *clients, work: &work };
        lines.push((name.clone(), step(&name, || load.run(seconds, "workerd", server.group()))?));
    }
    Ok(lines)
}
