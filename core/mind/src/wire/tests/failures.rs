//! Failures, by name.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{events, stream, whole};
use crate::wire::{Blame, Class, Event, FRAME_MAX_BYTES, Fault, StopReason, Wire, decode, of_binding};

const ALL: [Wire; 6] =
    [Wire::OpenaiChat, Wire::OpenaiResponses, Wire::Anthropic, Wire::Gemini, Wire::LlamaCpp, Wire::WorkersAi];

fn failed(status: u16, headers: &[(&str, &str)], body: &str) -> Fault {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let fault = decode(Wire::OpenaiChat, status, &headers, body.as_bytes()).unwrap_err();
    for wire in ALL {
        assert_eq!(decode(wire, status, &headers, body.as_bytes()), Err(fault), "{wire:?}");
    }
    fault
}

#[test]
fn a_429_says_when_to_come_again() {
    let fault = failed(429, &[("retry-after", "20")], r#"{"error":{"type":"requests","code":"rate_limit_exceeded"}}"#);
    assert_eq!(fault, Fault { class: Class::Limited, retry_after_ms: Some(20_000), status: Some(429) });
    let gemini = include_bytes!("../../../fixtures/gemini.limited.json");
    let fault = decode(Wire::Gemini, 429, &[], gemini).unwrap_err();
    assert_eq!(fault, Fault { class: Class::Limited, retry_after_ms: Some(34_070), status: Some(429) }, "in an array");
}

#[test]
fn a_429_without_money_is_no_matter_of_time() {
    let fault = failed(429, &[], r#"{"error":{"code":"insufficient_quota","message":"…"}}"#);
    assert_eq!((fault.class, fault.class.blame()), (Class::Payment, Blame::Setup));
}

#[test]
fn a_529_is_overload() {
    let fault = failed(529, &[], r#"{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}"#);
    assert_eq!((fault.class, fault.class.is_transient()), (Class::Overloaded, true));
    assert_eq!(failed(503, &[], "<html>").class, Class::Overloaded);
}

#[test]
fn failures_are_told_apart() {
    for (status, body, class) in [
        (400, r#"{"error":{"code":"context_length_exceeded"}}"#, Class::TooLarge),
        (
            400,
            r#"{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long: 2 > 1"}}"#,
            Class::TooLarge,
        ),
        (
            400,
            r#"{"object":"error","message":"This model's maximum context length is 4096 tokens.","code":400}"#,
            Class::TooLarge,
        ),
        (413, "", Class::TooLarge),
        (
            400,
            r#"[{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]"#,
            Class::Key,
        ),
        (
            401,
            r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key provided: sk-pr***abc."}}"#,
            Class::Key,
        ),
        (403, "forbidden", Class::Key),
        (402, "{}", Class::Payment),
        (404, r#"{"error":{"code":"model_not_found"}}"#, Class::Model),
        (400, r#"{"error":{"code":"content_filter","status":400}}"#, Class::Refused),
        (400, r#"{"error":{"type":"invalid_request_error"}}"#, Class::Request),
        (422, "{\"detail\":[]}", Class::Request),
        (408, "", Class::Timeout),
        (504, "", Class::Timeout),
        (500, "\u{0}\u{1}", Class::Upstream),
        (302, "", Class::Upstream),
    ] {
        assert_eq!(failed(status, &[], body).class, class, "{status} {body}");
    }
}

#[test]
fn an_error_in_mid_stream_ends_the_answer() {
    for (wire, bytes, class) in [
        (Wire::OpenaiChat, &include_bytes!("../../../fixtures/openai-chat.error.sse")[..], Class::Limited),
        (Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.error.sse"), Class::Upstream),
        (Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.error.sse"), Class::Overloaded),
        (Wire::Gemini, include_bytes!("../../../fixtures/gemini.error.sse"), Class::Overloaded),
    ] {
        let events = events(wire, bytes);
        assert!(events.contains(&Event::TextDelta("Half".to_owned())), "{wire:?}");
        assert_eq!(events.last(), Some(&Event::Error(Fault::of(class))), "{wire:?}");
        // A key stands in each of these messages.
        assert!(["sk-", "AIza"].iter().all(|key| !format!("{events:?}").contains(key)), "{wire:?}");
    }
    let llama = include_bytes!("../../../fixtures/llama-cpp.error.sse");
    assert_eq!(stream(Wire::LlamaCpp, llama).unwrap_err().class, Class::TooLarge);
}

#[test]
fn key_fragments_in_upstream_errors_are_not_kept() {
    let fault =
        failed(401, &[], r#"{"error":{"code":"invalid_api_key","message":"Incorrect API key: sk-pr***9abc."}}"#);
    for shown in [format!("{fault}"), format!("{fault:?}"), serde_json::to_string(&fault).unwrap()] {
        assert!(!shown.contains("sk-") && !shown.contains("9abc"), "{shown}");
    }
}

#[test]
fn a_stream_that_is_cut_anywhere_is_no_answer() {
    for (wire, bytes) in [
        (Wire::OpenaiChat, &include_bytes!("../../../fixtures/openai-chat.text.sse")[..]),
        (Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.text.sse")),
        (Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.tools.sse")),
        (Wire::Gemini, include_bytes!("../../../fixtures/gemini.text.sse")),
        (Wire::WorkersAi, include_bytes!("../../../fixtures/workers-ai.text.sse")),
    ] {
        let reply = stream(wire, bytes).unwrap();
        let mut cuts = 0;
        for end in 0..bytes.len() {
            match stream(wire, &bytes[..end]) {
                Err(Fault { class: Class::Cut, .. }) => cuts += 1,
                // The bytes of a first event's half are no event.
                Err(Fault { class: Class::Garbage, .. }) => assert!(cuts < 100, "{wire:?} cut at {end}"),
                Err(fault) => panic!("{wire:?} cut at {end}: {fault:?}"),
                // It had said why it ends; what was counted after it may be missing.
                Ok(cut) => assert_eq!((cut.text(), cut.stop), (reply.text(), reply.stop), "{wire:?} cut at {end}"),
            }
        }
        assert!(cuts > bytes.len() / 3, "{wire:?}: {cuts} of {}", bytes.len());
    }
}

#[test]
fn nothing_at_all_is_cut_and_something_else_is_garbage() {
    for wire in ALL {
        assert_eq!(stream(wire, b"").unwrap_err().class, Class::Cut, "{wire:?}");
        for garbage in
            [&b"<html><body>Bad gateway</body></html>"[..], b"data: {\n\n", b"data: \xff\xfe\n\n", b"data: 7\n\n"]
        {
            assert_eq!(stream(wire, garbage).unwrap_err().class, Class::Garbage, "{wire:?}");
        }
        for garbage in [&b""[..], b"{", b"[]]", b"\xff", b"7", b"{}"] {
            assert_eq!(whole(wire, garbage).unwrap_err().class, Class::Garbage, "{wire:?} {garbage:?}");
        }
    }
}

#[test]
fn pings_and_silence_are_no_events() {
    let ping = b": keep-alive\n\nevent: ping\ndata: {\"type\": \"ping\"}\n\n";
    assert_eq!(events(Wire::Anthropic, ping), [Event::Error(Fault::of(Class::Cut))]);
    assert_eq!(events(Wire::OpenaiChat, b": OPENROUTER PROCESSING\n\n").len(), 1);
}

#[test]
fn nothing_follows_the_end() {
    let twice = [&include_bytes!("../../../fixtures/anthropic.text.sse")[..]; 2].concat();
    let once = events(Wire::Anthropic, &twice[..twice.len() / 2]);
    assert_eq!(events(Wire::Anthropic, &twice), once);
    assert!(matches!(once.last(), Some(Event::Stop { reason: StopReason::End, .. })));
}

#[test]
fn an_event_without_an_end_is_broken_off() {
    let endless = [b"data: ", vec![b' '; FRAME_MAX_BYTES + 1].as_slice()].concat();
    assert_eq!(events(Wire::OpenaiChat, &endless), [Event::Error(Fault::of(Class::Garbage))]);
}

#[test]
fn what_the_binding_throws_is_read_by_its_number() {
    for (message, class) in [
        ("InferenceUpstreamError: 3040: Capacity temporarily exceeded, please try again.", Class::Overloaded),
        ("4006: you have used up your daily free allocation (3036)", Class::Payment),
        ("5007: No such model @cf/none or task", Class::Model),
        ("AiError: 3007: Request timeout", Class::Timeout),
        ("Error: it broke after 12345 ms", Class::Upstream),
    ] {
        assert_eq!(of_binding(message), Fault::of(class), "{message}");
    }
    let stream = stream(Wire::WorkersAi, b"data: {\"errors\":[{\"message\":\"x\",\"code\":3040}]}\n\n");
    assert_eq!(stream.unwrap_err().class, Class::Overloaded);
}
