//! Answers, whole and in pieces.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{events, stream, whole};
use crate::wire::{Event, Family, Part, Reply, StopReason, Usage, Wire};

const HELLO: &str = "¡Hola, mundo! 漢😀";

fn used(input: u64, cached_input: u64, output: u64, reasoning: u64) -> Usage {
    Usage { input, cached_input, output, reasoning }
}

/// Id, name and arguments of each call.
fn calls(reply: &Reply) -> Vec<(&str, &str, &str)> {
    reply.calls().map(|call| (call.id.as_str(), call.name.as_str(), call.arguments.as_str())).collect()
}

fn opaque(reply: &Reply) -> Vec<(Family, &str)> {
    let blocks =
        reply.parts.iter().filter_map(|part| if let Part::Opaque(opaque) = part { Some(opaque) } else { None });
    blocks.map(|opaque| (opaque.family, opaque.value.as_str())).collect()
}

#[test]
fn openai_text_has_its_usage_after_its_end() {
    let reply = stream(Wire::OpenaiChat, include_bytes!("../../../fixtures/openai-chat.text.sse")).unwrap();
    assert_eq!((reply.text(), reply.stop), (format!("{HELLO}\n\"x\""), StopReason::End));
    assert_eq!((reply.usage, reply.stop_raw.as_str()), (Some(used(19, 8, 10, 4)), "stop"));
}

