//! `cargo xtask faults kernel`: tasks under SIGKILL. What was acknowledged is found, ends, and had its effects.

pub mod edge;
pub mod limiter;
pub mod malformed;
pub mod schema;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use crate::first_light::wait;
use crate::harness::Harness;
use crate::report::{Context, Outcome, fail, failure, ms_since, now, say, step};
use crate::{build, http, secrets, setup};

mod panics;

/// Tasks, if the command line does not say.
const TASKS: usize = 1_000;
/// Callers at once: enough that every kill meets requests that are under way.
const CALLERS: usize = 8;
/// A caller asks again this often, a second apart each time: longer than any restart takes.
const AGAIN_MAX: u32 = 60;
/// A task that was acknowledged ends within this time after the last kill: a lease is over in half a minute.
const PATIENCE: Duration = Duration::from_mins(3);
/// A caller rests this long between two tasks, so that a thousand of them meet a dozen kills.
const PACE: Duration = Duration::from_millis(250);
/// Between two kills there are at least so many milliseconds, and at most twice as many.
const PAUSE_MS: u64 = 2_000;

/// Kinds of tasks in the load.
const KINDS: usize = 6;
/// The kind that has an effect elsewhere.
const CALLING: usize = 3;
/// The kind that soon leaves for the archive.
const BRIEF: usize = 5;

/// The ids of acknowledged tasks by their number.
type Acknowledged = Arc<Mutex<BTreeMap<usize, String>>>;

/// Runs it and fails unless nothing was lost.
pub fn run(words: &[&str]) -> Outcome<()> {
    let (mut tasks, mut panics) = (TASKS, false);
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--tasks" => tasks = words.next().copied().unwrap_or_default().parse().context("--tasks wants a number")?,
            "--panics" => panics = true,
            _ => return fail("`faults kernel` takes --tasks N and --panics"),
        }
    }
    if panics { panics::run(tasks) } else { killed(tasks) }
}

/// The platform is killed again and again.
fn killed(tasks: usize) -> Outcome<()> {
    setup::for_platform()?;
    build::all()?;
    let mut harness = Harness::start("faults/kernel")?;
    let load = Load::prepare(&harness.url(), harness.recorder().to_owned(), tasks)?;
    let (start, acknowledged) = (now(), Acknowledged::default());
    let kills = load.submit_under_fire(&mut harness, &acknowledged)?;
    let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let kept = load.kept(&acknowledged)?;
    say(format_args!("{kills} kills in {:.0} s", start.elapsed().as_secs_f64()));
    if kept { Ok(()) } else { fail("the kernel broke a promise") }
}

/// Tasks of a tenant of their own.
struct Load {
    url: String,
    key: String,
    recorder: String,
    tasks: usize,
    /// The kind that all of them are of, if they are of one.
    only: Option<usize>,
    /// Tasks beside the load that ask the recorder too.
    others: Vec<String>,
    /// How long the longest submit was under way, in milliseconds.
    longest_ms: AtomicU64,
}

impl Load {
    /// Makes the tenant, and allows it to ask the recorder.
    fn prepare(url: &str, recorder: String, tasks: usize) -> Outcome<Self> {
        let operator = Client::new(url, NativeTransport::new()).with_key(&secrets::operator_token()?);
        let tenant = again("POST /v1/tenants", || operator.create_tenant("faults"))?;
        let load = Self {
            url: url.to_owned(),
            key: tenant.key.api_key,
            recorder,
            tasks,
            only: None,
            others: Vec::new(),
            longest_ms: AtomicU64::new(0),
        };
        let host = load.recorder.trim_start_matches("http://").to_owned();
        let client = load.client();
        let hosts = [host.as_str()];
        again("PUT /v1/hosts", || client.put_hosts(&hosts))?;
        Ok(load)
    }

    fn client(&self) -> Client<NativeTransport> {
        // Whoever is told to come again comes again here, where it is counted.
        Client::new(&self.url, NativeTransport::new()).with_key(&self.key).without_retries()
    }

