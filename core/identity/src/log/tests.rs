//! Attacks on logs: each breaks one rule and is refused for it.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use ed25519_dalek::SigningKey;
use serde_json::{Value, json};

use super::{Draft, Head, append, create, verify, verify_witnesses};
use crate::method::key;
use crate::{Error, PublicKey, hash, proof};

const NOW_MS: u64 = 1_795_478_400_000;

fn signer(byte: u8) -> SigningKey {
    SigningKey::from_bytes(&[byte; 32])
}

fn multikey(byte: u8) -> String {
    PublicKey::Ed25519(signer(byte).verifying_key().to_bytes()).encode()
}

fn commitment(byte: u8) -> String {
    hash::commitment(&multikey(byte))
}

fn first(parameters: Value) -> (String, Head) {
    let state = json!({ "id": "did:webvh:{SCID}:a.example" });
    let (line, entry) = create(&Draft { parameters, state }, &signer(1), NOW_MS).unwrap();
    (line, entry.head)
}

/// Writes an entry after `head`, whatever rule it breaks.
fn forge(head: &Head, parameters: &Value, state: &Value, key: u8, change: impl Fn(&mut Value)) -> String {
    let time = crate::time::rfc3339(head.time_ms + 1_000);
    let mut entry = json!({
        "versionId": head.version_id, "versionTime": time, "parameters": parameters, "state": state,
    });
    change(&mut entry);
    let hash = super::entry::entry_hash(&entry, &head.version_id).unwrap();
    entry["versionId"] = json!(format!("{}-{hash}", head.number + 1));
    entry["proof"] = json!([proof::sign(&entry, &signer(key), &time).unwrap()]);
    entry.to_string()
}

fn rule(log: &[&str]) -> &'static str {
    match verify(&log.join("\n"), NOW_MS) {
        Err(Error::Log { rule, .. }) => rule,
        Err(_) => "another error",
        Ok(_) => "holds",
    }
}

#[test]
fn an_honest_second_entry_holds() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)] }));
    let second = forge(&head, &json!({}), &json!({ "id": head.did.as_str() }), 1, |_| ());
    assert_eq!(rule(&[&line, &second]), "holds");
    assert_eq!(rule(&[&line, "", &second, ""]), "holds");
}

#[test]
fn forged_entries_are_refused() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)] }));
    let state = json!({ "id": head.did.as_str() });
    let second = |parameters: Value, key: u8| forge(&head, &parameters, &state, key, |_| ());
    let timed = |time: String| forge(&head, &json!({}), &state, 1, |entry| entry["versionTime"] = json!(time));
    let late = crate::time::rfc3339(NOW_MS + super::AHEAD_MAX_MS + 1_000);
    for (entry, expected) in [
        (second(json!({}), 2), "a proof is by a key that is not authorised"),
        (second(json!({ "updateKeys": [multikey(2)] }), 2), "a proof is by a key that is not authorised"),
        (second(json!({ "portable": true }), 1), "portability is switched on after the first entry"),
        (second(json!({ "method": "did:webvh:2.0" }), 1), "the method is not did:webvh:1.0"),
        (second(json!({ "scid": head.parameters.scid }), 1), "the SCID is named after the first entry"),
        (second(json!({ "ttl": 1_u64 << 32 }), 1), "the ttl is too long"),
        (second(json!({ "unknown": 1 }), 1), "the parameters are malformed or unknown"),
        (second(json!({ "updateKeys": ["x"] }), 1), "an update key is not an Ed25519 key"),
        (second(json!({ "nextKeyHashes": ["x"] }), 1), "a hash of a next key is not a SHA-256 multihash"),
        (timed(crate::time::rfc3339(NOW_MS)), "the time does not grow"),
        (timed(late), "the time lies in the future"),
        (timed("now".into()), "the time is not RFC 3339"),
        ("{".into(), "it is not JSON"),
        ("{}".into(), "it is not a log entry"),
        (line.clone(), "the version id is out of order"),
    ] {
        assert_eq!(rule(&[&line, &entry]), expected, "{entry}");
    }
}

#[test]
fn changed_bytes_are_found() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)] }));
    let second = forge(&head, &json!({}), &json!({ "id": head.did.as_str(), "x": "y" }), 1, |_| ());
    assert_eq!(rule(&[&line, &second.replace("\"y\"", "\"z\"")]), "the entry hash is wrong");
    let mut unproved: Value = serde_json::from_str(&second).unwrap();
    unproved["proof"] = json!([]);
    assert_eq!(rule(&[&line, &unproved.to_string()]), "it has no proof");
    assert_eq!(rule(&[&second]), "the version id is out of order");
    assert_eq!(rule(&[]), "the log is empty");
}

#[test]
fn an_scid_that_is_not_the_hash_is_refused() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)] }));
    let other = hash::multihash(b"another");
    let mut entry: Value = serde_json::from_str(&line.replace(&head.parameters.scid, &other)).unwrap();
    entry.as_object_mut().unwrap().remove("proof");
    let hash = super::entry::entry_hash(&entry, &other).unwrap();
    entry["versionId"] = json!(format!("1-{hash}"));
    entry["proof"] = json!([proof::sign(&entry, &signer(1), "2026-01-01T00:00:00Z").unwrap()]);
    assert_eq!(rule(&[&entry.to_string()]), "the SCID is wrong");
}

