//! Public vectors, where they are at hand: logs of other implementations, did:key, did:pkh, JCS and proofs. A folder
//! that is missing is named and skipped.
#![cfg(not(target_arch = "wasm32"))]
// Helpers of tests are tests.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;
use std::path::{Path, PathBuf};

use aion_identity::method::{key, pkh};
use aion_identity::resolution::{Query, Resolution, metadata};
use aion_identity::{Did, hash, log, proof};
use serde_json::Value;

/// After the newest vector.
const NOW_MS: u64 = 1_795_478_400_000;

fn folder(name: &str) -> Option<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/vectors").join(name);
    if folder.is_dir() {
        return Some(folder);
    }
    println!("skipped: {} is not there", folder.display());
    None
}

fn below(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn logs_of_other_implementations_verify() {
    let Some(root) = folder("didwebvh") else { return };
    let (mut logs, mut witnessed) = (0, 0);
    for implementation in below(&root).iter().filter(|path| path.is_dir()).flat_map(|path| below(path)) {
        let text = fs::read_to_string(implementation.join("did.jsonl")).unwrap();
        let verified =
            log::verify(&text, NOW_MS).unwrap_or_else(|error| panic!("{}: {error}", implementation.display()));
        let proofs = fs::read_to_string(implementation.join("did-witness.json")).ok();
        let approved = log::verify_witnesses(&verified, proofs.as_deref());
        assert_eq!(approved.is_ok(), !lets_new_witnesses_approve_themselves(&implementation), "{approved:?}");
        for name in ["resolutionResult.json", "resolutionResult.1.json", "resolutionResult.2.json"] {
            let path = implementation.join(name);
            if path.is_file() {
                check_result(&verified, &json(&path), &path);
            }
        }
        logs += 1;
        witnessed += usize::from(proofs.is_some());
    }
    assert!(logs > 50 && witnessed > 5, "{logs} logs, {witnessed} with witnesses");
}

/// Changed witnesses take effect after the entry that changes them, so the ones before have to approve it. These logs
/// lower the threshold by the approval of the new witnesses alone, and are refused for that.
fn lets_new_witnesses_approve_themselves(implementation: &Path) -> bool {
    ["java", "java-eecc", "python", "ts"].iter().any(|name| implementation.ends_with(format!("witness-update/{name}")))
}

/// Compares with what the implementation itself resolved, apart from the implicit services, whose form differs.
fn check_result(verified: &log::Verified, expected: &Value, path: &Path) {
    // Not every implementation tells which version it resolved.
    let Some(id) = expected["didDocumentMetadata"]["versionId"].as_str() else { return };
    let index = Query::Id(id.to_owned()).select(&verified.versions()).unwrap_or_else(|| panic!("{}", path.display()));
    let entry = &verified.entries()[index];
    let metadata = metadata(&entry.head, verified.created_ms(), None);
    let wanted = &expected["didDocumentMetadata"];
    for member in ["created", "versionId", "versionNumber", "versionTime", "scid", "portable", "deactivated"] {
        // Some implementations tell of every version whether the DID is deactivated today.
        let is_of_today = member == "deactivated" && index + 1 < verified.entries().len();
        if !wanted[member].is_null() && !is_of_today {
            assert_eq!(metadata[member], wanted[member], "{} {member}", path.display());
        }
    }
    if expected["didDocument"]["verificationMethod"].is_array() {
        assert_eq!(
            entry.state["verificationMethod"],
            expected["didDocument"]["verificationMethod"],
            "{}",
            path.display()
        );
    }
    let resolution = Resolution::document(&entry.state, &metadata);
    assert_eq!(resolution.status == 410, metadata["deactivated"] == true, "{}", path.display());
}

/// Breaking any one member of any entry breaks the log.
#[test]
fn logs_do_not_verify_when_changed() {
    let Some(root) = folder("didwebvh") else { return };
    for implementation in below(&root.join("multi-update")) {
        let text = fs::read_to_string(implementation.join("did.jsonl")).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        for (index, line) in lines.iter().enumerate() {
            for change in ["versionId", "versionTime", "parameters", "state"] {
                let mut entry: Value = serde_json::from_str(line).unwrap();
                entry[change] = match &entry[change] {
                    Value::String(text) => Value::String(format!("{text}1")),
                    _ => serde_json::json!({ "id": "did:example:x" }),
                };
                let mut changed: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
                changed[index] = entry.to_string();
                assert!(
                    log::verify(&changed.join("\n"), NOW_MS).is_err(),
                    "{} {index} {change}",
                    implementation.display()
                );
            }
        }
        let dropped = lines[1..].join("\n");
        assert!(log::verify(&dropped, NOW_MS).is_err());
    }
}

#[test]
fn keys_resolve_as_published() {
    let Some(root) = folder("did-key") else { return };
    let mut count = 0;
    for file in ["ed25519-x25519.json", "secp256k1.json", "nist-curves.json"] {
        for (name, vector) in json(&root.join(file)).as_object().unwrap() {
            let did = Did::parse(name).unwrap();
            if !["z6Mk", "zQ3s", "zDn"].iter().any(|prefix| did.specific_id().starts_with(prefix)) {
                continue;
            }
            let document = key::document(&did).unwrap();
            let expected = &vector["didDocument"];
            assert_eq!(document["authentication"], expected["authentication"], "{name}");
            assert_eq!(document["assertionMethod"], expected["assertionMethod"], "{name}");
            if name.contains("z6Mk") {
                assert_eq!(document["keyAgreement"], expected["keyAgreement"], "{name}");
            }
            count += 1;
        }
    }
    assert!(count >= 9, "{count}");
}

#[test]
fn accounts_resolve_as_published() {
    let Some(root) = folder("did-pkh") else { return };
    for path in below(&root) {
        let expected = json(&path);
        let document = pkh::document(&Did::parse(expected["id"].as_str().unwrap()).unwrap()).unwrap();
        assert_eq!(document["verificationMethod"], expected["verificationMethod"], "{}", path.display());
        assert_eq!(document["authentication"], expected["authentication"], "{}", path.display());
    }
}

#[test]
fn canonical_json_is_rfc_8785() {
    let Some(root) = folder("jcs") else { return };
    for path in below(&root.join("input")) {
        let expected = fs::read_to_string(root.join("output").join(path.file_name().unwrap())).unwrap();
        assert_eq!(hash::canonical(&json(&path)).unwrap(), expected.trim_end(), "{}", path.display());
    }
}

#[test]
fn the_published_proof_holds() {
    let Some(root) = folder("vc-di-eddsa") else { return };
    let mut signed = json(&root.join("eddsa-jcs-2022/signedJCS.json"));
    let taken = signed.as_object_mut().unwrap().remove("proof").unwrap();
    let key = proof::verify(&signed, &taken).unwrap();
    assert_eq!(key.encode(), json(&root.join("keyPair.json"))["publicKeyMultibase"]);
}
