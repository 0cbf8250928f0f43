//! What callers send, and what they read.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{Chunks, Head, completion, error, read, read_own, write_own};
use crate::wire::{
    Class, Event, Family, Fault, Image, Json, Opaque, Part, Role, Source, StopReason, StreamDecoder, ToolCall,
    ToolChoice, Usage, Wire, decode, fold,
};

fn head() -> Head {
    Head { id: "chatcmpl-7".to_owned(), created_s: 1_700_000_000, model: "fast \"one\"".to_owned() }
}

fn events() -> Vec<Event> {
    let value = Json::parse(r#"{"type":"thinking","signature":"s"}"#).unwrap();
    vec![
        Event::ReasoningDelta("Hm.".to_owned()),
        Event::Opaque(Opaque { family: Family::Anthropic, value }),
        Event::TextDelta("¡Hola!\n\"漢\" ".to_owned()),
        Event::TextDelta("😀".to_owned()),
        Event::ToolStart { index: 0, id: "c0".to_owned(), name: "weather".to_owned() },
        Event::ToolArgs { index: 0, json: "{\"city\":".to_owned() },
        Event::ToolArgs { index: 0, json: "\"Quito\"}".to_owned() },
        Event::ToolStart { index: 1, id: "c1".to_owned(), name: "time".to_owned() },
        Event::Usage(Usage { input: 9, cached_input: 2, output: 7, reasoning: 3 }),
        Event::Stop { reason: StopReason::ToolUse, raw: "tool_use".to_owned() },
    ]
}

fn written(events: &[Event], include_usage: bool) -> String {
    let (mut chunks, mut out) = (Chunks::new(&head(), include_usage), String::new());
    for event in events {
        chunks.push(event, &mut out);
    }
    out
}

#[test]
fn what_is_written_reads_as_what_it_was() {
    let mut decoder = StreamDecoder::new(Wire::OpenaiChat);
    let streamed = fold(decoder.push(written(&events(), true).as_bytes())).unwrap();
    let mut expected = fold(events()).unwrap();
    let whole = decode(Wire::OpenaiChat, 200, &[], completion(&expected, &head()).as_bytes()).unwrap();
    assert_eq!(streamed, whole);
    // Opaque blocks are none of OpenAI's, and its word for the end is another.
    expected.parts.retain(|part| !matches!(part, Part::Opaque(_)));
    "tool_calls".clone_into(&mut expected.stop_raw);
    assert_eq!(streamed, expected);
}

#[test]
fn usage_is_written_to_whom_wants_it() {
    assert!(written(&events(), true).contains("\"choices\":[],\"usage\":{\"prompt_tokens\":9"));
    assert!(!written(&events(), false).contains("usage"));
}

#[test]
fn each_chunk_is_one_of_openais() {
    let text = written(&events(), true);
    let chunks: Vec<&str> = text.split("\n\n").filter(|chunk| !chunk.is_empty()).collect();
    assert_eq!(chunks.last(), Some(&"data: [DONE]"));
    for chunk in &chunks[..chunks.len() - 1] {
        let value: Value = serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!((&value["object"], &value["model"]), (&json!("chat.completion.chunk"), &json!("fast \"one\"")));
    }
    let first: Value = serde_json::from_str(&chunks[0][6..]).unwrap();
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
}

#[test]
fn an_error_in_mid_stream_has_no_words_of_the_upstream() {
    let events = [Event::TextDelta("a".to_owned()), Event::Error(Fault::of(Class::Key))];
    let text = written(&events, true);
    assert!(text.ends_with("\"type\":\"api_error\",\"param\":null,\"code\":\"key\"}}\n\n"), "{text}");
    for (class, status) in [
        (Class::Request, 400),
        (Class::TooLarge, 413),
        (Class::Key, 502),
        (Class::Limited, 429),
        (Class::Overloaded, 503),
        (Class::Timeout, 504),
        (Class::Garbage, 502),
    ] {
        assert_eq!(error(&Fault::of(class)).0, status);
    }
}

#[test]
fn our_own_stream_names_each_event() {
    let mut out = String::new();
    for event in &events() {
        write_own(event, &mut out);
    }
    let names: Vec<&str> = out.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let expected =
        ["reasoning", "opaque", "text", "text", "toolStart", "toolArgs", "toolArgs", "toolStart", "usage", "stop"];
    assert_eq!(names, expected);
    for data in out.lines().filter_map(|line| line.strip_prefix("data: ")) {
        assert!(serde_json::from_str::<Value>(data).unwrap().is_object(), "{data}");
    }
    let mut out = String::new();
    write_own(&Event::Error(Fault { retry_after_ms: Some(5), ..Fault::of(Class::Limited) }), &mut out);
    let detail = "the provider limits the rate of requests";
    assert_eq!(
        out,
        format!("event: error\ndata: {{\"class\":\"limited\",\"detail\":\"{detail}\",\"retryAfterMs\":5}}\n\n")
    );
}

#[test]
fn a_conversation_of_openais_is_read() {
    let asked = read(
        r#"{"model":"fast","stream":true,"stream_options":{"include_usage":true},"max_tokens":9,"temperature":0.5,
        "stop":"END","user":"u","seed":7,"n":1,"top_p":1,"logit_bias":{},"messages":[
          {"role":"developer","content":"Be brief."},{"role":"system","content":[{"type":"text","text":"Be kind."}]},
          {"role":"user","content":[{"type":"text","text":"See:"},
            {"type":"image_url","image_url":{"url":"data:image/png;base64,iVBO"}},
            {"type":"image_url","image_url":{"url":"https://x.example/a.png"}}]},
          {"role":"assistant","content":null,
            "provider_blocks":[{"family":"gemini","value":{"call":"a","thoughtSignature":"s"}}],
            "tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}},
              {"id":"b","type":"function","function":{"name":"f","arguments":"{}"}}]},
          {"role":"tool","tool_call_id":"a","content":"1"},{"role":"tool","tool_call_id":"b","content":"2"},
          {"role":"user","content":"Well?"}],
        "tools":[{"type":"function","function":{"name":"f",
          "parameters":{"type":"object","properties":{"z":{},"a":{}}}}}],
        "tool_choice":{"type":"function","function":{"name":"f"}},
        "response_format":{"type":"json_schema","json_schema":{"name":"s","strict":true,"schema":{"b":1, "a":2}}}}"#,
    )
    .unwrap();
    let request = asked.request;
    assert!(asked.include_usage && request.stream);
    assert_eq!((request.system.as_str(), request.max_output_tokens), ("Be brief.\n\nBe kind.", Some(9)));
    assert_eq!((request.stop, request.temperature), (vec!["END".to_owned()], Some(0.5)));
    let roles: Vec<Role> = request.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::User, Role::User]);
    let image = Image { media_type: "image/png".to_owned(), source: Source::Base64("iVBO".to_owned()) };
    assert_eq!(request.messages[0].parts[1], Part::Image(image));
    assert!(matches!(request.messages[1].parts[0], Part::Opaque(Opaque { family: Family::Gemini, .. })));
    let call = ToolCall { id: "a".to_owned(), name: "f".to_owned(), arguments: "{}".to_owned() };
    assert_eq!(request.messages[1].parts[1], Part::ToolCall(call));
    assert_eq!(request.messages[2].parts.len(), 2, "results of calls that were made at once");
    assert_eq!(request.tool_choice, ToolChoice::Tool("f".to_owned()));
    assert!(request.tools[0].parameters.as_str().ends_with(r#"{"z":{},"a":{}}}"#));
    let output = request.output.unwrap();
    assert_eq!((output.schema.as_str(), output.strict), (r#"{"b":1, "a":2}"#, true));
}

#[test]
fn what_is_wrong_is_said_where_it_stands() {
    let wrong = |body: Value| {
        let invalid = read(&body.to_string()).unwrap_err();
        let shown: Value = serde_json::from_str(&invalid.error()).unwrap();
        assert_eq!(shown["error"]["param"], invalid.pointer);
        invalid.pointer
    };
    let with = |member: &str, value: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        body[member] = value;
        wrong(body)
    };
    assert_eq!(read("{").unwrap_err().pointer, "");
    assert_eq!(wrong(json!([])), "");
    assert_eq!(wrong(json!({"messages": []})), "/model");
    assert_eq!(wrong(json!({"model": "m"})), "/messages");
    assert_eq!(wrong(json!({"model": 5, "messages": []})), "/model");
    for (value, pointer) in [
        (json!([]), "/messages"),
        (json!([{"content": "Hi"}]), "/messages/0/role"),
        (json!([{"role": "robot", "content": "Hi"}]), "/messages/0/role"),
        (json!([{"role": "user"}]), "/messages/0/content"),
        (json!([{"role": "user", "content": [{"type": "video"}]}]), "/messages/0/content/0/type"),
        (json!([{"role": "user", "content": [{"type": "text"}]}]), "/messages/0/content/0/text"),
        (json!([{"role": "tool", "content": "1"}]), "/messages/0/tool_call_id"),
        (json!([{"role": "assistant"}]), "/messages/0"),
        (json!([{"role": "assistant", "tool_calls": [{"id": "a"}]}]), "/messages/0/tool_calls/0/function"),
        (json!([{"role": "assistant", "provider_blocks": [{"family": "x"}]}]), "/messages/0/provider_blocks/0"),
    ] {
        assert_eq!(with("messages", value), pointer);
    }
    let image = |url: &str| json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}]}]);
    for url in ["http://x.example/a.png", "data:image/svg+xml;base64,AA", "data:image/png;base64,<>", "file:///a"] {
        assert_eq!(with("messages", image(url)), "/messages/0/content/0/image_url/url");
    }
    for (member, value, pointer) in [
        ("tools", json!([{"type": "custom"}]), "/tools/0/type"),
        ("tools", json!([{"type": "function", "function": {"name": "a b"}}]), "/tools/0/function/name"),
        (
            "tools",
            json!([{"type": "function", "function": {"name": "a", "parameters": 5}}]),
            "/tools/0/function/parameters",
        ),
        ("tool_choice", json!("must"), "/tool_choice"),
        ("tool_choice", json!({"type": "function", "function": {"name": "f"}}), "/tool_choice/function/name"),
        ("response_format", json!({"type": "xml"}), "/response_format/type"),
        (
            "response_format",
            json!({"type": "json_schema", "json_schema": {"name": "s"}}),
            "/response_format/json_schema/schema",
        ),
        ("max_tokens", json!(0), "/max_tokens"),
        ("max_tokens", json!(-1), "/max_tokens"),
        ("temperature", json!(3), "/temperature"),
        ("stop", json!(["a", "b", "c", "d", "e"]), "/stop"),
        ("stop", json!([5]), "/stop/0"),
        ("stream", json!("yes"), "/stream"),
        ("n", json!(2), "/n"),
        ("top_p", json!(0.5), "/top_p"),
        ("logprobs", json!(true), "/logprobs"),
        ("parallel_tool_calls", json!(false), "/parallel_tool_calls"),
        ("functions", json!([]), "/functions"),
    ] {
        assert_eq!(with(member, value.clone()), pointer, "{member} {value}");
    }
}

#[test]
fn a_request_of_ours_is_read() {
    let with = |member: &str, value: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "parts": [{"text": "Hi"}]}]});
        body[member] = value;
        read_own(&body.to_string()).map_err(|invalid| invalid.pointer)
    };
    assert!(with("stream", json!(true)).unwrap().stream);
    for (member, value, pointer) in [
        ("messages", json!([]), "/messages"),
        (
            "messages",
            json!([{"role": "user", "parts": [{"toolCall": {"id": "a", "name": "f", "arguments": ""}}]}]),
            "/messages/0/parts/0",
        ),
        ("tools", json!([{"name": "", "parameters": {}}]), "/tools/0/name"),
        ("toolChoice", json!({"tool": "f"}), "/toolChoice/tool"),
        ("surprise", json!(1), ""),
    ] {
        assert_eq!(with(member, value.clone()), Err(pointer.to_owned()), "{member} {value}");
    }
}
