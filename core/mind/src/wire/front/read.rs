//! Bodies of `POST /v1/chat/completions` (`OpenAI`'s) and of `POST /v1/mind/chat` (ours).
//!
//! What would change an answer and cannot be passed on to every provider is refused, not dropped: `n`, `top_p`,
//! penalties, `logprobs`, `logit_bias`, `parallel_tool_calls: false`. What is no more than a hint is passed over:
//! `user`, `metadata`, `store`, `seed`, `service_tier`, `reasoning_effort` and whatever else comes to be.

use super::Invalid;
use super::node::{Fields, Node};
use crate::cache::{AGE_MAX_S, Caching};
use crate::wire::{
    ChatRequest, Image, Json, Message, Opaque, Output, Part, Role, Source, Tool, ToolCall, ToolChoice, ToolResult,
};

/// A conversation has so many turns at most,
const MESSAGES_MAX: usize = 2_048;
/// a turn so many parts or calls,
const PARTS_MAX: usize = 256;
/// a request so many tools, as at `OpenAI`,
const TOOLS_MAX: usize = 128;
/// and so many texts that end an answer, as at `OpenAI`.
const STOP_MAX: usize = 4;
/// The name of a tool or a schema has so many characters at most.
const NAME_MAX_CHARS: usize = 64;
/// The schema of a tool that takes nothing.
const NOTHING: &str = r#"{"type":"object","properties":{}}"#;
/// The schema of an answer that is any object.
const ANY_OBJECT: &str = r#"{"type":"object"}"#;

/// What a caller of `OpenAI`'s API asks.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    /// The request.
    pub request: ChatRequest,
    /// Whether the stream ends with what was used.
    pub include_usage: bool,
}

/// Reads a body of `POST /v1/chat/completions`.
pub fn read(body: &str) -> Result<Asked, Invalid> {
    let body = Node::of_body(body)?.object()?;
    refuse_what_is_lost(&body)?;
    let mut request = ChatRequest { model: body.need("model")?.text()?.into_owned(), ..ChatRequest::default() };
    for message in body.need("messages")?.array(MESSAGES_MAX)? {
        read_message(&message.object()?, &mut request)?;
    }
    if request.messages.is_empty() {
        return Err(Invalid::new("/messages", "somebody has to say something"));
    }
    if let Some(tools) = body.of("tools") {
        request.tools = tools.array(TOOLS_MAX)?.iter().map(read_tool).collect::<Result<_, _>>()?;
    }
    if let Some(choice) = body.of("tool_choice") {
        request.tool_choice = read_choice(&choice, &request.tools)?;
    }
    request.output = body.of("response_format").map(|format| read_format(&format)).transpose()?.flatten();
    let limit = body.of("max_completion_tokens").or_else(|| body.of("max_tokens"));
    request.max_output_tokens = limit.map(|limit| limit.count()).transpose()?;
    if let Some(temperature) = body.of("temperature") {
        let number = temperature.number()?;
        if !(0.0..=2.0).contains(&number) {
            return temperature.wrong("a number from 0 to 2");
        }
        request.temperature = Some(number);
    }
    if let Some(stop) = body.of("stop") {
        request.stop = if stop.is_text() { vec![stop.text()?.into_owned()] } else { texts(&stop.array(STOP_MAX)?)? };
    }
    request.cache = body.of("cache").map(|cache| read_caching(&cache)).transpose()?;
    request.stream = body.of("stream").map(|stream| stream.flag()).transpose()?.unwrap_or(false);
    let usage = body.of("stream_options").map(|options| options.object()).transpose()?;
    let usage = usage.and_then(|options| options.of("include_usage"));
    let include_usage = usage.map(|usage| usage.flag()).transpose()?.unwrap_or(false);
    Ok(Asked { request, include_usage })
}

/// Reads a body of `POST /v1/mind/chat`.
pub fn read_own(body: &str) -> Result<ChatRequest, Invalid> {
    // What serde says is about the caller's own body.
    let request: ChatRequest = serde_json::from_str(body).map_err(|error| Invalid::new("", error.to_string()))?;
    if request.cache.is_some_and(|cache| !cache.is_valid()) {
        return Err(Invalid::new("/cache/maxAgeS", wrong_age()));
    }
    if request.messages.is_empty() || request.messages.len() > MESSAGES_MAX {
        return Err(Invalid::new("/messages", format!("1 to {MESSAGES_MAX} turns")));
    }
    for (place, message) in request.messages.iter().enumerate() {
        for (part_place, part) in message.parts.iter().enumerate() {
            let of_user = match part {
                Part::Image(_) | Part::ToolResult(_) => Some(true),
                Part::ToolCall(_) | Part::Opaque(_) => Some(false),
                Part::Text(_) => None,
            };
            if of_user.is_some_and(|of_user| of_user != (message.role == Role::User)) {
                let pointer = format!("/messages/{place}/parts/{part_place}");
                return Err(Invalid::new(pointer, "a part of the other role"));
            }
        }
    }
    if let Some(place) = request.tools.iter().position(|tool| !is_name(&tool.name)) {
        return Err(Invalid::new(format!("/tools/{place}/name"), "1 to 64 of A-Z a-z 0-9 _ -"));
    }
    match &request.tool_choice {
        ToolChoice::Tool(name) if request.tools.iter().all(|tool| tool.name != *name) => {
            Err(Invalid::new("/toolChoice/tool", "is none of the tools"))
        }
        _ => Ok(request),
    }
}

