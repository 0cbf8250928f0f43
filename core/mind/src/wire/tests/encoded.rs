//! Requests.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::{body, endpoint, http, said, stream, user, whole};
use crate::wire::{
    Call, Capabilities, ChatRequest, Family, Header, Image, Json, Message, Opaque, Output, Part, Role, Source, Tool,
    ToolCall, ToolChoice, ToolResult, Unsupported, Wire, encode,
};

const ALL: [Wire; 6] =
    [Wire::OpenaiChat, Wire::OpenaiResponses, Wire::Anthropic, Wire::Gemini, Wire::LlamaCpp, Wire::WorkersAi];
const SCHEMA: &str = r#"{"type":"object","properties":{"z":{},"a":{}}}"#;

fn ask(text: &str) -> ChatRequest {
    ChatRequest { system: "Be brief.".to_owned(), messages: vec![user(vec![said(text)])], ..ChatRequest::default() }
}

fn tool() -> Tool {
    let (name, description) = ("weather".to_owned(), "Tells the weather.".to_owned());
    Tool { name, description, parameters: Json::parse(SCHEMA).unwrap(), strict: true }
}

fn schema() -> Output {
    Output { name: "plan".to_owned(), schema: Json::parse(SCHEMA).unwrap(), strict: true }
}

/// A conversation with an image, a call and its result.
fn conversation(id: &str, opaque: Option<Opaque>) -> ChatRequest {
    let call = ToolCall { id: id.to_owned(), name: "weather".to_owned(), arguments: "{\"city\":\"Quito\"}".to_owned() };
    let image = Image { media_type: "image/png".to_owned(), source: Source::Base64("iVBO".to_owned()) };
    let result = ToolResult { call: id.to_owned(), content: "sunny".to_owned(), is_error: false };
    let assistant = opaque.map(Part::Opaque).into_iter().chain([said("I look."), Part::ToolCall(call)]).collect();
    ChatRequest {
        tools: vec![tool()],
        messages: vec![
            user(vec![said("And here?"), Part::Image(image)]),
            Message { role: Role::Assistant, parts: assistant },
            user(vec![said("Well?"), Part::ToolResult(result)]),
        ],
        ..ask("")
    }
}

#[test]
fn the_limit_of_tokens_is_always_sent_and_never_above_the_models() {
    for (wire, pointer) in [
        (Wire::OpenaiChat, "/max_completion_tokens"),
        (Wire::OpenaiResponses, "/max_output_tokens"),
        (Wire::Anthropic, "/max_tokens"),
        (Wire::Gemini, "/generationConfig/maxOutputTokens"),
        (Wire::LlamaCpp, "/max_tokens"),
        (Wire::WorkersAi, "/max_tokens"),
    ] {
        for (asked, sent) in [(None, 500), (Some(7), 7), (Some(9_000), 500)] {
            let request = ChatRequest { max_output_tokens: asked, ..ask("Hi") };
            assert_eq!(body(&request, &endpoint(wire)).pointer(pointer), Some(&json!(sent)), "{wire:?}");
        }
    }
    let mut plain = endpoint(Wire::OpenaiChat);
    plain.capabilities.reasoning = false;
    assert_eq!(body(&ask("Hi"), &plain)["max_tokens"], 500);
}

#[test]
fn keys_stand_in_headers_and_are_not_shown() {
    for (wire, header, value, url) in [
        (Wire::OpenaiChat, "authorization", "Bearer sk-secret", "chat/completions"),
        (Wire::OpenaiResponses, "authorization", "Bearer sk-secret", "responses"),
        (Wire::Anthropic, "x-api-key", "sk-secret", "messages"),
        (Wire::Gemini, "x-goog-api-key", "sk-secret", "models/their-name:streamGenerateContent?alt=sse"),
        (Wire::LlamaCpp, "authorization", "Bearer sk-secret", "chat/completions"),
    ] {
        let request = http(&ChatRequest { stream: true, ..ask("Hi") }, &endpoint(wire));
        assert_eq!(request.url, format!("https://models.example/v1/{url}"));
        let found = request.headers.iter().find(|(name, _)| *name == header).unwrap();
        assert_eq!(found.1.value(), value);
        assert!(!format!("{request:?} {:?}", endpoint(wire)).contains("sk-secret"), "{wire:?}");
        assert!(!String::from_utf8(request.body).unwrap().contains("sk-secret"), "{wire:?}");
    }
    let anthropic = http(&ask("Hi"), &endpoint(Wire::Anthropic));
    assert!(anthropic.headers.contains(&("anthropic-version", Header::Text("2023-06-01"))));
    assert!(http(&ask("Hi"), &endpoint(Wire::Gemini)).url.ends_with("models/their-name:generateContent"));
}

