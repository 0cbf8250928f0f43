//! A target for the official MCP conformance package: its fixtures behind our dispatcher, over HTTP on loopback.
//!
//! The package is not among our dependencies. Whoever wants to run it does so beside this:
//! `npx @modelcontextprotocol/conformance@0.2.0-alpha.12 server --url http://127.0.0.1:4100/mcp --requirements
//! 2026-07-28`. Figures that were seen stand in docs/CONFORMANCE.md.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aion_mind::mcp::auth::Resource;
use aion_mind::mcp::conformance::Fixtures;
use aion_mind::mcp::{Answer, ClientRequest, Facts, Id, Outcome as Next, Pending, Server, dispatch};
use serde_json::{Map, Value, json};

use crate::http;
use crate::report::{Outcome, fail, failure, say};

const PORT: u16 = 4100;
/// How long a client has for an answer on a stream.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

/// Who waits for what a client says, by the id that it was asked with.
type Waiting = Arc<Mutex<BTreeMap<String, Sender<Value>>>>;

struct Target {
    fixtures: Fixtures,
    resource: Resource,
    waiting: Waiting,
}

/// Serves until the process is ended.
pub fn target(options: &[&str]) -> Outcome<()> {
    let port = match options {
        [] => PORT,
        ["--port", port] => port.parse()?,
        _ => return fail("conformance-target takes --port N alone"),
    };
    let listener = TcpListener::bind(("127.0.0.1", port))?;
    let url = format!("http://127.0.0.1:{port}/mcp");
    let mut key = [0; 32];
    random(&mut key)?;
    let resource = Resource::new(&url, "Conformance fixtures", &[]).ok_or_else(|| failure("no URL of a resource"))?;
    let target = Arc::new(Target { fixtures: Fixtures { key }, resource, waiting: Waiting::default() });
    http::serve(listener, move |stream| {
        // Whoever hangs up has seen enough.
        let _ = target.handle(stream);
    });
    say(format!("MCP fixtures at {url}"));
    loop {
        std::thread::park();
    }
}

fn random(bytes: &mut [u8]) -> Outcome<()> {
    getrandom::fill(bytes).map_err(|error| failure(error.to_string()))
}

impl Target {
    fn server(&self) -> Server<'_> {
        Server { surface: &self.fixtures, resource: &self.resource, hosts: &["127.0.0.1", "localhost", "[::1]"] }
    }

    fn handle(&self, stream: &TcpStream) -> Outcome<()> {
        let request = http::receive(stream)?;
        let (method, target) = request.line.split_once(' ').unwrap_or_default();
        if target.split('?').next() != Some("/mcp") {
            return http::answer(stream, 404, b"");
        }
        let headers: Vec<(&str, &str)> =
            request.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let facts = Facts { method, headers: &headers, scopes: Some(&[]) };
        match dispatch(&self.server(), &facts, &request.body) {
            Next::Answer(answer) => write_answer(stream, &answer),
            Next::Stream(messages) => {
                begin_stream(stream)?;
                messages.iter().try_for_each(|message| write_message(stream, message))
            }
            Next::Client(requests, pending) => self.ask(stream, requests, *pending),
            Next::Reply(Id::Text(id), result) => {
                let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
                // Whoever waited may have given up.
                let _ = waiting.map(|waiting| waiting.send(result.unwrap_or_default()));
                http::answer(stream, 202, b"")
            }
            Next::Accepted | Next::Reply(..) => http::answer(stream, 202, b""),
            Next::Ask(operation, _) => fail(format!("fixtures ask for no operation: {}", operation.id)),
        }
    }

    /// Asks the client on the stream of its request, as often as the tool wants.
    fn ask(&self, stream: &TcpStream, mut requests: Vec<ClientRequest>, mut pending: Pending) -> Outcome<()> {
        begin_stream(stream)?;
        loop {
            let mut answers = Map::new();
            for request in requests {
                answers.insert(request.key.clone(), self.ask_one(stream, &request)?);
            }
            match pending.resume(&self.server(), answers) {
                Next::Answer(answer) => return write_message(stream, &answer.body.unwrap_or_default()),
                Next::Stream(messages) => {
                    return messages.iter().try_for_each(|message| write_message(stream, message));
                }
                Next::Client(next, again) => (requests, pending) = (next, *again),
                _ => return fail("a request cannot go on like this"),
            }
        }
    }

    fn ask_one(&self, stream: &TcpStream, request: &ClientRequest) -> Outcome<Value> {
        let mut id = [0; 16];
        random(&mut id)?;
        let id = hex::encode(id);
        let (sender, receiver) = channel();
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(id.clone(), sender);
        let message = json!({ "jsonrpc": "2.0", "id": id, "method": request.method, "params": request.params });
        write_message(stream, &message.to_string())?;
        Ok(receiver.recv_timeout(ANSWER_TIMEOUT)?)
    }
}

fn write_answer(mut stream: &TcpStream, answer: &Answer) -> Outcome<()> {
    let body = answer.body.as_deref().unwrap_or_default();
    write!(stream, "HTTP/1.1 {} Status\r\ncontent-type: application/json\r\n", answer.status)?;
    for (name, value) in &answer.headers {
        write!(stream, "{name}: {value}\r\n")?;
    }
    write!(stream, "content-length: {}\r\nconnection: close\r\n\r\n{body}", body.len())?;
    Ok(stream.flush()?)
}

fn begin_stream(mut stream: &TcpStream) -> Outcome<()> {
    write!(
        stream,
        "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\nx-accel-buffering: no\r\n\
         connection: close\r\n\r\n"
    )?;
    Ok(stream.flush()?)
}

fn write_message(mut stream: &TcpStream, message: &str) -> Outcome<()> {
    write!(stream, "event: message\ndata: {message}\n\n")?;
    Ok(stream.flush()?)
}
