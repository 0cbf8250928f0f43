//! A request as it leaves, and what an upstream is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The wire format of a provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub enum Wire {
    /// `OpenAI` Chat Completions, and whatever is compatible with it.
    OpenaiChat,
    /// `OpenAI` Responses.
    OpenaiResponses,
    /// Anthropic Messages.
    Anthropic,
    /// Gemini's `generateContent` and `streamGenerateContent`.
    Gemini,
    /// llama.cpp's server: Chat Completions with limits of its own.
    LlamaCpp,
    /// The Workers AI binding.
    WorkersAi,
}

/// What a model can do. Nothing is assumed of one that is not said to.
#[allow(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ModelCapabilities))]
pub struct Capabilities {
    /// It takes a JSON Schema for its answer.
    #[serde(default)]
    pub schema: bool,
    /// It calls tools.
    #[serde(default)]
    pub tools: bool,
    /// It sees images.
    #[serde(default)]
    pub images: bool,
    /// Its answers come in pieces.
    #[serde(default)]
    pub streaming: bool,
    /// It follows schemas strictly, if asked to.
    #[serde(default)]
    pub strict: bool,
    /// It thinks before it answers: `OpenAI`'s take their limit of tokens by another name, and give their thoughts
    /// encrypted.
    #[serde(default)]
    pub reasoning: bool,
}

/// A key. It shows itself to nobody but the upstream.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(String);

impl Key {
    /// Takes a key.
    #[must_use]
    pub fn new(key: impl Into<String>) -> Self {
        Self(key.into())
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        formatter.write_str("Key(…)")
    }
}

/// A model at an upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoint {
    /// How it speaks.
    pub wire: Wire,
    /// Where it is, without a slash at its end: `https://api.openai.com/v1`. The Workers AI binding has none.
    pub base_url: String,
    /// Its own name for the model.
    pub model: String,
    /// The key, if it wants one.
    pub key: Option<Key>,
    /// What the model can do.
    pub capabilities: Capabilities,
    /// How many tokens an answer has at most where the request does not say. It is always sent: what is not bounded
    /// cannot be reserved for.
    pub max_output_tokens: u32,
}

/// The value of a header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Header {
    /// A text.
    Text(&'static str),
    /// The key, with what stands before it.
    Secret(&'static str, Key),
}

impl Header {
    /// The value as it leaves.
    #[must_use]
    pub fn value(&self) -> String {
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Secret(prefix, key) => format!("{prefix}{}", key.0),
        }
    }
}

/// A request as it leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HttpRequest {
    /// The method.
    pub method: &'static str,
    /// The whole URL. A key never stands in it: URLs are logged.
    pub url: String,
    /// Headers, lower case.
    pub headers: Vec<(&'static str, Header)>,
    /// The body.
    pub body: Vec<u8>,
}

/// What has to be done to ask a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A request over HTTP.
    Http(HttpRequest),
    /// `AI.run(model, body)` of the Workers AI binding.
    Binding {
        /// The model.
        model: String,
        /// The body, JSON.
        body: Vec<u8>,
    },
}

impl HttpRequest {
    /// A request of JSON.
    pub(super) fn post(url: String, body: String, key: Option<(&'static str, Header)>) -> Self {
        let headers = [("content-type", Header::Text("application/json"))].into_iter().chain(key).collect();
        Self { method: "POST", url, headers, body: body.into_bytes() }
    }
}

/// The key as most want it.
pub(super) fn bearer(endpoint: &Endpoint) -> Option<(&'static str, Header)> {
    endpoint.key.clone().map(|key| ("authorization", Header::Secret("Bearer ", key)))
}
