//! Durable Objects Identity and Wallet: thin shells over core/identity, core/wallet and core/mpc (party K).
//!
//! A shell loads, applies, writes state and outbox in one turn without an `await` between the writes, answers, and
//! performs effects from the alarm.

#![allow(missing_docs, reason = "the macro of the platform makes public items without docs; tidy looks for ours")]

mod config;
mod identity;
mod wallet;

pub use identity::Identity;
pub use wallet::Wallet;
