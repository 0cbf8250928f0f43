//! The rules of the gateway, without I/O: which route a request takes, which target it goes to, when that target counts
//! as ill, how often a request may be tried again, and what a cache may answer.

pub mod balance;
pub mod budget;
pub mod cache;
pub mod health;
pub mod path;
pub mod select;
pub mod table;
