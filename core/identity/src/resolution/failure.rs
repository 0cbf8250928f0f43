//! Why a resolution failed, as a problem of the W3C's catalogue.

use serde_json::{Value, json};

/// The kinds of failures of DID Resolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The text is not a DID, or not one of its method.
    InvalidDid,
    /// The text is not a DID URL.
    InvalidDidUrl,
    /// The options contradict each other or cannot be read.
    InvalidOptions,
    /// The public key in the DID is not one.
    InvalidPublicKey,
    /// There is no such DID or version.
    NotFound,
    /// No representation fits.
    RepresentationNotSupported,
    /// The method is not known here.
    MethodNotSupported,
    /// The method is known, what is asked for is not.
    FeatureNotSupported,
    /// What was found is not a document of this DID, or its log does not hold.
    InvalidDidDocument,
    /// A fault of ours.
    InternalError,
}

impl Kind {
    /// The name in the catalogue.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidDid => "INVALID_DID",
            Self::InvalidDidUrl => "INVALID_DID_URL",
            Self::InvalidOptions => "INVALID_OPTIONS",
            Self::InvalidPublicKey => "INVALID_PUBLIC_KEY",
            Self::NotFound => "NOT_FOUND",
            Self::RepresentationNotSupported => "REPRESENTATION_NOT_SUPPORTED",
            Self::MethodNotSupported => "METHOD_NOT_SUPPORTED",
            Self::FeatureNotSupported => "FEATURE_NOT_SUPPORTED",
            Self::InvalidDidDocument => "INVALID_DID_DOCUMENT",
            Self::InternalError => "INTERNAL_ERROR",
        }
    }

    /// The HTTP status (DID Resolution, HTTP binding).
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::InvalidDid | Self::InvalidDidUrl | Self::InvalidOptions | Self::InvalidPublicKey => 400,
            Self::NotFound => 404,
            Self::RepresentationNotSupported => 406,
            Self::MethodNotSupported | Self::FeatureNotSupported => 501,
            Self::InvalidDidDocument | Self::InternalError => 500,
        }
    }

    const fn title(self) -> &'static str {
        match self {
            Self::InvalidDid => "The DID is not valid",
            Self::InvalidDidUrl => "The DID URL is not valid",
            Self::InvalidOptions => "The resolution options are not valid",
            Self::InvalidPublicKey => "The public key is not valid",
            Self::NotFound => "The DID document was not found",
            Self::RepresentationNotSupported => "The representation is not supported",
            Self::MethodNotSupported => "The DID method is not supported",
            Self::FeatureNotSupported => "The feature is not supported",
            Self::InvalidDidDocument => "The DID document is not valid",
            Self::InternalError => "The resolution failed",
        }
    }
}

/// A failed resolution.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// Its kind.
    pub kind: Kind,
    /// What happened in this case.
    pub detail: String,
}

impl Failure {
    /// A failure with the detail of this case.
    #[must_use]
    pub fn new(kind: Kind, detail: impl Into<String>) -> Self {
        Self { kind, detail: detail.into() }
    }

    /// The error object of a result (RFC 9457).
    #[must_use]
    pub fn problem(&self) -> Value {
        json!({
            "type": format!("https://www.w3.org/ns/did#{}", self.kind.as_str()),
            "title": self.kind.title(),
            "detail": self.detail,
        })
    }
}
