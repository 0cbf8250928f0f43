//! Faults are named by their places.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use serde_json::{Value, json};

use super::Definition;

fn faults(steps: Value) -> Vec<String> {
    let document = Value::Object([("steps".to_owned(), steps)].into_iter().collect());
    let faults = Definition::parse(&document).unwrap_err();
    faults.into_iter().map(|fault| fault.pointer).collect()
}

#[test]
fn a_chain_of_steps_is_read() {
    let definition = Definition::parse(&json!({ "steps": {
        "a": { "do": "sleep", "with": { "duration": "1s" } },
        "b": { "do": "sleep", "with": { "duration": "${{ steps.a.output.next }}" }, "needs": ["a"] },
        "c": { "do": "identity.create", "with": { "name": "${{ input.x }}" }, "needs": ["b"], "timeout": "PT1M" }
    } }))
    .unwrap();
    assert_eq!(definition.before("c").len(), 2);
}

#[test]
fn every_fault_is_named_by_its_place() {
    let sleep = json!({ "do": "sleep", "with": { "duration": "1s" } });
    assert_eq!(faults(json!({})), ["/steps"]);
    assert_eq!(faults(json!({ "a b": sleep })), ["/steps/a b"]);
    assert_eq!(faults(json!({ "a": { "do": "nothing" } })), ["/steps/a/do"]);
    assert_eq!(faults(json!({ "a": { "do": "sleep", "with": { "duration": "x" } } })), ["/steps/a/with/duration"]);
    assert_eq!(faults(json!({ "a": { "do": "sleep", "with": { "duration": "1s", "more": 1 } } })), ["/steps/a/with"]);
    assert_eq!(
        faults(json!({ "a": { "do": "sleep", "needs": ["a", "b"], "with": { "duration": "1s" } } })),
        ["/steps/a/needs/0", "/steps/a/needs/1", "/steps/a/needs"]
    );
    let circle = |needs: &str| json!({ "do": "sleep", "with": { "duration": "1s" }, "needs": [needs] });
    assert_eq!(faults(json!({ "a": circle("b"), "b": circle("a") })), ["/steps/a/needs"]);
    let refers = |to: &str| json!({ "do": "sleep", "with": { "duration": to } });
    let stranger = json!({ "a": sleep, "b": refers("${{ steps.a.output.x }}") });
    assert_eq!(faults(stranger), ["/steps/b/with/duration"]);
    assert_eq!(faults(json!({ "a": refers("${{ nonsense }}") })), ["/steps/a/with/duration"]);
    let unknown = json!({ "do": "sleep", "with": { "duration": "${{ input.x }}", "more": 1 } });
    assert_eq!(faults(json!({ "a": unknown })), ["/steps/a/with/more"]);
    let odd = json!({ "do": "identity.create", "with": { "name": "x" }, "timeout": "soon", "retry": {
        "attempts": 0, "first": "x", "per": { "busy": { "attempts": 2_000 } } } });
    assert_eq!(
        faults(json!({ "a": odd })),
        ["/steps/a/retry/attempts", "/steps/a/retry/first", "/steps/a/retry/per/busy/attempts", "/steps/a/timeout"]
    );
    let timed = json!({ "do": "set", "with": { "value": 1 }, "timeout": "1s" });
    assert_eq!(faults(json!({ "a": timed })), ["/steps/a/timeout"]);
    let broken = json!({ "do": "set", "wiht": { "value": 1 } });
    assert_eq!(faults(json!({ "a": broken, "b": 5 })), ["/steps/a", "/steps/b"]);
}

#[test]
fn what_is_read_has_to_be_there() {
    let item = json!({ "do": "set", "with": { "value": "${{ item.x }}" } });
    assert_eq!(faults(json!({ "a": item })), ["/steps/a/with/value"]);
    let mut each = item;
    each["each"] = json!({ "in": "${{ input.list }}", "parallel": 51 });
    assert_eq!(faults(json!({ "a": each })), ["/steps/a/each/parallel"]);
    let own = |undo: Value| {
        let undo = json!({ "do": "set", "with": { "value": undo } });
        json!({ "do": "set", "with": { "value": 1 }, "compensate": undo })
    };
    assert!(Definition::parse(&json!({ "steps": { "a": own(json!("${{ steps.a.output.x }}")) } })).is_ok());
    assert_eq!(faults(json!({ "a": own(json!("${{ steps.b.output.x }}")) })), ["/steps/a/compensate/with/value"]);
}

#[test]
fn definitions_within_definitions_are_checked_with_them() {
    let start = |inner: Value| json!({ "do": "task.start", "with": { "definition": inner } });
    let inner = json!({ "steps": { "x": { "do": "set", "with": { "value": "${{ input.n }}" } } } });
    assert!(Definition::parse(&json!({ "steps": { "a": start(inner) } })).is_ok());
    assert_eq!(faults(json!({ "a": start(json!({ "steps": {} })) })), ["/steps/a/with/definition/steps"]);
    let mut deep = json!({ "steps": { "x": { "do": "set", "with": { "value": 1 } } } });
    for _ in 0..6 {
        deep = json!({ "steps": { "x": start(deep) } });
    }
    let document = faults(json!({ "a": start(deep) }));
    assert!(document[0].ends_with("/with/definition"), "{document:?}");
}

#[test]
fn the_hash_is_of_what_a_definition_means() {
    let hash = |document: Value| Definition::parse(&document).unwrap().hash().to_owned();
    let step = json!({ "do": "set", "with": { "value": 1 } });
    let plain = hash(json!({ "steps": { "a": step } }));
    assert_eq!(plain, hash(json!({ "steps": { "a": step }, "labels": {}, "priority": "normal" })));
    assert_ne!(plain, hash(json!({ "steps": { "a": step }, "priority": "high" })));
    let stored = serde_json::to_string(&Definition::parse(&json!({ "steps": { "a": step } })).unwrap()).unwrap();
    assert_eq!(Definition::stored(&stored, &plain).unwrap().hash(), plain);
}

#[test]
fn faults_say_what_to_do() {
    let hints = |steps: Value| {
        let faults = Definition::parse(&json!({ "steps": steps })).unwrap_err();
        faults.into_iter().map(|fault| fault.hint.unwrap_or_default()).collect::<Vec<_>>()
    };
    let nap = json!({ "do": "sleep", "with": { "duration": "1s" } });
    assert_eq!(hints(json!({ "a": { "do": "slepe", "with": {} } })), ["did you mean sleep?"]);
    assert_eq!(hints(json!({ "a": { "do": "set", "wiht": {} } })), ["did you mean with?"]);
    let reads = json!({ "do": "set", "with": { "value": "${{ steps.a.output }}" } });
    assert_eq!(hints(json!({ "a": nap, "b": reads })), ["name it in needs"]);
    let needs = json!({ "do": "set", "with": { "value": 1 }, "needs": ["frist"] });
    assert_eq!(hints(json!({ "first": nap, "b": needs })), ["did you mean first?"]);
    // A kind that there is not hides no fault behind it.
    let two = json!({ "do": "nothing", "with": { "x": "${{ steps.zzz.output }}" } });
    assert_eq!(hints(json!({ "a": two })).len(), 2);
    let field = json!({ "do": "sleep", "with": { "durration": "${{ input.d }}", "duration": "1s" } });
    assert_eq!(hints(json!({ "a": field })), ["did you mean duration?"]);
}
