//! Answers of `OpenAI` Chat Completions, and of all that is compatible with it.
//!
//! A whole answer has the shape of one piece, with `message` for `delta`. What servers do differently: calls without an
//! index, with the index of another, with their id in every piece; `[DONE]` missing; `usage` missing, `null`, or
//! in a piece of its own after the end; thoughts as `reasoning_content`, `reasoning` or parts; errors in the middle.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::json::{self, Members, NotJson, Text};
use super::{Event, Fault, StopReason, Usage};

/// An answer that grows.
#[derive(Debug, Default)]
pub(super) struct Chat {
    /// Each call's index on the wire, and its id.
    calls: Vec<(u32, String)>,
    refused: bool,
    stop: Option<String>,
}

#[derive(Deserialize)]
struct Piece<'a> {
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Choice<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    delta: Option<Delta<'a>>,
    /// Of a whole answer; some servers write it beside every delta.
    #[serde(borrow)]
    message: Option<Delta<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Delta<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning_content: Option<Text<'a>>,
    #[serde(borrow)]
    reasoning: Option<Text<'a>>,
    #[serde(borrow)]
    tool_calls: Option<Vec<CallDelta<'a>>>,
}

#[derive(Deserialize)]
struct CallDelta<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    id: Option<Text<'a>>,
    #[serde(borrow)]
    function: Option<FunctionDelta<'a>>,
}

#[derive(Deserialize)]
struct FunctionDelta<'a> {
    #[serde(borrow)]
    name: Option<Text<'a>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

impl Chat {
    /// Takes the data of one event of a stream, or a whole answer.
    pub(super) fn frame(&mut self, name: &[u8], text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        if text == "[DONE]" {
            self.stop.get_or_insert_default();
            self.finish(out);
            return Ok(());
        }
        if name == b"error" {
            out.push(Event::Error(Fault::of_error(json::raw(text)?)));
            return Ok(());
        }
        let piece: Piece = serde_json::from_str(text).map_err(|_| NotJson)?;
        if let Some(error) = piece.error {
            out.push(Event::Error(Fault::of_error(error)));
            return Ok(());
        }
        let is_piece = piece.choices.is_some() || piece.usage.is_some();
        // Only one answer is ever asked for.
        for choice in piece.choices.into_iter().flatten().filter(|choice| choice.index.unwrap_or(0) == 0) {
            if let Some(delta) = choice.delta.or(choice.message) {
                self.delta(delta, out);
            }
            if let Some(reason) = choice.finish_reason {
                self.stop = Some(reason.0.into_owned());
            }
        }
        out.extend(piece.usage.map(|usage| Event::Usage(usage_of(usage))));
        if is_piece { Ok(()) } else { Err(NotJson) }
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<Event>) {
        out.extend(said(delta.reasoning_content).or_else(|| said(delta.reasoning)).map(Event::ReasoningDelta));
        if let Some(content) = delta.content {
            write_content(content, out);
        }
        if let Some(text) = said(delta.refusal) {
            self.refused = true;
            out.push(Event::RefusalDelta(text));
        }
        for call in delta.tool_calls.into_iter().flatten() {
            self.call(call, out);
        }
    }

    fn call(&mut self, delta: CallDelta, out: &mut Vec<Event>) {
        let id = delta.id.map(|id| id.0).filter(|id| !id.is_empty());
        let (name, arguments) = delta.function.map_or((None, None), |function| (function.name, function.arguments));
        let known = match delta.index {
            Some(index) => self.calls.iter().rposition(|(known, _)| *known == index),
            None if name.is_some() => None,
            None => self.calls.len().checked_sub(1),
        };
        // The index of a call with another id: a server that counts no calls.
        let known = known.filter(|place| id.as_ref().is_none_or(|id| *id == self.calls[*place].1));
        let place = known.unwrap_or_else(|| {
            let place = self.calls.len();
            let id = id.map_or_else(|| format!("call_{place}"), Cow::into_owned);
            self.calls.push((delta.index.unwrap_or(u32::MAX), id.clone()));
            let name = name.map(|name| name.0.into_owned()).unwrap_or_default();
            out.push(Event::ToolStart { index: as_index(place), id, name });
            place
        });
        if let Some(arguments) = arguments {
            // A text, which is JSON; some servers write the object itself.
            let json = json::text(arguments).map_or_else(|| arguments.get().to_owned(), Cow::into_owned);
            if !json.is_empty() {
                out.push(Event::ToolArgs { index: as_index(place), json });
            }
        }
    }

    /// The bytes are over: the answer is whole if it has said why it ends.
    pub(super) fn finish(&mut self, out: &mut Vec<Event>) {
        let Some(raw) = self.stop.take() else {
            return;
        };
        let reason = match raw.as_str() {
            "error" => {
                out.push(Event::Error(Fault::of(super::Class::Upstream)));
                return;
            }
            "length" => StopReason::Length,
            "content_filter" => StopReason::Refusal,
            "tool_calls" | "function_call" => StopReason::ToolUse,
            // A refusal ends like an answer, and on some servers a call does.
            "stop" | "" if self.refused => StopReason::Refusal,
            "stop" | "" if !self.calls.is_empty() => StopReason::ToolUse,
            "stop" => StopReason::End,
            _ => StopReason::Other,
        };
        out.push(Event::Stop { reason, raw });
    }
}

/// A text; of some models that think, parts: texts, and thoughts with texts of their own.
fn write_content(content: &RawValue, out: &mut Vec<Event>) {
    let some = |text: Cow<str>| Some(text.into_owned()).filter(|text| !text.is_empty());
    if let Some(text) = json::text(content) {
        out.extend(some(text).map(Event::TextDelta));
        return;
    }
    for part in json::array(content).into_iter().map(Members::of) {
        out.extend(part.text("text").and_then(some).map(Event::TextDelta));
        let thoughts = part.array("thinking").into_iter().filter_map(|thought| Members::of(thought).text("text"));
        out.extend(thoughts.filter_map(some).map(Event::ReasoningDelta));
    }
}

fn said(text: Option<Text>) -> Option<String> {
    text.filter(|text| !text.0.is_empty()).map(|text| text.0.into_owned())
}

/// A place among calls as events have it.
pub(super) fn as_index(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// Tokens. Some providers count what is thought beside the answer and not in it; the total shows it.
pub(super) fn usage_of(raw: &RawValue) -> Usage {
    let usage = Members::of(raw);
    let number = |name: &str| usage.number(name).unwrap_or(0);
    let input = number("prompt_tokens");
    let output = number("completion_tokens").max(number("total_tokens").saturating_sub(input));
    let cached = usage.object("prompt_tokens_details").number("cached_tokens");
    Usage {
        input,
        cached_input: cached.or_else(|| usage.number("prompt_cache_hit_tokens")).unwrap_or(0).min(input),
        output,
        reasoning: usage.object("completion_tokens_details").number("reasoning_tokens").unwrap_or(0).min(output),
    }
}
