//! The state machine: a schedule, something that happens to it, and what follows.

use std::collections::VecDeque;

use serde_json::Value;

use super::spec::{CatchUp, Overlap, Spec};
use super::times::times_after;
use super::zone::Zones;
use super::{RUNNING_MAX, Running, Schedule, Slot, Source, WAITING_MAX, spread};

#[cfg(test)]
mod tests;

/// A time is missed if it comes later than this: the finest schedules run each minute, and alarms are late by seconds.
const GRACE_MS: u64 = 60_000;
/// Missed times are counted over this time at most, a year: for each minute of it that takes tens of milliseconds.
const MISSED_MAX_MS: u64 = 366 * 86_400_000;
/// What was not answered is asked again after this time first, longer than any answer takes; it doubles,
const AGAIN_MIN_MS: u64 = 30_000;
/// up to this.
const AGAIN_MAX_MS: u64 = 600_000;

/// Something that happens to a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// The time of [`Schedule::wake_ms`] has come.
    Due,
    /// The kernel has the task of a start, now or since before: also if it knows the key under another body.
    Started {
        /// The key of the start.
        key: String,
        /// The task.
        task: String,
    },
    /// The kernel will never accept a start. What may pass, like a full quota, is not reported: it is started again.
    Refused {
        /// The key of the start.
        key: String,
    },
    /// A task has ended, or is not there any more. It does not matter how, nor how often this is said.
    Ended {
        /// The task.
        task: String,
    },
    /// The answer to [`Effect::Ask`] if the task goes on.
    Busy {
        /// The task.
        task: String,
    },
    /// No time starts a run any more; what is under way goes on. Times that have come already are run.
    Pause,
    /// Times start runs again. Those in between were missed.
    Resume,
    /// Somebody wants a run now, whatever the times and the pause; the rule for overlaps holds.
    Trigger {
        /// The same id means the same run.
        id: String,
    },
    /// A checked spec, source and input take the place of the present ones; limits count anew. Times that have come
    /// already, and what waits, are run with the new source.
    Replace {
        /// When.
        spec: Box<Spec>,
        /// What.
        source: Source,
        /// With which input.
        input: Value,
    },
}

/// What the shell does once the commit is durable. Each may be repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Start a task, and answer with [`Command::Started`] or [`Command::Refused`].
    Start {
        /// The number of the run.
        run: u64,
        /// Its time, Unix milliseconds: what [`Schedule::input_at`] takes.
        scheduled_ms: u64,
        /// The key under which the kernel accepts it once.
        idempotency_key: String,
    },
    /// Cancel a task. If it has ended already, answer with [`Command::Ended`].
    Cancel {
        /// The task.
        task: String,
    },
    /// Look whether a task goes on, and answer with [`Command::Ended`] or [`Command::Busy`].
    Ask {
        /// The task.
        task: String,
    },
}

/// Changes a schedule by what happens, and says what follows. `jitter` is a random number.
pub fn apply(schedule: &mut Schedule, command: Command, now_ms: u64, zones: &dyn Zones, jitter: u64) -> Vec<Effect> {
    let mut turn = Turn { schedule, now_ms, zones, jitter, effects: Vec::new() };
    match command {
        Command::Due => turn.take_times(),
        Command::Started { key, task } => turn.started(&key, &task),
        Command::Refused { key } => turn.refused(&key),
        Command::Ended { task } => turn.schedule.running.retain(|running| running.task.as_ref() != Some(&task)),
        Command::Busy { task } => turn.busy(&task),
        Command::Pause => {
            turn.take_times();
            turn.schedule.spec.paused = true;
        }
        Command::Resume => turn.resume(),
        Command::Trigger { id } => turn.admit(Slot { scheduled_ms: now_ms, trigger: Some(id) }),
        Command::Replace { spec, source, input } => turn.replace(*spec, source, input),
    }
    turn.settle();
    turn.effects
}

/// One application of a command.
struct Turn<'a> {
    schedule: &'a mut Schedule,
    now_ms: u64,
    zones: &'a dyn Zones,
    jitter: u64,
    effects: Vec<Effect>,
}

