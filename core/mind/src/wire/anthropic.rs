//! Anthropic Messages, both ways.
//!
//! In a stream, `ping` means nothing, unknown events are passed over, an `error` may come at any time, and usage is
//! cumulative: the end says what the beginning did not know. A thinking block goes back with its signature, first.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chat::as_index;
use super::http::{Header, HttpRequest};
use super::json::{self, Array, Json, Members, NotJson, Object, Text};
use super::{
    ChatRequest, Endpoint, Event, Family, Fault, Message, Opaque, Part, Role, Source, StopReason, ToolChoice,
    Unsupported, Usage,
};

/// The version of the API.
const VERSION: &str = "2023-06-01";
/// The highest temperature that it takes.
const TEMPERATURE_MAX: f64 = 1.0;

/// A request over HTTP.
pub(super) fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<HttpRequest, Unsupported> {
    if request.temperature.is_some_and(|temperature| temperature > TEMPERATURE_MAX) {
        return Err(Unsupported::Temperature);
    }
    let body = json::object(|body| {
        body.text("model", &endpoint.model);
        body.number("max_tokens", super::encode::limit(request, endpoint));
        if !request.system.is_empty() {
            body.text("system", &request.system);
        }
        body.array("messages", |messages| {
            for message in &request.messages {
                messages.object(|out| write_message(out, message));
            }
        });
        write_tools(body, request, endpoint);
        if let Some(output) = &request.output {
            body.object("output_config", |config| {
                config.object("format", |format| {
                    format.text("type", "json_schema");
                    format.raw("schema", output.schema.as_str());
                });
            });
        }
        if let Some(temperature) = request.temperature {
            body.raw("temperature", &temperature.to_string());
        }
        if !request.stop.is_empty() {
            body.texts("stop_sequences", &request.stop);
        }
        if request.stream {
            body.flag("stream", true);
        }
    });
    let key = endpoint.key.clone().map(|key| ("x-api-key", Header::Secret("", key)));
    let mut http = HttpRequest::post(format!("{}/messages", endpoint.base_url), body, key);
    http.headers.push(("anthropic-version", Header::Text(VERSION)));
    Ok(http)
}

fn write_message(out: &mut Object, message: &Message) {
    out.text("role", if message.role == Role::User { "user" } else { "assistant" });
    out.array("content", |content| {
        // Results of calls stand before all else.
        let (results, rest): (Vec<_>, Vec<_>) =
            message.parts.iter().partition(|part| matches!(part, Part::ToolResult(_)));
        results.into_iter().chain(rest).for_each(|part| write_part(content, part));
    });
}

fn write_part(content: &mut Array, part: &Part) {
    match part {
        // An empty text is refused.
        Part::Text(text) if text.is_empty() => {}
        Part::Text(text) => content.object(|out| {
            out.text("type", "text");
            out.text("text", text);
        }),
        Part::Image(image) => content.object(|out| {
            out.text("type", "image");
            out.object("source", |source| match &image.source {
                Source::Base64(data) => {
                    source.text("type", "base64");
                    source.text("media_type", &image.media_type);
                    source.text("data", data);
                }
                Source::Url(url) => {
                    source.text("type", "url");
                    source.text("url", url);
                }
            });
        }),
        Part::ToolCall(call) => content.object(|out| {
            out.text("type", "tool_use");
            out.text("id", &plain_id(&call.id));
            out.text("name", &call.name);
            out.raw("input", &super::encode::arguments(&call.arguments));
        }),
        Part::ToolResult(result) => content.object(|out| {
            out.text("type", "tool_result");
            out.text("tool_use_id", &plain_id(&result.call));
            out.text("content", &result.content);
            if result.is_error {
                out.flag("is_error", true);
            }
        }),
        Part::Opaque(opaque) if opaque.family == Family::Anthropic => content.raw(opaque.value.as_str()),
        Part::Opaque(_) => {}
    }
}

