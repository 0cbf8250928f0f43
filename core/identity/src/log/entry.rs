//! One entry of a log and the rules that it has to hold.

use serde::Deserialize;
use serde_json::{Value, json};

use super::parameters::Parameters;
use super::witness::Witnesses;
use super::{AHEAD_MAX_MS, Head};
use crate::method::webvh::{Name, SCID_PLACEHOLDER};
use crate::{Did, Error, hash, proof, time};

/// An entry that holds.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What it leaves behind for the next one.
    pub head: Head,
    /// The DID document.
    pub state: Value,
    /// Who has to witness it.
    pub witness: Option<Witnesses>,
}

/// An entry as it is written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line {
    version_id: String,
    version_time: String,
    parameters: Value,
    state: Value,
    proof: Vec<Value>,
}

impl Entry {
    /// Judges one line of a log by what stands before it.
    pub fn verify(previous: Option<&Head>, line: &str, now_ms: u64) -> Result<Self, Error> {
        let number = previous.map_or(0, |head| head.number) + 1;
        let broken = |rule| Error::Log { entry: number, rule };
        let value: Value = serde_json::from_str(line).map_err(|_| broken("it is not JSON"))?;
        let line = Line::deserialize(&value).map_err(|_| broken("it is not a log entry"))?;
        let hash = version_hash(&line.version_id, number).ok_or_else(|| broken("the version id is out of order"))?;
        let time_ms = time::parse(&line.version_time).ok_or_else(|| broken("the time is not RFC 3339"))?;
        if time_ms > now_ms.saturating_add(AHEAD_MAX_MS) {
            return Err(broken("the time lies in the future"));
        }
        let parameters = match previous {
            None => Parameters::first(&line.parameters),
            Some(head) if head.parameters.deactivated => Err("the DID was deactivated before"),
            Some(head) if time_ms <= head.time_ms => Err("the time does not grow"),
            Some(head) => head.parameters.next(&line.parameters),
        }
        .map_err(broken)?;
        let mut unsigned = value;
        if let Some(members) = unsigned.as_object_mut() {
            members.remove("proof");
        }
        let base = previous.map_or(parameters.scid.as_str(), |head| head.version_id.as_str());
        if entry_hash(&unsigned, base)? != hash {
            return Err(broken("the entry hash is wrong"));
        }
        let scid_holds =
            || Ok(hash::is_multihash(&parameters.scid) && scid(&unsigned, &parameters.scid)? == parameters.scid);
        if previous.is_none() && !scid_holds()? {
            return Err(broken("the SCID is wrong"));
        }
        // Under pre-rotation the keys of this very entry sign it: they were committed to before.
        let signers = previous.filter(|head| !head.parameters.is_pre_rotating()).map(|head| &head.parameters);
        check_proofs(&unsigned, &line.proof, &signers.unwrap_or(&parameters).update_keys).map_err(broken)?;
        let did = check_state(&line.state, previous, &parameters).map_err(broken)?;
        let witness = previous.and_then(|head| head.parameters.witness.clone()).or_else(|| parameters.witness.clone());
        Ok(Self {
            head: Head { number, version_id: line.version_id, time_ms, did, parameters },
            state: line.state,
            witness,
        })
    }
}

/// The hash in `number-hash`, if the number is this one in its only decimal form.
fn version_hash(version_id: &str, number: u64) -> Option<&str> {
    let (before, hash) = version_id.split_once('-')?;
    (before == number.to_string() && hash::is_multihash(hash)).then_some(hash)
}

/// The hash of an entry without proofs: over its canonical form with the version id of the entry before it.
pub(super) fn entry_hash(unsigned: &Value, base: &str) -> Result<String, Error> {
    let mut entry = unsigned.clone();
    entry["versionId"] = json!(base);
    Ok(hash::multihash(hash::canonical(&entry)?.as_bytes()))
}

/// The SCID of a first entry: the hash over its form before the SCID was known.
fn scid(unsigned: &Value, scid: &str) -> Result<String, Error> {
    let mut entry = unsigned.clone();
    entry["versionId"] = json!(SCID_PLACEHOLDER);
    let text = hash::canonical(&entry)?.replace(scid, SCID_PLACEHOLDER);
    let entry: Value = serde_json::from_str(&text).map_err(|_| Error::Canonical)?;
    Ok(hash::multihash(hash::canonical(&entry)?.as_bytes()))
}

/// Every proof must hold and be made by an authorised key; there is at least one.
fn check_proofs(unsigned: &Value, proofs: &[Value], update_keys: &[String]) -> Result<(), &'static str> {
    if proofs.is_empty() {
        return Err("it has no proof");
    }
    for proof in proofs {
        let key = proof::verify(unsigned, proof).map_err(|_| "a proof does not hold")?;
        if !update_keys.contains(&key.encode()) {
            return Err("a proof is by a key that is not authorised");
        }
    }
    Ok(())
}

fn check_state(state: &Value, previous: Option<&Head>, parameters: &Parameters) -> Result<Did, &'static str> {
    let id = state["id"].as_str().ok_or("the document has no id")?;
    let did = Did::parse(id).map_err(|_| "the id of the document is not a DID")?;
    let name = Name::parse(&did).map_err(|_| "the id of the document is not a did:webvh")?;
    if name.scid != parameters.scid {
        return Err("the document has another SCID");
    }
    let Some(before) = previous.map(|head| &head.did).filter(|before| **before != did) else {
        return Ok(did);
    };
    if !parameters.portable {
        return Err("the DID moves but is not portable");
    }
    let names = state["alsoKnownAs"].as_array();
    if names.is_some_and(|names| names.iter().any(|name| name == before.as_str())) {
        Ok(did)
    } else {
        Err("the document of a moved DID does not name the place before")
    }
}
