//! Schedules of a tenant: stored, looked at by the alarm, and what they start.

use std::time::Duration;

use aion_api::cursor::Page;
use aion_api::idempotency::Idempotency;
use aion_api::object::kernel;
use aion_api::object::tenant::{Reply, Snapshot, Steer};
use aion_api::problem::{Code, Fault, Problem};
use aion_api::time::rfc3339;
use aion_api::trace::Trace;
use aion_api::{Address, ids, v1};
use aion_shell::call::{self, fault, now_ms};
use aion_task::schedule::{self, Command, Effect, Schedule, Source, Spec};
use aion_task::task::State;
use futures_util::FutureExt;
use futures_util::future::join_all;
use serde::Deserialize;
use serde_json::Value;
use worker::SqlStorageValue;

use super::Tenant;
use super::store::{Store, int, json, parse};
use crate::submit::{self, Submission, Submitted};
use aion_shell::zones::Platform;

/// A tenant may have this many schedules: an alarm that wakes all of them still fits its time.
const SCHEDULES_MAX: u64 = 1_000;
/// So many schedules are looked at in one alarm; the others follow at once.
const LOOK_MAX: i64 = 50;
/// If looking fails, it is tried again after this time.
const AGAIN_MS: u64 = 30_000;
/// The body of a run's request never changes under its key.
const RUN_BODY: &str = "schedule";

#[derive(Deserialize)]
struct Row {
    body: String,
}

#[derive(Deserialize)]
struct Number {
    number: Option<u64>,
}

/// An effect with the schedule that it belongs to.
type Wanted = (String, Effect);

impl Store<'_> {
    fn schedule(&self, name: &str) -> Result<Option<Schedule>, Problem> {
        let row = self.rows::<Row>("SELECT body FROM schedule WHERE name = ?", vec![name.into()])?.pop();
        row.map(|row| parse(&row.body)).transpose()
    }

    fn save_schedule(&self, schedule: &Schedule) -> Result<(), Problem> {
        let wake_ms = schedule.wake_ms().map_or(SqlStorageValue::Null, int);
        let values = vec![schedule.name.as_str().into(), wake_ms, json(schedule)?.into()];
        self.run("INSERT OR REPLACE INTO schedule (name, wake_ms, body) VALUES (?, ?, ?)", values)
    }

    pub(super) fn read_schedule(&self, name: &str) -> Result<Reply, Problem> {
        let schedule = self.schedule(name)?.ok_or_else(|| Problem::unknown("schedule"))?;
        Ok(Reply::Schedule(view(&schedule)))
    }

    pub(super) fn delete_schedule(&self, name: &str) -> Result<Reply, Problem> {
        self.schedule(name)?.ok_or_else(|| Problem::unknown("schedule"))?;
        self.run("DELETE FROM schedule WHERE name = ?", vec![name.into()])?;
        Ok(Reply::Done)
    }

    pub(super) fn schedules(&self, page: &Page) -> Result<Reply, Problem> {
        let after = page.after.as_deref().unwrap_or_default();
        let values = vec![after.into(), (i64::from(page.limit) + 1).into()];
        let mut rows = self.rows::<Row>("SELECT body FROM schedule WHERE name > ? ORDER BY name LIMIT ?", values)?;
        let more = rows.len() > page.limit as usize;
        rows.truncate(page.limit as usize);
        let schedules = rows.iter().map(|row| Ok(view(&parse(&row.body)?))).collect::<Result<_, Problem>>()?;
        Ok(Reply::Schedules { schedules, more })
    }

    fn number(&self, query: &str) -> Result<Option<u64>, Problem> {
        Ok(self.rows::<Number>(query, vec![])?.pop().and_then(|row| row.number))
    }

    fn wake_ms(&self) -> Result<Option<u64>, Problem> {
        self.number("SELECT min(wake_ms) AS number FROM schedule WHERE wake_ms IS NOT NULL")
    }
}

impl Tenant {
    /// Makes a schedule, or puts other terms in the place of those that it has.
    pub(super) fn put_schedule(
        &self,
        store: &Store<'_>,
        name: &str,
        (spec, source, input): (&Value, Source, Value),
    ) -> Result<Reply, Problem> {
        let spec = Spec::parse(spec, &Platform).map_err(|faults| invalid("/spec", &faults))?;
        let pinned = match &source {
            Source::Named { name, version } => Source::Definition(store.definition(name, Some(*version))?.definition),
            Source::Definition(_) => source.clone(),
        };
        schedule::check(&pinned, &input).map_err(|faults| invalid("", &faults))?;
        let Some(mut known) = store.schedule(name)? else {
            if store.number("SELECT count(*) AS number FROM schedule")?.unwrap_or(0) >= SCHEDULES_MAX {
                let detail = format!("a tenant may have {SCHEDULES_MAX} schedules");
                return Err(Problem::new(Code::LimitReached, detail));
            }
            let new = Schedule::new(name, spec, source, input, now_ms(), &Platform, jitter());
            return self.keep(store, &new.map_err(|faults| invalid("", &faults))?);
        };
        let command = Command::Replace { spec: Box::new(spec), source, input };
        let effects = schedule::apply(&mut known, command, now_ms(), &Platform, jitter());
        let reply = self.keep(store, &known)?;
        self.later(name, effects);
        Ok(reply)
    }

