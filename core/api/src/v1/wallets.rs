//! Wallets.

use aion_wallet::approval::{self, check_rule};
use aion_wallet::document::{self, check_rules};
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
    /// The documents (EIP-712) that it may sign, by contract and type: pinned with its key, in both parties.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<SignableDocuments>))]
    pub documents: Vec<document::Rule>,
    /// What needs the signatures of people, whom the guardian asks for too: pinned with its key, in both parties.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<ApprovalRule>))]
    pub approval: Option<approval::Rule>,
}

/// The people whose signatures a wallet needs: for every creation, and for what a token moves in a day beyond the free
/// units.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
#[schema(rename_all = "camelCase")]
pub struct ApprovalRule {
    /// Who may sign, 1 to 20: did:key of Ed25519, or of P-256 for a passkey.
    pub by: Vec<String>,
    /// How many of them have to.
    pub count: usize,
    /// Base units of each token, decimal, that may be minted, moved or burnt a day without anybody's approval; absent
    /// is none. An ERC-721 token counts as one.
    #[schema(required = false)]
    pub free_units_per_token_and_day: String,
    /// The host whose passkeys the P-256 keys of `by` are, without a port; with such keys alone.
    #[schema(required = false)]
    pub relying_party: String,
}

/// The documents of one contract that a wallet may sign.
#[cfg(feature = "openapi")]
#[derive(utoipa::ToSchema)]
pub struct SignableDocuments {
    /// The contract: the domain's `verifyingContract`.
    pub contract: String,
    /// The types of its messages: `primaryType`.
    pub types: Vec<String>,
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
        check_rules(&self.documents)
            .map_err(|fault| Problem::invalid(format!("/documents{}", fault.pointer), fault.reason))?;
        self.approval
            .as_ref()
            .map_or(Ok(()), check_rule)
            .map_err(|fault| Problem::invalid(format!("/approval{}", fault.pointer), fault.reason))
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
    /// Its spending policy (`policy`), what is used of it on this day of UTC (`usedToday`; in no list) and everything
    /// else that it tells about itself.
    #[serde(flatten)]
    #[cfg_attr(feature = "openapi", schema(value_type = Object))]
    pub more: serde_json::Map<String, Value>,
}
