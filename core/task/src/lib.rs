//! The language of tasks, the state machine, retries and the audit chain.
//!
//! Tasks are data: a definition names its steps, and the kernel performs them durably. Nothing here does I/O, reads a
//! clock or draws randomness; a shell gives time in and performs what comes out.

pub mod audit;
pub mod call;
pub mod definition;
pub mod event;
pub mod ids;
pub mod kind;
pub mod machine;
pub mod reference;
pub mod task;
pub mod time;

pub use call::{Call, Outcome};
pub use definition::{Definition, Fault};
pub use machine::{Command, Effect, apply, submit};
pub use task::Task;