/// Ids of other providers hold characters that are refused here.
fn plain_id(id: &str) -> String {
    id.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '_' }).collect()
}

fn write_tools(body: &mut Object, request: &ChatRequest, endpoint: &Endpoint) {
    if request.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        for tool in &request.tools {
            tools.object(|out| {
                out.text("name", &tool.name);
                if !tool.description.is_empty() {
                    out.text("description", &tool.description);
                }
                out.raw("input_schema", tool.parameters.as_str());
                if tool.strict && endpoint.capabilities.strict {
                    out.flag("strict", true);
                }
            });
        }
    });
    body.object("tool_choice", |choice| match &request.tool_choice {
        ToolChoice::Auto => choice.text("type", "auto"),
        ToolChoice::None => choice.text("type", "none"),
        ToolChoice::Required => choice.text("type", "any"),
        ToolChoice::Tool(name) => {
            choice.text("type", "tool");
            choice.text("name", name);
        }
    });
}

/// An answer that grows.
#[derive(Debug, Default)]
pub(super) struct Anthropic {
    /// The block that is open, with its index.
    block: Option<(u32, Block)>,
    calls: usize,
    usage: Counts,
    stop: Option<String>,
}

#[derive(Debug)]
enum Block {
    Call(u32),
    Thinking { thinking: String, signature: String },
    Other,
}

#[derive(Debug, Default)]
struct Counts {
    input: u64,
    cache_read: u64,
    cache_write: u64,
    output: u64,
    thinking: u64,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    #[serde(borrow)]
    content_block: Option<&'a RawValue>,
    #[serde(borrow)]
    message: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<Text<'a>>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
}

impl Anthropic {
    /// Takes the data of one event of a stream.
    pub(super) fn frame(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let frame: Frame = serde_json::from_str(text).map_err(|_| NotJson)?;
        match &*frame.kind.0 {
            "content_block_delta" => {
                if let Some(delta) = frame.delta {
                    self.delta(frame.index.unwrap_or(0), delta, out);
                }
            }
            "content_block_start" => {
                self.open(frame.index.unwrap_or(0), frame.content_block.ok_or(NotJson)?, out);
            }
            "content_block_stop" => self.close(out),
            "message_start" => {
                let usage = frame.message.and_then(|message| Members::of(message).raw("usage"));
                out.extend(usage.map(|usage| self.count(usage)));
            }
            "message_delta" => {
                let reason = frame.delta.and_then(|delta| delta.stop_reason);
                self.stop = reason.map(|reason| reason.0.into_owned()).or(self.stop.take());
                out.extend(frame.usage.map(|usage| self.count(usage)));
            }
            "message_stop" => {
                self.stop.get_or_insert_default();
                self.finish(out);
            }
            "error" => {
                let fault = frame.error.map_or(Fault::of(super::Class::Upstream), Fault::of_error);
                out.push(Event::Error(fault));
            }
            // `ping`, and what comes to be.
            _ => {}
        }
        Ok(())
    }

    /// Takes a whole answer.
    pub(super) fn whole(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let message = Members::of(json::raw(text)?);
        if let Some(error) = message.raw("error") {
            out.push(Event::Error(Fault::of_error(error)));
            return Ok(());
        }
        if message.raw("content").is_none() {
            return Err(NotJson);
        }
        for (index, block) in message.array("content").into_iter().enumerate() {
            self.open(as_index(index), block, out);
            self.close(out);
        }
        out.extend(message.raw("usage").map(|usage| self.count(usage)));
        self.stop = message.text("stop_reason").map(Cow::into_owned);
        Ok(())
    }

