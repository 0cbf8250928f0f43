//! Durable Objects Kernel, Archive, Tenant, Lane and Holders: thin shells over core/task, core/api and core/chain.
//!
//! A shell loads, applies, writes state and outbox in one turn without an `await` between the writes, answers, and
//! performs effects from the alarm.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod archive;
pub mod chain;
pub mod function;
mod holders;
mod kek;
mod kernel;
mod lane;
pub mod mind;
pub mod submit;
mod tenant;
mod transaction;

pub use archive::Archive;
pub use holders::Holders;
pub use kernel::Kernel;
pub use lane::Lane;
pub use tenant::Tenant;
