//! AION-MIND: a mind proposes, the kernel disposes. Nothing here does I/O, reads a clock or draws a random number.

pub mod a2a;
pub mod agent;
pub mod approval;
pub mod budget;
pub mod cache;
pub mod inquiry;
pub mod mcp;
pub mod models;
pub mod plan;
pub mod replay;
pub mod subset;
pub mod wire;
