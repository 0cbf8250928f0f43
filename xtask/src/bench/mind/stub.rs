//! A provider on loopback, compatible with `OpenAI`'s Chat Completions, that answers at once and keeps its connections.
//! Of a stream, pieces say when they were sent, in microseconds of this process; who asks for them one by one gets them
//! apart.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::report::{Outcome, fail, now};

/// What a whole answer says.
pub const TEXT: &str = "Something, said at once.";
/// Pieces of a stream.
pub const PIECES: u32 = 64;
/// Between two pieces of a stream for which they are looked at one by one, so that none waits for another.
const APART: Duration = Duration::from_millis(5);
/// How a request says that pieces are to come apart.
pub const SLOWLY: &str = "one by one";

static START: LazyLock<Instant> = LazyLock::new(now);

/// Microseconds since this process began to measure.
pub fn clock_us() -> u64 {
    u64::try_from(START.elapsed().as_micros()).unwrap_or(u64::MAX)
}

/// Starts it; its port.
pub fn start() -> Outcome<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    crate::http::serve(listener, |stream| {
        // Whoever hangs up has seen enough.
        let _ = serve(stream);
    });
    Ok(port)
}

fn serve(stream: &TcpStream) -> Outcome<()> {
    stream.set_nodelay(true)?;
    let mut reader = BufReader::new(stream);
    loop {
        let (mut line, mut length, mut chunked) = (String::new(), 0, false);
        loop {
            line.clear();
            if reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let header = line.trim().to_ascii_lowercase();
            if let Some(value) = header.strip_prefix("content-length:") {
                length = value.trim().parse()?;
            }
            chunked |= header.starts_with("transfer-encoding:") && header.contains("chunked");
            if header.is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body)?;
        while chunked {
            line.clear();
            reader.read_line(&mut line)?;
            let size = usize::from_str_radix(line.trim(), 16)?;
            let start = body.len();
            body.resize(start + size, 0);
            reader.read_exact(&mut body[start..])?;
            reader.read_line(&mut line)?;
            chunked = size > 0;
        }
        answer(stream, &body)?;
    }
}

fn answer(stream: &TcpStream, body: &[u8]) -> Outcome<()> {
    let asked: Value = serde_json::from_slice(body)?;
    let Some(said) = asked["messages"][0]["content"].as_str() else { return fail("no conversation") };
    if asked["stream"] == true { pieces(stream, said.contains(SLOWLY)) } else { whole(stream) }
}

fn usage() -> Value {
    json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 })
}

fn whole(mut stream: &TcpStream) -> Outcome<()> {
    let message = json!({ "role": "assistant", "content": TEXT });
    let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
    let body = json!({ "id": "c", "object": "chat.completion", "created": 1_700_000_000, "model": "up",
        "choices": [choice], "usage": usage() })
    .to_string();
    let head = format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}", body.len());
    Ok(stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes())?)
}

fn pieces(mut stream: &TcpStream, apart: bool) -> Outcome<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let piece = |delta: Value, finish: Value| {
        let choice = json!({ "index": 0, "delta": delta, "finish_reason": finish });
        json!({ "id": "c", "object": "chat.completion.chunk", "created": 1_700_000_000, "model": "up",
            "choices": [choice] })
    };
    let mut send = |data: &str| {
        let text = format!("data: {data}\n\n");
        stream.write_all(format!("{:x}\r\n{text}\r\n", text.len()).as_bytes())
    };
    for _ in 0..PIECES {
        if apart {
            std::thread::sleep(APART);
        }
        send(&piece(json!({ "content": format!("t{} ", clock_us()) }), Value::Null).to_string())?;
    }
    send(&piece(json!({}), json!("stop")).to_string())?;
    let mut last = piece(json!({}), Value::Null);
    last["choices"] = json!([]);
    last["usage"] = usage();
    send(&last.to_string())?;
    send("[DONE]")?;
    Ok(stream.write_all(b"0\r\n\r\n")?)
}
