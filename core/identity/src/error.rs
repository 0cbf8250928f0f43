//! Errors, split by who is to blame.

/// What can go wrong with identities.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// The text is not a DID, or not one of its method.
    #[error("not a DID: {0}")]
    InvalidDid(&'static str),
    /// The text is not a DID URL.
    #[error("not a DID URL: {0}")]
    InvalidDidUrl(&'static str),
    /// The bytes or text are not a public key.
    #[error("not a public key: {0}")]
    InvalidKey(&'static str),
    /// A proof does not hold.
    #[error("the proof does not hold: {0}")]
    Proof(&'static str),
    /// A log that somebody published breaks a rule of its method.
    #[error("log entry {entry}: {rule}")]
    Log {
        /// The number of the entry, from 1.
        entry: u64,
        /// The rule, in words.
        rule: &'static str,
    },
    /// The caller's change of a document breaks a rule.
    #[error("{pointer}: {rule}")]
    Change {
        /// JSON pointer to the faulty value.
        pointer: String,
        /// The rule, in words.
        rule: &'static str,
    },
    /// The caller changes a version that is not the current one.
    #[error("the current version is {current}")]
    VersionConflict {
        /// The current version.
        current: String,
    },
    /// Entries come faster than their times, which count whole seconds, may run ahead of the clock.
    #[error("too many changes at once")]
    TooSoon,
    /// The DID was deactivated; nothing changes it any more.
    #[error("the DID is deactivated")]
    Deactivated,
    /// What is to be signed as an agent's card is none.
    #[error("this is no card of an agent")]
    NoCard,
    /// The seed that came in does not belong to the key that the log expects: a fault of the shell.
    #[error("the update key is not the committed one")]
    KeyNotCommitted,
    /// A value cannot be written as canonical JSON: a fault of ours.
    #[error("a value has no canonical form")]
    Canonical,
}
