//! Answers of Gemini's `generateContent` and `streamGenerateContent`.
//!
//! A whole answer has the shape of one piece. A stream has no terminator, may say twice that it ends, says `STOP` for
//! calls too, gives calls without ids, and wraps errors in arrays. Signatures of thoughts stand beside the part that
//! they belong to, on an empty text at the end if need be.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::chat::as_index;
use super::json::{self, Json, Members, NotJson, Text};
use super::{Event, Family, Fault, Opaque, StopReason, Usage};

/// What ids begin with that we gave, since the provider did not: they are not sent back.
pub(super) const OWN_ID: &str = "aion_";

/// An answer that grows.
#[derive(Debug, Default)]
pub(super) struct Gemini {
    /// The answer's id, which makes ids of its calls unlike those of other answers.
    id: String,
    calls: usize,
    usage: Option<Usage>,
    stop: Option<String>,
    blocked: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Piece<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    prompt_feedback: Option<&'a RawValue>,
    #[serde(borrow)]
    response_id: Option<Text<'a>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Candidate<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<ContentPart<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ContentPart<'a> {
    #[serde(borrow)]
    text: Option<Text<'a>>,
    thought: Option<bool>,
    #[serde(borrow)]
    thought_signature: Option<Text<'a>>,
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
}

impl Gemini {
    /// Takes the data of one event of a stream, or a whole answer; several may stand in an array.
    pub(super) fn frame(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let raw = json::raw(text)?;
        if !raw.get().starts_with('[') {
            return self.piece(raw.get(), out);
        }
        json::array(raw).into_iter().try_for_each(|piece| self.piece(piece.get(), out))
    }

    fn piece(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        let piece: Piece = serde_json::from_str(text).map_err(|_| NotJson)?;
        if let Some(error) = piece.error {
            out.push(Event::Error(Fault::of_error(error)));
            return Ok(());
        }
        if let Some(id) = piece.response_id.filter(|_| self.id.is_empty()) {
            self.id = id.0.into_owned();
        }
        let is_piece = piece.candidates.is_some() || piece.usage_metadata.is_some() || piece.prompt_feedback.is_some();
        for candidate in piece.candidates.into_iter().flatten().filter(|one| one.index.unwrap_or(0) == 0) {
            for part in candidate.content.and_then(|content| content.parts).into_iter().flatten() {
                self.part(&part, out);
            }
            if let Some(reason) = candidate.finish_reason {
                // The first one counts: what follows it is `STOP` again.
                self.stop.get_or_insert(reason.0.into_owned());
            }
        }
        if let Some(reason) = piece.prompt_feedback.and_then(|feedback| Members::of(feedback).text("blockReason")) {
            self.blocked = true;
            self.stop.get_or_insert(reason.into_owned());
        }
        let usage = piece.usage_metadata.map(usage_of).filter(|usage| self.usage != Some(*usage));
        if let Some(usage) = usage {
            self.usage = Some(usage);
            out.push(Event::Usage(usage));
        }
        if is_piece { Ok(()) } else { Err(NotJson) }
    }

    fn part(&mut self, part: &ContentPart, out: &mut Vec<Event>) {
        let mut call = None;
        if let Some(text) = part.text.as_ref().map(|text| text.0.clone().into_owned()).filter(|text| !text.is_empty()) {
            out.push(if part.thought == Some(true) { Event::ReasoningDelta(text) } else { Event::TextDelta(text) });
        }
        if let Some(function) = part.function_call.map(Members::of) {
            let index = as_index(self.calls);
            let given = function.text("id").map(Cow::into_owned).filter(|id| !id.is_empty());
            let id = given.unwrap_or_else(|| format!("{OWN_ID}{}_{index}", self.id));
            self.calls += 1;
            let name = function.text("name").map(Cow::into_owned).unwrap_or_default();
            out.push(Event::ToolStart { index, id: id.clone(), name });
            out.extend(function.raw("args").map(|args| Event::ToolArgs { index, json: args.get().to_owned() }));
            call = Some(id);
        }
        if let Some(signature) = &part.thought_signature {
            let value = Json::written(json::object(|block| {
                if let Some(call) = &call {
                    block.text("call", call);
                }
                block.text("thoughtSignature", &signature.0);
            }));
            out.push(Event::Opaque(Opaque { family: Family::Gemini, value }));
        }
    }

    /// The bytes are over: the answer is whole if it has said why it ends.
    pub(super) fn finish(&mut self, out: &mut Vec<Event>) {
        let Some(raw) = self.stop.take() else {
            return;
        };
        let reason = match raw.as_str() {
            _ if self.blocked => StopReason::Refusal,
            "STOP" if self.calls > 0 => StopReason::ToolUse,
            "STOP" => StopReason::End,
            "MAX_TOKENS" => StopReason::Length,
            "SAFETY" | "RECITATION" | "BLOCKLIST" | "PROHIBITED_CONTENT" | "SPII" => StopReason::Refusal,
            _ => StopReason::Other,
        };
        out.push(Event::Stop { reason, raw });
    }
}

/// Tokens. What is thought is counted beside the answer.
fn usage_of(raw: &RawValue) -> Usage {
    let usage = Members::of(raw);
    let number = |name: &str| usage.number(name).unwrap_or(0);
    let input = number("promptTokenCount").saturating_add(number("toolUsePromptTokenCount"));
    let reasoning = number("thoughtsTokenCount");
    Usage {
        input,
        cached_input: number("cachedContentTokenCount").min(input),
        output: number("candidatesTokenCount").saturating_add(reasoning),
        reasoning,
    }
}