    /// Submits everything, with several callers at once.
    fn submit_all(&self, acknowledged: &Acknowledged) -> Outcome<()> {
        std::thread::scope(|scope| {
            let caller = |caller: usize| {
                scope.spawn(move || {
                    let client = self.client();
                    (caller..self.tasks).step_by(CALLERS).try_for_each(|number| {
                        std::thread::sleep(PACE);
                        let id = self.submit(&client, number)?;
                        acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(number, id);
                        Ok::<_, crate::report::Failure>(())
                    })
                })
            };
            let callers: Vec<_> = (0..CALLERS).map(caller).collect();
            callers.into_iter().try_for_each(|caller| caller.join().unwrap_or_else(|_| fail("a caller's thread ended")))
        })
    }

    fn submit(&self, client: &Client<NativeTransport>, number: usize) -> Outcome<String> {
        let (key, task) = (key(number), self.task(number));
        let timed = || async {
            let start = now();
            let answer = client.submit(&key, &task).await;
            self.longest_ms.fetch_max(ms_since(start), Ordering::Relaxed);
            answer
        };
        Ok(again(&format!("task {number}"), timed)?.id)
    }

    fn kind(&self, number: usize) -> usize {
        self.only.unwrap_or(number % KINDS)
    }

    /// Callers submit while the platform is killed again and again; gives how often it was.
    fn submit_under_fire(&self, harness: &mut Harness, acknowledged: &Acknowledged) -> Outcome<u32> {
        std::thread::scope(|scope| {
            let load = scope.spawn(|| self.submit_all(acknowledged));
            let mut kills = 0;
            while !load.is_finished() {
                // Kills drift against everything that repeats.
                std::thread::sleep(Duration::from_millis(PAUSE_MS + u64::from(kills) * 137 % PAUSE_MS));
                harness.kill_platform();
                harness.start_platform()?;
                kills += 1;
            }
            load.join().unwrap_or_else(|_| fail("the callers' thread ended"))?;
            Ok(kills)
        })
    }

    /// Whether every promise was kept; says what was seen.
    fn kept(&self, acknowledged: &BTreeMap<usize, String>) -> Outcome<bool> {
        let client = self.client();
        let stuck = step("every acknowledged task ends", || ended(&client, acknowledged))?;
        let doubled = step("every key still means its task", || self.repeated(&client, acknowledged))?;
        let missing = self.effects(acknowledged)?;
        say(format_args!(
            "{} acknowledged, {} lost, {} not done, {doubled} doubled, {missing} effects missing",
            acknowledged.len(),
            self.tasks - acknowledged.len(),
            stuck.len(),
        ));
        for (id, state) in stuck.iter().take(10) {
            say(format_args!("  {id}: {state}"));
        }
        Ok(acknowledged.len() == self.tasks && stuck.is_empty() && doubled == 0 && missing == 0)
    }

    /// Computations, a timer, a fan-out and a wait, an effect elsewhere, a child, and one that soon leaves for the
    /// archive.
    fn task(&self, number: usize) -> SubmitTask {
        let set = |needs: &[&str], value: &str| json!({ "do": "set", "needs": needs, "with": { "value": value } });
        let mut definition = json!({});
        definition["steps"] = match self.kind(number) {
            0 => json!({ "a": set(&[], "${{ input.n + 1 }}"), "b": set(&["a"], "${{ steps.a.output + 1 }}") }),
            1 => json!({ "nap": { "do": "sleep", "with": { "duration": "${{ string(input.n % 2000) + 'ms' }}" } },
                "then": set(&["nap"], "${{ now }}") }),
            2 => json!({ "each": { "do": "set", "each": { "in": "[1, 2, 3, 4, 5]", "parallel": 2 },
                    "with": { "value": "${{ item * input.n }}" } },
                "wait": { "do": "wait.signal", "needs": ["each"],
                    "with": { "name": "never", "within": "1s", "otherwise": "continue" } } }),
            CALLING => json!({ "ask": { "do": "http.request", "retry": { "first": "200ms", "max": "2s" }, "with": {
                "url": format!("{}/ok", self.recorder), "method": "POST", "json": {}, "idempotent": true } } }),
            4 => json!({ "child": { "do": "task.start", "with": { "wait": true, "input": { "n": number },
                "definition": { "steps": { "nap": { "do": "sleep", "with": { "duration": "300ms" } } } } } } }),
            _ => json!({ "brief": set(&[], "${{ string(input.n) }}") }),
        };
        if self.kind(number) == BRIEF {
            definition["retention"] = json!("1s");
            definition["labels"] = json!({ "brief": "yes" });
        }
        SubmitTask { definition, input: json!({ "n": number }) }
    }

