//! Wallet record, spending policy, approvals by people, operations and documents, sealed shares, and what K and G say
//! to each other.

pub mod approval;
pub mod cosign;
pub mod document;
pub mod dry_run;
pub mod guardian;
pub mod operation;
pub mod policy;
pub mod record;
pub mod recovery;
pub mod sealed;

#[cfg(test)]
mod fixture;
