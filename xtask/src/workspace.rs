//! Where everything is.

use std::path::{Path, PathBuf};

use crate::report::{Outcome, failure};

/// Version of worker-build; that of the crate `worker` in Cargo.toml.
pub const WORKER_BUILD: &str = "0.8.7";
/// Version of wasm-bindgen's command line; it must equal the crate's in Cargo.toml.
pub const WASM_BINDGEN: &str = "0.2.130";

/// The repository's root.
pub fn root() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_path_buf()
}

/// A path in the repository.
pub fn at(path: &str) -> PathBuf {
    root().join(path)
}

/// Where this tool keeps logs, local chains and storage of test runs.
pub fn scratch(path: &str) -> PathBuf {
    at("target/aion").join(path)
}

/// What is free on the disk that the repository stands on. A linker that fills it up ends by SIGBUS and says nothing of
/// it.
pub fn free_bytes() -> Outcome<u64> {
    let disk = rustix::fs::statvfs(root())?;
    Ok(disk.f_bavail * disk.f_frsize)
}

/// What all clones on this machine share.
pub fn cache() -> Outcome<PathBuf> {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let cache = cache.or_else(home).ok_or_else(|| failure("neither XDG_CACHE_HOME nor HOME is set: set HOME"))?;
    Ok(cache.join("aion"))
}

/// Tools that cargo installs.
pub fn tools() -> Outcome<PathBuf> {
    Ok(cache()?.join(format!("tools-worker-{WORKER_BUILD}-bindgen-{WASM_BINDGEN}")))
}

/// A tool that cargo installed.
pub fn tool(name: &str) -> Outcome<PathBuf> {
    Ok(tools()?.join("bin").join(name))
}

/// The folder of the Node that npm brings: wrangler wants a newer one than many machines have.
pub fn node_folder() -> PathBuf {
    let arch = if cfg!(target_arch = "aarch64") { "arm64" } else { "x64" };
    at(&format!("node_modules/node-linux-{arch}/bin"))
}

/// PATH with our own Node first, then npm's commands.
pub fn path_variable() -> Outcome<std::ffi::OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let ours = [node_folder(), at("node_modules/.bin")];
    std::env::join_paths(ours.into_iter().chain(std::env::split_paths(&old))).map_err(Into::into)
}
