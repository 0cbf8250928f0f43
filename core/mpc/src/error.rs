//! Errors, by who is to blame and what has to follow.

use dkls23::protocols::{Abort, AbortKind};

/// Why a protocol run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MpcError {
    /// The run failed; a fresh one with a fresh session may succeed. It names its place and nothing of the state.
    #[error("the protocol run failed at {0} and can be started again")]
    Recoverable(&'static str),
    /// The peer cheated in a way that leaks reusable state: it must be banned for good, in the same transaction.
    #[error("the peer cheated and must never be talked to again")]
    Ban,
    /// A message is not one of the peer in this session: it is dropped, and nothing is held against anybody.
    #[error("the message is not one of this session")]
    Malformed,
}

impl MpcError {
    pub(crate) fn of(abort: &Abort, place: &'static str) -> Self {
        match abort.kind {
            AbortKind::BanCounterparty(_) => Self::Ban,
            AbortKind::Recoverable => Self::Recoverable(place),
        }
    }
}
