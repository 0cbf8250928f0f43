//! HTTP on loopback: a client for JSON, and the few lines of a server that the harness needs.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::report::{Context, Outcome, failure};

/// A request that our own servers read may have this many bytes.
const BODY_MAX_BYTES: usize = 8 * 1024 * 1024;

/// A port that is free now, and that nobody else in this process has been given.
pub fn free_port() -> Outcome<u16> {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        if GIVEN.lock().unwrap_or_else(PoisonError::into_inner).insert(port) {
            return Ok(port);
        }
    }
}

/// An agent that gives answers of any status.
pub fn agent(timeout: Duration) -> ureq::Agent {
    ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(timeout)).build().into()
}

/// Status and body of a GET.
pub fn get(url: &str) -> Outcome<(u16, String)> {
    let mut response = agent(Duration::from_secs(10)).get(url).call().context(url)?;
    Ok((response.status().as_u16(), response.body_mut().read_to_string()?))
}

/// Posts bytes as JSON and gives the answer's bytes.
pub fn post(url: &str, body: &[u8]) -> Outcome<Vec<u8>> {
    let agent = agent(Duration::from_mins(1));
    let mut response = agent.post(url).header("content-type", "application/json").send(body).context(url)?;
    Ok(response.body_mut().with_config().limit(BODY_MAX_BYTES as u64).read_to_vec()?)
}

/// A JSON-RPC call.
pub fn rpc(url: &str, method: &str, params: &Value) -> Outcome<Value> {
    let request = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
    let answer: Value = serde_json::from_slice(&post(url, request.to_string().as_bytes())?).context(method)?;
    match answer.get("error") {
        Some(error) => Err(failure(format!("{method}: {error}"))),
        None => Ok(answer["result"].clone()),
    }
}

/// A request that one of our own servers got.
pub struct Received {
    /// Method and path, for example `POST /chain/pass`.
    pub line: String,
    /// The headers, their names in lower case.
    pub headers: BTreeMap<String, String>,
    /// The body.
    pub body: Vec<u8>,
}

/// Reads one request.
pub fn receive(stream: &TcpStream) -> Outcome<Received> {
    stream.set_read_timeout(Some(Duration::from_secs(30)))?;
    let mut reader = BufReader::new(stream);
    let mut first = String::new();
    reader.read_line(&mut first)?;
    let line = first.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let mut headers = BTreeMap::new();
    loop {
        let mut header = String::new();
        if reader.read_line(&mut header)? == 0 {
            return Err(failure("the request breaks off"));
        }
        if header.trim().is_empty() {
            break;
        }
        let (name, value) = header.split_once(':').unwrap_or_default();
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").map_or(Ok(0), |length| length.parse())?;
    let chunked = headers.get("transfer-encoding").is_some_and(|encoding| encoding.contains("chunked"));
    let mut body = Vec::new();
    if chunked {
        while read_chunk(&mut reader, &mut body)? {}
    } else {
        read_exactly(&mut reader, length, &mut body)?;
    }
    Ok(Received { line, headers, body })
}

fn read_chunk(reader: &mut impl BufRead, body: &mut Vec<u8>) -> Outcome<bool> {
    let mut size = String::new();
    reader.read_line(&mut size)?;
    let size = usize::from_str_radix(size.trim().split(';').next().unwrap_or_default(), 16)?;
    read_exactly(reader, size, body)?;
    let mut end = String::new();
    reader.read_line(&mut end)?;
    Ok(size > 0)
}

fn read_exactly(reader: &mut impl Read, length: usize, body: &mut Vec<u8>) -> Outcome<()> {
    if body.len() + length > BODY_MAX_BYTES {
        return Err(failure("a request is too large"));
    }
    let start = body.len();
    body.resize(start + length, 0);
    reader.read_exact(&mut body[start..])?;
    Ok(())
}

/// Answers and closes.
pub fn answer(mut stream: &TcpStream, status: u16, body: &[u8]) -> Outcome<()> {
    let length = body.len();
    write!(
        stream,
        "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         connection: close\r\n\r\n"
    )?;
    stream.write_all(body)?;
    Ok(stream.flush()?)
}

/// Serves a listener in threads of its own until this process ends.
pub fn serve(listener: TcpListener, handle: impl Fn(&TcpStream) + Send + Sync + Clone + 'static) {
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let handle = handle.clone();
            std::thread::spawn(move || handle(&stream));
        }
    });
}