    /// Pauses, resumes or triggers.
    pub(super) fn steer(&self, store: &Store<'_>, name: &str, steer: Steer) -> Result<Reply, Problem> {
        let mut schedule = store.schedule(name)?.ok_or_else(|| Problem::unknown("schedule"))?;
        let command = match steer {
            Steer::Pause => Command::Pause,
            Steer::Resume => Command::Resume,
            Steer::Trigger { key } => Command::Trigger { id: key },
        };
        let effects = schedule::apply(&mut schedule, command, now_ms(), &Platform, jitter());
        let reply = self.keep(store, &schedule)?;
        self.later(name, effects);
        Ok(reply)
    }

    fn keep(&self, store: &Store<'_>, schedule: &Schedule) -> Result<Reply, Problem> {
        store.save_schedule(schedule)?;
        self.arm(store)?;
        Ok(Reply::Schedule(view(schedule)))
    }

    /// Sets the alarm for the earliest schedule, in the turn of the write.
    fn arm(&self, store: &Store<'_>) -> Result<(), Problem> {
        match store.wake_ms()? {
            _ if !self.begun.borrow().is_empty() => self.arm_at(now_ms()),
            Some(wake_ms) => self.arm_at(wake_ms),
            None => _ = self.state.storage().delete_alarm().now_or_never(),
        }
        Ok(())
    }

    fn arm_at(&self, at_ms: u64) {
        let offset = Duration::from_millis(at_ms.saturating_sub(now_ms()));
        // The first poll makes the call; the output gate waits for the rest.
        if let Some(Err(error)) = self.state.storage().set_alarm(offset).now_or_never() {
            _ = fault("tenant alarm", &error);
        }
    }

    /// Looks at the schedules whose time has come. The next alarm is armed first: if this one dies, that one comes.
    pub(super) async fn look(&self) {
        self.arm_at(now_ms() + AGAIN_MS);
        if let Ok(wanted) = self.due() {
            self.perform(wanted).await;
        }
    }

    fn due(&self) -> Result<Vec<Wanted>, Problem> {
        let sql = self.state.storage().sql();
        let Some(store) = Store::existing(&sql)? else {
            return Ok(Vec::new());
        };
        let values = vec![int(now_ms()), LOOK_MAX.into()];
        let rows =
            store.rows::<Row>("SELECT body FROM schedule WHERE wake_ms <= ? ORDER BY wake_ms LIMIT ?", values)?;
        let mut wanted = Vec::new();
        for row in rows {
            let mut schedule: Schedule = parse(&row.body)?;
            let effects = schedule::apply(&mut schedule, Command::Due, now_ms(), &Platform, jitter());
            store.save_schedule(&schedule)?;
            wanted.extend(effects.into_iter().map(|effect| (schedule.name.clone(), effect)));
        }
        self.arm(&store)?;
        Ok(wanted)
    }

    /// Has effects performed after the answer; what is lost with the object is asked for again.
    fn later(&self, name: &str, effects: Vec<Effect>) {
        if effects.is_empty() {
            return;
        }
        // An alarm at once: it finds what was begun and not confirmed, under the same keys.
        let wanted = effects.into_iter().map(|effect| (name.to_owned(), effect));
        self.begun.borrow_mut().extend(wanted);
        self.arm_at(now_ms());
    }

    /// Performs effects, and what follows from their answers, until nothing follows at once.
    async fn perform(&self, mut wanted: Vec<Wanted>) {
        wanted.extend(self.begun.take());
        while !wanted.is_empty() {
            let answers = join_all(wanted.iter().map(|(name, effect)| self.effect(name, effect))).await;
            let known = wanted.iter().map(|(name, _)| name).zip(answers);
            let commands: Vec<(String, Command)> =
                known.filter_map(|(name, command)| Some((name.clone(), command?))).collect();
            wanted = commands.into_iter().flat_map(|(name, command)| self.answered(&name, command)).collect();
        }
    }

