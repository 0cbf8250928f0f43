//! Child processes: each long-running one leads a group of its own, is known here, and is ended by its number.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};

use crate::report::{Context, Outcome, fail, now, say};
use crate::workspace;

/// How long a group may take to end by itself.
const GRACE: Duration = Duration::from_secs(8);
/// How many lines of a log are shown when a server fails.
const TAIL_LINES: usize = 25;

/// What cargo tells a program that it runs of the program itself.
const OWN: [&str; 2] = ["CARGO_PKG_", "CARGO_MANIFEST_"];

/// Set once a signal ends everything: from then on nobody wonders why a server ended.
static ENDING: AtomicBool = AtomicBool::new(false);

/// Groups that run.
static GROUPS: Mutex<Vec<i32>> = Mutex::new(Vec::new());

/// A command in the repository's root, with our Node first on PATH.
pub fn command(program: impl AsRef<OsStr>) -> Outcome<Command> {
    let mut command = Command::new(program);
    command.current_dir(workspace::root()).env("PATH", workspace::path_variable()?).stdin(Stdio::null());
    command.env("WRANGLER_SEND_METRICS", "false").env("CI", "1").env("NO_COLOR", "1");
    // What cargo has told this program of itself makes a cargo that is started from here, by wrangler for example,
    // build dependencies anew whose build scripts look at it.
    let own = |name: &OsStr| name.to_str().is_some_and(|name| OWN.iter().any(|prefix| name.starts_with(prefix)));
    for (name, _) in std::env::vars_os().filter(|(name, _)| own(name)) {
        command.env_remove(name);
    }
    Ok(command)
}

/// Runs a command to its end; its output goes to standard error.
pub fn run(command: &mut Command) -> Outcome<()> {
    run_each_line(command, |_| {})
}

/// Runs a command to its end, shows its output on standard error and gives each line of its standard output.
pub fn run_each_line(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome<()> {
    read_each_line(command, |line| {
        say(line);
        each(line);
    })
}

/// Runs a command to its end and gives each line of its standard output.
pub fn read_each_line(command: &mut Command, mut each: impl FnMut(&str)) -> Outcome<()> {
    let shown = command.get_program().display().to_string();
    command.process_group(0).stdout(Stdio::piped());
    let mut child = command.spawn().context(format!("cannot start {shown}"))?;
    let group = remember(&child);
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            each(&line.unwrap_or_default());
        }
    }
    let status = child.wait()?;
    forget(group);
    if status.success() { Ok(()) } else { fail(format!("{shown} failed ({status}); its output stands above")) }
}

/// Runs a command to its end with all its output in a file, and says whether it succeeded.
pub fn run_into(command: &mut Command, file: &Path) -> Outcome<bool> {
    let mut child = spawn_into(command, file)?;
    let group = remember(&child);
    let status = child.wait()?;
    forget(group);
    Ok(status.success())
}

/// Starts a command whose output is added to a file.
fn spawn_into(command: &mut Command, file: &Path) -> Outcome<Child> {
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder)?;
    }
    let file = File::options().create(true).append(true).open(file).context(file.display())?;
    command.stdout(file.try_clone()?).stderr(file).process_group(0);
    command.spawn().context(format!("cannot start {}", command.get_program().display()))
}

/// Runs a command quietly and gives its standard output.
pub fn output(command: &mut Command) -> Outcome<String> {
    let output = command.stderr(Stdio::piped()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    fail(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// A server that was started here; dropping it ends it.
pub struct Server {
    child: Child,
    group: i32,
    log: PathBuf,
}

impl Server {
    /// Starts a server whose output goes to a log.
    pub fn start(command: &mut Command, log: &Path) -> Outcome<Self> {
        let child = spawn_into(command, log)?;
        let group = remember(&child);
        Ok(Self { child, group, log: log.to_path_buf() })
    }

    /// Fails if it has ended, with the end of its log.
    pub fn check(&mut self) -> Outcome<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => fail(format!("a server ended ({status}). The end of its log:\n{}", self.tail())),
        }
    }

    /// The end of its log.
    pub fn tail(&self) -> String {
        let text = fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines[lines.len().saturating_sub(TAIL_LINES)..].join("\n");
        format!("{end}\n(all of it: {})", self.log.display())
    }

    /// The group of processes that it leads.
    pub const fn group(&self) -> i32 {
        self.group
    }

    /// Ends the whole group at once, as a crash would.
    pub fn kill(mut self) {
        signal(self.group, Signal::KILL);
        let _ = self.child.wait();
        forget(self.group);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if GROUPS.lock().unwrap_or_else(PoisonError::into_inner).contains(&self.group) {
            signal(self.group, Signal::TERM);
            let start = now();
            while start.elapsed() < GRACE && matches!(self.child.try_wait(), Ok(None)) {
                std::thread::sleep(Duration::from_millis(20));
            }
            signal(self.group, Signal::KILL);
            let _ = self.child.wait();
            forget(self.group);
        }
    }
}

/// Ends every group that still runs.
pub fn end_everything() {
    let groups = std::mem::take(&mut *GROUPS.lock().unwrap_or_else(PoisonError::into_inner));
    for group in &groups {
        signal(*group, Signal::TERM);
    }
    let start = now();
    while start.elapsed() < GRACE && groups.iter().any(|group| alive(*group)) {
        std::thread::sleep(Duration::from_millis(20));
    }
    for group in groups {
        signal(group, Signal::KILL);
    }
}

/// Waits for the end of this process if a signal is ending it.
pub fn yield_to_signal() {
    while ENDING.load(Ordering::SeqCst) {
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Ctrl-C, SIGTERM and SIGHUP end what was started, then this process.
pub fn end_everything_on_signal() {
    let handler = || {
        ENDING.store(true, Ordering::SeqCst);
        say("\nending everything that was started");
        end_everything();
        std::process::exit(130);
    };
    if ctrlc::set_handler(handler).is_err() {
        say("signals cannot be caught: end children by hand after Ctrl-C");
    }
}

fn remember(child: &Child) -> i32 {
    let group = i32::try_from(child.id()).unwrap_or_default();
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).push(group);
    group
}

fn forget(group: i32) {
    GROUPS.lock().unwrap_or_else(PoisonError::into_inner).retain(|known| *known != group);
}

fn signal(group: i32, signal: Signal) {
    if let Some(group) = Pid::from_raw(group).filter(|_| group > 1) {
        let _ = kill_process_group(group, signal);
    }
}

fn alive(group: i32) -> bool {
    // A leader that ended but was not waited for still counts; the grace ends that.
    Pid::from_raw(group).is_some_and(|group| rustix::process::test_kill_process_group(group).is_ok())
}