    /// How many keys mean another task when they come again.
    fn repeated(&self, client: &Client<NativeTransport>, acknowledged: &BTreeMap<usize, String>) -> Outcome<usize> {
        let mut doubled = 0;
        for (number, id) in acknowledged {
            doubled += usize::from(self.submit(client, *number)? != *id);
        }
        Ok(doubled)
    }

    /// How many effects the recorder never saw. It may see one more than once, always under the same key.
    fn effects(&self, acknowledged: &BTreeMap<usize, String>) -> Outcome<usize> {
        let (_, body) = http::get(&format!("{}/seen", self.recorder))?;
        let seen: Vec<Value> = serde_json::from_str(&body)?;
        let keys: BTreeSet<&str> = seen.iter().filter_map(|request| request["key"].as_str()).collect();
        let wanted =
            acknowledged.iter().filter(|(number, _)| self.kind(**number) == CALLING).map(|(_, id)| format!("{id}/ask"));
        let wanted: BTreeSet<String> = wanted.collect();
        if let Some(stranger) = keys.iter().find(|key| !wanted.contains(**key) && !self.is_of_others(key)) {
            return fail(format!("the recorder was asked under {stranger:?}, which is nobody's key"));
        }
        Ok(wanted.iter().filter(|key| !keys.contains(key.as_str())).count())
    }

    fn is_of_others(&self, key: &str) -> bool {
        self.others.iter().any(|id| key.starts_with(id.as_str()))
    }
}

/// Asks again until it is answered.
fn again<T, F: Future<Output = Result<T, aion_client::Error>>>(what: &str, ask: impl Fn() -> F) -> Outcome<T> {
    let mut last = String::new();
    for _ in 0..AGAIN_MAX {
        match wait(ask())? {
            Ok(answer) => return Ok(answer),
            Err(error) => last = error.to_string(),
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Err(failure(format!("{what} is never answered: {last}")))
}

fn key(number: usize) -> String {
    format!("fault-{number}")
}

/// The acknowledged tasks that are not done in time, with what is known of them.
fn ended(client: &Client<NativeTransport>, acknowledged: &BTreeMap<usize, String>) -> Outcome<Vec<(String, String)>> {
    let (start, mut open) = (now(), acknowledged.values().cloned().collect::<Vec<_>>());
    let mut stuck = Vec::new();
    while !open.is_empty() && start.elapsed() < PATIENCE {
        let mut rest = Vec::new();
        for id in open {
            match wait(client.task(&id))? {
                Ok(task) if task.state == "done" => {}
                Ok(task) if task.is_terminal() => stuck.push((id, task.steps.to_string())),
                // What cannot be read now is read again.
                Ok(Task { .. }) | Err(_) => rest.push(id),
            }
        }
        open = rest;
        std::thread::sleep(Duration::from_millis(500));
    }
    for id in open {
        let view = wait(client.task(&id))?.map_or_else(|error| error.to_string(), |task| task.steps.to_string());
        stuck.push((id, view));
    }
    Ok(stuck)
}
