//! What a model is asked, in the words of no provider.

use serde::{Deserialize, Serialize};

use super::Json;
use crate::cache::Caching;

/// A conversation that a model continues.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ChatRequest {
    /// The model by our name for it; the endpoint knows the provider's.
    pub model: String,
    /// What stands before the conversation.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub system: String,
    /// The conversation.
    pub messages: Vec<Message>,
    /// What the model may call.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tools: Vec<Tool>,
    /// Whether it has to call something.
    #[serde(default)]
    pub tool_choice: ToolChoice,
    /// The schema that the answer's text has to follow. Some models ignore it: the answer is checked again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub output: Option<Output>,
    /// How many tokens the answer may have, with what is thought before it; without it what the endpoint allows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_output_tokens: Option<u32>,
    /// From 0, the likeliest, upwards.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temperature: Option<f64>,
    /// Texts that end the answer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub stop: Vec<String>,
    /// Whether the answer comes in pieces.
    #[serde(default)]
    pub stream: bool,
    /// Whether an answer that was given before will do, and how old it may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Caching>,
}

/// One turn of a conversation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in its order.
    pub parts: Vec<Part>,
}

/// Who speaks. What stands before the conversation is no turn of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Who asks, and the results of what the model has called.
    User,
    /// The model.
    Assistant,
}

/// A part of a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Part {
    /// A text.
    Text(String),
    /// An image; of the user alone.
    Image(Image),
    /// What the model calls; of the assistant alone.
    ToolCall(ToolCall),
    /// What came of a call; of the user alone.
    ToolResult(ToolResult),
    /// What a provider wants back as it was; of the assistant alone.
    Opaque(Opaque),
}

/// An image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Image {
    /// Its media type, for example `image/png`.
    pub media_type: String,
    /// Where its bytes are.
    pub source: Source,
}

/// Where an image's bytes are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Source {
    /// Here, in base64 (RFC 4648, section 4).
    Base64(String),
    /// There: the provider fetches it.
    Url(String),
}

/// A call of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolCall {
    /// Its id, which its result names.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The arguments as the model wrote them: JSON, if it wrote well.
    pub arguments: String,
}

/// What came of a call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ToolResult {
    /// The call's id.
    pub call: String,
    /// What came of it.
    pub content: String,
    /// Whether it failed.
    #[serde(default)]
    pub is_error: bool,
}

/// A block that only its provider understands: signatures of thoughts, encrypted reasoning. Without it the next turn is
/// refused, or the model has forgotten why it called what it called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Opaque {
    /// Whose it is: no other provider gets it.
    pub family: Family,
    /// The block, byte for byte.
    pub value: Json,
}

/// Providers that understand each other's opaque blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Family {
    /// `reasoning` items of `OpenAI` Responses.
    OpenaiResponses,
    /// `thinking` and `redacted_thinking` of Anthropic Messages.
    Anthropic,
    /// `thoughtSignature` of Gemini, with the call that it belongs to.
    Gemini,
}

/// Something that a model may call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Tool {
    /// Its name: 1 to 64 letters, digits, `_` and `-`.
    pub name: String,
    /// What it does.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub description: String,
    /// The JSON Schema of its arguments.
    pub parameters: Json,
    /// Whether the schema is to be followed strictly, by models that can. Strict schemas are a narrower language.
    #[serde(default)]
    pub strict: bool,
}

/// Whether a model has to call something.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ToolChoice {
    /// As it likes.
    #[default]
    Auto,
    /// It must not.
    None,
    /// It must.
    Required,
    /// It must call this one.
    Tool(String),
}

/// What an answer has to look like.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Output {
    /// A name for it, which some providers show to the model.
    pub name: String,
    /// The JSON Schema.
    pub schema: Json,
    /// Whether it is to be followed strictly, by models that can. Strict schemas are a narrower language.
    #[serde(default)]
    pub strict: bool,
}
