//! Wallets.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Problem;
use crate::limits::check_name;

/// A recovery recipient may have this many characters; `age1…` has 62.
pub const RECOVERY_MAX_CHARS: usize = 100;
/// A DID may have this many characters here.
pub const DID_MAX_CHARS: usize = 512;

/// `POST /v1/wallets`
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CreateWallet {
    /// Its name for people, 1 to 64 characters.
    pub label: String,
    /// The DID that it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<String>,
    /// The age recipient (`age1…`) to which each party seals its share, so that you can always leave.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recovery: Option<String>,
}

impl CreateWallet {
    /// Checks what can be checked without the wallet.
    pub fn check(&self) -> Result<(), Problem> {
        check_name("/label", &self.label)?;
        if let Some(did) = &self.identity
            && (!did.starts_with("did:") || did.len() > DID_MAX_CHARS)
        {
            return Err(Problem::invalid("/identity", "a DID"));
        }
        if let Some(recipient) = &self.recovery
            && (!recipient.starts_with("age1") || recipient.len() > RECOVERY_MAX_CHARS)
        {
            return Err(Problem::invalid("/recovery", "an age recipient, age1…"));
        }
        Ok(())
    }
}

/// A wallet.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Wallet {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub label: String,
    /// `creating`, `active` or `failed`.
    pub status: String,
    /// Its address on chain, EIP-55, once its key exists.
    #[serde(default)]
    pub address: Option<String>,
    /// The DID that it belongs to.
    #[serde(default)]
    pub identity: Option<String>,
    /// Its spending policy and everything else that it tells about itself.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: serde_json::Map<String, Value>,
}
