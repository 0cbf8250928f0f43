//! `cargo xtask mind-probe`: asks a provider with the encoder and decoder that the platform has, from this machine, and
//! says which capabilities held. Its key comes from the environment and goes into one header.

use std::io::Read;
use std::time::Duration;

use aion_mind::models::{ModelRow, Prices, ProviderRow, check};
use aion_mind::wire::{
    Call, Capabilities, ChatRequest, Event, Json, Key, Message, Output, Part, Reply, Role, StreamDecoder, Tool, Wire,
    decode, encode, fold,
};
use serde_json::{Value, json};

use crate::report::{Context, Outcome, fail, failure, say};

/// The environment variable with the key, if the command line names no other.
const KEY: &str = "AION_MODEL_KEY";
/// What thinks first needs some of it.
const ANSWER_TOKENS: u32 = 1_024;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_mins(2);
/// An answer has so many bytes at most, as in the platform.
const ANSWER_MAX_BYTES: u64 = 12 << 20;
/// Between two reads of a stream.
const PART_BYTES: usize = 16 * 1024;

/// A provider, one model of it, and its key.
struct Probe {
    row: ProviderRow,
    key: Option<Key>,
}

/// Asks and prints.
pub fn run(words: &[&str]) -> Outcome<()> {
    let probe = Probe::parse(words)?;
    let found = probe.everything();
    if !found.0 {
        return fail("the provider gave no text; the reason stands above");
    }
    println!("{}", json!({ "upstream": probe.row.models[0].upstream, "capabilities": found.1 }));
    Ok(())
}

impl Probe {
    fn parse(words: &[&str]) -> Outcome<Self> {
        let (mut kind, mut base_url, mut model, mut variable) = (None, String::new(), String::new(), KEY);
        let mut words = words.iter();
        while let Some(word) = words.next() {
            let value = words.next().ok_or_else(|| failure(format!("{word} wants a value")))?;
            match *word {
                "--kind" => kind = Some(serde_json::from_value::<Wire>(json!(value)).context("--kind")?),
                "--base-url" => value.trim_end_matches('/').clone_into(&mut base_url),
                "--model" => (*value).clone_into(&mut model),
                "--key-env" => variable = value,
                _ => return fail("`mind-probe` takes --kind, --base-url, --model and --key-env with a value each"),
            }
        }
        let kind =
            kind.ok_or_else(|| failure("--kind: openai-chat, openai-responses, anthropic, gemini, llama-cpp"))?;
        if kind == Wire::WorkersAi {
            return fail("the binding of Workers AI cannot be asked from here");
        }
        let prices = Prices { input: 0, cached_input: 0, output: 0 };
        let capabilities = Capabilities { streaming: true, schema: true, tools: true, ..Capabilities::default() };
        let model = ModelRow {
            name: "probe".to_owned(),
            upstream: model,
            prices,
            capabilities,
            context_tokens: 8 * ANSWER_TOKENS,
            max_output_tokens: ANSWER_TOKENS,
        };
        let row = json!({ "id": "probe", "kind": kind, "baseUrl": base_url, "models": [model] });
        let row: ProviderRow = serde_json::from_value(row)?;
        // What the platform would not take is not asked: no key goes out in the clear.
        if let Err(faults) = check(std::slice::from_ref(&row)) {
            let all: Vec<String> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect();
            return fail(all.join("; "));
        }
        let key = std::env::var(variable).ok().filter(|key| !key.is_empty()).map(Key::new);
        if key.is_none() {
            say(format_args!("{variable} is not set: asking without a key"));
        }
        Ok(Self { row, key })
    }

    /// Whether it gives text, and what it can do.
    fn everything(&self) -> (bool, Capabilities) {
        let mut can = Capabilities::default();
        let text = held("text", &self.ask(&said("Say hello."), can).and_then(|reply| is_text(&reply)));
        let stream = ChatRequest { stream: true, ..said("Say hello.") };
        let streaming = Capabilities { streaming: true, ..can };
        can.streaming = held("streaming", &self.ask(&stream, streaming).and_then(|reply| is_text(&reply)));
        let tools = Capabilities { tools: true, ..can };
        can.tools = held("tools", &calling().and_then(|request| is_call(&self.ask(&request, tools)?)));
        let schema = Capabilities { schema: true, ..can };
        can.schema = held("schema", &formed(false).and_then(|request| is_colour(&self.ask(&request, schema)?)));
        let strict = Capabilities { schema: true, strict: true, ..can };
        can.strict =
            can.schema && held("strict", &formed(true).and_then(|request| is_colour(&self.ask(&request, strict)?)));
        (text, can)
    }

