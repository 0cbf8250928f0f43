//! Requests of `OpenAI` Chat Completions, to all that is compatible with it, and to llama.cpp's server.

use super::http::{HttpRequest, Wire, bearer};
use super::json::{self, Array, Object};
use super::{ChatRequest, Endpoint, Message, Part, Role, ToolChoice, Unsupported};

/// A request over HTTP.
pub(super) fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<HttpRequest, Unsupported> {
    if endpoint.wire == Wire::LlamaCpp {
        // `tool_choice: required` is read there, and forces nothing; a grammar of ours excludes its grammar of tools.
        if !request.tools.is_empty() && matches!(request.tool_choice, ToolChoice::Required | ToolChoice::Tool(_)) {
            return Err(Unsupported::ForcedTool);
        }
        if !request.tools.is_empty() && request.output.is_some() {
            return Err(Unsupported::SchemaWithTools);
        }
    }
    let body = json::object(|body| {
        body.text("model", &endpoint.model);
        write_conversation(body, request);
        // What thinks wants the limit by its newer name; servers that are compatible know the older one.
        let limit = if endpoint.capabilities.reasoning && endpoint.wire == Wire::OpenaiChat {
            "max_completion_tokens"
        } else {
            "max_tokens"
        };
        body.number(limit, super::encode::limit(request, endpoint));
        write_tools(body, request, endpoint.capabilities.strict);
        if let Some(output) = &request.output {
            body.object("response_format", |format| {
                format.text("type", "json_schema");
                format.object("json_schema", |schema| {
                    schema.text("name", &output.name);
                    schema.raw("schema", output.schema.as_str());
                    if output.strict && endpoint.capabilities.strict {
                        schema.flag("strict", true);
                    }
                });
            });
        }
        if let Some(temperature) = request.temperature {
            body.raw("temperature", &temperature.to_string());
        }
        if !request.stop.is_empty() {
            body.texts("stop", &request.stop);
        }
        if endpoint.wire == Wire::LlamaCpp {
            // The next turn of a conversation begins like this one.
            body.flag("cache_prompt", true);
        }
        if request.stream {
            body.flag("stream", true);
            body.object("stream_options", |options| options.flag("include_usage", true));
        }
    });
    Ok(HttpRequest::post(format!("{}/chat/completions", endpoint.base_url), body, bearer(endpoint)))
}

/// The conversation as `messages`.
pub(super) fn write_conversation(body: &mut Object, request: &ChatRequest) {
    body.array("messages", |messages| {
        if !request.system.is_empty() {
            messages.object(|out| {
                out.text("role", "system");
                out.text("content", &request.system);
            });
        }
        request.messages.iter().for_each(|message| write_message(messages, message));
    });
}

/// Results of calls are messages of their own, before the rest.
fn write_message(messages: &mut Array, message: &Message) {
    for part in &message.parts {
        if let Part::ToolResult(result) = part {
            messages.object(|out| {
                out.text("role", "tool");
                out.text("tool_call_id", &result.call);
                out.text("content", &result.content);
            });
        }
    }
    let said: Vec<&Part> = message.parts.iter().filter(|part| matches!(part, Part::Text(_) | Part::Image(_))).collect();
    let calls: Vec<_> = message
        .parts
        .iter()
        .filter_map(|part| if let Part::ToolCall(call) = part { Some(call) } else { None })
        .collect();
    if said.is_empty() && calls.is_empty() {
        return;
    }
    messages.object(|out| {
        out.text("role", if message.role == Role::User { "user" } else { "assistant" });
        write_content(out, &said);
        if !calls.is_empty() {
            out.array("tool_calls", |out| {
                for call in calls {
                    out.object(|out| {
                        out.text("id", &call.id);
                        out.text("type", "function");
                        out.object("function", |function| {
                            function.text("name", &call.name);
                            function.text("arguments", &call.arguments);
                        });
                    });
                }
            });
        }
    });
}

/// Texts alone are one text, which every server takes; with an image they are parts.
fn write_content(out: &mut Object, said: &[&Part]) {
    if said.is_empty() {
        return out.raw("content", "null");
    }
    if said.iter().all(|part| matches!(part, Part::Text(_))) {
        let text: String = said
            .iter()
            .filter_map(|part| if let Part::Text(text) = part { Some(text.as_str()) } else { None })
            .collect();
        return out.text("content", &text);
    }
    out.array("content", |content| {
        for part in said {
            match part {
                Part::Text(text) => content.object(|out| {
                    out.text("type", "text");
                    out.text("text", text);
                }),
                Part::Image(image) => content.object(|out| {
                    out.text("type", "image_url");
                    out.object("image_url", |url| url.text("url", &super::encode::image_url(image)));
                }),
                _ => {}
            }
        }
    });
}

/// The tools and whether one has to be called.
pub(super) fn write_tools(body: &mut Object, request: &ChatRequest, strict: bool) {
    if request.tools.is_empty() {
        return;
    }
    body.array("tools", |tools| {
        for tool in &request.tools {
            tools.object(|out| {
                out.text("type", "function");
                out.object("function", |function| {
                    function.text("name", &tool.name);
                    if !tool.description.is_empty() {
                        function.text("description", &tool.description);
                    }
                    function.raw("parameters", tool.parameters.as_str());
                    if strict && tool.strict {
                        function.flag("strict", true);
                    }
                });
            });
        }
    });
    match &request.tool_choice {
        ToolChoice::Auto => body.text("tool_choice", "auto"),
        ToolChoice::None => body.text("tool_choice", "none"),
        ToolChoice::Required => body.text("tool_choice", "required"),
        ToolChoice::Tool(name) => body.object("tool_choice", |choice| {
            choice.text("type", "function");
            choice.object("function", |function| function.text("name", name));
        }),
    }
}
