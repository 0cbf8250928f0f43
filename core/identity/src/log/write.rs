//! Writing entries.

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::entry::{Entry, entry_hash};
use super::{AHEAD_MAX_MS, Head};
use crate::method::webvh::{METHOD, SCID_PLACEHOLDER};
use crate::{Error, hash, proof, time};

/// What an entry shall say.
#[derive(Debug, Clone)]
pub struct Draft {
    /// The parameters that it sets.
    pub parameters: Value,
    /// The document.
    pub state: Value,
}

/// Writes the first entry of a log. Parameters and document carry `{SCID}` where the SCID will stand; method and SCID
/// of the parameters are filled in here.
pub fn create(draft: &Draft, signer: &SigningKey, now_ms: u64) -> Result<(String, Entry), Error> {
    let mut parameters = draft.parameters.clone();
    parameters["method"] = json!(METHOD);
    parameters["scid"] = json!(SCID_PLACEHOLDER);
    let skeleton = json!({
        "versionId": SCID_PLACEHOLDER,
        "versionTime": time::rfc3339(now_ms),
        "parameters": parameters,
        "state": draft.state,
    });
    let text = hash::canonical(&skeleton)?;
    let scid = hash::multihash(text.as_bytes());
    let text = text.replace(SCID_PLACEHOLDER, &scid);
    let unsigned: Value = serde_json::from_str(&text).map_err(|_| Error::Canonical)?;
    finish(None, unsigned, &scid, signer, now_ms)
}

/// Writes the entry after `head`. Its time is now, or one second after the entry before, whichever is later.
pub fn append(head: &Head, draft: &Draft, signer: &SigningKey, now_ms: u64) -> Result<(String, Entry), Error> {
    let time_ms = now_ms.max(head.time_ms + 1_000);
    if time_ms > now_ms + AHEAD_MAX_MS / 2 {
        // Half of what readers allow, so that a reader whose clock is slow still accepts the entry.
        return Err(Error::TooSoon);
    }
    let unsigned = json!({
        "versionId": head.version_id,
        "versionTime": time::rfc3339(time_ms),
        "parameters": draft.parameters,
        "state": draft.state,
    });
    finish(Some(head), unsigned, &head.version_id, signer, now_ms)
}

/// Hashes, signs and judges the entry as any reader will.
fn finish(
    head: Option<&Head>,
    mut entry: Value,
    base: &str,
    signer: &SigningKey,
    now_ms: u64,
) -> Result<(String, Entry), Error> {
    let number = head.map_or(0, |head| head.number) + 1;
    entry["versionId"] = json!(format!("{number}-{}", entry_hash(&entry, base)?));
    let created = entry["versionTime"].as_str().unwrap_or_default().to_owned();
    let proof = proof::sign(&entry, signer, &created)?;
    entry["proof"] = json!([proof]);
    let line = hash::canonical(&entry)?;
    let entry = Entry::verify(head, &line, now_ms)?;
    Ok((line, entry))
}
