//! JSON-RPC codec, EIP-1559/7702 encoding, fees, the lane ledger, token operations.
#![forbid(unsafe_code)]