#[test]
fn the_end_is_the_last_event_and_the_only_one() {
    for (wire, bytes) in [
        (Wire::OpenaiChat, &include_bytes!("../../../fixtures/openai-chat.text.sse")[..]),
        (Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.text.sse")),
        (Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.text.sse")),
        (Wire::Gemini, include_bytes!("../../../fixtures/gemini.text.sse")),
        (Wire::WorkersAi, include_bytes!("../../../fixtures/workers-ai.text.sse")),
        (Wire::LlamaCpp, include_bytes!("../../../fixtures/llama-cpp.error.sse")),
    ] {
        let events = events(wire, bytes);
        let ends = events.iter().map(|event| matches!(event, Event::Stop { .. } | Event::Error(_)));
        assert_eq!(ends.rev().position(|is_end| is_end), Some(0), "{wire:?}");
        assert_eq!(
            events.iter().filter(|one| matches!(one, Event::Stop { .. } | Event::Error(_))).count(),
            1,
            "{wire:?}"
        );
    }
}

#[test]
fn openai_calls_have_arguments_as_text_and_come_at_once() {
    let reply = stream(Wire::OpenaiChat, include_bytes!("../../../fixtures/openai-chat.tools.sse")).unwrap();
    assert_eq!(calls(&reply), [("call_a", "weather", "{\"city\":\"Quito\"}"), ("call_b", "time", "{}")]);
    assert_eq!((reply.stop, reply.usage), (StopReason::ToolUse, Some(used(50, 0, 22, 0))));
    let reply = whole(Wire::OpenaiChat, include_bytes!("../../../fixtures/openai-chat.whole.json")).unwrap();
    assert_eq!(calls(&reply), [("call_a", "weather", "{\"city\":\"Quito\"}")]);
    assert_eq!(
        (reply.text().as_str(), reply.stop, reply.usage),
        ("I look.", StopReason::ToolUse, Some(used(19, 8, 10, 4)))
    );
}

#[test]
fn an_openai_refusal_ends_like_an_answer() {
    let reply = stream(Wire::OpenaiChat, include_bytes!("../../../fixtures/openai-chat.refusal.sse")).unwrap();
    assert_eq!((reply.refusal.as_str(), reply.stop), ("I cannot help.", StopReason::Refusal));
    assert_eq!((reply.text().as_str(), reply.stop_raw.as_str()), ("", "stop"));
    let reply =
        whole(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.refusal.json")).unwrap();
    assert_eq!((reply.refusal.as_str(), reply.stop), ("I cannot help.", StopReason::Refusal));
}

#[test]
fn compatible_servers_count_calls_in_their_own_ways() {
    let answer = |pieces: &[&str]| {
        let pieces = pieces.iter().map(|calls| {
            format!("data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":{calls}}},\"finish_reason\":null}}]}}\n\n")
        });
        let end = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n".to_owned();
        stream(Wire::OpenaiChat, pieces.chain([end]).collect::<String>().as_bytes()).unwrap()
    };
    // All at index 0, told apart by their ids.
    let reply = answer(&[
        r#"[{"index":0,"id":"a","function":{"name":"x","arguments":"{\"n\":1}"}}]"#,
        r#"[{"index":0,"id":"b","function":{"name":"y","arguments":"{"}}]"#,
        r#"[{"index":0,"id":"","function":{"arguments":"}"}}]"#,
    ]);
    assert_eq!(calls(&reply), [("a", "x", "{\"n\":1}"), ("b", "y", "{}")]);
    assert_eq!(reply.stop, StopReason::ToolUse, "a stop with calls");
    // The id in every piece.
    let reply = answer(&[
        r#"[{"index":0,"id":"a","function":{"name":"x","arguments":"{\"n\""}}]"#,
        r#"[{"index":0,"id":"a","function":{"name":"x","arguments":":1}"}}]"#,
    ]);
    assert_eq!(calls(&reply), [("a", "x", "{\"n\":1}")]);
    // No index and no id, and arguments that are no text.
    let reply = answer(&[r#"[{"function":{"name":"x","arguments":{"n":1}}},{"function":{"name":"y"}}]"#]);
    assert_eq!(calls(&reply), [("call_0", "x", "{\"n\":1}"), ("call_1", "y", "{}")]);
}

#[test]
fn compatible_servers_leave_things_out() {
    let piece =
        "data: {\"choices\":[{\"delta\":{\"reasoning\":\"Hm.\",\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\n";
    let reply = stream(Wire::OpenaiChat, piece.as_bytes()).unwrap();
    assert_eq!(
        (reply.text().as_str(), reply.reasoning.as_str(), reply.usage),
        ("a", "Hm.", None),
        "no [DONE], no usage"
    );
    let parts = r#"[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]},{"type":"text","text":"a"}]"#;
    let parts = format!("{{\"choices\":[{{\"message\":{{\"content\":{parts}}},\"finish_reason\":\"stop\"}}]}}");
    let reply = whole(Wire::OpenaiChat, parts.as_bytes()).unwrap();
    assert_eq!((reply.text().as_str(), reply.reasoning.as_str()), ("a", "Hm."), "content in parts");
    let both =
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"message\":{\"content\":\"a\"}}]}\n\ndata: [DONE]\n\n";
    assert_eq!(stream(Wire::OpenaiChat, both.as_bytes()).unwrap().text(), "a");
    let null = "data: {\"choices\":null,\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n";
    let reply = stream(Wire::OpenaiChat, null.as_bytes()).unwrap();
    assert_eq!((reply.stop, reply.usage), (StopReason::Other, Some(used(1, 0, 0, 0))));
}

#[test]
fn what_is_thought_beside_the_answer_is_paid_for() {
    let details = r#""completion_tokens_details":{"reasoning_tokens":100}"#;
    let usage = format!(r#"{{"prompt_tokens":10,"completion_tokens":5,"total_tokens":115,{details}}}"#);
    let body =
        format!("{{\"choices\":[{{\"message\":{{\"content\":\"a\"}},\"finish_reason\":\"stop\"}}],\"usage\":{usage}}}");
    assert_eq!(whole(Wire::OpenaiChat, body.as_bytes()).unwrap().usage, Some(used(10, 0, 105, 100)));
}

#[test]
fn llama_cpp_is_read_like_openai() {
    let reply = stream(Wire::LlamaCpp, include_bytes!("../../../fixtures/llama-cpp.text.sse")).unwrap();
    assert_eq!((reply.text().as_str(), reply.reasoning.as_str()), ("{\"a\":1}", "Hm."));
    assert_eq!((reply.stop, reply.usage), (StopReason::End, Some(used(12, 3, 5, 0))));
}

#[test]
fn responses_give_reasoning_back_as_it_was() {
    let streamed =
        stream(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.text.sse")).unwrap();
    let at_once = whole(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.text.json")).unwrap();
    assert_eq!(streamed, at_once);
    assert_eq!((streamed.text().as_str(), streamed.reasoning.as_str()), (HELLO, "Thinking."));
    assert_eq!((streamed.stop, streamed.usage), (StopReason::End, Some(used(37, 11, 21, 9))));
    let [(Family::OpenaiResponses, block)] = opaque(&streamed)[..] else { panic!("one block") };
    assert!(block.contains("\"encrypted_content\":\"gAAA==\"") && matches!(streamed.parts[0], Part::Opaque(_)));
}

#[test]
fn responses_name_calls_by_their_call_id() {
    let streamed =
        stream(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.tools.sse")).unwrap();
    let at_once =
        whole(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.tools.json")).unwrap();
    assert_eq!(streamed, at_once);
    assert_eq!(calls(&streamed), [("call_r", "weather", "{\"city\":\"Quito\"}")]);
    assert_eq!(streamed.stop, StopReason::ToolUse);
    let length =
        stream(Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.length.sse")).unwrap();
    assert_eq!((length.text().as_str(), length.stop), ("Half", StopReason::Length));
}

#[test]
fn anthropic_pings_mean_nothing_and_usage_is_cumulative() {
    let events = events(Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.text.sse"));
    let usages: Vec<_> = events.iter().filter(|event| matches!(event, Event::Usage(_))).collect();
    assert_eq!(usages.len(), 2);
    let reply = crate::wire::fold(events).unwrap();
    assert_eq!((reply.text().as_str(), reply.stop), (HELLO, StopReason::End));
    assert_eq!(reply.usage, Some(used(32, 5, 15, 0)), "what was cached is counted beside the input");
}

#[test]
fn anthropic_signatures_are_kept() {
    let reply = stream(Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.tools.sse")).unwrap();
    assert_eq!((reply.reasoning.as_str(), reply.stop), ("Let me see.", StopReason::ToolUse));
    assert_eq!(calls(&reply), [("toolu_1", "weather", "{\"city\": \"Quito\"}"), ("toolu_2", "time", "{}")]);
    let thinking = r#"{"type":"thinking","thinking":"Let me see.","signature":"EqQB+sig=="}"#;
    assert_eq!(opaque(&reply), [(Family::Anthropic, thinking)]);
    assert_eq!(reply.usage, Some(used(472, 0, 89, 12)));
    let reply = whole(Wire::Anthropic, include_bytes!("../../../fixtures/anthropic.whole.json")).unwrap();
    let redacted = r#"{"type":"redacted_thinking","data":"b64=="}"#;
    assert_eq!(opaque(&reply), [(Family::Anthropic, thinking), (Family::Anthropic, redacted)]);
    assert_eq!(calls(&reply), [("toolu_1", "weather", "{\"city\":\"Quito\"}")]);
}

#[test]
fn gemini_says_twice_that_it_ends_and_has_no_terminator() {
    let reply = stream(Wire::Gemini, include_bytes!("../../../fixtures/gemini.text.sse")).unwrap();
    assert_eq!((reply.text().as_str(), reply.reasoning.as_str()), (HELLO, "I think."));
    assert_eq!((reply.stop, reply.usage), (StopReason::End, Some(used(14, 4, 15, 6))));
    assert_eq!(opaque(&reply), [(Family::Gemini, r#"{"thoughtSignature":"c2ln"}"#)]);
}

#[test]
fn gemini_calls_end_with_stop_and_get_ids() {
    let reply = stream(Wire::Gemini, include_bytes!("../../../fixtures/gemini.tools.sse")).unwrap();
    let expected = [("aion_rsp1_0", "weather", "{\"city\":\"Quito\"}"), ("aion_rsp1_1", "time", "{}")];
    assert_eq!((calls(&reply), reply.stop), (expected.to_vec(), StopReason::ToolUse));
    let signature = r#"{"call":"aion_rsp1_0","thoughtSignature":"c2lnQQ=="}"#;
    assert_eq!(opaque(&reply), [(Family::Gemini, signature)]);
    let reply = whole(Wire::Gemini, include_bytes!("../../../fixtures/gemini.whole.json")).unwrap();
    let [("fc-9", "weather", arguments)] = calls(&reply)[..] else { panic!("one call") };
    assert_eq!(serde_json::from_str::<serde_json::Value>(arguments).unwrap(), serde_json::json!({"city": "Quito"}));
}

#[test]
fn a_blocked_gemini_prompt_is_a_refusal() {
    let reply = whole(Wire::Gemini, include_bytes!("../../../fixtures/gemini.blocked.json")).unwrap();
    assert_eq!(
        (reply.stop, reply.stop_raw.as_str(), reply.usage),
        (StopReason::Refusal, "SAFETY", Some(used(4, 0, 0, 0)))
    );
}

#[test]
fn workers_ai_answers_in_two_shapes() {
    let reply = stream(Wire::WorkersAi, include_bytes!("../../../fixtures/workers-ai.text.sse")).unwrap();
    assert_eq!((reply.text().as_str(), reply.stop, reply.usage), (HELLO, StopReason::End, Some(used(20, 0, 6, 0))));
    let reply = whole(Wire::WorkersAi, include_bytes!("../../../fixtures/workers-ai.tools.json")).unwrap();
    assert_eq!(calls(&reply), [("call_0", "weather", "{\"city\":\"Quito\"}")]);
    assert_eq!(reply.stop, StopReason::ToolUse);
    let reply = whole(Wire::WorkersAi, include_bytes!("../../../fixtures/workers-ai.schema.json")).unwrap();
    assert_eq!(reply.text(), "{\"a\":1}", "an object where a schema was asked for");
    let chat = include_bytes!("../../../fixtures/openai-chat.text.sse");
    assert_eq!(stream(Wire::WorkersAi, chat), stream(Wire::OpenaiChat, chat));
    let chat = include_bytes!("../../../fixtures/openai-chat.whole.json");
    assert_eq!(whole(Wire::WorkersAi, chat), whole(Wire::OpenaiChat, chat));
}
