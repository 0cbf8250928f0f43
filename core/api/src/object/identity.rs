//! The Identity object: one DID.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::idempotency::Idempotency;

/// What an Identity object is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Request {
    /// Creates the identity at this object's path. Idempotent by its key.
    Create {
        /// The caller's key; a step's is `task/step`.
        idempotency: Idempotency,
    },
    /// Changes the document: a new entry of the log.
    Update {
        /// The version that the caller read (`If-Match`).
        if_match: String,
        /// What to change.
        change: Change,
        /// The key of the step that changes it: the same one changes it once.
        key: Option<String>,
    },
    /// The identity's public view, for its tenant.
    Read,
    /// A file of the DID, for everyone.
    File {
        /// Which one.
        file: File,
    },
    /// Resolution, for everyone.
    Resolve {
        /// The whole DID that was asked for, without query.
        did: String,
        /// `versionId`.
        version_id: Option<String>,
        /// `versionTime`, RFC 3339.
        version_time: Option<String>,
        /// `versionNumber`.
        version_number: Option<u64>,
    },
    /// Signs an agent's card with the key `#auth`.
    SignCard {
        /// The DID.
        did: String,
        /// The card's canonical form.
        payload: String,
    },
    /// How it is.
    Health,
}

/// A change of a document; what is absent stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Change {
    /// Replaces the services that the controller has set; each has `id` (a fragment), `type` and `serviceEndpoint`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<Vec<Object>>))]
    pub services: Option<Vec<Value>>,
    /// Replaces the further names, all of them URIs; the platform's own stay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also_known_as: Option<Vec<String>>,
}

/// The files of a hosted DID.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum File {
    /// `did.jsonl`, the log.
    Log,
    /// `did.json`, the parallel did:web document.
    WebDocument,
}

/// What an Identity object answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Reply {
    /// An identity.
    Identity {
        /// Its public view: `id`, `did`, `kind`, `versionId`, `createdAt`, `updatedAt`, `document`.
        identity: Value,
        /// The version, for the ETag.
        version_id: String,
        /// Whether this is the answer to a request that came before.
        replayed: bool,
    },
    /// A file, byte for byte.
    File {
        /// Its text.
        text: String,
        /// The version, for the ETag.
        version_id: String,
    },
    /// A resolution result (DID Resolution): `didDocument`, `didDocumentMetadata`, `didResolutionMetadata`, good or
    /// bad.
    Resolution {
        /// The HTTP status of the result.
        status: u16,
        /// The result.
        result: Value,
        /// The version, for the ETag, if there is a document.
        version_id: Option<String>,
    },
    /// A signature, hex.
    Signed {
        /// The algorithm (RFC 8037).
        algorithm: String,
        /// The DID URL of the key.
        key_id: String,
        /// 64 bytes.
        signature: String,
    },
    /// It works.
    Healthy,
}

impl super::Request for Request {
    type Reply = Reply;
}
