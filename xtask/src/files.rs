//! Files: reading, writing, and whether inputs changed since a stamp was written.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::report::{Context, Outcome};

/// Folders that hold no inputs.
const SKIPPED: [&str; 4] = ["target", "node_modules", "build", ".wrangler"];

/// Reads text.
pub fn read(path: &Path) -> Outcome<String> {
    fs::read_to_string(path).context(path.display())
}

/// Reads JSON.
pub fn read_json(path: &Path) -> Outcome<Value> {
    serde_json::from_str(&read(path)?).context(path.display())
}

/// Writes a file, with its folder.
pub fn write(path: &Path, text: &str) -> Outcome<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).context(folder.display())?;
    }
    fs::write(path, text).context(path.display())
}

/// Removes a folder with all that is in it; one that is not there is fine.
pub fn remove(folder: &Path) -> Outcome<()> {
    if folder.exists() { fs::remove_dir_all(folder).context(folder.display()) } else { Ok(()) }
}

/// Every file below the paths, in order.
pub fn below(paths: &[PathBuf]) -> Outcome<Vec<PathBuf>> {
    let mut files = Vec::new();
    let mut open: Vec<PathBuf> = paths.to_vec();
    while let Some(path) = open.pop() {
        let skipped = path.file_name().is_some_and(|name| SKIPPED.iter().any(|skipped| name == *skipped));
        if path.is_file() {
            files.push(path);
        } else if path.is_dir() && !skipped {
            for entry in fs::read_dir(&path).context(path.display())? {
                open.push(entry?.path());
            }
        }
    }
    files.sort();
    Ok(files)
}

/// A fingerprint of everything below the paths.
pub fn fingerprint(paths: &[PathBuf]) -> Outcome<String> {
    let mut hasher = DefaultHasher::new();
    for file in below(paths)? {
        file.hash(&mut hasher);
        fs::read(&file).context(file.display())?.hash(&mut hasher);
    }
    Ok(format!("{:016x}", hasher.finish()))
}

/// What tells quickly that something below the paths changed: names, sizes, and when each was written.
pub fn state(paths: &[PathBuf]) -> Outcome<u64> {
    let mut hasher = DefaultHasher::new();
    for file in below(paths)? {
        let told = fs::metadata(&file).context(file.display())?;
        (&file, told.len(), told.modified()?).hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// Does the work unless its inputs are those that the stamp names.
pub fn unless_fresh(stamp: &Path, inputs: &[PathBuf], work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
    let print = fingerprint(inputs)?;
    if fs::read_to_string(stamp).is_ok_and(|known| known == print) {
        return Ok(());
    }
    work()?;
    write(stamp, &print)
}
