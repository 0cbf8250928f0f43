//! `cargo xtask bench console`: how soon a changed line of a page can be looked at. It works on a copy of the sources
//! with a folder of cargo's of its own, so that whoever breaks it off has nothing to undo.

use std::fs;
use std::path::Path;

use serde_json::json;

use crate::console::quick::{Quick, Took};
use crate::report::{Context, Outcome, fail, failure, say, step};
use crate::workspace::{at, scratch};
use crate::{files, setup};

/// What the workspace needs to be one.
const SOURCES: [&str; 13] = [
    "Cargo.toml",
    "Cargo.lock",
    "core",
    "kernel-do",
    "identity-do",
    "workers",
    "client",
    "ui/Cargo.toml",
    "ui/src",
    "ui/style",
    "ui/page",
    "tests",
    "xtask",
];
/// The page whose line changes: a table, a dialog, a form.
const PAGE: &str = "ui/src/page/keys.rs";
/// What stands in the line that changes.
const CLASS: &str = "class=\"";
/// How often.
const CHANGES: u32 = 5;

/// Measures and prints a table, or JSON.
pub fn run(options: &[&str]) -> Outcome<()> {
    let as_json = match options {
        [] => false,
        ["--json"] => true,
        _ => return fail("`bench console` knows --json alone"),
    };
    setup::for_workers()?;
    let folder = scratch("bench/console");
    let quick = Quick { sources: folder.join("tree"), target: folder.join("target"), work: folder.join("work") };
    SOURCES.iter().try_for_each(|path| copy(&at(path), &quick.sources.join(path)))?;
    let first = step("first build", || quick.make())?;
    let page = quick.sources.join(PAGE);
    let text = files::read(&page)?;
    let changes = (1..=CHANGES)
        .map(|number| {
            let mark = format!("changed-{number}");
            fs::write(&page, changed(&text, &mark).ok_or_else(|| failure(format!("{PAGE} has no {CLASS}")))?)?;
            let took = step(&format!("change {number}"), || quick.make())?;
            if served(&quick, &mark)? { Ok(took) } else { fail(format!("{mark} is not in what is served")) }
        })
        .collect::<Outcome<Vec<Took>>>()?;
    let [whole, compile, bind] =
        [|took: &Took| took.whole, |took: &Took| took.compile, |took: &Took| took.bind].map(|of| median(&changes, of));
    let worst = changes.iter().map(|took| took.whole).fold(0.0, f64::max);
    say(format_args!(
        "a line of {PAGE}: {whole:.1} s, of it {compile:.1} s the compiler and {bind:.1} s wasm-bindgen; the worst of \
         {CHANGES}: {worst:.1} s; the first build, {} s",
        first.whole.round()
    ));
    if as_json {
        let change = json!({ "median": whole, "worst": worst, "compile": compile, "bind": bind });
        println!("{}", json!({ "first_s": first.whole, "change_s": change, "changes": CHANGES }));
    }
    Ok(())
}

/// Copies files whose content differs, so that cargo builds no more of it again than it has to.
fn copy(from: &Path, to: &Path) -> Outcome<()> {
    for file in files::below(&[from.to_path_buf()])? {
        // Of a path that is a file itself no name is left to join.
        let name = file.strip_prefix(from)?;
        let target = if name.as_os_str().is_empty() { to.to_path_buf() } else { to.join(name) };
        let bytes = fs::read(&file).context(file.display())?;
        if fs::read(&target).is_ok_and(|known| known == bytes) {
            continue;
        }
        fs::create_dir_all(target.parent().unwrap_or(to))?;
        fs::write(&target, bytes).context(target.display())?;
    }
    Ok(())
}

/// The text with a class more in its first line that has classes.
fn changed(text: &str, mark: &str) -> Option<String> {
    let (before, after) = text.split_once(CLASS)?;
    Some(format!("{before}{CLASS}{mark} {after}"))
}

/// Whether the module that the page names has it in it.
fn served(quick: &Quick, mark: &str) -> Outcome<bool> {
    let page = files::read(&quick.dist().join("index.html"))?;
    let name = page.split('"').find_map(|word| word.strip_suffix(".wasm"));
    let module = name.ok_or_else(|| failure("the page names no module"))?;
    let bytes = fs::read(quick.dist().join(format!("{}.wasm", module.trim_start_matches('/'))))?;
    Ok(bytes.windows(mark.len()).any(|window| window == mark.as_bytes()))
}

fn median(changes: &[Took], of: fn(&Took) -> f64) -> f64 {
    let mut all: Vec<f64> = changes.iter().map(of).collect();
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

#[cfg(test)]
mod tests {
    use super::{CLASS, PAGE, changed, copy};
    use crate::workspace::{at, scratch};
    use crate::{files, platform};

    #[test]
    fn one_line_of_the_page_changes() {
        let text = files::read(&at(PAGE)).unwrap();
        let other = changed(&text, "mark").unwrap();
        assert_eq!(text.lines().zip(other.lines()).filter(|(a, b)| a != b).count(), 1);
        assert!(other.contains(&format!("{CLASS}mark ")) && other.lines().count() == text.lines().count());
    }

    #[test]
    fn a_copy_takes_what_differs_and_nothing_else() {
        let folder = scratch("tests/copy");
        platform::fresh_folder(&folder).unwrap();
        let (from, to) = (folder.join("from"), folder.join("to"));
        files::write(&from.join("a/one"), "1").unwrap();
        files::write(&from.join("two"), "2").unwrap();
        copy(&from, &to).unwrap();
        let before = files::state(std::slice::from_ref(&to)).unwrap();
        copy(&from, &to).unwrap();
        assert_eq!(files::state(std::slice::from_ref(&to)).unwrap(), before, "nothing is written again");
        files::write(&from.join("two"), "3").unwrap();
        copy(&from.join("two"), &to.join("two")).unwrap();
        assert_eq!(files::read(&to.join("two")).unwrap(), "3");
    }
}
