//! DID methods, documents, resolution.
//!
//! The platform's own method is did:webvh 1.0: [`record`] writes its log, [`log`] verifies anyone's. did:web stands
//! beside it as a parallel document; did:key and did:pkh are resolved from their text alone. Randomness and time come
//! in as arguments; nothing here reads or sends anything.

pub mod account;
pub mod card;
pub mod did;
pub mod document;
pub mod error;
pub mod hash;
pub mod jws;
pub mod log;
pub mod method;
pub mod multikey;
pub mod proof;
pub mod record;
pub mod resolution;
pub mod signature;
pub mod siwe;
pub mod subject;
pub mod time;
pub mod webauthn;

pub use did::{Did, DidUrl};
pub use error::Error;
pub use jws::Jws;
pub use multikey::PublicKey;
pub use subject::Subject;