    /// One answer. What a provider says in words about a failure is not shown: it can hold parts of a key.
    fn ask(&self, request: &ChatRequest, capabilities: Capabilities) -> Outcome<Reply> {
        let model = ModelRow { capabilities, ..self.row.models[0].clone() };
        let endpoint = self.row.endpoint(&model, self.key.clone());
        let Call::Http(http) = encode(request, &endpoint)? else { return fail("it is asked by a binding") };
        // A redirect would take the key to another place.
        let config = ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0);
        let agent: ureq::Agent = config.timeout_global(Some(PATIENCE)).build().into();
        let mut post = agent.post(&http.url);
        for (name, value) in &http.headers {
            post = post.header(*name, value.value());
        }
        let mut response = post.send(&http.body[..]).map_err(|error| failure(format!("no answer: {error}")))?;
        let status = response.status().as_u16();
        let headers: Vec<(String, String)> = response
            .headers()
            .iter()
            .map(|(name, value)| (name.to_string(), value.to_str().unwrap_or_default().to_owned()))
            .collect();
        let mut reader = response.body_mut().as_reader().take(ANSWER_MAX_BYTES);
        let reply = if request.stream && (200..300).contains(&status) {
            fold(streamed(self.row.kind, &mut reader)?)
        } else {
            let mut body = Vec::new();
            reader.read_to_end(&mut body)?;
            decode(self.row.kind, status, &headers, &body)
        };
        reply.map_err(|fault| failure(format!("status {status}, {}", fault.class.detail())))
    }
}

/// Every event of a stream.
fn streamed(wire: Wire, reader: &mut impl Read) -> Outcome<Vec<Event>> {
    let (mut decoder, mut part, mut events) = (StreamDecoder::new(wire), vec![0; PART_BYTES], Vec::new());
    loop {
        match reader.read(&mut part)? {
            0 => break,
            length => events.extend(decoder.push(&part[..length])),
        }
    }
    events.extend(decoder.finish());
    Ok(events)
}

/// Says what came of it.
fn held(name: &str, outcome: &Outcome<()>) -> bool {
    match outcome {
        Ok(()) => say(format_args!("✓ {name}")),
        Err(failure) => say(format_args!("✗ {name}: {failure}")),
    }
    outcome.is_ok()
}

fn said(text: &str) -> ChatRequest {
    let message = Message { role: Role::User, parts: vec![Part::Text(text.to_owned())] };
    ChatRequest { model: "probe".to_owned(), messages: vec![message], ..ChatRequest::default() }
}

fn json_text(value: &Value) -> Outcome<Json> {
    Json::parse(&value.to_string()).map_err(|_| failure("a schema of ours is no JSON"))
}

/// A question that wants a tool.
fn calling() -> Outcome<ChatRequest> {
    let parameters = json!({ "type": "object", "additionalProperties": false, "required": ["city"],
        "properties": { "city": { "type": "string" } } });
    let description = "Says the weather of a city as it is now.".to_owned();
    let tool = Tool { name: "weather".to_owned(), description, parameters: json_text(&parameters)?, strict: false };
    Ok(ChatRequest { tools: vec![tool], ..said("What is the weather in Madrid now? Call the tool.") })
}

/// A question whose answer has a form that only the schema names.
fn formed(strict: bool) -> Outcome<ChatRequest> {
    let schema = json!({ "type": "object", "additionalProperties": false, "required": ["colour"],
        "properties": { "colour": { "type": "string", "enum": ["red", "blue"] } } });
    let output = Output { name: "answer".to_owned(), schema: json_text(&schema)?, strict };
    Ok(ChatRequest { output: Some(output), ..said("Which colour has the sky on a clear day?") })
}

fn is_text(reply: &Reply) -> Outcome<()> {
    if reply.usage.is_none() {
        say("  it says nothing of its usage: every call will count as its worst case");
    }
    if reply.text().trim().is_empty() { fail("the answer has no text") } else { Ok(()) }
}

fn is_call(reply: &Reply) -> Outcome<()> {
    let Some(call) = reply.calls().next() else { return fail("it called nothing") };
    let arguments: Value = serde_json::from_str(&call.arguments).unwrap_or_default();
    if call.name == "weather" && arguments["city"].is_string() {
        return Ok(());
    }
    fail("it called something else, or with other arguments")
}

fn is_colour(reply: &Reply) -> Outcome<()> {
    let answer: Value = serde_json::from_str(&reply.text()).unwrap_or_default();
    let fits = answer.as_object().is_some_and(|object| object.len() == 1)
        && matches!(answer["colour"].as_str(), Some("red" | "blue"));
    if fits { Ok(()) } else { fail("the answer does not fit the schema") }
}

#[cfg(test)]
mod tests {
    use aion_mind::wire::{Capabilities, Key};

    use super::Probe;
    use crate::{http, origin};

    #[test]
    fn a_provider_is_asked_with_its_key_and_what_it_ignores_does_not_hold() {
        let origin = origin::start().unwrap();
        http::post(&format!("{origin}/set/probed?key=sk-1"), b"").unwrap();
        let base_url = format!("{origin}/probed/v1");
        let mut probe = Probe::parse(&["--kind", "openai-chat", "--base-url", &base_url, "--model", "up"]).unwrap();
        probe.key = None;
        assert_eq!(probe.everything(), (false, Capabilities::default()));
        probe.key = Some(Key::new("sk-1"));
        // It says hello whatever it is asked.
        assert_eq!(probe.everything(), (true, Capabilities { streaming: true, ..Capabilities::default() }));
    }

    #[test]
    fn no_key_goes_out_in_the_clear() {
        let words = ["--kind", "openai-chat", "--base-url", "http://models.example/v1", "--model", "up"];
        assert!(Probe::parse(&words).is_err());
    }
}
