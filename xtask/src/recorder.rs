//! A system that tasks ask in tests: it remembers every request, and answers as its path says.

use std::collections::BTreeMap;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::{self, Received};
use crate::report::Outcome;

/// What it saw, and how often under each key.
#[derive(Default)]
struct Seen {
    requests: Vec<Value>,
    by_key: BTreeMap<String, u32>,
}

/// Starts it on loopback and gives its address.
pub fn start() -> Outcome<String> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let url = format!("http://127.0.0.1:{}", listener.local_addr()?.port());
    let seen = Arc::new(Mutex::new(Seen::default()));
    http::serve(listener, move |stream| {
        // Whoever hangs up has seen enough.
        let _ = answer(stream, &seen);
    });
    Ok(url)
}

fn answer(stream: &TcpStream, seen: &Mutex<Seen>) -> Outcome<()> {
    let request = http::receive(stream)?;
    let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
    if request.line.starts_with("GET /seen") {
        let all = json!(seen.requests).to_string();
        return http::answer(stream, 200, all.as_bytes());
    }
    let times = seen.note(&request);
    drop(seen);
    let path = request.line.split(' ').nth(1).unwrap_or_default();
    let mut words = path.split(['/', '?']).skip(1);
    let (what, number) = (words.next().unwrap_or_default(), words.next().and_then(|word| word.parse::<u32>().ok()));
    let status = match what {
        // Busy for the first so many requests of a key.
        "busy" if times <= number.unwrap_or(1) => 503,
        // So slow in seconds the first time that whoever asks may be gone.
        "slow" if times == 1 => {
            std::thread::sleep(Duration::from_secs(number.unwrap_or(1).into()));
            200
        }
        // Worked on, and the answer is lost.
        "lost" if times <= number.unwrap_or(1) => return Ok(()),
        "status" => u16::try_from(number.unwrap_or(500)).unwrap_or(500),
        "later" => 202,
        _ => 200,
    };
    let body: Value = serde_json::from_slice(&request.body).unwrap_or(Value::Null);
    http::answer(stream, status, json!({ "times": times, "got": body }).to_string().as_bytes())
}

impl Seen {
    /// How often a request came under its key, this one included.
    fn note(&mut self, request: &Received) -> u32 {
        let key = request.headers.get("idempotency-key").cloned().unwrap_or_default();
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let times = self.by_key.entry(key.clone()).and_modify(|times| *times += 1).or_insert(1);
        let line = &request.line;
        self.requests.push(json!({ "line": line, "key": key, "headers": request.headers, "body": body }));
        *times
    }
}
