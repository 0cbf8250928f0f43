//! JSON-RPC codec, transaction encoding, fees, the ledger of a lane, operations, token actions, holders and documents.

pub mod action;
pub mod address;
pub mod contracts;
pub mod decimal;
pub mod document;
pub mod fees;
pub mod holders;
pub mod lane_key;
pub mod ledger;
pub mod message;
pub mod operation;
pub mod revert;
pub mod rpc;
pub mod tx;
