//! The language of tasks, the state machine, retries, schedules and the audit chain.
//!
//! Tasks are data: a definition names its steps, and the kernel performs them durably. Nothing here does I/O, reads a
//! clock or draws randomness; a shell gives time in and performs what comes out.

pub mod audit;
pub mod call;
pub mod definition;
pub mod event;
pub mod expression;
pub mod ids;
pub mod kind;
pub mod machine;
pub mod quota;
pub mod schedule;
pub mod schema;
pub mod task;
pub mod time;
pub mod turn;

pub use call::{Call, Outcome};
pub use definition::{Definition, Fault};
pub use machine::{Command, Effect};
pub use task::Task;
pub use turn::Turn;
