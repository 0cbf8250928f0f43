//! A system behind the gateway in tests: `/{name}/…` answers as the query says, or as `POST /set/{name}?…` has said,
//! and counts what it gets.
//!
//! `status`, `control` (`Cache-Control`), `etag`, `vary`, `cookie`, `own` (`X-Aion-Own`), `wait` (milliseconds before
//! it answers) and `size` (bytes of zeros in place of what it says of the request). `/{name}/v1/chat/completions` is a
//! provider of models.

use std::collections::BTreeMap;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;

mod model;

use crate::http::{self, Received};
use crate::report::Outcome;

/// What a name is to answer.
type Wishes = BTreeMap<String, String>;

/// How often a name was asked before it was set.
const BEFORE: &str = "before";

/// What is set for each name, and how often each was asked.
#[derive(Default)]
struct State {
    set: BTreeMap<String, Wishes>,
    asked: BTreeMap<String, u32>,
}

/// Starts it on loopback and gives its address.
pub fn start() -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    let state = Arc::new(Mutex::new(State::default()));
    http::serve(listener, move |stream| {
        // Whoever hangs up has seen enough.
        let _ = answer(stream, &state);
    });
    Ok(url)
}

fn answer(stream: &TcpStream, state: &Mutex<State>) -> Outcome<()> {
    let request = http::receive(stream)?;
    let target = request.line.split(' ').nth(1).unwrap_or_default().to_owned();
    let (path, query) = target.split_once('?').unwrap_or((&target, ""));
    let mut words = path.split('/').skip(1);
    let (first, second) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut locked = state.lock().unwrap_or_else(PoisonError::into_inner);
    match first.as_str() {
        "set" => {
            let asked = locked.asked.get(&second).copied().unwrap_or(0);
            let mut wishes = wishes(query);
            wishes.insert(BEFORE.to_owned(), asked.to_string());
            locked.set.insert(second, wishes);
            http::answer(stream, 200, b"{}")
        }
        "asked" => {
            let times = locked.asked.get(&second).copied().unwrap_or(0);
            http::answer(stream, 200, json!({ "times": times }).to_string().as_bytes())
        }
        _ => {
            let times = locked.asked.entry(first.clone()).or_default();
            *times += 1;
            let times = *times;
            let mut wishes = wishes(query);
            wishes.extend(locked.set.get(&first).cloned().unwrap_or_default());
            drop(locked);
            if second == "v1" {
                let before = wishes.get(BEFORE).and_then(|text| text.parse().ok()).unwrap_or(0);
                return model::say(stream, &request, &wishes, &first, times - times.min(before));
            }
            say(stream, &request, &wishes, times)
        }
    }
}

fn wishes(query: &str) -> Wishes {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.replace("%3D", "=").replace("%2C", ","))).collect()
}

fn say(mut stream: &TcpStream, request: &Received, wishes: &Wishes, times: u32) -> Outcome<()> {
    let number = |name: &str| wishes.get(name).and_then(|text| text.parse::<usize>().ok());
    std::thread::sleep(Duration::from_millis(number("wait").unwrap_or(0) as u64));
    let status = number("status").unwrap_or(200);
    if status == 0 {
        // Hangs up.
        return Ok(());
    }
    let body = String::from_utf8_lossy(&request.body).into_owned();
    let said = json!({ "times": times, "line": request.line, "headers": request.headers, "body": body }).to_string();
    let length = number("size").unwrap_or(said.len());
    write!(stream, "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n")?;
    for (wish, header) in [
        ("control", "cache-control"),
        ("etag", "etag"),
        ("vary", "vary"),
        ("cookie", "set-cookie"),
        ("own", "x-aion-own"),
    ] {
        if let Some(value) = wishes.get(wish) {
            let value = if wish == "etag" { format!("\"{value}\"") } else { value.clone() };
            write!(stream, "{header}: {value}\r\n")?;
        }
    }
    write!(stream, "connection: close\r\n\r\n")?;
    if number("size").is_some() {
        let (chunk, mut left) = (vec![0; 64 * 1024], length);
        while left > 0 {
            let part = left.min(chunk.len());
            stream.write_all(&chunk[..part])?;
            left -= part;
        }
    } else {
        stream.write_all(said.as_bytes())?;
    }
    Ok(stream.flush()?)
}
