//! Signing in: a challenge, its signature, and the key that a session has.

use serde::{Deserialize, Serialize};

use super::passkeys::Credential;

/// `POST /v1/sessions:challenge`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateChallenge {
    /// The id of the tenant.
    pub tenant: String,
    /// Who signs in: did:key of Ed25519 or secp256k1, did:web or did:webvh of this deployment, or an Ethereum account
    /// as did:pkh:eip155.
    pub did: String,
}

/// What is signed to sign in. Whether there is such a tenant or member, it does not say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Challenge {
    /// The text: EIP-4361 for an account, the same after CAIP-122 for other DIDs.
    pub message: String,
    /// Until when it counts, RFC 3339. It counts once.
    pub expires_at: String,
}

/// `POST /v1/sessions` and `POST /v1/sessions:passkey`: either `message` and `signature`, or `proof`.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct OpenSession {
    /// The challenge as it came, for an account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Its signature by `personal_sign` (EIP-191): `0x` and 65 bytes in hex. A contract's (EIP-1271) is not taken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
    /// A compact JWS by an authentication key of the DID, whose payload is the challenge: `EdDSA` or `ES256K`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof: Option<String>,
    /// What one of the member's passkeys has answered to `POST /v1/sessions:passkey`, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passkey: Option<Credential>,
}
