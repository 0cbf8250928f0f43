//! The page of the console and the files that it loads.
//!
//! Names carry a hash of the content, so that browsers keep files for ever and never mix two versions.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::process::Command;

use crate::report::{Context, Outcome};
use crate::workspace::at;
use crate::{files, process};

/// Below this path stand all files but the page itself, and all addresses of the console.
pub const MOUNT: &str = "console";

/// What is built, each a file.
pub struct Parts<'a> {
    pub wasm: &'a Path,
    /// What JavaScript needs to load it.
    pub script: &'a Path,
    pub style: &'a Path,
}

/// Tailwind, from the sources of a style sheet.
pub fn stylist(sources: &Path, style: &Path) -> Outcome<Command> {
    let mut tailwind = process::command(at("node_modules/.bin/tailwindcss"))?;
    tailwind.arg("--input").arg(sources.join("console.css")).arg("--output").arg(style).arg("--minify");
    Ok(tailwind)
}

/// Puts the page and its files where they are served from. The page comes after what it names, so that whoever loads it
/// in between has one version or the other.
pub fn assemble(sources: &Path, parts: &Parts, dist: &Path) -> Outcome<()> {
    let folder = dist.join(MOUNT);
    let before = files::below(std::slice::from_ref(&folder))?;
    let wasm = place(&bytes(parts.wasm)?, "console", "wasm", &folder)?;
    let script = place(&bytes(parts.script)?, "console", "js", &folder)?;
    let boot = files::read(&sources.join("boot.js"))?.replace("{{script}}", &script).replace("{{wasm}}", &wasm);
    let boot = place(boot.as_bytes(), "boot", "js", &folder)?;
    let early = place(&bytes(&sources.join("early.js"))?, "early", "js", &folder)?;
    let style = place(&bytes(parts.style)?, "console", "css", &folder)?;
    let icon = place(&bytes(&sources.join("icon.svg"))?, "icon", "svg", &folder)?;
    let mut page = files::read(&sources.join("index.html"))?;
    for (name, file) in
        [("wasm", wasm), ("script", script), ("boot", boot), ("early", early), ("style", style), ("icon", icon)]
    {
        page = page.replace(&format!("{{{{{name}}}}}"), &file);
    }
    files::write(&dist.join("index.html"), &page)?;
    files::write(&dist.join("_headers"), &files::read(&sources.join("_headers"))?)?;
    // What nobody names any more goes last, one by one: a server that watches the folder would lose it.
    let named = |file: &Path| file.file_name().is_some_and(|name| page.contains(&*name.to_string_lossy()));
    before.iter().filter(|file| !named(file)).try_for_each(|file| Ok(fs::remove_file(file)?))
}

fn bytes(file: &Path) -> Outcome<Vec<u8>> {
    fs::read(file).context(file.display())
}

/// Writes a file under a name with its hash, and gives that name.
fn place(bytes: &[u8], name: &str, extension: &str, folder: &Path) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    let file = format!("{name}-{:016x}.{extension}", hasher.finish());
    fs::create_dir_all(folder).context(folder.display())?;
    fs::write(folder.join(&file), bytes).context(&file)?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{MOUNT, Parts, assemble};
    use crate::workspace::{at, scratch};
    use crate::{files, platform};

    /// Assembles the real page with this in place of wasm, and gives the page and what stands beside it.
    fn assembled(work: &Path, wasm: &str) -> (String, Vec<PathBuf>) {
        let [module, script, style] = ["m.wasm", "s.js", "s.css"].map(|name| work.join(name));
        files::write(&module, wasm).unwrap();
        files::write(&script, "export default 1").unwrap();
        files::write(&style, "a{}").unwrap();
        let dist = work.join("dist");
        assemble(&at("ui/page"), &Parts { wasm: &module, script: &script, style: &style }, &dist).unwrap();
        let page = files::read(&dist.join("index.html")).unwrap();
        (page, files::below(&[dist.join(MOUNT)]).unwrap())
    }

    #[test]
    fn a_page_names_the_files_that_stand_and_nothing_else_stands() {
        let work = scratch("tests/page");
        platform::fresh_folder(&work).unwrap();
        let (first, before) = assembled(&work, "one");
        let (second, after) = assembled(&work, "two");
        assert!(!first.contains("{{") && !second.contains("{{"), "every name is filled in");
        for (page, files) in [(&first, &before), (&second, &after)] {
            assert_eq!(files.len(), 6);
            assert!(files.iter().all(|file| page.contains(file.file_name().unwrap().to_str().unwrap())));
        }
        // Another module has another name, and so has what loads it; the rest keeps its own.
        assert_eq!(after.iter().filter(|file| before.contains(file)).count(), 4);
        let headers = fs::read(work.join("dist/_headers")).unwrap();
        assert_eq!(headers, fs::read(at("ui/page/_headers")).unwrap());
    }
}
