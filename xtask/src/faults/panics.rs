//! `cargo xtask faults kernel --panics`: tasks while the kernel panics at every transition. A panic resets every object
//! of the isolate; what was acknowledged is found, ends, and had its effects all the same.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;
use std::thread::{JoinHandle, spawn};
use std::time::Duration;

use aion_client::api::v1::tasks::SubmitTask;
use serde_json::{Value, json};

use super::{Acknowledged, BRIEF, Load, PATIENCE, again};
use crate::bench::workerd;
use crate::report::{Outcome, fail, now, say, step};
use crate::workspace::scratch;
use crate::{build, files, recorder, secrets, setup};

#[path = "../../../kernel-do/src/kernel/fault/points.rs"]
mod points;

use points::POINTS;

/// One in so many tasks leaves soon, in a shard of its own.
const BRIEF_OF: usize = 4;
/// Whatever is passed only as tasks leave is passed within so many shards of them, a few seconds each.
const BRIEF_ROUNDS: usize = 10;
/// Where the kernel dies of a poisoned task: as it is due, then too with the isolate, as its answer comes, as it leaves
/// for the archive. The last two need some minutes.
const POISONS: [&str; 4] = ["due", "lost", "answer", "leave"];
/// No answer takes longer, whatever dies meanwhile.
const ANSWER_MAX_MS: u64 = 10_000;
/// A run of fewer tasks is a short one.
const SHORT: usize = 500;

/// Runs it and fails unless every point was hit and nothing was lost.
pub fn run(tasks: usize) -> Outcome<()> {
    setup::for_workers()?;
    secrets::ensure()?;
    let bundle = build::with_fault_points()?;
    let folder = scratch("faults/panics");
    let running = step("the edge with fault points in workerd", || workerd::edge(&bundle, &folder))?;
    let (url, start) = (format!("http://127.0.0.1:{}", running.port), now());
    let (log, mut longest_ms) = (folder.join("workerd.log"), 0);
    let mut load = Load::prepare(&url, recorder::start()?, tasks)?;
    let poisons = if tasks < SHORT { &POISONS[..2] } else { &POISONS[..] };
    let poisoned = poisons.iter().map(|place| load.poison(place)).collect::<Outcome<Vec<_>>>()?;
    load.others.clone_from(&poisoned);
    let watcher = load.watch()?;
    let mut kept = load.survives("tasks under panics", &mut longest_ms)?;
    step("whoever watches is told that it is over", || {
        watcher.join().unwrap_or_else(|_| fail("whoever watches has panicked"))
    })?;
    // Links leave for the archive only after every task that is older than they are, and that is seldom.
    for _ in 0..BRIEF_ROUNDS {
        let brief = Load { only: Some(BRIEF), ..Load::prepare(&url, recorder::start()?, tasks / BRIEF_OF)? };
        kept &= brief.survives("tasks that soon leave, under panics", &mut longest_ms)?;
        if missed(&hits(&log)?).is_empty() {
            break;
        }
    }
    step("poisoned tasks are set aside", || poisoned.iter().try_for_each(|id| load.is_set_aside(id)))?;
    step("a person cancels one of them", || load.is_cancelled(&poisoned[0]))?;
    let hits = hits(&log)?;
    for (point, _) in POINTS {
        say(format_args!("  {point:<20}{:>5}", hits.get(*point).copied().unwrap_or(0)));
    }
    let panics: u32 = hits.values().sum();
    let seconds = start.elapsed().as_secs_f64();
    say(format_args!("{panics} panics in {seconds:.0} s; the longest wait for an answer took {longest_ms} ms"));
    let missed = missed(&hits);
    if !missed.is_empty() {
        return fail(format!("never hit: {}", missed.join(", ")));
    }
    if longest_ms > ANSWER_MAX_MS {
        return fail("somebody waited for an answer that nobody was left to give");
    }
    if kept { Ok(()) } else { fail("the kernel broke a promise") }
}

impl Load {
    /// Submits everything and says whether every promise was kept.
    fn survives(&self, name: &str, longest_ms: &mut u64) -> Outcome<bool> {
        let acknowledged = Acknowledged::default();
        step(name, || self.submit_all(&acknowledged))?;
        let kept = self.kept(&acknowledged.lock().unwrap_or_else(PoisonError::into_inner).clone())?;
        *longest_ms = self.longest_ms.load(Ordering::Relaxed).max(*longest_ms);
        Ok(kept)
    }

