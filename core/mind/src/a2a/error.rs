//! Errors of A2A, as HTTP and JSON say them (sections 5.4 and 11.6).

use serde_json::{Value, json};

/// The version that is spoken, as `Major.Minor`.
pub(super) const VERSION: &str = "1.0";

/// What is wrong with a request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// There is no such task for this caller.
    #[error("there is no such task")]
    TaskNotFound,
    /// The task is over.
    #[error("this task can no longer be cancelled")]
    TaskNotCancelable,
    /// Push notifications are not offered.
    #[error("push notifications are not offered")]
    PushNotificationNotSupported,
    /// What is asked is not offered.
    #[error("{0}")]
    UnsupportedOperation(&'static str),
    /// A part of a message is of a form that is not taken.
    #[error("a message has one part, data, of the form {{\"definition\": …, \"input\": …}}")]
    ContentTypeNotSupported,
    /// The platform answered something else than a task.
    #[error("the platform's answer is no task")]
    InvalidAgentResponse,
    /// Another version is spoken.
    #[error("send the header A2A-Version: 1.0")]
    VersionNotSupported,
    /// A request is wrong: which field, and why.
    #[error("{0}: {1}")]
    Invalid(&'static str, String),
    /// There is no valid credential.
    #[error("send a credential")]
    Unauthenticated,
    /// The caller's credential lacks a scope.
    #[error("this needs the scope {0}")]
    ScopeMissing(&'static str),
    /// There is no such path.
    #[error("there is no such path")]
    NotFound,
    /// The platform refused: its status and its words.
    #[error("{1}")]
    Refused(u16, String),
}

impl Error {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        match self {
            Self::TaskNotFound | Self::NotFound => 404,
            Self::InvalidAgentResponse => 500,
            Self::Unauthenticated => 401,
            Self::ScopeMissing(_) => 403,
            Self::Refused(status, _) => *status,
            _ => 400,
        }
    }

    /// The error's name in the protocol, where it has one.
    const fn reason(&self) -> Option<&'static str> {
        Some(match self {
            Self::TaskNotFound => "TASK_NOT_FOUND",
            Self::TaskNotCancelable => "TASK_NOT_CANCELABLE",
            Self::PushNotificationNotSupported => "PUSH_NOTIFICATION_NOT_SUPPORTED",
            Self::UnsupportedOperation(_) => "UNSUPPORTED_OPERATION",
            Self::ContentTypeNotSupported => "CONTENT_TYPE_NOT_SUPPORTED",
            Self::InvalidAgentResponse => "INVALID_AGENT_RESPONSE",
            Self::VersionNotSupported => "VERSION_NOT_SUPPORTED",
            _ => return None,
        })
    }

    /// The code of `google.rpc.Code` that goes with it.
    const fn code(&self) -> &'static str {
        match self {
            Self::TaskNotFound | Self::NotFound => "NOT_FOUND",
            Self::ContentTypeNotSupported | Self::Invalid(..) => "INVALID_ARGUMENT",
            Self::InvalidAgentResponse => "INTERNAL",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::ScopeMissing(_) => "PERMISSION_DENIED",
            Self::Refused(status, _) => of_status(*status),
            _ => "FAILED_PRECONDITION",
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn json(&self) -> Value {
        let details = match (self.reason(), self) {
            (Some(reason), _) => json!([{
                "@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": reason, "domain": "a2a-protocol.org"
            }]),
            (None, Self::Invalid(field, why)) => json!([{
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [{ "field": field, "description": why }]
            }]),
            _ => json!([]),
        };
        json!({ "error": {
            "code": self.status(), "status": self.code(), "message": self.to_string(), "details": details
        } })
    }
}

const fn of_status(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 | 410 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        400..=499 => "INVALID_ARGUMENT",
        503 => "UNAVAILABLE",
        _ => "INTERNAL",
    }
}
