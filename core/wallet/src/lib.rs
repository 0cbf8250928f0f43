//! Wallet record, spending policy, sealed shares, operation numbers, and what K and G say to each other.

pub mod cosign;
pub mod guardian;
pub mod operation;
pub mod policy;
pub mod record;
pub mod recovery;
pub mod sealed;
