//! A conversation with a model: what is shown of it, and what is sent. What a model writes is text and nothing else.

use aion_client::sse::Event;
use serde_json::{Value, json};

use crate::text::{Text, fill, t};

/// A turn.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Turn {
    /// Whether a person speaks.
    pub asks: bool,
    /// What is shown.
    pub text: String,
    /// What there is to say of it: what it used, why it ended.
    pub notes: Vec<String>,
    /// What is sent of it: its parts as JSON, the blocks of a provider byte for byte.
    parts: Vec<String>,
    /// The text behind the last part.
    written: String,
}

impl Turn {
    /// What a person says.
    #[must_use]
    pub fn of_person(text: &str) -> Self {
        Self { asks: true, text: text.to_owned(), written: text.to_owned(), ..Self::default() }
    }

    /// Whether nothing was said.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.parts.is_empty() && self.written.is_empty()
    }

    /// Takes an event of an answer (docs/MIND.md); what it says of a failure, if it tells one.
    pub fn take(&mut self, event: &Event) -> Option<String> {
        let data: Value = serde_json::from_str(&event.data).unwrap_or_default();
        let member = |name: &str| data[name].as_str().unwrap_or_default().to_owned();
        match event.name.as_str() {
            "text" | "refusal" => {
                self.text.push_str(&member("text"));
                self.written.push_str(&member("text"));
            }
            "opaque" => {
                self.close();
                self.parts.push(format!("{{\"opaque\":{}}}", event.data));
            }
            "usage" => {
                let used = [&data["input"], &data["output"]].map(Value::to_string);
                self.notes = vec![fill(Text::ChatUsage, &[&used[0], &used[1]])];
            }
            "stop" => match member("reason").as_str() {
                "end" => {}
                "length" => self.notes.push(t(Text::ChatLength).to_owned()),
                "refusal" => self.notes.push(t(Text::ChatRefusal).to_owned()),
                other => self.notes.push(other.to_owned()),
            },
            "error" => return Some(member("detail")),
            // What a model thinks before it answers is not shown, and it has no tools here.
            _ => {}
        }
        None
    }

    /// The text so far is a part.
    fn close(&mut self) {
        if !self.written.is_empty() {
            self.parts.push(part(&std::mem::take(&mut self.written)));
        }
    }
}

fn part(text: &str) -> String {
    json!({ "text": text }).to_string()
}

/// The request for what comes next (`POST /v1/mind/chat`).
#[must_use]
pub fn body(model: &str, turns: &[Turn]) -> String {
    let message = |turn: &Turn| {
        let role = if turn.asks { "user" } else { "assistant" };
        let last = (!turn.written.is_empty()).then(|| part(&turn.written));
        let parts: Vec<String> = turn.parts.iter().cloned().chain(last).collect();
        format!("{{\"role\":\"{role}\",\"parts\":[{}]}}", parts.join(","))
    };
    let messages: Vec<String> = turns.iter().map(message).collect();
    format!("{{\"model\":{},\"stream\":true,\"messages\":[{}]}}", json!(model), messages.join(","))
}

#[cfg(test)]
mod tests {
    use aion_client::sse::{Event, Events};
    use aion_mind::wire::front::{read_own, write_own};
    use aion_mind::wire::{Class, Event as Said, Family, Fault, Json, Opaque, Part, StopReason, Usage};

    use super::{Turn, body};

    /// What the platform writes of these, as the console reads it.
    fn told(events: &[Said]) -> Vec<Event> {
        let mut text = String::new();
        for event in events {
            write_own(event, &mut text);
        }
        Events::default().push(text.as_bytes()).unwrap()
    }

    #[test]
    fn what_was_said_goes_back_as_it_came() {
        let block = Json::parse(r#"{"z":1,"a":"<b>"}"#).unwrap();
        let opaque = Opaque { family: Family::Anthropic, value: block };
        let usage = Usage { input: 10, output: 5, ..Usage::default() };
        let events = [
            Said::ReasoningDelta("hm".to_owned()),
            Said::TextDelta("a \"".to_owned()),
            Said::TextDelta("b</p>".to_owned()),
            Said::Opaque(opaque.clone()),
            Said::TextDelta("c".to_owned()),
            Said::Usage(usage),
            Said::Stop { reason: StopReason::Length, raw: "length".to_owned() },
        ];
        let mut turn = Turn::default();
        assert!(turn.is_empty() && told(&events).iter().all(|event| turn.take(event).is_none()) && !turn.is_empty());
        assert_eq!((turn.text.as_str(), turn.notes.len()), ("a \"b</p>c", 2));
        let sent = body("a \"model\"", &[Turn::of_person("{\"x\""), turn, Turn::of_person("and?")]);
        let request = read_own(&sent).unwrap();
        assert!(request.stream && request.model == "a \"model\"" && request.messages.len() == 3);
        let text = |text: &str| Part::Text(text.to_owned());
        assert_eq!(request.messages[1].parts, [text("a \"b</p>"), Part::Opaque(opaque), text("c")]);
        assert_eq!(request.messages[0].parts, [text("{\"x\"")]);
    }

    #[test]
    fn a_failure_says_what_failed() {
        let mut turn = Turn::default();
        let failures: Vec<_> =
            told(&[Said::Error(Fault::of(Class::Limited))]).iter().map(|one| turn.take(one)).collect();
        assert_eq!(failures, [Some(Class::Limited.detail().to_owned())]);
        assert!(turn.is_empty());
    }
}
