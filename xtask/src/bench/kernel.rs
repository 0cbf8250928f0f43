//! `cargo xtask bench kernel`: tasks a second through the edge, with credential and idempotency key, in bare workerd.

use serde_json::{Value, json};

use super::load::{Connection, Load, Measured};
use super::{peers, workerd};
use crate::first_light::wait;
use crate::report::{Context, Outcome, fail, say, step};
use crate::workspace::{at, scratch};
use crate::{build, recorder, secrets, setup};
use aion_client::{Client, NativeTransport};

/// How long each load lasts, after a second to warm up.
const SECONDS: u64 = 5;
/// Clients at once, if the command line does not say.
const CLIENTS: [usize; 3] = [1, 16, 64];
/// Three steps, each on the one before; the one in the middle is put in.
const FIRST: &str = r#""a":{"do":"set","with":{"value":"${{ input.n + 1 }}"}}"#;
const LAST: &str = r#""c":{"do":"set","needs":["b"],"with":{"value":"${{ steps.b.output + 1 }}"}}"#;
/// A durable computation in the middle.
const COMPUTED: &str = r#""b":{"do":"set","needs":["a"],"with":{"value":"${{ steps.a.output + 1 }}"}}"#;
/// A task's steps, with a call of another system in the middle.
fn calling(url: &str) -> String {
    let call = format!(
        r#""b":{{"do":"http.request","needs":["a"],"with":{{"url":"{url}/ok","method":"POST","idempotent":true,
"json":{{"n":"${{{{ steps.a.output }}}}"}},"pick":{{"n":"/got/n"}}}}}}"#
    );
    format!("{{{FIRST},{call},{}}}", LAST.replace("steps.b.output", "steps.b.output.n"))
}

/// What the command line asks for.
struct Options {
    as_json: bool,
    seconds: u64,
    clients: Vec<usize>,
    /// So many tasks are stored before anything is measured.
    tasks: u64,
    peers: bool,
    /// Loads that do less and less of what a task costs, with one client.
    profile: bool,
}

impl Options {
    fn parse(words: &[&str]) -> Outcome<Self> {
        let (seconds, clients) = (SECONDS, CLIENTS.to_vec());
        let mut options = Self { as_json: false, seconds, clients, tasks: 0, peers: false, profile: false };
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let mut number = || words.next().unwrap_or(&"").parse::<u64>().context(format!("{word} wants a number"));
            match *word {
                "--json" => options.as_json = true,
                "--peers" => options.peers = true,
                "--profile" => options.profile = true,
                "--seconds" => options.seconds = number()?,
                "--tasks" => options.tasks = number()?,
                "--clients" => options.clients = vec![usize::try_from(number()?)?],
                other => return fail(format!("`bench kernel` does not know {other}")),
            }
        }
        Ok(options)
    }
}

/// A line of the result.
pub type Line = (String, Measured);

/// Measures and prints a table, or JSON.
pub fn run(words: &[&str]) -> Outcome<()> {
    let options = Options::parse(words)?;
    setup::for_workers()?;
    secrets::ensure()?;
    build::all()?;
    let mut lines = ours(&options)?;
    if options.peers {
        lines.extend(peers::all(options.seconds, &options.clients));
    }
    if options.as_json {
        let lines: Vec<Value> = lines.iter().map(|(name, measured)| measured.to_json(name)).collect();
        println!("{}", json!({ "seconds": options.seconds, "storedTasks": options.tasks, "targets": lines }));
        return Ok(());
    }
    println!("{}", Measured::head("tasks/s"));
    for (name, measured) in &lines {
        println!("{}", measured.row(name));
    }
    say("Bytes are those written to the disk; a task counts when its client knows that it is done.");
    Ok(())
}

fn ours(options: &Options) -> Outcome<Vec<Line>> {
    let running = step("the edge in workerd", || workerd::edge(&at("workers/edge/build"), &scratch("bench/kernel")))?;
    let (port, group) = (running.port, running.server.group());
    let url = format!("http://127.0.0.1:{port}");
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let tenant = wait(operator.create_tenant("bench"))?.context("POST /v1/tenants")?;
    let key = tenant.key.api_key;
    let computing = format!("{{{FIRST},{COMPUTED},{LAST}}}");
    if options.tasks > 0 {
        step(&format!("{} tasks stored before", options.tasks), || store(port, &key, &computing, options.tasks))?;
    }
    let other = recorder::start()?;
    let host = other.trim_start_matches("http://");
    let own = Client::new(&url, NativeTransport::new()).with_key(&key);
    wait(own.put_hosts(&[host]))?.context("PUT /v1/hosts")?;
    if options.profile {
        return profile(port, &key, &computing, options.seconds, group);
    }
    let loads = [("AION-Ω", computing, 3), ("AION-Ω with an HTTP step", calling(&other), 2)];
    let rows = || written(port, &key);
    let mut lines = Vec::new();
    for (name, steps, output) in &loads {
        let work =
            |connection: &mut Connection, number: u64| Ok(submit(connection, &key, steps, number)? == Some(output + 1));
        for clients in &options.clients {
            let name = format!("{name}, {clients} clients");
            let load = Load { port, clients: *clients, work: &work, rows: Some(&rows) };
            let measured = step(&name, || load.run(options.seconds, &[("workerd", group)]))?;
            lines.push((name, measured));
        }
    }
    Ok(lines)
}

