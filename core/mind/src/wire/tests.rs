//! The traps of each provider, by name. The fixtures are written by us after the published formats: nothing here was
//! recorded from a live call.

mod decoded;
mod encoded;
mod failures;

use super::{
    Call, Capabilities, ChatRequest, Endpoint, Event, Fault, HttpRequest, Key, Message, Part, Reply, Role,
    StreamDecoder, Wire, encode, fold,
};

/// All that a stream gives.
fn events(wire: Wire, stream: &[u8]) -> Vec<Event> {
    let mut decoder = StreamDecoder::new(wire);
    let mut events = decoder.push(stream);
    events.extend(decoder.finish());
    events
}

fn stream(wire: Wire, stream: &[u8]) -> Result<Reply, Fault> {
    fold(events(wire, stream))
}

fn whole(wire: Wire, body: &[u8]) -> Result<Reply, Fault> {
    super::decode(wire, 200, &[], body)
}

fn said(text: &str) -> Part {
    Part::Text(text.to_owned())
}

fn user(parts: Vec<Part>) -> Message {
    Message { role: Role::User, parts }
}

/// An endpoint that can all.
fn endpoint(wire: Wire) -> Endpoint {
    Endpoint {
        wire,
        base_url: "https://models.example/v1".to_owned(),
        model: "their-name".to_owned(),
        key: Some(Key::new("sk-secret")),
        capabilities: Capabilities {
            schema: true,
            tools: true,
            images: true,
            streaming: true,
            strict: true,
            reasoning: true,
        },
        max_output_tokens: 500,
    }
}

fn http(request: &ChatRequest, endpoint: &Endpoint) -> HttpRequest {
    match encode(request, endpoint).unwrap() {
        Call::Http(http) => http,
        Call::Binding { .. } => panic!("this goes over HTTP"),
    }
}

/// The body of a request.
fn body(request: &ChatRequest, endpoint: &Endpoint) -> serde_json::Value {
    let body = match encode(request, endpoint).unwrap() {
        Call::Http(http) => http.body,
        Call::Binding { body, .. } => body,
    };
    serde_json::from_slice(&body).unwrap()
}
