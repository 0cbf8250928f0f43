//! Requests, for every provider.

use std::borrow::Cow;

use super::http::{Call, Endpoint, Wire};
use super::{ChatRequest, Image, Part, Source, anthropic, chat_encode, gemini_encode, json, responses, workers_ai};

/// Something that a request wants and an endpoint cannot give. It is never left out in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unsupported {
    /// It takes no schema.
    #[error("the model takes no schema for its answer")]
    Schema,
    /// It calls no tools.
    #[error("the model calls no tools")]
    Tools,
    /// It sees no images.
    #[error("the model sees no images")]
    Images,
    /// Its answers come whole.
    #[error("the model's answers come whole")]
    Streaming,
    /// It takes images only as bytes.
    #[error("the provider takes images only as bytes")]
    ImageUrl,
    /// No tool can be forced.
    #[error("the provider cannot force a tool: ask for a schema instead")]
    ForcedTool,
    /// It takes a schema or tools.
    #[error("the provider takes a schema or tools, not both")]
    SchemaWithTools,
    /// With a schema its answers come whole.
    #[error("with a schema the provider's answers come whole")]
    SchemaInStream,
    /// No text ends an answer.
    #[error("the provider takes no texts that end an answer")]
    Stop,
    /// The temperature is too high.
    #[error("the provider takes no such temperature")]
    Temperature,
}

/// The request that asks a model.
pub fn encode(request: &ChatRequest, endpoint: &Endpoint) -> Result<Call, Unsupported> {
    let (can, mut parts) = (endpoint.capabilities, request.messages.iter().flat_map(|message| &message.parts));
    if request.output.is_some() && !can.schema {
        return Err(Unsupported::Schema);
    }
    if !request.tools.is_empty() && !can.tools {
        return Err(Unsupported::Tools);
    }
    if !can.images && parts.any(|part| matches!(part, Part::Image(_))) {
        return Err(Unsupported::Images);
    }
    if request.stream && !can.streaming {
        return Err(Unsupported::Streaming);
    }
    match endpoint.wire {
        Wire::OpenaiChat | Wire::LlamaCpp => chat_encode::encode(request, endpoint).map(Call::Http),
        Wire::OpenaiResponses => responses::encode(request, endpoint).map(Call::Http),
        Wire::Anthropic => anthropic::encode(request, endpoint).map(Call::Http),
        Wire::Gemini => gemini_encode::encode(request, endpoint).map(Call::Http),
        Wire::WorkersAi => workers_ai::encode(request, endpoint),
    }
}

/// How many tokens the answer may have.
pub(super) fn limit(request: &ChatRequest, endpoint: &Endpoint) -> u64 {
    let most = endpoint.max_output_tokens;
    u64::from(request.max_output_tokens.unwrap_or(most).min(most))
}

/// A call's arguments as an object, where they are sent as one. What a model wrote that is none is not lost.
pub(super) fn arguments(text: &str) -> Cow<'_, str> {
    if json::is_object(text) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(json::object(|out| out.text("invalid", text)))
}

/// An image where it goes as a URL.
pub(super) fn image_url(image: &Image) -> Cow<'_, str> {
    match &image.source {
        Source::Base64(data) => Cow::Owned(format!("data:{};base64,{data}", image.media_type)),
        Source::Url(url) => Cow::Borrowed(url),
    }
}
