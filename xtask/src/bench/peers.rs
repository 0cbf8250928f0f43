//! The same three steps in engines that people know, as far as the registries have them.

use std::time::Duration;

use serde_json::json;

use super::kernel::Line;
use super::load::{Connection, Load, Measured};
use crate::process::{self, Server};
use crate::report::{Outcome, fail, now, say, step};
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

/// What Restate's service is made of; the versions that the figures in docs/BENCHMARKS.md are of.
const RESTATE: [&str; 2] = ["@restatedev/restate-server@1.7.12", "@restatedev/restate-sdk@1.17.2"];

/// The same three steps as a service of Restate.
const SERVICE: &str = r#"import * as restate from "@restatedev/restate-sdk";
const run = async (ctx, n) => {
  const a = await ctx.run("a", () => n + 1);
  const b = await ctx.run("b", () => a + 1);
  return await ctx.run("c", () => b + 1);
};
restate.serve({ services: [restate.service({ name: "three", handlers: { run } })], port: Number(process.argv[2]) });
"#;

/// How long a peer may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every peer that can be had; one that cannot is said to be missing.
pub fn all(seconds: u64, clients: &[usize]) -> Vec<Line> {
    let mut lines = Vec::new();
    for (name, peer) in [("Cloudflare Workflows", workflows as Peer), ("Restate", restate)] {
        match peer(seconds, clients) {
            Ok(measured) => lines.extend(measured),
            Err(failure) => say(format_args!("{name} is missing: {failure}")),
        }
    }
    lines
}

type Peer = fn(u64, &[usize]) -> Outcome<Vec<Line>>;

/// Restate's server with its Node service: one request a task, answered when it is done.
fn restate(seconds: u64, clients: &[usize]) -> Outcome<Vec<Line>> {
    let folder = scratch("bench/restate");
    platform::fresh_folder(&folder)?;
    step("Restate from npm", || {
        let mut npm = process::command("npm")?;
        npm.args(["install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix"]).arg(&folder).args(RESTATE);
        process::output(&mut npm).map(|_| ())
    })?;
    files::write(&folder.join("service.mjs"), SERVICE)?;
    let (service_port, ingress, admin) = (http::free_port()?, http::free_port()?, http::free_port()?);
    let mut node = process::command("node")?;
    let service =
        Server::start(node.arg(folder.join("service.mjs")).arg(service_port.to_string()), &folder.join("n.log"))?;
    let binary = folder.join("node_modules/@restatedev/restate-server-linux-x64/bin/restate-server");
    let mut restate = process::command(binary)?;
    let address = |port: u16| format!("127.0.0.1:{port}");
    restate.arg("--base-dir").arg(folder.join("storage")).env("RESTATE_INGRESS__BIND_ADDRESS", address(ingress));
    restate.env("RESTATE_ADMIN__BIND_ADDRESS", address(admin)).env("RESTATE_LOG_FILTER", "warn");
    restate.env("RESTATE_BIND_ADDRESS", address(http::free_port()?));
    let mut server = Server::start(&mut restate, &folder.join("restate.log"))?;
    step("Restate", || {
        let (start, deployment) = (now(), json!({ "uri": format!("http://127.0.0.1:{service_port}") }).to_string());
        loop {
            server.check()?;
            let url = format!("http://127.0.0.1:{admin}/deployments");
            match http::post(&url, deployment.as_bytes()) {
                Ok(answer) if String::from_utf8_lossy(&answer).contains("three") => return Ok(()),
                Ok(_) | Err(_) if start.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(300)),
                Ok(answer) => return fail(String::from_utf8_lossy(&answer).into_owned()),
                Err(failure) => return Err(failure),
            }
        }
    })?;
    let work = |connection: &mut Connection, number: u64| -> Outcome<bool> {
        let headers = format!("content-type: application/json\r\nidempotency-key: bench-{number}\r\n");
        let (status, answer) = connection.ask("POST /three/run", &headers, "1")?;
        Ok(status == 200 && answer == b"4")
    };
    let processes = [("restate-server", server.group()), ("node", service.group())];
    each(clients, "Restate", |clients| {
        Load { port: ingress, clients, work: &work, rows: None }.run(seconds, &processes)
    })
}

fn each(clients: &[usize], name: &str, run: impl Fn(usize) -> Outcome<Measured>) -> Outcome<Vec<Line>> {
    let measured = |clients: &usize| {
        let name = format!("{name}, {clients} clients");
        Ok((name.clone(), step(&name, || run(*clients))?))
    };
    clients.iter().map(measured).collect()
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
    let processes = [("workerd", server.group())];
    each(clients, "Cloudflare Workflows", |clients| {
        Load { port, clients, work: &work, rows: None }.run(seconds, &processes)
    })
}