fn refuse_what_is_lost(body: &Fields) -> Result<(), Invalid> {
    for (name, harmless) in [
        ("n", &["1"][..]),
        ("top_p", &["1", "1.0"]),
        ("presence_penalty", &["0", "0.0"]),
        ("frequency_penalty", &["0", "0.0"]),
        ("logprobs", &["false"]),
        ("logit_bias", &["{}"]),
        ("parallel_tool_calls", &["true"]),
        ("audio", &[]),
        ("functions", &[]),
        ("function_call", &[]),
    ] {
        if let Some(node) = body.of(name).filter(|node| !harmless.contains(&node.as_json())) {
            return node.wrong("is not passed on to providers: leave it out");
        }
    }
    Ok(())
}

fn read_message(message: &Fields, request: &mut ChatRequest) -> Result<(), Invalid> {
    let role = message.need("role")?;
    match &*role.text()? {
        "system" | "developer" => {
            for part in read_content(&message.need("content")?)? {
                let Part::Text(text) = part else {
                    return Err(Invalid::new(format!("{}/content", message.pointer), "texts alone"));
                };
                if !request.system.is_empty() {
                    request.system.push_str("\n\n");
                }
                request.system.push_str(&text);
            }
        }
        "user" => {
            let parts = read_content(&message.need("content")?)?;
            request.messages.push(Message { role: Role::User, parts });
        }
        "assistant" => request.messages.push(read_answer(message)?),
        "tool" => {
            let content = read_content(&message.need("content")?)?.into_iter().map(|part| match part {
                Part::Text(text) => Ok(text),
                _ => Err(Invalid::new(format!("{}/content", message.pointer), "texts alone")),
            });
            let content = content.collect::<Result<String, _>>()?;
            let call = message.need("tool_call_id")?.text()?.into_owned();
            let result = Part::ToolResult(ToolResult { call, content, is_error: false });
            match request.messages.last_mut() {
                // Results of calls that were made at once are one turn.
                Some(Message { role: Role::User, parts })
                    if parts.iter().all(|part| matches!(part, Part::ToolResult(_))) =>
                {
                    parts.push(result);
                }
                _ => request.messages.push(Message { role: Role::User, parts: vec![result] }),
            }
        }
        _ => return role.wrong("system, developer, user, assistant or tool"),
    }
    Ok(())
}

/// A turn of the model. What its provider wants back stands first, as it came.
fn read_answer(message: &Fields) -> Result<Message, Invalid> {
    let mut parts = Vec::new();
    if let Some(blocks) = message.of("provider_blocks") {
        for block in blocks.array(PARTS_MAX)? {
            let opaque: Result<Opaque, _> = serde_json::from_str(block.as_json());
            parts.push(Part::Opaque(opaque.or_else(|_| block.wrong("a block as it came with an answer"))?));
        }
    }
    if let Some(content) = message.of("content") {
        parts.extend(read_content(&content)?.into_iter().filter(|part| *part != Part::Text(String::new())));
    }
    if let Some(refusal) = message.of("refusal") {
        parts.push(Part::Text(refusal.text()?.into_owned()));
    }
    if let Some(calls) = message.of("tool_calls") {
        for call in calls.array(PARTS_MAX)? {
            let call = call.object()?;
            let function = call.need("function")?.object()?;
            parts.push(Part::ToolCall(ToolCall {
                id: call.need("id")?.text()?.into_owned(),
                name: function.need("name")?.text()?.into_owned(),
                arguments: function.need("arguments")?.text()?.into_owned(),
            }));
        }
    }
    if parts.is_empty() {
        return Err(Invalid::new(message.pointer.clone(), "content or tool_calls"));
    }
    Ok(Message { role: Role::Assistant, parts })
}