#[test]
fn pre_rotation_binds_the_next_keys() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)], "nextKeyHashes": [commitment(2)] }));
    let second = |parameters: Value, key: u8| {
        let entry = forge(&head, &parameters, &json!({ "id": head.did.as_str() }), key, |_| ());
        rule(&[&line, &entry])
    };
    let explicit = "under pre-rotation, updateKeys and nextKeyHashes are explicit";
    let next = json!([commitment(3)]);
    assert_eq!(second(json!({ "updateKeys": [multikey(2)], "nextKeyHashes": next }), 2), "holds");
    assert_eq!(second(json!({ "updateKeys": [multikey(2)], "nextKeyHashes": [] }), 2), "holds");
    assert_eq!(second(json!({}), 1), explicit);
    assert_eq!(second(json!({ "updateKeys": [multikey(2)] }), 2), explicit);
    let uncommitted = json!({ "updateKeys": [multikey(9)], "nextKeyHashes": next });
    assert_eq!(second(uncommitted, 9), "an update key was not committed to before");
    let stolen = json!({ "updateKeys": [multikey(2)], "nextKeyHashes": next });
    assert_eq!(second(stolen, 1), "a proof is by a key that is not authorised");
    let ended = json!({ "updateKeys": [], "nextKeyHashes": [], "deactivated": true });
    assert_eq!(second(ended, 1), "a proof is by a key that is not authorised");
}

#[test]
fn moves_want_portability_and_the_old_name() {
    for (portable, names, expected) in [
        (true, true, "holds"),
        (true, false, "the document of a moved DID does not name the place before"),
        (false, true, "the DID moves but is not portable"),
    ] {
        let (line, head) = first(json!({ "updateKeys": [multikey(1)], "portable": portable }));
        let mut state = json!({ "id": head.did.as_str().replace("a.example", "b.example") });
        if names {
            state["alsoKnownAs"] = json!([head.did.as_str()]);
        }
        assert_eq!(rule(&[&line, &forge(&head, &json!({}), &state, 1, |_| ())]), expected);
    }
}

#[test]
fn the_document_keeps_its_scid() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)], "portable": true }));
    let other = head.did.as_str().replace(&head.parameters.scid, &hash::multihash(b"x"));
    let state = json!({ "id": other, "alsoKnownAs": [head.did.as_str()] });
    assert_eq!(rule(&[&line, &forge(&head, &json!({}), &state, 1, |_| ())]), "the document has another SCID");
}

#[test]
fn nothing_follows_a_deactivation() {
    let (line, head) = first(json!({ "updateKeys": [multikey(1)] }));
    let state = json!({ "id": head.did.as_str() });
    let draft = Draft { parameters: json!({ "deactivated": true }), state: state.clone() };
    let (ended, entry) = append(&head, &draft, &signer(1), NOW_MS).unwrap();
    let third = forge(&entry.head, &json!({ "deactivated": false }), &state, 1, |_| ());
    assert_eq!(rule(&[&line, &ended, &third]), "the DID was deactivated before");
}

#[test]
fn witnesses_have_to_approve() {
    let witness = |byte: u8| json!({ "id": format!("did:key:{}", multikey(byte)) });
    let parameters = |threshold: u8, witnesses: Value| {
        let witness = json!({ "threshold": threshold, "witnesses": witnesses });
        json!({ "updateKeys": [multikey(1)], "witness": witness })
    };
    let (line, head) = first(parameters(2, json!([witness(10), witness(11), witness(12)])));
    let log = verify(&line, NOW_MS).unwrap();
    let document = json!({ "versionId": head.version_id });
    let approve = |keys: &[u8]| {
        let proofs: Vec<Value> = keys.iter().map(|&key| proof::sign(&document, &signer(key), "x").unwrap()).collect();
        json!([{ "versionId": head.version_id, "proof": proofs }]).to_string()
    };
    assert!(verify_witnesses(&log, Some(&approve(&[10, 12]))).is_ok());
    for faulty in [approve(&[10]), approve(&[10, 10]), approve(&[10, 13]), "[".into(), "[]".into()] {
        assert!(verify_witnesses(&log, Some(&faulty)).is_err(), "{faulty}");
    }
    assert!(verify_witnesses(&log, None).is_err());
    for (threshold, witnesses) in
        [(0, json!([witness(10)])), (2, json!([witness(10)])), (1, json!([witness(10), witness(10)]))]
    {
        let state = json!({ "id": "did:webvh:{SCID}:a.example" });
        let draft = Draft { parameters: parameters(threshold, witnesses), state };
        assert!(create(&draft, &signer(1), NOW_MS).is_err());
    }
    assert!(
        key::from_verification_method(&key::verification_method(&PublicKey::decode(&multikey(1)).unwrap())).is_ok()
    );
}
