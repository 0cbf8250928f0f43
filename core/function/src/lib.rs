//! Tenants' functions: WebAssembly modules that an interpreter runs, metered, with nothing but what they are handed.
//!
//! A module exports `handle`, a function without parameters and results, and `memory`. It may import these functions
//! of the module `aion`; nothing else exists for it: no clock, no randomness, no network.
//!
//! | import | grant | what it does |
//! |---|---|---|
//! | `request() -> i32` | | The event as JSON: a request or a step |
//! | `body() -> i32` | | The body of the request; nothing for a step |
//! | `caller() -> i32` | `caller` | `{"tenant","key"}`; `key` is null for a caller without one |
//! | `result(ptr)` | | Copies what the last call gave into memory |
//! | `respond(ptr, len)` | | `{"status":200,"headers":[[name,value]…]}`: the head of the answer |
//! | `write(ptr, len)` | | Appends to the body of the answer; for a step that is its output, JSON |
//! | `pass()` | | The request goes on to the next target |
//! | `log(ptr, len)` | | A line for whoever looks after the function |
//! | `fetch(ptr, len) -> i32` | `fetch` | A [`Fetch`] → `{"status","headers","body"}` |
//! | `resolve(ptr, len) -> i32` | `resolve` | A DID → its resolution result |
//! | `verify(ptr, len) -> i32` | `verify` | `{"did","payload","signature"}` → `{"valid"}` |
//! | `start(ptr, len) -> i32` | `start` | `{"key","definition" or "name","input"}` → `{"id"}` |
//!
//! Whatever gives something returns its length and keeps it for `result`. Bodies, payloads and signatures inside of
//! JSON are base64url without padding. A request that goes on has the headers of `respond` added to it, and what was
//! written, if anything was, as its body.
//!
//! The last four are *asks*. Nobody performs them while the function runs: the run ends with what it needs, whoever
//! called judges and performs it, and runs the function again with the answers so far. A function sees nothing but its
//! input and its answers, so it does the same again up to there. An ask that was not granted to the caller or that
//! failed is answered `{"error":{"code","detail"}}`.

mod bytes;
mod grants;
#[cfg(feature = "run")]
mod host;
pub mod limits;
#[cfg(feature = "run")]
pub mod module;
#[cfg(feature = "run")]
mod run;
mod wire;

pub use bytes::Bytes;
pub use grants::{Grant, Grants};
pub use limits::Limits;
#[cfg(feature = "run")]
pub use module::{Fault, Module, Prepared, check};
#[cfg(feature = "run")]
pub use run::run;
pub use wire::{
    Answer, Ask, Caller, Ended, Event, Failure, FailureKind, Fetch, Fetched, Headers, Input, Outcome, Output, Request,
    Start, Step, Told, Verify,
};
