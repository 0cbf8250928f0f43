//! The protocol A2A 1.0 between agents over HTTP and JSON, without I/O: an agent's card, and its tasks, the kernel's.
//!
//! [`dispatch`] reads one request below an agent's URL and says what follows, as the MCP server does: an answer, or an
//! operation of the platform's own API to perform as the caller. A message carries a definition of a task as data; it
//! begins a task, whose id is the kernel's.
//!
//! Source: <https://a2a-protocol.org> 1.0, sections 3 to 5, 8 and 11.

mod card;
mod error;
mod request;
mod rest;
mod task;
#[cfg(test)]
mod tests;

pub use card::{Card, Signing};
pub use error::Error;
pub use rest::{Facts, Outcome, Pending, dispatch};
