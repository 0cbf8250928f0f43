//! llama.cpp's tools from Debian's unstable distribution, unpacked beside their own loader and libraries, in a folder
//! that all clones share. Nothing of the system is changed: apt gets lists, a status and a cache of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::report::{Context, Outcome, fail, failure, step};
use crate::workspace::{cache, scratch};
use crate::{files, process};

/// The package; apt finds what it needs.
const PACKAGE: &str = "llama.cpp-tools";
/// Where Debian's keys are, which sign its lists.
const KEYS: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";
/// Folders of the cache begin so.
const PREFIX: &str = "llama-";
/// Written last: a folder without it was not finished.
const STAMP: &str = "unpacked";
/// Libraries, in an unpacked folder.
const LIBRARIES: &str = "usr/lib/x86_64-linux-gnu";

/// An unpacked package.
pub struct Package {
    folder: PathBuf,
}

/// The package that is there already, the newest of them, or the one that Debian has.
pub fn find() -> Outcome<Package> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return fail("the packages that are known here are those of Debian for x86-64");
    }
    let known = std::fs::read_dir(cache()?).into_iter().flatten().flatten().map(|entry| entry.path());
    let is_whole = |path: &PathBuf| {
        let name = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PREFIX));
        name && path.join(STAMP).exists()
    };
    if let Some(folder) = known.filter(is_whole).max() {
        return Ok(Package { folder });
    }
    if !Path::new(KEYS).exists() {
        return fail(format!("{KEYS} is not there: this is no Debian, or it lacks debian-archive-keyring"));
    }
    step("llama.cpp from Debian's unstable (once a machine)", get)
}

fn get() -> Outcome<Package> {
    let own = scratch("llama/apt");
    files::remove(&own)?;
    for folder in ["lists/partial", "cache/archives/partial", "none"] {
        std::fs::create_dir_all(own.join(folder))?;
    }
    files::write(&own.join("status"), "")?;
    files::write(
        &own.join("sources"),
        &format!("deb [signed-by={KEYS}] http://deb.debian.org/debian unstable main\n"),
    )?;
    let at = |name: &str| own.join(name).display().to_string();
    // An empty status, so that everything is got, libc too; nothing is installed.
    let config = format!(
        "Dir::State \"{}\";\nDir::State::Lists \"{}\";\nDir::State::status \"{}\";\nDir::Cache \"{}\";\n\
         Dir::Etc::sourcelist \"{}\";\nDir::Etc::sourceparts \"{none}\";\nDir::Etc::preferencesparts \"{none}\";\n\
         Dir::Etc::preferences \"{}\";\nAPT::Install-Recommends \"false\";\nAPT::Architecture \"amd64\";\n\
         APT::Architectures {{ \"amd64\"; }};\nAPT::Sandbox::User \"\";\nAcquire::Languages \"none\";\n\
         Acquire::IndexTargets::deb::DEP-11::DefaultEnabled \"false\";\n",
        own.display(),
        at("lists"),
        at("status"),
        at("cache"),
        at("sources"),
        at("none/preferences"),
        none = at("none"),
    );
    files::write(&own.join("config"), &config)?;
    let apt = |program: &str, words: &[&str]| {
        let mut command = Command::new(program);
        command.args(words).env("APT_CONFIG", own.join("config")).env("LC_ALL", "C");
        process::output(&mut command).context(format!("{program} {}", words.join(" ")))
    };
    apt("apt-get", &["update", "-q", "--error-on=any"])?;
    let policy = apt("apt-cache", &["policy", PACKAGE])?;
    let version = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate: "));
    // Without its epoch, which has a colon: loaders split paths at it.
    let version = version.map(|version| version.rsplit(':').next().unwrap_or(version).to_owned());
    let version = version.ok_or_else(|| failure(format!("Debian's unstable has no {PACKAGE}")))?;
    apt("apt-get", &["install", "-q", "-y", "--download-only", PACKAGE])?;
    let folder = cache()?.join(format!("{PREFIX}{version}"));
    files::remove(&folder)?;
    std::fs::create_dir_all(&folder)?;
    for entry in std::fs::read_dir(own.join("cache/archives"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "deb") {
            process::output(Command::new("dpkg-deb").arg("-x").arg(&path).arg(&folder)).context(path.display())?;
        }
    }
    files::write(&folder.join(STAMP), "")?;
    files::remove(&own)?;
    Ok(Package { folder })
}

impl Package {
    /// `llama-server`, by its own loader and with the backend for this machine's CPU.
    pub fn server(&self) -> Outcome<Command> {
        let libraries = self.folder.join(LIBRARIES);
        let mut command = process::command(libraries.join("ld-linux-x86-64.so.2"))?;
        let paths = format!("{}:{}", libraries.display(), libraries.join("llama").display());
        command.args(["--library-path", &paths]).arg(self.folder.join("usr/bin/llama-server"));
        command.env("GGML_BACKEND_PATH", libraries.join("ggml/backends0").join(backend()));
        Ok(command)
    }

    /// Its version, of Debian's.
    pub fn version(&self) -> String {
        let name = self.folder.file_name().unwrap_or_default().to_string_lossy().into_owned();
        name.trim_start_matches(PREFIX).to_owned()
    }
}

/// The backend that this CPU can run.
fn backend() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2")
        && std::is_x86_feature_detected!("fma")
        && std::is_x86_feature_detected!("f16c")
        && std::is_x86_feature_detected!("bmi2")
    {
        return "libggml-cpu-haswell.so";
    }
    "libggml-cpu-x64.so"
}