impl Turn<'_> {
    /// Takes all times that have come, and arms for the next one.
    fn take_times(&mut self) {
        if self.schedule.spec.paused || self.schedule.due_ms.is_none_or(|due_ms| due_ms > self.now_ms) {
            return;
        }
        let (times, missed) = self.overdue();
        self.schedule.missed += missed;
        self.schedule.arm(self.now_ms, self.zones, self.jitter);
        // Of times that come together only the last would not be cancelled at once.
        let passed =
            if self.schedule.spec.overlap == Overlap::CancelPrevious { times.len().saturating_sub(1) } else { 0 };
        self.schedule.skipped += passed as u64;
        for scheduled_ms in times.into_iter().skip(passed) {
            self.admit(Slot { scheduled_ms, trigger: None });
        }
    }

    /// The times to be run now, oldest first, and how many others were missed.
    fn overdue(&self) -> (Vec<u64>, u64) {
        let spec = &self.schedule.spec;
        // From one millisecond before the next time on, that time is the first.
        let oldest_ms = self.now_ms.saturating_sub(MISSED_MAX_MS).max(self.schedule.next_ms.unwrap_or_default());
        let times = times_after(spec, self.zones, oldest_ms.saturating_sub(1));
        let mut times = times.take_while(|time_ms| *time_ms <= self.now_ms).peekable();
        let (mut missed, mut late, mut on_time) = (0, VecDeque::new(), Vec::new());
        while let Some(time_ms) = times.next() {
            if self.now_ms - time_ms <= spread(time_ms, times.peek().copied(), spec.jitter_ms()) + GRACE_MS {
                on_time.push(time_ms);
                continue;
            }
            late.push_back(time_ms);
            if late.len() > spec.catch_up_max() {
                late.pop_front();
                missed += 1;
            }
        }
        if spec.catch_up == CatchUp::Last && !on_time.is_empty() {
            missed += late.len() as u64;
            late.clear();
        }
        (late.into_iter().chain(on_time).collect(), missed)
    }

    /// Starts a run, or lets it wait or fall as the rule for overlaps says.
    fn admit(&mut self, slot: Slot) {
        let key = slot.key(&self.schedule.name);
        if self.knows(&key) {
            return;
        }
        if self.is_free() {
            return self.start(slot);
        }
        let schedule = &mut *self.schedule;
        match schedule.spec.overlap {
            Overlap::Queue if schedule.waiting.len() < WAITING_MAX => schedule.waiting.push_back(slot),
            Overlap::Queue => schedule.skipped += 1,
            Overlap::Skip | Overlap::CancelPrevious | Overlap::Allow => {
                // The newest stands for those before it, until it is known whether the runs really go on.
                schedule.skipped += schedule.waiting.len() as u64;
                schedule.waiting = VecDeque::from([slot]);
                for running in schedule.running.iter_mut().filter(|running| running.task.is_some()) {
                    running.ask_ms = self.now_ms;
                }
            }
        }
    }

    fn knows(&self, key: &str) -> bool {
        let schedule = &*self.schedule;
        let runs = schedule.running.iter().chain(&schedule.last).map(|running| &running.slot);
        runs.chain(&schedule.waiting).any(|slot| slot.key(&schedule.name) == key)
    }

    fn is_free(&self) -> bool {
        let at_once = if self.schedule.spec.overlap == Overlap::Allow { RUNNING_MAX } else { 1 };
        self.schedule.running.len() < at_once
    }

    fn start(&mut self, slot: Slot) {
        let schedule = &mut *self.schedule;
        if slot.trigger.is_none() {
            let is_over = |counted| schedule.spec.runs.is_some_and(|runs| counted >= runs);
            if is_over(schedule.counted) {
                return;
            }
            schedule.counted += 1;
            if is_over(schedule.counted) {
                (schedule.next_ms, schedule.due_ms) = (None, None);
                schedule.waiting.retain(|slot| slot.trigger.is_some());
            }
        }
        schedule.run += 1;
        let ask_ms = self.now_ms + AGAIN_MIN_MS;
        let running = Running { run: schedule.run, slot, task: None, began_ms: self.now_ms, ask_ms };
        self.effects.push(start_of(&schedule.name, &running));
        schedule.last = Some(running.clone());
        schedule.running.push(running);
    }

    fn started(&mut self, key: &str, task: &str) {
        let schedule = &mut *self.schedule;
        let name = schedule.name.as_str();
        // A task that was started this moment need not be asked for, unless the decision to leave a time out is open.
        let wait_ms = if schedule.spec.overlap == Overlap::Queue { AGAIN_MIN_MS } else { 0 };
        for running in schedule.running.iter_mut().chain(&mut schedule.last) {
            if running.task.is_none() && running.slot.key(name) == key {
                running.task = Some(task.to_owned());
                running.ask_ms = self.now_ms + wait_ms;
            }
        }
    }

    fn refused(&mut self, key: &str) {
        let schedule = &mut *self.schedule;
        let (before, name) = (schedule.running.len(), schedule.name.as_str());
        schedule.running.retain(|running| running.task.is_some() || running.slot.key(name) != key);
        schedule.refused += (before - schedule.running.len()) as u64;
    }

    fn busy(&mut self, task: &str) {
        let schedule = &mut *self.schedule;
        if !schedule.running.iter().any(|running| running.task.as_deref() == Some(task)) {
            return;
        }
        if matches!(schedule.spec.overlap, Overlap::Skip | Overlap::Allow) {
            schedule.skipped += schedule.waiting.len() as u64;
            schedule.waiting.clear();
        }
    }

    fn resume(&mut self) {
        self.schedule.spec.paused = false;
        if self.schedule.next_ms.is_none() {
            self.schedule.arm(self.now_ms, self.zones, self.jitter);
        }
        self.take_times();
    }

    fn replace(&mut self, spec: Spec, source: Source, input: Value) {
        // A time that has come is not lost because jitter still delays it.
        self.schedule.due_ms = self.schedule.next_ms;
        self.take_times();
        let schedule = &mut *self.schedule;
        (schedule.spec, schedule.source, schedule.input, schedule.counted) = (spec, source, input, 0);
        schedule.arm(self.now_ms, self.zones, self.jitter);
    }

    /// Starts what can be started, and asks for what is in the way or was never answered.
    fn settle(&mut self) {
        while self.is_free()
            && let Some(slot) = self.schedule.startable().and_then(|place| self.schedule.waiting.remove(place))
        {
            self.start(slot);
        }
        let (now_ms, overlap) = (self.now_ms, self.schedule.spec.overlap);
        // There is nothing to find out about runs of this very turn.
        let running = &self.schedule.running;
        let is_new = !running.is_empty() && running.iter().all(|running| running.began_ms == now_ms);
        if overlap == Overlap::Skip && is_new && self.schedule.startable().is_some() {
            self.schedule.skipped += self.schedule.waiting.len() as u64;
            self.schedule.waiting.clear();
        }
        let something_waits = self.schedule.startable().is_some();
        let schedule = &mut *self.schedule;
        for running in schedule.running.iter_mut().filter(|running| running.ask_ms <= now_ms) {
            let effect = match &running.task {
                None => start_of(&schedule.name, running),
                Some(_) if !something_waits => continue,
                Some(task) if overlap == Overlap::CancelPrevious => Effect::Cancel { task: task.clone() },
                Some(task) => Effect::Ask { task: task.clone() },
            };
            self.effects.push(effect);
            let since_ms = now_ms.saturating_sub(running.began_ms);
            running.ask_ms = now_ms + since_ms.clamp(AGAIN_MIN_MS, AGAIN_MAX_MS);
        }
    }
}

fn start_of(schedule: &str, running: &Running) -> Effect {
    Effect::Start {
        run: running.run,
        scheduled_ms: running.slot.scheduled_ms,
        idempotency_key: running.slot.key(schedule),
    }
}
