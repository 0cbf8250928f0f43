//! `OpenAI` Responses, both ways.
//!
//! Nothing is stored there: reasoning comes encrypted and goes back as it was. A tool is strict unless it is said not
//! to be, and there are no texts that end an answer.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chat::as_index;
use super::http::{HttpRequest, bearer};
use super::json::{self, Array, Json, Members, NotJson, Object, Text};
use super::{
    ChatRequest, Endpoint, Event, Family, Fault, Message, Opaque, Part, Role, StopReason, ToolChoice, Unsupported,
    Usage,
};

/// A request over HTTP.
pub(super) fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<HttpRequest, Unsupported> {
    if !request.stop.is_empty() {
        return Err(Unsupported::Stop);
    }
    let strict = endpoint.capabilities.strict;
    let body = json::object(|body| {
        body.text("model", &endpoint.model);
        if !request.system.is_empty() {
            body.text("instructions", &request.system);
        }
        body.array("input", |input| request.messages.iter().for_each(|message| write_message(input, message)));
        body.number("max_output_tokens", super::encode::limit(request, endpoint));
        body.flag("store", false);
        if endpoint.capabilities.reasoning {
            body.texts("include", &["reasoning.encrypted_content".to_owned()]);
        }
        write_tools(body, request, strict);
        if let Some(output) = &request.output {
            body.object("text", |text| {
                text.object("format", |format| {
                    format.text("type", "json_schema");
                    format.text("name", &output.name);
                    format.raw("schema", output.schema.as_str());
                    format.flag("strict", strict && output.strict);
                });
            });
        }
        if let Some(temperature) = request.temperature {
            body.raw("temperature", &temperature.to_string());
        }
        if request.stream {
            body.flag("stream", true);
        }
    });
    Ok(HttpRequest::post(format!("{}/responses", endpoint.base_url), body, bearer(endpoint)))
}

/// Calls, results and reasoning are items of their own; texts and images between them make messages.
fn write_message(input: &mut Array, message: &Message) {
    let is_said = |part: &Part| matches!(part, Part::Text(_) | Part::Image(_));
    let mut rest = message.parts.as_slice();
    while let Some(first) = rest.first() {
        let length = if is_said(first) { rest.iter().take_while(|part| is_said(part)).count() } else { 1 };
        let (these, others) = rest.split_at(length);
        rest = others;
        match first {
            Part::Text(_) | Part::Image(_) => input.object(|out| write_said(out, message.role, these)),
            Part::ToolCall(call) => input.object(|out| {
                out.text("type", "function_call");
                out.text("call_id", &call.id);
                out.text("name", &call.name);
                out.text("arguments", &call.arguments);
            }),
            Part::ToolResult(result) => input.object(|out| {
                out.text("type", "function_call_output");
                out.text("call_id", &result.call);
                out.text("output", &result.content);
            }),
            Part::Opaque(opaque) if opaque.family == Family::OpenaiResponses => input.raw(opaque.value.as_str()),
            Part::Opaque(_) => {}
        }
    }
}

fn write_said(out: &mut Object, role: Role, parts: &[Part]) {
    let is_user = role == Role::User;
    out.text("role", if is_user { "user" } else { "assistant" });
    out.array("content", |content| {
        for part in parts {
            match part {
                Part::Text(text) => content.object(|out| {
                    out.text("type", if is_user { "input_text" } else { "output_text" });
                    out.text("text", text);
                }),
                Part::Image(image) => content.object(|out| {
                    out.text("type", "input_image");
                    out.text("image_url", &super::encode::image_url(image));
                }),
                _ => {}
            }
        }
    });
}

fn write_tools(body: &mut Object, request: &ChatRequest, strict: bool) {
    if request.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        for tool in &request.tools {
            tools.object(|out| {
                out.text("type", "function");
                out.text("name", &tool.name);
                if !tool.description.is_empty() {
                    out.text("description", &tool.description);
                }
                out.raw("parameters", tool.parameters.as_str());
                out.flag("strict", strict && tool.strict);
            });
        }
    });
    match &request.tool_choice {
        ToolChoice::Auto => body.text("tool_choice", "auto"),
        ToolChoice::None => body.text("tool_choice", "none"),
        ToolChoice::Required => body.text("tool_choice", "required"),
        ToolChoice::Tool(name) => body.object("tool_choice", |choice| {
            choice.text("type", "function");
            choice.text("name", name);
        }),
    }
}

/// An answer that grows.
#[derive(Debug, Default)]
pub(super) struct Responses {
    /// Each call's place among the output's items, and whether its arguments have begun.
    calls: Vec<(u32, bool)>,
    refused: bool,
}

#[derive(Deserialize)]
struct Frame<'a> {
    #[serde(borrow, rename = "type")]
    kind: Text<'a>,
    output_index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Text<'a>>,
    #[serde(borrow)]
    item: Option<&'a RawValue>,
    #[serde(borrow)]
    response: Option<&'a RawValue>,
}

