//! Answers, of every provider.

use super::anthropic::Anthropic;
use super::chat::Chat;
use super::gemini::Gemini;
use super::http::Wire;
use super::json::NotJson;
use super::responses::Responses;
use super::sse::Sse;
use super::workers_ai::WorkersAi;
use super::{Class, Event, Fault, Reply, fold};

/// Reads a whole answer: of a failure what it is, of a success the reply.
pub fn decode(wire: Wire, status: u16, headers: &[(String, String)], body: &[u8]) -> Result<Reply, Fault> {
    if !(200..300).contains(&status) {
        return Err(Fault::of_answer(status, headers, body));
    }
    let text = std::str::from_utf8(body).map_err(|_| Fault::of(Class::Garbage))?;
    let (mut answer, mut events) = (Answer::new(wire), Vec::new());
    answer.whole(text, &mut events).map_err(|_| Fault::of(Class::Garbage))?;
    if !matches!(events.last(), Some(Event::Stop { .. } | Event::Error(_))) {
        answer.finish(&mut events);
    }
    fold(events)
}

/// Reads an answer that comes in pieces. Of a status that is none of success, [`decode`] reads the body.
#[derive(Debug)]
pub struct StreamDecoder {
    sse: Sse,
    answer: Answer,
    /// Something has come that was an event of this provider.
    begun: bool,
    any_bytes: bool,
    over: bool,
}

impl StreamDecoder {
    /// A decoder for an answer of a provider.
    #[must_use]
    pub fn new(wire: Wire) -> Self {
        Self { sse: Sse::default(), answer: Answer::new(wire), begun: false, any_bytes: false, over: false }
    }

    /// Takes bytes, split anywhere, and gives what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Event> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        self.any_bytes |= !bytes.is_empty();
        let Self { sse, answer, begun, over, .. } = self;
        let each = |name: &[u8], data: &[u8]| answer.take(name, data, Class::Garbage, (begun, over), &mut out);
        if sse.push(bytes, each).is_err() && !*over {
            *over = true;
            out.push(Event::Error(Fault::of(Class::Garbage)));
        }
        out
    }

    /// The bytes are over: gives what is left, and says whether the answer is whole.
    pub fn finish(&mut self) -> Vec<Event> {
        let mut out = Vec::new();
        if self.over {
            return out;
        }
        let Self { sse, answer, begun, over, .. } = self;
        // What stands behind the last blank line may be the half of an event.
        let each = |name: &[u8], data: &[u8]| answer.take(name, data, Class::Cut, (begun, over), &mut out);
        let read = sse.finish(each);
        if !self.over {
            let before = out.len();
            self.answer.finish(&mut out);
            if out.len() == before {
                let garbage = read.is_err() || (self.any_bytes && !self.begun);
                out.push(Event::Error(Fault::of(if garbage { Class::Garbage } else { Class::Cut })));
            }
        }
        self.over = true;
        out
    }

    /// Whether the answer has ended, well or not: nothing follows.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.over
    }
}

/// An answer that grows, of each provider.
#[derive(Debug)]
enum Answer {
    Chat(Chat),
    Responses(Responses),
    Anthropic(Anthropic),
    Gemini(Gemini),
    WorkersAi(WorkersAi),
}

impl Answer {
    fn new(wire: Wire) -> Self {
        match wire {
            Wire::OpenaiChat | Wire::LlamaCpp => Self::Chat(Chat::default()),
            Wire::OpenaiResponses => Self::Responses(Responses::default()),
            Wire::Anthropic => Self::Anthropic(Anthropic::default()),
            Wire::Gemini => Self::Gemini(Gemini::default()),
            Wire::WorkersAi => Self::WorkersAi(WorkersAi::default()),
        }
    }

    /// Takes an event of a stream, unless the answer is over; `unreadable` is what it is if it cannot be read.
    fn take(
        &mut self,
        name: &[u8],
        data: &[u8],
        unreadable: Class,
        (begun, over): (&mut bool, &mut bool),
        out: &mut Vec<Event>,
    ) {
        if *over {
            return;
        }
        match std::str::from_utf8(data).map_err(|_| NotJson).and_then(|text| self.frame(name, text, out)) {
            Ok(()) => *begun = true,
            Err(NotJson) => out.push(Event::Error(Fault::of(unreadable))),
        }
        *over = matches!(out.last(), Some(Event::Stop { .. } | Event::Error(_)));
    }

    fn frame(&mut self, name: &[u8], text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        match self {
            Self::Chat(chat) => chat.frame(name, text, out),
            Self::Responses(responses) => responses.frame(text, out),
            Self::Anthropic(anthropic) => anthropic.frame(text, out),
            Self::Gemini(gemini) => gemini.frame(text, out),
            Self::WorkersAi(workers_ai) => workers_ai.frame(text, out),
        }
    }

    fn whole(&mut self, text: &str, out: &mut Vec<Event>) -> Result<(), NotJson> {
        match self {
            Self::Chat(chat) => chat.frame(b"", text, out),
            Self::Responses(responses) => responses.whole(text, out),
            Self::Anthropic(anthropic) => anthropic.whole(text, out),
            Self::Gemini(gemini) => gemini.frame(text, out),
            Self::WorkersAi(workers_ai) => workers_ai.whole(text, out),
        }
    }

    fn finish(&mut self, out: &mut Vec<Event>) {
        match self {
            Self::Chat(chat) => chat.finish(out),
            // It always ends by an event of its own.
            Self::Responses(_) => {}
            Self::Anthropic(anthropic) => anthropic.finish(out),
            Self::Gemini(gemini) => gemini.finish(out),
            Self::WorkersAi(workers_ai) => workers_ai.finish(out),
        }
    }
}
