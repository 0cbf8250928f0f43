//! The rules of the house that no compiler knows: sizes, edges between crates, declared classes, secrets, addresses.
#![cfg(not(target_arch = "wasm32"))]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on has failed")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use aion_api::problem::{Code, RETRY_AFTER_UNAVAILABLE_S};

const FILE_MAX_LINES: usize = 500;
const FUNCTION_MAX_LINES: usize = 70;
const LINE_MAX_COLUMNS: usize = 120;

/// What each crate may use of ours; tests and xtask may use any.
const EDGES: [(&str, &[&str]); 23] = [
    ("core/mpc", &[]),
    ("core/identity", &[]),
    ("core/chain", &[]),
    ("core/circuit", &[]),
    ("core/function", &[]),
    ("core/gateway", &["aion-circuit"]),
    ("core/limit", &[]),
    ("core/telemetry", &[]),
    ("core/wallet", &["aion-mpc", "aion-chain", "aion-identity"]),
    ("core/task", &["aion-wallet", "aion-chain"]),
    ("core/mind", &["aion-circuit", "aion-task", "aion-wallet", "aion-chain"]),
    (
        "core/api",
        &[
            "aion-mpc",
            "aion-identity",
            "aion-chain",
            "aion-function",
            "aion-gateway",
            "aion-limit",
            "aion-mind",
            "aion-wallet",
            "aion-task",
            "aion-telemetry",
        ],
    ),
    ("client", &["aion-api", "aion-mpc", "aion-wallet"]),
    ("ui", &["aion-api", "aion-client"]),
    ("kernel-do", &["aion-task", "aion-chain", "aion-function", "aion-api", "aion-shell"]),
    ("identity-do", &["aion-identity", "aion-wallet", "aion-mpc", "aion-chain", "aion-api", "aion-shell"]),
    ("workers/guardian", &["aion-mpc", "aion-wallet", "aion-chain"]),
    ("workers/shell", &["aion-api", "aion-identity", "aion-task"]),
    ("workers/functions", &["aion-api", "aion-function", "aion-shell"]),
    ("workers/eyes", &["aion-api", "aion-telemetry", "aion-shell"]),
    ("workers/gateway", &["aion-circuit", "aion-api", "aion-gateway", "aion-shell"]),
    ("workers/mind", &["aion-circuit", "aion-api", "aion-mind", "aion-shell"]),
    (
        "workers/edge",
        &["aion-api", "aion-function", "aion-gateway", "aion-limit", "kernel-do", "identity-do", "aion-shell"],
    ),
];

/// What a pure crate must not use outside of its tests.
const PLATFORM: [&str; 5] = ["worker", "wasm-bindgen", "js-sys", "web-sys", "tokio"];

/// Each script with its wrangler file and the folders that its code stands in.
const SCRIPTS: [(&str, &str, &[&str]); 6] = [
    ("wrangler.toml", "workers/edge", &["workers/edge/src", "kernel-do/src", "identity-do/src"]),
    ("workers/functions/wrangler.toml", "workers/functions", &["workers/functions/src"]),
    ("workers/eyes/wrangler.toml", "workers/eyes", &["workers/eyes/src"]),
    ("workers/gateway/wrangler.toml", "workers/gateway", &["workers/gateway/src"]),
    ("workers/guardian/wrangler.toml", "workers/guardian", &["workers/guardian/src"]),
    ("workers/mind/wrangler.toml", "workers/mind", &["workers/mind/src"]),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_path_buf()
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Files with an extension below a folder, by their paths in the repository.
fn files(folder: &str, extension: &str) -> Vec<String> {
    let skipped = ["target", "node_modules", "build", "dist", "out", "cache", "lib", ".git", ".wrangler"];
    let (mut found, mut open) = (Vec::new(), vec![root().join(folder)]);
    while let Some(path) = open.pop() {
        for entry in fs::read_dir(&path).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() && !path.is_symlink() && !skipped.contains(&name.as_str()) {
                open.push(path);
            } else if path.is_file() && path.extension().is_some_and(|known| known == extension) {
                found.push(path.strip_prefix(root()).unwrap().to_string_lossy().into_owned());
            }
        }
    }
    found.sort();
    found
}

fn none(what: &str, faults: &[String]) {
    assert!(faults.is_empty(), "{what}:\n{}", faults.join("\n"));
}

/// Whether a file holds tests alone.
fn is_test(path: &str) -> bool {
    path.starts_with("tests/") || path.contains("/tests/") || path.ends_with("/tests.rs")
}

