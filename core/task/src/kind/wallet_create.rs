//! `wallet.create`: creates a threshold wallet. Output: `wallet` (its id) and `address`. The documents that it may sign
//! and the people whose signatures it needs are named here and pinned with its key.

use aion_wallet::approval::{Rule, check_rule};
use aion_wallet::document::{self, check_rules};
use serde::Deserialize;
use serde_json::Value;

use super::value;
use crate::call::Call;
use crate::definition::Fault;

pub(super) const FIELDS: (&[&str], &[&str]) = (&["label"], &["identity", "recovery", "documents", "approval"]);
const LABEL_MAX_CHARS: usize = 64;
const RECOVERY_MAX_CHARS: usize = 100;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Input {
    label: String,
    #[serde(default)]
    identity: Option<String>,
    #[serde(default)]
    recovery: Option<String>,
    #[serde(default)]
    documents: Vec<document::Rule>,
    #[serde(default)]
    approval: Option<Rule>,
}

pub(super) fn start(with: &Value) -> Result<Call, Fault> {
    let Input { label, identity, recovery, documents, approval } = super::read(with)?;
    value::text("/label", &label, LABEL_MAX_CHARS)?;
    if let Some(did) = &identity {
        value::did("/identity", did)?;
    }
    if recovery.as_ref().is_some_and(|text| !text.starts_with("age1") || text.len() > RECOVERY_MAX_CHARS) {
        return Err(Fault::new("/recovery", "an age recipient, age1…"));
    }
    check_rules(&documents).map_err(|fault| Fault::new(format!("/documents{}", fault.pointer), fault.reason))?;
    if let Some(rule) = &approval {
        check_rule(rule).map_err(|fault| Fault::new(format!("/approval{}", fault.pointer), fault.reason))?;
    }
    Ok(Call::WalletCreate { label, identity, recovery, documents, approval })
}
