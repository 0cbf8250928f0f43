//! Wire formats of models against the providers' own SDKs: what they give of the same bytes, text, calls, usage and
//! stop, is what ours gives; and what our own API writes, `OpenAI`'s SDK reads as what it was.

use std::collections::BTreeMap;
use std::path::Path;

use aion_mind::wire::front::{Chunks, Head, completion};
use aion_mind::wire::{Event, Fault, Part, Reply, StopReason, StreamDecoder, Wire, decode, fold};
use serde_json::{Value, json};

use crate::report::{Context, Outcome, fail, say};
use crate::workspace::{at, scratch};
use crate::{files, process};

/// Fixtures of each provider begin with its name.
const PROVIDERS: [(&str, Wire); 6] = [
    ("openai-chat.", Wire::OpenaiChat),
    ("openai-responses.", Wire::OpenaiResponses),
    ("anthropic.", Wire::Anthropic),
    ("gemini.", Wire::Gemini),
    ("llama-cpp.", Wire::LlamaCpp),
    ("workers-ai.", Wire::WorkersAi),
];
/// What SDKs do not read: bodies of failures; errors in arrays in the middle of a stream, which Google's passes over; a
/// field that older llama.cpp servers made up; the binding of Workers AI, which has none.
const WITHOUT_SDK: [&str; 6] = [
    "gemini.limited.json",
    "gemini.error.sse",
    "llama-cpp.error.sse",
    "workers-ai.schema.json",
    "workers-ai.text.sse",
    "workers-ai.tools.json",
];
/// What ids begin with that we gave, since the provider did not.
const OWN_ID: &str = "aion_";

/// Compares all fixtures: how many are the same, and how many are not.
pub fn compare() -> Outcome<(u32, u32)> {
    let (fixtures, written) = (at("core/mind/fixtures"), scratch("wire"));
    files::remove(&written)?;
    let mut expected = BTreeMap::new();
    for entry in std::fs::read_dir(&fixtures)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        let Some((_, wire)) = PROVIDERS.iter().find(|(prefix, _)| name.starts_with(prefix)) else { continue };
        let events = events(*wire, &name, &std::fs::read(&path)?);
        if !WITHOUT_SDK.contains(&name.as_str()) {
            let has_thoughts = !matches!(wire, Wire::OpenaiChat | Wire::LlamaCpp);
            expected.insert(name.clone(), neutral(fold(events.clone()), has_thoughts)?);
        }
        write_front(&name, &events, &mut expected)?;
    }
    let mut given = BTreeMap::new();
    let mut node = process::command("node")?;
    node.arg(at("tests/wire/sdk.mjs")).arg(&fixtures).arg(&written);
    for line in process::output(&mut node).context("tests/wire/sdk.mjs")?.lines() {
        let line: Value = serde_json::from_str(line).context("tests/wire/sdk.mjs")?;
        given.insert(line["name"].as_str().unwrap_or_default().to_owned(), line["reply"].clone());
    }
    let (mut same, mut other) = (0, 0);
    for (name, ours) in &expected {
        let theirs = given.get(name).unwrap_or(&Value::Null);
        if ours == theirs {
            say(format_args!("wire {name} ... ok"));
            same += 1;
        } else {
            say(format_args!("wire {name} ... FAILED\n  ours: {ours}\n  SDK:  {theirs}"));
            other += 1;
        }
    }
    if expected.is_empty() {
        return fail("there are no fixtures");
    }
    Ok((same, other))
}

/// What a fixture gives: a stream in events, a whole answer as those that it would have had.
fn events(wire: Wire, name: &str, bytes: &[u8]) -> Vec<Event> {
    if Path::new(name).extension().is_some_and(|extension| extension == "sse") {
        let mut decoder = StreamDecoder::new(wire);
        let mut events = decoder.push(bytes);
        events.extend(decoder.finish());
        return events;
    }
    match decode(wire, 200, &[], bytes) {
        Ok(reply) => events_of(reply),
        Err(fault) => vec![Event::Error(fault)],
    }
}

