//! Answers in `OpenAI`'s words: `chat.completion`, and `chat.completion.chunk` as server-sent events.
//!
//! What stands around each piece is the same in a whole stream and is written once; a piece is one copy and its
//! escapes. Two members are not `OpenAI`'s: `reasoning_content`, which other servers have too, and `provider_blocks`,
//! which a client sends back as they came.

use super::Invalid;
use crate::wire::json::{self, Object, quote};
use crate::wire::{Blame, Class, Event, Fault, Opaque, Part, Reply, StopReason, Usage};

/// What stands in each piece of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The answer's id, `chatcmpl-…`.
    pub id: String,
    /// When it began, Unix seconds.
    pub created_s: u64,
    /// The model by the name that the caller used.
    pub model: String,
}

/// A stream that is being written.
#[derive(Debug, Clone)]
pub struct Chunks {
    /// `data: {…` up to the choices.
    prefix: String,
    include_usage: bool,
    begun: bool,
    refused: bool,
    /// Calls without arguments so far: what reads them wants JSON.
    bare: Vec<u32>,
    usage: Usage,
}

impl Chunks {
    /// A stream of an answer.
    #[must_use]
    pub fn new(head: &Head, include_usage: bool) -> Self {
        let mut prefix = "data: ".to_owned();
        json::write_object(&mut prefix, |out| write_head(out, head, "chat.completion.chunk"));
        prefix.pop();
        let (bare, usage) = (Vec::new(), Usage::default());
        Self { prefix, include_usage, begun: false, refused: false, bare, usage }
    }

    /// Writes what an event becomes.
    pub fn push(&mut self, event: &Event, out: &mut String) {
        if !self.begun {
            self.begun = true;
            self.piece(out, None, |delta| delta.push_str("\"role\":\"assistant\",\"content\":\"\""));
        }
        match event {
            Event::TextDelta(text) => self.text(out, "\"content\":", text),
            Event::ReasoningDelta(text) => self.text(out, "\"reasoning_content\":", text),
            Event::RefusalDelta(text) => {
                self.refused |= !text.is_empty();
                self.text(out, "\"refusal\":", text);
            }
            Event::ToolStart { index, id, name } => {
                self.bare.push(*index);
                self.call(out, *index, |call| {
                    call.text("id", id);
                    call.text("type", "function");
                    call.object("function", |function| {
                        function.text("name", name);
                        function.text("arguments", "");
                    });
                });
            }
            Event::ToolArgs { index, json } => {
                self.bare.retain(|bare| bare != index);
                self.arguments(out, *index, json);
            }
            Event::Opaque(opaque) => self.piece(out, None, |delta| {
                delta.push_str("\"provider_blocks\":[");
                write_opaque(delta, opaque);
                delta.push(']');
            }),
            Event::Usage(usage) => self.usage = *usage,
            Event::Stop { reason, .. } => self.end(out, *reason),
            Event::Error(fault) => {
                out.push_str("data: ");
                out.push_str(&error(fault).1);
                out.push_str("\n\n");
            }
        }
    }

    /// One piece: what stands around it, and the members of its delta.
    fn piece(&self, out: &mut String, finish: Option<&str>, delta: impl FnOnce(&mut String)) {
        out.push_str(&self.prefix);
        out.push_str(",\"choices\":[{\"index\":0,\"delta\":{");
        delta(out);
        out.push_str("},\"finish_reason\":");
        match finish {
            Some(reason) => quote(out, reason),
            None => out.push_str("null"),
        }
        out.push_str("}]}\n\n");
    }

    fn text(&self, out: &mut String, name: &str, text: &str) {
        self.piece(out, None, |delta| {
            delta.push_str(name);
            quote(delta, text);
        });
    }

    fn call(&self, out: &mut String, index: u32, write: impl FnOnce(&mut Object)) {
        self.piece(out, None, |delta| {
            delta.push_str("\"tool_calls\":[");
            json::write_object(delta, |call| {
                call.number("index", index.into());
                write(call);
            });
            delta.push(']');
        });
    }

    fn arguments(&self, out: &mut String, index: u32, json: &str) {
        self.call(out, index, |call| call.object("function", |function| function.text("arguments", json)));
    }

    fn end(&mut self, out: &mut String, reason: StopReason) {
        for index in std::mem::take(&mut self.bare) {
            self.arguments(out, index, "{}");
        }
        self.piece(out, Some(finish_reason(reason, self.refused)), |_| {});
        if self.include_usage {
            out.push_str(&self.prefix);
            out.push_str(",\"choices\":[],\"usage\":");
            json::write_object(out, |object| write_usage(object, self.usage));
            out.push_str("}\n\n");
        }
        out.push_str("data: [DONE]\n\n");
    }
}

