//! Passkeys of members: what they are asked for and what they answer is the JSON of Web Authentication Level 3, so that
//! `parseCreationOptionsFromJSON`, `parseRequestOptionsFromJSON` and `toJSON` of a browser read and write it
//! (section 5.1). Bytes are base64url without padding.

use serde::{Deserialize, Serialize};

/// A passkey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Passkey {
    /// The credential's id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// The did:key of its key, by which it approves (`wait.approval`, a wallet's `approval`, the approvers of plans);
    /// absent where it signs by RS256, and approves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub did: Option<String>,
    /// When it was added, RFC 3339.
    pub added_at: String,
}

/// What a browser makes a passkey by: `PublicKeyCredentialCreationOptionsJSON`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreationOptions {
    /// Who asks.
    pub rp: Entity,
    /// For whom it is made.
    pub user: Entity,
    /// What counts once, and for five minutes.
    pub challenge: String,
    /// The signatures that are understood: ES256 and RS256.
    pub pub_key_cred_params: Vec<Parameters>,
    /// How long the browser may take, milliseconds.
    pub timeout: u64,
    /// The passkeys that the member has: no authenticator gets a second one.
    pub exclude_credentials: Vec<Descriptor>,
    /// How the authenticator has to be.
    pub authenticator_selection: Selection,
    /// `none`: nobody asks who has made the authenticator.
    pub attestation: String,
}

/// A relying party or a user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Entity {
    /// The host of the relying party, or bytes of the user's that say nothing to others.
    pub id: String,
    /// Its name, for people.
    pub name: String,
    /// The user's name as authenticators show it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub display_name: Option<String>,
}

/// A kind of signature: `PublicKeyCredentialParameters`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Parameters {
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The number of COSE (RFC 9053): -7 is ES256, -257 is RS256.
    pub alg: i32,
}

/// A passkey by its id: `PublicKeyCredentialDescriptorJSON`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Descriptor {
    /// `public-key`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The credential's id.
    pub id: String,
}

/// What an authenticator has to do: `AuthenticatorSelectionCriteria`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Selection {
    /// `preferred`: a security key without room for it may keep the credential outside.
    pub resident_key: String,
    /// `required`: by a PIN or by the body.
    pub user_verification: String,
}

/// What a passkey signs by: `PublicKeyCredentialRequestOptionsJSON`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RequestOptions {
    /// SHA-256 of the challenge that was signed first: both signatures are for one thing.
    pub challenge: String,
    /// How long the browser may take, milliseconds.
    pub timeout: u64,
    /// The host of the relying party.
    pub rp_id: String,
    /// The member's passkeys.
    pub allow_credentials: Vec<Descriptor>,
    /// `required`: by a PIN or by the body.
    pub user_verification: String,
}

/// `POST /v1/session/passkeys`
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AddPasskey {
    /// Its name for people, 1 to 64 characters.
    pub name: String,
    /// What the browser has made.
    pub credential: Credential,
}

/// What a browser says of a credential that was made or has signed: `RegistrationResponseJSON` or
/// `AuthenticationResponseJSON`. What else it says does not count.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Credential {
    /// Its id.
    pub id: String,
    /// What browser and authenticator have said.
    pub response: AuthenticatorResponse,
}

/// `AuthenticatorAttestationResponseJSON` or `AuthenticatorAssertionResponseJSON`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthenticatorResponse {
    /// The browser's part.
    #[serde(rename = "clientDataJSON")]
    pub client_data: String,
    /// The authenticator's part; of a credential that was made, with that.
    pub authenticator_data: String,
    /// The signature over both, of one that has signed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<String>,
}
