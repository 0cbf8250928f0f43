//! A whole answer, out of its events: the one way that streamed and whole answers go.

use serde::{Deserialize, Serialize};

use super::{Class, Event, Fault, Message, Part, Role, StopReason, ToolCall, Usage};

/// An answer may have so many bytes: 128 Ki tokens of 16 bytes, the longest answers that are sold with room to spare.
/// An upstream that never ends its stream must not fill the memory.
pub const REPLY_MAX_BYTES: usize = 2 * 1024 * 1024;
/// A model calls so many tools at once at most.
const CALLS_MAX: u32 = 128;

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Reply {
    /// Texts, calls and opaque blocks in their order.
    pub parts: Vec<Part>,
    /// What the model thought, if it says so. It is shown, and never sent back: for that there are opaque blocks.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reasoning: String,
    /// The words of a refusal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub refusal: String,
    /// What was used, if the provider says so.
    pub usage: Option<Usage>,
    /// Why it ended.
    pub stop: StopReason,
    /// The provider's word for it.
    pub stop_raw: String,
}

impl Reply {
    /// All texts as one.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect()
    }

    /// What is called.
    pub fn calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None })
    }

    /// The turn of the conversation that it is.
    #[must_use]
    pub fn message(&self) -> Message {
        let mut parts = self.parts.clone();
        if !self.refusal.is_empty() {
            parts.push(Part::Text(self.refusal.clone()));
        }
        Message { role: Role::Assistant, parts }
    }

    /// Events that fold into it.
    #[must_use]
    pub fn events(&self) -> Vec<Event> {
        let mut events = Vec::new();
        let said = |text: &String, of: fn(String) -> Event| (!text.is_empty()).then(|| of(text.clone()));
        events.extend(said(&self.reasoning, Event::ReasoningDelta));
        for (index, part) in (0..).zip(&self.parts) {
            match part {
                Part::Text(text) => events.push(Event::TextDelta(text.clone())),
                Part::ToolCall(ToolCall { id, name, arguments }) => {
                    events.push(Event::ToolStart { index, id: id.clone(), name: name.clone() });
                    events.push(Event::ToolArgs { index, json: arguments.clone() });
                }
                Part::Opaque(opaque) => events.push(Event::Opaque(opaque.clone())),
                // No model answers with these.
                Part::Image(_) | Part::ToolResult(_) => {}
            }
        }
        events.extend(said(&self.refusal, Event::RefusalDelta));
        events.extend(self.usage.map(Event::Usage));
        events.push(Event::Stop { reason: self.stop, raw: self.stop_raw.clone() });
        events
    }
}

/// An answer that grows.
#[derive(Debug, Clone, Default)]
pub struct Fold {
    parts: Vec<Part>,
    /// Where each call stands among the parts, by its index.
    calls: Vec<(u32, usize)>,
    reasoning: String,
    refusal: String,
    usage: Option<Usage>,
    bytes: usize,
    end: Option<Result<(StopReason, String), Fault>>,
}

impl Fold {
    /// Takes one event.
    pub fn push(&mut self, event: Event) {
        if self.end.is_some() {
            return;
        }
        self.bytes += match &event {
            Event::TextDelta(text) | Event::ReasoningDelta(text) | Event::RefusalDelta(text) => text.len(),
            Event::ToolArgs { json, .. } => json.len(),
            Event::ToolStart { id, name, .. } => id.len() + name.len(),
            Event::Opaque(opaque) => opaque.value.as_str().len(),
            Event::Usage(_) | Event::Stop { .. } | Event::Error(_) => 0,
        };
        if self.bytes > REPLY_MAX_BYTES {
            self.end = Some(Err(Fault::of(Class::Garbage)));
            return;
        }
        match event {
            Event::TextDelta(text) => match self.parts.last_mut() {
                Some(Part::Text(last)) => last.push_str(&text),
                _ => self.parts.push(Part::Text(text)),
            },
            Event::ReasoningDelta(text) => self.reasoning.push_str(&text),
            Event::RefusalDelta(text) => self.refusal.push_str(&text),
            Event::ToolStart { index, id, name } => self.start(index, id, name),
            Event::ToolArgs { index, json } => self.arguments(index, &json),
            Event::Opaque(opaque) => self.parts.push(Part::Opaque(opaque)),
            Event::Usage(usage) => self.usage = Some(usage),
            Event::Stop { reason, raw } => self.end = Some(Ok((reason, raw))),
            Event::Error(fault) => self.end = Some(Err(fault)),
        }
    }