#[test]
fn arguments_are_texts_at_openai_and_objects_elsewhere() {
    let request = conversation("call_1", None);
    let city = json!({"city": "Quito"});
    let text = json!("{\"city\":\"Quito\"}");
    let chat = body(&request, &endpoint(Wire::OpenaiChat));
    assert_eq!(chat["messages"][2]["tool_calls"][0]["function"]["arguments"], text);
    assert_eq!(chat["messages"][3], json!({"role": "tool", "tool_call_id": "call_1", "content": "sunny"}));
    assert_eq!(chat["messages"][1]["content"][1]["image_url"]["url"], "data:image/png;base64,iVBO");
    let responses = body(&request, &endpoint(Wire::OpenaiResponses));
    assert_eq!(responses["input"][2]["arguments"], text);
    assert_eq!(responses["input"][4], json!({"type": "function_call_output", "call_id": "call_1", "output": "sunny"}));
    assert_eq!(responses["input"][1]["content"][0]["type"], "output_text");
    let anthropic = body(&request, &endpoint(Wire::Anthropic));
    assert_eq!(anthropic["messages"][1]["content"][1]["input"], city);
    assert_eq!(anthropic["messages"][2]["content"][0]["type"], "tool_result", "results stand first");
    let gemini = body(&request, &endpoint(Wire::Gemini));
    assert_eq!(gemini["contents"][1]["parts"][1]["functionCall"]["args"], city);
    let response = &gemini["contents"][2]["parts"][1]["functionResponse"];
    assert_eq!(*response, json!({"id": "call_1", "name": "weather", "response": {"output": "sunny"}}));
}

#[test]
fn arguments_that_are_no_object_are_not_lost() {
    let mut request = conversation("call_1", None);
    if let Part::ToolCall(call) = &mut request.messages[1].parts[1] {
        "{\"city\":".clone_into(&mut call.arguments);
    }
    let anthropic = body(&request, &endpoint(Wire::Anthropic));
    assert_eq!(anthropic["messages"][1]["content"][1]["input"], json!({"invalid": "{\"city\":"}));
}

#[test]
fn opaque_blocks_go_back_to_their_own_provider_alone() {
    for (wire, bytes) in [
        (Wire::Anthropic, &include_bytes!("../../../fixtures/anthropic.tools.sse")[..]),
        (Wire::OpenaiResponses, include_bytes!("../../../fixtures/openai-responses.text.sse")),
        (Wire::Gemini, include_bytes!("../../../fixtures/gemini.tools.sse")),
    ] {
        let secret = ["EqQB+sig==", "gAAA==", "c2lnQQ=="];
        let request = ChatRequest {
            messages: vec![user(vec![said("Hi")]), stream(wire, bytes).unwrap().message()],
            tools: vec![tool()],
            ..ask("")
        };
        for other in ALL {
            let sent = body(&request, &endpoint(other)).to_string();
            assert_eq!(secret.iter().any(|secret| sent.contains(secret)), other == wire, "{wire:?} to {other:?}");
        }
    }
}

