//! What can go wrong, by who is to blame.

use aion_api::problem::{Code, ProblemDocument};

/// The first wait after a transport that failed; it doubles with each attempt.
const TRANSPORT_WAIT_MS: u64 = 250;

/// An error of a call.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server answered a problem.
    #[error("{}: {}", document.code, document.detail)]
    Problem {
        /// The problem document.
        document: Box<ProblemDocument>,
        /// When a retry makes sense, in seconds.
        retry_after_s: Option<u64>,
    },
    /// The request or its answer was lost: whether the server did the work is unknown. Send it again with the same
    /// idempotency key.
    #[error("the server was not reached: {0}")]
    Transport(String),
    /// The answer is not what this version of the client understands.
    #[error("the answer cannot be read: {0}")]
    Unreadable(String),
    /// The request could not be written.
    #[error("the request cannot be written: {0}")]
    Unwritable(String),
    /// What was waited for did not happen in time.
    #[error("{0} did not happen in time")]
    Patience(String),
}

impl Error {
    /// The code of the problem, if the server answered one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Problem { document, .. } => Some(document.code),
            _ => None,
        }
    }

    /// How long to wait before the same request is sent again; `None` if that cannot help.
    pub(crate) fn retry_wait_ms(&self, attempt: u32) -> Option<u64> {
        match self {
            Self::Problem { document, retry_after_s } => {
                let passing = matches!(document.status, 429 | 503) || document.code == Code::RequestRunning;
                passing.then(|| retry_after_s.unwrap_or(1) * 1000)
            }
            Self::Transport(_) => Some(TRANSPORT_WAIT_MS << attempt.min(6)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    #[cfg(target_arch = "wasm32")]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use aion_api::Problem;
    use aion_api::problem::Code;

    use super::Error;

    fn problem(code: Code, retry_after_s: Option<u64>) -> Error {
        Error::Problem { document: Box::new(Problem::new(code, "x").document("http://h", "r")), retry_after_s }
    }

    #[test]
    fn only_what_passes_is_tried_again() {
        assert_eq!(problem(Code::GuardianUnavailable, Some(3)).retry_wait_ms(0), Some(3000));
        assert_eq!(problem(Code::LimitReached, None).retry_wait_ms(0), Some(1000));
        assert_eq!(problem(Code::RequestInvalid, None).retry_wait_ms(0), None);
        assert_eq!(problem(Code::Internal, None).retry_wait_ms(0), None);
        assert_eq!(Error::Transport("x".to_owned()).retry_wait_ms(2), Some(1000));
    }
}