fn events_of(reply: Reply) -> Vec<Event> {
    let mut events = vec![Event::ReasoningDelta(reply.reasoning)];
    if !reply.refusal.is_empty() {
        events.push(Event::RefusalDelta(reply.refusal));
    }
    let mut index = 0;
    for part in reply.parts {
        match part {
            Part::Text(text) => events.push(Event::TextDelta(text)),
            Part::ToolCall(call) => {
                events.push(Event::ToolStart { index, id: call.id, name: call.name });
                events.push(Event::ToolArgs { index, json: call.arguments });
                index += 1;
            }
            Part::Opaque(opaque) => events.push(Event::Opaque(opaque)),
            Part::Image(_) | Part::ToolResult(_) => {}
        }
    }
    events.extend(reply.usage.map(Event::Usage));
    events.push(Event::Stop { reason: reply.stop, raw: reply.stop_raw });
    events
}

/// Writes what our own API makes of an answer, as a stream and whole, and what its reader has to find.
fn write_front(name: &str, events: &[Event], expected: &mut BTreeMap<String, Value>) -> Outcome<()> {
    let head = Head { id: "chatcmpl-1".to_owned(), created_s: 1_700_000_000, model: "fast".to_owned() };
    let (mut chunks, mut stream) = (Chunks::new(&head, true), String::new());
    for event in events {
        chunks.push(event, &mut stream);
    }
    files::write(&scratch("wire").join(format!("front.{name}.stream.sse")), &stream)?;
    let reply = fold(events.to_vec());
    let mut wanted = neutral(reply.clone(), false)?;
    if let Ok(reply) = &reply {
        wanted["stop"] = json!(match reply.stop {
            StopReason::Length => "length",
            StopReason::ToolUse => "tool_calls",
            StopReason::Refusal if reply.refusal.is_empty() => "content_filter",
            _ => "stop",
        });
        wanted["calls"] = calls(reply, "")?;
        files::write(&scratch("wire").join(format!("front.{name}.whole.json")), &completion(reply, &head))?;
        expected.insert(format!("front.{name}.whole.json"), wanted.clone());
        if reply.usage.is_none() {
            // A stream that was asked for its usage has one.
            wanted["usage"] = json!({"input": 0, "cached": 0, "output": 0, "reasoning": 0});
        }
    }
    expected.insert(format!("front.{name}.stream.sse"), wanted);
    Ok(())
}

/// What is compared of an answer. `OpenAI`'s SDK of Chat Completions knows no thoughts.
fn neutral(reply: Result<Reply, Fault>, has_thoughts: bool) -> Outcome<Value> {
    let Ok(reply) = reply else { return Ok(json!({"error": "upstream"})) };
    let mut signatures = Vec::new();
    for part in reply.parts.iter().filter(|_| has_thoughts) {
        if let Part::Opaque(opaque) = part {
            let block: Value = serde_json::from_str(opaque.value.as_str())?;
            let names = ["signature", "data", "encrypted_content", "thoughtSignature"];
            signatures.extend(names.iter().find_map(|name| block.get(name)).cloned());
        }
    }
    let usage = reply.usage.map(|used| {
        json!({"input": used.input, "cached": used.cached_input, "output": used.output, "reasoning": used.reasoning})
    });
    let mut value = json!({
        "text": reply.text(),
        "refusal": reply.refusal,
        "reasoning": if has_thoughts { reply.reasoning.as_str() } else { "" },
        "calls": calls(&reply, OWN_ID)?,
        "signatures": signatures,
        "stop": reply.stop_raw,
    });
    if let Some(usage) = usage {
        value["usage"] = usage;
    }
    Ok(value)
}

/// Id, name and arguments of each call; an id that begins so counts as none.
fn calls(reply: &Reply, no_id: &str) -> Outcome<Value> {
    let mut all = Vec::new();
    for call in reply.calls() {
        let id = if !no_id.is_empty() && call.id.starts_with(no_id) { "" } else { call.id.as_str() };
        all.push(json!([id, call.name, serde_json::from_str::<Value>(&call.arguments)?]));
    }
    Ok(Value::Array(all))
}
