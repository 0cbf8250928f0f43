//! `cargo xtask faults kernel`: tasks under SIGKILL. What was acknowledged is found, ends, and had its effects.

pub mod edge;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aion_client::api::v1::tasks::{SubmitTask, Task};
use aion_client::{Client, NativeTransport};
use serde_json::{Value, json};

use crate::first_light::wait;
use crate::harness::Harness;
use crate::report::{Context, Outcome, fail, failure, now, say, step};
use crate::{build, http, secrets, setup};

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

type Acknowledged = Arc<Mutex<BTreeMap<usize, String>>>;

/// Runs it and fails unless nothing was lost.
pub fn run(words: &[&str]) -> Outcome<()> {
    let mut tasks = TASKS;
    match words {
        [] => {}
        ["--tasks", number] => tasks = number.parse().context("--tasks wants a number")?,
        _ => return fail("`faults kernel` takes --tasks N"),
    }
    setup::for_platform()?;
    build::all()?;
    let mut harness = Harness::start()?;
    let (url, recorder) = (harness.url(), harness.recorder().to_owned());
    let operator = Client::new(&url, NativeTransport::new()).with_key(&secrets::operator_token()?);
    let key = wait(operator.create_tenant("faults"))?.context("POST /v1/tenants")?.key.api_key;
    let client = Client::new(&url, NativeTransport::new()).with_key(&key);
    let host = recorder.trim_start_matches("http://");
    wait(client.put_hosts(&[host]))?.context("PUT /v1/hosts")?;
    let (start, acknowledged) = (now(), Acknowledged::default());
    let kills = submit_under_fire(&mut harness, &key, &recorder, tasks, &acknowledged)?;
    let acknowledged = acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let stuck = step("every acknowledged task ends", || ended(&client, &acknowledged))?;
    let doubled = step("every key still means its task", || repeated(&client, &recorder, &acknowledged))?;
    let missing = effects(&recorder, &acknowledged)?;
    say(format_args!(
        "{} acknowledged, {} lost, {} not done, {doubled} doubled, {missing} effects missing; {kills} kills in {:.0} s",
        acknowledged.len(),
        tasks - acknowledged.len(),
        stuck.len(),
        start.elapsed().as_secs_f64()
    ));
    for (id, state) in stuck.iter().take(10) {
        say(format_args!("  {id}: {state}"));
    }
    if acknowledged.len() == tasks && stuck.is_empty() && doubled == 0 && missing == 0 {
        return Ok(());
    }
    fail("the kernel broke a promise")
}

/// Callers submit while the platform is killed again and again; gives how often it was.
fn submit_under_fire(
    harness: &mut Harness,
    key: &str,
    recorder: &str,
    tasks: usize,
    acknowledged: &Acknowledged,
) -> Outcome<u32> {
    let url = harness.url();
    let done = Arc::new(AtomicBool::new(false));
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..CALLERS)
            .map(|caller| {
                let (url, acknowledged) = (&url, Arc::clone(acknowledged));
                scope.spawn(move || {
                    let client = Client::new(url, NativeTransport::new()).with_key(key);
                    (caller..tasks).step_by(CALLERS).try_for_each(|number| {
                        std::thread::sleep(PACE);
                        let id = submit(&client, number, recorder)?;
                        acknowledged.lock().unwrap_or_else(PoisonError::into_inner).insert(number, id);
                        Ok::<_, crate::report::Failure>(())
                    })
                })
            })
            .collect();
        let fire = Arc::clone(&done);
        let watch = scope.spawn(move || {
            let result = callers
                .into_iter()
                .try_for_each(|caller| caller.join().unwrap_or_else(|_| fail("a caller's thread ended")));
            fire.store(true, Ordering::SeqCst);
            result
        });
        let mut kills = 0;
        while !done.load(Ordering::SeqCst) {
            // Kills drift against everything that repeats.
            std::thread::sleep(Duration::from_millis(PAUSE_MS + u64::from(kills) * 137 % PAUSE_MS));
            harness.kill_platform();
            harness.start_platform()?;
            kills += 1;
        }
        watch.join().unwrap_or_else(|_| fail("the callers' thread ended"))?;
        Ok(kills)
    })
}

fn submit(client: &Client<NativeTransport>, number: usize, recorder: &str) -> Outcome<String> {
    let mut last = String::new();
    for _ in 0..AGAIN_MAX {
        match wait(client.submit(&key(number), &task(number, recorder)))? {
            Ok(task) => return Ok(task.id),
            Err(error) => last = error.to_string(),
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    Err(failure(format!("task {number} is never accepted: {last}")))
}

fn key(number: usize) -> String {
    format!("fault-{number}")
}

/// Computations, a timer, a fan-out, a wait, and an effect elsewhere.
fn task(number: usize, recorder: &str) -> SubmitTask {
    let set = |needs: &[&str], value: &str| json!({ "do": "set", "needs": needs, "with": { "value": value } });
    let steps = match number % 4 {
        0 => json!({ "a": set(&[], "${{ input.n + 1 }}"), "b": set(&["a"], "${{ steps.a.output + 1 }}") }),
        1 => json!({ "nap": { "do": "sleep", "with": { "duration": "${{ string(input.n % 2000) + 'ms' }}" } },
            "then": set(&["nap"], "${{ now }}") }),
        2 => json!({ "each": { "do": "set", "each": { "in": "[1, 2, 3, 4, 5]", "parallel": 2 },
                "with": { "value": "${{ item * input.n }}" } },
            "wait": { "do": "wait.signal", "needs": ["each"],
                "with": { "name": "never", "within": "1s", "otherwise": "continue" } } }),
        _ => json!({ "ask": { "do": "http.request", "retry": { "first": "200ms", "max": "2s" }, "with": {
            "url": format!("{recorder}/ok"), "method": "POST", "json": {}, "idempotent": true } } }),
    };
    SubmitTask { definition: json!({ "steps": steps }), input: json!({ "n": number }) }
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
                Ok(Task { .. }) => rest.push(id),
                Err(error) => stuck.push((id, error.to_string())),
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

/// How many keys mean another task when they come again.
fn repeated(
    client: &Client<NativeTransport>,
    recorder: &str,
    acknowledged: &BTreeMap<usize, String>,
) -> Outcome<usize> {
    let mut doubled = 0;
    for (number, id) in acknowledged {
        let again = wait(client.submit(&key(*number), &task(*number, recorder)))?.context("a repeated submit")?;
        doubled += usize::from(again.id != *id);
    }
    Ok(doubled)
}

/// How many effects the recorder never saw. It may see one more than once, always under the same key.
fn effects(recorder: &str, acknowledged: &BTreeMap<usize, String>) -> Outcome<usize> {
    let (_, body) = http::get(&format!("{recorder}/seen"))?;
    let seen: Vec<Value> = serde_json::from_str(&body)?;
    let keys: BTreeSet<&str> = seen.iter().filter_map(|request| request["key"].as_str()).collect();
    let wanted = acknowledged.iter().filter(|(number, _)| *number % 4 == 3).map(|(_, id)| format!("{id}/ask"));
    let wanted: BTreeSet<String> = wanted.collect();
    if let Some(stranger) = keys.iter().find(|key| !wanted.contains(**key)) {
        return fail(format!("the recorder was asked under {stranger:?}, which is nobody's key"));
    }
    Ok(wanted.len() - keys.len())
}