/// The text of a file without what stands in its modules of tests; each line keeps its number.
fn without_tests(text: &str) -> String {
    let (mut kept, mut inside, mut lines) = (String::new(), false, text.lines().peekable());
    while let Some(line) = lines.next() {
        let begins = |next: &&str| next.starts_with("mod ") && next.ends_with('{');
        inside |= line == "#[cfg(test)]" && lines.peek().is_some_and(begins);
        kept.push_str(if inside { "" } else { line });
        kept.push('\n');
        inside &= line != "}";
    }
    kept
}

#[test]
fn what_follows_modules_of_tests_counts() {
    let text = "#[cfg(test)]\nmod tests;\nfn one() {}\n#[cfg(test)]\nmod more {\n    fn two() {}\n}\nfn three() {}";
    assert_eq!(without_tests(text), "#[cfg(test)]\nmod tests;\nfn one() {}\n\n\n\n\nfn three() {}\n");
}

/// What stands between quotation marks.
fn quoted(text: &str) -> Vec<String> {
    text.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn files_and_lines_are_short() {
    let mut faults = Vec::new();
    for path in files("", "rs").into_iter().chain(files("contracts", "sol")) {
        let text = read(&path);
        let lines = text.lines().count();
        if lines > FILE_MAX_LINES {
            faults.push(format!("{path}: {lines} lines, at most {FILE_MAX_LINES}"));
        }
        for (place, line) in text.lines().enumerate() {
            if line.chars().count() > LINE_MAX_COLUMNS {
                faults.push(format!("{path}:{}: wider than {LINE_MAX_COLUMNS} columns", place + 1));
            }
        }
    }
    none("split the file, break the line", &faults);
}

#[test]
fn functions_are_short() {
    let mut faults = Vec::new();
    for path in files("", "rs") {
        let text = read(&path);
        let lines: Vec<&str> = text.lines().collect();
        for (start, line) in lines.iter().enumerate() {
            let code = line.trim_start();
            let indent = line.len() - code.len();
            let words: Vec<&str> = code.split(' ').take_while(|word| !word.contains('(')).collect();
            let is_function = words.contains(&"fn") || code.starts_with("fn ");
            if !is_function || code.starts_with("//") || line.trim_end().ends_with([';', '}']) {
                continue;
            }
            let end = format!("{}}}", " ".repeat(indent));
            let length = lines[start..].iter().position(|line| *line == end).unwrap_or(0);
            if length > FUNCTION_MAX_LINES {
                faults.push(format!("{path}:{}: {length} lines, at most {FUNCTION_MAX_LINES}", start + 1));
            }
        }
    }
    none("split the function", &faults);
}

#[test]
fn files_say_what_they_are() {
    let faults: Vec<String> = files("", "rs").into_iter().filter(|path| !read(path).starts_with("//!")).collect();
    none("begin these files with `//!`", &faults);
}

#[test]
fn nothing_panics_outside_of_tests() {
    let words = [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "dbg!("];
    let mut faults = Vec::new();
    for path in files("", "rs").into_iter().filter(|path| !is_test(path)) {
        for (place, line) in without_tests(&read(&path)).lines().enumerate() {
            let code = line.split("//").next().unwrap();
            if let Some(word) = words.iter().find(|word| code.contains(**word)) {
                faults.push(format!("{path}:{}: {word}", place + 1));
            }
        }
    }
    none("return an error instead", &faults);
}

#[test]
fn scripts_read_json_in_one_way() {
    let folders = ["core", "kernel-do", "identity-do", "workers"];
    let mut faults = Vec::new();
    for path in folders.iter().flat_map(|folder| files(folder, "rs")).filter(|path| !is_test(path)) {
        let text = read(&path);
        let found = without_tests(&text).lines().position(|line| line.contains("serde_json::from_slice"));
        faults.extend(found.map(|place| format!("{path}:{}", place + 1)));
    }
    none("read JSON from text: a second reader of every type would stand in the script, a tenth of its size", &faults);
}

#[test]
fn no_view_of_memory_leaves_a_script() {
    let folders = ["kernel-do", "identity-do", "workers", "ui"];
    let mut faults = Vec::new();
    for path in folders.iter().flat_map(|folder| files(folder, "rs")) {
        let mut imports = false;
        for (place, line) in read(&path).lines().enumerate() {
            imports = line.starts_with("extern \"C\" {") || (imports && line != "}");
            if imports && line.contains("&[u8]") || line.contains("Uint8Array::view") {
                faults.push(format!("{path}:{}", place + 1));
            }
        }
    }
    none("give a copy: the runtime reads bytes later, and memory that has grown by then reads as nothing", &faults);
}

#[test]
fn imports_are_named() {
    let mut faults = Vec::new();
    for path in files("", "rs") {
        for (place, line) in read(&path).lines().enumerate() {
            let code = line.trim_start();
            let import =
                code.starts_with("use ") || code.starts_with("pub use ") || code.starts_with("pub(crate) use ");
            if import && code.contains("::*") {
                faults.push(format!("{path}:{}: {code}", place + 1));
            }
        }
    }
    none("name what is imported", &faults);
}

#[test]
fn nothing_names_a_machine() {
    let mut faults = Vec::new();
    let text = ["rs", "toml", "sol", "md", "mjs", "json"].map(|extension| files("", extension)).concat();
    for path in text.into_iter().filter(|path| path != "tests/tests/tidy.rs") {
        let text = read(&path);
        if let Some(word) = ["/work/", "/root/", "/home/"].iter().find(|word| text.contains(**word)) {
            faults.push(format!("{path}: {word}"));
        }
    }
    none("paths of one machine", &faults);
}

/// Names of dependencies in the sections that count for the crate itself.
fn dependencies(manifest: &str) -> BTreeSet<String> {
    let mut counts = false;
    let mut found = BTreeSet::new();
    for line in read(manifest).lines() {
        if line.starts_with('[') {
            counts = line.trim_end_matches(']').ends_with("dependencies") && !line.contains("dev-dependencies");
        } else if counts && !line.starts_with('#') {
            found.extend(line.split(['.', ' ', '=']).next().filter(|name| !name.is_empty()).map(str::to_owned));
        }
    }
    found
}

#[test]
fn crates_use_only_what_the_table_allows() {
    let ours: BTreeMap<String, &str> = EDGES.iter().map(|(folder, _)| (package(folder), *folder)).collect();
    let mut faults = Vec::new();
    for (folder, allowed) in EDGES {
        for name in dependencies(&format!("{folder}/Cargo.toml")) {
            if ours.contains_key(&name) && !allowed.contains(&name.as_str()) {
                faults.push(format!("{folder} uses {name}"));
            }
            if folder.starts_with("core/") && PLATFORM.contains(&name.as_str()) {
                faults.push(format!("{folder} is pure and uses {name}"));
            }
        }
    }
    let listed: BTreeSet<&str> = EDGES.iter().map(|(folder, _)| *folder).chain(["tests", "xtask"]).collect();
    for manifest in files("", "toml").into_iter().filter(|path| path.ends_with("/Cargo.toml")) {
        let folder = manifest.trim_end_matches("/Cargo.toml");
        // Examples of tenants' functions are theirs, not ours: none is a member of the workspace, and none has any
        // dependency, so that it builds with a compiler alone.
        if let Some(example) = folder.strip_prefix("docs/examples/functions/") {
            let used = dependencies(&manifest);
            faults.extend((!used.is_empty()).then(|| format!("the example {example} uses {used:?}")));
        } else if !listed.contains(folder) {
            faults.push(format!("{folder} is not in the table"));
        }
    }
    none("edges between crates", &faults);
}

fn package(folder: &str) -> String {
    let manifest = read(format!("{folder}/Cargo.toml"));
    let line = manifest.lines().find(|line| line.starts_with("name = ")).unwrap();
    quoted(line).remove(0)
}

/// Classes that a wrangler file binds, and those that its migrations create.
fn classes(wrangler: &str) -> (BTreeSet<String>, BTreeSet<String>) {
    let text = read(wrangler);
    let bound = text.lines().filter_map(|line| line.split_once("class_name = "));
    let bound = bound.filter_map(|(_, rest)| quoted(rest).into_iter().next()).collect();
    let created = text.lines().filter(|line| line.starts_with("new_sqlite_classes"));
    (bound, created.flat_map(quoted).collect())
}

#[test]
fn declared_classes_are_the_exported_ones() {
    for (wrangler, folder, sources) in SCRIPTS {
        let (bound, created) = classes(wrangler);
        assert_eq!(bound, created, "{wrangler}: bindings and migrations");
        let mut written = BTreeSet::new();
        for path in sources.iter().flat_map(|source| files(source, "rs")) {
            for (_, rest) in read(&path).split("#[durable_object").skip(1).filter_map(|part| part.split_once("struct "))
            {
                written.extend(rest.split(|c: char| !c.is_alphanumeric()).next().map(str::to_owned));
            }
        }
        assert_eq!(bound, written, "{wrangler}: classes and #[durable_object] in {sources:?}");
        let Ok(bundle) = fs::read_to_string(root().join(folder).join("build/index.js")) else {
            println!("{folder} is not built: its exports are not compared");
            continue;
        };
        let exported = exports(&bundle);
        for class in bound {
            assert!(exported.contains(&class), "{folder} does not export {class}: name it in its lib.rs");
        }
    }
}

/// Names that a module exports.
fn exports(bundle: &str) -> BTreeSet<String> {
    let lists = bundle.split("export").skip(1).map(str::trim_start).filter_map(|rest| rest.strip_prefix('{'));
    let names = lists.filter_map(|rest| rest.split('}').next()).flat_map(|list| list.split(','));
    let declared = bundle.split("export class ").skip(1).filter_map(|rest| rest.split([' ', '{']).next());
    names.filter_map(|name| name.split(" as ").last()).chain(declared).map(|name| name.trim().to_owned()).collect()
}

#[test]
fn the_entry_answers_with_a_problem_of_the_catalogue() {
    let (entry, code) = (read("workers/entry.mjs"), Code::ComponentUnavailable);
    for text in [
        format!("/problems/{code}`"),
        format!("title: \"{}\"", code.title()),
        format!("status: {}", code.status()),
        format!("code: \"{code}\""),
        format!("RETRY_AFTER_S = {RETRY_AFTER_UNAVAILABLE_S};"),
    ] {
        assert!(entry.contains(&text), "workers/entry.mjs lacks {text}");
    }
}

#[test]
fn the_migrations_are_all_there() {
    let folder = "kernel-do/src/kernel/store/migrations";
    let mut all = files(folder, "sql");
    all.sort();
    for (place, path) in all.iter().enumerate() {
        assert_eq!(*path, format!("{folder}/{:04}.sql", place + 1), "versions follow each other");
        for user in ["kernel-do/src/kernel/store.rs", "tests/tests/migrations.rs"] {
            assert!(read(user).contains(&format!("migrations/{:04}.sql", place + 1)), "{user} lacks {path}");
        }
    }
    assert!(!all.is_empty());
}

#[test]
fn scripts_know_the_deployed_contracts() {
    let deployment: serde_json::Value = serde_json::from_str(&read("contracts/deployment.json")).unwrap();
    for (wrangler, folder, _) in SCRIPTS {
        let text = read(wrangler);
        // A script without it decides nothing that has to do with the chain.
        let Some(chain) = text.split("CHAIN_137 = '''").nth(1).and_then(|rest| rest.split("'''").next()) else {
            assert!(
                ["workers/eyes", "workers/functions", "workers/gateway", "workers/mind"].contains(&folder),
                "{wrangler} lacks CHAIN_137"
            );
            continue;
        };
        let chain: serde_json::Value = serde_json::from_str(chain).unwrap();
        for name in
            ["chainId", "factory", "erc20Implementation", "erc721Implementation", "accountImplementation", "anchor"]
        {
            assert_eq!(chain[name], deployment[name], "{name} in {wrangler} and contracts/deployment.json");
        }
    }
}

#[test]
fn the_console_is_no_first_page_of_a_tenants_host() {
    let text = read("wrangler.toml");
    let hosts = text.lines().any(|line| line.trim_start().starts_with("GATEWAY_HOSTS"));
    assert!(!(hosts && text.contains("\"!/\"")), "hosts of tenants: take \"!/\" out of run_worker_first");
    let mounted = text.contains(r#"run_worker_first = ["/*", "#) && text.contains(r#""!/console/*""#);
    assert!(mounted, "everything but the console is the Worker's");
}

#[test]
fn contracts_are_mirrored_by_tests() {
    let names = |folder: &str, ending: &str| -> BTreeSet<String> {
        let all = files(folder, "sol").into_iter().filter(|path| !path.contains("/interfaces/"));
        all.filter_map(|path| path.rsplit('/').next()?.strip_suffix(ending).map(str::to_owned)).collect()
    };
    let mut tests = names("contracts/test", ".t.sol");
    // Limits of gas across contracts.
    tests.remove("Gas");
    assert_eq!(names("contracts/src", ".sol"), tests);
}

#[test]
fn examples_of_secrets_name_every_secret() {
    for (wrangler, folder, sources) in SCRIPTS {
        let code: String = sources.iter().flat_map(|source| files(source, "rs")).map(read).collect();
        let example = Path::new(wrangler).with_file_name(".dev.vars.example");
        // A script without an example has no secrets.
        let named: BTreeSet<String> = fs::read_to_string(root().join(&example))
            .unwrap_or_default()
            .lines()
            .filter(|line| !line.starts_with('#'))
            .filter_map(|line| line.split_once('=').map(|(name, _)| name.to_owned()))
            .collect();
        for name in &named {
            // A name may be made of a prefix and a chain or version.
            let prefix = name.trim_end_matches(|c: char| c.is_ascii_digit());
            assert!(code.contains(&format!("\"{prefix}")), "{folder} never reads {name} of {}", example.display());
        }
        let read_names = code.split("secret").skip(1).filter_map(|rest| rest.split([')', ';']).next());
        for name in read_names.filter_map(|call| quoted(call).into_iter().next()) {
            let is_name =
                name.len() > 2 && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
            assert!(!is_name || named.contains(&name), "{folder} reads {name}; add it to {}", example.display());
        }
    }
}
