//! A provider of models in tests, compatible with `OpenAI`'s Chat Completions: it says hello in the name that it was
//! asked by, whole or in pieces.
//!
//! `status` (an error of `OpenAI`'s), `retry` (its `Retry-After`, seconds), `wait` (milliseconds before it answers),
//! `cut` (it hangs up in the middle), `early` (a stream fails before it has said anything), `words` (that it says so
//! many more), `pause` (milliseconds between the pieces), `late` (milliseconds before the piece that ends it), `usage`
//! (`none`: it says nothing of it) and `key` (the only one that it accepts). `says` is what it says in place of hello,
//! as hex digits of its text; of several, parted by commas, each once, and the last one from then on.

use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};

use super::Wishes;
use crate::http::Received;
use crate::report::Outcome;

pub(super) fn say(stream: &TcpStream, request: &Received, wishes: &Wishes, name: &str, times: u32) -> Outcome<()> {
    let number = |wish: &str| wishes.get(wish).and_then(|text| text.parse::<u64>().ok());
    std::thread::sleep(Duration::from_millis(number("wait").unwrap_or(0)));
    let bearer = request.headers.get("authorization").map_or("", String::as_str);
    let refused = wishes.get("key").is_some_and(|key| bearer != format!("Bearer {key}"));
    let status = if refused { 401 } else { number("status").unwrap_or(200) };
    if status != 200 {
        // As providers do, it says too much.
        let error = json!({ "message": format!("no: {bearer}"), "type": "error", "code": null });
        return whole(stream, status, number("retry"), &json!({ "error": error }), false);
    }
    let asked: Value = serde_json::from_slice(&request.body)?;
    let cut = wishes.contains_key("cut");
    let usage = json!({ "prompt_tokens": 10, "completion_tokens": 5, "total_tokens": 15 });
    let usage = if wishes.get("usage").is_some_and(|wish| wish == "none") { Value::Null } else { usage };
    let more = " and more".repeat(usize::try_from(number("words").unwrap_or(0) / 2)?);
    let text = match wishes.get("says") {
        Some(texts) => said(texts, times)?,
        None => format!("Hello from {name}{more}"),
    };
    if asked["stream"] != json!(true) {
        let message = json!({ "role": "assistant", "content": text });
        let choice = json!({ "index": 0, "message": message, "finish_reason": "stop" });
        let body = json!({ "id": "c", "object": "chat.completion", "choices": [choice], "usage": usage });
        return whole(stream, 200, None, &body, cut);
    }
    if wishes.contains_key("early") {
        return pieces(stream, &[json!({ "error": { "message": bearer, "type": "overloaded_error" } })], [0, 0], true);
    }
    let delta = |delta: Value, finish: Value| {
        json!({ "id": "c", "object": "chat.completion.chunk", "choices": [
            { "index": 0, "delta": delta, "finish_reason": finish } ] })
    };
    let mut all: Vec<Value> =
        text.split_inclusive(' ').map(|word| delta(json!({ "content": word }), Value::Null)).collect();
    all.push(delta(json!({}), json!("stop")));
    all.push(json!({ "id": "c", "object": "chat.completion.chunk", "choices": [], "usage": usage }));
    pieces(stream, &all, [number("pause").unwrap_or(0), number("late").unwrap_or(0)], cut)
}

/// What is said the so manieth time.
fn said(texts: &str, times: u32) -> Outcome<String> {
    let all: Vec<&str> = texts.split(',').collect();
    let place = usize::try_from(times)?.clamp(1, all.len()) - 1;
    let digits = all.get(place).copied().unwrap_or_default();
    let byte = |at: usize| digits.get(at..at + 2).and_then(|two| u8::from_str_radix(two, 16).ok());
    let bytes: Vec<u8> = (0..digits.len()).step_by(2).filter_map(byte).collect();
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn whole(mut stream: &TcpStream, status: u64, retry: Option<u64>, body: &Value, cut: bool) -> Outcome<()> {
    let text = body.to_string();
    let length = if cut { text.len() + 100 } else { text.len() };
    write!(stream, "HTTP/1.1 {status} Status\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n")?;
    if let Some(seconds) = retry {
        write!(stream, "retry-after: {seconds}\r\n")?;
    }
    write!(stream, "connection: close\r\n\r\n{text}")?;
    Ok(stream.flush()?)
}

fn pieces(mut stream: &TcpStream, all: &[Value], [pause_ms, late_ms]: [u64; 2], cut: bool) -> Outcome<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\nconnection: close";
    write!(stream, "{head}\r\n\r\n")?;
    let last = if cut { all.len().min(2) } else { all.len() };
    for piece in &all[..last] {
        let text = format!("data: {piece}\n\n");
        if piece["choices"][0]["finish_reason"] == "stop" {
            std::thread::sleep(Duration::from_millis(late_ms));
        }
        write!(stream, "{:x}\r\n{text}\r\n", text.len())?;
        stream.flush()?;
        std::thread::sleep(Duration::from_millis(pause_ms));
    }
    if !cut {
        let text = "data: [DONE]\n\n";
        write!(stream, "{:x}\r\n{text}\r\n0\r\n\r\n", text.len())?;
    }
    Ok(stream.flush()?)
}
