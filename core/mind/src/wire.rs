//! What models are asked and answer, on the wire: requests out of neutral types, and events out of bytes, without I/O.
//!
//! `encode` makes a request, `decode` reads a whole answer, [`StreamDecoder`] one that comes in pieces. A whole answer
//! and a streamed one become the same events, which one function folds into a [`Reply`]. What an upstream says in words
//! about a failure is read to classify it and never kept: it can hold a part of a key.

mod anthropic;
mod chat;
mod chat_encode;
mod decode;
mod encode;
mod event;
mod fault;
pub mod front;
mod gemini;
mod gemini_encode;
mod http;
mod json;
mod rates;
mod reply;
mod request;
mod responses;
mod retry_after;
mod sse;
#[cfg(test)]
mod tests;
mod workers_ai;

pub use decode::{StreamDecoder, decode};
pub use encode::{Unsupported, encode};
pub use event::{Event, StopReason, Usage};
pub use fault::{Blame, Class, Fault, of_binding};
pub use http::{Call, Capabilities, Endpoint, Header, HttpRequest, Key, Wire};
pub use json::{Json, NotJson};
pub use rates::{RateLimits, Window};
pub use reply::{Fold, REPLY_MAX_BYTES, Reply, fold};
pub use request::{
    ChatRequest, Family, Image, Message, Opaque, Output, Part, Role, Source, Tool, ToolCall, ToolChoice, ToolResult,
};
pub use sse::{FRAME_MAX_BYTES, Sse, TooLarge};
