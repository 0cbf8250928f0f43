//! What a module has to be.

#[cfg(target_arch = "wasm32")]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::{Fault, check, id};
use crate::limits::MODULE_MAX_BYTES;

/// The faults of a module in the text format.
fn faults(text: &str) -> Vec<Fault> {
    check(&wat::parse_str(text).unwrap()).err().unwrap_or_default()
}

/// What every module has.
const WHOLE: &str = r#"(memory (export "memory") 1) (func (export "handle"))"#;

#[test]
fn what_is_known_of_a_module() {
    let text = format!(
        r#"(module
        (import "aion" "write" (func (param i32 i32))) (import "aion" "fetch" (func (param i32 i32) (result i32)))
        (import "aion" "write" (func (param i32 i32))) {WHOLE})"#
    );
    let bytes = wat::parse_str(text).unwrap();
    let module = check(&bytes).unwrap();
    assert_eq!(module.imports, ["fetch", "write"]);
    assert_eq!((module.bytes, module.id), (bytes.len(), id(&bytes)));
    assert_eq!(id(b"abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#[test]
fn every_host_function_is_offered_under_its_signature() {
    for (name, shape) in crate::host::FUNCTIONS {
        let (params, results) = match shape.to_string().as_str() {
            "() -> i32" => ("", "(result i32)"),
            "(i32) -> ()" => ("(param i32)", ""),
            "(i32, i32) -> ()" => ("(param i32 i32)", ""),
            "(i32, i32) -> i32" => ("(param i32 i32)", "(result i32)"),
            _ => ("", ""),
        };
        assert_eq!(faults(&format!(r#"(module (import "aion" "{name}" (func {params} {results})) {WHOLE})"#)), []);
        let wrong = faults(&format!(r#"(module (import "aion" "{name}" (func (param i64))) {WHOLE})"#));
        assert_eq!(wrong, [Fault::WrongSignature(format!("aion.{name}"), shape.to_string())]);
    }
}

#[test]
fn forbidden_imports_are_named() {
    for (import, name) in [
        (r#""wasi_snapshot_preview1" "fd_write" (func (param i32 i32 i32 i32) (result i32))"#, "fd_write"),
        (r#""aion" "clock" (func (result i64))"#, "aion.clock"),
        (r#""env" "memory" (memory 1)"#, "env.memory"),
        (r#""env" "table" (table 1 funcref)"#, "env.table"),
        (r#""aion" "g" (global i32)"#, "aion.g"),
    ] {
        let found = faults(&format!(r#"(module (import {import}) (func (export "handle")))"#));
        let [Fault::UnknownImport(full), Fault::NoMemory] = found.as_slice() else {
            panic!("{import}: {found:?}");
        };
        assert!(full.ends_with(name), "{full}");
    }
}

#[test]
fn handle_and_memory_are_exported() {
    for (parts, fault) in [
        (r#"(memory (export "memory") 1)"#, Fault::NoHandle),
        (r#"(memory (export "memory") 1) (func (export "handle") (param i32))"#, Fault::NoHandle),
        (r#"(memory (export "memory") 1) (func (export "handle") (result i32) i32.const 1)"#, Fault::NoHandle),
        (r#"(memory (export "memory") 1) (global (export "handle") i32 (i32.const 1))"#, Fault::NoHandle),
        (r#"(memory 1) (func (export "handle"))"#, Fault::NoMemory),
        (r#"(func (export "handle")) (func (export "memory"))"#, Fault::NoMemory),
        (r#"(memory (export "memory") 257) (func (export "handle"))"#, Fault::MemoryTooLarge(257)),
        (r#"(memory (export "memory") 1 300) (func (export "handle"))"#, Fault::MemoryTooLarge(300)),
        (
            r#"(memory (export "memory") 1 256) (func (export "handle")) (table 10001 funcref)"#,
            Fault::TableTooLarge(10_001),
        ),
        (
            r#"(memory (export "memory") 1) (func (export "handle")) (table 1 funcref) (table 1 2 externref)
               (table 1 funcref) (table 1 funcref) (table 4000000000 funcref)"#,
            Fault::TooManyTables(5),
        ),
    ] {
        assert_eq!(faults(&format!("(module {parts})")).first(), Some(&fault), "{parts}");
    }
    let locals = |count: usize| faults(&format!("(module {WHOLE} (func (local {})) (func))", "i64 ".repeat(count)));
    assert_eq!((locals(1_000), locals(1_001)), (vec![], vec![Fault::TooManyLocals(1_001)]));
    // Both at once, and a table of many elements behind small ones.
    assert_eq!(faults("(module)"), [Fault::NoHandle, Fault::NoMemory]);
    let bomb = faults(&format!("(module {WHOLE} (table 1 9 funcref) (table 4000000000 4000000000 funcref))"));
    assert_eq!(bomb, [Fault::TableTooLarge(4_000_000_000)]);
}

#[test]
fn what_functions_do_not_get_is_refused() {
    for parts in [
        r#"(memory (export "memory") 1 1 shared)"#,
        r#"(memory (export "memory") i64 1)"#,
        "(func (drop (v128.const i64x2 0 0)))",
        "(func $f (return_call $f))",
        "(func (drop (i32.atomic.load (i32.const 0)))) (memory 1)",
        "(tag) (func (throw 0))",
        "(type (struct))",
        "(global i32 (i32.add (i32.const 1) (i32.const 1)))",
    ] {
        let found = faults(&format!("(module {parts})"));
        assert!(matches!(found.as_slice(), [Fault::NotWasm(_)]), "{parts}: {found:?}");
    }
    for bytes in [&b""[..], b"\0asm", b"\0asm\x01\0\0\0\x04\xff", b"\x7fELF", &[0; 4096]] {
        assert!(check(bytes).is_err(), "{bytes:?}");
    }
}

#[test]
fn large_modules_and_many_parts_are_refused() {
    assert_eq!(check(&vec![0; MODULE_MAX_BYTES + 1]), Err(vec![Fault::TooLarge(MODULE_MAX_BYTES + 1)]));
    for part in ["(func)", "(global i32 (i32.const 0))", "(data \"\")"] {
        let found = faults(&format!("(module {WHOLE} {})", part.repeat(10_001)));
        assert!(matches!(found.as_slice(), [Fault::TooMany(_)]), "{part}: {found:?}");
    }
    let found = faults(&format!("(module {WHOLE} (memory 1))"));
    assert!(matches!(found.as_slice(), [Fault::TooMany(_)]), "{found:?}");
    // A type of a thousand parameters.
    let found = faults(&format!("(module {WHOLE} (func (param {})))", "i32 ".repeat(999)));
    assert!(matches!(found.as_slice(), [Fault::TooMany(_)]), "{found:?}");
}

#[test]
fn faults_say_what_is_wrong() {
    let said = Fault::WrongSignature("aion.log".to_owned(), "(i32, i32) -> ()".to_owned()).to_string();
    assert_eq!(said, "imports aion.log, whose signature is (i32, i32) -> ()");
    assert!(Fault::MemoryTooLarge(300).to_string().contains("256"));
    assert!(Fault::TableTooLarge(20_000).to_string().contains("10000"));
}

#[cfg(not(target_arch = "wasm32"))]
mod properties {
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    use super::{WHOLE, check};

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in vec(any::<u8>(), 0..2_000)) {
            _ = check(&bytes);
            _ = check(&[b"\0asm\x01\0\0\0", bytes.as_slice()].concat());
        }

        /// A valid module with some bytes exchanged comes much farther.
        #[test]
        fn damaged_modules_never_panic(changes in vec((any::<u16>(), any::<u8>()), 1..8)) {
            let text = format!(
                r#"(module (import "aion" "log" (func $log (param i32 i32))) {WHOLE} (table 3 funcref)
                (elem (i32.const 0) $log) (data (i32.const 8) "words") (global $g (mut i32) (i32.const 4))
                (func $f (param i32) (result i32) (local f64) (block $out (br_if $out (local.get 0)))
                  (call $log (i32.const 8) (i32.const 5)) (i32.add (global.get $g) (local.get 0))))"#
            );
            let mut bytes = wat::parse_str(text).unwrap();
            for (place, byte) in changes {
                let place = usize::from(place) % bytes.len();
                bytes[place] = byte;
            }
            _ = check(&bytes);
        }
    }
}