#[test]
fn a_gemini_signature_stands_beside_its_call() {
    let reply = stream(Wire::Gemini, include_bytes!("../../../fixtures/gemini.tools.sse")).unwrap();
    let request = ChatRequest { messages: vec![reply.message()], ..ask("") };
    let sent = body(&request, &endpoint(Wire::Gemini));
    let parts = json!([
        {"functionCall": {"name": "weather", "args": {"city": "Quito"}}, "thoughtSignature": "c2lnQQ=="},
        {"functionCall": {"name": "time", "args": {}}},
    ]);
    assert_eq!(sent["contents"][0]["parts"], parts, "ids that we gave are not sent");
    let reply = whole(Wire::Gemini, include_bytes!("../../../fixtures/gemini.whole.json")).unwrap();
    let sent = body(&ChatRequest { messages: vec![reply.message()], ..ask("") }, &endpoint(Wire::Gemini));
    let call = json!({"id": "fc-9", "name": "weather", "args": {"city": "Quito"}});
    assert_eq!(sent["contents"][0]["parts"][1], json!({"functionCall": call, "thoughtSignature": "c2lnQg=="}));
    let value = Json::parse(r#"{"thoughtSignature":"c2ln"}"#).unwrap();
    let alone = Message { role: Role::Assistant, parts: vec![Part::Opaque(Opaque { family: Family::Gemini, value })] };
    let sent = body(&ChatRequest { messages: vec![alone], ..ask("") }, &endpoint(Wire::Gemini));
    assert_eq!(sent["contents"][0]["parts"], json!([{"text": "", "thoughtSignature": "c2ln"}]));
}

#[test]
fn ids_of_others_are_made_plain_for_anthropic() {
    let sent = body(&conversation("functions.weather:0", None), &endpoint(Wire::Anthropic));
    assert_eq!(sent["messages"][1]["content"][1]["id"], "functions_weather_0");
    assert_eq!(sent["messages"][2]["content"][0]["tool_use_id"], "functions_weather_0");
}

#[test]
fn a_schema_goes_byte_for_byte_to_where_each_wants_it() {
    let request = ChatRequest { output: Some(schema()), ..ask("Plan.") };
    for (wire, pointer) in [
        (Wire::OpenaiChat, "/response_format/json_schema/schema"),
        (Wire::OpenaiResponses, "/text/format/schema"),
        (Wire::Anthropic, "/output_config/format/schema"),
        (Wire::Gemini, "/generationConfig/responseJsonSchema"),
        (Wire::LlamaCpp, "/response_format/json_schema/schema"),
        (Wire::WorkersAi, "/response_format/json_schema"),
    ] {
        let expected: Value = serde_json::from_str(SCHEMA).unwrap();
        assert_eq!(body(&request, &endpoint(wire)).pointer(pointer), Some(&expected), "{wire:?}");
        let (Call::Http(crate::wire::HttpRequest { body, .. }) | Call::Binding { body, .. }) =
            encode(&request, &endpoint(wire)).unwrap();
        assert!(String::from_utf8(body).unwrap().contains(SCHEMA), "{wire:?}: the order of its properties");
    }
}

#[test]
fn what_a_model_cannot_do_is_never_left_out_in_silence() {
    let with = |wire, change: fn(&mut Capabilities)| {
        let mut endpoint = endpoint(wire);
        change(&mut endpoint.capabilities);
        endpoint
    };
    for wire in ALL {
        let refused = |request: &ChatRequest, change| encode(request, &with(wire, change)).unwrap_err();
        let planned = ChatRequest { output: Some(schema()), ..ask("Plan.") };
        assert_eq!(refused(&planned, |can| can.schema = false), Unsupported::Schema);
        assert_eq!(refused(&conversation("c", None), |can| can.tools = false), Unsupported::Tools);
        let no_tools = ChatRequest { tools: Vec::new(), ..conversation("c", None) };
        assert_eq!(refused(&no_tools, |can| can.images = false), Unsupported::Images);
        assert_eq!(
            refused(&ChatRequest { stream: true, ..ask("Hi") }, |can| can.streaming = false),
            Unsupported::Streaming
        );
    }
    let stop = ChatRequest { stop: vec!["END".to_owned()], ..ask("Hi") };
    assert_eq!(encode(&stop, &endpoint(Wire::OpenaiResponses)).unwrap_err(), Unsupported::Stop);
    let hot = ChatRequest { temperature: Some(1.5), ..ask("Hi") };
    assert_eq!(encode(&hot, &endpoint(Wire::Anthropic)).unwrap_err(), Unsupported::Temperature);
    let source = Source::Url("https://x.example/a.png".to_owned());
    let image = Part::Image(Image { media_type: "image/png".to_owned(), source });
    let seen = ChatRequest { messages: vec![user(vec![image])], ..ask("") };
    assert_eq!(encode(&seen, &endpoint(Wire::Gemini)).unwrap_err(), Unsupported::ImageUrl);
}

#[test]
fn llama_cpp_forces_no_tool_so_plans_come_by_schema() {
    let forced = ChatRequest { tools: vec![tool()], tool_choice: ToolChoice::Required, ..ask("Hi") };
    assert_eq!(encode(&forced, &endpoint(Wire::LlamaCpp)).unwrap_err(), Unsupported::ForcedTool);
    assert_eq!(encode(&forced, &endpoint(Wire::WorkersAi)).unwrap_err(), Unsupported::ForcedTool);
    let both = ChatRequest { tools: vec![tool()], output: Some(schema()), ..ask("Hi") };
    assert_eq!(encode(&both, &endpoint(Wire::LlamaCpp)).unwrap_err(), Unsupported::SchemaWithTools);
    let sent = body(&ChatRequest { output: Some(schema()), stream: true, ..ask("Hi") }, &endpoint(Wire::LlamaCpp));
    assert_eq!((&sent["cache_prompt"], &sent["stream_options"]["include_usage"]), (&json!(true), &json!(true)));
    assert_eq!(body(&ask("Hi"), &endpoint(Wire::OpenaiChat)).get("cache_prompt"), None);
}

#[test]
fn each_forces_tools_in_its_own_words() {
    for (choice, chat, responses, anthropic, gemini) in [
        (ToolChoice::Auto, json!("auto"), json!("auto"), json!({"type": "auto"}), json!({"mode": "AUTO"})),
        (ToolChoice::None, json!("none"), json!("none"), json!({"type": "none"}), json!({"mode": "NONE"})),
        (ToolChoice::Required, json!("required"), json!("required"), json!({"type": "any"}), json!({"mode": "ANY"})),
        (
            ToolChoice::Tool("weather".to_owned()),
            json!({"type": "function", "function": {"name": "weather"}}),
            json!({"type": "function", "name": "weather"}),
            json!({"type": "tool", "name": "weather"}),
            json!({"mode": "ANY", "allowedFunctionNames": ["weather"]}),
        ),
    ] {
        let request = ChatRequest { tools: vec![tool()], tool_choice: choice, ..ask("Hi") };
        assert_eq!(body(&request, &endpoint(Wire::OpenaiChat))["tool_choice"], chat);
        assert_eq!(body(&request, &endpoint(Wire::OpenaiResponses))["tool_choice"], responses);
        assert_eq!(body(&request, &endpoint(Wire::Anthropic))["tool_choice"], anthropic);
        assert_eq!(body(&request, &endpoint(Wire::Gemini))["toolConfig"]["functionCallingConfig"], gemini);
    }
}

#[test]
fn strictness_is_said_where_silence_means_it() {
    let mut lax = endpoint(Wire::OpenaiResponses);
    lax.capabilities.strict = false;
    let request = ChatRequest { tools: vec![tool()], output: Some(schema()), ..ask("Hi") };
    let sent = body(&request, &lax);
    assert_eq!((&sent["tools"][0]["strict"], &sent["text"]["format"]["strict"]), (&json!(false), &json!(false)));
    let strict = body(&request, &endpoint(Wire::OpenaiChat));
    let flags = ["/tools/0/function/strict", "/response_format/json_schema/strict"];
    assert!(flags.iter().all(|flag| strict.pointer(flag) == Some(&json!(true))));
    assert_eq!((&sent["store"], &sent["include"]), (&json!(false), &json!(["reasoning.encrypted_content"])));
}

#[test]
fn requests_are_json_and_back() {
    let value = Json::parse(r#"{"type":"thinking"}"#).unwrap();
    let request = conversation("c", Some(Opaque { family: Family::Anthropic, value }));
    let text = serde_json::to_string(&request).unwrap();
    assert_eq!(serde_json::from_str::<ChatRequest>(&text).unwrap(), request);
}