/// A whole answer.
#[must_use]
pub fn completion(reply: &Reply, head: &Head) -> String {
    json::object(|out| {
        write_head(out, head, "chat.completion");
        out.array("choices", |choices| {
            choices.object(|choice| {
                choice.number("index", 0);
                choice.object("message", |message| write_message(message, reply));
                choice.raw("logprobs", "null");
                choice.text("finish_reason", finish_reason(reply.stop, !reply.refusal.is_empty()));
            });
        });
        if let Some(usage) = reply.usage {
            out.object("usage", |object| write_usage(object, usage));
        }
    })
}

fn write_head(out: &mut Object, head: &Head, object: &str) {
    out.text("id", &head.id);
    out.text("object", object);
    out.number("created", head.created_s);
    out.text("model", &head.model);
}

fn write_message(message: &mut Object, reply: &Reply) {
    message.text("role", "assistant");
    let text = reply.text();
    if text.is_empty() {
        message.raw("content", "null");
    } else {
        message.text("content", &text);
    }
    if reply.refusal.is_empty() {
        message.raw("refusal", "null");
    } else {
        message.text("refusal", &reply.refusal);
    }
    if !reply.reasoning.is_empty() {
        message.text("reasoning_content", &reply.reasoning);
    }
    if reply.calls().next().is_some() {
        message.array("tool_calls", |calls| {
            for call in reply.calls() {
                calls.object(|out| {
                    out.text("id", &call.id);
                    out.text("type", "function");
                    out.object("function", |function| {
                        function.text("name", &call.name);
                        function.text("arguments", &call.arguments);
                    });
                });
            }
        });
    }
    let blocks = || reply.parts.iter().filter_map(|part| if let Part::Opaque(one) = part { Some(one) } else { None });
    if blocks().next().is_some() {
        message.array("provider_blocks", |out| {
            for block in blocks() {
                let mut text = String::new();
                write_opaque(&mut text, block);
                out.raw(&text);
            }
        });
    }
}

/// A block as it is read again: by serde, once a turn.
pub(super) fn write_opaque(out: &mut String, opaque: &Opaque) {
    out.push_str(&serde_json::to_string(opaque).unwrap_or_default());
}

fn write_usage(out: &mut Object, usage: Usage) {
    out.number("prompt_tokens", usage.input);
    out.number("completion_tokens", usage.output);
    out.number("total_tokens", usage.input.saturating_add(usage.output));
    out.object("prompt_tokens_details", |details| details.number("cached_tokens", usage.cached_input));
    out.object("completion_tokens_details", |details| details.number("reasoning_tokens", usage.reasoning));
}

const fn finish_reason(reason: StopReason, refused: bool) -> &'static str {
    match reason {
        StopReason::Length => "length",
        StopReason::ToolUse => "tool_calls",
        // A refusal in words ends as `stop`, as at `OpenAI`; one without is a filter's.
        StopReason::Refusal if !refused => "content_filter",
        StopReason::Refusal | StopReason::End | StopReason::Pause | StopReason::Other => "stop",
    }
}

/// The HTTP status and the body of an answer that failed. The upstream's own words never stand in it.
#[must_use]
pub fn error(fault: &Fault) -> (u16, String) {
    let (status, kind) = match fault.class {
        Class::Limited => (429, "rate_limit_error"),
        Class::TooLarge => (413, "invalid_request_error"),
        Class::Overloaded => (503, "overloaded_error"),
        Class::Timeout => (504, "timeout_error"),
        _ if matches!(fault.class.blame(), Blame::Caller) => (400, "invalid_request_error"),
        _ => (502, "api_error"),
    };
    let code = serde_json::to_string(&fault.class).unwrap_or_default();
    (status, write_error(fault.class.detail(), kind, None, &code))
}

impl Invalid {
    /// The body of an answer to a request that cannot be taken, as `OpenAI`'s clients read it; its status is 400.
    #[must_use]
    pub fn error(&self) -> String {
        write_error(&self.to_string(), "invalid_request_error", Some(&self.pointer), "\"invalidRequest\"")
    }
}

fn write_error(message: &str, kind: &str, param: Option<&str>, code: &str) -> String {
    json::object(|out| {
        out.object("error", |error| {
            error.text("message", message);
            error.text("type", kind);
            match param {
                Some(param) => error.text("param", param),
                None => error.raw("param", "null"),
            }
            error.raw("code", code);
        });
    })
}
