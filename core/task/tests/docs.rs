//! Definitions in the documentation are checked as if they were submitted.
#![cfg(not(target_arch = "wasm32"))]

use std::fs;
use std::path::Path;

use aion_task::Definition;
use serde_json::Value;

fn docs() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs")
}

#[test]
fn the_reference_shows_valid_definitions_and_names_every_kind() {
    let text = fs::read_to_string(docs().join("KERNEL.md")).unwrap();
    let blocks: Vec<&str> = text.split("```json\n").skip(1).filter_map(|rest| rest.split("```").next()).collect();
    assert!(!blocks.is_empty());
    for block in blocks {
        let document: Value = serde_json::from_str(block).unwrap();
        assert_eq!(Definition::parse(&document).map(|_| ()), Ok(()), "{block}");
    }
    for kind in aion_task::kind::names() {
        assert!(text.contains(&format!("| `{kind}` |")), "{kind} is not in the table of kinds");
    }
}

#[test]
fn every_example_is_a_valid_definition() {
    let mut names = Vec::new();
    for entry in fs::read_dir(docs().join("examples")).unwrap() {
        let path = entry.unwrap().path();
        // Functions have a folder of their own there.
        if path.is_dir() {
            continue;
        }
        let document: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        assert_eq!(Definition::parse(&document).map(|_| ()), Ok(()), "{}", path.display());
        names.push(path);
    }
    assert!(!names.is_empty());
}
