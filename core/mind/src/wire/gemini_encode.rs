//! Requests to Gemini's `generateContent` and `streamGenerateContent`.

use super::gemini::OWN_ID;
use super::http::{Header, HttpRequest};
use super::json::{self, Array, Members, Object};
use super::{ChatRequest, Endpoint, Family, Message, Part, Role, Source, ToolChoice, ToolResult, Unsupported};

/// A request over HTTP. The key is a header: in the URL, where it may stand too, it would be logged.
pub(super) fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<HttpRequest, Unsupported> {
    let mut parts = request.messages.iter().flat_map(|message| &message.parts);
    if parts.any(|part| matches!(part, Part::Image(image) if matches!(image.source, Source::Url(_)))) {
        return Err(Unsupported::ImageUrl);
    }
    let body = json::object(|body| {
        if !request.system.is_empty() {
            body.object("systemInstruction", |system| {
                system.array("parts", |parts| parts.object(|part| part.text("text", &request.system)));
            });
        }
        body.array("contents", |contents| {
            for message in &request.messages {
                contents.object(|out| {
                    out.text("role", if message.role == Role::User { "user" } else { "model" });
                    out.array("parts", |parts| write_parts(parts, message, request));
                });
            }
        });
        write_tools(body, request);
        body.object("generationConfig", |config| {
            config.number("maxOutputTokens", super::encode::limit(request, endpoint));
            if let Some(temperature) = request.temperature {
                config.raw("temperature", &temperature.to_string());
            }
            if !request.stop.is_empty() {
                config.texts("stopSequences", &request.stop);
            }
            if let Some(output) = &request.output {
                config.text("responseMimeType", "application/json");
                config.raw("responseJsonSchema", output.schema.as_str());
            }
        });
    });
    let method = if request.stream { "streamGenerateContent?alt=sse" } else { "generateContent" };
    let folder = if endpoint.model.contains('/') { "" } else { "models/" };
    let url = format!("{}/{folder}{}:{method}", endpoint.base_url, endpoint.model);
    let key = endpoint.key.clone().map(|key| ("x-goog-api-key", Header::Secret("", key)));
    Ok(HttpRequest::post(url, body, key))
}

fn write_parts(parts: &mut Array, message: &Message, request: &ChatRequest) {
    let signatures: Vec<Members> = message.parts.iter().filter_map(signature).collect();
    let signature_of = |call: Option<&str>| {
        signatures.iter().find(|one| one.text("call").as_deref() == call).and_then(|one| one.text("thoughtSignature"))
    };
    let last_text = message.parts.iter().rposition(|part| matches!(part, Part::Text(_)));
    for (place, part) in message.parts.iter().enumerate() {
        match part {
            Part::Text(text) => parts.object(|out| {
                out.text("text", text);
                if let Some(signature) = signature_of(None).filter(|_| Some(place) == last_text) {
                    out.text("thoughtSignature", &signature);
                }
            }),
            Part::Image(image) => {
                if let Source::Base64(data) = &image.source {
                    parts.object(|out| {
                        out.object("inlineData", |inline| {
                            inline.text("mimeType", &image.media_type);
                            inline.text("data", data);
                        });
                    });
                }
            }
            Part::ToolCall(call) => parts.object(|out| {
                out.object("functionCall", |function| {
                    write_id(function, &call.id);
                    function.text("name", &call.name);
                    function.raw("args", &super::encode::arguments(&call.arguments));
                });
                if let Some(signature) = signature_of(Some(&call.id)) {
                    out.text("thoughtSignature", &signature);
                }
            }),
            Part::ToolResult(result) => write_result(parts, result, request),
            Part::Opaque(_) => {}
        }
    }
    // A signature of a text that is not there stands on an empty one.
    if let Some(signature) = signature_of(None).filter(|_| last_text.is_none()) {
        parts.object(|out| {
            out.text("text", "");
            out.text("thoughtSignature", &signature);
        });
    }
}

fn signature(part: &Part) -> Option<Members<'_>> {
    match part {
        Part::Opaque(opaque) if opaque.family == Family::Gemini => {
            json::raw(opaque.value.as_str()).ok().map(Members::of)
        }
        _ => None,
    }
}

fn write_id(out: &mut Object, id: &str) {
    if !id.starts_with(OWN_ID) {
        out.text("id", id);
    }
}

/// A result names the function, which the conversation knows by the call's id, and is an object.
fn write_result(parts: &mut Array, result: &ToolResult, request: &ChatRequest) {
    let all = request.messages.iter().rev().flat_map(|message| &message.parts);
    let name = all.into_iter().find_map(|part| match part {
        Part::ToolCall(call) if call.id == result.call => Some(call.name.as_str()),
        _ => None,
    });
    parts.object(|out| {
        out.object("functionResponse", |response| {
            write_id(response, &result.call);
            response.text("name", name.unwrap_or(&result.call));
            if !result.is_error && json::is_object(&result.content) {
                response.raw("response", &result.content);
            } else {
                let name = if result.is_error { "error" } else { "output" };
                response.object("response", |out| out.text(name, &result.content));
            }
        });
    });
}

fn write_tools(body: &mut Object, request: &ChatRequest) {
    if request.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        tools.object(|out| {
            out.array("functionDeclarations", |functions| {
                for tool in &request.tools {
                    functions.object(|out| {
                        out.text("name", &tool.name);
                        out.text("description", &tool.description);
                        out.raw("parametersJsonSchema", tool.parameters.as_str());
                    });
                }
            });
        });
    });
    body.object("toolConfig", |config| {
        config.object("functionCallingConfig", |calling| match &request.tool_choice {
            ToolChoice::Auto => calling.text("mode", "AUTO"),
            ToolChoice::None => calling.text("mode", "NONE"),
            ToolChoice::Required => calling.text("mode", "ANY"),
            ToolChoice::Tool(name) => {
                calling.text("mode", "ANY");
                calling.texts("allowedFunctionNames", std::slice::from_ref(name));
            }
        });
    });
}
