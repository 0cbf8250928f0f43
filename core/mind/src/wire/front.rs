//! The other side: requests of our own callers, in `OpenAI`'s words and in ours, and answers to them.

mod chunks;
mod node;
mod own;
mod read;
#[cfg(test)]
mod tests;

pub use chunks::{Chunks, Head, completion, error};
pub use own::write as write_own;
pub use read::{Asked, read, read_own};

/// Something in a request that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct Invalid {
    /// Where it stands: a JSON pointer (RFC 6901) into the body.
    pub pointer: String,
    /// What is wanted there.
    pub detail: String,
}

impl Invalid {
    pub(crate) fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}