    fn start(&mut self, index: u32, id: String, name: String) {
        if index >= CALLS_MAX {
            self.end = Some(Err(Fault::of(Class::Garbage)));
            return;
        }
        self.calls.push((index, self.parts.len()));
        self.parts.push(Part::ToolCall(ToolCall { id, name, arguments: String::new() }));
    }

    fn arguments(&mut self, index: u32, json: &str) {
        let place = self.calls.iter().rev().find(|(known, _)| *known == index).map(|(_, place)| *place);
        match place.and_then(|place| self.parts.get_mut(place)) {
            Some(Part::ToolCall(call)) => call.arguments.push_str(json),
            _ => self.end = Some(Err(Fault::of(Class::Garbage))),
        }
    }

    /// What was used so far: it is paid for, whatever becomes of the answer.
    #[must_use]
    pub const fn usage(&self) -> Option<Usage> {
        self.usage
    }

    /// The answer, if it is whole.
    pub fn finish(mut self) -> Result<Reply, Fault> {
        let (stop, stop_raw) = self.end.unwrap_or_else(|| Err(Fault::of(Class::Cut)))?;
        for part in &mut self.parts {
            // A tool without arguments: some models write nothing at all.
            if let Part::ToolCall(call) = part
                && call.arguments.trim().is_empty()
            {
                "{}".clone_into(&mut call.arguments);
            }
        }
        let Self { parts, reasoning, refusal, usage, .. } = self;
        Ok(Reply { parts, reasoning, refusal, usage, stop, stop_raw })
    }
}

/// The answer that events make.
pub fn fold(events: impl IntoIterator<Item = Event>) -> Result<Reply, Fault> {
    let mut fold = Fold::default();
    for event in events {
        fold.push(event);
    }
    fold.finish()
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::{REPLY_MAX_BYTES, fold};
    use crate::wire::{Class, Event, Fault, StopReason, Usage};

    fn stop() -> Event {
        Event::Stop { reason: StopReason::End, raw: "stop".to_owned() }
    }

    #[test]
    fn calls_at_once_are_told_apart_by_their_index() {
        let start = |index: u32| Event::ToolStart { index, id: format!("c{index}"), name: "add".to_owned() };
        let args = |index: u32, json: &str| Event::ToolArgs { index, json: json.to_owned() };
        let events = [start(0), start(1), args(1, "{\"b\""), args(0, "{\"a\":1}"), args(1, ":2}"), start(2), stop()];
        let reply = fold(events).unwrap();
        let calls: Vec<_> = reply.calls().map(|call| (call.id.as_str(), call.arguments.as_str())).collect();
        assert_eq!(calls, [("c0", "{\"a\":1}"), ("c1", "{\"b\":2}"), ("c2", "{}")]);
    }

    #[test]
    fn a_later_usage_replaces_an_earlier_one() {
        let used = |output: u64| Usage { input: 7, output, ..Usage::default() };
        let reply = fold([Event::Usage(used(1)), Event::Usage(used(9)), stop()]).unwrap();
        assert_eq!(reply.usage, Some(used(9)));
    }

    #[test]
    fn an_answer_without_an_end_is_cut() {
        assert_eq!(fold([Event::TextDelta("half".to_owned())]).unwrap_err(), Fault::of(Class::Cut));
    }

    #[test]
    fn an_answer_without_limits_is_broken_off() {
        let piece = Event::TextDelta("x".repeat(REPLY_MAX_BYTES / 4));
        let events = std::iter::repeat_n(piece, 5).chain([stop()]);
        assert_eq!(fold(events).unwrap_err().class, Class::Garbage);
    }

    #[test]
    fn arguments_of_no_call_are_garbage() {
        let events = [Event::ToolArgs { index: 3, json: "{}".to_owned() }, stop()];
        assert_eq!(fold(events).unwrap_err().class, Class::Garbage);
    }
}