/// A text, or parts.
fn read_content(content: &Node) -> Result<Vec<Part>, Invalid> {
    if content.is_text() {
        return Ok(vec![Part::Text(content.text()?.into_owned())]);
    }
    let read = |node: &Node| {
        let part = node.object()?;
        let kind = part.need("type")?;
        match &*kind.text()? {
            "text" => Ok(Part::Text(part.need("text")?.text()?.into_owned())),
            "refusal" => Ok(Part::Text(part.need("refusal")?.text()?.into_owned())),
            "image_url" => read_image(&part.need("image_url")?.object()?.need("url")?),
            _ => kind.wrong("text or image_url"),
        }
    };
    content.array(PARTS_MAX)?.iter().map(read).collect()
}

fn read_image(url: &Node) -> Result<Part, Invalid> {
    let text = url.text()?;
    if text.starts_with("https://") {
        let source = Source::Url(text.into_owned());
        return Ok(Part::Image(Image { media_type: "image/*".to_owned(), source }));
    }
    let Some((media_type, data)) = text.strip_prefix("data:").and_then(|rest| rest.split_once(";base64,")) else {
        return url.wrong("https://… or data:image/…;base64,…");
    };
    if !["image/png", "image/jpeg", "image/gif", "image/webp"].contains(&media_type) {
        return url.wrong("an image of type png, jpeg, gif or webp");
    }
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    if data.is_empty() || !data.bytes().all(is_base64) {
        return url.wrong("bytes in base64");
    }
    let source = Source::Base64(data.to_owned());
    Ok(Part::Image(Image { media_type: media_type.to_owned(), source }))
}

fn read_tool(node: &Node) -> Result<Tool, Invalid> {
    let tool = node.object()?;
    let kind = tool.need("type")?;
    if kind.text()? != "function" {
        return kind.wrong("function");
    }
    let function = tool.need("function")?.object()?;
    let name = read_name(&function)?;
    let description = function.of("description").map(|text| text.text()).transpose()?.unwrap_or_default();
    let parameters = function.of("parameters").map(|schema| schema.json()).transpose()?;
    Ok(Tool {
        name,
        description: description.into_owned(),
        parameters: parameters.unwrap_or_else(|| Json::written(NOTHING.to_owned())),
        strict: function.of("strict").map(|strict| strict.flag()).transpose()?.unwrap_or(false),
    })
}

fn read_name(fields: &Fields) -> Result<String, Invalid> {
    let node = fields.need("name")?;
    let name = node.text()?;
    if is_name(&name) { Ok(name.into_owned()) } else { node.wrong("1 to 64 of A-Z a-z 0-9 _ -") }
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.len() <= NAME_MAX_CHARS && name.bytes().all(plain)
}

fn read_choice(choice: &Node, tools: &[Tool]) -> Result<ToolChoice, Invalid> {
    if choice.is_text() {
        return match &*choice.text()? {
            "auto" => Ok(ToolChoice::Auto),
            "none" => Ok(ToolChoice::None),
            "required" => Ok(ToolChoice::Required),
            _ => choice.wrong("auto, none, required or a function"),
        };
    }
    let name = choice.object()?.need("function")?.object()?.need("name")?;
    let text = name.text()?;
    if tools.iter().any(|tool| tool.name == text) {
        return Ok(ToolChoice::Tool(text.into_owned()));
    }
    name.wrong("is none of the tools")
}

fn read_format(node: &Node) -> Result<Option<Output>, Invalid> {
    let format = node.object()?;
    let kind = format.need("type")?;
    match &*kind.text()? {
        "text" => Ok(None),
        "json_object" => {
            let schema = Json::written(ANY_OBJECT.to_owned());
            Ok(Some(Output { name: "object".to_owned(), schema, strict: false }))
        }
        "json_schema" => {
            let asked = format.need("json_schema")?.object()?;
            let strict = asked.of("strict").map(|strict| strict.flag()).transpose()?.unwrap_or(false);
            Ok(Some(Output { name: read_name(&asked)?, schema: asked.need("schema")?.json()?, strict }))
        }
        _ => kind.wrong("text, json_object or json_schema"),
    }
}

/// How old an answer may be that was given before: a member of ours among `OpenAI`'s.
fn read_caching(node: &Node) -> Result<Caching, Invalid> {
    let age = node.object()?.need("max_age_s")?;
    let caching = Caching { max_age_s: age.count()? };
    if caching.is_valid() { Ok(caching) } else { age.wrong(wrong_age()) }
}

fn wrong_age() -> String {
    format!("1 to {AGE_MAX_S} seconds")
}

fn texts(nodes: &[Node]) -> Result<Vec<String>, Invalid> {
    nodes.iter().map(|node| node.text().map(std::borrow::Cow::into_owned)).collect()
}