    fn open(&mut self, index: u32, raw: &RawValue, out: &mut Vec<Event>) {
        self.close(out);
        let block = Members::of(raw);
        let text = |name: &str| block.text(name).map(Cow::into_owned).unwrap_or_default();
        let opened = match text("type").as_str() {
            "text" => {
                out.extend(Some(text("text")).filter(|text| !text.is_empty()).map(Event::TextDelta));
                Block::Other
            }
            "tool_use" => {
                let call = as_index(self.calls);
                self.calls += 1;
                out.push(Event::ToolStart { index: call, id: text("id"), name: text("name") });
                let input = block.raw("input").map(RawValue::get).filter(|input| *input != "{}");
                out.extend(input.map(|input| Event::ToolArgs { index: call, json: input.to_owned() }));
                Block::Call(call)
            }
            "thinking" => {
                let thinking = text("thinking");
                out.extend(Some(thinking.clone()).filter(|text| !text.is_empty()).map(Event::ReasoningDelta));
                Block::Thinking { thinking, signature: text("signature") }
            }
            "redacted_thinking" => {
                out.push(Event::Opaque(Opaque { family: Family::Anthropic, value: Json::of(raw) }));
                Block::Other
            }
            _ => Block::Other,
        };
        self.block = Some((index, opened));
    }

    fn delta(&mut self, index: u32, delta: Delta, out: &mut Vec<Event>) {
        if let Some(text) = delta.text {
            out.push(Event::TextDelta(text.0.into_owned()));
        }
        match &mut self.block {
            Some((open, Block::Call(call))) if *open == index => {
                let json = delta.partial_json.map(|json| json.0.into_owned()).filter(|json| !json.is_empty());
                out.extend(json.map(|json| Event::ToolArgs { index: *call, json }));
            }
            Some((open, Block::Thinking { thinking, signature })) if *open == index => {
                if let Some(text) = delta.thinking {
                    thinking.push_str(&text.0);
                    out.push(Event::ReasoningDelta(text.0.into_owned()));
                }
                if let Some(text) = delta.signature {
                    signature.push_str(&text.0);
                }
            }
            _ => {}
        }
    }

    /// A thinking block is whole, and goes back as it was.
    fn close(&mut self, out: &mut Vec<Event>) {
        if let Some((_, Block::Thinking { thinking, signature })) = self.block.take() {
            let value = Json::written(json::object(|block| {
                block.text("type", "thinking");
                block.text("thinking", &thinking);
                block.text("signature", &signature);
            }));
            out.push(Event::Opaque(Opaque { family: Family::Anthropic, value }));
        }
    }

    /// Takes what was counted; what is not said stays.
    fn count(&mut self, raw: &RawValue) -> Event {
        let (said, counts) = (Members::of(raw), &mut self.usage);
        for (name, count) in [
            ("input_tokens", &mut counts.input),
            ("cache_read_input_tokens", &mut counts.cache_read),
            ("cache_creation_input_tokens", &mut counts.cache_write),
            ("output_tokens", &mut counts.output),
        ] {
            *count = said.number(name).unwrap_or(*count);
        }
        let thinking = said.object("output_tokens_details").number("thinking_tokens");
        counts.thinking = thinking.unwrap_or(counts.thinking);
        // What was cached is not in `input_tokens`.
        let input = counts.input.saturating_add(counts.cache_read).saturating_add(counts.cache_write);
        Event::Usage(Usage {
            input,
            cached_input: counts.cache_read,
            output: counts.output,
            reasoning: counts.thinking.min(counts.output),
        })
    }

    /// The bytes are over: the answer is whole if it has said why it ends.
    pub(super) fn finish(&mut self, out: &mut Vec<Event>) {
        let Some(raw) = self.stop.take() else {
            return;
        };
        self.close(out);
        let reason = match raw.as_str() {
            "end_turn" | "stop_sequence" => StopReason::End,
            "max_tokens" | "model_context_window_exceeded" => StopReason::Length,
            "tool_use" => StopReason::ToolUse,
            "refusal" => StopReason::Refusal,
            "pause_turn" => StopReason::Pause,
            _ => StopReason::Other,
        };
        out.push(Event::Stop { reason, raw });
    }
}