    fn answered(&self, name: &str, command: Command) -> Vec<Wanted> {
        let apply = || {
            let sql = self.state.storage().sql();
            let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
            let Some(mut schedule) = store.schedule(name)? else {
                return Ok(Vec::new());
            };
            let effects = schedule::apply(&mut schedule, command, now_ms(), &Platform, jitter());
            store.save_schedule(&schedule)?;
            self.arm(&store)?;
            Ok::<_, Problem>(effects)
        };
        let effects = apply().unwrap_or_default();
        effects.into_iter().map(|effect| (name.to_owned(), effect)).collect()
    }

    /// What an effect comes to; nothing if it is not known, and asked for again.
    async fn effect(&self, name: &str, effect: &Effect) -> Option<Command> {
        let Snapshot { id: tenant, shards, .. } = self.snapshot().ok()?;
        let kernel = |task: &str| Address::kernel(&tenant, ids::shard(task).unwrap_or_default());
        let trace = Trace::accept(None, None, &random());
        match effect {
            Effect::Start { scheduled_ms, idempotency_key, .. } => {
                let (definition, input) = self.run(name, *scheduled_ms).ok()?;
                let idempotency = Idempotency { key: idempotency_key.clone(), body_hash: RUN_BODY.to_owned() };
                let new = Submission { tenant: &tenant, key: None, trace: &trace, idempotency, definition, input };
                let submitted = submit::submit(&self.env, &shards, &new).await;
                started(idempotency_key, submit::task_id(&shards, &tenant, idempotency_key), submitted)
            }
            Effect::Cancel { task } => {
                let request = kernel::Request::Cancel { task: task.clone() };
                match call::ask(&self.env, kernel(task), &trace, request).await {
                    Err(problem) if problem.status() < 500 => Some(Command::Ended { task: task.clone() }),
                    _ => None,
                }
            }
            Effect::Ask { task } => {
                let request = kernel::Request::Read { task: task.clone() };
                let ended = match call::ask(&self.env, kernel(task), &trace, request).await {
                    Ok(kernel::Reply::Task { task }) => is_terminal(&task),
                    Err(problem) => problem.code == Code::ResourceUnknown,
                    Ok(_) => false,
                };
                let task = task.clone();
                Some(if ended { Command::Ended { task } } else { Command::Busy { task } })
            }
        }
    }

    /// Definition and input of a run.
    fn run(&self, name: &str, scheduled_ms: u64) -> Result<(Value, Value), Problem> {
        let sql = self.state.storage().sql();
        let store = Store::existing(&sql)?.ok_or_else(|| Problem::unknown("tenant"))?;
        let schedule = store.schedule(name)?.ok_or_else(|| Problem::unknown("schedule"))?;
        let input = schedule.input_at(scheduled_ms).map_err(|reason| fault("schedule input", &reason))?;
        let definition = match schedule.source {
            Source::Definition(definition) => definition,
            Source::Named { name, version } => store.definition(&name, Some(version))?.definition,
        };
        Ok((definition, input))
    }
}

fn started(key: &str, expected: String, submitted: Result<Submitted, Problem>) -> Option<Command> {
    let key = key.to_owned();
    match submitted {
        Ok(Submitted { task, .. }) => Some(Command::Started { key, task: task["id"].as_str()?.to_owned() }),
        // The kernel knows the key: the run is there.
        Err(problem) if problem.code == Code::IdempotencyConflict => Some(Command::Started { key, task: expected }),
        Err(problem) if problem.status() < 500 && problem.code != Code::LimitReached => Some(Command::Refused { key }),
        _ => None,
    }
}

fn is_terminal(task: &Value) -> bool {
    let state = task["state"].as_str().unwrap_or_default();
    State::ALL.iter().any(|known| known.as_str() == state && known.is_terminal())
}

fn view(schedule: &Schedule) -> v1::schedules::Schedule {
    v1::schedules::Schedule {
        name: schedule.name.clone(),
        spec: serde_json::to_value(&schedule.spec).unwrap_or_default(),
        next_at: schedule.next_ms.map(rfc3339),
        running: schedule.running.iter().map(|running| running.task.clone().unwrap_or_default()).collect(),
        waiting: schedule.waiting.len() as u64,
        runs: schedule.run,
        missed: schedule.missed,
        skipped: schedule.skipped,
        refused: schedule.refused,
        last_task: schedule.last.as_ref().and_then(|last| last.task.clone()),
    }
}

fn invalid(at: &str, faults: &[aion_task::Fault]) -> Problem {
    Problem::faults(Code::RequestInvalid, faults.iter().map(|fault| Fault::under(at, fault)).collect())
}

fn random() -> [u8; 24] {
    let mut random = [0; 24];
    random.fill_with(|| jitter().to_le_bytes()[1]);
    random
}

/// A random number that spreads runs.
fn jitter() -> u64 {
    const MANTISSA: u64 = (1 << 52) - 1;
    (worker::js_sys::Math::random() + 1.0).to_bits() & MANTISSA
}
