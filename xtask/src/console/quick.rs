//! Builds the console for whoever works on it: in seconds, larger than the one that is deployed, and in a folder that
//! nothing but `cargo xtask dev` serves.

use std::fs;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use super::{INPUTS, binder, compiled, compiler, page};
use crate::report::{Failure, Outcome, fail, now, say, step};
use crate::workspace::{self, at, scratch};
use crate::{build, files, http, process};

/// Its profile.
const PROFILE: &str = "console-dev";
/// What is looked at while somebody works. The rest of what it is made of belongs to the Workers as well, which are
/// built when `dev` starts.
const WATCHED: [&str; 5] = ["ui/src", "ui/style", "ui/page", "ui/Cargo.toml", "client/src"];
/// How often.
const PERIOD: Duration = Duration::from_millis(250);
/// How long a server may take to see what was built.
const PATIENCE: Duration = Duration::from_secs(30);

/// Where it is made.
pub struct Quick {
    /// The workspace of its sources.
    pub sources: PathBuf,
    /// Cargo's folder.
    pub target: PathBuf,
    /// The rest, with what is served.
    pub work: PathBuf,
}

/// How long its parts took, in seconds.
pub struct Took {
    pub compile: f64,
    pub bind: f64,
    pub whole: f64,
}

impl Quick {
    /// The one of this workspace.
    pub fn own() -> Self {
        Self { sources: workspace::root(), target: at("target/console"), work: scratch("console-dev") }
    }

    /// What is served.
    pub fn dist(&self) -> PathBuf {
        self.work.join("dist")
    }

    /// Builds it, unless nothing changed, with the documents that stand beside it.
    pub fn ready(&self) -> Outcome<()> {
        self.unless_fresh(|| step("build of the console for development", || self.make().map(drop)))?;
        build::documents(&self.dist())
    }

    /// What has to change before it is built again.
    pub fn changes(&self) -> Changes {
        Changes::since(self.seen())
    }

    /// Builds it again whenever something of it changed, for as long as this program runs, for a server at an address.
    pub fn watch(&self, mut changes: Changes, url: &str) {
        loop {
            thread::sleep(PERIOD);
            if !changes.at_rest(self.seen()) {
                continue;
            }
            let start = now();
            let again = || {
                let built = self.make()?.whole;
                self.served(url)?;
                let whole = start.elapsed().as_secs_f64();
                say(format_args!("✓ the console, built again in {built:.1} s, is served after {whole:.1} s"));
                Ok(())
            };
            if let Err(failure) = self.unless_fresh(again) {
                say(format_args!("the console stays as it was: {failure}"));
            }
        }
    }

    /// Waits until a server knows the files by their new names: it answers any other name with the page. The module's
    /// stands in one of them.
    fn served(&self, url: &str) -> Outcome<()> {
        let start = now();
        let dist = self.dist();
        let files = files::below(&[dist.join(page::MOUNT)])?;
        for file in files.iter().filter(|file| file.extension().is_none_or(|extension| extension != "wasm")) {
            let (text, name) = (files::read(file)?, file.strip_prefix(&dist)?.display());
            while !http::get(&format!("{url}/{name}")).is_ok_and(|(_, known)| known == text) {
                if start.elapsed() > PATIENCE {
                    return fail(format!("{url}/{name} is not served"));
                }
                thread::sleep(PERIOD);
            }
        }
        Ok(())
    }

    fn unless_fresh(&self, work: impl FnOnce() -> Outcome<()>) -> Outcome<()> {
        let stamp = self.work.join("inputs");
        if !self.dist().join("index.html").exists() && stamp.exists() {
            fs::remove_file(&stamp)?;
        }
        files::unless_fresh(&stamp, &INPUTS.map(|path| self.sources.join(path)), work)
    }

    /// A file that vanishes while it is looked at has changed, which the next look tells.
    fn seen(&self) -> Option<u64> {
        files::state(&WATCHED.map(|path| self.sources.join(path))).ok()
    }

    /// Builds it.
    pub fn make(&self) -> Outcome<Took> {
        let start = now();
        let (bound, style) = (self.work.join("bound"), self.work.join("console.css"));
        let mut compile = compiler(&self.sources, PROFILE, &self.target)?;
        let mut bind = binder(&compiled(PROFILE, &self.target), &bound)?;
        let mut stylist = page::stylist(&self.sources.join("ui/style"), &style)?;
        let (compile, bind) = thread::scope(|scope| {
            let styled = scope.spawn(|| process::output(&mut stylist));
            process::run(compile.arg("--quiet"))?;
            let compile = start.elapsed();
            process::run(&mut bind)?;
            let bind = start.elapsed().saturating_sub(compile);
            styled.join().unwrap_or_else(|_| fail("the style sheet's build panicked"))?;
            Ok::<_, Failure>((compile, bind))
        })?;
        let (wasm, script) = (bound.join("console_bg.wasm"), bound.join("console.js"));
        let parts = page::Parts { wasm: &wasm, script: &script, style: &style };
        page::assemble(&self.sources.join("ui/page"), &parts, &self.dist())?;
        let [compile, bind, whole] = [compile, bind, start.elapsed()].map(|took| took.as_secs_f64());
        Ok(Took { compile, bind, whole })
    }
}

/// When what is watched has changed and has come to rest: editors write several files, and some of them in steps.
pub struct Changes {
    built: Option<u64>,
    last: Option<u64>,
}

impl Changes {
    /// From a state on that is built.
    pub const fn since(seen: Option<u64>) -> Self {
        Self { built: seen, last: seen }
    }

    /// Takes what is seen now, and says whether that is to be built.
    pub fn at_rest(&mut self, seen: Option<u64>) -> bool {
        let rests = seen.is_some() && seen == self.last;
        self.last = seen;
        if !rests || seen == self.built {
            return false;
        }
        self.built = seen;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{Changes, Quick};
    use crate::workspace::at;

    #[test]
    fn a_change_is_built_once_when_it_rests() {
        let mut changes = Changes::since(Some(1));
        let looks = [Some(1), Some(2), Some(3), Some(3), Some(3), None, Some(4), Some(4), Some(5), Some(4)];
        let built: Vec<bool> = looks.into_iter().map(|seen| changes.at_rest(seen)).collect();
        assert_eq!(built, [false, false, false, true, false, false, false, true, false, false]);
        // What was seen twice and undone is nothing new.
        assert!(!changes.at_rest(Some(4)));
    }

    #[test]
    fn what_is_deployed_stands_elsewhere() {
        let quick = Quick::own();
        assert!(!quick.dist().starts_with(at(super::super::DIST)));
        assert_ne!(super::PROFILE, super::super::PROFILE);
    }
}
