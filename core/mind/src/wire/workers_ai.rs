//! The Workers AI binding, both ways: a body for `AI.run`, and what it gives back, whole or as a stream.
//!
//! Older models answer `{response, tool_calls, usage}` with arguments as objects, and with an object for `response`
//! when a schema was asked for; newer ones answer in the shape of Chat Completions. What it throws,
//! [`super::of_binding`] reads.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chat::{Chat, as_index, usage_of};
use super::json::{self, Members, NotJson};
use super::{Call, ChatRequest, Endpoint, Event, Fault, StopReason, ToolChoice, Unsupported};

/// A body for `AI.run`. Its schema stands without a name, and such an answer does not come in pieces.
pub(super) fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<Call, Unsupported> {
    if !request.tools.is_empty() && matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_)) {
        return Err(Unsupported::ForcedTool);
    }
    if request.output.is_some() && request.stream {
        return Err(Unsupported::SchemaInStream);
    }
    if !request.stop.is_empty() {
        return Err(Unsupported::Stop);
    }
    let body = json::object(|body| {
        super::chat_encode::write_conversation(body, request);
        body.number("max_tokens", super::encode::limit(request, endpoint));
        if request.tool_choice != ToolChoice::None {
            super::chat_encode::write_tools(body, request, false);
        }
        if let Some(output) = &request.output {
            body.object("response_format", |format| {
                format.text("type", "json_schema");
                format.raw("json_schema", output.schema.as_str());
            });
        }
        if let Some(temperature) = request.temperature {
            body.raw("temperature", &temperature.to_string());
        }
        if request.stream {
            body.flag("stream", true);
        }
    });
    Ok(Call::Binding { model: endpoint.model.clone(), body: body.into_bytes() })
}

/// An answer that grows.
#[derive(Debug, Default)]
pub(super) struct WorkersAi {
    chat: Chat,
    calls: usize,
    done: bool,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    response: Option<&'a RawValue>,
    #[serde(borrow)]
    tool_calls: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<&'a RawValue>,
    #[serde(borrow)]
    errors: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

impl WorkersAi {
    /// Takes the data of one event of a stream.
    pub(super) fn frame(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        if text == "[DONE]" {
            self.done = true;
            self.finish(out);
            return Ok(());
        }
        let piece: Piece = serde_json::from_str(text).map_err(|_| NotJson)?;
        if piece.choices.is_some() {
            return self.chat.frame(b"", text, out);
        }
        let error = piece.error.or_else(|| piece.errors.as_ref().and_then(|errors| errors.first().copied()));
        if let Some(error) = error {
            // The numbers are those of what the binding throws.
            let code = Members::of(error).number("code").unwrap_or(0);
            out.push(Event::Error(if code < 1_000 {
                Fault::of_error(error)
            } else {
                super::of_binding(&code.to_string())
            }));
            return Ok(());
        }
        if piece.response.is_none() && piece.tool_calls.is_none() && piece.usage.is_none() {
            return Err(NotJson);
        }
        if let Some(response) = piece.response {
            let text = json::text(response).map_or_else(|| response.get().to_owned(), Cow::into_owned);
            out.extend(Some(text).filter(|text| !text.is_empty()).map(Event::TextDelta));
        }
        for raw in piece.tool_calls.into_iter().flatten() {
            self.call(&Members::of(raw), out);
        }
        out.extend(piece.usage.map(|usage| Event::Usage(usage_of(usage))));
        Ok(())
    }

    /// Takes a whole answer.
    pub(super) fn whole(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        self.frame(text, out)?;
        // One in the shape of Chat Completions says itself that it ends.
        self.done = !Members::of(json::raw(text)?).names().any(|name| name == "choices");
        Ok(())
    }

    /// A call, plain or in the shape of Chat Completions.
    fn call(&mut self, call: &Members, out: &mut Vec<Event>) {
        let index = as_index(self.calls);
        self.calls += 1;
        let function = call.object("function");
        let inner = if call.raw("name").is_some() { call } else { &function };
        let id = call.text("id").map_or_else(|| format!("call_{index}"), Cow::into_owned);
        let name = inner.text("name").map(Cow::into_owned).unwrap_or_default();
        out.push(Event::ToolStart { index, id, name });
        if let Some(arguments) = inner.raw("arguments") {
            let json = json::text(arguments).map_or_else(|| arguments.get().to_owned(), Cow::into_owned);
            out.push(Event::ToolArgs { index, json });
        }
    }

    /// The bytes are over.
    pub(super) fn finish(&mut self, out: &mut Vec<Event>) {
        let before = out.len();
        self.chat.finish(out);
        if out.len() == before && std::mem::take(&mut self.done) {
            let reason = if self.calls > 0 { StopReason::ToolUse } else { StopReason::End };
            out.push(Event::Stop { reason, raw: String::new() });
        }
    }
}
