//! Witnesses: who has to approve entries, and the file of their proofs.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::Verified;
use crate::{Error, PublicKey, proof};

/// Who has to approve, and how many of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Witnesses {
    /// How many distinct witnesses are enough.
    pub threshold: usize,
    /// The witnesses.
    pub witnesses: Vec<Witness>,
}

/// One witness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Witness {
    /// Its did:key; some implementations write the bare key, which names the same one.
    pub id: String,
}

impl Witness {
    fn key(&self) -> Option<PublicKey> {
        let text = self.id.strip_prefix("did:key:").unwrap_or(&self.id);
        PublicKey::decode(text).ok().filter(|key| matches!(key, PublicKey::Ed25519(_)))
    }
}

impl Witnesses {
    /// Reads the parameter; an empty object means that there are none.
    pub(super) fn read(value: &Value) -> Result<Option<Self>, &'static str> {
        if value.as_object().is_some_and(serde_json::Map::is_empty) {
            return Ok(None);
        }
        let witnesses: Self =
            serde_json::from_value(value.clone()).map_err(|_| "the witness parameter is malformed")?;
        let keys = witnesses.keys().ok_or("a witness is not an Ed25519 did:key")?;
        if keys.len() != witnesses.witnesses.len() {
            return Err("a witness is named twice");
        }
        if witnesses.threshold < 1 || witnesses.threshold > keys.len() {
            return Err("the witness threshold cannot be met or is zero");
        }
        Ok(Some(witnesses))
    }

    fn keys(&self) -> Option<BTreeSet<String>> {
        self.witnesses.iter().map(|witness| witness.key().map(|key| key.encode())).collect()
    }
}

/// One line of `did-witness.json`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Approval {
    version_id: String,
    proof: Vec<Value>,
}

/// Verifies that every entry of the log has the approvals it needs. Approving an entry approves all before it.
/// Approvals of entries that the log does not have yet, and such that do not hold, do not count.
pub fn verify_witnesses(log: &Verified, did_witness_json: Option<&str>) -> Result<(), Error> {
    let needed: Vec<(u64, &Witnesses)> =
        log.entries().iter().filter_map(|entry| Some((entry.head.number, entry.witness.as_ref()?))).collect();
    if needed.is_empty() {
        return Ok(());
    }
    let approvals: Vec<Approval> = did_witness_json
        .and_then(|text| serde_json::from_str(text).ok())
        .ok_or(Error::Log { entry: needed[0].0, rule: "the witness proofs are missing or malformed" })?;
    let numbers: BTreeMap<&str, u64> =
        log.entries().iter().map(|entry| (entry.head.version_id.as_str(), entry.head.number)).collect();
    // For each witness, the latest entry that it approved.
    let mut approved: BTreeMap<String, u64> = BTreeMap::new();
    for approval in &approvals {
        let Some(&number) = numbers.get(approval.version_id.as_str()) else {
            continue;
        };
        let document = json!({ "versionId": approval.version_id });
        for key in approval.proof.iter().filter_map(|proof| proof::verify(&document, proof).ok()) {
            let latest = approved.entry(key.encode()).or_default();
            *latest = number.max(*latest);
        }
    }
    for (number, witnesses) in needed {
        let keys = witnesses.keys().unwrap_or_default();
        let count = keys.iter().filter(|key| approved.get(*key).is_some_and(|&latest| latest >= number)).count();
        if count < witnesses.threshold {
            return Err(Error::Log { entry: number, rule: "too few witnesses approved it" });
        }
    }
    Ok(())
}
