//! The language of tasks, the state machine, retries, the audit chain.
#![forbid(unsafe_code)]
