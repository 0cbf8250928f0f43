//! Wallet record, spending policy, sealed shares, operation numbers, the guardian's protocol.
#![forbid(unsafe_code)]