/// Where the CPU of a task goes when nothing shares its commit: each load does more than the one before.
fn profile(port: u16, key: &str, steps: &str, seconds: u64, group: i32) -> Outcome<Vec<Line>> {
    let mut connection = Connection::open(port)?;
    let task = accepted(&mut connection, key, steps, u64::MAX)?;
    let (path, headers) = (format!("GET /v1/tasks/{}", text(&task["id"])), format!("authorization: Bearer {key}\r\n"));
    let get = |connection: &mut Connection, line: &str, headers: &str| Ok(connection.ask(line, headers, "")?.0 == 200);
    let entering = |connection: &mut Connection, _: u64| get(connection, "GET /health", "");
    let reading = |connection: &mut Connection, _: u64| get(connection, &path, &headers);
    let repeating =
        |connection: &mut Connection, _: u64| Ok(accepted(connection, key, steps, u64::MAX)?["id"] == task["id"]);
    let working = |connection: &mut Connection, number: u64| Ok(submit(connection, key, steps, number)?.is_some());
    let loads: [(&str, &super::load::Work<'_>); 4] = [
        ("entering: GET /health", &entering),
        ("and credential, an object, one read: GET /v1/tasks/{id}", &reading),
        ("and a body, a turn without a write: POST of a known key", &repeating),
        ("and three steps, one commit: POST of a new task", &working),
    ];
    let mut lines = Vec::new();
    for (name, work) in loads {
        let load = Load { port, clients: 1, work, rows: None };
        lines.push((name.to_owned(), step(name, || load.run(seconds, &[("workerd", group)]))?));
    }
    Ok(lines)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// How many rows the tenant's shards have written.
fn written(port: u16, key: &str) -> Outcome<u64> {
    let headers = format!("authorization: Bearer {key}\r\n");
    let (_, text) = Connection::open(port)?.ask("GET /metrics", &headers, "")?;
    let text = String::from_utf8_lossy(&text).into_owned();
    let lines = text.lines().filter(|line| line.starts_with("aion_kernel_rows_written_total{"));
    let rows: Vec<u64> = lines.filter_map(|line| line.rsplit(' ').next()?.parse().ok()).collect();
    if rows.is_empty() { fail("GET /metrics says nothing of rows") } else { Ok(rows.iter().sum()) }
}

/// Stores tasks with as many clients as the load has at most.
fn store(port: u16, key: &str, steps: &str, tasks: u64) -> Outcome<()> {
    const CLIENTS: u64 = 64;
    std::thread::scope(|scope| {
        let client = |client: u64| {
            scope.spawn(move || {
                let mut connection = Connection::open(port)?;
                (0..tasks.div_ceil(CLIENTS)).try_for_each(|number| {
                    submit(&mut connection, key, steps, (1_u64 << 60) + (client << 32) + number).map(|_| ())
                })
            })
        };
        let threads: Vec<_> = (0..CLIENTS).map(client).collect();
        threads.into_iter().try_for_each(|thread| thread.join().unwrap_or_else(|_| fail("a client's thread ended")))
    })
}

/// Submits a task: its view, or nothing if it is not accepted.
fn accepted(connection: &mut Connection, key: &str, steps: &str, number: u64) -> Outcome<Value> {
    // The same numbers come again with other steps, which differ in their length.
    let load = steps.len();
    let headers = format!(
        "authorization: Bearer {key}\r\ncontent-type: application/json\r\nidempotency-key: bench-{load}-{number}\r\n"
    );
    let body = format!("{{\"definition\":{{\"steps\":{steps}}},\"input\":{{\"n\":1}}}}");
    let (status, answer) = connection.ask("POST /v1/tasks", &headers, &body)?;
    Ok(if status == 202 { serde_json::from_slice(&answer).unwrap_or_default() } else { Value::Null })
}

/// Submits a task and waits until it is done: what came of its last step.
fn submit(connection: &mut Connection, key: &str, steps: &str, number: u64) -> Outcome<Option<u64>> {
    let mut task = accepted(connection, key, steps, number)?;
    if task.is_null() {
        return Ok(None);
    }
    if task["state"] != "done" {
        let id = text(&task["id"]);
        let headers = format!("authorization: Bearer {key}\r\n");
        // The stream of a task ends with it.
        connection.ask(&format!("GET /v1/tasks/{id}/events"), &headers, "")?;
        let (_, answer) = connection.ask(&format!("GET /v1/tasks/{id}"), &headers, "")?;
        task = serde_json::from_slice(&answer).unwrap_or_default();
    }
    Ok(task["steps"]["c"]["output"].as_u64())
}
