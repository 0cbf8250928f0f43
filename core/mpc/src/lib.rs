//! Threshold ECDSA: rounds, messages, shares.
#![forbid(unsafe_code)]