    /// Submits a task of which the kernel dies whenever it is at a place.
    fn poison(&self, place: &str) -> Outcome<String> {
        let url = format!("{}/ok", self.recorder);
        let steps = match place {
            "due" | "lost" => json!({ "nap": { "do": "sleep", "with": { "duration": "1s" } } }),
            "answer" => json!({ "ask": { "do": "http.request", "with": { "url": url } } }),
            _ => json!({ "brief": { "do": "set", "with": { "value": 1 } } }),
        };
        let definition = json!({ "steps": steps, "retention": "1s" });
        let task = SubmitTask { definition, input: json!({ "poison": place }) };
        let client = self.client();
        let key = format!("poison-{place}");
        Ok(again(place, || client.submit(&key, &task))?.id)
    }

    /// Opens the events of a task that waits, and reads them to their end in a thread: they end with the instance that
    /// tells them, or nobody would ever open them anew.
    fn watch(&self) -> Outcome<JoinHandle<Outcome<()>>> {
        let definition = json!({ "steps": { "nap": { "do": "sleep", "with": { "duration": "1h" } } } });
        let task = SubmitTask { definition, input: json!({}) };
        let client = self.client();
        let id = again("watched", || client.submit("watched", &task))?.id;
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        let key = &self.key;
        write!(stream, "GET /v1/tasks/{id}/events HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {key}\r\n\r\n")?;
        let start = now();
        Ok(spawn(move || {
            let (mut part, mut told) = ([0; 4_096], Vec::new());
            while start.elapsed() < PATIENCE {
                match stream.read(&mut part) {
                    Ok(0) => break,
                    Ok(read) => told.extend_from_slice(&part[..read]),
                    Err(error) if error.kind() == std::io::ErrorKind::ConnectionReset => break,
                    Err(error) => return fail(format!("the events of a task go on without an instance: {error}")),
                }
                // The end of a chunked body.
                if told.ends_with(b"0\r\n\r\n") {
                    break;
                }
            }
            let told = String::from_utf8_lossy(&told);
            if told.to_lowercase().contains("text/event-stream") && start.elapsed() < PATIENCE {
                return Ok(());
            }
            fail(format!("the events of a task did not begin, or did not end: {told:.500}"))
        }))
    }

    /// Waits until the shard has set a task aside, and says so.
    fn is_set_aside(&self, id: &str) -> Outcome<()> {
        let (client, start) = (self.client(), now());
        while start.elapsed() < PATIENCE {
            let task = again(id, || client.task(id))?;
            if let Some(aside) = task.more.get("aside") {
                say(format_args!("  {id} ({}): {aside}", task.more["input"]["poison"]));
                let history = again(id, || client.history(id, None))?;
                let is_told = history.items.iter().any(|link| link["events"].to_string().contains("\"task.aside\""));
                return if is_told { Ok(()) } else { fail(format!("the history of {id} does not say so")) };
            }
            std::thread::sleep(Duration::from_millis(500));
        }
        fail(format!("{id} is never set aside"))
    }

    /// Has a task cancelled that is set aside.
    fn is_cancelled(&self, id: &str) -> Outcome<()> {
        let client = self.client();
        let task = again(id, || client.cancel(id))?;
        if task.state == "cancelled" { Ok(()) } else { fail(format!("{id} is {}", task.state)) }
    }
}

/// The points that were never hit.
fn missed(hits: &BTreeMap<String, u32>) -> Vec<&'static str> {
    POINTS.iter().map(|(point, _)| *point).filter(|point| !hits.contains_key(*point)).collect()
}

/// How often each point was hit, as the log says.
fn hits(log: &Path) -> Outcome<BTreeMap<String, u32>> {
    let mut hits = BTreeMap::new();
    for line in files::read(log)?.lines() {
        let Some(start) = line.find("{\"at\":\"fault point\"") else {
            continue;
        };
        let Some(entry) = serde_json::Deserializer::from_str(&line[start..]).into_iter::<Value>().next() else {
            continue;
        };
        let entry = entry?;
        *hits.entry(entry["point"].as_str().unwrap_or_default().to_owned()).or_insert(0) += 1;
    }
    Ok(hits)
}
