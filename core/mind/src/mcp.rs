//! The Model Context Protocol for other agents, as a server over HTTP and without I/O.
//!
//! [`dispatch`] reads one POST and says what follows: an answer, an operation of the platform's own API to perform as
//! the caller ([`Outcome::Ask`], whose reply comes back through [`Pending::settle`]), or a stream. Both revisions that
//! are in use are spoken: 2026-07-28, where every request carries its version and its client's capabilities, and
//! 2025-11-25, which begins by `initialize` and needs no session here. No tool signs a hash, exports a key or approves
//! anything: who has to consent is sent to the console by a URL.
//!
//! Sources: <https://modelcontextprotocol.io/specification/2026-07-28> and `…/2025-11-25`; RFC 9728 for [`auth`].

mod ask;
pub mod auth;
#[cfg(feature = "conformance")]
pub mod conformance;
mod cursor;
mod dispatch;
mod http;
mod parameter;
mod platform;
mod prompts;
mod resources;
mod result;
mod rpc;
mod strict;
mod surface;
#[cfg(test)]
mod tests;
mod tool;
mod tools;

pub(crate) use ask::path as segments;
pub use ask::{Operation, Reply};
pub use dispatch::{Answer, ClientRequest, Outcome, Pending, Server, dispatch};
pub use http::{BODY_MAX_BYTES, Facts, Version};
pub use platform::Platform;
pub use rpc::{Fault, Id};
pub(crate) use strict::parse as strictly;
pub use surface::{Call, Identity, List, Step, Surface};
