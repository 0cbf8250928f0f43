//! What the end-to-end tests share: the running platform, its control endpoint and a tenant of one's own.
//!
//! The tests run as wasm in Node and talk to real workerd, a real chain and a real guardian over HTTP. What a test in
//! wasm cannot do itself (kill a process, refuse the chain) it asks of the harness at its control endpoint.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a test that cannot go on has failed"
)]

#[cfg(target_arch = "wasm32")]
mod account;
#[cfg(target_arch = "wasm32")]
mod approver;
#[cfg(target_arch = "wasm32")]
mod authenticator;
#[cfg(target_arch = "wasm32")]
mod control;
#[cfg(target_arch = "wasm32")]
pub mod planner;
#[cfg(target_arch = "wasm32")]
mod world;

#[cfg(target_arch = "wasm32")]
pub use account::Account;
#[cfg(target_arch = "wasm32")]
pub use approver::Approver;
#[cfg(target_arch = "wasm32")]
pub use authenticator::{Authenticator, proof};
#[cfg(target_arch = "wasm32")]
pub use control::{Control, Sql, on_demand};
#[cfg(target_arch = "wasm32")]
pub use world::{World, fresh, json_post, launch, launched, sleep_ms};
