//! The HTTP contract of AION-Ω: requests, responses, problems, credentials and scopes, object addresses, OpenAPI.
//!
//! Everything here is data and pure rules. The edge serves it, the client calls it, the Durable Objects speak it
//! among themselves ([`object`]).

pub mod address;
pub mod callback;
pub mod cursor;
pub mod health;
pub mod idempotency;
pub mod key;
pub mod limits;
pub mod metrics;
pub mod object;
#[cfg(feature = "openapi")]
pub mod openapi;
pub mod operations;
pub mod passkey;
pub mod problem;
pub mod scope;
pub mod secret;
pub mod session;
pub mod shards;
pub mod trace;
pub mod v1;
pub mod vault;
pub mod webhook;

pub use address::Address;
pub use aion_identity::webauthn;
pub use aion_task::schema::definition as definition_schema;
pub use aion_task::{audit, ids, quota, time};
pub use problem::{Code, Problem};
pub use scope::Scope;
pub use secret::Secret;
