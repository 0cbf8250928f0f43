//! Answers of `POST /v1/mind/chat` as server-sent events: each [`Event`] with its name. A whole answer is a
//! [`crate::wire::Reply`] as serde writes it.

use super::chunks::write_opaque;
use crate::wire::Event;
use crate::wire::json::write_object;

/// Writes an event. `stop` or `error` is the last one.
pub fn write(event: &Event, out: &mut String) {
    let name = match event {
        Event::TextDelta(_) => "text",
        Event::ReasoningDelta(_) => "reasoning",
        Event::ToolStart { .. } => "toolStart",
        Event::ToolArgs { .. } => "toolArgs",
        Event::RefusalDelta(_) => "refusal",
        Event::Opaque(_) => "opaque",
        Event::Usage(_) => "usage",
        Event::Stop { .. } => "stop",
        Event::Error(_) => "error",
    };
    out.push_str("event: ");
    out.push_str(name);
    out.push_str("\ndata: ");
    match event {
        Event::Opaque(opaque) => write_opaque(out, opaque),
        _ => write_object(out, |data| match event {
            Event::TextDelta(text) | Event::ReasoningDelta(text) | Event::RefusalDelta(text) => data.text("text", text),
            Event::ToolStart { index, id, name } => {
                data.number("index", (*index).into());
                data.text("id", id);
                data.text("name", name);
            }
            Event::ToolArgs { index, json } => {
                data.number("index", (*index).into());
                data.text("json", json);
            }
            Event::Usage(usage) => {
                data.number("input", usage.input);
                data.number("cachedInput", usage.cached_input);
                data.number("output", usage.output);
                data.number("reasoning", usage.reasoning);
            }
            Event::Stop { reason, raw } => {
                data.raw("reason", &serde_json::to_string(reason).unwrap_or_default());
                data.text("raw", raw);
            }
            Event::Error(fault) => {
                data.raw("class", &serde_json::to_string(&fault.class).unwrap_or_default());
                data.text("detail", fault.class.detail());
                if let Some(ms) = fault.retry_after_ms {
                    data.number("retryAfterMs", ms);
                }
            }
            Event::Opaque(_) => {}
        }),
    }
    out.push_str("\n\n");
}