impl Responses {
    /// Takes the data of one event of a stream.
    pub(super) fn frame(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let frame: Frame = serde_json::from_str(text).map_err(|_| NotJson)?;
        let place = frame.output_index.unwrap_or(0);
        let delta = frame.delta.map(|delta| delta.0.into_owned()).unwrap_or_default();
        match &*frame.kind.0 {
            "response.output_text.delta" => out.push(Event::TextDelta(delta)),
            "response.refusal.delta" => {
                self.refused = true;
                out.push(Event::RefusalDelta(delta));
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                out.push(Event::ReasoningDelta(delta));
            }
            "response.function_call_arguments.delta" => self.arguments(place, delta, out),
            "response.output_item.added" => {
                let item = Members::of(frame.item.ok_or(NotJson)?);
                if item.text("type").as_deref() == Some("function_call") {
                    self.call(place, &item, out);
                }
            }
            "response.output_item.done" => {
                let raw = frame.item.ok_or(NotJson)?;
                let item = Members::of(raw);
                match item.text("type").as_deref() {
                    Some("reasoning") => reasoning(raw, &item, out),
                    Some("function_call") => self.call_done(place, &item, out),
                    _ => {}
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                self.end(&Members::of(frame.response.ok_or(NotJson)?), out);
            }
            "error" => out.push(Event::Error(Fault::of_error(json::raw(text)?))),
            // Beginnings and ends of parts, and what comes to be.
            _ => {}
        }
        Ok(())
    }

    /// Takes a whole answer.
    pub(super) fn whole(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let response = Members::of(json::raw(text)?);
        if response.raw("output").is_none() && response.raw("error").is_none() {
            return Err(NotJson);
        }
        for (place, raw) in response.array("output").into_iter().enumerate() {
            let item = Members::of(raw);
            match item.text("type").as_deref() {
                Some("message") => self.said(&item, out),
                Some("function_call") => self.call_done(as_index(place), &item, out),
                Some("reasoning") => {
                    for part in item.array("summary").into_iter().chain(item.array("content")).map(Members::of) {
                        out.extend(part.text("text").map(|text| Event::ReasoningDelta(text.into_owned())));
                    }
                    reasoning(raw, &item, out);
                }
                _ => {}
            }
        }
        self.end(&response, out);
        Ok(())
    }

    fn said(&mut self, item: &Members, out: &mut Vec<Event>) {
        for part in item.array("content").into_iter().map(Members::of) {
            out.extend(part.text("text").map(|text| Event::TextDelta(text.into_owned())));
            if let Some(refusal) = part.text("refusal") {
                self.refused = true;
                out.push(Event::RefusalDelta(refusal.into_owned()));
            }
        }
    }

    fn call(&mut self, place: u32, item: &Members, out: &mut Vec<Event>) {
        let text = |name: &str| item.text(name).map(Cow::into_owned).unwrap_or_default();
        let index = as_index(self.calls.len());
        self.calls.push((place, false));
        out.push(Event::ToolStart { index, id: text("call_id"), name: text("name") });
    }

    fn arguments(&mut self, place: u32, json: String, out: &mut Vec<Event>) {
        let index = self.calls.iter().rposition(|(known, _)| *known == place);
        if let Some((index, (_, begun))) = index.and_then(|index| Some((index, self.calls.get_mut(index)?)))
            && !json.is_empty()
        {
            *begun = true;
            out.push(Event::ToolArgs { index: as_index(index), json });
        }
    }

    /// A call is whole. What has not come in pieces comes now.
    fn call_done(&mut self, place: u32, item: &Members, out: &mut Vec<Event>) {
        let begun = self.calls.iter().rev().find(|(known, _)| *known == place).map(|(_, begun)| *begun);
        if begun.is_none() {
            self.call(place, item, out);
        }
        if begun != Some(true) {
            self.arguments(place, item.text("arguments").map(Cow::into_owned).unwrap_or_default(), out);
        }
    }

    fn end(&self, response: &Members, out: &mut Vec<Event>) {
        out.extend(response.raw("usage").map(|usage| Event::Usage(usage_of(usage))));
        if let Some(error) = response.raw("error") {
            out.push(Event::Error(Fault::of_error(error)));
            return;
        }
        let status = response.text("status").unwrap_or_default();
        let why = response.object("incomplete_details").text("reason").unwrap_or_default();
        let reason = match (&*status, &*why) {
            ("failed", _) => {
                out.push(Event::Error(Fault::of(super::Class::Upstream)));
                return;
            }
            ("incomplete", "max_output_tokens") => StopReason::Length,
            ("incomplete", "content_filter") => StopReason::Refusal,
            ("completed", _) if self.refused => StopReason::Refusal,
            ("completed", _) if !self.calls.is_empty() => StopReason::ToolUse,
            ("completed", _) => StopReason::End,
            _ => StopReason::Other,
        };
        out.push(Event::Stop { reason, raw: if why.is_empty() { status } else { why }.into_owned() });
    }
}

/// Reasoning that is not encrypted lies in a store of the provider's that we do not use: it cannot go back.
fn reasoning(raw: &RawValue, item: &Members, out: &mut Vec<Event>) {
    if item.raw("encrypted_content").is_some() {
        out.push(Event::Opaque(Opaque { family: Family::OpenaiResponses, value: Json::of(raw) }));
    }
}

fn usage_of(raw: &RawValue) -> Usage {
    let usage = Members::of(raw);
    let number = |name: &str| usage.number(name).unwrap_or(0);
    let (input, output) = (number("input_tokens"), number("output_tokens"));
    Usage {
        input,
        cached_input: usage.object("input_tokens_details").number("cached_tokens").unwrap_or(0).min(input),
        output,
        reasoning: usage.object("output_tokens_details").number("reasoning_tokens").unwrap_or(0).min(output),
    }
}
